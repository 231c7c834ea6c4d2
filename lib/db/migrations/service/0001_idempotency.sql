-- The answers of writes, stored in the transaction of the write: a caller that asks again with the same key gets the same
-- answer, and nothing happens twice. Runs in the schema of each service.
create table idempotency (
    principal    text not null,
    key          text not null check (char_length(key) between 1 and 64),
    method       text not null,
    request_hash bytea not null,
    answer       bytea not null,
    created_at   timestamptz not null default public.ucap_now(),
    primary key (principal, key)
);

create index idempotency_created_at on idempotency (created_at);

comment on column idempotency.request_hash is 'SHA-256 of method, a zero byte and the request';
