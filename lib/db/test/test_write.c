/* Writes that take effect once, against a real server, with the commit cut at each moment that
 * matters. */
#include "fixture.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct db_statement insert = {"insert", "insert into record (name) values ($1)",
                                           DB_NONE};

/* One write of a test. */
struct job {
    const char *name;
    const char *answer;
    int runs;
    int fail; /* code the work fails with */
    struct fixture *fixture;
    void (*during)(struct job *job);
};

static const struct db_event event = {
    .type = "test.record.created",
    .subject = "record/a",
    .audience = "public",
    .principal = "editor",
    .message = "ucap.v1.CityEvent",
    .data = "\0\1",
    .size = 2,
    .record_version = 1,
};

static int work(struct db *db, void *arg, struct db_answer *ret_answer, struct err *err)
{
    struct job *job = arg;
    struct db_param param = db_text(job->name);
    int rc = db_post(db, &insert, &param, 1, err);

    job->runs++;
    if (rc == 0)
        rc = db_outbox_add(db, &event, err);
    if (rc == 0 && job->during)
        job->during(job);
    if (rc == 0 && job->fail)
        rc = err_set(err, (enum err_code)job->fail, "the work failed");
    if (rc == 0)
        *ret_answer = (struct db_answer){strdup(job->answer), strlen(job->answer)};
    return rc;
}

static struct db_once once(const char *key, const char *request)
{
    return (struct db_once){"editor", key, "CreateRecord", request, strlen(request)};
}

static int write_on(struct db *db, const struct db_once *call, struct job *job, char *ret_answer,
                    bool *ret_fresh, struct err *err)
{
    struct db_answer answer = {0};
    int rc = db_write(db, call, work, job, &answer, ret_fresh, err);

    if (rc == 0 && ret_answer)
        sprintf(ret_answer, "%.*s", (int)answer.size, (const char *)answer.bytes);
    free(answer.bytes);
    return rc;
}

static int set_up(void **state)
{
    fixture_run(*state, "drop table if exists t.record; create table t.record (name text);"
                        "truncate t.idempotency, events.outbox");
    return 0;
}

static void assert_records(struct fixture *fixture, const char *expected)
{
    assert_sql(fixture, "select count(*) from t.record", expected);
    assert_sql(fixture, "select count(*) from events.outbox", expected);
}

static void second_call_gets_the_first_answer(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k1", "body");
    struct job job = {.name = "a", .answer = "first"};
    char answer[64];
    bool fresh = false;
    struct err err = ERR_INIT;

    assert_ok(write_on(fixture->db, &call, &job, answer, &fresh, &err), &err);
    assert_string_equal(answer, "first");
    assert_true(fresh);
    job.answer = "second";
    assert_ok(write_on(fixture->db, &call, &job, answer, &fresh, &err), &err);
    assert_string_equal(answer, "first");
    assert_false(fresh);
    assert_int_equal(job.runs, 1);
    assert_records(fixture, "1");
}

static void same_key_is_refused_for_another_request(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k2", "body");
    struct db_once body = once("k2", "other");
    struct db_once method = call;
    struct job job = {.name = "a", .answer = ""};
    struct err err = ERR_INIT;

    method.method = "UpdateRecord";
    assert_ok(write_on(fixture->db, &call, &job, NULL, NULL, &err), &err);
    assert_int_equal(write_on(fixture->db, &body, &job, NULL, NULL, &err), -ERR_INVALID_ARGUMENT);
    assert_says(&err, "\"k2\" was used for another request (of CreateRecord)");
    assert_int_equal(write_on(fixture->db, &method, &job, NULL, NULL, &err), -ERR_INVALID_ARGUMENT);
    assert_int_equal(job.runs, 1);
}

/* The boundary between method and request counts, and so does who asks. */
static void keys_belong_to_a_principal(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k3", "body");
    struct db_once other = call;
    struct job job = {.name = "a", .answer = "x"};
    bool fresh = false;
    struct err err = ERR_INIT;

    other.principal = "admin";
    assert_ok(write_on(fixture->db, &call, &job, NULL, &fresh, &err), &err);
    assert_ok(write_on(fixture->db, &other, &job, NULL, &fresh, &err), &err);
    assert_true(fresh);
    assert_records(fixture, "2");
}

