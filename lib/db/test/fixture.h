/* What the integration tests of lib/db share: a PostgreSQL with the migrations of lib/db in schema
 * "t", a connection to it, and a proxy that cuts connections at a chosen moment. */
#ifndef UCAP_DB_TEST_FIXTURE_H
#define UCAP_DB_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/db.h"
#include "testkit/testkit.h"

struct fixture {
    struct kit *kit;
    struct kit_pg *pg;
    struct db_settings settings; /* straight to the server, as superuser, in database "ucap" */
    struct db *db;
};

/* For cmocka's group. */
int fixture_create(void **state);
int fixture_destroy(void **state);

/* One more connection; ends the test when it cannot be had. */
struct db *fixture_connect(const struct db_settings *settings);

/* Runs SQL that gives no rows; or the first value (malloc'ed), outside of the connection under
 * test. */
void fixture_run(struct fixture *fixture, const char *sql);
char *fixture_value(struct fixture *fixture, const char *sql);
void assert_sql(struct fixture *fixture, const char *sql, const char *expected);

#define assert_ok(rc, err)                                                                         \
    do {                                                                                           \
        if ((rc) != 0)                                                                             \
            fail_msg("%s: %s", err_code_name((err)->code), (err)->text);                           \
    } while (0)
#define assert_says(err, words)                                                                    \
    do {                                                                                           \
        if (!strstr((err)->text, (words)))                                                         \
            fail_msg("\"%s\" does not say \"%s\"", (err)->text, (words));                          \
    } while (0)

/* Stands between a connection and the server, in a thread. */
struct proxy;

enum proxy_cut {
    PROXY_PASS,         /* all goes through */
    PROXY_CUT_ASKED,    /* the word comes from the client: not passed on, both sides closed */
    PROXY_CUT_PASSED,   /* the word comes from the client: passed on, both sides closed */
    PROXY_CUT_ANSWERED, /* the word comes from the server: not passed on, both sides closed */
    PROXY_SILENCE /* the word comes from the client: nothing more is passed on, nothing closed */
};

struct proxy *proxy_start(int server_port);
int proxy_port(const struct proxy *proxy);
/* For the connections that exist now: done once, then PROXY_PASS for new ones. */
void proxy_cut(struct proxy *proxy, enum proxy_cut cut, const char *word);
void proxy_stop(struct proxy *proxy);

#endif
