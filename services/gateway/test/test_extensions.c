/* What our broker adds to Majordomo: forms, credit, the caller, draining, tokens, instances,
 * failures that are answers, principals that change, mmi.list. */
#include "rig.h"

#include "bus/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- forms ---- */

static void each_form_is_answered_in_kind(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "a", VIEWER, "", "MDPC01", "mmi.x", NULL);
    rig_expect(rig, "a", "", "MDPC01", "mmi.x", "501", NULL);
    rig_say(rig, "b", VIEWER, "MDPC01", "mmi.x", NULL);
    rig_expect(rig, "b", "MDPC01", "mmi.x", "501", NULL);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.x", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.x", "501", NULL);
    rig_say(rig, "d", VIEWER, "", "MDPC02", "\x01", "mmi.x", NULL);
    rig_expect(rig, "d", "", "MDPC02", "\x03", "mmi.x", "501", NULL);
    rig_end(rig);
}

/* A client and a worker, each of one of four forms. */
struct form {
    const char *client, *worker;
    bool empty;
};

static void say_form(struct rig *rig, const char *peer, enum user user, bool empty,
                     const char *const *parts)
{
    struct frames frames = {.count = 0};

    if (empty)
        frames_add(&frames, NULL, 0);
    for (; *parts; parts++)
        frames_add_text(&frames, *parts);
    rig_say_frames(rig, peer, user, &frames);
}

static void ask_in_form(struct rig *rig, const struct form *form)
{
    const char *first[] = {"MDPC01", "echo", "hello", NULL};
    const char *second[] = {"MDPC02", "\x01", "echo", "hello", NULL};

    say_form(rig, "client", ADMIN, form->empty, form->client[5] == '1' ? first : second);
}

static void register_in_form(struct rig *rig, const struct form *form)
{
    const char *parts[] = {form->worker, "\x01", "echo", NULL};

    say_form(rig, "worker", SERVICE, form->empty, parts);
}

static void answer_in_form(struct rig *rig, const struct form *form)
{
    struct frames *got = rig_take(rig, "worker");
    struct frames reply = {.count = 0};
    size_t head = form->empty ? 1 : 0;

    assert_non_null(got);
    assert_int_equal(got->count, 6 + head);
    if (form->empty)
        frames_add(&reply, NULL, 0);
    frames_add_text(&reply, form->worker);
    frames_add_text(&reply, form->worker[5] == '1' ? "\x03" : "\x04");
    for (size_t i = 3 + head; i < got->count; i++)
        frames_take(&reply, &got->list[i]);
    rig_drop(got);
    rig_say_frames(rig, "worker", SERVICE, &reply);
}

static void clients_and_workers_of_any_form_meet(void **state)
{
    static const struct form forms[] = {{"MDPC01", "MDPW01", true},
                                        {"MDPC01", "MDPW01", false},
                                        {"MDPC02", "MDPW02", true},
                                        {"MDPC02", "MDPW02", false}};
    (void)state;

    for (size_t i = 0; i < 16; i++) {
        const struct form *client = &forms[i / 4];
        struct rig *rig = rig_begin(NULL);
        register_in_form(rig, &forms[i % 4]);
        ask_in_form(rig, client);
        answer_in_form(rig, &forms[i % 4]);
        struct frames *got = rig_take(rig, "client");
        assert_non_null(got);
        size_t at = client->empty ? 2 : 1;
        assert_true(frames_equal(got, at, client->client, 6));
        assert_true(frames_equal(got, got->count - 1, "hello", 5));
        assert_int_equal(got->count, at + (client->client[5] == '1' ? 3 : 4));
        rig_drop(got);
        rig_end(rig);
    }
}

static void a_client_of_0_1_gets_no_partials(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "client", ADMIN, "", "MDPC01", "echo", "hello", NULL);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_answer(rig, "worker", token, "\x03", "half", "x");
    rig_answer(rig, "worker", token, "\x04", "whole", "x");
    rig_expect(rig, "client", "", "MDPC01", "echo", "whole", "x", NULL);
    rig_expect_nothing(rig, "client");
    assert_int_equal(rig_count(rig, COUNT_PARTIALS), 0);
    rig_end(rig);
}

