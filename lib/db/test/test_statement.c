/* Statements against a real server: shapes, values, errors, deadlines, lost connections. */
#include "fixture.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

static int query(struct db *db, enum db_shape shape, const char *sql, struct db_result **ret_result,
                 struct err *err)
{
    /* A name per text: what is prepared is looked up by name. */
    struct db_statement statement = {sql, sql, shape};

    return db_query(db, &statement, NULL, 0, ret_result, err);
}

static void shapes_hold(void **state)
{
    static const struct {
        enum db_shape shape;
        const char *sql;
        int expected;
    } rows[] = {
        {DB_NONE, "create temporary table s (x int)", 0},
        {DB_NONE, "insert into s values (1), (2)", 0},
        {DB_AFFECTS_1, "update s set x = 3 where x = 1", 0},
        {DB_AFFECTS_1, "update s set x = 3 where x = 9", -ERR_NOT_FOUND},
        {DB_AFFECTS_1, "update s set x = x", -ERR_INTERNAL},
        {DB_AFFECTS_1, "select 1", -ERR_INTERNAL},
        {DB_NONE, "select 1", -ERR_INTERNAL},
        {DB_ONE, "select 1", 0},
        {DB_ONE, "select 1 where false", -ERR_NOT_FOUND},
        {DB_ONE, "select x from s", -ERR_INTERNAL},
        {DB_ONE, "delete from s where false", -ERR_INTERNAL},
        {DB_MAYBE, "select 1 where false", 0},
        {DB_MAYBE, "select 1", 0},
        {DB_MAYBE, "select x from s", -ERR_INTERNAL},
        {DB_MANY, "select x from s", 0},
        {DB_MANY, "select 1 where false", 0},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = ERR_INIT;
        int rc = query(fixture->db, rows[i].shape, rows[i].sql, NULL, &err);
        if (rc != rows[i].expected)
            fail_msg("row %zu (%s): %d, %s", i, rows[i].sql, rc, err.text);
    }
}

static void values_travel(void **state)
{
    static const struct db_statement statement = {
        "values", "select $1::text, $2::bigint, $3::bytea, $4::text, $5::bytea, $6::bytea is null",
        DB_ONE};
    struct fixture *fixture = *state;
    const unsigned char bytes[] = {0, 1, '\\', 0xff, 0};
    struct db_param params[] = {db_text("柳州 'x' \\"), db_int(INT64_MIN), db_bytes(bytes, 5),
                                db_text(NULL),          db_bytes(NULL, 0), db_null()};
    struct db_result *row = NULL;
    struct err err = ERR_INIT;
    size_t size;

    assert_ok(db_query(fixture->db, &statement, params, 6, &row, &err), &err);
    assert_int_equal(db_rows(row), 1);
    assert_string_equal(db_value(row, 0, 0), "柳州 'x' \\");
    assert_true(db_value_int(row, 0, 1) == INT64_MIN);
    assert_memory_equal(db_value_bytes(row, 0, 2, &size), bytes, 5);
    assert_int_equal(size, 5);
    assert_true(db_is_null(row, 0, 3));
    assert_string_equal(db_value(row, 0, 3), "");
    db_value_bytes(row, 0, 3, &size);
    assert_int_equal(size, 0);
    assert_false(db_is_null(row, 0, 4));
    db_value_bytes(row, 0, 4, &size);
    assert_int_equal(size, 0);
    assert_string_equal(db_value(row, 0, 5), "t");
    db_result_free(row);
}

/* More than the socket's buffers hold, both ways. */
static void large_values_travel(void **state)
{
    static const struct db_statement statement = {"large", "select $1::bytea, $1::bytea", DB_ONE};
    struct fixture *fixture = *state;
    size_t size = 20 * 1024 * 1024;
    char *bytes = malloc(size);
    struct db_result *row = NULL;
    struct err err = ERR_INIT;

    memset(bytes, 'x', size);
    struct db_param param = db_bytes(bytes, size);
    assert_ok(db_query(fixture->db, &statement, &param, 1, &row, &err), &err);
    size_t got;
    assert_memory_equal(db_value_bytes(row, 0, 1, &got), bytes, size);
    assert_int_equal(got, size);
    db_result_free(row);
    free(bytes);
}

static void errors_have_codes(void **state)
{
    static const struct {
        const char *sql, *sqlstate;
        int expected;
    } rows[] = {
        {"insert into u values (1, 1)", "", 0},
        {"insert into u values (1, 2)", "23505", -ERR_ALREADY_EXISTS},
        {"insert into u values (2, null)", "23502", -ERR_FAILED_PRECONDITION},
        {"insert into u values (3, -1)", "23514", -ERR_FAILED_PRECONDITION},
        {"insert into u values (4, 1.0 / 0)", "22012", -ERR_INVALID_ARGUMENT},
        {"insert into nowhere values (1)", "42P01", -ERR_INTERNAL},
        {"this is no sql", "42601", -ERR_INTERNAL},
        {"do $$ begin raise sqlstate '40001'; end $$", "40001", -ERR_ABORTED},
        {"do $$ begin raise sqlstate '42501'; end $$", "42501", -ERR_PERMISSION_DENIED},
        {"do $$ begin raise sqlstate '53100'; end $$", "53100", -ERR_RESOURCE_EXHAUSTED},
        {"do $$ begin raise exception 'no'; end $$", "P0001", -ERR_FAILED_PRECONDITION},
    };
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    fixture_run(fixture, "create table t.u (id int primary key, x int not null check (x > 0))");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int rc = query(fixture->db, DB_NONE, rows[i].sql, NULL, &err);
        assert_int_equal(rc, rows[i].expected);
        assert_string_equal(db_sqlstate(fixture->db), rows[i].sqlstate);
        /* The connection is as good as before. */
        assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
        assert_string_equal(db_sqlstate(fixture->db), "");
    }
    assert_int_equal(query(fixture->db, DB_NONE, "insert into u values (1, 2)", NULL, &err),
                     -ERR_ALREADY_EXISTS);
    assert_says(&err, "duplicate key");
    fixture_run(fixture, "drop table t.u");
}

