/* A worker against a scripted gateway, frame by frame (MDP/0.2 and docs/protocol.md). Time is
 * stepped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus/worker.h"
#include "fake_gateway.h"

#include <string.h>

#define HEARTBEAT 400000
#define START     1000000

enum { READY = 1, REQUEST, PARTIAL, FINAL, BEAT, DISCONNECT };

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct test {
    struct fake_gateway gateway;
    struct worker *worker;
    struct frames peer; /* the last message of the worker: frame 0 is its routing id */
};

static void expect(struct test *test, char command, const char *const *more)
{
    frames_clear(&test->peer);
    fake_gateway_expect(&test->gateway, &test->peer, command, more);
}

static void expect_ready(struct test *test)
{
    expect(test, READY, TEXTS("ucap.v1.Registry", "2", "registry-1"));
}

static void setup(struct test *test)
{
    struct worker_config config = {
        .endpoint = test->gateway.endpoint,
        .name = "ucap.v1.Registry",
        .instance = "registry-1",
        .credit = 2,
        .heartbeat_us = HEARTBEAT,
    };
    struct err err = ERR_INIT;

    memset(test, 0, sizeof(*test));
    fake_gateway_open(&test->gateway, NULL);
    assert_int_equal(worker_create(test->gateway.zmq, &config, START, &test->worker, &err), 0);
    expect_ready(test);
}

static void teardown(struct test *test)
{
    frames_clear(&test->peer);
    worker_destroy(test->worker);
    fake_gateway_close(&test->gateway);
}

/* What the gateway has sent is on its way: waits until it is there. */
static void wait_input(struct test *test)
{
    zmq_pollitem_t item = {.socket = worker_socket(test->worker), .events = ZMQ_POLLIN};

    assert_int_equal(zmq_poll(&item, 1, FAKE_WAIT_MS), 1);
}

static void send_to_worker(struct test *test, char command, const char *const *more)
{
    fake_gateway_send(&test->gateway, &test->peer, command, more);
}

/* Lets the worker read a command that is no request. */
static void feed(struct test *test, char command, const char *const *more, int64_t now_us)
{
    struct frames frames;
    struct mdp_message message;

    send_to_worker(test, command, more);
    wait_input(test);
    assert_false(worker_recv(test->worker, now_us, &frames, &message));
}

static void feed_request(struct test *test, const char *token, int64_t now_us)
{
    struct frames frames;
    struct mdp_message message;

    send_to_worker(test, REQUEST, TEXTS(token, "", "caller", "header", "message"));
    wait_input(test);
    assert_true(worker_recv(test->worker, now_us, &frames, &message));
    assert_int_equal(message.command, MDP_REQUEST);
    assert_true(frames_equal(&frames, message.address, token, strlen(token)));
    assert_true(frames_equal(&frames, message.body, "caller", 6));
    frames_clear(&frames);
}

static void answer(struct test *test, unsigned generation, enum mdp_command command,
                   const char *token, int64_t now_us)
{
    struct frames body = {.count = 0};

    frames_add_text(&body, "h");
    frames_add_text(&body, "m");
    worker_reply(test->worker, generation, command, token, strlen(token), &body, now_us);
    assert_int_equal(body.count, 0);
}

static void ready_names_service_credit_and_instance(void **state)
{
    struct test test;

    (void)state;
    setup(&test); /* checks it */
    assert_true(fake_gateway_is_quiet(&test.gateway));
    teardown(&test);
}

static void an_endpoint_that_is_none_is_refused(void **state)
{
    struct worker_config config = {
        .endpoint = "tcp:/here", .name = "a", .instance = "b", .credit = 1, .heartbeat_us = 1};
    struct worker *worker = NULL;
    struct err err = ERR_INIT;
    void *zmq = zmq_ctx_new();

    (void)state;
    assert_int_equal(worker_create(zmq, &config, 0, &worker, &err), -ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "\"tcp:/here\""));
    assert_null(worker);
    zmq_ctx_term(zmq);
}

static void answers_with_token_and_empty_frame(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    feed_request(&test, "token-1", START);
    unsigned generation = worker_generation(test.worker);
    answer(&test, generation, MDP_PARTIAL, "token-1", START);
    expect(&test, PARTIAL, TEXTS("token-1", "", "h", "m"));
    answer(&test, generation, MDP_FINAL, "token-1", START);
    expect(&test, FINAL, TEXTS("token-1", "", "h", "m"));
    teardown(&test);
}

