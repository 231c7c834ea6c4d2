-- The answers of writes, stored in the transaction of the write: a caller that asks again with the same key gets the same
-- answer, and nothing happens twice. Runs in the schema of each service.
CREATE TABLE idempotency (
    principal    text NOT NULL,
    key          text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 64),
    method       text NOT NULL,
    request_hash bytea NOT NULL,
    answer       bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT public.ucap_now(),
    PRIMARY KEY (principal, key)
);

CREATE INDEX idempotency_created_at ON idempotency (created_at);

COMMENT ON COLUMN idempotency.request_hash IS 'SHA-256 of method, a zero byte and the request';
