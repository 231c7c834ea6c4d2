/* Names of roles and schemas cannot be parameters of DDL. They travel as settings of the
 * transaction, and a block on the server puts them in with format's %I and %L: no SQL is ever
 * pasted together here. */
#include "store.h"

static const struct db_statement name_service = {
    "migrate_name_service",
    "SELECT set_config('ucap.schema', $1, true), set_config('ucap.role', 'ucap_' || $1, true),"
    "       set_config('ucap.verifier', $2, true)",
    DB_ONE,
};

static const struct db_statement prepare = {
    "migrate_prepare",
    "DO $$ BEGIN"
    "  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());"
    "  REVOKE ALL ON SCHEMA public FROM PUBLIC;"
    "  CREATE SCHEMA IF NOT EXISTS events;"
    "END $$",
    DB_NONE,
};

/* A service begins when its schema has the version it waits for, so the privileges come with each
 * table, not after the last. */
static const struct db_statement add_service = {
    "migrate_add_service",
    "DO $$ DECLARE"
    "  role_name text := current_setting('ucap.role');"
    "  schema_name text := current_setting('ucap.schema');"
    "BEGIN"
    "  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN"
    "    EXECUTE format('CREATE ROLE %I', role_name);"
    "  END IF;"
    "  EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', role_name,"
    "                 current_setting('ucap.verifier'));"
    "  EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', schema_name);"
    "  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role_name);"
    "  EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I, public', role_name,"
    "                 current_database(), schema_name);"
    "  EXECUTE format('GRANT USAGE ON SCHEMA %I, events, public TO %I', schema_name, role_name);"
    "  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I"
    "                   GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', schema_name,"
    "                 role_name);"
    "  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I"
    "                   GRANT SELECT, USAGE ON SEQUENCES TO %I', schema_name, role_name);"
    "END $$",
    DB_NONE,
};

/* Tables once more: of a database that was restored without privileges. id, txid and created_at of
 * the outbox are the server's: no service can give a row another place in the order. */
static const struct db_statement grant_service = {
    "migrate_grant_service",
    "DO $$ DECLARE"
    "  role_name text := current_setting('ucap.role');"
    "  schema_name text := current_setting('ucap.schema');"
    "BEGIN"
    "  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', schema_name);"
    "  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I',"
    "                 schema_name, role_name);"
    "  EXECUTE format('GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', schema_name,"
    "                 role_name);"
    "  EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO %I', schema_name,"
    "                 role_name);"
    "  EXECUTE format('GRANT SELECT ON public.ucap_migration TO %I', role_name);"
    "  EXECUTE format('GRANT EXECUTE ON FUNCTION public.ucap_now() TO %I', role_name);"
    "  EXECUTE format('GRANT INSERT (type, subject, programme_id, audience, principal, via,"
    "                   traceparent, message, data, record_version) ON events.outbox TO %I',"
    "                 role_name);"
    "END $$",
    DB_NONE,
};

static int run_for(struct db *db, const struct db_statement *statement, const char *service,
                   const char *verifier, struct err *err)
{
    struct db_param params[] = {db_text(service), db_text(verifier)};
    int rc = db_query(db, &name_service, params, 2, NULL, err);

    return rc != 0 ? rc : db_query(db, statement, NULL, 0, NULL, err);
}

int store_prepare(struct db *db, struct err *err)
{
    return db_query(db, &prepare, NULL, 0, NULL, err);
}

int store_add_service(struct db *db, const char *service, const char *verifier, struct err *err)
{
    return run_for(db, &add_service, service, verifier, err);
}

int store_grant_service(struct db *db, const char *service, struct err *err)
{
    return run_for(db, &grant_service, service, "", err);
}
