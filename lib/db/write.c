/* Writes that take effect once. The first batch of the transaction takes the lock of (schema,
 * principal, key) and looks for the answer of an earlier call; the last one stores the answer and
 * commits. The lock is held to the end of the transaction by the server itself, so whoever gets it
 * knows that no earlier call with the key is still running, wherever its process and its connection
 * have gone: that is how an unknown commit is resolved. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_AGAIN_US                                                                              \
    20000 /* while the earlier transaction is still running, or the server away                    \
           */

static const struct db_statement lock_statement = {
    "db_once_lock",
    "SELECT pg_try_advisory_xact_lock(hashtextextended("
    "  current_schema()::text || chr(31) || $1::text || chr(31) || $2::text, 0))",
    DB_ONE,
};

/* Always one row. The hash is made by the server: it stands there for the comparison and for the
 * row stored later. */
static const struct db_statement lookup_statement = {
    "db_once_lookup",
    "SELECT asked.hash, i.key IS NOT NULL, i.request_hash IS NOT DISTINCT FROM asked.hash,"
    "       i.answer, i.method"
    "  FROM (SELECT sha256(convert_to($3::text, 'UTF8') || '\\x00'::bytea || $4::bytea) AS hash)"
    "       AS asked"
    "  LEFT JOIN idempotency i ON i.principal = $1 AND i.key = $2",
    DB_ONE,
};

static const struct db_statement store_statement = {
    "db_once_store",
    "INSERT INTO idempotency (principal, key, method, request_hash, answer)"
    "  VALUES ($1, $2, $3, $4, $5)",
    DB_NONE,
};

static const struct db_statement expire_statement = {
    "db_once_expire",
    "DELETE FROM idempotency WHERE (principal, key) IN"
    "  (SELECT principal, key FROM idempotency"
    "    WHERE created_at < public.ucap_now() - $1::bigint * INTERVAL '1 millisecond'"
    "    ORDER BY created_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED)",
    DB_NONE,
};

/* One call of db_write. */
struct write {
    const struct db_once *once;
    db_write_f work;
    void *arg;
    struct db_answer answer;
    bool locked;
    bool found; /* the answer is that of an earlier call */
};

static int copy_answer(const struct db_result *row, size_t column, struct db_answer *ret_answer,
                       struct err *err)
{
    size_t size;
    const void *bytes = db_value_bytes(row, 0, column, &size);
    void *copy = malloc(size ? size : 1);

    if (!copy)
        return err_nomem(err);
    memcpy(copy, bytes, size);
    *ret_answer = (struct db_answer){copy, size};
    return 0;
}

static bool is_true(const struct db_result *row, size_t column)
{
    return strcmp(db_value(row, 0, column), "t") == 0;
}

/* What stands in the found row, or what is wrong with asking so. */
static int judge(struct write *write, const struct db_result *row, struct err *err)
{
    if (!is_true(row, 1))
        return 0;
    if (!is_true(row, 2))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "idempotency key \"%s\" was used for another request (of %s): take a new "
                       "key for a new request",
                       write->once->key, db_value(row, 0, 4));
    int rc = copy_answer(row, 3, &write->answer, err);
    write->found = rc == 0;
    return rc;
}

/* BEGIN, lock and lookup in one round trip. *ret_row: the row of the lookup. */
static int look_up(struct db *db, struct write *write, struct db_result **ret_row, struct err *err)
{
    const struct db_once *once = write->once;
    struct db_param params[] = {db_text(once->principal), db_text(once->key), db_text(once->method),
                                db_bytes(once->request, once->request_size)};
    PGresult *lock = NULL;
    int rc = pipeline_queue(db, &lock_statement, params, 2, false, &lock, err);

    if (rc == 0)
        rc = db_query(db, &lookup_statement, params, 4, ret_row, err);
    if (rc == 0)
        write->locked = strcmp(PQgetvalue(lock, 0, 0), "t") == 0;
    PQclear(lock);
    return rc;
}

