-- The clock of all SQL. The time of the transaction, not of the statement: a record, its history and its event carry the
-- same instant, a repeated read in one transaction sees the same "now", and a lease written by a process that stood still
-- is already old. Tests replace the function.
CREATE FUNCTION public.ucap_now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN now();

REVOKE ALL ON FUNCTION public.ucap_now() FROM PUBLIC;

-- Every change of every service leaves a row here in the transaction of the change. Services may only insert, and not into
-- id, txid and created_at; the relay reads by transaction id and sorts by id: the ids alone have gaps that fill later.
-- No primary key but this one: rows are found by txid, and one index less is a faster write.
CREATE TABLE events.outbox (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    txid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at     timestamptz NOT NULL DEFAULT public.ucap_now(),
    type           text NOT NULL CHECK (type <> ''),
    subject        text NOT NULL CHECK (subject <> ''),
    programme_id   text,
    audience       text NOT NULL CHECK (audience IN ('public', 'partners', 'internal')),
    principal      text NOT NULL CHECK (principal <> ''),
    via            text,
    traceparent    text,
    message        text NOT NULL CHECK (message <> ''),
    data           bytea NOT NULL,
    record_version bigint NOT NULL,
    PRIMARY KEY (txid, id)
);

COMMENT ON TABLE events.outbox IS 'events that were committed and wait for the relay';
COMMENT ON COLUMN events.outbox.txid IS 'transaction that wrote the row; means nothing outside this database cluster';
COMMENT ON COLUMN events.outbox.via IS 'service that acted for the principal';
COMMENT ON COLUMN events.outbox.message IS 'name of the message in data';
