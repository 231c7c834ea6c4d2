/* Every way in which a server, a connection or libpq can fail, played by a script. */
#include "fake_pq.h"

#include "base/clock.h"
#include "db/db.h"

#include <stdlib.h>
#include <string.h>

static struct db_settings settings;

static const struct db_statement get = {"get", "select 1", DB_ONE};
static const struct db_statement put = {"put", "insert ...", DB_NONE};
static const struct db_statement change = {"change", "update ...", DB_AFFECTS_1};

static int set_up(void **state)
{
    (void)state;
    settings = (struct db_settings){
        .conninfo = (char *)"host=db1 dbname=ucap user=ucap_test",
        .password = (char *)"secret",
        .statement_ms = 10000,
    };
    return 0;
}

static int open_db(struct db **ret_db, struct err *err)
{
    return db_open(&settings, "test", NULL, NULL, NULL, ret_db, err);
}

static void assert_err(int rc, const struct err *err, int expected, const char *words)
{
    if (rc != expected || !strstr(err->text, words))
        fail_msg("%d, \"%s\"; expected %d, \"%s\"", rc, err->text, expected, words);
}

/* ---- connecting ---- */

static void assert_not_opened(const struct fake_row *script, int expected, const char *words)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;

    fake_begin(script);
    assert_err(open_db(&db, &err), &err, expected, words);
    assert_null(db);
    fake_end();
}

