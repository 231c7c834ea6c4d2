/* Batches of statements in libpq's pipeline mode: all are sent, then a Sync, then all results are
 * read to the end. After an error the server skips the rest up to the Sync and says so for each.
 * When the deadline passes, the server is told to cancel (once per batch; libpq bounds that request
 * by tcp_user_timeout) and has GRACE_US to answer; a connection that stays silent is dropped. */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_US   2000000
#define PARAMS_MAX 64

/* The time of one batch. */
struct limit {
    int64_t until_us;
    bool cancelled;
};

int64_t pipeline_deadline(const struct db *db)
{
    return db->deadline_us ? db->deadline_us : db_now() + db->settings->statement_ms * 1000;
}

/* ---- sending ---- */

static int grow(void **rows, size_t *room, size_t count, size_t size, struct err *err)
{
    if (count < *room)
        return 0;
    size_t more = *room ? *room * 2 : 16;
    void *grown = realloc(*rows, more * size);
    if (!grown)
        return err_nomem(err);
    *rows = grown;
    *room = more;
    return 0;
}

static size_t find_prepared(const struct db *db, const char *name)
{
    size_t at = 0;

    while (at < db->prepared_count && strcmp(db->prepared[at], name) != 0)
        at++;
    return at;
}

static void forget_prepared(struct db *db, const char *name)
{
    size_t at = find_prepared(db, name);

    if (at < db->prepared_count)
        db->prepared[at] = db->prepared[--db->prepared_count];
}

static int lost(struct db *db, const char *words, struct err *err)
{
    char line[512];

    first_line(words, line, sizeof(line));
    connect_drop(db);
    db->failure = FAILURE_LOST;
    err_set(&db->failure_err, ERR_UNAVAILABLE, "the connection to the database was lost: %s", line);
    return err_set(err, ERR_UNAVAILABLE, "%s", db->failure_err.text);
}

static void add_item(struct db *db, const struct item *item)
{
    db->items[db->item_count++] = *item;
}

static int queue_prepare(struct db *db, const struct db_statement *statement, struct err *err)
{
    if (find_prepared(db, statement->name) < db->prepared_count)
        return 0;
    int rc = grow((void **)&db->prepared, &db->prepared_room, db->prepared_count,
                  sizeof(*db->prepared), err);
    if (rc != 0)
        return rc;
    if (!PQsendPrepare(db->conn, statement->name, statement->sql, 0, NULL))
        return lost(db, PQerrorMessage(db->conn), err);
    db->prepared[db->prepared_count++] = statement->name;
    add_item(db, &(struct item){.statement = statement, .prepare = true});
    return 0;
}

static int send_statement(struct db *db, const struct db_statement *statement,
                          const struct db_param *params, size_t count, struct err *err)
{
    const char *values[PARAMS_MAX];
    int sizes[PARAMS_MAX];
    int formats[PARAMS_MAX];

    for (size_t i = 0; i < count; i++) {
        values[i] = params[i].is_number ? params[i].number
                    : params[i].text    ? params[i].text
                                        : params[i].bytes;
        sizes[i] = (int)params[i].size;
        formats[i] = params[i].bytes != NULL;
    }
    if (!PQsendQueryPrepared(db->conn, statement->name, (int)count, values, sizes, formats, 0))
        return lost(db, PQerrorMessage(db->conn), err);
    return 0;
}

int pipeline_queue(struct db *db, const struct db_statement *statement,
                   const struct db_param *params, size_t count, bool post, PGresult **slot,
                   struct err *err)
{
    if (count > PARAMS_MAX)
        return err_set(err, ERR_INTERNAL, "statement \"%s\" has %zu parameters, %d are possible",
                       statement->name, count, PARAMS_MAX);
    int rc = grow((void **)&db->items, &db->item_room, db->item_count + 1, sizeof(*db->items), err);
    if (rc == 0)
        rc = queue_prepare(db, statement, err);
    if (rc == 0)
        rc = send_statement(db, statement, params, count, err);
    if (rc == 0)
        add_item(db, &(struct item){statement, false, post, slot});
    return rc;
}

/* ---- waiting ---- */