static void key_must_have_a_length(void **state)
{
    struct fixture *fixture = *state;
    char key[66] = "";
    struct job job = {.name = "a", .answer = "x"};
    struct db_once call = once(key, "body");
    struct err err = ERR_INIT;

    memset(key, 'k', 65);
    key[65] = '\0';
    assert_int_equal(write_on(fixture->db, &call, &job, NULL, NULL, &err), -ERR_INVALID_ARGUMENT);
    assert_says(&err, "65 characters");
    key[64] = '\0';
    assert_ok(write_on(fixture->db, &call, &job, NULL, NULL, &err), &err);
    key[0] = '\0';
    assert_int_equal(write_on(fixture->db, &call, &job, NULL, NULL, &err), -ERR_INVALID_ARGUMENT);
    assert_int_equal(job.runs, 1);
}

static void failures_are_not_stored(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k4", "body");
    struct job job = {.name = "a", .answer = "x", .fail = ERR_NOT_FOUND};
    bool fresh = false;
    struct err err = ERR_INIT;

    assert_int_equal(write_on(fixture->db, &call, &job, NULL, &fresh, &err), -ERR_NOT_FOUND);
    assert_records(fixture, "0");
    job.fail = 0;
    assert_ok(write_on(fixture->db, &call, &job, NULL, &fresh, &err), &err);
    assert_true(fresh);
    assert_records(fixture, "1");
}

static void empty_request_and_answer(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = {"editor", "k5", "CreateRecord", NULL, 0};
    struct job job = {.name = "a", .answer = ""};
    char answer[64] = "?";
    bool fresh = true;
    struct err err = ERR_INIT;

    assert_ok(write_on(fixture->db, &call, &job, NULL, NULL, &err), &err);
    assert_ok(write_on(fixture->db, &call, &job, answer, &fresh, &err), &err);
    assert_string_equal(answer, "");
    assert_false(fresh);
}

/* While the first call runs: the same key on another connection. */
static void call_again(struct job *job)
{
    struct db *db = fixture_connect(&job->fixture->settings);
    struct db_once call = once("k6", "body");
    struct job again = {.name = "again", .answer = "x"};
    struct err err = ERR_INIT;

    assert_int_equal(write_on(db, &call, &again, NULL, NULL, &err), -ERR_UNAVAILABLE);
    assert_says(&err, "still running");
    assert_int_equal(again.runs, 0);
    db_close(db);
}

static void second_call_while_the_first_runs(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k6", "body");
    struct job job = {.name = "a", .answer = "x", .fixture = fixture, .during = call_again};
    struct err err = ERR_INIT;

    assert_ok(write_on(fixture->db, &call, &job, NULL, NULL, &err), &err);
    assert_records(fixture, "1");
}

static void outbox_row_is_whole(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k7", "body");
    struct job job = {.name = "a", .answer = "x"};
    struct err err = ERR_INIT;

    assert_ok(write_on(fixture->db, &call, &job, NULL, NULL, &err), &err);
    assert_sql(fixture,
               "select concat_ws('|', type, subject, programme_id, audience, principal, via,"
               "  traceparent, message, data, record_version) from events.outbox",
               "test.record.created|record/a|public|editor|ucap.v1.CityEvent|\\x0001|1");
    assert_sql(fixture,
               "select o.txid = r.xmin::text::xid8 and o.created_at = i.created_at and"
               "  o.created_at between now() - interval '1 minute' and now()"
               "  from events.outbox o, t.record r, t.idempotency i",
               "t");
}

/* ---- commits whose outcome nobody sees ---- */

struct through {
    struct proxy *proxy;
    struct db *db;
    struct db_settings settings;
    char conninfo[128];
};

static void through_proxy(struct fixture *fixture, struct through *through)
{
    through->settings = fixture->settings;
    through->proxy = proxy_start(kit_pg_port(fixture->pg));
    snprintf(through->conninfo, sizeof(through->conninfo),
             "host=127.0.0.1 port=%d user=postgres dbname=ucap", proxy_port(through->proxy));
    through->settings.conninfo = through->conninfo;
    through->db = fixture_connect(&through->settings);
}

