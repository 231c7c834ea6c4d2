#include "fake_pq.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct pg_conn {
    int unused;
};

struct pg_cancel {
    int unused;
};

struct pg_result {
    struct fake_row row;
};

static struct fake {
    const struct fake_row *at;
    const char *text; /* of PQerrorMessage */
    ConnStatusType status;
    PGTransactionStatusType transaction;
    bool needs_password;
    int readable, silent;     /* file descriptors */
    int connections, results; /* not given back */
    struct pg_conn conn;
    struct pg_cancel cancel;
} fake;

void fake_begin(const struct fake_row *script)
{
    fake = (struct fake){.at = script, .text = "", .status = CONNECTION_STARTED};
    fake.readable = eventfd(1, 0);
    fake.silent = eventfd(0, 0);
}

void fake_end(void)
{
    if (fake.at->call)
        fail_msg("the script goes on with %s", fake.at->call);
    assert_int_equal(fake.results, 0);
    assert_int_equal(fake.connections, 0);
    close(fake.readable);
    close(fake.silent);
}

static const struct fake_row *play(const char *call, const char *arg)
{
    const struct fake_row *row = fake.at;

    if (!row->call || strcmp(row->call, call) != 0)
        fail_msg("%s(%s) is called where the script has %s(%s)", call, arg ? arg : "",
                 row->call ? row->call : "its end", row->arg ? row->arg : "");
    if (row->arg && arg && strcmp(row->arg, arg) != 0)
        fail_msg("%s has %s where the script has %s", call, arg, row->arg);
    if (row->text)
        fake.text = row->text;
    fake.at++;
    return row;
}

static bool is_next(const char *call)
{
    return fake.at->call && strcmp(fake.at->call, call) == 0;
}

/* ---- connecting ---- */

static const char *value_of(const char *const *keywords, const char *const *values,
                            const char *keyword)
{
    for (; *keywords; keywords++, values++)
        if (strcmp(*keywords, keyword) == 0)
            return *values;
    return "";
}

PGconn *PQconnectStartParams(const char *const *keywords, const char *const *values, int expand)
{
    char where[128];

    (void)expand;
    snprintf(where, sizeof(where), "%s:%s", value_of(keywords, values, "host"),
             value_of(keywords, values, "port"));
    const struct fake_row *row = play("PQconnectStartParams", where);
    if (row->ret == 0)
        return NULL;
    fake.connections++;
    fake.needs_password = false;
    fake.status = row->text ? CONNECTION_BAD : CONNECTION_STARTED;
    fake.transaction = PQTRANS_IDLE;
    return &fake.conn;
}

PostgresPollingStatusType PQconnectPoll(PGconn *conn)
{
    (void)conn;
    const struct fake_row *row = play("PQconnectPoll", NULL);
    fake.status = row->ret == PGRES_POLLING_OK       ? CONNECTION_OK
                  : row->ret == PGRES_POLLING_FAILED ? CONNECTION_BAD
                                                     : CONNECTION_STARTED;
    fake.needs_password = row->text && strstr(row->text, "no password supplied");
    return (PostgresPollingStatusType)row->ret;
}

void PQfinish(PGconn *conn)
{
    (void)conn;
    /* That a handle is closed in the end needs no row. */
    if (is_next("PQfinish"))
        play("PQfinish", NULL);
    fake.connections--;
}

ConnStatusType PQstatus(const PGconn *conn)
{
    (void)conn;
    return fake.status;
}

PGTransactionStatusType PQtransactionStatus(const PGconn *conn)
{
    (void)conn;
    return fake.transaction;
}

char *PQerrorMessage(const PGconn *conn)
{
    (void)conn;
    return (char *)fake.text;
}

int PQconnectionNeedsPassword(const PGconn *conn)
{
    (void)conn;
    return fake.needs_password;
}

char *PQdb(const PGconn *conn)
{
    (void)conn;
    return (char *)"ucap";
}

char *PQuser(const PGconn *conn)
{
    (void)conn;
    return (char *)"ucap_test";
}

char *PQhost(const PGconn *conn)
{
    (void)conn;
    return (char *)"db1";
}

char *PQport(const PGconn *conn)
{
    (void)conn;
    return (char *)"5432";
}

PGVerbosity PQsetErrorVerbosity(PGconn *conn, PGVerbosity verbosity)
{
    (void)conn;
    return verbosity;
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver receiver, void *arg)
{
    (void)conn;
    (void)arg;
    return receiver;
}

int PQsetnonblocking(PGconn *conn, int on)
{
    (void)conn;
    (void)on;
    return play("PQsetnonblocking", NULL)->ret;
}

