/* What the broker refuses: each bound, each wrong request, each registration that must not be. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- requests of our protocol ---- */

static void a_body_of_other_than_two_frames(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", REGISTRY, NULL);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "0 frames");
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", REGISTRY, "x", NULL);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "1 frames");
    rig_say(rig, "c", VIEWER, "", "MDPC01", REGISTRY, "a", "b", "c", NULL);
    struct frames *got = rig_take(rig, "c");
    assert_non_null(got);
    assert_int_equal(got->count, 6);
    rig_drop(got);
    assert_int_equal(rig_count(rig, COUNT_FAILURES), 3);
    rig_end(rig);
}

static void a_header_that_is_none(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", REGISTRY, "\xff\xff garbage", "m", NULL);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "no RequestHeader");
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", REGISTRY, "\x0a\x02\xff\xfe\x12\x01r", "m", NULL);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "no RequestHeader");
    rig_say(rig, "c", VIEWER, "MDPC02", "\x01", REGISTRY, "", "m", NULL);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "request_id has 0 bytes");
    rig_ask(rig, "c", VIEWER, REGISTRY, "123456789012345678901234567890123", 0);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "request_id has 33 bytes");
    rig_end(rig);
}

static void a_header_that_is_too_long(void **state)
{
    struct rig *rig = rig_begin(NULL);
    struct frames frames = {.count = 0};
    char *header = calloc(1, 20000);
    (void)state;

    assert_non_null(header);
    frames_add_text(&frames, "MDPC02");
    frames_add_text(&frames, "\x01");
    frames_add_text(&frames, REGISTRY);
    frames_add(&frames, header, 20000);
    frames_add_text(&frames, "m");
    rig_say_frames(rig, "c", VIEWER, &frames);
    rig_expect_status(rig, "c", "", ERR_INVALID_ARGUMENT, "no RequestHeader");
    free(header);
    rig_end(rig);
}

static void service_names_that_are_none(void **state)
{
    struct rig *rig = rig_begin(NULL);
    char name[200] = "ucap.";
    (void)state;

    rig_ask(rig, "c", VIEWER, "ucap.v1.Reg istry", "r1", 0);
    rig_expect_status(rig, "c", "r1", ERR_INVALID_ARGUMENT, "service name");
    rig_ask(rig, "c", VIEWER, "ucap.\xc3\xa9t\xc3\xa9", "r2", 0);
    rig_expect_status(rig, "c", "r2", ERR_INVALID_ARGUMENT, "service name");
    memset(name + 5, 'x', 124);
    rig_ask(rig, "c", VIEWER, name, "r3", 0);
    rig_expect_status(rig, "c", "r3", ERR_INVALID_ARGUMENT, "129 bytes");
    rig_end(rig);
}

static void an_unknown_key(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_ask(rig, "c", STRANGER, REGISTRY, "r1", 0);
    rig_expect_status(rig, "c", "r1", ERR_UNAUTHENTICATED, "not in the list");
    rig_say(rig, "c", STRANGER, "MDPC02", "\x01", "echo", "x", NULL);
    rig_say(rig, "c", STRANGER, "MDPC02", "\x01", "mmi.list", NULL);
    rig_expect_nothing(rig, "c");
    rig_say(rig, "w", STRANGER, "MDPW02", "\x01", REGISTRY, "1", NULL);
    rig_expect(rig, "w", "MDPW02", "\x06", NULL);
    assert_int_equal(rig_count(rig, COUNT_UNAUTHENTICATED), 4);
    rig_end(rig);
}