/* ---- credit and caller ---- */

static void a_worker_gets_no_more_than_its_credit(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "3", NULL);
    for (int i = 0; i < 5; i++)
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 3);
    assert_int_equal(rig_count(rig, COUNT_QUEUED), 2);
    rig_serve(rig, "worker");
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 3);
    assert_int_equal(rig_count(rig, COUNT_QUEUED), 1);
    rig_end(rig);
}

static void a_plain_worker_gets_one_and_the_body_untouched(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "echo", NULL, NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "a", "", "c", NULL);
    rig_say(rig, "client", ADMIN, "MDPC02", "\x01", "echo", "second", NULL);
    rig_expect(rig, "worker", "MDPW02", "\x02", "*", "", "a", "", "c", NULL);
    rig_expect_nothing(rig, "worker");
    rig_end(rig);
}

static Ucap__V1__Caller *caller_in(const struct frames *got)
{
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(got->count, 8);
    assert_int_equal(codec_unpack(&ucap__v1__caller__descriptor, frames_data(got, 5),
                                  frames_size(got, 5), NULL, &message, &err),
                     0);
    return (Ucap__V1__Caller *)message;
}

static void the_caller_is_the_authenticated_one(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 5000);
    rig_pass(rig, 1000);
    rig_register(rig, "worker", REGISTRY, "1", NULL);
    struct frames *got = rig_expect_request(rig, "worker", token);
    Ucap__V1__Caller *caller = caller_in(got);
    assert_string_equal(caller->principal, "viewer");
    assert_int_equal(caller->role, UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    assert_int_equal(caller->n_programmes, 1);
    assert_string_equal(caller->programmes[0], "med");
    assert_string_equal(caller->party, "barcelona");
    assert_int_equal(caller->timeout_ms, 4000);
    assert_true(frames_equal(got, 7, "message", 7));
    codec_free(&caller->base);
    rig_drop(got);
    rig_end(rig);
}

/* Three body frames: the first might be read as the caller's. They never reach a worker. */
static void nobody_forges_a_caller(void **state)
{
    struct rig *rig = rig_begin(NULL);
    struct frames forged = {.count = 0};
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    frames_add_text(&forged, "MDPC02");
    frames_add_text(&forged, "\x01");
    frames_add_text(&forged, REGISTRY);
    frames_add_text(&forged, "\x0a\x05"
                             "admin\x10\x03");
    rig_add_header(&forged, "r1", 0);
    frames_add_text(&forged, "message");
    rig_say_frames(rig, "client", VIEWER, &forged);
    rig_expect_status(rig, "client", "", ERR_INVALID_ARGUMENT, "3 frames");
    rig_expect_nothing(rig, "worker");
    rig_end(rig);
}

static void the_deadline_is_defaulted_and_capped(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "2", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", UINT32_MAX);
    const uint32_t expected[] = {10000, 60000};
    for (int i = 0; i < 2; i++) {
        struct frames *got = rig_expect_request(rig, "worker", token);
        Ucap__V1__Caller *caller = caller_in(got);
        assert_int_equal(caller->timeout_ms, expected[i]);
        codec_free(&caller->base);
        rig_drop(got);
    }
    rig_end(rig);
}

static void an_expired_request_is_never_executed(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "one", VIEWER, REGISTRY, "r1", 5000);
    rig_ask(rig, "two", VIEWER, REGISTRY, "r2", 200);
    rig_pass(rig, 200);
    rig_expect_status(rig, "two", "r2", ERR_DEADLINE_EXCEEDED, "nothing was done");
    rig_serve(rig, "worker");
    rig_expect_nothing(rig, "worker");
    rig_end(rig);
}

static void an_abandoned_request_keeps_its_credit(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 100);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_pass(rig, 100);
    rig_expect_status(rig, "client", "r1", ERR_DEADLINE_EXCEEDED, "");
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 5000);
    rig_expect_nothing(rig, "worker");
    rig_answer(rig, "worker", token, "\x04", "header", "late");
    rig_serve(rig, "worker");
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    rig_end(rig);
}

