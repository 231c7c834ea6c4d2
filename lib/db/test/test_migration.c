/* Migrations against a real server: once, in order, checked, by one at a time; and the wait of a
 * service for them. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct migration rows[] = {
    {1, "0001_first", "create table thing (x text); insert into thing values ('柳州')"},
    {2, "0002_second", "alter table thing add y int;\nselect pg_sleep(0.05);"},
    {3, "0003_third", "create index on thing (x)"},
    {0, NULL, NULL},
};
static const struct migration_set set = {"things", rows};

static int applied_count;

static void count_applied(const char *schema, const struct migration *row)
{
    (void)schema;
    (void)row;
    __atomic_add_fetch(&applied_count, 1, __ATOMIC_SEQ_CST);
}

static int set_up(void **state)
{
    fixture_run(*state, "drop schema if exists m cascade; create schema m;"
                        "delete from public.ucap_migration where schema_name = 'm'");
    applied_count = 0;
    return 0;
}

static int apply(struct db *db, const struct migration_set *what, struct err *err)
{
    return migration_apply(db, "m", what, count_applied, err);
}

static void set_is_applied_once(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_equal(migration_set_version(&set), 3);
    assert_ok(apply(fixture->db, &set, &err), &err);
    assert_int_equal(applied_count, 3);
    assert_ok(apply(fixture->db, &set, &err), &err);
    assert_int_equal(applied_count, 3);
    assert_sql(fixture, "select string_agg(x, ',') from m.thing", "柳州");
    assert_sql(fixture,
               "select string_agg(number || ' ' || name, ',' order by number)"
               "  from public.ucap_migration where schema_name = 'm' and set_name = 'things'",
               "1 0001_first,2 0002_second,3 0003_third");
    /* The path of one migration is not that of the connection. */
    static const struct db_statement path = {"path", "show search_path", DB_ONE};
    struct db_result *row = NULL;
    assert_ok(db_query(fixture->db, &path, NULL, 0, &row, &err), &err);
    assert_string_equal(db_value(row, 0, 0), "t, public");
    db_result_free(row);
}

static void the_rest_of_a_longer_set_is_applied(void **state)
{
    static const struct migration less[] = {
        {1, "0001_first", "create table thing (x text); insert into thing values ('柳州')"},
        {0, NULL, NULL},
    };
    static const struct migration_set shorter = {"things", less};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_ok(apply(fixture->db, &shorter, &err), &err);
    assert_int_equal(applied_count, 1);
    assert_ok(apply(fixture->db, &set, &err), &err);
    assert_int_equal(applied_count, 3);
    assert_int_equal(apply(fixture->db, &shorter, &err), -ERR_FAILED_PRECONDITION);
    assert_says(&err, "has migration 3 of set \"things\", and this program knows 1 only");
}

static void changed_file_is_refused(void **state)
{
    static const struct migration changed[] = {
        {1, "0001_first", "create table thing (x text)"},
        {0, NULL, NULL},
    };
    static const struct migration_set other = {"things", changed};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_ok(apply(fixture->db, &set, &err), &err);
    fixture_run(fixture,
                "delete from public.ucap_migration where number > 1 and schema_name = 'm'");
    assert_int_equal(apply(fixture->db, &other, &err), -ERR_FAILED_PRECONDITION);
    assert_says(&err,
                "\"0001_first\" of set \"things\" was applied to schema \"m\" and has changed");
}

struct migrator {
    struct db *db;
    int rc;
};

static void *migrate(void *arg)
{
    struct migrator *migrator = arg;

    migrator->rc = apply(migrator->db, &set, NULL);
    return NULL;
}

static void two_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct migrator migrators[4] = {{0}};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        migrators[i].db = fixture_connect(&fixture->settings);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, migrate, &migrators[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(migrators[i].rc, 0);
        db_close(migrators[i].db);
    }
    assert_int_equal(applied_count, 3);
}

static void assert_refused(struct fixture *fixture, const char *sql, int expected,
                           const char *words)
{
    const struct migration one[] = {{1, "0001_wrong", sql}, {0, NULL, NULL}};
    const struct migration_set wrong = {"wrong", one};
    struct err err = ERR_INIT;

    assert_int_equal(apply(fixture->db, &wrong, &err), expected);
    assert_says(&err, "0001_wrong");
    assert_says(&err, words);
    assert_int_equal(applied_count, 0);
    assert_sql(fixture, "select count(*) from public.ucap_migration where set_name = 'wrong'", "0");
    assert_sql(fixture, "select count(*) from pg_tables where schemaname = 'm'", "0");
}

