/* The numbered rules of Majordomo (ZeroMQ RFC 7, 18 and 8), with raw sockets against the real
 * process. What needs exact time stands beside the broker, in services/gateway/test/test_rules.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_MS 400
#define BEATS_MS     (2 * HEARTBEAT_MS) /* long enough for a heartbeat to have come */

static int begin(void **state)
{
    static const char *const more[] = {"--plain-service", "echo=viewer,other=viewer",
                                       "--refuse-chosen-ids", "false", NULL};

    *state = wire_begin(more);
    return 0;
}

static int end(void **state)
{
    wire_end(*state);
    return 0;
}

static void rule_01_the_sockets_are_routers(void **state)
{
    void *client = wire_dealer(*state, VIEWER);
    struct frames got;

    wire_say(client, "MDPC02", "\x01", "mmi.x", NULL);
    assert_int_equal(frames_recv(client, 0, &got), 0);
    assert_string_equal(zmq_msg_gets(&got.list[0], "Socket-Type"), "ROUTER");
    frames_clear(&got);
}

static void rule_02_one_final_and_nothing_after(void **state)
{
    void *worker = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_ask(client, REGISTRY, "r1", 0);
    wire_take_request(worker, &request);
    wire_answer(worker, &request, "\x03", "half", "", NULL);
    wire_answer(worker, &request, "\x04", "header", "whole", NULL);
    wire_answer(worker, &request, "\x03", "late", "", NULL);
    wire_answer(worker, &request, "\x04", "header", "late", NULL);
    wire_expect(client, "MDPC02", "\x02", REGISTRY, "half", "", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "whole", NULL);
    wire_ask(client, REGISTRY, "r2", 0); /* goes to the worker after all that it said */
    frames_clear(&request);
    wire_take_request(worker, &request);
    wire_fence(client);
    frames_clear(&request);
}

static void rule_03_second_ready_gets_disconnect_and_nothing_after(void **state)
{
    void *worker = wire_worker(*state, "echo", NULL);

    wire_say(worker, "MDPW02", "\x01", "echo", NULL);
    wire_expect(worker, "MDPW02", "\x06", NULL);
    wire_say(worker, "MDPW02", "\x01", "echo", NULL);
    wire_say(worker, "MDPW02", "\x05", NULL);
    wire_expect_nothing(worker, BEATS_MS);
}

static void rule_03_a_command_before_ready_gets_disconnect(void **state)
{
    void *second = wire_dealer(*state, REGISTRAR);
    void *first = wire_dealer(*state, REGISTRAR);

    wire_say(second, "MDPW02", "\x05", NULL);
    wire_expect(second, "MDPW02", "\x06", NULL);
    wire_say(first, "", "MDPW01", "\x03", "address", "", "body", NULL);
    wire_expect(first, "", "MDPW01", "\x05", NULL);
    wire_expect_nothing(first, 100);
}

static void rule_04_nothing_after_the_workers_disconnect(void **state)
{
    void *worker = wire_worker(*state, "echo", NULL);
    void *client = wire_dealer(*state, VIEWER);

    wire_say(worker, "MDPW02", "\x06", NULL);
    wire_say(worker, "MDPW02", "\x05", NULL);
    wire_say(client, "MDPC02", "\x01", "echo", "hello", NULL);
    wire_fence(client);
    wire_expect_nothing(worker, BEATS_MS);
}