static void load_spreads_over_workers(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "one", REGISTRY, "2", NULL);
    rig_register(rig, "two", REGISTRY, "4", NULL);
    for (int i = 0; i < 4; i++)
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
    rig_serve(rig, "one");
    for (int i = 0; i < 3; i++)
        rig_serve(rig, "two");
    rig_end(rig);
}

static void equal_workers_take_turns(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "one", REGISTRY, "4", NULL);
    rig_register(rig, "two", REGISTRY, "4", NULL);
    for (int i = 0; i < 6; i++) {
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
        rig_serve(rig, "one");
        rig_serve(rig, "two");
    }
    rig_end(rig);
}

/* ---- draining ---- */

static void credit_0_means_no_more_requests(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "old", REGISTRY, "2", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_say(rig, "old", SERVICE, "MDPW02", "\x05", "0", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    rig_serve(rig, "old");
    rig_expect(rig, "old", "MDPW02", "\x05", "0", NULL);
    rig_say(rig, "old", SERVICE, "MDPW02", "\x05", "0", NULL); /* confirmed once */
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    rig_expect_nothing(rig, "old");
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.service", REGISTRY, NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.service", "404", NULL);
    rig_register(rig, "new", REGISTRY, "2", NULL);
    rig_serve(rig, "new");
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    rig_end(rig);
}

static void a_plain_worker_gets_no_credit_frame(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "plain", SERVICE, "MDPW02", "\x01", "echo", NULL);
    rig_say(rig, "plain", SERVICE, "MDPW02", "\x05", "0", NULL);
    rig_expect_nothing(rig, "plain");
    rig_end(rig);
}

static void a_heartbeat_may_change_the_credit(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    for (int i = 0; i < 4; i++)
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x05", "3", NULL);
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 3);
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x05", "1", NULL);
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 3);
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x05", "-1", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    rig_end(rig);
}

static void a_draining_gateway_refuses_the_new_and_ends_the_old(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    broker_drain(rig->broker);
    assert_false(broker_is_drained(rig->broker));
    rig_ask(rig, "client", VIEWER, REGISTRY, "r3", 0);
    rig_expect_status(rig, "client", "r3", ERR_UNAVAILABLE, "draining");
    rig_register(rig, "late", REGISTRY, "1", NULL);
    rig_expect(rig, "late", "MDPW02", "\x06", NULL);
    rig_serve(rig, "worker");
    assert_false(broker_is_drained(rig->broker));
    rig_serve(rig, "worker");
    assert_true(broker_is_drained(rig->broker));
    broker_end(rig->broker, rig->now_us);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_end(rig);
}

/* The sanitizer tells what is left behind. */
static void the_end_answers_what_waits_for_a_worker(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    broker_end(rig->broker, rig->now_us);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "this gateway ends");
    rig_expect_status(rig, "client", "r2", ERR_UNAVAILABLE, "this gateway ends");
    rig_end(rig);
}

static void draining_waits_for_no_worker(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", "ucap.v1.Scheduler", "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, "ucap.v1.Scheduler", "r2", 0);
    rig_ask(rig, "client", VIEWER, "ucap.v1.Scheduler", "r3", 0);
    rig_say(rig, "plain", ADMIN, "", "MDPC01", "echo", "x", NULL);
    broker_drain(rig->broker);
    broker_tick(rig->broker, rig->now_us);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "draining");
    assert_int_equal(rig_count(rig, COUNT_DROPPED_PLAIN_LOST), 1);
    rig_expect_nothing(rig, "client");
    rig_say(rig, "worker", SERVICE, "MDPW02", "\x06", NULL);
    broker_tick(rig->broker, rig->now_us);
    rig_expect_status(rig, "client", "r2", ERR_UNAVAILABLE, "is gone");
    rig_expect_status(rig, "client", "r3", ERR_UNAVAILABLE, "draining");
    assert_true(broker_is_drained(rig->broker));
    rig_end(rig);
}

static void the_end_answers_what_is_held(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    broker_end(rig->broker, rig->now_us);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "this gateway ends");
    rig_expect_status(rig, "client", "r2", ERR_UNAVAILABLE, "this gateway ends");
    rig_end(rig);
}