static void cancel(struct db *db)
{
    char why[256];
    PGcancel *handle = PQgetCancel(db->conn);

    /* Whether it worked shows in what the server answers. */
    if (handle)
        PQcancel(handle, why, sizeof(why));
    PQfreeCancel(handle);
}

/* Called when the time is over: once it cancels and gives more. */
static int out_of_time(struct db *db, struct limit *limit, struct err *err)
{
    if (limit->cancelled)
        return lost(db, "no answer, and none to the cancel request", err);
    cancel(db);
    limit->cancelled = true;
    limit->until_us = db_now() + GRACE_US;
    return 0;
}

/* Sends what is left to send, and reads until a result is complete. */
static int wait_result(struct db *db, struct limit *limit, struct err *err)
{
    for (;;) {
        int unsent = PQflush(db->conn);
        if (unsent < 0)
            return lost(db, PQerrorMessage(db->conn), err);
        if (!PQisBusy(db->conn))
            return 0;
        struct pollfd at = {PQsocket(db->conn), (short)(POLLIN | (unsent ? POLLOUT : 0)), 0};
        int64_t left_us = limit->until_us - db_now();
        int ready = poll(&at, 1, left_us <= 0 ? 0 : (int)((left_us + 999) / 1000));
        if (ready < 0 && errno != EINTR)
            return lost(db, strerror(errno), err);
        if (ready == 0 && out_of_time(db, limit, err) != 0)
            return -ERR_UNAVAILABLE;
        /* What came before the end of the connection counts: perhaps the answer to a commit. */
        if (ready > 0 && (at.revents & ~POLLOUT) && !PQconsumeInput(db->conn) && PQisBusy(db->conn))
            return lost(db, PQerrorMessage(db->conn), err);
    }
}

static int next_result(struct db *db, struct limit *limit, PGresult **ret_result, struct err *err)
{
    int rc = wait_result(db, limit, err);

    if (rc == 0)
        *ret_result = PQgetResult(db->conn);
    return rc;
}

/* ---- results ---- */

/* The server ends the connection with such an error: nobody knows what became of a commit. */
static bool is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    return severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* The statement failed on the server. */
static int explain(struct db *db, const char *name, const PGresult *result, bool cancelled,
                   struct err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (!words)
        words = PQresultErrorMessage(result);
    snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state ? state : "");
    if (is_fatal(result))
        return lost(db, words, err);
    db->failure = strncmp(db->sqlstate, "40", 2) == 0 ? FAILURE_CONFLICT : FAILURE_OTHER;
    if (cancelled && strcmp(db->sqlstate, "57014") == 0)
        return err_set(err, ERR_DEADLINE_EXCEEDED,
                       "statement \"%s\" was cancelled: its time was over", name);
    return err_set(err, sqlstate_code(db->sqlstate), "statement \"%s\": %s (SQLSTATE %s)", name,
                   words, db->sqlstate);
}

/* Takes the result of an item: into its slot, or away. */
static int take_result(struct db *db, const struct item *item, PGresult *result,
                       const struct limit *limit, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);
    int rc = 0;

    if (status == PGRES_FATAL_ERROR)
        rc = explain(db, item->statement->name, result, limit->cancelled, err);
    else if (status == PGRES_PIPELINE_ABORTED)
        rc = err_set(err, ERR_ABORTED, "statement \"%s\" was skipped after an earlier error",
                     item->statement->name);
    else if (!item->prepare)
        rc = statement_check_shape(item->statement, result, err);
    if (rc != 0 && item->prepare)
        forget_prepared(db, item->statement->name);
    if (rc != 0 && item->post && db->failure == FAILURE_NONE)
        db->failure = FAILURE_OTHER;
    if (rc == 0 && item->slot)
        *item->slot = result;
    else
        PQclear(result);
    return rc;
}

/* The result of an item and the NULL that ends it. */
static int read_item(struct db *db, const struct item *item, struct limit *limit, struct err *err)
{
    PGresult *result = NULL;
    PGresult *end = NULL;
    int rc = next_result(db, limit, &result, err);

    if (rc != 0)
        return rc;
    if (!result)
        return lost(db, PQerrorMessage(db->conn), err);
    rc = take_result(db, item, result, limit, err);
    if (!db->conn)
        return rc;
    int rc_end = next_result(db, limit, &end, err);
    PQclear(end);
    return rc_end != 0 ? rc_end : rc;
}

