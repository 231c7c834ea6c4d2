/* From SQLSTATE (PostgreSQL 15, appendix A) to the status a caller sees. The first row that fits
 * counts. */
#include "internal.h"

#include <string.h>

static const struct {
    const char *prefix;
    enum err_code code;
} rows[] = {
    {"23505", ERR_ALREADY_EXISTS},      /* unique_violation */
    {"23", ERR_FAILED_PRECONDITION},    /* other constraints */
    {"40", ERR_ABORTED},                /* serialisation failure, deadlock */
    {"55P03", ERR_ABORTED},             /* lock_not_available */
    {"57014", ERR_DEADLINE_EXCEEDED},   /* query_canceled: by us, or by a limit of the server */
    {"57", ERR_UNAVAILABLE},            /* shutdown, crash, starting up */
    {"08", ERR_UNAVAILABLE},            /* connection exceptions */
    {"25006", ERR_UNAVAILABLE},         /* read_only_sql_transaction: no longer the primary */
    {"25P03", ERR_UNAVAILABLE},         /* idle_in_transaction_session_timeout */
    {"53", ERR_RESOURCE_EXHAUSTED},     /* disk full, out of memory, too many connections */
    {"42501", ERR_PERMISSION_DENIED},   /* insufficient_privilege */
    {"22", ERR_INVALID_ARGUMENT},       /* a value the type cannot hold */
    {"P0001", ERR_FAILED_PRECONDITION}, /* raised by a trigger or function of ours */
};

enum err_code sqlstate_code(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) == 0)
            return rows[i].code;
    return ERR_INTERNAL;
}