#define REFUSED(words)                                                                             \
    (const struct fake_row[])                                                                      \
    {                                                                                              \
        FAKE_START("db1:"), FAKE_POLL(PGRES_POLLING_READING, NULL),                                \
            FAKE_POLL(PGRES_POLLING_FAILED, words), FAKE_FINISH,                                   \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define FROM          "connection to server at \"db1\" (10.0.0.1), port 5432 failed: "
#define REFUSED_WORDS FROM "FATAL:  28P01: no"

/* The state counts, not the words: they may be in any language. */
static void refusals_are_told_by_their_state(void **state)
{
    static const struct {
        const char *message;
        int expected;
        const char *words;
    } rows[] = {
        {FROM "FATAL:  28P01: password authentication failed for user \"ucap_test\"\nLOCATION:  x",
         -ERR_FAILED_PRECONDITION, "refuses user \"ucap_test\": wrong password, or no such user"},
        {FROM "FATAL:  28P01: Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen\nORT:  x",
         -ERR_FAILED_PRECONDITION, "wrong password, or no such user"},
        {FROM "FATAL:  28000: role \"ucap_test\" is not permitted to log in\nLOCATION:  x",
         -ERR_FAILED_PRECONDITION, "role \"ucap_test\" is not permitted to log in (check user"},
        {FROM "致命错误:  3D000: 数据库 \"ucap\" 不存在\n", -ERR_FAILED_PRECONDITION,
         "there is no such database (check dbname"},
        {FROM "FATAL:  42501: permission denied for database \"ucap\"\n", -ERR_FAILED_PRECONDITION,
         "permission denied for database \"ucap\" (run ucap-migrate"},
        {FROM "FATAL:  22023: invalid value for parameter \"x\"\n", -ERR_FAILED_PRECONDITION,
         "invalid value for parameter \"x\" (check --database)"},
        {FROM "FATAL:  57P03: the database system is starting up\n", -ERR_UNAVAILABLE,
         "cannot reach database \"ucap\" at db1:5432: the database system is starting up"},
        {FROM "FATAL:  53300: sorry, too many clients already\n", -ERR_UNAVAILABLE,
         "too many clients"},
        {FROM "FATAL:  08P01: invalid startup packet\n", -ERR_UNAVAILABLE, "startup packet"},
        {FROM "fe_sendauth: no password supplied\n", -ERR_FAILED_PRECONDITION,
         "refuses user \"ucap_test\": wrong password"},
        {FROM "Connection refused\n\tIs the server running?\n", -ERR_UNAVAILABLE,
         "at db1:5432: Connection refused (gave up"},
        {FROM "session is read-only\n", -ERR_UNAVAILABLE, "session is read-only"},
        {"strange words:  abcde: more", -ERR_UNAVAILABLE, "strange words"},
        {"", -ERR_UNAVAILABLE, "cannot reach"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_not_opened(REFUSED(rows[i].message), rows[i].expected, rows[i].words);
}

static void connecting_fails_in_libpq(void **state)
{
    (void)state;
    assert_not_opened((const struct fake_row[]){FAKE_CALL("PQconnectStartParams", 0), {0}},
                      -ERR_RESOURCE_EXHAUSTED, "out of memory");
    assert_not_opened(
        (const struct fake_row[]){
            {.call = "PQconnectStartParams", .ret = 1, .text = "could not translate host name"},
            FAKE_FINISH,
            {0}},
        -ERR_UNAVAILABLE, "could not translate host name");
    assert_not_opened((const struct fake_row[]){FAKE_START(NULL),
                                                FAKE_POLL(PGRES_POLLING_OK, ""),
                                                FAKE_CALL("PQsetnonblocking", -1),
                                                FAKE_FINISH,
                                                {0}},
                      -ERR_UNAVAILABLE, "cannot reach");
    assert_not_opened((const struct fake_row[]){FAKE_START(NULL),
                                                FAKE_POLL(PGRES_POLLING_OK, ""),
                                                FAKE_CALL("PQsetnonblocking", 0),
                                                FAKE_CALL("PQenterPipelineMode", 0),
                                                FAKE_FINISH,
                                                {0}},
                      -ERR_UNAVAILABLE, "cannot reach");
}

/* One port for all, or one for each; a refusal for good of one decides, when no other takes us. */
static void hosts_are_tried_in_order(void **state)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;

    (void)state;
    settings.conninfo = (char *)"host=a,b,c port=1,2,3";
    assert_not_opened((const struct fake_row[]){FAKE_START("a:1"),
                                                FAKE_POLL(PGRES_POLLING_FAILED, "away"),
                                                FAKE_FINISH,
                                                FAKE_START("b:2"),
                                                FAKE_POLL(PGRES_POLLING_FAILED, REFUSED_WORDS),
                                                FAKE_FINISH,
                                                FAKE_START("c:3"),
                                                FAKE_POLL(PGRES_POLLING_FAILED, "away too"),
                                                FAKE_FINISH,
                                                {0}},
                      -ERR_FAILED_PRECONDITION, "away; ");
    settings.conninfo = (char *)"postgresql://a,b/ucap?port=7";
    fake_begin((const struct fake_row[]){FAKE_START("a:7"),
                                         FAKE_POLL(PGRES_POLLING_FAILED, "away"),
                                         FAKE_FINISH,
                                         FAKE_OPEN,
                                         /* lost: the good one is asked first */
                                         FAKE_LOST("PQconsumeInput"),
                                         FAKE_FINISH,
                                         FAKE_START("b:7"),
                                         FAKE_POLL(PGRES_POLLING_OK, ""),
                                         FAKE_CALL("PQsetnonblocking", 0),
                                         FAKE_CALL("PQenterPipelineMode", 1),
                                         FAKE_PREPARE("get"),
                                         FAKE_SYNC,
                                         FAKE_OK(""),
                                         FAKE_VALUE("1"),
                                         FAKE_SYNCED,
                                         {0}});
    assert_int_equal(open_db(&db, &err), 0);
    assert_int_equal(db_query(db, &get, NULL, 0, NULL, &err), 0);
    db_close(db);
    fake_end();
}

/* ---- one statement ---- */

/* Opens, asks once as the script has it, closes. */
static void assert_query(const struct fake_row *script, int expected, const char *words)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;

    fake_begin(script);
    assert_err(open_db(&db, &err), &err, 0, "");
    assert_err(db_query(db, &get, NULL, 0, NULL, &err), &err, expected, words);
    db_close(db);
    fake_end();
}

#define SCRIPT(...) ((const struct fake_row[]){FAKE_OPEN, __VA_ARGS__, {0}})

static void connection_is_lost_anywhere(void **state)
{
    static const char lost[] = "the connection to the database was lost: server closed";

    (void)state;
    assert_query(SCRIPT(FAKE_LOST("PQsendPrepare"), FAKE_FINISH), -ERR_UNAVAILABLE, lost);
    assert_query(
        SCRIPT(FAKE_CALL("PQsendPrepare", 1), FAKE_LOST("PQsendQueryPrepared"), FAKE_FINISH),
        -ERR_UNAVAILABLE, lost);
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_LOST("PQpipelineSync"), FAKE_FINISH),
                 -ERR_UNAVAILABLE, lost);
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC,
                        {.call = "PQflush", .ret = -1, .text = "server closed"}, FAKE_FINISH),
                 -ERR_UNAVAILABLE, lost);
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                 -ERR_UNAVAILABLE, lost);
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC,
                        {.call = "PQgetResult", .text = "server closed"}, FAKE_FINISH),
                 -ERR_UNAVAILABLE, lost);
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""), FAKE_VALUE("1"),
                        FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                 -ERR_UNAVAILABLE, lost);
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""), FAKE_VALUE("1"),
                        {.call = "PQgetResult", .status = PGRES_PIPELINE_ABORTED}, FAKE_FINISH),
                 -ERR_UNAVAILABLE, "an answer that belongs to no statement");
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""),
                        FAKE_FATAL("57P01", "terminating connection"), FAKE_FINISH),
                 -ERR_UNAVAILABLE, "was lost: terminating connection");
}