/* ---- tokens ---- */

static void only_the_holder_of_a_token_answers(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "holder", REGISTRY, "2", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "holder", token));
    rig_register(rig, "thief", REGISTRY, "2", NULL);
    rig_answer(rig, "thief", token, "\x04", "header", "stolen");
    rig_answer(rig, "holder", (const unsigned char *)"sixteen bytes...", "\x04", "header", "x");
    rig_expect_nothing(rig, "client");
    assert_int_equal(rig_count(rig, COUNT_DROPPED_STRAY), 2);
    rig_answer(rig, "holder", token, "\x04", "header", "right");
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "right", NULL);
    rig_end(rig);
}

static void each_request_has_a_token_of_its_own(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char tokens[200][16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    for (int i = 0; i < 200; i++) {
        rig_ask(rig, "client", VIEWER, REGISTRY, "r", 0);
        rig_drop(rig_expect_request(rig, "worker", tokens[i]));
        rig_answer(rig, "worker", tokens[i], "\x04", "header", "x");
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(tokens[i], tokens[j], 16);
    }
    rig_end(rig);
}

/* ---- instances ---- */

static void a_busy_worker_lives_by_its_instance(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "control", "ucap.v1.Control@registry-1", "4", NULL);
    rig_register(rig, "busy", REGISTRY, "1", "registry-1");
    rig_register(rig, "alone", REGISTRY, "1", "registry-2"); /* the newest is asked first */
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 30000);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 30000);
    rig_drop(rig_expect_request(rig, "busy", token));
    rig_pass_alive(rig, 10000, "control", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 2);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    rig_answer(rig, "busy", token, "\x04", "header", "at last");
    rig_expect(rig, "client", "MDPC02", "\x03", REGISTRY, "header", "at last", NULL);
    rig_end(rig);
}

static void with_the_instance_all_its_workers_go(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "control", "ucap.v1.Control@registry-1", "4", NULL);
    rig_register(rig, "one", REGISTRY, "1", "registry-1");
    rig_register(rig, "two", REGISTRY, "1", "registry-1");
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 30000);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 30000);
    rig_drop(rig_expect_request(rig, "one", token));
    rig_pass_alive(rig, 4000, "control", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 3);
    rig_pass(rig, 2000);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    assert_int_equal(rig_count(rig, COUNT_FAILURES), 2);
    rig_end(rig);
}

static void an_instance_of_another_principal_keeps_nobody_alive(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "control", OTHER_SERVICE, "MDPW02", "\x01", "ucap.v1.Control@registry-1", "4",
            NULL);
    rig_register(rig, "busy", REGISTRY, "1", "registry-1");
    for (int i = 0; i < 10; i++) {
        rig_pass(rig, HEARTBEAT);
        rig_say(rig, "control", OTHER_SERVICE, "MDPW02", "\x05", NULL);
    }
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 1);
    rig_end(rig);
}

static void a_worker_out_of_reach_is_lost_at_once(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig->unreachable = "worker";
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    rig_expect_status(rig, "client", "r2", ERR_UNAVAILABLE, "is gone");
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    rig_end(rig);
}

static void the_heartbeat_finds_a_worker_out_of_reach(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "4", NULL);
    rig->unreachable = "worker";
    rig_pass(rig, HEARTBEAT + HEARTBEAT / 4);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    rig_end(rig);
}

/* The wait for a service that is not there ends when it is, however busy its first worker. */
static void a_busy_service_is_not_an_absent_one(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 9000);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 9000);
    rig_pass(rig, 1000);
    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_pass_alive(rig, 5000, "worker", NULL);
    rig_expect_nothing(rig, "client");
    assert_int_equal(rig_count(rig, COUNT_QUEUED), 1);
    rig_end(rig);
}