static void rule_05_the_worker_comes_back_on_a_new_socket(void **state)
{
    void *old = wire_worker(*state, REGISTRY, "1");

    wire_say(old, "MDPW02", "\x01", REGISTRY, NULL);
    wire_expect(old, "MDPW02", "\x06", NULL);
    wire_close(*state, old);
    void *fresh = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;
    wire_ask(client, REGISTRY, "r1", 0);
    wire_take_request(fresh, &request);
    wire_answer(fresh, &request, "\x04", "header", "answer", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    frames_clear(&request);
}

static void rule_06_a_second_final_is_counted_and_dropped(void **state)
{
    void *worker = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    int64_t before = wire_counter(*state, "dropped_stray");
    struct frames request;

    wire_ask(client, REGISTRY, "r1", 0);
    wire_take_request(worker, &request);
    wire_answer(worker, &request, "\x04", "header", "first", NULL);
    wire_answer(worker, &request, "\x04", "header", "second", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "first", NULL);
    wire_ask(client, REGISTRY, "r2", 0);
    frames_clear(&request);
    wire_take_request(worker, &request);
    wire_fence(client);
    assert_int_equal(wire_counter(*state, "dropped_stray"), before + 1);
    frames_clear(&request);
}

static void rule_07_one_address_then_an_empty_frame(void **state)
{
    void *worker = wire_worker(*state, "echo", NULL);
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_say(client, "MDPC02", "\x01", "echo", "one", "", "three", NULL);
    wire_take_request(worker, &request);
    assert_int_equal(request.count, 7);
    assert_true(frames_equal(&request, 4, "one", 3));
    assert_true(frames_equal(&request, 6, "three", 5));
    wire_say(worker, "MDPW02", "\x04", "sixteen bytes...", "no empty frame", NULL);
    wire_expect(worker, "MDPW02", "\x06", NULL);
    wire_fence(client);
    frames_clear(&request);
}

static void rule_08_the_gateway_heartbeats(void **state)
{
    void *worker = wire_worker(*state, "echo", NULL);
    struct frames got;

    assert_int_equal(frames_recv(worker, 0, &got), 0);
    assert_int_equal(got.count, 2);
    assert_true(frames_equal(&got, 1, "\x05", 1));
    frames_clear(&got);
}

static void rule_08_a_silent_worker_is_gone_within_2_s(void **state)
{
    void *worker = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_ask(client, REGISTRY, "r1", 30000);
    wire_take_request(worker, &request);
    frames_clear(&request);
    int64_t from_us = clock_mono_us(clock_system());
    wire_expect_status(client, "r1", ERR_UNAVAILABLE, "is gone");
    int64_t took_ms = (clock_mono_us(clock_system()) - from_us) / 1000;
    assert_in_range(took_ms, 2 * HEARTBEAT_MS, 2000);
}

static void rule_08_a_closed_worker_is_gone_with_the_next_heartbeat(void **state)
{
    void *worker = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_ask(client, REGISTRY, "r1", 30000);
    wire_take_request(worker, &request);
    frames_clear(&request);
    wire_close(*state, worker);
    int64_t from_us = clock_mono_us(clock_system());
    wire_expect_status(client, "r1", ERR_UNAVAILABLE, "is gone");
    assert_in_range((clock_mono_us(clock_system()) - from_us) / 1000, 0, 3 * HEARTBEAT_MS);
}

static void rule_09_each_connection_is_one_worker(void **state)
{
    void *one = wire_worker(*state, REGISTRY, "1");
    void *two = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    struct frames first, second;

    wire_ask(client, REGISTRY, "r1", 0);
    wire_ask(client, REGISTRY, "r2", 0);
    wire_take_request(one, &first);
    wire_take_request(two, &second);
    wire_answer(two, &second, "\x04", "two", "", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "two", "", NULL);
    wire_answer(one, &first, "\x04", "one", "", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "one", "", NULL);
    frames_clear(&first);
    frames_clear(&second);
}

static void rule_10_mmi(void **state)
{
    struct wire *wire = *state;
    void *client = wire_connect(wire, ZMQ_REQ, VIEWER, wire->requests);

    wire_worker(wire, "echo", NULL);
    wire_say(client, "MDPC01", "mmi.service", "echo", NULL);
    wire_expect(client, "MDPC01", "mmi.service", "200", NULL);
    wire_say(client, "MDPC01", "mmi.service", "nobody", NULL);
    wire_expect(client, "MDPC01", "mmi.service", "404", NULL);
    wire_say(client, "MDPC01", "mmi.other", "echo", NULL);
    wire_expect(client, "MDPC01", "mmi.other", "501", NULL);
}

/* A client's id that looks like a question to the broker changes nothing. */
static void rule_10_mmi_is_told_by_the_service_name(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, "echo", NULL);
    void *client = wire_socket(wire, ZMQ_DEALER, VIEWER);
    struct frames request;

    zmq_setsockopt(client, ZMQ_ROUTING_ID, "mmi.service", 11);
    assert_int_equal(zmq_connect(client, wire->requests), 0);
    wire_say(client, "MDPC02", "\x01", "echo", "hello", NULL);
    wire_take_request(worker, &request);
    wire_answer(worker, &request, "\x04", "hello back", NULL);
    wire_expect(client, "MDPC02", "\x03", "echo", "hello back", NULL);
    frames_clear(&request);
}

static void rule_10_nobody_registers_mmi(void **state)
{
    void *worker = wire_dealer(*state, REGISTRAR);

    wire_say(worker, "MDPW02", "\x01", "mmi.service", NULL);
    wire_expect(worker, "MDPW02", "\x06", NULL);
}

