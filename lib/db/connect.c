/* Opening the connection: at start with patience, later by the next use.
 *
 * libpq's asynchronous connect never gives a silent host up for the next one (only its blocking one
 * does), so the hosts of the connection string are tried here, one at a time, each with a bound.
 * The SQLSTATE of a refusal is not in libpq's interface; it is read from the verbose form of the
 * message, which no translation changes. */
#include "internal.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ATTEMPT_US     3000000 /* for one host to answer */
#define PAUSE_FIRST_US 100000
#define PAUSE_MAX_US   1000000
#define GIVE_UP_US     50000 /* how often give_up is asked while pausing */

int64_t db_now(void)
{
    return clock_mono_us(clock_system());
}

void db_pause(int64_t us)
{
    poll(NULL, 0, us <= 0 ? 0 : (int)((us + 999) / 1000));
}

/* ---- why a server was not reached, or refused ---- */

/* "FATAL:  28P01: password authentication ..." -> the state and what follows it, or NULL. */
static const char *find_sqlstate(const char *message, char ret_state[6])
{
    for (const char *at = strstr(message, ":  "); at; at = strstr(at + 1, ":  ")) {
        size_t length = 0;
        while (length < 5 &&
               (isdigit((unsigned char)at[3 + length]) || isupper((unsigned char)at[3 + length])))
            length++;
        if (length == 5 && at[8] == ':' && at[9] == ' ') {
            memcpy(ret_state, at + 3, 5);
            ret_state[5] = '\0';
            return at + 10;
        }
    }
    return NULL;
}

/* What the server says when it refuses for good, and what to do. */
static const struct refusal {
    const char *state;
    const char *problem; /* NULL: the server's words */
    const char *advice;
} refusals[] = {
    {"28P01", "wrong password, or no such user",
     "check user and --database-password, and that ucap-migrate has made the user"},
    {"28000", NULL, "check user in --database, and who may connect in the server's pg_hba.conf"},
    {"3D000", "there is no such database",
     "check dbname in --database, or create it: createdb --template=template0 --encoding=UTF8 "
     "--locale=C.UTF-8"},
    {"42501", NULL, "run ucap-migrate, which grants it"},
    {"", NULL, "check --database"},
};

static bool passes_by(const char *state)
{
    return strncmp(state, "57", 2) == 0 || strncmp(state, "53", 2) == 0 ||
           strncmp(state, "08", 2) == 0;
}

static int refused(const PGconn *conn, const char *state, const char *words, struct err *err)
{
    const struct refusal *row = refusals;
    char line[512];

    while (*row->state && strcmp(row->state, state) != 0)
        row++;
    first_line(words, line, sizeof(line));
    return err_set(err, ERR_FAILED_PRECONDITION,
                   "database \"%s\" at %s:%s refuses user \"%s\": %s (%s)", PQdb(conn),
                   PQhost(conn), PQport(conn), PQuser(conn), row->problem ? row->problem : line,
                   row->advice);
}

static int not_reached(const PGconn *conn, const char *words, struct err *err)
{
    char line[512];

    first_line(words, line, sizeof(line));
    return err_set(err, ERR_UNAVAILABLE, "cannot reach database \"%s\" at %s:%s: %s", PQdb(conn),
                   PQhost(conn), PQport(conn), line);
}

/* The sentence for a connection that did not come about. */
static int explain(const PGconn *conn, struct err *err)
{
    const char *message = PQerrorMessage(conn);
    char state[6];
    const char *words = find_sqlstate(message, state);

    if (words)
        return passes_by(state) ? not_reached(conn, words, err) : refused(conn, state, words, err);
    if (PQconnectionNeedsPassword(conn))
        return refused(conn, "28P01", "a password is needed", err);
    words = strstr(message, "failed: ");
    return not_reached(conn, words ? words + strlen("failed: ") : message, err);
}

/* ---- one attempt ---- */

