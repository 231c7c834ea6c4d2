/* ucap-migrate as a program, and its run over services of the test's own: roles, schemas, grants,
 * order, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "migrate.h"
#include "testkit/testkit.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct migration one_rows[] = {
    {1, "0001_first",
     "create table thing (id bigint generated always as identity, x text);"
     "create function twice(n int) returns int language sql as 'select n * 2'"},
    {0, NULL, NULL},
};
static const struct migration_set one = {"one", one_rows};
static const struct migration two_rows[] = {
    {1, "0001_first", "create table thing (x text)"},
    {2, "0002_second", "insert into thing values ('二')"},
    {0, NULL, NULL},
};
static const struct migration_set two = {"two", two_rows};
static const struct migrate_service services[] = {{"one", &one}, {"two", &two}, {NULL, NULL}};

struct fixture {
    struct kit *kit;
    struct kit_pg *pg;
    const char *passwords; /* folder */
    int databases;
    char database[32];
    char applied[1024]; /* by the last run */
};

static struct fixture *running; /* applied has no argument of its own */

static int set_up_group(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.kit = kit_begin()};
    fixture.pg = kit_pg_start(fixture.kit);
    fixture.passwords = kit_dir(fixture.kit);
    kit_write_file(kit_path(fixture.kit, "one.password"), "secret of one\n", 0600);
    kit_write_file(kit_path(fixture.kit, "two.password"), "secret of two", 0600);
    free(
        kit_pg_value(fixture.pg, "postgres", "create role owner login createrole password 'test'"));
    running = &fixture;
    *state = &fixture;
    return 0;
}

static int tear_down_group(void **state)
{
    struct fixture *fixture = *state;

    kit_end(fixture->kit);
    return 0;
}

static int set_up(void **state)
{
    struct fixture *fixture = *state;
    char sql[128];

    snprintf(fixture->database, sizeof(fixture->database), "base%d", fixture->databases++);
    snprintf(sql, sizeof(sql), "create database %s owner owner", fixture->database);
    free(kit_pg_value(fixture->pg, "postgres", sql));
    return 0;
}

static void note_applied(const char *schema, const struct migration *row)
{
    size_t length = strlen(running->applied);

    snprintf(running->applied + length, sizeof(running->applied) - length, "%s/%s ", schema,
             row->name);
}

static int run(struct fixture *fixture, const struct migrate_service *list, const char *passwords,
               struct err *err)
{
    struct db_settings settings = {
        .conninfo = (char *)kit_pg_conninfo(fixture->pg, "owner", fixture->database),
        .password = (char *)"test",
        .wait_ms = 1000,
        .statement_ms = 30000,
    };
    struct db *db = NULL;

    fixture->applied[0] = '\0';
    if (db_open(&settings, "test", NULL, NULL, NULL, &db, err) != 0)
        fail_msg("%s", err->text);
    int rc = migrate_run(db, passwords, list, note_applied, err);
    db_close(db);
    return rc;
}

static void run_well(struct fixture *fixture, const struct migrate_service *list)
{
    struct err err = ERR_INIT;

    if (run(fixture, list, fixture->passwords, &err) != 0)
        fail_msg("%s", err.text);
}