/* It waits for another worker from the loss on, not from its own arrival. */
static void the_queue_survives_the_loss_of_a_worker(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "one", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    rig_pass_alive(rig, 3000, "one", NULL);
    rig_say(rig, "one", SERVICE, "MDPW02", "\x06", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    rig_pass(rig, 1900);
    rig_register(rig, "two", REGISTRY, "1", NULL);
    rig_forget_tray(rig);
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 1);
    rig_say(rig, "two", SERVICE, "MDPW02", "\x06", NULL);
    rig_expect_status(rig, "client", "r2", ERR_UNAVAILABLE, "is gone");
    rig_end(rig);
}

/* ---- names ---- */

static void an_unknown_service_names_the_nearest(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, "ucap.v1.Registri", "r1", 0);
    rig_pass_alive(rig, 2000, "worker", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "did you mean \"ucap.v1.Registry\"?");
    rig_ask(rig, "client", VIEWER, "ucap.v1.Telescope", "r2", 0);
    rig_pass_alive(rig, 2000, "worker", NULL);
    rig_expect_status(rig, "client", "r2", ERR_UNAVAILABLE, "is its process running?");
    rig_end(rig);
}

static void mmi_list_shows_workers_credit_and_queue(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "b", REGISTRY, "4", NULL);
    rig_register(rig, "a", "echo", NULL, NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, "ucap.v1.Absent", "r2", 0);
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", "mmi.list", NULL);
    rig_expect(rig, "c", "MDPC02", "\x03", "mmi.list", "200", "echo 1 1 0", "ucap.v1.Absent 0 0 1",
               "ucap.v1.Registry 1 3 0", NULL);
    rig_end(rig);
}

static void mmi_list_of_many_services_is_complete(void **state)
{
    struct rig *rig = rig_begin(NULL);
    char name[32];
    size_t lines = 0;
    (void)state;

    for (int i = 0; i < 45; i++) {
        snprintf(name, sizeof(name), "many.%02d", i);
        rig_register(rig, name, name, NULL, NULL);
    }
    rig_say(rig, "c", VIEWER, "", "MDPC02", "\x01", "mmi.list", NULL);
    struct frames *got = rig_take(rig, "c");
    assert_non_null(got);
    for (size_t i = 6; i < got->count; i++) {
        const char *text = frames_data(got, i);
        lines++;
        for (size_t j = 0; j < frames_size(got, i); j++)
            lines += text[j] == '\n';
    }
    assert_int_equal(lines, 45);
    rig_drop(got);
    rig_end(rig);
}

/* ---- principals that change ---- */

static void a_removed_key_is_out_with_its_next_message(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r2", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_principals(rig, "principals:\n- {name: registry, public_key: '%3', role: service, "
                        "services: [ucap.v1.Registry]}\n");
    rig_ask(rig, "client", VIEWER, REGISTRY, "r3", 0);
    rig_expect_status(rig, "client", "r3", ERR_UNAUTHENTICATED, "ask an administrator");
    rig_answer(rig, "worker", token, "\x04", "header", "secret");
    rig_expect_status(rig, "client", "r1", ERR_UNAUTHENTICATED, "no longer");
    rig_expect_status(rig, "client", "r2", ERR_UNAUTHENTICATED, "no longer");
    rig_expect_nothing(rig, "worker");
    rig_say(rig, "client", VIEWER, "MDPC02", "\x01", "mmi.list", NULL);
    rig_expect_nothing(rig, "client");
    rig_end(rig);
}

static void workers_of_a_removed_key_are_disconnected(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_principals(rig, "principals:\n- {name: viewer, public_key: '%0', role: viewer}\n");
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    rig_answer(rig, "worker", token, "\x04", "header", "late");
    rig_expect_nothing(rig, "client");
    rig_end(rig);
}

static void a_changed_role_or_name_counts_at_once(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_principals(rig, "principals:\n- {name: renamed, public_key: '%0', role: editor}\n"
                        "- {name: registry, public_key: '%3', role: service, services: "
                        "['ucap.*']}\n");
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    struct frames *got = rig_expect_request(rig, "worker", token);
    Ucap__V1__Caller *caller = caller_in(got);
    assert_string_equal(caller->principal, "renamed");
    assert_int_equal(caller->role, UCAP__V1__ROLE__VALUE__ROLE_EDITOR);
    codec_free(&caller->base);
    rig_drop(got);
    rig_principals(rig, "principals:\n- {name: renamed, public_key: '%0', role: editor}\n"
                        "- {name: registry, public_key: '%3', role: service, services: [echo]}\n");
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_end(rig);
}