static void wrong_files_are_named(void **state)
{
    struct fixture *fixture = *state;

    assert_refused(fixture, "create table a (x text);\n-- 柳州柳州\nselect 柳 frm a;",
                   -ERR_INTERNAL, "line 3: ");
    assert_refused(fixture, "create table a (x text); copy a from stdin", -ERR_UNAVAILABLE, "COPY");
    assert_refused(fixture,
                   "create table a (x text); select pg_terminate_backend(pg_backend_pid())",
                   -ERR_UNAVAILABLE, "lost");
    assert_refused(fixture, "rollback", -ERR_INTERNAL, "ends its transaction");
}

static void numbers_have_no_gaps(void **state)
{
    static const struct migration gap[] = {
        {1, "0001_first", "select 1"}, {3, "0003_third", "select 1"}, {0, NULL, NULL}};
    static const struct migration_set wrong = {"wrong", gap};
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_equal(apply(fixture->db, &wrong, &err), -ERR_INTERNAL);
    assert_says(&err, "\"0003_third\" stands where number 0002 belongs");
}

/* ---- waiting ---- */

struct waiting {
    struct fixture *fixture;
    int told, over;
};

/* Somebody migrates while the service waits. */
static void migrate_now(void *arg, const char *sentence)
{
    struct waiting *waiting = arg;
    struct err err = ERR_INIT;

    if (!*sentence) {
        waiting->over++;
        return;
    }
    assert_non_null(strstr(sentence, "schema \"m\" is at migration 0 of set \"things\", 3 is "
                                     "needed: run ucap-migrate"));
    waiting->told++;
    struct db *db = fixture_connect(&waiting->fixture->settings);
    assert_ok(apply(db, &set, &err), &err);
    db_close(db);
}

static void service_waits_for_its_version(void **state)
{
    struct fixture *fixture = *state;
    struct waiting waiting = {.fixture = fixture};
    struct err err = ERR_INIT;

    assert_ok(migration_wait(fixture->db, "m", &set, 60000, migrate_now, NULL, &waiting, &err),
              &err);
    assert_int_equal(waiting.told, 1);
    assert_int_equal(waiting.over, 1);
    /* Later ones are welcome. */
    fixture_run(fixture, "insert into public.ucap_migration values ('m', 'things', 4, 'x', 'x')");
    assert_ok(migration_wait(fixture->db, "m", &set, 0, NULL, NULL, NULL, &err), &err);
}

static bool at_once(void *arg)
{
    (void)arg;
    return true;
}

static void wait_has_an_end(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    assert_int_equal(migration_wait(fixture->db, "m", &set, 0, NULL, NULL, NULL, &err),
                     -ERR_UNAVAILABLE);
    assert_says(&err, "run ucap-migrate");
    assert_int_equal(migration_wait(fixture->db, "m", &set, 60000, NULL, at_once, NULL, &err),
                     -ERR_CANCELLED);
    /* No table at all is not an error either. */
    fixture_run(fixture, "alter table public.ucap_migration rename to hidden");
    assert_int_equal(migration_wait(fixture->db, "m", &set, 0, NULL, NULL, NULL, &err),
                     -ERR_UNAVAILABLE);
    fixture_run(fixture, "alter table public.hidden rename to ucap_migration");
}

static void password_becomes_a_verifier(void **state)
{
    struct fixture *fixture = *state;
    char *verifier = NULL;
    struct err err = ERR_INIT;

    assert_ok(db_password_verifier(fixture->db, "x", "secret", &verifier, &err), &err);
    assert_int_equal(strncmp(verifier, "SCRAM-SHA-256$", 14), 0);
    assert_null(strstr(verifier, "secret"));
    free(verifier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(set_is_applied_once, set_up),
        cmocka_unit_test_setup(the_rest_of_a_longer_set_is_applied, set_up),
        cmocka_unit_test_setup(changed_file_is_refused, set_up),
        cmocka_unit_test_setup(two_take_turns, set_up),
        cmocka_unit_test_setup(wrong_files_are_named, set_up),
        cmocka_unit_test_setup(numbers_have_no_gaps, set_up),
        cmocka_unit_test_setup(service_waits_for_its_version, set_up),
        cmocka_unit_test_setup(wait_has_an_end, set_up),
        cmocka_unit_test_setup(password_becomes_a_verifier, set_up),
    };

    return cmocka_run_group_tests_name("db_migration", tests, fixture_create, fixture_destroy);
}
