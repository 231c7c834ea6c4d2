/* PostgreSQL, wrapped once. A connection belongs to one thread; every query has a deadline (it is
 * cancelled on the server when that passes) and is drained to its end; the caller states the shape
 * it expects; values are parameters, never text pasted into SQL; the SQLSTATE reaches the caller. A
 * lost connection is UNAVAILABLE and is opened again by the next use. */
#ifndef UCAP_DB_DB_H
#define UCAP_DB_DB_H

#include "base/err.h"
#include "base/settings.h"
#include "db/migration.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- settings: a part for settings_load ---- */

struct db_settings {
    /* --database: libpq connection string without password; several hosts allowed */
    char *conninfo;
    /* --database-password, or --database-password-file */
    char *password;
    /* --database-wait: how long an unreachable database is waited for at start; 60s */
    int64_t wait_ms;
    /* --database-timeout: of one statement where the request has no deadline; 10s */
    int64_t statement_ms;
    /* --idempotency-retention: how long answers to writes are kept; 168h (7 days) */
    int64_t idempotency_ms;
};

extern const struct setting db_settings_table[];

/* ---- connection ---- */

struct db;

/* Creates the handle and connects. A wrong password, user or database name is
 * -ERR_FAILED_PRECONDITION with a sentence that names it and says what to do; an unreachable server
 * is tried again until settings->wait_ms (then -ERR_UNAVAILABLE) or until `give_up(arg)` is true
 * (-ERR_CANCELLED); `waits_for(arg, sentence)` is told meanwhile, and "" when the wait is over.
 * Both functions may be NULL. Checks that the database is UTF-8 with a C.UTF-8 locale. `settings`
 * outlives the handle. */
int db_open(const struct db_settings *settings, const char *application,
            void (*waits_for)(void *arg, const char *sentence), bool (*give_up)(void *arg),
            void *arg, struct db **ret_db, struct err *err);
void db_close(struct db *db);

/* The deadline of the statements that follow, on the monotonic clock (clock_mono_us); 0:
 * settings->statement_ms each. */
void db_set_deadline(struct db *db, int64_t deadline_us);

/* SQLSTATE of the last failed statement ("23505"), or "" (no answer from a server). Valid until the
 * next statement. */
const char *db_sqlstate(const struct db *db);

/* ---- statements ---- */

enum db_shape {
    DB_NONE,      /* no rows; any number affected */
    DB_AFFECTS_1, /* no rows; exactly one row affected, or -ERR_NOT_FOUND */
    DB_ONE,       /* exactly one row, or -ERR_NOT_FOUND */
    DB_MAYBE,     /* none or one row */
    DB_MANY
};

/* A statement: static, prepared once per connection under its name. */
struct db_statement {
    const char *name; /* unique in the process; at most 63 bytes */
    const char *sql;
    enum db_shape shape;
};

/* A parameter. The bytes are the caller's and outlive the call. */
struct db_param {
    const char *text;  /* NULL with bytes NULL: SQL NULL */
    const void *bytes; /* bytea, sent as binary */
    size_t size;
    char number[24]; /* used by db_int; text points nowhere then */
    bool is_number;
};

struct db_param db_text(const char *text); /* NULL: SQL NULL */
struct db_param db_int(int64_t number);
struct db_param db_bytes(const void *bytes, size_t size);
struct db_param db_null(void);

struct db_result;

/* Runs a statement. `ret_result` may be NULL for shapes without rows. -ERR_UNAVAILABLE: the
 * connection was lost (inside a transaction that has been rolled back); -ERR_DEADLINE_EXCEEDED:
 * cancelled; -ERR_ALREADY_EXISTS for 23505; -ERR_FAILED_PRECONDITION for other constraints;
 * -ERR_ABORTED for serialisation failures and deadlocks; -ERR_PERMISSION_DENIED for 42501;
 * -ERR_INVALID_ARGUMENT for 22* (a value the type cannot hold); -ERR_RESOURCE_EXHAUSTED for 53*
 * (disk full); -ERR_INTERNAL for what cannot be but a mistake of ours. */
int db_query(struct db *db, const struct db_statement *statement, const struct db_param *params,
             size_t param_count, struct db_result **ret_result, struct err *err);

/* Queues a statement of shape DB_NONE or DB_AFFECTS_1: it travels with the next db_query or the
 * commit (pipeline mode), its error is theirs. Parameters are copied. A DB_AFFECTS_1 that is posted
 * last costs the commit a round trip of its own: it is checked first. Only inside db_transaction or
 * db_write. */
int db_post(struct db *db, const struct db_statement *statement, const struct db_param *params,
            size_t param_count, struct err *err);

