/* The settings of a process that uses the database. */
#include "db/db.h"

#include <stddef.h>

#define DAY_MS (24LL * 3600 * 1000)

const struct setting db_settings_table[] = {
    {"database", SETTING_TEXT, offsetof(struct db_settings, conninfo), NULL, 0, 0,
     "libpq connection string without password, such as \"host=db1,db2 user=ucap_registry "
     "dbname=ucap target_session_attrs=read-write\""},
    {"database-password", SETTING_SECRET, offsetof(struct db_settings, password), "", 0, 0,
     "password of the database user; empty: none is sent"},
    {"database-wait", SETTING_DURATION, offsetof(struct db_settings, wait_ms), "60s", 0, DAY_MS,
     "how long an unreachable database is waited for at start"},
    {"database-timeout", SETTING_DURATION, offsetof(struct db_settings, statement_ms), "10s", 10,
     DAY_MS, "limit of one statement where the request has no deadline"},
    {"idempotency-retention", SETTING_DURATION, offsetof(struct db_settings, idempotency_ms),
     "168h", 60000, 366 * DAY_MS,
     "how long the answers to writes are kept for callers that ask again"},
    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
};
