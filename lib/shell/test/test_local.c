/* The local endpoint: frames as other languages send them, the socket file, and Control itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "bus/mdp.h"
#include "shell/control.h"
#include "shell/local.h"
#include "testkit/testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct test {
    struct kit *kit;
    void *zmq;
    struct status *status;
    struct stats *stats;
    struct served control;
    struct local *local;
    const char *path;
    char endpoint[160];
    void *socket; /* of a client */
};

static void setup(struct test *test)
{
    struct err err = ERR_INIT;

    memset(test, 0, sizeof(*test));
    test->kit = kit_begin();
    test->path = kit_path(test->kit, "demo.ctl");
    snprintf(test->endpoint, sizeof(test->endpoint), "ipc://%s", test->path);
    test->zmq = zmq_ctx_new();
    assert_int_equal(status_create("ucap-demo", "demo-1", &test->status, &err), 0);
    test->stats = stats_create();
    assert_int_equal(stats_add_service(test->stats, &ucap__v1__control__descriptor, &err), 0);
    test->control.service = control_create(test->status, test->stats, 5000);
    test->control.rules = control_rules;
    test->control.stats = test->stats;
}

static void open_both(struct test *test)
{
    struct err err = ERR_INIT;
    int linger_ms = 0;

    if (local_open(test->zmq, test->endpoint, &test->control, &test->local, &err) < 0)
        fail_msg("%s", err.text);
    test->socket = zmq_socket(test->zmq, ZMQ_DEALER);
    zmq_setsockopt(test->socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    assert_int_equal(zmq_connect(test->socket, test->endpoint), 0);
}

static void teardown(struct test *test)
{
    if (test->socket)
        zmq_close(test->socket);
    local_close(test->local);
    control_destroy(test->control.service);
    stats_destroy(test->stats);
    status_destroy(test->status);
    zmq_ctx_term(test->zmq);
    kit_end(test->kit);
}

/* Serves until the client has an answer. */
static void serve(struct test *test)
{
    zmq_pollitem_t items[] = {
        {.socket = test->socket, .events = ZMQ_POLLIN},
        {.socket = local_socket(test->local), .events = ZMQ_POLLIN},
    };

    do {
        assert_true(zmq_poll(items, 2, 10000) > 0);
        if (items[1].revents)
            local_serve(test->local);
    } while (!items[0].revents);
}

/* A request in one of the four forms of a client. */
static void send_request(struct test *test, const struct mdp_form *form, const char *service,
                         const char *method, const ProtobufCMessage *message, int extra)
{
    Ucap__V1__RequestHeader header = UCAP__V1__REQUEST_HEADER__INIT;
    struct frames frames = {.count = 0};
    uint8_t bytes[256];

    header.method = (char *)method;
    header.request_id = (ProtobufCBinaryData){2, (uint8_t *)"id"};
    mdp_add_head(&frames, form, MDP_REQUEST, service, strlen(service));
    frames_add(&frames, bytes, ucap__v1__request_header__pack(&header, bytes));
    for (int i = 0; i < 1 + extra; i++)
        frames_add(&frames, bytes, protobuf_c_message_pack(message, bytes));
    assert_int_equal(frames_send(test->socket, 0, &frames), 0);
}

/* Its answer, in the same form; the reply's message frame stays in *ret_frames at `body` + 1. */
static size_t recv_reply(struct test *test, const struct mdp_form *form, int status,
                         struct frames *ret_frames)
{
    size_t skip = (form->empty_first ? 1 : 0) + (form->version == 2 ? 3 : 2);

    serve(test);
    assert_int_equal(frames_recv(test->socket, ZMQ_DONTWAIT, ret_frames), 0);
    assert_int_equal(ret_frames->count, skip + 2);
    if (form->empty_first)
        assert_int_equal(frames_size(ret_frames, 0), 0);
    if (form->version == 2)
        assert_true(frames_equal(ret_frames, skip - 2, "\x03", 1));
    Ucap__V1__ReplyHeader *header = ucap__v1__reply_header__unpack(
        NULL, frames_size(ret_frames, skip), frames_data(ret_frames, skip));
    assert_non_null(header);
    if ((int)header->status != status)
        print_error("%s\n", header->message);
    assert_int_equal(header->status, status);
    ucap__v1__reply_header__free_unpacked(header, NULL);
    return skip;
}

static const struct mdp_form plain = {.side = MDP_CLIENT, .version = 2, .empty_first = false};

static ProtobufCMessage *call(struct test *test, const char *method,
                              const ProtobufCMessage *message,
                              const ProtobufCMessageDescriptor *reply, int status)
{
    struct frames frames;

    send_request(test, &plain, "ucap.v1.Control", method, message, 0);
    size_t at = recv_reply(test, &plain, status, &frames);
    ProtobufCMessage *got = protobuf_c_message_unpack(reply, NULL, frames_size(&frames, at + 1),
                                                      frames_data(&frames, at + 1));
    frames_clear(&frames);
    return got;
}

/* ---- tests ---- */

static void answers_in_the_form_of_the_client(void **state)
{
    static const struct mdp_form forms[] = {{MDP_CLIENT, 1, true},
                                            {MDP_CLIENT, 1, false},
                                            {MDP_CLIENT, 2, true},
                                            {MDP_CLIENT, 2, false}};
    static const char *const names[] = {"ucap.v1.Control", "ucap.v1.Control@demo-1"};
    Ucap__V1__PingRequest ping = UCAP__V1__PING_REQUEST__INIT;
    struct frames frames;
    struct test test;

    (void)state;
    setup(&test);
    open_both(&test);
    for (size_t i = 0; i < 8; i++) {
        send_request(&test, &forms[i / 2], names[i % 2], "Ping", &ping.base, 0);
        recv_reply(&test, &forms[i / 2], 0, &frames);
        frames_clear(&frames);
    }
    teardown(&test);
}

static void refuses_what_is_not_for_control(void **state)
{
    Ucap__V1__PingRequest ping = UCAP__V1__PING_REQUEST__INIT;
    struct frames frames;
    struct test test;

    (void)state;
    setup(&test);
    open_both(&test);
    send_request(&test, &plain, "ucap.v1.Registry", "GetCity", &ping.base, 0);
    recv_reply(&test, &plain, ERR_UNIMPLEMENTED, &frames);
    frames_clear(&frames);
    send_request(&test, &plain, "ucap.v1.Control", "Ping", &ping.base, 1);
    recv_reply(&test, &plain, ERR_INVALID_ARGUMENT, &frames);
    frames_clear(&frames);
    teardown(&test);
}

static void survives_what_is_no_request(void **state)
{
    struct test test;
    Ucap__V1__PingRequest ping = UCAP__V1__PING_REQUEST__INIT;
    Ucap__V1__PingReply *reply;

    (void)state;
    setup(&test);
    open_both(&test);
    zmq_send(test.socket, "", 0, 0);
    zmq_send(test.socket, "MDPC02", 6, 0);
    zmq_send(test.socket, "MDPW02", 6, ZMQ_SNDMORE);
    zmq_send(test.socket, "\x05", 1, 0);
    for (int i = 0; i < 2 * FRAMES_MAX; i++)
        zmq_send(test.socket, "x", 1, ZMQ_SNDMORE);
    zmq_send(test.socket, "x", 1, 0);
    reply = (Ucap__V1__PingReply *)call(&test, "Ping", &ping.base,
                                        &ucap__v1__ping_reply__descriptor, 0);
    assert_string_equal(reply->process, "ucap-demo");
    ucap__v1__ping_reply__free_unpacked(reply, NULL);
    teardown(&test);
}

static Ucap__V1__PingReply *ping_state(struct test *test, Ucap__V1__PingReply__State expected)
{
    Ucap__V1__PingRequest ping = UCAP__V1__PING_REQUEST__INIT;
    Ucap__V1__PingReply *reply =
        (Ucap__V1__PingReply *)call(test, "Ping", &ping.base, &ucap__v1__ping_reply__descriptor, 0);

    assert_int_equal(reply->state, expected);
    assert_string_equal(reply->instance, "demo-1");
    assert_string_equal(reply->version, UCAP_VERSION);
    return reply;
}

static void ping_shows_where_the_process_stands(void **state)
{
    struct test test;
    Ucap__V1__PingReply *reply;

    (void)state;
    setup(&test);
    open_both(&test);
    status_waits_for(test.status, "the database does not answer");
    reply = ping_state(&test, UCAP__V1__PING_REPLY__STATE__STATE_STARTING);
    assert_string_equal(reply->waits_for, "the database does not answer");
    ucap__v1__ping_reply__free_unpacked(reply, NULL);

    assert_int_equal(status_add_endpoint(test.status, "requests", "tcp://127.0.0.1:1", NULL), 0);
    status_ready(test.status);
    reply = ping_state(&test, UCAP__V1__PING_REPLY__STATE__STATE_READY);
    assert_string_equal(reply->waits_for, "");
    assert_int_equal(reply->n_endpoints, 1);
    assert_string_equal(reply->endpoints[0]->name, "requests");
    assert_string_equal(reply->endpoints[0]->address, "tcp://127.0.0.1:1");
    ucap__v1__ping_reply__free_unpacked(reply, NULL);

    status_end(test.status, 1);
    reply = ping_state(&test, UCAP__V1__PING_REPLY__STATE__STATE_DRAINING);
    ucap__v1__ping_reply__free_unpacked(reply, NULL);
    teardown(&test);
}

static void the_first_end_and_the_first_failure_count(void **state)
{
    struct err err = ERR_INIT;
    struct test test;

    (void)state;
    setup(&test);
    assert_int_equal(status_failure(test.status, &err), 0);
    status_end(test.status, 11);
    status_end(test.status, 22);
    assert_int_equal(status_wait_end(test.status), 11);
    status_ready(test.status); /* too late */
    assert_int_equal(status_state(test.status), UCAP__V1__PING_REPLY__STATE__STATE_DRAINING);
    err_set(&err, ERR_UNAVAILABLE, "first");
    status_fail(test.status, &err);
    err_set(&err, ERR_INTERNAL, "second");
    status_fail(test.status, &err);
    assert_int_equal(status_failure(test.status, &err), -ERR_UNAVAILABLE);
    assert_string_equal(err.text, "first");
    while (status_add_endpoint(test.status, "a", "b", &err) == 0)
        ;
    assert_int_equal(err.code, ERR_RESOURCE_EXHAUSTED);
    teardown(&test);
}

static void tells_and_changes_the_process(void **state)
{
    Ucap__V1__GetStatsRequest get = UCAP__V1__GET_STATS_REQUEST__INIT;
    Ucap__V1__SetLogLevelRequest set = UCAP__V1__SET_LOG_LEVEL_REQUEST__INIT;
    Ucap__V1__DrainRequest drain = UCAP__V1__DRAIN_REQUEST__INIT;
    enum log_level before = log_set_level(LOG_WARNING);
    struct test test;

    (void)state;
    setup(&test);
    open_both(&test);
    set.level = (char *)"error";
    Ucap__V1__SetLogLevelReply *level = (Ucap__V1__SetLogLevelReply *)call(
        &test, "SetLogLevel", &set.base, &ucap__v1__set_log_level_reply__descriptor, 0);
    assert_string_equal(level->previous, "warning");
    ucap__v1__set_log_level_reply__free_unpacked(level, NULL);
    set.level = (char *)"loud";
    level = (Ucap__V1__SetLogLevelReply *)call(&test, "SetLogLevel", &set.base,
                                               &ucap__v1__set_log_level_reply__descriptor,
                                               ERR_INVALID_ARGUMENT);
    ucap__v1__set_log_level_reply__free_unpacked(level, NULL);
    assert_int_equal(log_set_level(before), LOG_ERROR);

    Ucap__V1__Stats *stats =
        (Ucap__V1__Stats *)call(&test, "GetStats", &get.base, &ucap__v1__stats__descriptor, 0);
    assert_string_equal(stats->process, "ucap-demo");
    assert_string_equal(stats->instance, "demo-1");
    assert_int_equal(stats->n_methods, 1);
    assert_string_equal(stats->methods[0]->method, "SetLogLevel");
    assert_int_equal(stats->methods[0]->n_by_status, 2);
    assert_true(stats->resident_bytes > 4096);
    ucap__v1__stats__free_unpacked(stats, NULL);

    assert_false(status_is_ending(test.status));
    Ucap__V1__DrainReply *reply = (Ucap__V1__DrainReply *)call(
        &test, "Drain", &drain.base, &ucap__v1__drain_reply__descriptor, 0);
    ucap__v1__drain_reply__free_unpacked(reply, NULL);
    assert_true(status_is_ending(test.status));
    teardown(&test);
}

static void every_method_has_a_rule(void **state)
{
    (void)state;
    assert_int_equal(served_check(&ucap__v1__control__descriptor, control_rules, NULL), 0);
}

/* ---- the socket file ---- */

static void only_the_owner_may_open_the_socket_file(void **state)
{
    struct test test;
    struct stat file;

    (void)state;
    setup(&test);
    open_both(&test);
    assert_int_equal(stat(test.path, &file), 0);
    assert_true(S_ISSOCK(file.st_mode));
    assert_int_equal(file.st_mode & 077, 0);
    teardown(&test);
}

static void refused(struct test *test, const char *endpoint, const char *words)
{
    struct local *local = NULL;
    struct err err = ERR_INIT;

    assert_true(local_open(test->zmq, endpoint, &test->control, &local, &err) < 0);
    assert_null(local);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

static void refuses_endpoints_that_are_none_of_its_own(void **state)
{
    char longest[200] = "ipc:///";
    struct test test;

    (void)state;
    setup(&test);
    refused(&test, "tcp://127.0.0.1:*", "ipc:///PATH");
    refused(&test, "ipc://@abstract", "ipc:///PATH");
    memset(longest + 7, 'x', sizeof(longest) - 8);
    longest[sizeof(longest) - 1] = '\0';
    refused(&test, longest, "too long");
    refused(&test, "ipc:///nowhere/at/all.ctl", "cannot listen");
    kit_write_file(test.path, "a letter", 0644);
    refused(&test, test.endpoint, "no socket");
    char *letter = kit_read_file(test.path);
    assert_string_equal(letter, "a letter");
    free(letter);
    teardown(&test);
}

static void refuses_the_endpoint_of_a_living_process(void **state)
{
    struct test test;
    Ucap__V1__PingRequest ping = UCAP__V1__PING_REQUEST__INIT;

    (void)state;
    setup(&test);
    open_both(&test);
    refused(&test, test.endpoint, "another process listens");
    ucap__v1__ping_reply__free_unpacked(
        (Ucap__V1__PingReply *)call(&test, "Ping", &ping.base, &ucap__v1__ping_reply__descriptor,
                                    0),
        NULL); /* it was left alone */
    teardown(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_the_form_of_the_client),
        cmocka_unit_test(refuses_what_is_not_for_control),
        cmocka_unit_test(survives_what_is_no_request),
        cmocka_unit_test(ping_shows_where_the_process_stands),
        cmocka_unit_test(the_first_end_and_the_first_failure_count),
        cmocka_unit_test(tells_and_changes_the_process),
        cmocka_unit_test(every_method_has_a_rule),
        cmocka_unit_test(only_the_owner_may_open_the_socket_file),
        cmocka_unit_test(refuses_endpoints_that_are_none_of_its_own),
        cmocka_unit_test(refuses_the_endpoint_of_a_living_process),
    };

    return cmocka_run_group_tests_name("shell_local", tests, NULL, NULL);
}