static void an_idle_worker_heartbeats(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    assert_int_equal(worker_tick(test.worker, START), START + HEARTBEAT);
    worker_tick(test.worker, START + HEARTBEAT - 1);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    worker_tick(test.worker, START + HEARTBEAT);
    expect(&test, BEAT, NULL);
    teardown(&test);
}

static void an_answer_counts_as_heartbeat(void **state)
{
    struct test test;
    int64_t late = START + HEARTBEAT - 1;

    (void)state;
    setup(&test);
    feed_request(&test, "t", late);
    answer(&test, worker_generation(test.worker), MDP_FINAL, "t", late);
    expect(&test, FINAL, TEXTS("t", "", "h", "m"));
    worker_tick(test.worker, START + HEARTBEAT);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    worker_tick(test.worker, late + HEARTBEAT);
    expect(&test, BEAT, NULL);
    teardown(&test);
}

static void takes_no_more_than_its_credit(void **state)
{
    struct test test;
    struct frames frames;
    struct mdp_message message;

    (void)state;
    setup(&test);
    feed_request(&test, "1", START);
    feed_request(&test, "2", START);
    send_to_worker(&test, REQUEST, TEXTS("3", "", "c", "h", "m"));
    wait_input(&test);
    assert_false(worker_recv(test.worker, START, &frames, &message));
    answer(&test, worker_generation(test.worker), MDP_FINAL, "1", START);
    assert_true(worker_recv(test.worker, START, &frames, &message));
    frames_clear(&frames);
    teardown(&test);
}

static void a_silent_gateway_gets_a_new_connection(void **state)
{
    struct test test;
    struct frames old = {.count = 0};

    (void)state;
    setup(&test);
    feed(&test, BEAT, NULL, START + 1);
    frames_add(&old, frames_data(&test.peer, 0), frames_size(&test.peer, 0));
    worker_tick(test.worker, START + 4 * HEARTBEAT);
    expect(&test, BEAT, NULL); /* not silent yet */
    worker_tick(test.worker, START + 1 + 4 * HEARTBEAT);
    expect_ready(&test);
    assert_false(frames_equal(&test.peer, 0, frames_data(&old, 0), frames_size(&old, 0)));
    frames_clear(&old);
    teardown(&test);
}

static void absence_of_the_thread_is_not_silence(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    worker_resume(test.worker, START + 9 * HEARTBEAT);
    worker_tick(test.worker, START + 9 * HEARTBEAT);
    expect(&test, BEAT, NULL);
    teardown(&test);
}

/* With two gateways a thread may handle the requests of one for long while it holds as many of the
 * other as it may. */
static void a_gateway_is_not_silent_while_nobody_reads(void **state)
{
    struct test test;
    struct frames frames;
    struct mdp_message message;
    int64_t now = START;

    (void)state;
    setup(&test);
    unsigned generation = worker_generation(test.worker);
    feed_request(&test, "one", now);
    feed_request(&test, "two", now);
    for (int i = 0; i < 8; i++) {
        now += HEARTBEAT;
        send_to_worker(&test, BEAT, NULL);
        assert_false(worker_recv(test.worker, now, &frames, &message));
        worker_tick(test.worker, now);
        assert_true(worker_is_connected(test.worker, generation));
    }
    answer(&test, generation, MDP_FINAL, "one", now);
    assert_false(worker_recv(test.worker, now, &frames, &message));
    worker_tick(test.worker, now + 4 * HEARTBEAT);
    assert_false(worker_is_connected(test.worker, generation)); /* silent since it was read */
    teardown(&test);
}

static void after_disconnect_comes_a_new_socket_and_nothing_on_the_old(void **state)
{
    struct test test;
    unsigned generation;

    (void)state;
    setup(&test);
    feed_request(&test, "t", START);
    generation = worker_generation(test.worker);
    feed(&test, DISCONNECT, NULL, START);
    assert_null(worker_socket(test.worker));
    answer(&test, generation, MDP_FINAL, "t", START); /* lost with its connection */
    assert_int_equal(worker_tick(test.worker, START + 1), START + 100000);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    worker_tick(test.worker, START + 100000);
    expect_ready(&test);
    answer(&test, generation, MDP_FINAL, "t", START + 100000);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    teardown(&test);
}

static void the_back_off_doubles_until_the_gateway_is_heard(void **state)
{
    struct test test;
    int64_t now = START;
    int64_t expected[] = {100000, 200000, 400000};

    (void)state;
    setup(&test);
    for (size_t i = 0; i < 3; i++) {
        feed(&test, DISCONNECT, NULL, now);
        assert_int_equal(worker_tick(test.worker, now), now + expected[i]);
        now += expected[i];
        worker_tick(test.worker, now);
        expect_ready(&test);
    }
    feed(&test, BEAT, NULL, now);
    feed(&test, DISCONNECT, NULL, now);
    assert_int_equal(worker_tick(test.worker, now), now + 100000);
    teardown(&test);
}

