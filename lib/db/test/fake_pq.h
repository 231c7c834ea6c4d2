/* A libpq that plays a script: each call that matters must be the next row's and gets what stands
 * there. It takes the real one's place at link time, so that every failure of a connection can be
 * had without one. */
#ifndef UCAP_DB_TEST_FAKE_PQ_H
#define UCAP_DB_TEST_FAKE_PQ_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libpq-fe.h>

struct fake_row {
    const char *call; /* function; NULL ends the script */
    const char *arg;  /* "HOST:PORT" or the name of the statement; NULL: any */
    int ret;          /* what it returns, where that is a number */
    const char *text; /* PQerrorMessage from here on; for a result: the server's words */

    /* PQgetResult; status 0: NULL */
    ExecStatusType status;
    const char *state, *severity, *position;
    const char *tag; /* "COMMIT", "INSERT 0 1" */
    int rows, columns;
    const char *values[4]; /* of every row */
    Oid types[4];
};

/* Rows of scripts. A row of PQcancel or PQfinish while a result is waited for means silence until
 * then; one of PQconsumeInput, that the socket can be read. */
#define FAKE_START(where)                                                                          \
    {                                                                                              \
        .call = "PQconnectStartParams", .arg = (where), .ret = 1                                   \
    }
#define FAKE_POLL(what, words)                                                                     \
    {                                                                                              \
        .call = "PQconnectPoll", .ret = (what), .text = (words)                                    \
    }
#define FAKE_CALL(name, value)                                                                     \
    {                                                                                              \
        .call = (name), .ret = (value)                                                             \
    }
#define FAKE_LOST(name)                                                                            \
    {                                                                                              \
        .call = (name), .text = "server closed the connection unexpectedly\n\tThis"                \
    }
#define FAKE_SEND(name)                                                                            \
    {                                                                                              \
        .call = "PQsendQueryPrepared", .arg = (name), .ret = 1                                     \
    }
#define FAKE_PREPARE(name) {.call = "PQsendPrepare", .arg = (name), .ret = 1}, FAKE_SEND(name)
#define FAKE_SYNC                                                                                  \
    {                                                                                              \
        .call = "PQpipelineSync", .ret = 1                                                         \
    }
#define FAKE_END                                                                                   \
    {                                                                                              \
        .call = "PQgetResult"                                                                      \
    }
#define FAKE_OK(words) {.call = "PQgetResult", .status = PGRES_COMMAND_OK, .tag = (words)}, FAKE_END
#define FAKE_VALUE(one)                                                                            \
    {.call = "PQgetResult",                                                                        \
     .status = PGRES_TUPLES_OK,                                                                    \
     .rows = 1,                                                                                    \
     .columns = 1,                                                                                 \
     .values = {(one)}},                                                                           \
        FAKE_END
#define FAKE_ERROR(code, words)                                                                    \
    {.call = "PQgetResult",                                                                        \
     .status = PGRES_FATAL_ERROR,                                                                  \
     .state = (code),                                                                              \
     .severity = "ERROR",                                                                          \
     .text = (words)},                                                                             \
        FAKE_END
#define FAKE_FATAL(code, words)                                                                    \
    {                                                                                              \
        .call = "PQgetResult", .status = PGRES_FATAL_ERROR, .state = (code), .severity = "FATAL",  \
        .text = (words)                                                                            \
    }
#define FAKE_SKIPPED {.call = "PQgetResult", .status = PGRES_PIPELINE_ABORTED}, FAKE_END
#define FAKE_SYNCED                                                                                \
    {                                                                                              \
        .call = "PQgetResult", .status = PGRES_PIPELINE_SYNC                                       \
    }
#define FAKE_FINISH                                                                                \
    {                                                                                              \
        .call = "PQfinish"                                                                         \
    }

/* From the first call to a connection that has been checked. */
#define FAKE_CONNECT                                                                               \
    FAKE_START(NULL), FAKE_POLL(PGRES_POLLING_OK, ""), FAKE_CALL("PQsetnonblocking", 0),           \
        FAKE_CALL("PQenterPipelineMode", 1)
#define FAKE_OPEN                                                                                  \
    FAKE_CONNECT, FAKE_PREPARE("db_check"), FAKE_SYNC, FAKE_OK(""),                                \
        {.call = "PQgetResult",                                                                    \
         .status = PGRES_TUPLES_OK,                                                                \
         .rows = 1,                                                                                \
         .columns = 4,                                                                             \
         .values = {"UTF8", "C.UTF-8", "C.UTF-8", "ucap"}},                                        \
        FAKE_END, FAKE_SYNCED

/* Begins a script; the table ends with {0}. */
void fake_begin(const struct fake_row *script);
/* Fails the test when rows are left, or results or connections not given back. */
void fake_end(void);

#endif