/* The first value of a query as a service's role, or the SQLSTATE. */
static char *ask_as(struct fixture *fixture, const char *role, const char *password,
                    const char *sql)
{
    char conninfo[512];

    snprintf(conninfo, sizeof(conninfo), "%s password='%s'",
             kit_pg_conninfo(fixture->pg, role, fixture->database), password);
    PGconn *connection = PQconnectdb(conninfo);
    PGresult *result = PQexec(connection, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char *value = strdup(PQstatus(connection) != CONNECTION_OK ? "refused"
                         : state                               ? state
                         : PQntuples(result) > 0               ? PQgetvalue(result, 0, 0)
                                                               : "");
    PQclear(result);
    PQfinish(connection);
    return value;
}

static void assert_asked(struct fixture *fixture, const char *role, const char *password,
                         const char *sql, const char *expected)
{
    char *value = ask_as(fixture, role, password, sql);

    if (strcmp(value, expected) != 0)
        fail_msg("%s as %s: \"%s\", expected \"%s\"", sql, role, value, expected);
    free(value);
}

static void applies_in_order_and_once(void **state)
{
    struct fixture *fixture = *state;

    run_well(fixture, services);
    assert_string_equal(fixture->applied, "events/0001_outbox one/0001_idempotency one/0001_first "
                                          "two/0001_idempotency two/0001_first two/0002_second ");
    run_well(fixture, services);
    assert_string_equal(fixture->applied, "");
}

static void works_without_services(void **state)
{
    struct fixture *fixture = *state;
    static const struct migrate_service none[] = {{NULL, NULL}};

    run_well(fixture, none);
    assert_string_equal(fixture->applied, "events/0001_outbox ");
    /* A service that comes later. */
    run_well(fixture, services);
    assert_non_null(strstr(fixture->applied, "two/0002_second"));
}

static void roles_reach_their_own(void **state)
{
    static const char *const allowed[][2] = {
        {"show search_path", "one, public"},
        {"insert into thing (x) values ('a') returning id", "1"},
        {"update thing set x = 'b' returning x", "b"},
        {"delete from thing returning x", "b"},
        {"select twice(21)", "42"},
        {"select public.ucap_now() = now()", "t"},
        {"select count(*) from idempotency", "0"},
        {"select max(number) from public.ucap_migration where schema_name = 'one'", "1"},
        {"insert into events.outbox (type, subject, audience, principal, message, data,"
         " record_version) values ('t', 's', 'public', 'p', 'm', '', 1)",
         ""},
    };
    struct fixture *fixture = *state;

    run_well(fixture, services);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        assert_asked(fixture, "ucap_one", "secret of one", allowed[i][0], allowed[i][1]);
    assert_asked(fixture, "ucap_two", "secret of two", "select x from thing", "二");
}

static void roles_reach_nothing_else(void **state)
{
    static const char *const refused[] = {
        "select * from two.thing",
        "select * from two.idempotency",
        "select * from events.outbox",
        "update events.outbox set subject = 'x'",
        "delete from events.outbox",
        "truncate events.outbox",
        "insert into events.outbox (txid, type, subject, audience, principal, message, data,"
        " record_version) values ('1', 't', 's', 'public', 'p', 'm', '', 1)",
        "insert into public.ucap_migration select * from public.ucap_migration",
        "update public.ucap_migration set checksum = ''",
        "create or replace function public.ucap_now() returns timestamptz language sql"
        " return now()",
        "create table mine (x int)",
        "create table public.mine (x int)",
        "create temporary table mine (x int)",
        "create schema mine",
        "alter table thing add y int",
        "truncate thing",
        "alter role ucap_two password 'x'",
        "create role other",
    };
    struct fixture *fixture = *state;

    run_well(fixture, services);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_asked(fixture, "ucap_one", "secret of one", refused[i], "42501");
}

static void others_reach_nothing(void **state)
{
    struct fixture *fixture = *state;

    run_well(fixture, services);
    free(kit_pg_value(fixture->pg, "postgres",
                      "do $$ begin create role stranger login password 'test';"
                      " exception when duplicate_object then null; end $$"));
    assert_asked(fixture, "stranger", "test", "select 1", "refused");
    assert_asked(fixture, "ucap_one", "secret of two", "select 1", "refused");
}

static void passwords_are_those_of_the_files(void **state)
{
    struct fixture *fixture = *state;
    const char *path = kit_path(fixture->kit, "one.password");

    run_well(fixture, services);
    char *verifier = kit_pg_value(fixture->pg, "postgres",
                                  "select left(rolpassword, 13) from pg_authid"
                                  " where rolname = 'ucap_one'");
    assert_string_equal(verifier, "SCRAM-SHA-256");
    free(verifier);
    kit_write_file(path, "another\nline\n", 0600);
    run_well(fixture, services);
    assert_asked(fixture, "ucap_one", "another", "select 1", "1");
    assert_asked(fixture, "ucap_one", "secret of one", "select 1", "refused");
    kit_write_file(path, "secret of one\n", 0600);
}

static void password_files_are_needed(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_equal(run(fixture, services, "/nowhere", &err), -ERR_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "/nowhere/one.password: No such file"));
    kit_write_file(kit_path(fixture->kit, "two.password"), "\nsecret\n", 0600);
    assert_int_equal(run(fixture, services, fixture->passwords, &err), -ERR_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "two.password has no password: its first line is empty"));
    /* Nothing was begun. */
    char *count = kit_pg_value(fixture->pg, fixture->database,
                               "select count(*) from pg_namespace where nspname = 'events'");
    assert_string_equal(count, "0");
    free(count);
    kit_write_file(kit_path(fixture->kit, "two.password"), "secret of two", 0600);
}