/* 1: ready, 0: not within the time. */
static int wait_socket(int fd, PostgresPollingStatusType wanted, int64_t until_us)
{
    struct pollfd at = {fd, wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
    int rc;

    do {
        int64_t left_us = until_us - db_now();
        rc = poll(&at, 1, left_us <= 0 ? 0 : (int)((left_us + 999) / 1000));
    } while (rc < 0 && errno == EINTR);
    return rc != 0;
}

static int drive(PGconn *conn, int64_t until_us, struct err *err)
{
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

    if (PQstatus(conn) == CONNECTION_BAD)
        return explain(conn, err);
    /* Only the message with the SQLSTATE can be told apart in every language. */
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    while (wanted != PGRES_POLLING_OK) {
        if (!wait_socket(PQsocket(conn), wanted, until_us))
            return not_reached(conn, "no answer in time", err);
        wanted = PQconnectPoll(conn);
        if (wanted == PGRES_POLLING_FAILED)
            return explain(conn, err);
    }
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    return 0;
}

/* Notices of the server (a table that exists already) are nobody's concern. */
static void drop_notice(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice;
}

static int attempt(struct db *db, size_t n, int64_t until_us, struct err *err)
{
    const struct target *target = &db->targets[n];
    PGconn *conn = PQconnectStartParams((const char *const *)target->keywords,
                                        (const char *const *)target->values, 0);

    if (!conn)
        return err_nomem(err);
    PQsetNoticeReceiver(conn, drop_notice, NULL);
    int rc = drive(conn, until_us, err);
    if (rc == 0 && (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) != 1))
        rc = not_reached(conn, PQerrorMessage(conn), err);
    if (rc != 0) {
        PQfinish(conn);
        return rc;
    }
    db->conn = conn;
    db->target_last = n;
    return 0;
}

/* Adds the sentence of one more host. One that refuses for good decides the code. */
static void add_failure(struct err *all, const struct err *one)
{
    size_t length = strlen(all->text);

    snprintf(all->text + length, sizeof(all->text) - length, "%s%s", length > 0 ? "; " : "",
             one->text);
    if (all->code == ERR_OK || all->code == ERR_UNAVAILABLE)
        all->code = one->code;
}

/* Each host once, the last good one first. */
static int connect_once(struct db *db, int64_t until_us, struct err *err)
{
    struct err all = ERR_INIT;

    for (size_t i = 0; i < db->target_count; i++) {
        struct err why = ERR_INIT;
        int64_t limit_us = db_now() + ATTEMPT_US;
        size_t n = (db->target_last + i) % db->target_count;
        if (attempt(db, n, limit_us < until_us ? limit_us : until_us, &why) == 0)
            return 0;
        add_failure(&all, &why);
    }
    return err_set(err, all.code, "%s", all.text);
}

/* ---- later ---- */

void connect_drop(struct db *db)
{
    if (db->conn)
        PQfinish(db->conn);
    db->conn = NULL;
    db->prepared_count = 0;
    db->item_count = 0;
    db->post_unchecked = false;
}

/* Reads what came while nobody asked: the end of the connection, or a word of the server. */
static bool has_gone(struct db *db)
{
    struct pollfd at = {PQsocket(db->conn), POLLIN, 0};

    while (poll(&at, 1, 0) > 0)
        if (!PQconsumeInput(db->conn))
            return true;
    return PQstatus(db->conn) != CONNECTION_OK;
}

int connect_ensure(struct db *db, struct err *err)
{
    struct err why = ERR_INIT;

    if (db->conn && !has_gone(db))
        return 0;
    connect_drop(db);
    if (connect_once(db, pipeline_deadline(db), &why) == 0)
        return 0;
    /* A password that was right at start is not the caller's mistake. */
    return err_set(err, ERR_UNAVAILABLE, "%s", why.text);
}

/* ---- at start ---- */

bool patience_pause(const struct patience *patience, int64_t pause_us)
{
    for (; pause_us > 0; pause_us -= GIVE_UP_US) {
        if (patience->give_up && patience->give_up(patience->arg))
            return false;
        db_pause(pause_us < GIVE_UP_US ? pause_us : GIVE_UP_US);
    }
    return true;
}

