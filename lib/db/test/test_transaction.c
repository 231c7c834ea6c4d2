/* Transactions against a real server: posts, what is run again and what is not. */
#include "fixture.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct db_statement insert = {"insert", "insert into item values ($1, $2)", DB_NONE};
static const struct db_statement update = {"update", "update item set x = $2 where id = $1",
                                           DB_AFFECTS_1};
static const struct db_statement get = {"get", "select x from item where id = $1", DB_ONE};
static const struct db_statement count = {"count", "select count(*) from item", DB_ONE};

static int post(struct db *db, const struct db_statement *statement, int id, int x, struct err *err)
{
    struct db_param params[] = {db_int(id), db_int(x)};

    return db_post(db, statement, params, 2, err);
}

static int get_x(struct db *db, int id, int64_t *ret_x, struct err *err)
{
    struct db_param param = db_int(id);
    struct db_result *row = NULL;
    int rc = db_query(db, &get, &param, 1, &row, err);

    if (rc == 0)
        *ret_x = db_value_int(row, 0, 0);
    db_result_free(row);
    return rc;
}

/* How often the work of a test ran, and what it is to do. */
struct plan {
    int runs;
    int (*steps)(struct db *db, struct plan *plan, struct err *err);
    struct fixture *fixture;
    int number;
};

static int run_plan(struct db *db, void *arg, struct err *err)
{
    struct plan *plan = arg;

    plan->runs++;
    return plan->steps(db, plan, err);
}

static int transact(struct fixture *fixture, const struct db_retry *retry,
                    int (*steps)(struct db *db, struct plan *plan, struct err *err),
                    struct plan *plan, struct err *err)
{
    *plan = (struct plan){.steps = steps, .fixture = fixture};
    return db_transaction(fixture->db, retry, run_plan, plan, err);
}

static int set_up(void **state)
{
    fixture_run(*state, "drop table if exists t.item; drop sequence if exists t.tries;"
                        "create table t.item (id int primary key, x int not null);"
                        "create sequence t.tries");
    return 0;
}

static int post_three(struct db *db, struct plan *plan, struct err *err)
{
    int64_t x = 0;
    int rc = post(db, &insert, 1, 10, err);

    (void)plan;
    if (rc == 0)
        rc = post(db, &update, 1, 11, err);
    if (rc == 0)
        rc = get_x(db, 1, &x, err);
    if (rc == 0)
        assert_int_equal(x, 11);
    if (rc == 0)
        rc = post(db, &insert, 2, 20, err);
    return rc;
}

static void posts_are_committed(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_ok(transact(*state, &db_retry_never, post_three, &plan, &err), &err);
    assert_int_equal(plan.runs, 1);
    assert_sql(*state, "select string_agg(id || '=' || x, ' ' order by id) from t.item",
               "1=11 2=20");
}

static int refuse(struct db *db, struct plan *plan, struct err *err)
{
    (void)plan;
    int rc = post(db, &insert, 1, 10, err);
    return rc != 0 ? rc : err_set(err, ERR_NOT_FOUND, "not today");
}

static void work_that_fails_leaves_nothing(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(*state, &db_retry_conflicts, refuse, &plan, &err), -ERR_NOT_FOUND);
    assert_string_equal(err.text, "not today");
    assert_int_equal(plan.runs, 1);
    assert_sql(*state, "select count(*) from t.item", "0");
}

static int post_twice_the_same(struct db *db, struct plan *plan, struct err *err)
{
    (void)plan;
    int rc = post(db, &insert, 1, 10, err);
    if (rc == 0)
        rc = post(db, &insert, 1, 11, err);
    if (rc == 0)
        rc = post(db, &insert, 2, 11, err);
    return rc;
}

/* The error of a post that travels with the commit is the commit's. */
static void error_of_a_post_is_the_commits(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(fixture, &db_retry_conflicts, post_twice_the_same, &plan, &err),
                     -ERR_ALREADY_EXISTS);
    assert_string_equal(db_sqlstate(fixture->db), "23505");
    assert_false(db_commit_unknown(fixture->db));
    assert_int_equal(plan.runs, 1);
    assert_sql(fixture, "select count(*) from t.item", "0");
}

/* ... and the next query's; work that goes on all the same does not get its commit. */
static int ignore_the_error(struct db *db, struct plan *plan, struct err *err)
{
    struct err first = ERR_INIT;
    struct err second = ERR_INIT;
    int64_t x;

    (void)plan;
    (void)err;
    post(db, &insert, 1, 10, NULL);
    post(db, &insert, 1, 11, NULL);
    assert_int_equal(get_x(db, 1, &x, &first), -ERR_ALREADY_EXISTS);
    assert_int_equal(get_x(db, 1, &x, &second), -ERR_ALREADY_EXISTS);
    assert_string_equal(first.text, second.text);
    return 0;
}

static void transaction_that_failed_is_not_committed(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(*state, &db_retry_conflicts, ignore_the_error, &plan, &err),
                     -ERR_ALREADY_EXISTS);
    assert_says(&err, "duplicate key");
    assert_sql(*state, "select count(*) from t.item", "0");
}

