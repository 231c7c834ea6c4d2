-- Programmes and cities. `body` is the record as proto3 JSON (ucap.v1.City, ucap.v1.Programme) without what stands in
-- columns: slug, version and times. Generated columns are there for indexes and for people with psql.

CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;

CREATE TABLE programme (
    slug       text PRIMARY KEY,
    version    bigint NOT NULL CHECK (version >= 1),
    body       jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT ucap_now(),
    updated_at timestamptz NOT NULL DEFAULT ucap_now()
);
CREATE INDEX programme_slug_trgm ON programme USING gin (slug gin_trgm_ops);

CREATE TABLE city (
    slug        text PRIMARY KEY,
    version     bigint NOT NULL CHECK (version >= 1),
    body        jsonb NOT NULL,
    country     text NOT NULL GENERATED ALWAYS AS (body ->> 'country') STORED,
    created_at  timestamptz NOT NULL DEFAULT ucap_now(),
    updated_at  timestamptz NOT NULL DEFAULT ucap_now()
);
CREATE INDEX city_country ON city (country, slug);
CREATE INDEX city_slug_trgm ON city USING gin (slug gin_trgm_ops);

-- Who changed which fields of which record when, and why. A row per version.
CREATE TABLE history (
    kind       text NOT NULL,           -- 'city', 'programme'
    slug       text NOT NULL,
    version    bigint NOT NULL,         -- that the change made
    changed_at timestamptz NOT NULL DEFAULT ucap_now(),
    principal  text NOT NULL,           -- the person
    via        text,                    -- the service that acted for the person
    fields     text[] NOT NULL,         -- top-level fields that changed
    reason     text NOT NULL,
    body       jsonb NOT NULL,          -- the record after the change
    PRIMARY KEY (kind, slug, version)
);
