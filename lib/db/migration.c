/* Migrations. Each file runs in a transaction of its own that takes the migrators' lock first and
 * then looks what has been applied: two migrators at once take turns, and one that dies leaves no
 * lock behind. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_US 250000 /* between two looks at the version */

/* Any number that no other program uses for an advisory lock of this database. */
#define MIGRATION_LOCK "7521962890351009"

static const struct db_statement lock_statement = {
    "db_migration_lock", "SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")", DB_ONE};

static const struct db_statement table_statement = {
    "db_migration_table",
    "CREATE TABLE IF NOT EXISTS public.ucap_migration ("
    "    schema_name text NOT NULL,"
    "    set_name    text NOT NULL,"
    "    number      integer NOT NULL,"
    "    name        text NOT NULL,"
    "    checksum    text NOT NULL,"
    "    applied_at  timestamptz NOT NULL DEFAULT now(),"
    "    PRIMARY KEY (schema_name, set_name, number))",
    DB_NONE,
};

static const struct db_statement version_statement = {
    "db_migration_version",
    "SELECT coalesce(max(number), 0) FROM public.ucap_migration"
    "  WHERE schema_name = $1 AND set_name = $2",
    DB_ONE,
};

static const struct db_statement checksum_statement = {
    "db_migration_checksum",
    "SELECT checksum = encode(sha256(convert_to($4, 'UTF8')), 'hex') FROM public.ucap_migration"
    "  WHERE schema_name = $1 AND set_name = $2 AND number = $3",
    DB_MAYBE,
};

static const struct db_statement path_statement = {
    "db_migration_path", "SELECT set_config('search_path', quote_ident($1) || ', public', true)",
    DB_ONE};

static const struct db_statement record_statement = {
    "db_migration_record",
    "INSERT INTO public.ucap_migration (schema_name, set_name, number, name, checksum)"
    "  VALUES ($1, $2, $3, $4, encode(sha256(convert_to($5, 'UTF8')), 'hex'))",
    DB_AFFECTS_1,
};

/* One file, or none while the set as a whole is looked at. */
struct step {
    const char *schema;
    const struct migration_set *set;
    const struct migration *row;
    bool applied; /* now, by us */
};

int migration_set_version(const struct migration_set *set)
{
    int version = 0;

    for (const struct migration *row = set->rows; row->number; row++)
        version = row->number;
    return version;
}

int migration_lock(struct db *db, struct err *err)
{
    return db_query(db, &lock_statement, NULL, 0, NULL, err);
}

/* ---- applying ---- */

static int query_version(struct db *db, const char *schema, const struct migration_set *set,
                         int64_t *ret_version, struct err *err)
{
    struct db_param params[] = {db_text(schema), db_text(set->name)};
    struct db_result *row = NULL;
    int rc = db_query(db, &version_statement, params, 2, &row, err);

    if (rc == 0)
        *ret_version = db_value_int(row, 0, 0);
    db_result_free(row);
    return rc;
}

/* *ret_applied: whether the file has been applied before; -ERR_FAILED_PRECONDITION when it has
 * changed since. */
static int check_row(struct db *db, const struct step *step, const struct migration *row,
                     bool *ret_applied, struct err *err)
{
    struct db_param params[] = {db_text(step->schema), db_text(step->set->name),
                                db_int(row->number), db_text(row->sql)};
    struct db_result *found = NULL;
    int rc = db_query(db, &checksum_statement, params, 4, &found, err);

    if (rc == 0 && db_rows(found) > 0 && strcmp(db_value(found, 0, 0), "t") != 0)
        rc = err_set(err, ERR_FAILED_PRECONDITION,
                     "migration \"%s\" of set \"%s\" was applied to schema \"%s\" and has changed "
                     "since: put the old file back and write the change as a new migration",
                     row->name, step->set->name, step->schema);
    if (rc == 0)
        *ret_applied = db_rows(found) > 0;
    db_result_free(found);
    return rc;
}

/* The whole set against what is recorded, before anything is changed. */
static int check_set(struct db *db, void *arg, struct err *err)
{
    const struct step *step = arg;
    int known = migration_set_version(step->set);
    int64_t version = 0;
    bool applied;
    int rc = migration_lock(db, err);

    if (rc == 0)
        rc = db_query(db, &table_statement, NULL, 0, NULL, err);
    if (rc == 0)
        rc = query_version(db, step->schema, step->set, &version, err);
    if (rc == 0 && version > known)
        return err_set(err, ERR_FAILED_PRECONDITION,
                       "schema \"%s\" has migration %lld of set \"%s\", and this program knows %d "
                       "only: run the newer one",
                       step->schema, (long long)version, step->set->name, known);
    for (const struct migration *row = step->set->rows; rc == 0 && row->number; row++)
        rc = check_row(db, step, row, &applied, err);
    return rc;
}

