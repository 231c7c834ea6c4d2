-- The clock of all SQL. The time of the transaction, not of the statement: a record, its history and its event carry the
-- same instant, a repeated read in one transaction sees the same "now", and a lease written by a process that stood still
-- is already old. Tests replace the function.
create function public.ucap_now() returns timestamptz
    language sql stable parallel safe
    return now();

revoke all on function public.ucap_now() from public;

-- Every change of every service leaves a row here in the transaction of the change. Services may only insert, and not into
-- id, txid and created_at; the relay reads by transaction id and sorts by id: the ids alone have gaps that fill later.
-- No primary key but this one: rows are found by txid, and one index less is a faster write.
create table events.outbox (
    id             bigint generated always as identity,
    txid           xid8 not null default pg_current_xact_id(),
    created_at     timestamptz not null default public.ucap_now(),
    type           text not null check (type <> ''),
    subject        text not null check (subject <> ''),
    programme_id   text,
    audience       text not null check (audience in ('public', 'partners', 'internal')),
    principal      text not null check (principal <> ''),
    via            text,
    traceparent    text,
    message        text not null check (message <> ''),
    data           bytea not null,
    record_version bigint not null,
    primary key (txid, id)
);

comment on table events.outbox is 'events that were committed and wait for the relay';
comment on column events.outbox.txid is 'transaction that wrote the row; means nothing outside this database cluster';
comment on column events.outbox.via is 'service that acted for the principal';
comment on column events.outbox.message is 'name of the message in data';
