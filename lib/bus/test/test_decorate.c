/* Decorators round a service in this process that counts what reaches it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "bus/decorate.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/control.pb-c.h>

#define CLOCK_START 1000000000
#define PAUSES_MAX  16

/* What the service saw, and what the retry waited. */
static struct {
    int pings;
    char traceparent[TRACEPARENT_SIZE];
    int64_t deadline_us;
    const char *key;
    int64_t pauses[PAUSES_MAX];
    int pause_count;
    struct clock *clock;
} seen;

static void ping(Ucap__V1__Control_Service *service, const Ucap__V1__PingRequest *request,
                 Ucap__V1__PingReply_Closure closure, void *arg)
{
    Ucap__V1__PingReply reply = UCAP__V1__PING_REPLY__INIT;
    struct call *call = arg;
    char text[16];

    (void)service;
    (void)request;
    seen.pings++;
    memcpy(seen.traceparent, call->traceparent, sizeof(seen.traceparent));
    seen.deadline_us = call->deadline_us;
    seen.key = call->idempotency_key;
    snprintf(text, sizeof(text), "ping %d", seen.pings);
    reply.process = text;
    closure(&reply, call);
}

static void drain(Ucap__V1__Control_Service *service, const Ucap__V1__DrainRequest *request,
                  Ucap__V1__DrainReply_Closure closure, void *arg)
{
    (void)service;
    (void)request;
    (void)closure;
    seen.pings++;
    findings_add(&((struct call *)arg)->violations, "x", "wrong");
    call_failf(arg, ERR_PERMISSION_DENIED, "not you");
}

static Ucap__V1__Control_Service control = {
    .base = {&ucap__v1__control__descriptor, protobuf_c_service_invoke_internal, NULL},
    .ping = ping,
    .drain = drain,
};

static void note_pause(int64_t ms, void *arg)
{
    (void)arg;
    assert_true(seen.pause_count < PAUSES_MAX);
    seen.pauses[seen.pause_count++] = ms;
}

static struct call call;

static int setup(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    seen.clock = clock_fake_create(CLOCK_START);
    call_init(&call);
    call.idempotency_key = "key-1";
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    call_clear(&call);
    clock_destroy(seen.clock);
    log_set_trace(NULL);
    return 0;
}

static int run_ping(ProtobufCService *service)
{
    Ucap__V1__PingRequest request = UCAP__V1__PING_REQUEST__INIT;

    return call_run(service, "Ping", &request.base, &call);
}

/* Runs a ping through retry(fault(control)). */
static int run_faulty(struct fault *faults, unsigned attempts)
{
    const struct retry_policy policy = {attempts, 100, 400, note_pause, NULL};
    ProtobufCService *fault = fault_wrap(&control.base, faults, seen.clock);
    ProtobufCService *retry = retry_wrap(fault, &policy);
    int rc = run_ping(retry);

    protobuf_c_service_destroy(retry);
    protobuf_c_service_destroy(fault);
    return rc;
}

static const char *process_of_reply(void)
{
    assert_non_null(call.reply);
    return ((Ucap__V1__PingReply *)call.reply)->process;
}

/* ---- retry, driven by faults ---- */

static void failures_for_now_are_tried_again(void **state)
{
    struct fault faults[] = {{"Ping", FAULT_FAIL, ERR_UNAVAILABLE, 0, 2},
                             {NULL, FAULT_FAIL, ERR_RESOURCE_EXHAUSTED, 0, 1},
                             {0}};

    (void)state;
    assert_int_equal(run_faulty(faults, 8), 0);
    assert_int_equal(seen.pings, 1);
    assert_int_equal(seen.pause_count, 3);
    assert_int_equal(faults[0].times, 0);
    assert_int_equal(faults[1].times, 0);
    assert_string_equal(seen.key, "key-1");
    assert_string_equal(process_of_reply(), "ping 1");
}

static void pauses_double_with_jitter_up_to_the_longest(void **state)
{
    static const int64_t middle[] = {100, 200, 400, 400, 400};
    bool differ = false;

    (void)state;
    for (int round = 0; round < 50; round++) {
        struct fault faults[] = {{NULL, FAULT_FAIL, ERR_UNAVAILABLE, 0, 5}, {0}};
        seen.pause_count = 0;
        int64_t first = seen.pauses[0];
        assert_int_equal(run_faulty(faults, 6), 0);
        call_clear(&call);
        assert_int_equal(seen.pause_count, 5);
        for (int i = 0; i < 5; i++)
            assert_in_range(seen.pauses[i], middle[i] * 3 / 4, middle[i] * 5 / 4);
        differ = differ || (round > 0 && first != seen.pauses[0]);
    }
    assert_true(differ);
}