static void a_worker_that_answers_with_other_than_two_frames(void **state)
{
    struct rig *rig = rig_begin(NULL);
    struct frames frames = {.count = 0};
    unsigned char token[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_ask(rig, "client", VIEWER, REGISTRY, "r1", 0);
    rig_drop(rig_expect_request(rig, "worker", token));
    frames_add_text(&frames, "MDPW02");
    frames_add_text(&frames, "\x04");
    frames_add(&frames, token, 16);
    frames_add(&frames, NULL, 0);
    frames_add_text(&frames, "only one");
    rig_say_frames(rig, "worker", SERVICE, &frames);
    rig_expect_status(rig, "client", "r1", ERR_INTERNAL, "1 frames instead of two");
    rig_end(rig);
}

/* ---- bounds ---- */

static void few_of_all(struct broker_config *config)
{
    config->limits.queue = 3;
    config->limits.in_flight = 4;
    config->limits.services = 3;
    config->limits.workers = 2;
    config->limits.peers = 20;
    config->limits.queue_bytes = 400;
}

static void a_full_queue(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    char peer[16];
    (void)state;

    for (int i = 0; i < 4; i++) {
        snprintf(peer, sizeof(peer), "c%d", i);
        rig_ask(rig, peer, VIEWER, REGISTRY, "r1", 0);
    }
    rig_expect_status(rig, "c3", "r1", ERR_RESOURCE_EXHAUSTED, "3 requests wait");
    assert_int_equal(rig_count(rig, COUNT_QUEUED), 3);
    rig_end(rig);
}

static void too_many_in_flight_of_one_client(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    (void)state;

    rig_register(rig, "worker", REGISTRY, "16", NULL);
    for (int i = 0; i < 5; i++)
        rig_ask(rig, "c", VIEWER, REGISTRY, "r1", 0);
    rig_expect_status(rig, "c", "r1", ERR_RESOURCE_EXHAUSTED, "4 requests of this connection");
    rig_serve(rig, "worker");
    rig_forget_tray(rig);
    rig_ask(rig, "c", VIEWER, REGISTRY, "r6", 0);
    rig_expect_nothing(rig, "c");
    rig_end(rig);
}

static void too_many_bytes_in_queues(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    struct frames frames = {.count = 0};
    char body[390] = {0};
    (void)state;

    frames_add_text(&frames, "MDPC02");
    frames_add_text(&frames, "\x01");
    frames_add_text(&frames, REGISTRY);
    rig_add_header(&frames, "r1", 0);
    frames_add(&frames, body, sizeof(body));
    rig_say_frames(rig, "c", VIEWER, &frames);
    rig_expect_status(rig, "c", "r1", ERR_RESOURCE_EXHAUSTED, "bytes wait");
    rig_end(rig);
}

static void too_many_services_asked_for(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    (void)state;

    rig_ask(rig, "c", VIEWER, "ucap.a", "r1", 0);
    rig_ask(rig, "c", VIEWER, "ucap.b", "r2", 0);
    rig_ask(rig, "c", VIEWER, "ucap.c", "r3", 0);
    rig_ask(rig, "c", VIEWER, "ucap.d", "r4", 0);
    rig_expect_status(rig, "c", "r4", ERR_RESOURCE_EXHAUSTED, "3 services");
    rig_pass(rig, 2000);
    rig_forget_tray(rig);
    rig_ask(rig, "c", VIEWER, "ucap.d", "r5", 0);
    rig_expect_nothing(rig, "c");
    rig_end(rig);
}

static void names_that_are_asked_for_keep_no_worker_out(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    (void)state;

    rig_ask(rig, "a", VIEWER, "ucap.one", "r1", 0);
    rig_ask(rig, "a", VIEWER, "ucap.two", "r2", 0);
    rig_ask(rig, "b", VIEWER, "ucap.three", "r3", 0);
    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_expect_nothing(rig, "worker");
    rig_ask(rig, "c", VIEWER, REGISTRY, "r4", 0);
    rig_serve(rig, "worker");
    rig_end(rig);
}

static void too_many_workers(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    (void)state;

    rig_register(rig, "one", REGISTRY, "1", NULL);
    rig_register(rig, "two", REGISTRY, "1", NULL);
    rig_register(rig, "three", REGISTRY, "1", NULL);
    rig_expect(rig, "three", "MDPW02", "\x06", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 2);
    rig_end(rig);
}

/* Idle peers are forgotten for new ones; busy ones are not. */
static void too_many_peers(void **state)
{
    struct rig *rig = rig_begin(few_of_all);
    char peer[16];
    (void)state;

    rig_register(rig, "worker", REGISTRY, "64", NULL);
    for (int i = 0; i < 100; i++) {
        snprintf(peer, sizeof(peer), "idle%d", i);
        rig_ask(rig, peer, VIEWER, REGISTRY, "r1", 0);
        rig_serve(rig, "worker");
        rig_expect(rig, peer, "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    }
    for (int i = 0; i < 20; i++) {
        snprintf(peer, sizeof(peer), "busy%d", i);
        rig_ask(rig, peer, VIEWER, REGISTRY, "r1", 0);
    }
    rig_expect_status(rig, "busy19", "r1", ERR_RESOURCE_EXHAUSTED, "20 connections");
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 19);
    rig_end(rig);
}

/* ---- plain services ---- */

static void echo_for_editors(struct broker_config *config)
{
    static char echo[] = "echo";
    static char jobs[] = "jobs";
    static const struct plain_rule rules[] = {{echo, UCAP__V1__ROLE__VALUE__ROLE_EDITOR},
                                              {jobs, UCAP__V1__ROLE__VALUE__ROLE_SERVICE}};

    config->plain = rules;
    config->plain_count = 2;
    config->limits.queue = 3;
    config->limits.plain_frames = 2;
}

static void a_plain_service_needs_its_role(void **state)
{
    struct rig *rig = rig_begin(echo_for_editors);
    static const struct {
        const char *service;
        enum user user;
        bool allowed;
    } cases[] = {
        {"echo", VIEWER, false},  {"echo", EDITOR, true}, {"echo", ADMIN, true},
        {"echo", SERVICE, false}, {"jobs", ADMIN, false}, {"jobs", SERVICE, true},
        {"other", EDITOR, false}, {"other", ADMIN, true}, {"other", SERVICE, false},
    };
    int64_t queued = 0;
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_say(rig, "c", cases[i].user, "MDPC02", "\x01", cases[i].service, "x", NULL);
        queued += cases[i].allowed;
        if (rig_count(rig, COUNT_REQUESTS) != queued)
            fail_msg("case %zu", i);
    }
    assert_int_equal(rig_count(rig, COUNT_DROPPED_PLAIN_REFUSED), 5);
    rig_end(rig);
}

static void plain_requests_that_cannot_be_are_counted_drops(void **state)
{
    struct rig *rig = rig_begin(echo_for_editors);
    (void)state;

    rig_say(rig, "c", EDITOR, "MDPC02", "\x01", "echo", "a", "b", "c", NULL);
    assert_int_equal(rig_count(rig, COUNT_DROPPED_FRAMES), 1);
    for (int i = 0; i < 4; i++)
        rig_say(rig, "c", EDITOR, "MDPC02", "\x01", "echo", "a", NULL);
    assert_int_equal(rig_count(rig, COUNT_DROPPED_PLAIN_REFUSED), 2);
    rig_register(rig, "w", "echo", NULL, NULL);
    rig_say(rig, "w", SERVICE, "MDPW02", "\x06", NULL);
    assert_int_equal(rig_count(rig, COUNT_DROPPED_PLAIN_LOST), 1);
    rig_expect_nothing(rig, "c");
    rig_end(rig);
}

/* A plain worker checks no roles, so on a service of ours the gateway does. */
static void a_plain_worker_of_our_service_needs_the_role(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "plain", REGISTRY, NULL, NULL);
    rig_ask(rig, "c", EDITOR, REGISTRY, "r1", 0);
    rig_expect_status(rig, "c", "r1", ERR_PERMISSION_DENIED, "plain worker");
    rig_expect_nothing(rig, "plain");
    rig_ask(rig, "c", ADMIN, REGISTRY, "r2", 0);
    rig_expect(rig, "plain", "MDPW02", "\x02", "*", "", "*", "message", NULL);
    rig_end(rig);
}