int PQenterPipelineMode(PGconn *conn)
{
    (void)conn;
    return play("PQenterPipelineMode", NULL)->ret;
}

int PQexitPipelineMode(PGconn *conn)
{
    (void)conn;
    return play("PQexitPipelineMode", NULL)->ret;
}

char *PQencryptPasswordConn(PGconn *conn, const char *password, const char *user,
                            const char *algorithm)
{
    (void)conn;
    (void)password;
    (void)user;
    (void)algorithm;
    return play("PQencryptPasswordConn", NULL)->ret ? strdup("verifier") : NULL;
}

/* ---- sending ---- */

int PQsendPrepare(PGconn *conn, const char *name, const char *sql, int count, const Oid *types)
{
    (void)conn;
    (void)sql;
    (void)count;
    (void)types;
    return play("PQsendPrepare", name)->ret;
}

int PQsendQueryPrepared(PGconn *conn, const char *name, int count, const char *const *values,
                        const int *sizes, const int *formats, int format)
{
    (void)conn;
    (void)count;
    (void)values;
    (void)sizes;
    (void)formats;
    (void)format;
    return play("PQsendQueryPrepared", name)->ret;
}

int PQsendQuery(PGconn *conn, const char *sql)
{
    (void)conn;
    (void)sql;
    return play("PQsendQuery", NULL)->ret;
}

int PQpipelineSync(PGconn *conn)
{
    (void)conn;
    return play("PQpipelineSync", NULL)->ret;
}

int PQflush(PGconn *conn)
{
    (void)conn;
    return is_next("PQflush") ? play("PQflush", NULL)->ret : 0;
}

/* ---- receiving ---- */

int PQsocket(const PGconn *conn)
{
    (void)conn;
    if (is_next("PQconnectPoll") || is_next("PQconsumeInput"))
        return fake.readable;
    return fake.silent;
}

int PQisBusy(PGconn *conn)
{
    (void)conn;
    return is_next("PQconsumeInput") || is_next("PQcancel") || is_next("PQfinish");
}

int PQconsumeInput(PGconn *conn)
{
    (void)conn;
    const struct fake_row *row = play("PQconsumeInput", NULL);
    if (!row->ret)
        fake.status = CONNECTION_BAD;
    return row->ret;
}

PGcancel *PQgetCancel(PGconn *conn)
{
    (void)conn;
    return &fake.cancel;
}

int PQcancel(PGcancel *cancel, char *text, int size)
{
    (void)cancel;
    (void)text;
    (void)size;
    return play("PQcancel", NULL)->ret;
}

void PQfreeCancel(PGcancel *cancel)
{
    (void)cancel;
}

PGresult *PQgetResult(PGconn *conn)
{
    (void)conn;
    const struct fake_row *row = play("PQgetResult", NULL);
    if (row->status == 0)
        return NULL;
    PGresult *result = calloc(1, sizeof(*result));
    result->row = *row;
    fake.results++;
    return result;
}

/* ---- results ---- */

void PQclear(PGresult *result)
{
    fake.results -= result != NULL;
    free(result);
}

ExecStatusType PQresultStatus(const PGresult *result)
{
    return result ? result->row.status : PGRES_FATAL_ERROR;
}

char *PQresultErrorField(const PGresult *result, int field)
{
    const char *value = field == PG_DIAG_SQLSTATE                ? result->row.state
                        : field == PG_DIAG_SEVERITY_NONLOCALIZED ? result->row.severity
                        : field == PG_DIAG_MESSAGE_PRIMARY       ? result->row.text
                        : field == PG_DIAG_STATEMENT_POSITION    ? result->row.position
                                                                 : NULL;

    return (char *)value;
}

char *PQresultErrorMessage(const PGresult *result)
{
    return (char *)(result->row.text ? result->row.text : "no words");
}

char *PQcmdTuples(PGresult *result)
{
    const char *space = result->row.tag ? strrchr(result->row.tag, ' ') : NULL;

    return (char *)(space ? space + 1 : "");
}

char *PQcmdStatus(PGresult *result)
{
    return (char *)(result->row.tag ? result->row.tag : "");
}

int PQntuples(const PGresult *result)
{
    return result->row.rows;
}

int PQnfields(const PGresult *result)
{
    return result->row.columns;
}

Oid PQftype(const PGresult *result, int column)
{
    return result->row.types[column];
}

int PQgetisnull(const PGresult *result, int row, int column)
{
    (void)row;
    return result->row.values[column] == NULL;
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
    (void)row;
    return (char *)(result->row.values[column] ? result->row.values[column] : "");
}
