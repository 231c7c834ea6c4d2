/* Counting, alone and by several threads, and percentiles within 10 %. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/stats.h"

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#define CONTROL (&ucap__v1__control__descriptor)

static struct stats *stats;

static int setup(void **state)
{
    (void)state;
    stats = stats_create();
    assert_non_null(stats);
    assert_int_equal(stats_add_service(stats, CONTROL, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stats_destroy(stats);
    stats_destroy(NULL);
    return 0;
}

static void read_stats(Ucap__V1__Stats *got)
{
    ucap__v1__stats__init(got);
    assert_int_equal(stats_read(stats, got, NULL), 0);
}

static void nothing_called_has_no_rows(void **state)
{
    Ucap__V1__Stats got;

    (void)state;
    read_stats(&got);
    assert_int_equal(got.n_methods, 0);
    assert_int_equal(got.n_counters, 0);
    stats_reply_clear(&got);
}

static void calls_are_counted_by_method_and_status(void **state)
{
    Ucap__V1__Stats got;

    (void)state;
    stats_call(stats, CONTROL, 0, ERR_OK, 10);
    stats_call(stats, CONTROL, 0, ERR_OK, 10);
    stats_call(stats, CONTROL, 0, ERR_UNAVAILABLE, 10);
    stats_call(stats, CONTROL, -1, ERR_UNIMPLEMENTED, 10);
    stats_call(stats, CONTROL, 99, ERR_UNIMPLEMENTED, 10);
    stats_call(stats, NULL, 0, ERR_OK, 10);
    read_stats(&got);
    assert_int_equal(got.n_methods, 2);
    assert_string_equal(got.methods[0]->service, "ucap.v1.Control");
    assert_string_equal(got.methods[0]->method, "Ping");
    assert_int_equal(got.methods[0]->n_by_status, 2);
    assert_int_equal(got.methods[0]->by_status[0]->status, ERR_OK);
    assert_int_equal(got.methods[0]->by_status[0]->count, 2);
    assert_int_equal(got.methods[0]->by_status[1]->status, ERR_UNAVAILABLE);
    assert_string_equal(got.methods[1]->method, "?");
    assert_int_equal(got.methods[1]->by_status[0]->count, 2);
    stats_reply_clear(&got);
    assert_int_equal(got.n_methods, 0);
}

static void assert_close(uint64_t got, int64_t want)
{
    int64_t off = (int64_t)got - want;

    if (off * 10 > want || -off * 10 > want)
        fail_msg("%llu is not within 10 %% of %lld", (unsigned long long)got, (long long)want);
}

static void percentiles_are_within_a_tenth(void **state)
{
    (void)state;
    for (int64_t us = 1; us < (int64_t)1 << 36; us += us / 7 + 1) {
        Ucap__V1__Stats got;
        struct stats *fresh = stats_create();
        assert_int_equal(stats_add_service(fresh, CONTROL, NULL), 0);
        for (int i = 0; i < 98; i++)
            stats_call(fresh, CONTROL, 0, ERR_OK, us);
        for (int i = 0; i < 2; i++)
            stats_call(fresh, CONTROL, 0, ERR_OK, us * 3);
        ucap__v1__stats__init(&got);
        assert_int_equal(stats_read(fresh, &got, NULL), 0);
        assert_close(got.methods[0]->p50_us, us);
        if (us < (int64_t)1 << 34)
            assert_close(got.methods[0]->p99_us, us * 3);
        stats_reply_clear(&got);
        stats_destroy(fresh);
    }
}

static void odd_times_are_counted(void **state)
{
    Ucap__V1__Stats got;

    (void)state;
    stats_call(stats, CONTROL, 0, ERR_OK, -5);
    stats_call(stats, CONTROL, 0, ERR_OK, 0);
    stats_call(stats, CONTROL, 0, ERR_OK, INT64_MAX);
    stats_call(stats, CONTROL, 0, (enum err_code)77, 1);
    read_stats(&got);
    assert_int_equal(got.methods[0]->by_status[0]->count, 3);
    assert_int_equal(got.methods[0]->by_status[1]->status, ERR_UNKNOWN);
    stats_reply_clear(&got);
}

static void counters_are_shown_by_table(void **state)
{
    static struct stats_counter first[] = {{"dropped", "frames dropped", 0}, {0}};
    static struct stats_counter second[] = {{"kept", "frames kept", 0}, {0}};
    Ucap__V1__Stats got;

    (void)state;
    assert_int_equal(stats_add_counters(stats, first, NULL), 0);
    assert_int_equal(stats_add_counters(stats, second, NULL), 0);
    atomic_fetch_add(&first[0].value, 3);
    read_stats(&got);
    assert_int_equal(got.n_counters, 2);
    assert_string_equal(got.counters[0]->name, "dropped");
    assert_string_equal(got.counters[0]->help, "frames dropped");
    assert_int_equal(got.counters[0]->value, 3);
    assert_string_equal(got.counters[1]->name, "kept");
    stats_reply_clear(&got);
}

#define THREADS 4
#define EACH    50000

static void *count_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++)
        stats_call(stats, CONTROL, i % 2, ERR_OK, i);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    pthread_t threads[THREADS];
    Ucap__V1__Stats got;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
    read_stats(&got); /* beside the writers */
    stats_reply_clear(&got);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    read_stats(&got);
    assert_int_equal(got.methods[0]->by_status[0]->count, THREADS * EACH / 2);
    assert_int_equal(got.methods[1]->by_status[0]->count, THREADS * EACH / 2);
    stats_reply_clear(&got);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_called_has_no_rows),     TEST(calls_are_counted_by_method_and_status),
        TEST(percentiles_are_within_a_tenth), TEST(odd_times_are_counted),
        TEST(counters_are_shown_by_table),    TEST(threads_lose_no_count),
    };
    return cmocka_run_group_tests_name("bus_stats", tests, NULL, NULL);
}