static void attempts_are_bounded(void **state)
{
    struct fault faults[] = {{NULL, FAULT_FAIL, ERR_UNAVAILABLE, 0, 99}, {0}};

    (void)state;
    assert_int_equal(run_faulty(faults, 4), -ERR_UNAVAILABLE);
    assert_int_equal(faults[0].times, 95);
    assert_int_equal(seen.pause_count, 3);
    assert_int_equal(seen.pings, 0);
}

static void failures_for_good_are_not_tried_again(void **state)
{
    static const enum err_code codes[] = {ERR_INVALID_ARGUMENT, ERR_NOT_FOUND,
                                          ERR_ABORTED,          ERR_DEADLINE_EXCEEDED,
                                          ERR_INTERNAL,         ERR_UNAUTHENTICATED};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct fault faults[] = {{NULL, FAULT_FAIL, codes[i], 0, 1}, {0}};
        assert_int_equal(run_faulty(faults, 8), -(int)codes[i]);
        call_clear(&call);
    }
    assert_int_equal(seen.pause_count, 0);
    assert_int_equal(seen.pings, 0);
}

static void call_without_key_is_not_tried_again(void **state)
{
    struct fault faults[] = {{NULL, FAULT_FAIL, ERR_UNAVAILABLE, 0, 1}, {0}};

    (void)state;
    call.idempotency_key = NULL;
    assert_int_equal(run_faulty(faults, 8), -ERR_UNAVAILABLE);
    assert_int_equal(seen.pause_count, 0);
}

static void no_try_after_the_deadline(void **state)
{
    struct fault faults[] = {{NULL, FAULT_FAIL, ERR_UNAVAILABLE, 0, 1}, {0}};

    (void)state;
    call.deadline_us = clock_mono_us(clock_system()) + 20000; /* the pause would take 75 ms */
    assert_int_equal(run_faulty(faults, 8), -ERR_UNAVAILABLE);
    assert_int_equal(seen.pause_count, 0);
    call_clear(&call);
    faults[0].times = 1;
    call.deadline_us = clock_mono_us(clock_system()) + 60000000;
    assert_int_equal(run_faulty(faults, 8), 0);
    assert_int_equal(seen.pause_count, 1);
}

static void never_means_once(void **state)
{
    struct fault faults[] = {{NULL, FAULT_FAIL, ERR_UNAVAILABLE, 0, 1}, {0}};
    ProtobufCService *fault = fault_wrap(&control.base, faults, seen.clock);
    ProtobufCService *retry = retry_wrap(fault, &retry_never);

    (void)state;
    assert_int_equal(run_ping(retry), -ERR_UNAVAILABLE);
    protobuf_c_service_destroy(retry);
    protobuf_c_service_destroy(fault);
}

static void system_clock_pause_works(void **state)
{
    struct fault faults[] = {{NULL, FAULT_FAIL, ERR_UNAVAILABLE, 0, 2}, {0}};
    const struct retry_policy quick = {3, 1, 1, NULL, NULL};
    ProtobufCService *fault = fault_wrap(&control.base, faults, seen.clock);
    ProtobufCService *retry = retry_wrap(fault, &quick);

    (void)state;
    assert_int_equal(run_ping(retry), 0);
    protobuf_c_service_destroy(retry);
    protobuf_c_service_destroy(fault);
}

/* ---- faults ---- */

static void lost_reply_was_done_and_is_done_again(void **state)
{
    struct fault faults[] = {{NULL, FAULT_LOSE_REPLY, ERR_UNAVAILABLE, 0, 1}, {0}};

    (void)state;
    assert_int_equal(run_faulty(faults, 2), 0);
    assert_int_equal(seen.pings, 2);
    assert_string_equal(process_of_reply(), "ping 2");
}

static void twice_gives_the_second_answer(void **state)
{
    struct fault faults[] = {{NULL, FAULT_TWICE, ERR_OK, 0, 1}, {0}};

    (void)state;
    assert_int_equal(run_faulty(faults, 1), 0);
    assert_int_equal(seen.pings, 2);
    assert_string_equal(process_of_reply(), "ping 2");
}

static void delay_moves_the_fake_clock(void **state)
{
    struct fault faults[] = {{NULL, FAULT_DELAY, ERR_OK, 1500, 1}, {0}};

    (void)state;
    assert_int_equal(run_faulty(faults, 1), 0);
    assert_int_equal(clock_mono_us(seen.clock), 1500);
}

static void fault_of_another_method_does_not_act(void **state)
{
    struct fault faults[] = {{"Drain", FAULT_FAIL, ERR_INTERNAL, 0, 1}, {0}};

    (void)state;
    assert_int_equal(run_faulty(faults, 1), 0);
    assert_int_equal(faults[0].times, 1);
}

/* ---- deadline ---- */