static int connect_patiently(struct db *db, const struct patience *patience, struct err *err)
{
    int64_t pause_us = PAUSE_FIRST_US;
    bool told = false;
    struct err why = ERR_INIT;

    while (connect_once(db, INT64_MAX, &why) != 0) {
        if (why.code != ERR_UNAVAILABLE)
            return err_set(err, why.code, "%s", why.text);
        if (db_now() + pause_us > patience->until_us)
            return err_set(err, ERR_UNAVAILABLE, "%s (gave up after %lld s, see --database-wait)",
                           why.text, (long long)db->settings->wait_ms / 1000);
        if (patience->waits_for)
            patience->waits_for(patience->arg, why.text);
        told = true;
        if (!patience_pause(patience, pause_us))
            return err_set(err, ERR_CANCELLED, "told to end while waiting: %s", why.text);
        pause_us = pause_us * 2 < PAUSE_MAX_US ? pause_us * 2 : PAUSE_MAX_US;
    }
    if (told && patience->waits_for)
        patience->waits_for(patience->arg, "");
    return 0;
}

static bool is_c_utf8(const char *locale)
{
    return strcasecmp(locale, "C.UTF-8") == 0 || strcasecmp(locale, "C.UTF8") == 0;
}

/* Keys and cursors compare bytewise, and text search knows Chinese: with this locale only. */
static int check_database(struct db *db, struct err *err)
{
    static const struct db_statement statement = {
        "db_check",
        "SELECT current_setting('server_encoding'), datcollate, datctype, datname"
        "  FROM pg_catalog.pg_database WHERE datname = current_database()",
        DB_ONE,
    };
    struct db_result *row = NULL;
    int rc = db_query(db, &statement, NULL, 0, &row, err);

    if (rc == 0 && (strcmp(db_value(row, 0, 0), "UTF8") != 0 || !is_c_utf8(db_value(row, 0, 1)) ||
                    !is_c_utf8(db_value(row, 0, 2))))
        rc = err_set(err, ERR_FAILED_PRECONDITION,
                     "database \"%s\" has encoding %s and locale %s, and needs UTF8 and C.UTF-8 "
                     "(create it anew: createdb --template=template0 --encoding=UTF8 "
                     "--locale=C.UTF-8)",
                     db_value(row, 0, 3), db_value(row, 0, 0), db_value(row, 0, 1));
    db_result_free(row);
    return rc;
}

int db_open(const struct db_settings *settings, const char *application,
            void (*waits_for)(void *arg, const char *sentence), bool (*give_up)(void *arg),
            void *arg, struct db **ret_db, struct err *err)
{
    struct patience patience = {waits_for, give_up, arg, db_now() + settings->wait_ms * 1000};
    struct db *db = calloc(1, sizeof(*db));

    if (!db)
        return err_nomem(err);
    db->settings = settings;
    db->application = strdup(application);
    int rc = db->application ? targets_create(db, err) : err_nomem(err);
    if (rc == 0)
        rc = connect_patiently(db, &patience, err);
    if (rc == 0)
        rc = check_database(db, err);
    if (rc != 0) {
        db_close(db);
        return rc;
    }
    *ret_db = db;
    return 0;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    connect_drop(db);
    targets_destroy(db);
    free(db->prepared);
    free(db->items);
    free(db->application);
    free(db);
}

int db_password_verifier(struct db *db, const char *user, const char *password, char **ret_verifier,
                         struct err *err)
{
    int rc = connect_ensure(db, err);

    if (rc != 0)
        return rc;
    char *made = PQencryptPasswordConn(db->conn, password, user, "scram-sha-256");
    char *copy = made ? strdup(made) : NULL;
    PQfreemem(made);
    if (!copy)
        return err_set(err, ERR_INTERNAL, "cannot make the password verifier of \"%s\"", user);
    *ret_verifier = copy;
    return 0;
}