static void changed_migration_is_refused(void **state)
{
    static const struct migration rows[] = {
        {1, "0001_first", "create table thing (x text) -- changed"},
        {2, "0002_second", "insert into thing values ('二')"},
        {3, "0003_third", "create table never ()"},
        {0, NULL, NULL},
    };
    static const struct migration_set changed = {"two", rows};
    static const struct migrate_service list[] = {{"two", &changed}, {NULL, NULL}};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    run_well(fixture, services);
    assert_int_equal(run(fixture, list, fixture->passwords, &err), -ERR_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "migration \"0001_first\" of set \"two\""));
    assert_non_null(strstr(err.text, "has changed since"));
    assert_string_equal(fixture->applied, "");
}

static void newer_database_is_refused(void **state)
{
    static const struct migration_set older = {"two", one_rows};
    static const struct migrate_service list[] = {{"two", &older}, {NULL, NULL}};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    run_well(fixture, services);
    assert_int_equal(run(fixture, list, fixture->passwords, &err), -ERR_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "schema \"two\" has migration 2 of set \"two\", and this "
                                     "program knows 1 only"));
}

static void failed_migration_is_named(void **state)
{
    static const struct migration rows[] = {
        {1, "0001_first", "create table a (x text);"},
        {2, "0002_wrong", "create table b (x text);\n-- 柳州\ncreate table a (x text);"},
        {0, NULL, NULL},
    };
    static const struct migration_set set = {"one", rows};
    static const struct migrate_service list[] = {{"one", &set}, {NULL, NULL}};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_not_equal(run(fixture, list, fixture->passwords, &err), 0);
    assert_non_null(strstr(err.text, "migration \"0002_wrong\" of set \"one\", schema \"one\":"));
    assert_non_null(strstr(err.text, "\"a\" already exists"));
    /* The one before stays, of the wrong one nothing. */
    char *tables = kit_pg_value(fixture->pg, fixture->database,
                                "select string_agg(tablename, ' ' order by tablename)"
                                " from pg_tables where schemaname = 'one'");
    assert_string_equal(tables, "a idempotency");
    free(tables);
}

/* A service waits for its schema's version, not for the end of ucap-migrate: from the moment it
 * sees the version it may use what that brought. */
static void privileges_come_with_the_migration(void **state)
{
    static const struct migration newer_rows[] = {
        {1, "0001_first", "create table thing (x text)"},
        {2, "0002_second", "insert into thing values ('二')"},
        {3, "0003_later", "create table later (id bigint generated always as identity, x text)"},
        {0, NULL, NULL},
    };
    static const struct migration wrong_rows[] = {{1, "0001_wrong", "nonsense"}, {0, NULL, NULL}};
    static const struct migration_set newer = {"two", newer_rows};
    static const struct migration_set wrong = {"one", wrong_rows};
    static const struct migrate_service first[] = {{"two", &two}, {NULL, NULL}};
    static const struct migrate_service then[] = {{"two", &newer}, {"one", &wrong}, {NULL, NULL}};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    run_well(fixture, first);
    assert_int_not_equal(run(fixture, then, fixture->passwords, &err), 0);
    assert_asked(fixture, "ucap_two", "secret of two",
                 "select max(number) from public.ucap_migration where set_name = 'two'", "3");
    assert_asked(fixture, "ucap_two", "secret of two",
                 "insert into later (x) values ('a') returning id", "1");
}

/* ---- the program ---- */

