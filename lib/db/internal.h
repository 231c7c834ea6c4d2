/* What the files of lib/db share. Not for users of the library.
 *
 * connect.c opens and opens again; pipeline.c sends, waits, cancels and drains; statement.c,
 * transaction.c, write.c and migration.c stand on those two. */
#ifndef UCAP_DB_INTERNAL_H
#define UCAP_DB_INTERNAL_H

#include "db/db.h"

#include <libpq-fe.h>

/* A command sent in the current batch, whose result has not been read. */
struct item {
    const struct db_statement *statement;
    bool prepare;    /* Parse only; its execution is the next item */
    bool post;       /* sent by db_post: a wrong shape fails the transaction */
    PGresult **slot; /* where the result goes; NULL: it is only checked */
};

/* Why the current transaction cannot be committed. */
enum failure { FAILURE_NONE, FAILURE_LOST, FAILURE_CONFLICT, FAILURE_OTHER };

/* One host of the connection string: parameters for PQconnectStartParams, both lists ending with
 * NULL. */
struct target {
    char **keywords;
    char **values;
};

struct db {
    const struct db_settings *settings;
    char *application;
    struct target *targets; /* the hosts of the connection string, in order */
    size_t target_count;
    size_t target_last; /* the one connected to last: asked first */

    PGconn *conn;          /* in pipeline mode, nonblocking; NULL: to be opened by the next use */
    const char **prepared; /* names of the statements the server knows, of this connection */
    size_t prepared_count, prepared_room;
    struct item *items;
    size_t item_count, item_room;

    int64_t deadline_us; /* 0: settings->statement_ms for each batch */
    char sqlstate[6];

    bool in_transaction;
    bool commit_unknown;
    bool post_unchecked;  /* a DB_AFFECTS_1 was posted and its result not yet seen */
    enum failure failure; /* of this transaction; its sentence: */
    struct err failure_err;
};

/* ---- targets.c ---- */

/* Cuts the connection string into targets, one per host. -ERR_INVALID_ARGUMENT with libpq's words.
 */
int targets_create(struct db *db, struct err *err);
void targets_destroy(struct db *db);

/* The first line of a message of libpq. */
void first_line(const char *message, char *ret_line, size_t size);

/* ---- connect.c ---- */

/* How something is waited for at start: who is told, who may end it, until when. */
struct patience {
    void (*waits_for)(void *arg, const char *sentence); /* or NULL */
    bool (*give_up)(void *arg);                         /* or NULL */
    void *arg;
    int64_t until_us;
};

/* Waits; false when told to give up. */
bool patience_pause(const struct patience *patience, int64_t pause_us);

/* Sees to it that there is a connection, outside a transaction: a server that has gone while nobody
 * asked is noticed here. -ERR_UNAVAILABLE whatever the reason. */
int connect_ensure(struct db *db, struct err *err);

/* Forgets the connection and all that is in flight on it. */
void connect_drop(struct db *db);

/* ---- pipeline.c ---- */

/* Sends a statement (after its Parse, the first time) into libpq's buffer: parameters are copied
 * there. On failure the connection has been dropped. */
int pipeline_queue(struct db *db, const struct db_statement *statement,
                   const struct db_param *params, size_t count, bool post, PGresult **slot,
                   struct err *err);

/* Ends the batch with a Sync and reads all results. The first error is returned; results in slots
 * have the right shape, and all slots are NULL after an error. A lost connection has been dropped:
 * db->conn is NULL. */
int pipeline_run(struct db *db, struct err *err);

/* Several statements by the simple protocol, results dropped. `*ret_line` (from 1) where the server
 * says where it failed, else 0. Nothing may be queued. */
int pipeline_script(struct db *db, const char *sql, int *ret_line, struct err *err);

/* When the current batch must have ended. */
int64_t pipeline_deadline(const struct db *db);

/* ---- statement.c ---- */

/* Whether the result is of the statement's shape. */
int statement_check_shape(const struct db_statement *statement, const PGresult *result,
                          struct err *err);

/* Takes the result; frees it when out of memory. */
int result_create(PGresult *pg, struct db_result **ret_result, struct err *err);

/* ---- sqlstate.c ---- */

/* The status code for an SQLSTATE. */
enum err_code sqlstate_code(const char *sqlstate);

/* ---- waiting between two tries ---- */

void db_pause(int64_t us);
int64_t db_now(void);

#endif