static void call_without_deadline_gets_one(void **state)
{
    ProtobufCService *deadline = deadline_wrap(&control.base, seen.clock, 5000);

    (void)state;
    clock_fake_advance(seen.clock, 7);
    assert_int_equal(run_ping(deadline), 0);
    assert_int_equal(seen.deadline_us, 5000007);
    call_clear(&call);
    clock_fake_advance(seen.clock, 4999999);
    assert_int_equal(run_ping(deadline), 0); /* another try: the same deadline */
    assert_int_equal(seen.deadline_us, 5000007);
    call_clear(&call);
    clock_fake_advance(seen.clock, 1);
    assert_int_equal(run_ping(deadline), -ERR_DEADLINE_EXCEEDED);
    assert_int_equal(seen.pings, 2);
    protobuf_c_service_destroy(deadline);
}

static void delay_meets_the_deadline(void **state)
{
    struct fault faults[] = {{NULL, FAULT_DELAY, ERR_OK, 6000000, 1}, {0}};
    ProtobufCService *deadline = deadline_wrap(&control.base, seen.clock, 5000);
    ProtobufCService *fault = fault_wrap(deadline, faults, seen.clock);

    (void)state;
    call.deadline_us = 5000000;
    assert_int_equal(run_ping(fault), -ERR_DEADLINE_EXCEEDED);
    assert_int_equal(seen.pings, 0);
    protobuf_c_service_destroy(fault);
    protobuf_c_service_destroy(deadline);
}

/* ---- trace ---- */

static void call_is_a_span_of_the_threads_trace(void **state)
{
    static const char id[] = "4bf92f3577b34da6a3ce929d0e0e4736";
    ProtobufCService *traced = trace_wrap(&control.base);
    char first[TRACEPARENT_SIZE];

    (void)state;
    log_set_trace(id);
    assert_int_equal(run_ping(traced), 0);
    assert_memory_equal(seen.traceparent + 3, id, 32);
    memcpy(first, seen.traceparent, sizeof(first));
    call_clear(&call);
    assert_int_equal(run_ping(traced), 0); /* another try: same trace, another span */
    assert_memory_equal(seen.traceparent + 3, id, 32);
    assert_string_not_equal(seen.traceparent, first);
    protobuf_c_service_destroy(traced);
}

static void call_outside_of_traces_begins_one(void **state)
{
    ProtobufCService *traced = trace_wrap(&control.base);
    char first[TRACEPARENT_SIZE];

    (void)state;
    assert_int_equal(run_ping(traced), 0);
    assert_int_equal(strlen(seen.traceparent), TRACEPARENT_SIZE - 1);
    memcpy(first, seen.traceparent, sizeof(first));
    call_clear(&call);
    call.traceparent[0] = '\0';
    assert_int_equal(run_ping(traced), 0);
    assert_memory_not_equal(seen.traceparent + 3, first + 3, 32);
    protobuf_c_service_destroy(traced);
}

static void failures_pass_all_decorators_whole(void **state)
{
    Ucap__V1__DrainRequest request = UCAP__V1__DRAIN_REQUEST__INIT;
    ProtobufCService *traced = trace_wrap(&control.base);
    ProtobufCService *deadline = deadline_wrap(traced, seen.clock, 1000);
    ProtobufCService *retry = retry_wrap(deadline, &retry_patient);

    (void)state;
    assert_int_equal(call_run(retry, "Drain", &request.base, &call), -ERR_PERMISSION_DENIED);
    assert_string_equal(call.err.text, "not you");
    assert_int_equal(call.violations.count, 1);
    assert_int_equal(seen.pings, 1);
    call_clear(&call);
    Ucap__V1__GetStatsRequest stats = UCAP__V1__GET_STATS_REQUEST__INIT;
    assert_int_equal(call_run(retry, "GetStats", &stats.base, &call), -ERR_UNIMPLEMENTED);
    protobuf_c_service_destroy(retry);
    protobuf_c_service_destroy(deadline);
    protobuf_c_service_destroy(traced);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(failures_for_now_are_tried_again),
        TEST(pauses_double_with_jitter_up_to_the_longest),
        TEST(attempts_are_bounded),
        TEST(failures_for_good_are_not_tried_again),
        TEST(call_without_key_is_not_tried_again),
        TEST(no_try_after_the_deadline),
        TEST(never_means_once),
        TEST(system_clock_pause_works),
        TEST(lost_reply_was_done_and_is_done_again),
        TEST(twice_gives_the_second_answer),
        TEST(delay_moves_the_fake_clock),
        TEST(fault_of_another_method_does_not_act),
        TEST(call_without_deadline_gets_one),
        TEST(delay_meets_the_deadline),
        TEST(call_is_a_span_of_the_threads_trace),
        TEST(call_outside_of_traces_begins_one),
        TEST(failures_pass_all_decorators_whole),
    };
    return cmocka_run_group_tests_name("bus_decorate", tests, NULL, NULL);
}