static void rule_10_requests_wait_for_their_service(void **state)
{
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_say(client, "MDPC02", "\x01", "other", "early", NULL);
    wire_fence(client);
    void *worker = wire_worker(*state, "other", NULL);
    wire_take_request(worker, &request);
    assert_true(frames_equal(&request, 4, "early", 5));
    frames_clear(&request);
}

static void rule_10_clients_are_served_in_turn(void **state)
{
    void *worker = wire_worker(*state, REGISTRY, "1");
    void *greedy = wire_dealer(*state, VIEWER);
    void *modest = wire_dealer(*state, VIEWER);
    struct frames request;

    for (int i = 0; i < 50; i++)
        wire_ask(greedy, REGISTRY, "greedy", 0);
    wire_fence(greedy);
    wire_ask(modest, REGISTRY, "modest", 0);
    wire_fence(modest);
    for (int i = 0; i < 3; i++) {
        wire_take_request(worker, &request);
        wire_answer(worker, &request, "\x04", "header", "answer", NULL);
        frames_clear(&request);
    }
    wire_expect(modest, "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
}

static void all_four_forms_of_client_and_worker_meet(void **state)
{
    struct wire *wire = *state;
    void *first = wire_dealer(wire, VIEWER);
    void *second = wire_dealer(wire, VIEWER);
    void *worker = wire_dealer(wire, REGISTRAR);
    struct frames got;

    wire_say(worker, "", "MDPW01", "\x01", "echo", NULL);
    for (int i = 0; i < 4; i++) {
        void *client = i % 2 ? first : second;
        if (i < 2)
            wire_say(client, "", "MDPC02", "\x01", "echo", "hello", NULL);
        else
            wire_say(client, "MDPC01", "echo", "hello", NULL);
        do {
            assert_int_equal(frames_recv(worker, 0, &got), 0);
            if (got.count == 3)
                frames_clear(&got); /* a heartbeat */
        } while (got.count == 0);
        assert_int_equal(got.count, 6);
        struct frames reply = {.count = 0};
        frames_add(&reply, NULL, 0);
        frames_add_text(&reply, "MDPW01");
        frames_add_text(&reply, "\x03");
        for (size_t j = 3; j < 6; j++)
            frames_take(&reply, &got.list[j]);
        frames_clear(&got);
        assert_int_equal(frames_send(worker, 0, &reply), 0);
        if (i < 2)
            wire_expect(client, "", "MDPC02", "\x03", "echo", "hello", NULL);
        else
            wire_expect(client, "MDPC01", "echo", "hello", NULL);
    }
}

/* Its thread may be deep in a query; its process's Control connection says that it lives. */
static void a_busy_worker_lives_by_its_instance(void **state)
{
    void *control = wire_worker(*state, "ucap.v1.Control@registry-1", "1");
    void *busy = wire_dealer(*state, REGISTRAR);
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_say(busy, "MDPW02", "\x01", REGISTRY, "1", "registry-1", NULL);
    wire_ask(client, REGISTRY, "r1", 30000);
    wire_take_request(busy, &request);
    for (int i = 0; i < 12; i++) {
        wire_say(control, "MDPW02", "\x05", NULL);
        wire_expect_nothing(client, HEARTBEAT_MS / 2);
    }
    wire_answer(busy, &request, "\x04", "header", "at last", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "at last", NULL);
    frames_clear(&request);
}

/* Each has a gateway of its own, so that none meets what another left. */
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rule_01_the_sockets_are_routers),
        CASE(rule_02_one_final_and_nothing_after),
        CASE(rule_03_second_ready_gets_disconnect_and_nothing_after),
        CASE(rule_03_a_command_before_ready_gets_disconnect),
        CASE(rule_04_nothing_after_the_workers_disconnect),
        CASE(rule_05_the_worker_comes_back_on_a_new_socket),
        CASE(rule_06_a_second_final_is_counted_and_dropped),
        CASE(rule_07_one_address_then_an_empty_frame),
        CASE(rule_08_the_gateway_heartbeats),
        CASE(rule_08_a_silent_worker_is_gone_within_2_s),
        CASE(rule_08_a_closed_worker_is_gone_with_the_next_heartbeat),
        CASE(rule_09_each_connection_is_one_worker),
        CASE(rule_10_mmi),
        CASE(rule_10_mmi_is_told_by_the_service_name),
        CASE(rule_10_nobody_registers_mmi),
        CASE(rule_10_requests_wait_for_their_service),
        CASE(rule_10_clients_are_served_in_turn),
        CASE(all_four_forms_of_client_and_worker_meet),
        CASE(a_busy_worker_lives_by_its_instance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
