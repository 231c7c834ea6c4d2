/* Opening the connection: refusals with advice, patience, several hosts. */
#include "fixture.h"

#include "base/clock.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct db_statement one = {"one", "select 1", DB_ONE};
static const struct db_statement port = {"port", "select inet_server_port()", DB_ONE};

/* Opens with a changed connection string or password; at once or not at all. */
static int try_open(struct fixture *fixture, const char *conninfo, const char *password,
                    struct db **ret_db, struct err *err)
{
    static struct db_settings settings; /* outlives the handle */
    struct db *db = NULL;

    settings = fixture->settings;
    settings.conninfo = (char *)conninfo;
    settings.password = (char *)password;
    settings.wait_ms = 0;
    int rc = db_open(&settings, "test", NULL, NULL, NULL, &db, err);
    if (rc == 0 && ret_db)
        *ret_db = db;
    else
        db_close(db);
    return rc;
}

static void refusals_say_what_to_do(void **state)
{
    struct fixture *fixture = *state;
    char no_database[256];
    char no_user[256];
    const struct {
        const char *conninfo, *password;
        int expected;
        const char *words[3];
    } rows[] = {
        {fixture->settings.conninfo,
         "wrong",
         -ERR_FAILED_PRECONDITION,
         {"refuses user \"postgres\"", "wrong password, or no such user", "--database-password"}},
        {fixture->settings.conninfo,
         "",
         -ERR_FAILED_PRECONDITION,
         {"database \"ucap\" at 127.0.0.1:", "wrong password", "ucap-migrate"}},
        {no_user,
         "test",
         -ERR_FAILED_PRECONDITION,
         {"refuses user \"nobody\"", "no such user", "--database-password"}},
        {no_database,
         "test",
         -ERR_FAILED_PRECONDITION,
         {"database \"nowhere\"", "there is no such database", "createdb"}},
        {"host=127.0.0.1 dbnam=x", "", -ERR_INVALID_ARGUMENT, {"--database", "dbnam", ""}},
        {"host=a,b,c port=1,2 dbname=x",
         "",
         -ERR_INVALID_ARGUMENT,
         {"--database", "2 ports for 3 hosts", ""}},
        {"host=a,b hostaddr=127.0.0.1", "", -ERR_INVALID_ARGUMENT, {"--database", "hostaddr", ""}},
        {"host=127.0.0.1 port=1 user=x dbname=ucap",
         "",
         -ERR_UNAVAILABLE,
         {"cannot reach database \"ucap\" at 127.0.0.1:1", "Connection refused",
          "--database-wait"}},
    };

    snprintf(no_database, sizeof(no_database), "%s",
             kit_pg_conninfo(fixture->pg, "postgres", "nowhere"));
    snprintf(no_user, sizeof(no_user), "%s", kit_pg_conninfo(fixture->pg, "nobody", "ucap"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = ERR_INIT;
        int rc = try_open(fixture, rows[i].conninfo, rows[i].password, NULL, &err);
        if (rc != rows[i].expected)
            fail_msg("row %zu: %d, %s", i, rc, err.text);
        assert_says(&err, rows[i].words[0]);
        assert_says(&err, rows[i].words[1]);
        assert_says(&err, rows[i].words[2]);
        assert_null(strchr(err.text, '\n'));
    }
}

static void login_and_connect_are_needed(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    fixture_run(fixture, "create role locked nologin password 'test';"
                         "create role stranger login password 'test'");
    const char *locked = kit_pg_conninfo(fixture->pg, "locked", "ucap");
    assert_int_equal(try_open(fixture, locked, "test", NULL, &err), -ERR_FAILED_PRECONDITION);
    assert_says(&err, "not permitted to log in");
    fixture_run(fixture, "revoke connect on database ucap from public");
    const char *stranger = kit_pg_conninfo(fixture->pg, "stranger", "ucap");
    assert_int_equal(try_open(fixture, stranger, "test", NULL, &err), -ERR_FAILED_PRECONDITION);
    assert_says(&err, "run ucap-migrate");
}

static void locale_is_checked(void **state)
{
    static const char *const databases[][3] = {
        {"ascii", "encoding 'SQL_ASCII' locale 'C'", "encoding SQL_ASCII and locale C"},
        {"plain", "encoding 'UTF8' locale 'C'", "encoding UTF8 and locale C,"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        struct err err = ERR_INIT;
        char sql[128];
        snprintf(sql, sizeof(sql), "create database %s template template0 %s", databases[i][0],
                 databases[i][1]);
        free(kit_pg_value(fixture->pg, "postgres", sql));
        const char *conninfo = kit_pg_conninfo(fixture->pg, "postgres", databases[i][0]);
        assert_int_equal(try_open(fixture, conninfo, "test", NULL, &err), -ERR_FAILED_PRECONDITION);
        assert_says(&err, databases[i][2]);
        assert_says(&err, "--locale=C.UTF-8");
    }
}

static void session_is_set(void **state)
{
    static const struct db_statement statement = {
        "settings",
        "select concat_ws('|', current_setting('timezone'), current_setting('client_encoding'),"
        "  current_setting('application_name'), current_setting('work_mem'))",
        DB_ONE};
    struct fixture *fixture = *state;
    struct db_result *row = NULL;
    struct db *db = NULL;
    struct err err = ERR_INIT;
    char conninfo[512];

    snprintf(conninfo, sizeof(conninfo), "%s options='-c work_mem=1234kB'",
             fixture->settings.conninfo);
    assert_ok(try_open(fixture, conninfo, "test", &db, &err), &err);
    assert_ok(db_query(db, &statement, NULL, 0, &row, &err), &err);
    assert_string_equal(db_value(row, 0, 0), "UTC|UTF8|test|1234kB");
    db_result_free(row);
    db_close(db);
}

/* ---- patience ---- */

struct waiting {
    struct fixture *fixture;
    int told, over, asked;
};

static void start_server(void *arg, const char *sentence)
{
    struct waiting *waiting = arg;

    if (!*sentence) {
        waiting->over++;
        return;
    }
    assert_non_null(strstr(sentence, "cannot reach database"));
    if (waiting->told++ == 1)
        kit_pg_restart(waiting->fixture->pg);
}

static void unreachable_server_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct waiting waiting = {.fixture = fixture};
    struct db *db = NULL;
    struct err err = ERR_INIT;

    kit_pg_stop(fixture->pg);
    assert_ok(db_open(&fixture->settings, "test", start_server, NULL, &waiting, &db, &err), &err);
    assert_true(waiting.told >= 2);
    assert_int_equal(waiting.over, 1);
    db_close(db);
}

static bool third_time(void *arg)
{
    struct waiting *waiting = arg;

    return ++waiting->asked == 3;
}

static void waiting_has_an_end(void **state)
{
    struct db_settings settings = ((struct fixture *)*state)->settings;
    struct waiting waiting = {0};
    struct db *db = NULL;
    struct err err = ERR_INIT;
    int64_t start_us = clock_mono_us(clock_system());

    settings.conninfo = (char *)"host=127.0.0.1 port=1 user=x dbname=x";
    settings.wait_ms = 500;
    assert_int_equal(db_open(&settings, "test", NULL, NULL, NULL, &db, &err), -ERR_UNAVAILABLE);
    assert_in_range(clock_mono_us(clock_system()) - start_us, 100000, 5000000);
    settings.wait_ms = 60000;
    assert_int_equal(db_open(&settings, "test", NULL, third_time, &waiting, &db, &err),
                     -ERR_CANCELLED);
    assert_says(&err, "Connection refused");
    assert_int_equal(waiting.asked, 3);
    assert_null(db);
}

/* ---- several hosts ---- */

static int64_t port_of(struct db *db)
{
    struct db_result *row = NULL;
    struct err err = ERR_INIT;

    assert_ok(db_query(db, &port, NULL, 0, &row, &err), &err);
    int64_t number = db_value_int(row, 0, 0);
    db_result_free(row);
    return number;
}

static struct db *open_hosts(struct fixture *fixture, int first, int second, const char *more)
{
    char conninfo[256];
    struct db *db = NULL;
    struct err err = ERR_INIT;

    snprintf(conninfo, sizeof(conninfo),
             "host=127.0.0.1,127.0.0.1 port=%d,%d user=postgres dbname=postgres %s", first, second,
             more);
    assert_ok(try_open(fixture, conninfo, "test", &db, &err), &err);
    return db;
}

static void next_host_is_tried(void **state)
{
    struct fixture *fixture = *state;
    int good = kit_pg_port(fixture->pg);
    struct db *db = open_hosts(fixture, 1, good, "");

    assert_int_equal(port_of(db), good);
    db_close(db);
}

/* A host that takes the connection and says nothing must not take all the time. */
static void silent_host_is_left(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    struct db *db = open_hosts(fixture, ntohs(address.sin_port), kit_pg_port(fixture->pg), "");
    assert_int_equal(port_of(db), kit_pg_port(fixture->pg));
    db_close(db);
    close(fd);
}

static void primary_is_found_and_found_again(void **state)
{
    struct fixture *fixture = *state;
    struct kit_pg *other = kit_pg_start(fixture->kit);
    int first = kit_pg_port(fixture->pg);
    int second = kit_pg_port(other);
    struct err err = ERR_INIT;

    free(kit_pg_value(other, "postgres", "alter system set default_transaction_read_only = on"));
    free(kit_pg_value(other, "postgres", "select pg_reload_conf()"));
    struct db *db = open_hosts(fixture, second, first, "target_session_attrs=read-write");
    assert_int_equal(port_of(db), first);
    /* The primary is gone and the other is not yet one: unavailable, then found. */
    kit_pg_stop(fixture->pg);
    assert_int_equal(db_query(db, &one, NULL, 0, NULL, &err), -ERR_UNAVAILABLE);
    free(kit_pg_value(other, "postgres", "alter system reset default_transaction_read_only"));
    kit_pg_restart(other);
    assert_int_equal(port_of(db), second);
    kit_pg_restart(fixture->pg);
    assert_int_equal(port_of(db), second);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_say_what_to_do),
        cmocka_unit_test(login_and_connect_are_needed),
        cmocka_unit_test(locale_is_checked),
        cmocka_unit_test(session_is_set),
        cmocka_unit_test(unreachable_server_is_waited_for),
        cmocka_unit_test(waiting_has_an_end),
        cmocka_unit_test(next_host_is_tried),
        cmocka_unit_test(silent_host_is_left),
        cmocka_unit_test(primary_is_found_and_found_again),
    };

    return cmocka_run_group_tests_name("db_connect", tests, fixture_create, fixture_destroy);
}