/* What came before the end counts. */
static void answer_before_the_end_is_taken(void **state)
{
    (void)state;
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""), FAKE_CALL("PQconsumeInput", 0),
                        FAKE_VALUE("1"), FAKE_SYNCED),
                 0, "");
}

/* The time is over: cancelled, drained, and the connection is as good as before. */
static void cancelled_statement_is_drained(void **state)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;

    (void)state;
    settings.statement_ms = 20;
    fake_begin(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""), FAKE_CALL("PQcancel", 1),
                      FAKE_ERROR("57014", "canceling statement"), FAKE_SYNCED, FAKE_SEND("get"),
                      FAKE_SYNC, FAKE_VALUE("1"), FAKE_SYNCED));
    assert_err(open_db(&db, &err), &err, 0, "");
    assert_err(db_query(db, &get, NULL, 0, NULL, &err), &err, -ERR_DEADLINE_EXCEEDED,
               "its time was over");
    assert_int_equal(db_query(db, &get, NULL, 0, NULL, &err), 0);
    db_close(db);
    fake_end();
}

/* The answer was faster than the cancel: it is an answer. */
static void cancel_that_comes_late(void **state)
{
    (void)state;
    settings.statement_ms = 20;
    assert_query(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""), FAKE_CALL("PQcancel", 1),
                        FAKE_VALUE("1"), FAKE_SYNCED),
                 0, "");
}

/* Neither answer nor cancel within the grace: given up. */
static void silence_is_given_up(void **state)
{
    (void)state;
    settings.statement_ms = 20;
    assert_query(
        SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""), FAKE_CALL("PQcancel", 0), FAKE_FINISH),
        -ERR_UNAVAILABLE, "no answer, and none to the cancel request");
}

/* Parse failed: the execution is skipped, the name is not taken for known. */
static void failed_parse_is_repeated(void **state)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;

    (void)state;
    fake_begin(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_ERROR("42P01", "no such table"),
                      FAKE_SKIPPED, FAKE_SYNCED, FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""),
                      FAKE_VALUE("1"), FAKE_SYNCED));
    assert_err(open_db(&db, &err), &err, 0, "");
    assert_err(db_query(db, &get, NULL, 0, NULL, &err), &err, -ERR_INTERNAL,
               "statement \"get\": no such table (SQLSTATE 42P01)");
    assert_int_equal(db_query(db, &get, NULL, 0, NULL, &err), 0);
    db_close(db);
    fake_end();
}

/* A server that is no longer the primary is left for the one that is. */
static void read_only_server_is_left(void **state)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;

    (void)state;
    fake_begin(SCRIPT(FAKE_PREPARE("get"), FAKE_SYNC, FAKE_OK(""),
                      FAKE_ERROR("25006", "cannot execute UPDATE in a read-only transaction"),
                      FAKE_SYNCED, FAKE_FINISH, FAKE_CONNECT, FAKE_PREPARE("get"), FAKE_SYNC,
                      FAKE_OK(""), FAKE_VALUE("1"), FAKE_SYNCED));
    assert_err(open_db(&db, &err), &err, 0, "");
    assert_err(db_query(db, &get, NULL, 0, NULL, &err), &err, -ERR_UNAVAILABLE, "read-only");
    assert_int_equal(db_query(db, &get, NULL, 0, NULL, &err), 0);
    db_close(db);
    fake_end();
}