static int update_nothing_last(struct db *db, struct plan *plan, struct err *err)
{
    (void)plan;
    int rc = post(db, &insert, 1, 10, err);
    return rc != 0 ? rc : post(db, &update, 2, 20, err);
}

/* The server sees no error in an update of no row: commit must not travel with it. */
static void post_that_affects_nothing_is_not_committed(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(*state, &db_retry_never, update_nothing_last, &plan, &err),
                     -ERR_NOT_FOUND);
    assert_sql(*state, "select count(*) from t.item", "0");
}

static int look_for_nothing(struct db *db, struct plan *plan, struct err *err)
{
    int64_t x;

    (void)plan;
    assert_int_equal(get_x(db, 7, &x, err), -ERR_NOT_FOUND);
    return post(db, &insert, 7, 70, err);
}

/* A row that is not there is an answer, not a failure of the transaction. */
static void not_found_does_not_spoil_a_transaction(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_ok(transact(*state, &db_retry_never, look_for_nothing, &plan, &err), &err);
    assert_sql(*state, "select x from t.item", "70");
}

static int fail_twice(struct db *db, struct plan *plan, struct err *err)
{
    static const struct db_statement fail_to_serialise = {
        "fail_to_serialise",
        "do $$ begin"
        "  if nextval('tries') < 3 then raise sqlstate '40001'; end if; end $$",
        DB_NONE,
    };
    int rc = post(db, &insert, 1, plan->runs, err);

    return rc != 0 ? rc : db_post(db, &fail_to_serialise, NULL, 0, err);
}

static void conflicts_are_run_again(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_ok(transact(*state, &db_retry_conflicts, fail_twice, &plan, &err), &err);
    assert_int_equal(plan.runs, 3);
    assert_sql(*state, "select x from t.item", "3");
}

static void conflicts_are_not_run_again_by_never(void **state)
{
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(*state, &db_retry_never, fail_twice, &plan, &err), -ERR_ABORTED);
    assert_int_equal(plan.runs, 1);
}

static int always_fail(struct db *db, struct plan *plan, struct err *err)
{
    static const struct db_statement statement = {
        "always_fail", "do $$ begin raise sqlstate '40001'; end $$", DB_NONE};

    (void)plan;
    return db_query(db, &statement, NULL, 0, NULL, err);
}

static void conflicts_have_a_bound(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(fixture, &db_retry_conflicts, always_fail, &plan, &err),
                     -ERR_ABORTED);
    assert_in_range(plan.runs, 3, 10);
    /* No pause reaches beyond the deadline. */
    db_set_deadline(fixture->db, clock_mono_us(clock_system()) + 1500);
    int rc = transact(fixture, &db_retry_conflicts, always_fail, &plan, &err);
    assert_true(rc == -ERR_ABORTED || rc == -ERR_DEADLINE_EXCEEDED);
    assert_in_range(plan.runs, 0, 2);
    db_set_deadline(fixture->db, 0);
}

/* Two that lock the same rows the other way round. */
struct crossing {
    struct db *db;
    int first, second, runs;
    pthread_barrier_t *barrier;
};

static int cross(struct db *db, void *arg, struct err *err)
{
    struct crossing *crossing = arg;
    struct db_param one[] = {db_int(crossing->first), db_int(1)};
    struct db_param two[] = {db_int(crossing->second), db_int(2)};
    int rc = db_query(db, &update, one, 2, NULL, err);

    if (crossing->runs++ == 0)
        pthread_barrier_wait(crossing->barrier);
    return rc != 0 ? rc : db_query(db, &update, two, 2, NULL, err);
}

static void *run_crossing(void *arg)
{
    struct crossing *crossing = arg;

    return (void *)(intptr_t)db_transaction(crossing->db, &db_retry_conflicts, cross, crossing,
                                            NULL);
}

static void deadlocks_are_run_again(void **state)
{
    struct fixture *fixture = *state;
    pthread_barrier_t barrier;
    pthread_t thread;
    void *rc;

    fixture_run(fixture, "insert into t.item values (1, 0), (2, 0)");
    pthread_barrier_init(&barrier, NULL, 2);
    struct crossing here = {fixture->db, 1, 2, 0, &barrier};
    struct crossing there = {fixture_connect(&fixture->settings), 2, 1, 0, &barrier};
    pthread_create(&thread, NULL, run_crossing, &there);
    assert_null(run_crossing(&here));
    pthread_join(thread, &rc);
    assert_null(rc);
    /* At least one was the victim and ran again; on a slow machine both may have been. */
    assert_true(here.runs + there.runs >= 3);
    db_close(there.db);
    pthread_barrier_destroy(&barrier);
}

static int lose_once(struct db *db, struct plan *plan, struct err *err)
{
    static const struct db_statement end = {"end", "select pg_terminate_backend(pg_backend_pid())",
                                            DB_ONE};
    int rc = post(db, &insert, 1, plan->runs, err);

    if (rc == 0 && plan->runs == 1)
        rc = db_query(db, &end, NULL, 0, NULL, err);
    return rc;
}