/* All items in order. The first error is the batch's; once the server has refused, a connection
 * lost after that changes nothing: the transaction is rolled back. */
static int read_items(struct db *db, struct limit *limit, size_t count, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        struct err why = ERR_INIT;
        enum failure known = db->failure;
        int rc_item = read_item(db, &db->items[i], limit, &why);
        if (rc == 0 && rc_item != 0)
            rc = err_set(err, why.code, "%s", why.text);
        else if (!db->conn)
            db->failure = known;
        if (!db->conn)
            return rc;
    }
    return rc;
}

static int read_sync(struct db *db, struct limit *limit, struct err *err)
{
    PGresult *result = NULL;
    int rc = next_result(db, limit, &result, err);

    if (rc == 0 && PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        rc = lost(db, "an answer that belongs to no statement", err);
    PQclear(result);
    return rc;
}

static void clear_slots(struct db *db, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (db->items[i].slot) {
            PQclear(*db->items[i].slot);
            *db->items[i].slot = NULL;
        }
    }
}

int pipeline_run(struct db *db, struct err *err)
{
    struct limit limit = {pipeline_deadline(db), false};
    size_t count = db->item_count;
    struct err why = ERR_INIT;
    int rc = PQpipelineSync(db->conn) ? 0 : lost(db, PQerrorMessage(db->conn), &why);

    if (rc == 0)
        rc = read_items(db, &limit, count, &why);
    if (db->conn) {
        enum failure known = db->failure;
        int rc_sync = read_sync(db, &limit, rc == 0 ? &why : NULL);
        if (rc == 0)
            rc = rc_sync;
        else
            db->failure = known; /* as above */
    }
    db->item_count = 0;
    db->post_unchecked = false;
    if (strcmp(db->sqlstate, "25006") == 0)
        connect_drop(db); /* no longer the primary: the next use looks for the one that is */
    if (rc == 0)
        return 0;
    clear_slots(db, count);
    if (db->failure != FAILURE_NONE)
        db->failure_err = why;
    return err_set(err, why.code, "%s", why.text);
}

/* ---- scripts ---- */

static int line_of(const char *sql, const PGresult *result)
{
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    int line = 1;

    if (!position)
        return 0;
    /* The position counts characters: bytes that continue one are not counted. */
    for (long left = strtol(position, NULL, 10) - 1; *sql && left > 0; sql++) {
        line += *sql == '\n';
        left -= ((unsigned char)sql[1] & 0xc0) != 0x80;
    }
    return line;
}

static int read_script(struct db *db, const char *sql, int *ret_line, struct err *err)
{
    struct limit limit = {pipeline_deadline(db), false};
    PGresult *result = NULL;
    int rc = 0;

    for (;;) {
        struct err why = ERR_INIT;
        int rc_next = next_result(db, &limit, &result, &why);
        if (rc_next != 0)
            return err_set(err, why.code, "%s", why.text);
        if (!result)
            return rc;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_FATAL_ERROR && rc == 0) {
            *ret_line = line_of(sql, result);
            rc = explain(db, "script", result, limit.cancelled, err);
        }
        PQclear(result);
        if (!db->conn)
            return rc;
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
            return lost(db, "a script must not COPY from or to the client", err);
    }
}

int pipeline_script(struct db *db, const char *sql, int *ret_line, struct err *err)
{
    struct err why = ERR_INIT;

    *ret_line = 0;
    if (!PQexitPipelineMode(db->conn))
        return err_set(err, ERR_INTERNAL, "a script needs an idle connection: %s",
                       PQerrorMessage(db->conn));
    int rc = PQsendQuery(db->conn, sql) ? read_script(db, sql, ret_line, &why)
                                        : lost(db, PQerrorMessage(db->conn), &why);
    if (db->conn && !PQenterPipelineMode(db->conn))
        rc = lost(db, PQerrorMessage(db->conn), &why);
    if (rc == 0)
        return 0;
    db->failure_err = why;
    return err_set(err, why.code, "%s", why.text);
}