/* A password that no longer fits, found out on the way, is not the fault of who asks. */
static void refusal_later_is_unavailable(void **state)
{
    (void)state;
    assert_query(SCRIPT(FAKE_LOST("PQconsumeInput"), FAKE_FINISH, FAKE_START(NULL),
                        FAKE_POLL(PGRES_POLLING_FAILED, REFUSED_WORDS), FAKE_FINISH),
                 -ERR_UNAVAILABLE, "wrong password");
}

static void password_verifier_fails(void **state)
{
    struct db *db = NULL;
    char *verifier = NULL;
    struct err err = ERR_INIT;

    (void)state;
    fake_begin(SCRIPT(FAKE_CALL("PQencryptPasswordConn", 0)));
    assert_err(open_db(&db, &err), &err, 0, "");
    assert_err(db_password_verifier(db, "x", "secret", &verifier, &err), &err, -ERR_INTERNAL,
               "password verifier of \"x\"");
    db_close(db);
    fake_end();
}

/* ---- transactions ---- */

static int post_put(struct db *db, void *arg, struct err *err)
{
    ++*(int *)arg;
    return db_post(db, &put, NULL, 0, err);
}

static int post_change(struct db *db, void *arg, struct err *err)
{
    ++*(int *)arg;
    return db_post(db, &change, NULL, 0, err);
}

static int put_and_get(struct db *db, void *arg, struct err *err)
{
    int rc = post_put(db, arg, err);

    return rc != 0 ? rc : db_query(db, &get, NULL, 0, NULL, err);
}

/* `runs`: how often the work is to run. */
static void assert_transaction(const struct fake_row *script, db_work_f work, int runs,
                               int expected, const char *words, bool unknown)
{
    struct db *db = NULL;
    struct err err = ERR_INIT;
    int ran = 0;

    fake_begin(script);
    assert_err(open_db(&db, &err), &err, 0, "");
    int rc = db_transaction(db, &db_retry_conflicts, work, &ran, &err);
    assert_err(rc, &err, expected, words);
    assert_int_equal(ran, runs);
    assert_int_equal(db_commit_unknown(db), unknown);
    db_close(db);
    fake_end();
}

#define BEGIN_PUT  FAKE_PREPARE("db_begin"), FAKE_PREPARE("put")
#define COMMITTING FAKE_PREPARE("db_commit"), FAKE_SYNC
#define BEGUN_PUT  FAKE_OK(""), FAKE_OK("BEGIN"), FAKE_OK("")
#define PUT        FAKE_OK("INSERT 0 1")
#define COMMITTED  FAKE_OK(""), FAKE_OK("COMMIT"), FAKE_SYNCED
#define ROLLED_BACK                                                                                \
    FAKE_PREPARE("db_rollback"), FAKE_SYNC, FAKE_OK(""), FAKE_OK("ROLLBACK"), FAKE_SYNCED

static void write_takes_one_round_trip(void **state)
{
    (void)state;
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, PUT, COMMITTED), post_put, 1, 0, "",
                       false);
}

/* What only we can see to be wrong must not travel with the commit. */
static void change_is_checked_before_the_commit(void **state)
{
    (void)state;
    assert_transaction(SCRIPT(FAKE_PREPARE("db_begin"), FAKE_PREPARE("change"), FAKE_SYNC,
                              BEGUN_PUT, FAKE_OK("UPDATE 1"), FAKE_SYNCED, COMMITTING, COMMITTED),
                       post_change, 1, 0, "", false);
    assert_transaction(SCRIPT(FAKE_PREPARE("db_begin"), FAKE_PREPARE("change"), FAKE_SYNC,
                              BEGUN_PUT, FAKE_OK("UPDATE 0"), FAKE_SYNCED, ROLLED_BACK),
                       post_change, 1, -ERR_NOT_FOUND, "\"change\" found nothing", false);
}