/* Runs the work and posts the row that remembers its answer; it travels with the commit. */
static int do_work(struct db *db, struct write *write, const struct db_result *row, struct err *err)
{
    const struct db_once *once = write->once;
    size_t hash_size;
    const void *hash = db_value_bytes(row, 0, 0, &hash_size);
    int rc = write->work(db, write->arg, &write->answer, err);

    if (rc != 0)
        return rc;
    struct db_param params[] = {db_text(once->principal), db_text(once->key), db_text(once->method),
                                db_bytes(hash, hash_size),
                                db_bytes(write->answer.bytes, write->answer.size)};
    return db_post(db, &store_statement, params, 5, err);
}

static void forget_answer(struct write *write)
{
    free(write->answer.bytes);
    write->answer = (struct db_answer){0};
    write->found = false;
    write->locked = false;
}

static int write_work(struct db *db, void *arg, struct err *err)
{
    struct write *write = arg;
    struct db_result *row = NULL;

    forget_answer(write); /* of the try before */
    int rc = look_up(db, write, &row, err);
    if (rc == 0 && !write->locked)
        rc = err_set(err, ERR_UNAVAILABLE,
                     "the first request with idempotency key \"%s\" is still running: try again "
                     "with the same key",
                     write->once->key);
    if (rc == 0)
        rc = judge(write, row, err);
    if (rc == 0 && !write->found)
        rc = do_work(db, write, row, err);
    db_result_free(row);
    return rc;
}

/* The same without the work. Not locked is no error here: the old transaction has not ended. */
static int resolve_work(struct db *db, void *arg, struct err *err)
{
    struct write *write = arg;
    struct db_result *row = NULL;

    forget_answer(write);
    int rc = look_up(db, write, &row, err);
    if (rc == 0 && write->locked)
        rc = judge(write, row, err);
    db_result_free(row);
    return rc;
}

/* After a commit whose outcome nobody saw: connects again and looks, until the old transaction has
 * ended one way or the other, or the time is over. */
static int resolve(struct db *db, struct write *write, struct err *err)
{
    int64_t until_us = pipeline_deadline(db);
    int rc;

    for (;;) {
        rc = db_transaction(db, &db_retry_never, resolve_work, write, err);
        bool away = rc == -ERR_UNAVAILABLE || (rc == 0 && !write->locked);
        if (!away || db_now() + LOOK_AGAIN_US > until_us)
            break;
        db_pause(LOOK_AGAIN_US);
    }
    if (rc == 0 && write->found)
        return 0;
    if (rc == 0 && write->locked)
        return err_set(err, ERR_UNAVAILABLE,
                       "the connection to the database was lost and nothing was changed: try "
                       "again with the same idempotency key");
    if (rc == 0 || rc == -ERR_UNAVAILABLE || rc == -ERR_DEADLINE_EXCEEDED)
        return err_set(err, ERR_UNAVAILABLE,
                       "the connection to the database was lost, and it is not known whether the "
                       "change was made: try again with the same idempotency key");
    return rc;
}

static int check_key(const struct db_once *once, struct err *err)
{
    size_t characters = 0;

    for (const char *at = once->key; *at; at++)
        characters += ((unsigned char)*at & 0xc0) != 0x80;
    if (characters >= 1 && characters <= 64)
        return 0;
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "idempotency key of %zu characters: give 1 to 64, unique for each request",
                   characters);
}

int db_write(struct db *db, const struct db_once *once, db_write_f work, void *arg,
             struct db_answer *ret_answer, bool *ret_fresh, struct err *err)
{
    struct write write = {.once = once, .work = work, .arg = arg};
    bool fresh;
    int rc = check_key(once, err);

    if (rc != 0)
        return rc;
    rc = db_transaction(db, &db_retry_conflicts, write_work, &write, err);
    fresh = !write.found;
    if (rc != 0 && db_commit_unknown(db))
        rc = resolve(db, &write, err); /* what it finds is what we wrote */
    if (rc != 0) {
        forget_answer(&write);
        return rc;
    }
    *ret_answer = write.answer;
    if (ret_fresh)
        *ret_fresh = fresh;
    return 0;
}

int db_idempotency_expire(struct db *db, int64_t limit, struct err *err)
{
    struct db_param params[] = {db_int(db->settings->idempotency_ms), db_int(limit)};

    return db_query(db, &expire_statement, params, 2, NULL, err);
}