static int run_file(struct db *db, const struct step *step, struct err *err)
{
    const struct migration *row = step->row;
    struct err why = ERR_INIT;
    int line = 0;

    if (pipeline_script(db, row->sql, &line, &why) != 0) {
        char place[32] = "";
        if (line > 0)
            snprintf(place, sizeof(place), " line %d:", line);
        return err_set(err, why.code, "migration \"%s\" of set \"%s\", schema \"%s\":%s %s",
                       row->name, step->set->name, step->schema, place, why.text);
    }
    if (PQtransactionStatus(db->conn) != PQTRANS_INTRANS)
        return err_set(err, ERR_INTERNAL,
                       "migration \"%s\" of set \"%s\" ends its transaction: leave out commit and "
                       "rollback",
                       row->name, step->set->name);
    return 0;
}

static int apply_row(struct db *db, void *arg, struct err *err)
{
    struct step *step = arg;
    const struct migration *row = step->row;
    struct db_param params[] = {db_text(step->schema), db_text(step->set->name),
                                db_int(row->number), db_text(row->name), db_text(row->sql)};
    bool applied = false;
    int rc = migration_lock(db, err);

    if (rc == 0)
        rc = check_row(db, step, row, &applied, err);
    if (rc != 0 || applied)
        return rc;
    rc = db_query(db, &path_statement, params, 1, NULL, err);
    if (rc == 0)
        rc = run_file(db, step, err);
    if (rc == 0)
        rc = db_query(db, &record_statement, params, 5, NULL, err);
    step->applied = rc == 0;
    return rc;
}

static int check_numbers(const struct migration_set *set, struct err *err)
{
    for (int i = 0; set->rows[i].number; i++)
        if (set->rows[i].number != i + 1)
            return err_set(err, ERR_INTERNAL,
                           "set \"%s\": migration \"%s\" stands where number %04d belongs: number "
                           "the files from 0001 without gaps",
                           set->name, set->rows[i].name, i + 1);
    return 0;
}

int migration_apply(struct db *db, const char *schema, const struct migration_set *set,
                    void (*applied)(const char *schema, const struct migration *row),
                    struct err *err)
{
    struct step whole = {schema, set, NULL, false};
    int rc = check_numbers(set, err);

    if (rc == 0)
        rc = db_transaction(db, &db_retry_never, check_set, &whole, err);
    for (const struct migration *row = set->rows; rc == 0 && row->number; row++) {
        struct step step = {schema, set, row, false};
        rc = db_transaction(db, &db_retry_never, apply_row, &step, err);
        if (rc == 0 && step.applied && applied)
            applied(schema, row);
    }
    return rc;
}

/* ---- waiting ---- */

/* Not there yet, or not to be seen yet: no such table, schema or permission. */
static bool is_not_yet(const struct db *db)
{
    static const char *const states[] = {"42P01", "3F000", "42501"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(db_sqlstate(db), states[i]) == 0)
            return true;
    return false;
}

/* 0 with the version; an error that waiting does not cure. -ERR_UNAVAILABLE: look again. */
static int look(struct db *db, const char *schema, const struct migration_set *set, struct err *err)
{
    int64_t version = 0;
    int rc = query_version(db, schema, set, &version, err);

    if (rc != 0 && !is_not_yet(db))
        return rc;
    if (version >= migration_set_version(set))
        return 0;
    return err_set(
        err, ERR_UNAVAILABLE,
        "schema \"%s\" is at migration %lld of set \"%s\", %d is needed: run ucap-migrate", schema,
        (long long)version, set->name, migration_set_version(set));
}

int migration_wait(struct db *db, const char *schema, const struct migration_set *set,
                   int64_t wait_ms, void (*waits_for)(void *arg, const char *sentence),
                   bool (*give_up)(void *arg), void *arg, struct err *err)
{
    struct patience patience = {waits_for, give_up, arg, db_now() + wait_ms * 1000};
    struct err why = ERR_INIT;
    bool told = false;

    while (look(db, schema, set, &why) != 0) {
        if (why.code != ERR_UNAVAILABLE || db_now() + PAUSE_US > patience.until_us)
            return err_set(err, why.code, "%s", why.text);
        if (waits_for)
            waits_for(arg, why.text);
        told = true;
        if (!patience_pause(&patience, PAUSE_US))
            return err_set(err, ERR_CANCELLED, "told to end while waiting: %s", why.text);
    }
    if (told && waits_for)
        waits_for(arg, "");
    return 0;
}
