/* Statements, their parameters and results. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTEA_OID 17 /* pg_type.dat; fixed for ever */

/* Values are text, except bytea, which is decoded once. */
struct db_result {
    PGresult *pg;
    struct bytes {
        unsigned char *bytes;
        size_t size;
    } * decoded; /* rows * columns, row by row; NULL where no column is bytea */
};

/* ---- parameters ---- */

struct db_param db_text(const char *text)
{
    return (struct db_param){.text = text};
}

struct db_param db_int(int64_t number)
{
    struct db_param param = {.is_number = true};

    snprintf(param.number, sizeof(param.number), "%lld", (long long)number);
    return param;
}

struct db_param db_bytes(const void *bytes, size_t size)
{
    /* An empty message may come without an address; it is not NULL. */
    return (struct db_param){.bytes = bytes ? bytes : "", .size = size};
}

struct db_param db_null(void)
{
    return (struct db_param){.text = NULL};
}

/* ---- running ---- */

static bool has_rows(enum db_shape shape)
{
    return shape == DB_ONE || shape == DB_MAYBE || shape == DB_MANY;
}

static int check_rows(const struct db_statement *statement, int rows, struct err *err)
{
    if (statement->shape == DB_ONE && rows == 0)
        return err_set(err, ERR_NOT_FOUND, "statement \"%s\" found nothing", statement->name);
    if (statement->shape != DB_MANY && rows > 1)
        return err_set(err, ERR_INTERNAL, "statement \"%s\" gave %d rows where one is expected",
                       statement->name, rows);
    return 0;
}

static int check_affected(const struct db_statement *statement, const char *affected,
                          struct err *err)
{
    if (statement->shape == DB_NONE || strcmp(affected, "1") == 0)
        return 0;
    if (strcmp(affected, "0") == 0)
        return err_set(err, ERR_NOT_FOUND, "statement \"%s\" found nothing", statement->name);
    return err_set(err, ERR_INTERNAL, "statement \"%s\" affected %s rows where one is expected",
                   statement->name, *affected ? affected : "no");
}

int statement_check_shape(const struct db_statement *statement, const PGresult *result,
                          struct err *err)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_TUPLES_OK && has_rows(statement->shape))
        return check_rows(statement, PQntuples(result), err);
    if (status == PGRES_COMMAND_OK && !has_rows(statement->shape))
        return check_affected(statement, PQcmdTuples((PGresult *)result), err);
    return err_set(err, ERR_INTERNAL, "statement \"%s\" answered %s, which is not its shape",
                   statement->name, PQresStatus(status));
}

/* What every use of a statement begins with. Inside a transaction that has failed nothing more is
 * sent. */
static int begin_statement(struct db *db, struct err *err)
{
    if (db->in_transaction && db->failure != FAILURE_NONE)
        return err_set(err, db->failure_err.code, "%s", db->failure_err.text);
    db->sqlstate[0] = '\0';
    if (db->deadline_us && db->deadline_us <= db_now())
        return err_set(err, ERR_DEADLINE_EXCEEDED, "the time was over before the statement");
    if (!db->in_transaction) {
        db->failure = FAILURE_NONE;
        return connect_ensure(db, err);
    }
    return 0;
}

int db_query(struct db *db, const struct db_statement *statement, const struct db_param *params,
             size_t param_count, struct db_result **ret_result, struct err *err)
{
    PGresult *pg = NULL;
    int rc = begin_statement(db, err);

    if (rc == 0)
        rc = pipeline_queue(db, statement, params, param_count, false, &pg, err);
    if (rc == 0)
        rc = pipeline_run(db, err);
    if (rc != 0)
        return rc;
    if (ret_result && has_rows(statement->shape))
        return result_create(pg, ret_result, err);
    PQclear(pg);
    return 0;
}

int db_post(struct db *db, const struct db_statement *statement, const struct db_param *params,
            size_t param_count, struct err *err)
{
    if (!db->in_transaction || has_rows(statement->shape))
        return err_set(err, ERR_INTERNAL, "statement \"%s\" cannot be posted: %s", statement->name,
                       db->in_transaction ? "it gives rows" : "there is no transaction");
    int rc = begin_statement(db, err);
    if (rc == 0)
        rc = pipeline_queue(db, statement, params, param_count, true, NULL, err);
    if (rc == 0 && statement->shape == DB_AFFECTS_1)
        db->post_unchecked = true;
    return rc;
}

void db_set_deadline(struct db *db, int64_t deadline_us)
{
    db->deadline_us = deadline_us;
}

const char *db_sqlstate(const struct db *db)
{
    return db->sqlstate;
}

/* ---- results ---- */

static int decode_column(struct db_result *result, int column, int columns, struct err *err)
{
    for (int row = 0; row < PQntuples(result->pg); row++) {
        struct bytes *at = &result->decoded[row * columns + column];
        if (PQgetisnull(result->pg, row, column))
            continue;
        const char *text = PQgetvalue(result->pg, row, column);
        at->bytes = PQunescapeBytea((const unsigned char *)text, &at->size);
        if (!at->bytes)
            return err_nomem(err);
    }
    return 0;
}

static int decode(struct db_result *result, struct err *err)
{
    int columns = PQnfields(result->pg);
    size_t cells = (size_t)PQntuples(result->pg) * (size_t)columns;
    int rc = 0;

    for (int column = 0; rc == 0 && cells > 0 && column < columns; column++) {
        if (PQftype(result->pg, column) != BYTEA_OID)
            continue;
        if (!result->decoded)
            result->decoded = calloc(cells, sizeof(*result->decoded));
        rc = result->decoded ? decode_column(result, column, columns, err) : err_nomem(err);
    }
    return rc;
}

int result_create(PGresult *pg, struct db_result **ret_result, struct err *err)
{
    struct db_result *result = calloc(1, sizeof(*result));

    if (!result) {
        PQclear(pg);
        return err_nomem(err);
    }
    result->pg = pg;
    int rc = decode(result, err);
    if (rc != 0) {
        db_result_free(result);
        return rc;
    }
    *ret_result = result;
    return 0;
}

size_t db_rows(const struct db_result *result)
{
    return (size_t)PQntuples(result->pg);
}

bool db_is_null(const struct db_result *result, size_t row, size_t column)
{
    return PQgetisnull(result->pg, (int)row, (int)column);
}

const char *db_value(const struct db_result *result, size_t row, size_t column)
{
    return PQgetvalue(result->pg, (int)row, (int)column);
}

int64_t db_value_int(const struct db_result *result, size_t row, size_t column)
{
    return strtoll(db_value(result, row, column), NULL, 10);
}

const void *db_value_bytes(const struct db_result *result, size_t row, size_t column,
                           size_t *ret_size)
{
    size_t cell = row * (size_t)PQnfields(result->pg) + column;

    if (!result->decoded || !result->decoded[cell].bytes) {
        *ret_size = 0;
        return "";
    }
    *ret_size = result->decoded[cell].size;
    return result->decoded[cell].bytes;
}

void db_result_free(struct db_result *result)
{
    if (!result)
        return;
    size_t cells = (size_t)PQntuples(result->pg) * (size_t)PQnfields(result->pg);
    for (size_t i = 0; result->decoded && i < cells; i++)
        PQfreemem(result->decoded[i].bytes);
    free(result->decoded);
    PQclear(result->pg);
    free(result);
}