static void through_end(struct through *through)
{
    db_close(through->db);
    proxy_stop(through->proxy);
}

/* The server has committed, its answer is lost. */
static void committed_but_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k8", "body");
    struct job job = {.name = "a", .answer = "first"};
    struct through through;
    char answer[64];
    bool fresh = false;
    struct err err = ERR_INIT;

    through_proxy(fixture, &through);
    proxy_cut(through.proxy, PROXY_CUT_ANSWERED, "COMMIT");
    assert_ok(write_on(through.db, &call, &job, answer, &fresh, &err), &err);
    assert_string_equal(answer, "first");
    assert_true(fresh);
    assert_int_equal(job.runs, 1);
    assert_records(fixture, "1");
    through_end(&through);
}

/* The commit never reached the server. */
static void not_committed_and_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k9", "body");
    struct job job = {.name = "a", .answer = "first"};
    struct through through;
    bool fresh = false;
    struct err err = ERR_INIT;

    through_proxy(fixture, &through);
    proxy_cut(through.proxy, PROXY_CUT_ASKED, "db_commit");
    assert_int_equal(write_on(through.db, &call, &job, NULL, &fresh, &err), -ERR_UNAVAILABLE);
    assert_says(&err, "nothing was changed");
    assert_int_equal(job.runs, 1);
    assert_records(fixture, "0");
    assert_ok(write_on(through.db, &call, &job, NULL, &fresh, &err), &err);
    assert_true(fresh);
    assert_records(fixture, "1");
    through_end(&through);
}

/* The commit is under way and long, the connection is lost, the old backend goes on: the answer
 * waits for its end. */
static void commit_that_is_still_running(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k10", "body");
    struct job job = {.name = "a", .answer = "first"};
    struct through through;
    bool fresh = false;
    struct err err = ERR_INIT;

    fixture_run(fixture, "create or replace function t.late() returns trigger language plpgsql as"
                         "  $$ begin perform pg_sleep(0.5); return null; end $$;"
                         "create constraint trigger late after insert on t.record"
                         "  deferrable initially deferred for each row execute function t.late()");
    through_proxy(fixture, &through);
    proxy_cut(through.proxy, PROXY_CUT_PASSED, "db_commit");
    assert_ok(write_on(through.db, &call, &job, NULL, &fresh, &err), &err);
    assert_true(fresh);
    assert_int_equal(job.runs, 1);
    assert_records(fixture, "1");
    through_end(&through);
}

struct again {
    struct db *db;
    const struct db_once *call;
    struct job *job;
    bool *fresh;
};

static bool ask_again(void *arg)
{
    struct again *again = arg;
    struct err err = ERR_INIT;
    int rc = write_on(again->db, again->call, again->job, NULL, again->fresh, &err);

    if (rc != 0)
        assert_says(&err, "still running");
    return rc == 0;
}

/* The same, and the time is over first: nobody can tell, and the key will. */
static void commit_that_outlasts_the_call(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k13", "body");
    struct job job = {.name = "a", .answer = "first"};
    struct through through;
    struct again again;
    bool fresh = true;
    struct err err = ERR_INIT;

    fixture_run(fixture, "create or replace function t.late() returns trigger language plpgsql as"
                         "  $$ begin perform pg_advisory_xact_lock(42); return null; end $$;"
                         "create constraint trigger late after insert on t.record"
                         "  deferrable initially deferred for each row execute function t.late()");
    struct db *holder = fixture_connect(&fixture->settings);
    static const struct db_statement hold = {"hold", "select pg_advisory_lock(42)", DB_ONE};
    assert_ok(db_query(holder, &hold, NULL, 0, NULL, &err), &err);
    through_proxy(fixture, &through);
    proxy_cut(through.proxy, PROXY_CUT_PASSED, "db_commit");
    db_set_deadline(through.db, clock_mono_us(clock_system()) + 500000);
    assert_int_equal(write_on(through.db, &call, &job, NULL, &fresh, &err), -ERR_UNAVAILABLE);
    assert_says(&err, "not known whether");
    db_set_deadline(through.db, 0);
    db_close(holder);
    again = (struct again){through.db, &call, &job, &fresh};
    kit_wait("the old transaction has ended", 10000, ask_again, &again);
    assert_false(fresh);
    assert_int_equal(job.runs, 1);
    assert_records(fixture, "1");
    through_end(&through);
}