/* A password for every service there may be. */
static void write_passwords(struct fixture *fixture)
{
    char path[4096];
    char *line = NULL;
    size_t size = 0;

    snprintf(path, sizeof(path), "%s/services/services.list", getenv("UCAP_TEST_SOURCE"));
    FILE *list = fopen(path, "re");
    assert_non_null(list);
    while (getline(&line, &size, list) > 0)
        if (line[0] >= 'a' && line[0] <= 'z')
            kit_write_file(kit_path(fixture->kit, "%.*s.password", (int)strcspn(line, " "), line),
                           "secret\n", 0600);
    free(line);
    fclose(list);
}

static struct kit_process *start(struct fixture *fixture, const char *database,
                                 const char *password)
{
    const char *secret = kit_path(fixture->kit, "owner.secret");

    kit_write_file(secret, password, 0600);
    return kit_start(fixture->kit, "ucap-migrate",
                     (const char *const[]){"--database",
                                           kit_pg_conninfo(fixture->pg, "owner", database),
                                           "--database-password-file", secret,
                                           "--role-password-dir", fixture->passwords, NULL},
                     NULL);
}

static void program_says_what_it_did(void **state)
{
    struct fixture *fixture = *state;

    write_passwords(fixture);
    struct kit_process *first = start(fixture, fixture->database, "test\n");
    struct kit_process *second = start(fixture, fixture->database, "test\n");
    assert_int_equal(kit_wait_exit(first, 60000), 0);
    assert_int_equal(kit_wait_exit(second, 60000), 0);
    char *one_said = kit_stdout(first);
    char *two_said = kit_stdout(second);
    char *said = NULL;
    assert_true(asprintf(&said, "%s%s", one_said, two_said) > 0);
    const char *applied = strstr(said, "schema events: applied 0001_outbox\n");
    assert_non_null(applied);
    assert_null(strstr(applied + 1, "schema events: applied 0001_outbox\n"));
    assert_non_null(strstr(one_said, "schema is up to date\n"));
    assert_non_null(strstr(two_said, "schema is up to date\n"));
    free(one_said);
    free(two_said);
    free(said);
}

static void assert_refuses(struct fixture *fixture, const char *database, const char *password,
                           const char *words)
{
    struct kit_process *process = start(fixture, database, password);

    assert_int_equal(kit_wait_exit(process, 60000), 1);
    char *said = kit_stderr(process);
    if (!strstr(said, words) || strchr(said, '\n') != said + strlen(said) - 1)
        fail_msg("\"%s\" is not one line with \"%s\"", said, words);
    free(said);
}

static void program_says_what_is_wrong(void **state)
{
    struct fixture *fixture = *state;

    assert_refuses(fixture, fixture->database, "wrong\n", "wrong password, or no such user");
    assert_refuses(fixture, "nowhere", "test\n", "there is no such database");
    struct kit_process *usage = kit_start(fixture->kit, "ucap-migrate",
                                          (const char *const[]){"--databse", "x", NULL}, NULL);
    assert_int_equal(kit_wait_exit(usage, 10000), 2);
    struct kit_process *help =
        kit_start(fixture->kit, "ucap-migrate", (const char *const[]){"--help", NULL}, NULL);
    assert_int_equal(kit_wait_exit(help, 10000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(applies_in_order_and_once, set_up),
        cmocka_unit_test_setup(works_without_services, set_up),
        cmocka_unit_test_setup(roles_reach_their_own, set_up),
        cmocka_unit_test_setup(roles_reach_nothing_else, set_up),
        cmocka_unit_test_setup(others_reach_nothing, set_up),
        cmocka_unit_test_setup(passwords_are_those_of_the_files, set_up),
        cmocka_unit_test_setup(password_files_are_needed, set_up),
        cmocka_unit_test_setup(changed_migration_is_refused, set_up),
        cmocka_unit_test_setup(newer_database_is_refused, set_up),
        cmocka_unit_test_setup(failed_migration_is_named, set_up),
        cmocka_unit_test_setup(privileges_come_with_the_migration, set_up),
        cmocka_unit_test_setup(program_says_what_it_did, set_up),
        cmocka_unit_test_setup(program_says_what_is_wrong, set_up),
    };

    return cmocka_run_group_tests_name("migrate", tests, set_up_group, tear_down_group);
}