static void what_is_no_command_is_passed_over(void **state)
{
    struct test test;
    struct frames frames;
    struct mdp_message message;

    (void)state;
    setup(&test);
    feed(&test, 9, NULL, START);
    feed(&test, REQUEST, TEXTS("token", "not empty", "body"), START);
    feed(&test, REQUEST, NULL, START);
    zmq_send(test.gateway.socket, frames_data(&test.peer, 0), frames_size(&test.peer, 0),
             ZMQ_SNDMORE);
    for (int i = 0; i < 3 * FRAMES_MAX; i++) /* more than a message may have */
        zmq_send(test.gateway.socket, "x", 1, ZMQ_SNDMORE);
    zmq_send(test.gateway.socket, "x", 1, 0);
    wait_input(&test);
    assert_false(worker_recv(test.worker, START, &frames, &message));
    feed_request(&test, "good", START);
    teardown(&test);
}

static void drain_answers_then_disconnects(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    feed_request(&test, "held", START);
    worker_drain(test.worker, START);
    expect(&test, BEAT, TEXTS("0"));
    feed(&test, BEAT, TEXTS("0"), START); /* the gateway confirms */
    worker_tick(test.worker, START + 10 * 1000);
    assert_false(worker_ended(test.worker)); /* one is held */
    answer(&test, worker_generation(test.worker), MDP_FINAL, "held", START);
    worker_tick(test.worker, START + 10 * 1000);
    assert_true(worker_ended(test.worker));
    expect(&test, FINAL, TEXTS("held", "", "h", "m"));
    expect(&test, DISCONNECT, NULL);
    worker_tick(test.worker, START + 100 * HEARTBEAT);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    teardown(&test);
}

static void drain_waits_for_quiet_where_nothing_is_confirmed(void **state)
{
    struct test test;
    int64_t late = START + HEARTBEAT - 1000;

    (void)state;
    setup(&test);
    worker_drain(test.worker, START);
    expect(&test, BEAT, TEXTS("0"));
    feed(&test, BEAT, NULL, START); /* sent before it read our credit, perhaps */
    worker_tick(test.worker, START + HEARTBEAT - 1);
    assert_false(worker_ended(test.worker));
    feed_request(&test, "crossed", late);
    answer(&test, worker_generation(test.worker), MDP_FINAL, "crossed", late);
    worker_tick(test.worker, START + HEARTBEAT);
    assert_false(worker_ended(test.worker));
    worker_tick(test.worker, late + HEARTBEAT);
    assert_true(worker_ended(test.worker));
    expect(&test, FINAL, TEXTS("crossed", "", "h", "m"));
    expect(&test, DISCONNECT, NULL);
    teardown(&test);
}

static void drain_ends_when_the_gateway_is_gone(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    feed_request(&test, "held", START);
    worker_drain(test.worker, START);
    worker_tick(test.worker, START + 4 * HEARTBEAT);
    assert_true(worker_ended(test.worker));
    teardown(&test);

    setup(&test);
    feed(&test, DISCONNECT, NULL, START);
    worker_drain(test.worker, START);
    assert_true(worker_ended(test.worker)); /* it was not connected */
    teardown(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_names_service_credit_and_instance),
        cmocka_unit_test(an_endpoint_that_is_none_is_refused),
        cmocka_unit_test(answers_with_token_and_empty_frame),
        cmocka_unit_test(an_idle_worker_heartbeats),
        cmocka_unit_test(an_answer_counts_as_heartbeat),
        cmocka_unit_test(takes_no_more_than_its_credit),
        cmocka_unit_test(a_silent_gateway_gets_a_new_connection),
        cmocka_unit_test(absence_of_the_thread_is_not_silence),
        cmocka_unit_test(a_gateway_is_not_silent_while_nobody_reads),
        cmocka_unit_test(after_disconnect_comes_a_new_socket_and_nothing_on_the_old),
        cmocka_unit_test(the_back_off_doubles_until_the_gateway_is_heard),
        cmocka_unit_test(what_is_no_command_is_passed_over),
        cmocka_unit_test(drain_answers_then_disconnects),
        cmocka_unit_test(drain_waits_for_quiet_where_nothing_is_confirmed),
        cmocka_unit_test(drain_ends_when_the_gateway_is_gone),
    };

    return cmocka_run_group_tests_name("bus_worker", tests, NULL, NULL);
}