static void lost_before_the_commit_is_run_again(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    assert_ok(transact(fixture, &db_retry_conflicts, lose_once, &plan, &err), &err);
    assert_int_equal(plan.runs, 2);
    assert_sql(fixture, "select x from t.item", "2");
    fixture_run(fixture, "delete from t.item");
    assert_int_equal(transact(fixture, &db_retry_never, lose_once, &plan, &err), -ERR_UNAVAILABLE);
    assert_false(db_commit_unknown(fixture->db));
}

static int post_one(struct db *db, struct plan *plan, struct err *err)
{
    return post(db, &insert, 1, plan->runs, err);
}

/* The connection is lost while the commit is under way: not run again, and said to be unknown. */
static void lost_in_the_commit_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    fixture_run(fixture,
                "create or replace function t.die() returns trigger language plpgsql as"
                "  $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;"
                "create constraint trigger die after insert on t.item"
                "  deferrable initially deferred for each row execute function t.die()");
    assert_int_equal(transact(fixture, &db_retry_conflicts, post_one, &plan, &err),
                     -ERR_UNAVAILABLE);
    assert_int_equal(plan.runs, 1);
    assert_true(db_commit_unknown(fixture->db));
    fixture_run(fixture, "drop table t.item");
    fixture_run(fixture, "create table t.item (id int primary key, x int not null)");
    assert_ok(transact(fixture, &db_retry_never, post_one, &plan, &err), &err);
    assert_false(db_commit_unknown(fixture->db));
}

/* An error of the commit itself is known: nothing was committed. */
static void error_of_the_commit_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    fixture_run(fixture, "alter table t.item add constraint self foreign key (x) references"
                         " t.item (id) deferrable initially deferred");
    assert_ok(transact(fixture, &db_retry_never, post_one, &plan, &err), &err);
    fixture_run(fixture, "delete from t.item");
    assert_int_equal(transact(fixture, &db_retry_never, post_three, &plan, &err),
                     -ERR_FAILED_PRECONDITION);
    assert_false(db_commit_unknown(fixture->db));
    assert_sql(fixture, "select count(*) from t.item", "0");
}

static int sleep_long(struct db *db, struct plan *plan, struct err *err)
{
    static const struct db_statement statement = {"sleep_long", "select pg_sleep(60)", DB_ONE};

    db_set_deadline(db, clock_mono_us(clock_system()) + 100000);
    int rc = post(db, &insert, 1, plan->runs, err);
    return rc != 0 ? rc : db_query(db, &statement, NULL, 0, NULL, err);
}

static void deadline_rolls_back(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(transact(fixture, &db_retry_conflicts, sleep_long, &plan, &err),
                     -ERR_DEADLINE_EXCEEDED);
    assert_int_equal(plan.runs, 1);
    assert_int_equal(transact(fixture, &db_retry_conflicts, post_one, &plan, &err),
                     -ERR_DEADLINE_EXCEEDED);
    assert_int_equal(plan.runs, 0);
    db_set_deadline(fixture->db, 0);
    assert_sql(fixture, "select count(*) from t.item", "0");
    assert_sql(fixture,
               "select count(*) from pg_stat_activity"
               " where state like 'idle in transaction%'",
               "0");
}

static int misuse(struct db *db, struct plan *plan, struct err *err)
{
    struct plan inner;

    assert_int_equal(db_post(db, &count, NULL, 0, err), -ERR_INTERNAL);
    assert_int_equal(transact(plan->fixture, &db_retry_never, post_one, &inner, err),
                     -ERR_INTERNAL);
    return 0;
}

static void misuse_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan;
    struct err err = ERR_INIT;

    assert_int_equal(post(fixture->db, &insert, 1, 1, &err), -ERR_INTERNAL);
    assert_says(&err, "there is no transaction");
    assert_ok(transact(fixture, &db_retry_never, misuse, &plan, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(posts_are_committed, set_up),
        cmocka_unit_test_setup(work_that_fails_leaves_nothing, set_up),
        cmocka_unit_test_setup(error_of_a_post_is_the_commits, set_up),
        cmocka_unit_test_setup(transaction_that_failed_is_not_committed, set_up),
        cmocka_unit_test_setup(post_that_affects_nothing_is_not_committed, set_up),
        cmocka_unit_test_setup(not_found_does_not_spoil_a_transaction, set_up),
        cmocka_unit_test_setup(conflicts_are_run_again, set_up),
        cmocka_unit_test_setup(conflicts_are_not_run_again_by_never, set_up),
        cmocka_unit_test_setup(conflicts_have_a_bound, set_up),
        cmocka_unit_test_setup(deadlocks_are_run_again, set_up),
        cmocka_unit_test_setup(lost_before_the_commit_is_run_again, set_up),
        cmocka_unit_test_setup(lost_in_the_commit_is_unknown, set_up),
        cmocka_unit_test_setup(error_of_the_commit_is_known, set_up),
        cmocka_unit_test_setup(deadline_rolls_back, set_up),
        cmocka_unit_test_setup(misuse_is_refused, set_up),
    };

    return cmocka_run_group_tests_name("db_transaction", tests, fixture_create, fixture_destroy);
}