/* A statement that failed to parse is parsed again, not taken for prepared. */
static void statement_that_failed_is_prepared_again(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_equal(query(fixture->db, DB_ONE, "select count(*) from later", NULL, &err),
                     -ERR_INTERNAL);
    fixture_run(fixture, "create table t.later ()");
    assert_ok(query(fixture->db, DB_ONE, "select count(*) from later", NULL, &err), &err);
}

static void deadline_cancels(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;
    int64_t start_us = clock_mono_us(clock_system());

    db_set_deadline(fixture->db, start_us + 200000);
    assert_int_equal(query(fixture->db, DB_ONE, "select pg_sleep(60)", NULL, &err),
                     -ERR_DEADLINE_EXCEEDED);
    assert_string_equal(db_sqlstate(fixture->db), "57014");
    assert_true(clock_mono_us(clock_system()) - start_us < 5000000);
    /* Nothing is sent any more. */
    assert_int_equal(query(fixture->db, DB_ONE, "select 1", NULL, &err), -ERR_DEADLINE_EXCEEDED);
    db_set_deadline(fixture->db, 0);
    assert_sql(fixture,
               "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%'"
               " and state = 'active' and pid <> pg_backend_pid()",
               "0");
    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
}

static void settings_limit_a_statement(void **state)
{
    struct fixture *fixture = *state;
    struct db_settings settings = fixture->settings;
    struct err err = ERR_INIT;

    settings.statement_ms = 100;
    struct db *db = fixture_connect(&settings);
    assert_int_equal(query(db, DB_ONE, "select pg_sleep(60)", NULL, &err), -ERR_DEADLINE_EXCEEDED);
    db_close(db);
}

static void terminate_backend(struct fixture *fixture)
{
    fixture_run(fixture, "select pg_terminate_backend(pid) from pg_stat_activity"
                         " where application_name = 'test' and pid <> pg_backend_pid()");
}

/* Lost while nobody asked: the next use does not even notice. */
static void idle_connection_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
    terminate_backend(fixture);
    assert_sql(fixture, "select count(*) from pg_stat_activity where application_name = 'test'",
               "0");
    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
}

static void connection_lost_in_a_statement(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_equal(
        query(fixture->db, DB_ONE, "select pg_terminate_backend(pg_backend_pid())", NULL, &err),
        -ERR_UNAVAILABLE);
    assert_says(&err, "lost");
    assert_says(&err, "terminating connection");
    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
}

static void server_that_is_away_is_unavailable(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
    kit_pg_stop(fixture->pg);
    assert_int_equal(query(fixture->db, DB_ONE, "select 1", NULL, &err), -ERR_UNAVAILABLE);
    assert_says(&err, "Connection refused");
    kit_pg_restart(fixture->pg);
    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
}

/* Neither an answer nor the cancel request gets through: the connection is given up. */
static void silent_server_is_given_up(void **state)
{
    struct fixture *fixture = *state;
    struct db_settings settings = fixture->settings;
    struct proxy *proxy = proxy_start(kit_pg_port(fixture->pg));
    struct err err = ERR_INIT;
    char conninfo[128];

    snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d user=postgres dbname=ucap",
             proxy_port(proxy));
    settings.conninfo = conninfo;
    settings.statement_ms = 200;
    struct db *db = fixture_connect(&settings);
    proxy_cut(proxy, PROXY_SILENCE, "silence");
    assert_int_equal(query(db, DB_ONE, "select 'silence'", NULL, &err), -ERR_UNAVAILABLE);
    assert_says(&err, "no answer");
    settings.statement_ms = 10000;
    assert_ok(query(db, DB_ONE, "select 'silence'", NULL, &err), &err);
    db_close(db);
    proxy_stop(proxy);
}

static void too_many_parameters(void **state)
{
    static const struct db_statement statement = {"many", "select 1", DB_ONE};
    struct fixture *fixture = *state;
    struct db_param params[65] = {{0}};
    struct err err = ERR_INIT;

    assert_int_equal(db_query(fixture->db, &statement, params, 65, NULL, &err), -ERR_INTERNAL);
    assert_ok(query(fixture->db, DB_ONE, "select 1", NULL, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_hold),
        cmocka_unit_test(values_travel),
        cmocka_unit_test(large_values_travel),
        cmocka_unit_test(errors_have_codes),
        cmocka_unit_test(statement_that_failed_is_prepared_again),
        cmocka_unit_test(deadline_cancels),
        cmocka_unit_test(settings_limit_a_statement),
        cmocka_unit_test(idle_connection_comes_back),
        cmocka_unit_test(connection_lost_in_a_statement),
        cmocka_unit_test(server_that_is_away_is_unavailable),
        cmocka_unit_test(silent_server_is_given_up),
        cmocka_unit_test(too_many_parameters),
    };

    return cmocka_run_group_tests_name("db_statement", tests, fixture_create, fixture_destroy);
}
