/* Identifiers. The tests of UUIDs use later and later times: the order they are in is part of what
 * is tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/id.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 9562, appendix A.6: 2022-02-22T19:22:22Z. */
#define RFC_US INT64_C(1645557742000000)

static void uuid_has_time_version_and_variant(void **state)
{
    char uuid[UUID_TEXT_SIZE];

    (void)state;
    uuid_v7(RFC_US, uuid);
    assert_int_equal(strlen(uuid), 36);
    assert_memory_equal(uuid, "017f22e2-79b0-7", 15);
    assert_int_equal(uuid[18], '-');
    assert_non_null(strchr("89ab", uuid[19]));
    assert_int_equal(uuid[23], '-');
    assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
}

static void uuids_of_a_millisecond_are_in_order(void **state)
{
    char before[UUID_TEXT_SIZE], uuid[UUID_TEXT_SIZE];

    (void)state;
    uuid_v7(RFC_US + 1000, before);
    for (int i = 0; i < 20000; i++) {
        uuid_v7(RFC_US + 1000 + i % 1000, uuid);
        assert_true(strcmp(before, uuid) < 0);
        assert_memory_equal(uuid, "017f22e2-79b1-7", 15);
        strcpy(before, uuid);
    }
}

static void uuids_are_in_order_when_the_clock_goes_back(void **state)
{
    char before[UUID_TEXT_SIZE], uuid[UUID_TEXT_SIZE];

    (void)state;
    uuid_v7(RFC_US + 5000000, before);
    uuid_v7(RFC_US, uuid);
    assert_true(strcmp(before, uuid) < 0);
    uuid_v7(-1, before);
    assert_true(strcmp(uuid, before) < 0);
}

#define THREADS 4
#define EACH    5000

typedef char uuid_text[UUID_TEXT_SIZE];

static void *make_uuids(void *arg)
{
    uuid_text *uuids = arg;

    for (int i = 0; i < EACH; i++)
        uuid_v7(RFC_US + 10000000, uuids[i]);
    return NULL;
}

static int compare_uuids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void uuids_of_threads_differ(void **state)
{
    uuid_text *uuids = calloc(THREADS * EACH, sizeof(*uuids));
    pthread_t threads[THREADS];

    (void)state;
    assert_non_null(uuids);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, make_uuids, uuids + i * EACH);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < THREADS * EACH; i++)
        assert_true(i % EACH == 0 || strcmp(uuids[i - 1], uuids[i]) < 0);
    qsort(uuids, THREADS * EACH, sizeof(*uuids), compare_uuids);
    for (int i = 1; i < THREADS * EACH; i++)
        assert_memory_not_equal(uuids[i - 1], uuids[i], 23); /* the counter itself differs */
    free(uuids);
}

static void random_bytes_fill_all(void **state)
{
    unsigned char seen[1000] = {0}, bytes[1000];

    (void)state;
    for (int round = 0; round < 8; round++) {
        random_bytes(bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes); i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < sizeof(seen); i++)
        assert_int_not_equal(seen[i], 0); /* fails by chance once in 10^16 runs */
}

static const char parent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static void child_keeps_the_trace(void **state)
{
    char trace[TRACE_ID_SIZE], child[TRACEPARENT_SIZE];

    (void)state;
    trace_child(parent, trace, child);
    assert_string_equal(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_int_equal(strlen(child), TRACEPARENT_SIZE - 1);
    assert_memory_equal(child, parent, 36);
    assert_memory_not_equal(child + 36, parent + 36, 16);
    assert_string_equal(child + 52, "-01");
}

static void child_keeps_only_the_sampled_flag(void **state)
{
    char trace[TRACE_ID_SIZE], text[TRACEPARENT_SIZE];

    (void)state;
    strcpy(text, parent);
    text[54] = '2';
    trace_child(text, trace, text); /* in and out may be the same */
    assert_memory_equal(text, parent, 36);
    assert_string_equal(text + 52, "-00");
    text[53] = text[54] = 'f';
    trace_child(text, trace, text);
    assert_string_equal(text + 52, "-01");
}

static void invalid_parent_begins_a_new_trace(void **state)
{
    static const char *const rows[] = {
        NULL,
        "",
        "00",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    };
    char trace[TRACE_ID_SIZE], child[TRACEPARENT_SIZE], again[TRACEPARENT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        trace_child(rows[i], trace, child);
        assert_string_not_equal(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_string_not_equal(trace, "00000000000000000000000000000000");
        assert_memory_equal(child + 3, trace, 32);
        trace_child(child, trace, again); /* what it made is valid */
        assert_memory_equal(again, child, 36);
    }
    trace_new(child);
    trace_child(child, trace, again);
    assert_memory_equal(again, child, 36);
}

static void slugs(void **state)
{
    static const char longest[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char *const bad[] = {
        "",
        "-",
        "-a",
        "a-",
        "a--b",
        "A",
        "a b",
        "a_b",
        "é",
        "a/b",
        "\xff",
        "a\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    (void)state;
    assert_int_equal(strlen(longest), SLUG_MAX);
    assert_int_equal(slug_check("city", "a", NULL), 0);
    assert_int_equal(slug_check("city", "new-york-2", NULL), 0);
    assert_int_equal(slug_check("city", longest, NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(slug_check("city", bad[i], NULL), -ERR_INVALID_ARGUMENT);
}

static void slug_sentence_names_thing_and_value(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    slug_check("city", "New\x1bYork", &err);
    assert_string_equal(err.text, "city \"New?York\" is not a slug: use 1 to 64 of a-z, 0-9 and "
                                  "single hyphens, none at either end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuid_has_time_version_and_variant),
        cmocka_unit_test(uuids_of_a_millisecond_are_in_order),
        cmocka_unit_test(uuids_are_in_order_when_the_clock_goes_back),
        cmocka_unit_test(uuids_of_threads_differ),
        cmocka_unit_test(random_bytes_fill_all),
        cmocka_unit_test(child_keeps_the_trace),
        cmocka_unit_test(child_keeps_only_the_sampled_flag),
        cmocka_unit_test(invalid_parent_begins_a_new_trace),
        cmocka_unit_test(slugs),
        cmocka_unit_test(slug_sentence_names_thing_and_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