size_t db_rows(const struct db_result *result);
bool db_is_null(const struct db_result *result, size_t row, size_t column);
/* Text of a value; "" for NULL. Valid until db_result_free. */
const char *db_value(const struct db_result *result, size_t row, size_t column);
int64_t db_value_int(const struct db_result *result, size_t row, size_t column);
/* Bytes of a bytea value. Valid until db_result_free. */
const void *db_value_bytes(const struct db_result *result, size_t row, size_t column,
                           size_t *ret_size);
void db_result_free(struct db_result *result); /* NULL is left alone */

/* ---- transactions ---- */

/* When a transaction is run again. Static objects, chosen by use. */
struct db_retry;
extern const struct db_retry db_retry_never;
extern const struct db_retry
    db_retry_conflicts; /* serialisation failure, deadlock, connection lost before the commit */

/* Work inside a transaction. May run more than once: it changes nothing but the database and what
 * `arg` points to. */
typedef int (*db_work_f)(struct db *db, void *arg, struct err *err);

/* begin, work, commit. A commit whose outcome is unknown is -ERR_UNAVAILABLE and db_commit_unknown
 * is true until the next transaction. */
int db_transaction(struct db *db, const struct db_retry *retry, db_work_f work, void *arg,
                   struct err *err);
bool db_commit_unknown(const struct db *db);

/* ---- writes that take effect once ---- */

/* Who asks what, as the idempotency table keeps it. */
struct db_once {
    const char *principal;
    const char *key; /* 1 to 64 characters */
    const char *method;
    const void *request; /* bytes of the request message; hashed together with the method */
    size_t request_size;
};

/* What the work leaves to be answered, now and to every later call with the same key. malloc'ed. */
struct db_answer {
    void *bytes;
    size_t size;
};

typedef int (*db_write_f)(struct db *db, void *arg, struct db_answer *ret_answer, struct err *err);

/* One transaction: looks (principal, key) up in the `idempotency` table of the service's schema;
 * found with the same method and request: *ret_answer is the stored one and work is not run; found
 * with others: -ERR_INVALID_ARGUMENT; the first call is still running: -ERR_UNAVAILABLE; else work,
 * its answer stored, commit. A commit whose outcome is unknown is looked up after reconnecting.
 * Failures are not stored. *ret_fresh (may be NULL): work ran and took effect now. */
int db_write(struct db *db, const struct db_once *once, db_write_f work, void *arg,
             struct db_answer *ret_answer, bool *ret_fresh, struct err *err);

/* Removes answers older than the retention, at most `limit` rows; for a service's idle moments. */
int db_idempotency_expire(struct db *db, int64_t limit, struct err *err);

/* ---- the outbox ---- */

/* An event, written in the transaction of the change, after the lock on the record. */
struct db_event {
    const char *type;         /* such as "registry.city.created" */
    const char *subject;      /* the record's id, such as "city/barcelona" */
    const char *programme_id; /* or NULL: shared records */
    const char *audience;     /* "public", "partners" or "internal" */
    const char *principal;    /* who did it: the person where a service acts for one */
    const char *via;          /* that service, or NULL */
    const char *traceparent;  /* or NULL */
    const char *message;      /* name of the data message, such as "ucap.v1.CityEvent" */
    const void *data;         /* its bytes */
    size_t size;
    int64_t record_version; /* version of the record after the change */
};

/* Posts the row (db_post). */
int db_outbox_add(struct db *db, const struct db_event *event, struct err *err);

/* ---- migrations ---- */

/* Takes the lock that lets one migrator work at a time, until the end of the transaction. */
int migration_lock(struct db *db, struct err *err);

/* The SCRAM verifier of a password, for CREATE ROLE ... PASSWORD: the password itself never
 * travels. malloc'ed. */
int db_password_verifier(struct db *db, const char *user, const char *password, char **ret_verifier,
                         struct err *err);

/* Applies the set in order, for schema `schema`, as the owner: each file in a transaction of its
 * own with search_path = schema, public, recorded with its checksum in public.ucap_migration. A
 * file that was applied and has changed since is refused (-ERR_FAILED_PRECONDITION). One migrator
 * at a time (advisory lock). `applied` is told each. */
int migration_apply(struct db *db, const char *schema, const struct migration_set *set,
                    void (*applied)(const char *schema, const struct migration *row),
                    struct err *err);

/* Waits until `schema` has reached the version of `set` (or later); as db_open with give_up and
 * waits_for. */
int migration_wait(struct db *db, const char *schema, const struct migration_set *set,
                   int64_t wait_ms, void (*waits_for)(void *arg, const char *sentence),
                   bool (*give_up)(void *arg), void *arg, struct err *err);

/* Sets of lib/db itself. */
extern const struct migration_set
    events_migrations; /* schema events: the outbox; public: ucap_now() */
extern const struct migration_set service_migrations; /* in each service's schema: idempotency */

#endif
