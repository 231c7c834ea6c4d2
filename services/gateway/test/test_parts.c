/* The small parts: the map, the timers, the settings and the counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counters.h"
#include "map.h"
#include "settings.h"
#include "timers.h"

#include <stdlib.h>
#include <string.h>

struct thing {
    struct map_node node;
    struct timer timer;
    uint32_t key;
};

#define THINGS 5000

static struct thing *make_things(void)
{
    struct thing *things = calloc(THINGS, sizeof(*things));

    assert_non_null(things);
    for (uint32_t i = 0; i < THINGS; i++)
        things[i].key = i;
    return things;
}

static void the_map_finds_what_is_in_it(void **state)
{
    struct thing *things = make_things();
    struct map map;
    (void)state;

    assert_int_equal(map_init(&map), 0);
    for (size_t i = 0; i < THINGS; i++)
        map_add(&map, &things[i].node, &things[i].key, sizeof(things[i].key));
    assert_int_equal(map.count, THINGS);
    for (size_t i = 0; i < THINGS; i += 2)
        map_remove(&map, &things[i].node);
    for (uint32_t i = 0; i < THINGS; i++) {
        struct map_node *found = map_find(&map, &i, sizeof(i));
        assert_ptr_equal(found, i % 2 ? &things[i].node : NULL);
    }
    assert_int_equal(map.count, THINGS / 2);
    assert_null(map_find(&map, "", 0));
    map_free(&map);
    free(things);
}

/* The published test vector of SipHash has 2 and 4 rounds; ours has 1 and 3: what counts is that no
 * key of any length collides by construction. */
static void keys_of_all_lengths_differ(void **state)
{
    static const char zeros[64];
    struct map_node nodes[64];
    struct map map;
    (void)state;

    assert_int_equal(map_init(&map), 0);
    for (size_t i = 0; i < 64; i++) {
        assert_null(map_find(&map, zeros, i));
        map_add(&map, &nodes[i], zeros, i);
    }
    for (size_t i = 0; i < 64; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(nodes[i].hash != nodes[j].hash);
    map_free(&map);
}

static void timers_come_in_order(void **state)
{
    struct thing *things = make_things();
    struct timers timers = {0};
    int64_t before_us = 0;
    size_t seen = 0;
    (void)state;

    for (size_t i = 0; i < THINGS; i++) {
        assert_int_equal(timers_reserve(&timers), 0);
        timers_set(&timers, &things[i].timer, (int64_t)(i * 7919 % THINGS));
    }
    for (size_t i = 0; i < THINGS; i += 3)
        timers_clear(&timers, &things[i].timer);
    for (size_t i = 1; i < THINGS; i += 3)
        timers_set(&timers, &things[i].timer, (int64_t)(i * 104729 % THINGS));
    for (struct timer *timer; (timer = timers_first(&timers)); seen++) {
        assert_true(timer->due_us >= before_us);
        before_us = timer->due_us;
        timers_clear(&timers, timer);
        timers_clear(&timers, timer);
    }
    assert_int_equal(seen, THINGS - (THINGS + 2) / 3);
    timers_free(&timers);
    free(things);
}

static void plain_services_are_cut_from_their_list(void **state)
{
    struct plain_rule *rules = NULL;
    size_t rule_count = 0;
    struct err err = ERR_INIT;
    (void)state;

    assert_int_equal(plain_rules_parse("echo=viewer, files=service", &rules, &rule_count, &err), 0);
    assert_int_equal(rule_count, 2);
    assert_string_equal(rules[1].service, "files");
    assert_int_equal(rules[1].role, UCAP__V1__ROLE__VALUE__ROLE_SERVICE);
    plain_rules_free(rules, rule_count);
    assert_int_equal(plain_rules_parse("", &rules, &rule_count, &err), 0);
    assert_int_equal(rule_count, 0);
    plain_rules_free(rules, rule_count);
}

static void wrong_plain_services_are_named(void **state)
{
    static const char *const wrong[] = {"echo", "echo=", "=viewer", "echo=boss", "mmi.x=viewer"};
    struct plain_rule *rules = NULL;
    size_t rule_count = 0;
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err err = ERR_INIT;
        assert_true(plain_rules_parse(wrong[i], &rules, &rule_count, &err) < 0);
        assert_non_null(strstr(err.text, wrong[i]));
    }
    assert_null(rules);
}

static void each_setting_and_counter_has_its_sentence(void **state)
{
    (void)state;

    for (const struct setting *row = gateway_settings_table; row->name; row++)
        assert_true(strlen(row->help) > 5);
    for (int i = 0; i < COUNTERS; i++) {
        assert_non_null(gateway_counters[i].name);
        assert_true(strlen(gateway_counters[i].help) > 5);
    }
    assert_null(gateway_counters[COUNTERS].name);
}

static void the_defaults_are_valid_limits(void **state)
{
    struct gateway_settings settings = {0};
    const struct settings_part parts[] = {{gateway_settings_table, &settings}, {0}};
    char *argv[] = {(char *)"ucap-gateway", NULL};
    enum settings_result result;
    struct err err = ERR_INIT;
    (void)state;

    assert_int_equal(settings_load("ucap-gateway", "test", parts, 1, argv, &result, &err), 0);
    struct broker_limits limits = gateway_broker_limits(&settings, 400);
    assert_int_equal(limits.heartbeat_us, 400000);
    assert_int_equal(limits.default_timeout_us, 10000000);
    assert_int_equal(limits.service_wait_us, 2000000);
    assert_true(limits.in_flight < limits.queue);
    assert_int_equal(settings.handshake_ms, 2000);
    assert_string_equal(settings.requests, "tcp://127.0.0.1:7110");
    settings_free(parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_finds_what_is_in_it),
        cmocka_unit_test(keys_of_all_lengths_differ),
        cmocka_unit_test(timers_come_in_order),
        cmocka_unit_test(plain_services_are_cut_from_their_list),
        cmocka_unit_test(wrong_plain_services_are_named),
        cmocka_unit_test(each_setting_and_counter_has_its_sentence),
        cmocka_unit_test(the_defaults_are_valid_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