/* A routing id that a peer chose comes back in another's hands. */
static void answers_do_not_follow_a_routing_id(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "same-id", ADMIN, REGISTRY, "r1", 0);
    rig_ask(rig, "same-id", ADMIN, REGISTRY, "r2", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    rig_say(rig, "same-id", VIEWER, "MDPC02", "\x01", "mmi.none", NULL);
    rig_answer(rig, "worker", token, "\x04", "header", "secret");
    rig_expect(rig, "same-id", "MDPC02", "\x03", "mmi.none", "501", NULL);
    rig_expect_nothing(rig, "same-id");
    rig_expect_nothing(rig, "worker");
    rig_end(rig);
}

static void a_worker_does_not_follow_a_routing_id(void **state)
{
    struct rig *rig = rig_begin(NULL);
    unsigned char token[16];
    (void)state;

    rig_register(rig, "same-id", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "same-id", token));
    rig_say(rig, "same-id", VIEWER, "MDPW02", "\x04", "0123456789abcdef", "", "h", "m", NULL);
    rig_expect_status(rig, "client", "r1", ERR_UNAVAILABLE, "is gone");
    rig_expect(rig, "same-id", "MDPW02", "\x06", NULL);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_answered_in_kind),
        cmocka_unit_test(clients_and_workers_of_any_form_meet),
        cmocka_unit_test(a_client_of_0_1_gets_no_partials),
        cmocka_unit_test(a_worker_gets_no_more_than_its_credit),
        cmocka_unit_test(a_plain_worker_gets_one_and_the_body_untouched),
        cmocka_unit_test(the_caller_is_the_authenticated_one),
        cmocka_unit_test(nobody_forges_a_caller),
        cmocka_unit_test(the_deadline_is_defaulted_and_capped),
        cmocka_unit_test(an_expired_request_is_never_executed),
        cmocka_unit_test(an_abandoned_request_keeps_its_credit),
        cmocka_unit_test(load_spreads_over_workers),
        cmocka_unit_test(equal_workers_take_turns),
        cmocka_unit_test(credit_0_means_no_more_requests),
        cmocka_unit_test(a_plain_worker_gets_no_credit_frame),
        cmocka_unit_test(a_heartbeat_may_change_the_credit),
        cmocka_unit_test(a_draining_gateway_refuses_the_new_and_ends_the_old),
        cmocka_unit_test(the_end_answers_what_waits_for_a_worker),
        cmocka_unit_test(draining_waits_for_no_worker),
        cmocka_unit_test(the_end_answers_what_is_held),
        cmocka_unit_test(only_the_holder_of_a_token_answers),
        cmocka_unit_test(each_request_has_a_token_of_its_own),
        cmocka_unit_test(a_busy_worker_lives_by_its_instance),
        cmocka_unit_test(with_the_instance_all_its_workers_go),
        cmocka_unit_test(an_instance_of_another_principal_keeps_nobody_alive),
        cmocka_unit_test(a_worker_out_of_reach_is_lost_at_once),
        cmocka_unit_test(the_heartbeat_finds_a_worker_out_of_reach),
        cmocka_unit_test(a_busy_service_is_not_an_absent_one),
        cmocka_unit_test(the_queue_survives_the_loss_of_a_worker),
        cmocka_unit_test(an_unknown_service_names_the_nearest),
        cmocka_unit_test(mmi_list_shows_workers_credit_and_queue),
        cmocka_unit_test(mmi_list_of_many_services_is_complete),
        cmocka_unit_test(a_removed_key_is_out_with_its_next_message),
        cmocka_unit_test(workers_of_a_removed_key_are_disconnected),
        cmocka_unit_test(a_changed_role_or_name_counts_at_once),
        cmocka_unit_test(answers_do_not_follow_a_routing_id),
        cmocka_unit_test(a_worker_does_not_follow_a_routing_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