static void commit_that_rolled_back(void **state)
{
    (void)state;
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, PUT, FAKE_OK(""),
                              FAKE_OK("ROLLBACK"), FAKE_SYNCED, ROLLED_BACK),
                       post_put, 1, -ERR_INTERNAL, "rolled back", false);
}

/* Lost before COMMIT was given to libpq: run again. After: nobody knows. */
static void loss_is_known_until_the_commit(void **state)
{
    (void)state;
    assert_transaction(SCRIPT(BEGIN_PUT, FAKE_LOST("PQsendPrepare"), FAKE_FINISH, FAKE_CONNECT,
                              BEGIN_PUT, COMMITTING, BEGUN_PUT, PUT, COMMITTED),
                       post_put, 2, 0, "", false);
    assert_transaction(SCRIPT(BEGIN_PUT, FAKE_PREPARE("get"), FAKE_SYNC, BEGUN_PUT, PUT,
                              FAKE_LOST("PQconsumeInput"), FAKE_FINISH, FAKE_CONNECT, BEGIN_PUT,
                              FAKE_PREPARE("get"), FAKE_SYNC, BEGUN_PUT, PUT, FAKE_OK(""),
                              FAKE_VALUE("1"), FAKE_SYNCED, COMMITTING, COMMITTED),
                       put_and_get, 2, 0, "", false);
    assert_transaction(
        SCRIPT(BEGIN_PUT, FAKE_PREPARE("db_commit"), FAKE_LOST("PQpipelineSync"), FAKE_FINISH),
        post_put, 1, -ERR_UNAVAILABLE, "lost", true);
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, PUT, FAKE_OK(""),
                              FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                       post_put, 1, -ERR_UNAVAILABLE, "lost", true);
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, PUT, FAKE_OK(""),
                              FAKE_FATAL("57P01", "terminating"), FAKE_FINISH),
                       post_put, 1, -ERR_UNAVAILABLE, "lost: terminating", true);
}

/* The server refused, then went: that it did not commit is known all the same. */
static void refusal_before_the_loss_is_known(void **state)
{
    (void)state;
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, FAKE_ERROR("23505", "duplicate"),
                              FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                       post_put, 1, -ERR_ALREADY_EXISTS, "duplicate", false);
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, FAKE_ERROR("23505", "duplicate"),
                              FAKE_SKIPPED, FAKE_SKIPPED, FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                       post_put, 1, -ERR_ALREADY_EXISTS, "duplicate", false);
}