static void die_at_commit(struct fixture *fixture)
{
    fixture_run(fixture,
                "create or replace function t.die() returns trigger language plpgsql as"
                "  $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;"
                "create constraint trigger die after insert on t.record"
                "  deferrable initially deferred for each row execute function t.die()");
}

/* The backend is killed inside its commit. */
static void killed_in_the_commit(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k11", "body");
    struct job job = {.name = "a", .answer = "first"};
    struct err err = ERR_INIT;

    die_at_commit(fixture);
    assert_int_equal(write_on(fixture->db, &call, &job, NULL, NULL, &err), -ERR_UNAVAILABLE);
    assert_says(&err, "nothing was changed");
    assert_records(fixture, "0");
}

static void stop_server(struct job *job)
{
    kit_pg_stop(job->fixture->pg);
}

/* The server goes away before the commit and stays away. */
static void server_away(void **state)
{
    struct fixture *fixture = *state;
    struct db_once call = once("k12", "body");
    struct job job = {.name = "a", .answer = "first", .fixture = fixture, .during = stop_server};
    struct err err = ERR_INIT;

    db_set_deadline(fixture->db, clock_mono_us(clock_system()) + 1000000);
    assert_int_equal(write_on(fixture->db, &call, &job, NULL, NULL, &err), -ERR_UNAVAILABLE);
    db_set_deadline(fixture->db, 0);
    kit_pg_restart(fixture->pg);
    job.during = NULL;
    assert_records(fixture, "0");
    assert_ok(write_on(fixture->db, &call, &job, NULL, NULL, &err), &err);
    assert_records(fixture, "1");
}

static void old_answers_expire(void **state)
{
    struct fixture *fixture = *state;
    struct err err = ERR_INIT;

    fixture_run(fixture,
                "insert into t.idempotency (principal, key, method, request_hash, answer,"
                "  created_at) select 'p', n::text, 'm', '', '', now() - n * interval '20 minutes'"
                "  from generate_series(1, 10) n");
    assert_ok(db_idempotency_expire(fixture->db, 3, &err), &err);
    assert_sql(fixture, "select string_agg(key, ' ' order by key::int) from t.idempotency",
               "1 2 3 4 5 6 7");
    assert_ok(db_idempotency_expire(fixture->db, 100, &err), &err);
    /* Of the hour's edge either side may be seen. */
    assert_sql(fixture, "select count(*) from t.idempotency where key::int > 3", "0");
    assert_sql(fixture, "select count(*) from t.idempotency where key::int < 3", "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(second_call_gets_the_first_answer, set_up),
        cmocka_unit_test_setup(same_key_is_refused_for_another_request, set_up),
        cmocka_unit_test_setup(keys_belong_to_a_principal, set_up),
        cmocka_unit_test_setup(key_must_have_a_length, set_up),
        cmocka_unit_test_setup(failures_are_not_stored, set_up),
        cmocka_unit_test_setup(empty_request_and_answer, set_up),
        cmocka_unit_test_setup(second_call_while_the_first_runs, set_up),
        cmocka_unit_test_setup(outbox_row_is_whole, set_up),
        cmocka_unit_test_setup(committed_but_not_told, set_up),
        cmocka_unit_test_setup(not_committed_and_not_told, set_up),
        cmocka_unit_test_setup(commit_that_is_still_running, set_up),
        cmocka_unit_test_setup(commit_that_outlasts_the_call, set_up),
        cmocka_unit_test_setup(killed_in_the_commit, set_up),
        cmocka_unit_test_setup(server_away, set_up),
        cmocka_unit_test_setup(old_answers_expire, set_up),
    };

    return cmocka_run_group_tests_name("db_write", tests, fixture_create, fixture_destroy);
}
