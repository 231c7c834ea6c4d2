/* The testkit's own PostgreSQL: it starts, is lost, comes back on the same port with its data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testkit/testkit.h"

#include <stdlib.h>

static void assert_value(struct kit_pg *pg, const char *sql, const char *expected)
{
    char *value = kit_pg_value(pg, "postgres", sql);

    assert_string_equal(value, expected);
    free(value);
}

static void survives_a_crash(void **state)
{
    struct kit *kit = kit_begin();
    struct kit_pg *pg = kit_pg_start(kit);
    int port = kit_pg_port(pg);

    (void)state;
    assert_value(pg, "show server_encoding", "UTF8");
    assert_value(pg, "select datcollate from pg_database where datname = 'postgres'", "C.UTF-8");
    assert_value(pg, "create table t as select 7 as x", "");
    kit_pg_stop(pg);
    kit_pg_restart(pg);
    assert_int_equal(kit_pg_port(pg), port);
    assert_value(pg, "select x from t", "7");
    kit_pg_restart(pg);
    assert_value(pg, "select x from t", "7");
    kit_end(kit);
}

static void two_at_once(void **state)
{
    struct kit *kit = kit_begin();
    struct kit_pg *one = kit_pg_start(kit);
    struct kit_pg *two = kit_pg_start(kit);

    (void)state;
    assert_int_not_equal(kit_pg_port(one), kit_pg_port(two));
    assert_value(one, "select 1", "1");
    assert_value(two, "select 2", "2");
    kit_end(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_crash),
        cmocka_unit_test(two_at_once),
    };

    return cmocka_run_group_tests_name("testkit_pg", tests, NULL, NULL);
}