/* ---- registrations ---- */

static void who_may_not_register_changes_nothing(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "real", REGISTRY, "4", "registry-1");
    rig_say(rig, "viewer", VIEWER, "MDPW02", "\x01", REGISTRY, "4", "registry-1", NULL);
    rig_expect(rig, "viewer", "MDPW02", "\x06", NULL);
    rig_say(rig, "admin", ADMIN, "", "MDPW01", "\x01", REGISTRY, NULL);
    rig_expect(rig, "admin", "", "MDPW01", "\x05", NULL);
    rig_register(rig, "service", "ucap.v1.Report", "4", NULL);
    rig_expect(rig, "service", "MDPW02", "\x06", NULL);
    for (int i = 0; i < 4; i++)
        rig_ask(rig, "client", EDITOR, REGISTRY, "r1", 0);
    for (int i = 0; i < 4; i++)
        rig_serve(rig, "real");
    assert_int_equal(rig_count(rig, COUNT_READY_REFUSED), 3);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 1);
    rig_expect_nothing(rig, "viewer");
    rig_end(rig);
}

/* Its READY was refused; as a client it is still welcome. */
static void a_refused_worker_may_still_ask(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_say(rig, "viewer", VIEWER, "MDPW02", "\x01", REGISTRY, "4", NULL);
    rig_expect(rig, "viewer", "MDPW02", "\x06", NULL);
    rig_say(rig, "viewer", VIEWER, "MDPW02", "\x01", REGISTRY, "4", NULL);
    rig_expect_nothing(rig, "viewer");
    rig_say(rig, "viewer", VIEWER, "MDPC02", "\x01", "mmi.service", REGISTRY, NULL);
    rig_expect(rig, "viewer", "MDPC02", "\x03", "mmi.service", "404", NULL);
    rig_end(rig);
}

