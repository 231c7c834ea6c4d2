#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_database(struct fixture *fixture)
{
    struct err err = ERR_INIT;

    free(kit_pg_value(fixture->pg, "postgres", "create database ucap"));
    fixture_run(fixture, "create schema t; create schema events;"
                         "alter role postgres set search_path = t, public;"
                         "alter role postgres set deadlock_timeout = '20ms'");
    struct db *db = fixture_connect(&fixture->settings);
    assert_ok(migration_apply(db, "events", &events_migrations, NULL, &err), &err);
    assert_ok(migration_apply(db, "t", &service_migrations, NULL, &err), &err);
    db_close(db);
}

int fixture_create(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->kit = kit_begin();
    fixture->pg = kit_pg_start(fixture->kit);
    fixture->settings = (struct db_settings){
        .conninfo = (char *)kit_pg_conninfo(fixture->pg, "postgres", "ucap"),
        .password = (char *)"test",
        .wait_ms = 10000,
        .statement_ms = 10000,
        .idempotency_ms = 3600000,
    };
    make_database(fixture);
    fixture->db = fixture_connect(&fixture->settings);
    *state = fixture;
    return 0;
}

int fixture_destroy(void **state)
{
    struct fixture *fixture = *state;

    db_close(fixture->db);
    kit_end(fixture->kit);
    free(fixture);
    return 0;
}

struct db *fixture_connect(const struct db_settings *settings)
{
    struct err err = ERR_INIT;
    struct db *db = NULL;

    assert_ok(db_open(settings, "test", NULL, NULL, NULL, &db, &err), &err);
    return db;
}

char *fixture_value(struct fixture *fixture, const char *sql)
{
    return kit_pg_value(fixture->pg, "ucap", sql);
}

void fixture_run(struct fixture *fixture, const char *sql)
{
    free(fixture_value(fixture, sql));
}

void assert_sql(struct fixture *fixture, const char *sql, const char *expected)
{
    char *value = fixture_value(fixture, sql);

    assert_string_equal(value, expected);
    free(value);
}