/* A rollback that does not answer costs the connection, not the caller. */
static void rollback_that_is_lost(void **state)
{
    (void)state;
    assert_transaction(SCRIPT(BEGIN_PUT, COMMITTING, BEGUN_PUT, FAKE_ERROR("23514", "check"),
                              FAKE_SKIPPED, FAKE_SKIPPED, FAKE_SYNCED, FAKE_PREPARE("db_rollback"),
                              FAKE_SYNC, FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                       post_put, 1, -ERR_FAILED_PRECONDITION, "check", false);
}

/* ---- migrations ---- */

static void assert_migration(const struct fake_row *script, int expected, const char *words)
{
    static const struct migration rows[] = {{1, "0001_a", "sql"}, {0, NULL, NULL}};
    static const struct migration_set set = {"a", rows};
    struct db *db = NULL;
    struct err err = ERR_INIT;

    fake_begin(script);
    assert_err(open_db(&db, &err), &err, 0, "");
    assert_err(migration_apply(db, "s", &set, NULL, &err), &err, expected, words);
    db_close(db);
    fake_end();
}

#define NO_ROW {.call = "PQgetResult", .status = PGRES_TUPLES_OK, .columns = 1}, FAKE_END
#define CHECKED                                                                                    \
    FAKE_PREPARE("db_begin"), FAKE_PREPARE("db_migration_lock"), FAKE_SYNC, FAKE_OK(""),           \
        FAKE_OK("BEGIN"), FAKE_OK(""), FAKE_VALUE(""), FAKE_SYNCED,                                \
        FAKE_PREPARE("db_migration_table"), FAKE_SYNC, FAKE_OK(""), FAKE_OK("CREATE TABLE"),       \
        FAKE_SYNCED, FAKE_PREPARE("db_migration_version"), FAKE_SYNC, FAKE_OK(""),                 \
        FAKE_VALUE("0"), FAKE_SYNCED, FAKE_PREPARE("db_migration_checksum"), FAKE_SYNC,            \
        FAKE_OK(""), NO_ROW, FAKE_SYNCED, COMMITTING, COMMITTED
#define READY                                                                                      \
    FAKE_SEND("db_begin"), FAKE_SEND("db_migration_lock"), FAKE_SYNC, FAKE_OK("BEGIN"),            \
        FAKE_VALUE(""), FAKE_SYNCED, FAKE_SEND("db_migration_checksum"), FAKE_SYNC, NO_ROW,        \
        FAKE_SYNCED, FAKE_PREPARE("db_migration_path"), FAKE_SYNC, FAKE_OK(""), FAKE_VALUE(""),    \
        FAKE_SYNCED

static void script_is_lost_anywhere(void **state)
{
    (void)state;
    assert_migration(SCRIPT(CHECKED, READY, FAKE_CALL("PQexitPipelineMode", 0), ROLLED_BACK),
                     -ERR_INTERNAL, "\"0001_a\" of set \"a\", schema \"s\": a script needs");
    assert_migration(SCRIPT(CHECKED, READY, FAKE_CALL("PQexitPipelineMode", 1),
                            FAKE_LOST("PQsendQuery"), FAKE_FINISH),
                     -ERR_UNAVAILABLE, "lost");
    assert_migration(SCRIPT(CHECKED, READY, FAKE_CALL("PQexitPipelineMode", 1),
                            FAKE_CALL("PQsendQuery", 1), FAKE_LOST("PQconsumeInput"), FAKE_FINISH),
                     -ERR_UNAVAILABLE, "lost");
    assert_migration(SCRIPT(CHECKED, READY, FAKE_CALL("PQexitPipelineMode", 1),
                            FAKE_CALL("PQsendQuery", 1), FAKE_OK(""),
                            FAKE_LOST("PQenterPipelineMode"), FAKE_FINISH),
                     -ERR_UNAVAILABLE, "lost");
    assert_migration(SCRIPT(CHECKED, READY, FAKE_CALL("PQexitPipelineMode", 1),
                            FAKE_CALL("PQsendQuery", 1),
                            {.call = "PQgetResult",
                             .status = PGRES_FATAL_ERROR,
                             .state = "42601",
                             .severity = "ERROR",
                             .position = "2",
                             .text = "syntax error"},
                            FAKE_END, FAKE_CALL("PQenterPipelineMode", 1), ROLLED_BACK),
                     -ERR_INTERNAL, "line 1: statement \"script\": syntax error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refusals_are_told_by_their_state, set_up),
        cmocka_unit_test_setup(connecting_fails_in_libpq, set_up),
        cmocka_unit_test_setup(hosts_are_tried_in_order, set_up),
        cmocka_unit_test_setup(connection_is_lost_anywhere, set_up),
        cmocka_unit_test_setup(answer_before_the_end_is_taken, set_up),
        cmocka_unit_test_setup(cancelled_statement_is_drained, set_up),
        cmocka_unit_test_setup(cancel_that_comes_late, set_up),
        cmocka_unit_test_setup(silence_is_given_up, set_up),
        cmocka_unit_test_setup(failed_parse_is_repeated, set_up),
        cmocka_unit_test_setup(read_only_server_is_left, set_up),
        cmocka_unit_test_setup(refusal_later_is_unavailable, set_up),
        cmocka_unit_test_setup(password_verifier_fails, set_up),
        cmocka_unit_test_setup(write_takes_one_round_trip, set_up),
        cmocka_unit_test_setup(change_is_checked_before_the_commit, set_up),
        cmocka_unit_test_setup(commit_that_rolled_back, set_up),
        cmocka_unit_test_setup(loss_is_known_until_the_commit, set_up),
        cmocka_unit_test_setup(refusal_before_the_loss_is_known, set_up),
        cmocka_unit_test_setup(rollback_that_is_lost, set_up),
        cmocka_unit_test_setup(script_is_lost_anywhere, set_up),
    };

    return cmocka_run_group_tests_name("db_wire", tests, NULL, NULL);
}