static void entries_with_a_star_cover_their_prefix(void **state)
{
    struct rig *rig = rig_begin(NULL);
    (void)state;

    rig_register(rig, "a", "ucap.v1.Scheduler", "4", NULL);
    rig_register(rig, "b", "ucap.v1.Sche", "4", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 2);
    rig_register(rig, "c", "ucap.v1.Sch", "4", NULL);
    rig_expect(rig, "c", "MDPW02", "\x06", NULL);
    rig_register(rig, "d", "ucap.v1.Registry2", "4", NULL);
    rig_expect(rig, "d", "MDPW02", "\x06", NULL);
    rig_end(rig);
}

static void odd_credits_and_instances(void **state)
{
    static const char *const credits[] = {"", "-1", "1025", "9999", "1x", "99999999999999999999"};
    struct rig *rig = rig_begin(NULL);
    char peer[16];
    char name[200] = "";
    (void)state;

    for (size_t i = 0; i < sizeof(credits) / sizeof(credits[0]); i++) {
        snprintf(peer, sizeof(peer), "w%zu", i);
        rig_register(rig, peer, REGISTRY, credits[i], NULL);
        rig_expect(rig, peer, "MDPW02", "\x06", NULL);
    }
    rig_register(rig, "empty", REGISTRY, "1", "");
    rig_expect(rig, "empty", "MDPW02", "\x06", NULL);
    memset(name, 'x', 129);
    rig_register(rig, "long", REGISTRY, "1", name);
    rig_expect(rig, "long", "MDPW02", "\x06", NULL);
    rig_register(rig, "nameless", "ucap.v1.Control@", "1", NULL);
    rig_expect(rig, "nameless", "MDPW02", "\x06", NULL);
    rig_register(rig, "1024", REGISTRY, "1024", NULL);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 1);
    rig_end(rig);
}

static void refuse_chosen(struct broker_config *config)
{
    config->limits.refuse_chosen_ids = true;
}

static void chosen_routing_ids_where_they_are_refused(void **state)
{
    struct rig *rig = rig_begin(refuse_chosen);
    (void)state;

    rig_ask(rig, "chosen", VIEWER, REGISTRY, "r1", 0);
    rig_expect_status(rig, "chosen", "r1", ERR_INVALID_ARGUMENT, "ZMQ_ROUTING_ID");
    rig_register(rig, "worker", REGISTRY, "1", NULL);
    rig_expect(rig, "worker", "MDPW02", "\x06", NULL);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_other_than_two_frames),
        cmocka_unit_test(a_header_that_is_none),
        cmocka_unit_test(a_header_that_is_too_long),
        cmocka_unit_test(service_names_that_are_none),
        cmocka_unit_test(an_unknown_key),
        cmocka_unit_test(a_worker_that_answers_with_other_than_two_frames),
        cmocka_unit_test(a_full_queue),
        cmocka_unit_test(too_many_in_flight_of_one_client),
        cmocka_unit_test(too_many_bytes_in_queues),
        cmocka_unit_test(too_many_services_asked_for),
        cmocka_unit_test(names_that_are_asked_for_keep_no_worker_out),
        cmocka_unit_test(too_many_workers),
        cmocka_unit_test(too_many_peers),
        cmocka_unit_test(a_plain_service_needs_its_role),
        cmocka_unit_test(plain_requests_that_cannot_be_are_counted_drops),
        cmocka_unit_test(a_plain_worker_of_our_service_needs_the_role),
        cmocka_unit_test(who_may_not_register_changes_nothing),
        cmocka_unit_test(a_refused_worker_may_still_ask),
        cmocka_unit_test(entries_with_a_star_cover_their_prefix),
        cmocka_unit_test(odd_credits_and_instances),
        cmocka_unit_test(chosen_routing_ids_where_they_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
