/* What must be so beside a city: that the territory it lies in exists and does not lie in the city,
 * and that its ids, also the previous ones, are no other city's. */
#include "store_sql.h"

#include <stdlib.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

/* Two writers could each put a territory into the other's: one after the other. Who waits here
 * holds the lock of its own row only, and who is past it wants no other. */
static const struct db_statement lock = {
    "territory_lock", "SELECT pg_advisory_xact_lock(hashtext('ucap.registry.territory'))", DB_ONE};

static const struct db_statement around = {
    "territory_around",
    "WITH RECURSIVE around AS (SELECT slug, body ->> 'within' AS within FROM city WHERE slug = $1 "
    "UNION SELECT city.slug, city.body ->> 'within' FROM city JOIN around ON city.slug = "
    "around.within) SELECT count(*), coalesce(bool_or(slug = $2), false)::int FROM around",
    DB_ONE};

static const struct db_statement taken = {
    "territory_taken",
    "SELECT slug FROM city WHERE slug <> $1 AND (slug = ANY ($2::text[]) OR "
    "body -> 'previous_ids' ?| ($2::text[] || $1::text)) ORDER BY slug LIMIT 1",
    DB_MAYBE};

static int check_around(struct db *db, const Ucap__V1__City *city, struct findings *violations,
                        struct err *err)
{
    const struct db_param params[] = {db_text(city->within), db_text(city->slug)};
    struct db_result *rows = NULL;

    int rc = db_query(db, &around, params, 2, &rows, err);
    if (rc < 0)
        return rc;
    if (db_value_int(rows, 0, 0) == 0)
        findings_add(violations, "city.within", "territory \"%s\" not found: record it first",
                     city->within);
    else if (db_value_int(rows, 0, 1))
        findings_add(violations, "city.within", "\"%s\" lies within \"%s\" itself", city->within,
                     city->slug);
    db_result_free(rows);
    return 0;
}

static int check_ids(struct db *db, const Ucap__V1__City *city, struct findings *violations,
                     struct err *err)
{
    char *previous = sql_array((const char *const *)city->previous_ids, city->n_previous_ids);
    struct db_result *rows = NULL;

    if (!previous)
        return err_nomem(err);
    const struct db_param params[] = {db_text(city->slug), db_text(previous)};
    int rc = db_query(db, &taken, params, 2, &rows, err);
    if (rc == 0 && db_rows(rows) > 0)
        findings_add(violations, city->n_previous_ids ? "city.previous_ids" : "city.slug",
                     "is, or was, the id of city \"%s\": choose another", db_value(rows, 0, 0));
    db_result_free(rows);
    free(previous);
    return rc;
}

int sql_check_city(struct db *db, const ProtobufCMessage *record, struct findings *violations,
                   struct err *err)
{
    const Ucap__V1__City *city = (const Ucap__V1__City *)record;
    struct db_result *locked = NULL;
    int rc = 0;

    if (*city->within || city->n_previous_ids > 0)
        rc = db_query(db, &lock, NULL, 0, &locked, err);
    db_result_free(locked);
    if (rc == 0 && *city->within)
        rc = check_around(db, city, violations, err);
    return rc < 0 ? rc : check_ids(db, city, violations, err);
}
