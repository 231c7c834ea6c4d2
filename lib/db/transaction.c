/* Transactions, and when they are run again.
 *
 * BEGIN travels with the first query, COMMIT with the last posts. COMMIT must not travel with a
 * posted DB_AFFECTS_1: the server would commit what only the client can see to be wrong, so the
 * posts go first then. */
#include "internal.h"

#include "base/id.h"

#include <string.h>

#define ROLLBACK_US 2000000 /* for a rollback, also when the time of the request is over */

struct db_retry {
    int tries;              /* in all */
    int64_t pause_first_us; /* doubled each time, a random part of it taken */
    int64_t pause_max_us;
};

const struct db_retry db_retry_never = {1, 0, 0};
const struct db_retry db_retry_conflicts = {6, 2000, 100000};

static const struct db_statement begin_statement = {
    "db_begin", "BEGIN ISOLATION LEVEL READ COMMITTED", DB_NONE};
static const struct db_statement commit_statement = {"db_commit", "COMMIT", DB_NONE};
static const struct db_statement rollback_statement = {"db_rollback", "ROLLBACK", DB_NONE};

static int begin(struct db *db, struct err *err)
{
    db->commit_unknown = false;
    db->failure = FAILURE_NONE;
    db->sqlstate[0] = '\0';
    if (db->deadline_us && db->deadline_us <= db_now())
        return err_set(err, ERR_DEADLINE_EXCEEDED, "the time was over before the transaction");
    int rc = connect_ensure(db, err);
    if (rc == 0)
        rc = pipeline_queue(db, &begin_statement, NULL, 0, false, NULL, err);
    db->in_transaction = rc == 0;
    return rc;
}

static void rollback(struct db *db)
{
    int64_t deadline_us = db->deadline_us;

    db->in_transaction = false;
    if (!db->conn)
        return;
    /* What went wrong before stays what is said. */
    enum failure failure = db->failure;
    char sqlstate[sizeof(db->sqlstate)];
    memcpy(sqlstate, db->sqlstate, sizeof(sqlstate));
    db->deadline_us = db_now() + ROLLBACK_US;
    for (size_t i = 0; i < db->item_count; i++)
        db->items[i].slot = NULL; /* of a function that has returned */
    if (pipeline_queue(db, &rollback_statement, NULL, 0, false, NULL, NULL) == 0)
        pipeline_run(db, NULL);
    if (db->conn && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
        connect_drop(db);
    db->deadline_us = deadline_us;
    db->failure = failure;
    memcpy(db->sqlstate, sqlstate, sizeof(sqlstate));
}

/* COMMIT of a transaction that failed answers ROLLBACK, without an error. */
static int check_tag(PGresult *result, struct err *err)
{
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;

    PQclear(result);
    return committed ? 0 : err_set(err, ERR_INTERNAL, "the server rolled back instead of commit");
}

static int commit(struct db *db, struct err *err)
{
    PGresult *result = NULL;
    int rc = db->post_unchecked ? pipeline_run(db, err) : 0;

    if (rc == 0)
        rc = pipeline_queue(db, &commit_statement, NULL, 0, false, &result, err);
    if (rc != 0)
        return rc;
    rc = pipeline_run(db, err);
    if (rc == 0)
        return check_tag(result, err);
    /* Nobody saw the server refuse, and nobody saw it commit. */
    db->commit_unknown = db->failure == FAILURE_LOST;
    return rc;
}

static int run_once(struct db *db, db_work_f work, void *arg, struct err *err)
{
    int rc = begin(db, err);

    if (rc != 0)
        return rc;
    rc = work(db, arg, err);
    if (rc == 0 && db->failure != FAILURE_NONE)
        rc = err_set(err, db->failure_err.code, "%s", db->failure_err.text);
    if (rc == 0)
        rc = commit(db, err);
    if (rc != 0)
        rollback(db);
    db->in_transaction = false;
    return rc;
}

/* A connection lost before the commit took the transaction with it. */
static bool is_worth_again(const struct db *db)
{
    return db->failure == FAILURE_CONFLICT || (db->failure == FAILURE_LOST && !db->commit_unknown);
}

/* Waits a random part of the pause, so that those who collided do not meet again. False when the
 * time is over. */
static bool pause_before(const struct db *db, const struct db_retry *retry, int tried)
{
    int64_t pause_us = retry->pause_first_us << (tried - 1);
    uint32_t dice;

    if (pause_us > retry->pause_max_us)
        pause_us = retry->pause_max_us;
    random_bytes(&dice, sizeof(dice));
    pause_us = pause_us / 2 + (int64_t)(dice % (uint64_t)(pause_us / 2 + 1));
    if (db->deadline_us && db_now() + pause_us >= db->deadline_us)
        return false;
    db_pause(pause_us);
    return true;
}

int db_transaction(struct db *db, const struct db_retry *retry, db_work_f work, void *arg,
                   struct err *err)
{
    if (db->in_transaction)
        return err_set(err, ERR_INTERNAL, "a transaction inside a transaction");
    for (int tried = 1;; tried++) {
        int rc = run_once(db, work, arg, err);
        if (rc == 0 || tried >= retry->tries || !is_worth_again(db) ||
            !pause_before(db, retry, tried))
            return rc;
    }
}

bool db_commit_unknown(const struct db *db)
{
    return db->commit_unknown;
}
