/* The client against gateways that the test plays itself: what is sent, what is made of replies,
 * and what becomes of calls when a gateway is silent, gone, or does not know the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "bus/client.h"
#include "bus/codec.h"
#include "stand.h"

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <ucap/v1/control.pb-c.h>
#include <unistd.h>

#define CONTROL  (&ucap__v1__control__descriptor)
#define PING     0
#define DRAIN    3
#define FINAL    "\3"
#define PARTIAL  "\2"
#define LONG_US  (STAND_WAIT_MS * 1000LL)
#define QUICK_US 1500000 /* far less than any timeout that would end the call otherwise */

static void *zmq;
static struct stand first, second;
static struct client *client;
static ProtobufCService *proxy;
static struct call call;
static Ucap__V1__PingRequest request = UCAP__V1__PING_REQUEST__INIT;

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

static void make_client(const struct client_config *config)
{
    struct err err = ERR_INIT;

    if (client_create(zmq, config, &client, &err) < 0)
        fail_msg("%s", err.text);
    proxy = client_service(client, CONTROL, "ucap.v1.Control@test-1");
    assert_non_null(proxy);
}

static void connect_to(const char *one, const char *two)
{
    const char *gateways[] = {one, two, NULL};
    const struct client_config config = {.gateways = gateways};

    make_client(&config);
}

static int setup(void **state)
{
    (void)state;
    zmq = zmq_ctx_new();
    client = NULL;
    call_init(&call);
    stand_open(&first);
    stand_open(&second);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_destroy(client);
    call_clear(&call);
    stand_close(&first);
    stand_close(&second);
    zmq_ctx_term(zmq);
    return 0;
}

static int start_call(struct call *one)
{
    return client_start(proxy, PING, &request.base, call_keep_reply, one);
}

static void wait_for(struct call *one)
{
    assert_int_equal(client_wait(client, one, now_us() + LONG_US), 0);
    assert_true(one->done);
}

static void reply_process(struct stand *stand, const struct asked *asked, const char *process)
{
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    Ucap__V1__PingReply reply = UCAP__V1__PING_REPLY__INIT;

    reply.process = (char *)process;
    stand_reply(stand, asked, FINAL, &header, &reply.base);
}

static void assert_process(const struct call *one, const char *process)
{
    if (one->err.code != ERR_OK)
        fail_msg("%s", one->err.text);
    assert_non_null(one->reply);
    assert_string_equal(((Ucap__V1__PingReply *)one->reply)->process, process);
}

/* One whole call answered by a stand. */
static void call_through(struct stand *stand)
{
    struct asked asked;

    assert_int_equal(start_call(&call), 0);
    stand_recv(stand, &asked);
    reply_process(stand, &asked, "through");
    wait_for(&call);
    assert_process(&call, "through");
    asked_clear(&asked);
    call_clear(&call);
}

/* Starts the call, which must fail with the code and words at once. */
static void assert_start_fails(enum err_code code, const char *says)
{
    int rc = start_call(&call);

    if (rc != -(int)code || !strstr(call.err.text, says))
        fail_msg("%d: %s", rc, call.err.text);
    assert_true(call.done);
    call_clear(&call);
}

/* ---- what is sent ---- */

static void request_carries_what_the_call_says(void **state)
{
    static const char *const languages[] = {"zh-Hans", "en"};
    Ucap__V1__Caller person = UCAP__V1__CALLER__INIT;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    person.principal = (char *)"anna";
    call.deadline_us = now_us() + 3000000;
    call.idempotency_key = "key-7";
    call.languages = languages;
    call.language_count = 2;
    call.on_behalf_of = &person;
    trace_new(call.traceparent);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    assert_true(frames_equal(&asked.frames, 3, "ucap.v1.Control@test-1", 22));
    assert_string_equal(asked.header->method, "Ping");
    assert_int_equal(asked.header->request_id.len, 16);
    assert_in_range(asked.header->timeout_ms, 1, 3000);
    assert_true(asked.header->timeout_ms > 1000);
    assert_string_equal(asked.header->idempotency_key, "key-7");
    assert_string_equal(asked.header->traceparent, call.traceparent);
    assert_int_equal(asked.header->n_languages, 2);
    assert_string_equal(asked.header->languages[0], "zh-Hans");
    assert_string_equal(asked.header->on_behalf_of->principal, "anna");
    assert_int_equal(frames_size(&asked.frames, 5), 0);
    asked_clear(&asked);
}

static void plain_call_gets_defaults_and_an_id_of_its_own(void **state)
{
    struct asked one, two;
    struct call other;

    (void)state;
    connect_to(first.endpoint, NULL);
    call_init(&other);
    assert_int_equal(start_call(&call), 0);
    assert_int_equal(start_call(&other), 0);
    stand_recv(&first, &one);
    stand_recv(&first, &two);
    assert_in_range(one.header->timeout_ms, 9000, 10000);
    assert_string_equal(one.header->idempotency_key, "");
    assert_int_equal(strlen(one.header->traceparent), TRACEPARENT_SIZE - 1);
    assert_null(one.header->on_behalf_of);
    assert_memory_not_equal(one.header->request_id.data, two.header->request_id.data, 16);
    asked_clear(&one);
    asked_clear(&two);
    client_destroy(client);
    client = NULL;
    call_clear(&other);
}

static void request_that_nobody_takes_is_not_sent(void **state)
{
    Ucap__V1__SetLogLevelRequest huge = UCAP__V1__SET_LOG_LEVEL_REQUEST__INIT;
    size_t size = codec_default_limits.message_bytes + 1;

    (void)state;
    connect_to(first.endpoint, NULL);
    huge.level = malloc(size);
    memset(huge.level, 'x', size - 1);
    huge.level[size - 1] = '\0';
    assert_int_equal(client_start(proxy, 2, &huge.base, call_keep_reply, &call),
                     -ERR_INVALID_ARGUMENT);
    free(huge.level);
    call_clear(&call);
    call_through(&first);
}

static void past_deadline_is_not_sent(void **state)
{
    (void)state;
    connect_to(first.endpoint, NULL);
    call_through(&first);
    call.deadline_us = now_us() - 1;
    assert_start_fails(ERR_DEADLINE_EXCEEDED, "deadline had passed");
    assert_true(stand_is_quiet(&first));
}

static void method_out_of_range_is_unimplemented(void **state)
{
    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(client_start(proxy, 99, &request.base, call_keep_reply, &call),
                     -ERR_UNIMPLEMENTED);
}

/* ---- what is made of replies ---- */

static void warnings_stand_beside_a_reply(void **state)
{
    Ucap__V1__Finding finding = UCAP__V1__FINDING__INIT, *rows[] = {&finding};
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    Ucap__V1__PingReply reply = UCAP__V1__PING_REPLY__INIT;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    finding.path = (char *)"city.zone";
    finding.sentence = (char *)"is 100 % empty";
    header.warnings = rows, header.n_warnings = 1;
    stand_reply(&first, &asked, FINAL, &header, &reply.base);
    wait_for(&call);
    assert_process(&call, "");
    assert_int_equal(call.warnings.count, 1);
    assert_string_equal(call.warnings.rows[0].path, "city.zone");
    assert_string_equal(call.warnings.rows[0].sentence, "is 100 % empty");
    asked_clear(&asked);
}

static void failure_has_code_sentence_and_violations(void **state)
{
    Ucap__V1__Finding finding = UCAP__V1__FINDING__INIT, *rows[] = {&finding};
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    header.status = UCAP__V1__STATUS__CODE__STATUS_NOT_FOUND;
    header.message = (char *)"city \"barcelna\" not found (100 % sure)";
    header.violations = rows, header.n_violations = 1;
    stand_reply(&first, &asked, FINAL, &header, NULL);
    wait_for(&call);
    assert_int_equal(call.err.code, ERR_NOT_FOUND);
    assert_string_equal(call.err.text, "city \"barcelna\" not found (100 % sure)");
    assert_int_equal(call.violations.count, 1);
    assert_null(call.reply);
    asked_clear(&asked);
}

static void note_progress(const Ucap__V1__Progress *progress, void *arg)
{
    *(uint64_t *)arg = *(uint64_t *)arg * 10 + progress->done;
}

static void partials_report_progress_and_end_nothing(void **state)
{
    Ucap__V1__Progress progress = UCAP__V1__PROGRESS__INIT;
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    uint64_t seen = 0;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    call.on_progress = note_progress;
    call.progress_arg = &seen;
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    header.progress = &progress;
    for (progress.done = 1; progress.done <= 3; progress.done++)
        stand_reply(&first, &asked, PARTIAL, &header, NULL);
    reply_process(&first, &asked, "done");
    wait_for(&call);
    assert_int_equal(seen, 123);
    assert_process(&call, "done");
    asked_clear(&asked);
}

static void send_odd_replies(struct stand *stand, const struct asked *asked)
{
    static const char *const name = "ucap.v1.Control@test-1";
    const char *const *const odd[] = {
        (const char *const[]){"", NULL},
        (const char *const[]){"MDPC02", FINAL, NULL},
        (const char *const[]){"MDPC02", FINAL, name, NULL},
        (const char *const[]){"MDPC02", FINAL, name, "", NULL},
        (const char *const[]){"MDPC02", FINAL, name, "", "", "", NULL},
        (const char *const[]){"MDPC02", FINAL, name, "", "", NULL}, /* no request id */
        (const char *const[]){"MDPC02", FINAL, name, "\x0a\x05zz", "", NULL},
        (const char *const[]){"MDPC02", FINAL, name, "\x0a\x02id", "", NULL},
        (const char *const[]){"MDPC02", "\1", name, "", "", NULL},
        (const char *const[]){"MDPW02", "\4", "addr", "", "", "", NULL},
        (const char *const[]){"MDPC01", name, "", "", NULL},
        (const char *const[]){"MDPC02", FINAL, "mmi.list", "not asked", NULL},
        (const char *const[]){"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
                              "14", "15", "16", "17", "18", NULL},
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        stand_send_raw(stand, asked, odd[i]);
}

/* The right id in the name of another service. */
static void send_foreign_reply(struct stand *stand, const struct asked *asked)
{
    struct asked foreign = {.header = asked->header, .frames.count = 0};

    for (size_t i = 0; i < 3; i++)
        frames_add(&foreign.frames, frames_data(&asked->frames, i), frames_size(&asked->frames, i));
    frames_add_text(&foreign.frames, "ucap.v1.Control@test-2");
    reply_process(stand, &foreign, "foreign");
    frames_clear(&foreign.frames);
}

static void odd_replies_are_dropped(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    send_odd_replies(&first, &asked);
    send_foreign_reply(&first, &asked);
    reply_process(&first, &asked, "right");
    wait_for(&call);
    assert_process(&call, "right");
    asked_clear(&asked);
}

static void reply_that_cannot_be_read_is_an_internal_failure(void **state)
{
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    Ucap__V1__PingReply bad = UCAP__V1__PING_REPLY__INIT;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    bad.process = (char *)"\xff";
    stand_reply(&first, &asked, FINAL, &header, &bad.base);
    wait_for(&call);
    assert_int_equal(call.err.code, ERR_INTERNAL);
    assert_non_null(strstr(call.err.text, "process is not UTF-8"));
    asked_clear(&asked);
}

static void second_final_is_dropped(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    reply_process(&first, &asked, "one");
    reply_process(&first, &asked, "two");
    wait_for(&call);
    assert_process(&call, "one");
    asked_clear(&asked);
    call_clear(&call);
    call_through(&first);
}

static void count_reply(const ProtobufCMessage *reply, void *arg)
{
    struct call *one = arg;

    assert_non_null(reply);
    (*(int *)one->progress_arg)++;
}

static void closure_that_keeps_nothing_leaks_nothing(void **state)
{
    int count = 0;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    call.progress_arg = &count;
    assert_int_equal(client_start(proxy, PING, &request.base, count_reply, &call), 0);
    stand_recv(&first, &asked);
    reply_process(&first, &asked, "x");
    wait_for(&call);
    assert_int_equal(count, 1);
    assert_null(call.reply);
    asked_clear(&asked);
}

/* ---- several in flight, deadlines ---- */

static void replies_find_their_calls(void **state)
{
    struct call calls[5];
    struct asked asked[5];
    char text[8];

    (void)state;
    connect_to(first.endpoint, NULL);
    for (int i = 0; i < 5; i++) {
        call_init(&calls[i]);
        assert_int_equal(start_call(&calls[i]), 0);
        stand_recv(&first, &asked[i]);
    }
    for (int i = 4; i >= 0; i--) {
        snprintf(text, sizeof(text), "%d", i);
        reply_process(&first, &asked[i], text);
        assert_int_equal(client_wait(client, NULL, now_us() + LONG_US), 0);
        assert_true(calls[i].done);
        assert_process(&calls[i], text);
        assert_true(i == 0 || !calls[i - 1].done);
        asked_clear(&asked[i]);
    }
    assert_int_equal(client_wait(client, NULL, now_us() + LONG_US), -ERR_FAILED_PRECONDITION);
    for (int i = 0; i < 5; i++)
        call_clear(&calls[i]);
}

static void late_reply_is_dropped(void **state)
{
    struct asked asked;
    int64_t began = now_us();

    (void)state;
    connect_to(first.endpoint, NULL);
    call_through(&first);
    call.deadline_us = now_us() + 50000;
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    wait_for(&call);
    assert_int_equal(call.err.code, ERR_DEADLINE_EXCEEDED);
    assert_non_null(strstr(call.err.text, "ucap.v1.Control@test-1 did not answer"));
    assert_in_range(now_us() - began, 50000, QUICK_US);
    reply_process(&first, &asked, "late");
    asked_clear(&asked);
    call_clear(&call);
    call.deadline_us = 0;
    call_through(&first);
}

static void waiting_ends_no_call(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    assert_int_equal(client_wait(client, &call, now_us() + 1000), -ERR_DEADLINE_EXCEEDED);
    assert_false(call.done);
    reply_process(&first, &asked, "after all");
    wait_for(&call);
    assert_process(&call, "after all");
    asked_clear(&asked);
}

static void waiting_for_no_call_is_refused(void **state)
{
    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(client_wait(client, &call, now_us() + LONG_US), -ERR_FAILED_PRECONDITION);
    assert_int_equal(client_wait(client, NULL, now_us() + LONG_US), -ERR_FAILED_PRECONDITION);
}

static void *answer_one(void *arg)
{
    struct asked asked;

    stand_recv(arg, &asked);
    reply_process(arg, &asked, "in between");
    asked_clear(&asked);
    return NULL;
}

static void invoking_waits_for_the_reply(void **state)
{
    pthread_t thread;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(pthread_create(&thread, NULL, answer_one, &first), 0);
    assert_int_equal(call_run(proxy, "Ping", &request.base, &call), 0);
    pthread_join(thread, NULL);
    assert_process(&call, "in between");
}

/* ---- gateways that fail ---- */

static void unreachable_gateway_fails_one_call_only(void **state)
{
    int64_t began = now_us();

    (void)state;
    connect_to("ipc:///tmp/ucap-nowhere/gateway", second.endpoint);
    assert_start_fails(ERR_UNAVAILABLE, "/tmp/ucap-nowhere/gateway cannot be reached");
    assert_true(now_us() - began < QUICK_US);
    call_through(&second);
    call_through(&second);
}

static void last_gateway_is_followed_by_the_first(void **state)
{
    (void)state;
    connect_to("ipc:///tmp/ucap-nowhere/a", "ipc:///tmp/ucap-nowhere/b");
    assert_start_fails(ERR_UNAVAILABLE, "nowhere/a");
    assert_start_fails(ERR_UNAVAILABLE, "nowhere/b");
    assert_start_fails(ERR_UNAVAILABLE, "nowhere/a");
}

static void gateway_that_dies_ends_waiting_calls_at_once(void **state)
{
    struct call other;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, second.endpoint);
    call_init(&other);
    assert_int_equal(start_call(&call), 0);
    assert_int_equal(start_call(&other), 0);
    stand_recv(&first, &asked);
    asked_clear(&asked);
    int64_t began = now_us();
    stand_close(&first);
    wait_for(&call);
    assert_true(now_us() - began < QUICK_US);
    assert_int_equal(call.err.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(call.err.text, first.endpoint));
    assert_non_null(strstr(call.err.text, "same idempotency key"));
    assert_true(other.done);
    assert_int_equal(other.err.code, ERR_UNAVAILABLE);
    call_clear(&call);
    call_clear(&other);
    call_through(&second);
}

/* A reply that the gateway sent before it went away counts. */
static void reply_before_the_end_counts(void **state)
{
    int linger = STAND_WAIT_MS;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    zmq_setsockopt(first.router, ZMQ_LINGER, &linger, sizeof(linger));
    reply_process(&first, &asked, "last words");
    asked_clear(&asked);
    stand_close(&first);
    wait_for(&call);
    assert_process(&call, "last words");
}

static bool client_sees_the_loss(void)
{
    zmq_pollitem_t none = {NULL, -1, 0, 0};

    return zmq_poll(&none, 0, 1) == 0; /* a millisecond for the I/O thread */
}

/* Nobody waited, so nobody is told; the call may still meet the old link, whose loss is then its
 * own. */
static void gateway_lost_while_idle_is_left(void **state)
{
    int failures = 0;
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, second.endpoint);
    call_through(&first);
    stand_close(&first);
    while (start_call(&call) < 0 && client_sees_the_loss()) {
        call_clear(&call);
        failures++;
    }
    assert_in_range(failures, 0, 1);
    stand_recv(&second, &asked);
    reply_process(&second, &asked, "second");
    wait_for(&call);
    assert_process(&call, "second");
    asked_clear(&asked);
}

static void restarted_gateway_is_met_again(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    asked_clear(&asked);
    stand_reopen(&first);
    wait_for(&call);
    assert_int_equal(call.err.code, ERR_UNAVAILABLE);
    call_clear(&call);
    call_through(&first);
}

/* Listens and never speaks. */
static int listen_silently(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

static void silent_gateway_is_given_up(void **state)
{
    char path[100], endpoint[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/silent", first.dir);
    snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
    int fd = listen_silently(path);
    const char *gateways[] = {endpoint, second.endpoint, NULL};
    const struct client_config config = {.gateways = gateways, .connect_timeout_ms = 100};
    make_client(&config);
    call.deadline_us = now_us() + 10000; /* too short to judge the gateway by */
    assert_start_fails(ERR_DEADLINE_EXCEEDED, "silent does not answer");
    call.deadline_us = 0;
    assert_start_fails(ERR_UNAVAILABLE, "silent does not answer");
    call_through(&second);
    close(fd);
    unlink(path);
}

static void ended_client_cancels_its_calls(void **state)
{
    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    client_destroy(client);
    client = NULL;
    assert_true(call.done);
    assert_int_equal(call.err.code, ERR_CANCELLED);
}

static void ended_context_cancels_calls(void **state)
{
    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    zmq_ctx_shutdown(zmq);
    wait_for(&call);
    assert_int_equal(call.err.code, ERR_CANCELLED);
    call_clear(&call);
    assert_start_fails(ERR_CANCELLED, "");
}

/* ---- keys ---- */

/* `stand` becomes one that admits the key of *ret_key. */
static void curve_stand(struct stand *stand, struct curve_key *ret_key)
{
    stand_close(stand);
    assert_int_equal(curve_key_generate(ret_key, NULL), 0);
    stand_open_curve(stand, ret_key->public_key);
}

static void known_key_is_served(void **state)
{
    struct curve_key key;

    (void)state;
    curve_stand(&first, &key);
    const char *gateways[] = {first.endpoint, NULL};
    const struct client_config config = {gateways, &key, first.key.public_key, 0, 0};
    make_client(&config);
    call_through(&first);
}

static void unknown_key_is_said_at_once(void **state)
{
    struct curve_key key;

    (void)state;
    curve_stand(&first, &key);
    first.admits = false;
    const char *gateways[] = {first.endpoint, NULL};
    const struct client_config config = {gateways, &key, first.key.public_key, 0, 0};
    make_client(&config);
    int64_t began = now_us();
    assert_start_fails(ERR_UNAUTHENTICATED, "does not know the key");
    assert_start_fails(ERR_UNAUTHENTICATED, key.public_key);
    assert_true(now_us() - began < QUICK_US);
    first.admits = true; /* a refused socket never asks again: a new one does */
    call_through(&first);
}

static void key_that_one_gateway_does_not_know_is_tried_at_the_next(void **state)
{
    struct curve_key key;

    (void)state;
    curve_stand(&first, &key);
    stand_close(&second);
    stand_open_curve(&second, key.public_key);
    /* A client has one gateway key for all. */
    zmq_close(second.router);
    second.key = first.key;
    second.router = zmq_socket(second.zmq, ZMQ_ROUTER);
    int wait = STAND_WAIT_MS;
    zmq_setsockopt(second.router, ZMQ_RCVTIMEO, &wait, sizeof(wait));
    assert_int_equal(curve_server(second.router, &second.key, "test", NULL), 0);
    char path[200];
    snprintf(path, sizeof(path), "%s-2", second.endpoint);
    assert_int_equal(zmq_bind(second.router, path), 0);
    first.admits = false;
    const char *gateways[] = {first.endpoint, path, NULL};
    const struct client_config config = {gateways, &key, first.key.public_key, 0, 0};
    make_client(&config);
    assert_start_fails(ERR_UNAVAILABLE, "does not know the key");
    call_through(&second);
    unlink(path + strlen("ipc://"));
}

static void wrong_gateway_key_is_told_from_an_unknown_one(void **state)
{
    struct curve_key key, other;

    (void)state;
    curve_stand(&first, &key);
    assert_int_equal(curve_key_generate(&other, NULL), 0);
    const char *gateways[] = {first.endpoint, NULL};
    const struct client_config config = {gateways, &key, other.public_key, 300, 0};
    make_client(&config);
    assert_start_fails(ERR_UNAVAILABLE, "gateway");
}

/* A label of more than 63 characters is no name, so nobody is asked for it. */
static void host_without_address_is_told_from_a_silent_one(void **state)
{
    char endpoint[128];
    struct curve_key key;

    (void)state;
    assert_int_equal(curve_key_generate(&key, NULL), 0);
    snprintf(endpoint, sizeof(endpoint), "tcp://%080d.invalid:7110", 0);
    const char *gateways[] = {endpoint, NULL};
    const struct client_config config = {gateways, &key, key.public_key, 0, 0};
    make_client(&config);
    assert_start_fails(ERR_UNAVAILABLE, "no IPv4 address is known for its host");
}

static void client_with_key_meets_a_plain_gateway(void **state)
{
    struct curve_key key;

    (void)state;
    assert_int_equal(curve_key_generate(&key, NULL), 0);
    const char *gateways[] = {first.endpoint, NULL};
    const struct client_config config = {gateways, &key, key.public_key, 300, 0};
    make_client(&config);
    assert_start_fails(ERR_UNAVAILABLE, first.endpoint);
}

static void configs_are_checked(void **state)
{
    const char *none[] = {NULL}, *tcp[] = {"tcp://127.0.0.1:1", NULL};
    struct curve_key key;
    const struct client_config bad[] = {
        {.gateways = none},
        {.gateways = NULL},
        {.gateways = tcp},
        {.gateways = tcp, .key = &key},
        {.gateways = tcp, .key = &key, .gateway_key = "short"},
    };

    (void)state;
    assert_int_equal(curve_key_generate(&key, NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(client_create(zmq, &bad[i], &client, &err), -ERR_INVALID_ARGUMENT);
        assert_true(strlen(err.text) > 10);
        assert_null(client);
    }
    connect_to("ipc://", NULL);
    assert_start_fails(ERR_INVALID_ARGUMENT, "is no address");
}

/* ---- pokes ---- */

static void poke(void)
{
    Ucap__V1__DrainRequest drain = UCAP__V1__DRAIN_REQUEST__INIT;

    client_poke(proxy, DRAIN, &drain.base);
}

static void poke_is_sent_once_while_unanswered(void **state)
{
    struct asked asked;
    int64_t began;

    (void)state;
    connect_to(first.endpoint, NULL);
    call_through(&first);
    do { /* again where the machine took more than the 20 ms */
        began = now_us();
        poke();
        poke();
        poke();
        stand_recv(&first, &asked);
        assert_string_equal(asked.header->method, "Drain");
        asked_clear(&asked);
    } while (now_us() - began > 15000 && !stand_is_quiet(&first));
    call_through(&first); /* what it receives is the next message: no second poke */
}

static void answered_poke_may_be_followed(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    call_through(&first);
    for (int i = 0; i < 3; i++) {
        Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
        poke();
        stand_recv(&first, &asked);
        header.status = UCAP__V1__STATUS__CODE__STATUS_UNAVAILABLE;
        stand_reply(&first, &asked, FINAL, &header, NULL);
        asked_clear(&asked);
        call_through(&first); /* its reply comes after that of the poke */
    }
}

static void first_poke_connects(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    poke();
    stand_recv(&first, &asked);
    assert_string_equal(asked.header->method, "Drain");
    /* Where nobody serves it, the gateway drops it soon. */
    assert_in_range(asked.header->timeout_ms, 1, 100);
    asked_clear(&asked);
    assert_int_equal(client_wait(client, NULL, now_us() + LONG_US), -ERR_FAILED_PRECONDITION);
}

static void poke_without_gateway_is_nobodys_concern(void **state)
{
    (void)state;
    connect_to("ipc:///tmp/ucap-nowhere/a", second.endpoint);
    int64_t began = now_us();
    poke();
    assert_true(now_us() - began < QUICK_US);
    call_through(&second);
}

static void poke_leaves_replies_to_client_wait(void **state)
{
    struct asked asked;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(start_call(&call), 0);
    stand_recv(&first, &asked);
    reply_process(&first, &asked, "x");
    asked_clear(&asked);
    for (int got = 0; got < 3;) { /* some 40 ms: the reply has come meanwhile */
        poke();
        if (zmq_poll(&(zmq_pollitem_t){first.router, 0, ZMQ_POLLIN, 0}, 1, 5) == 0)
            continue;
        stand_recv(&first, &asked);
        asked_clear(&asked);
        got++;
    }
    assert_false(call.done);
    wait_for(&call);
    assert_process(&call, "x");
}

/* ---- questions to the broker ---- */

struct broker {
    struct stand *stand;
    int ignored;       /* questions left unanswered first, then answered late */
    const char *first; /* body frames of the answer */
    const char *second;
};

static void *play_broker(void *arg)
{
    struct broker *broker = arg;
    struct asked questions[4];
    int count = broker->ignored + 1;

    for (int i = 0; i < count; i++) {
        assert_int_equal(frames_recv(broker->stand->router, 0, &questions[i].frames), 0);
        assert_true(frames_equal(&questions[i].frames, 3, "mmi.service", 11));
    }
    for (int i = 0; i < count; i++) {
        const char *answer[] = {"MDPC02",       FINAL,
                                "mmi.service",  i < broker->ignored ? "late" : broker->first,
                                broker->second, NULL};
        stand_send_raw(broker->stand, &questions[i], answer);
        frames_clear(&questions[i].frames);
    }
    return NULL;
}

static void broker_answers_questions(void **state)
{
    struct broker broker = {&first, 0, "200", "more"};
    struct frames answer = {.count = 0};
    pthread_t thread;

    (void)state;
    connect_to(first.endpoint, NULL);
    assert_int_equal(pthread_create(&thread, NULL, play_broker, &broker), 0);
    assert_int_equal(client_mmi(client, "mmi.service", "ucap.v1.Registry", &answer, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(answer.count, 2);
    assert_true(frames_equal(&answer, 0, "200", 3));
    assert_true(frames_equal(&answer, 1, "more", 4));
    frames_clear(&answer);
}

static void broker_of_the_next_gateway_is_asked(void **state)
{
    struct broker broker = {&second, 0, "200", NULL};
    struct frames answer = {.count = 0};
    pthread_t thread;

    (void)state;
    connect_to("ipc:///tmp/ucap-nowhere/a", second.endpoint);
    assert_int_equal(pthread_create(&thread, NULL, play_broker, &broker), 0);
    int rc = client_mmi(client, "mmi.service", "x", &answer, NULL);
    if (rc < 0) /* lets the thread end */
        client_mmi(client, "mmi.service", "x", &answer, NULL);
    pthread_join(thread, NULL);
    assert_int_equal(rc, 0);
    assert_true(frames_equal(&answer, 0, "200", 3));
    frames_clear(&answer);
}

static void late_answers_are_not_taken_for_later_ones(void **state)
{
    struct broker broker = {&first, 2, "404", NULL};
    const char *gateways[] = {first.endpoint, NULL};
    const struct client_config config = {.gateways = gateways, .call_timeout_ms = 30};
    struct frames answer = {.count = 0};
    struct err err = ERR_INIT;
    pthread_t thread;
    int rc;

    (void)state;
    make_client(&config);
    for (int i = 0; i < 2; i++)
        assert_int_equal(client_mmi(client, "mmi.service", "x", &answer, &err),
                         -ERR_DEADLINE_EXCEEDED);
    assert_int_equal(answer.count, 0);
    assert_int_equal(pthread_create(&thread, NULL, play_broker, &broker), 0);
    rc = client_mmi(client, "mmi.service", "x", &answer, &err);
    pthread_join(thread, NULL);
    if (rc == -ERR_DEADLINE_EXCEEDED)
        skip(); /* the machine took more than 30 ms */
    assert_int_equal(rc, 0);
    assert_int_equal(answer.count, 1);
    assert_true(frames_equal(&answer, 0, "404", 3));
    frames_clear(&answer);
}

static void broker_that_cannot_be_reached_is_said(void **state)
{
    struct frames answer = {.count = 0};
    struct err err = ERR_INIT;

    (void)state;
    connect_to("ipc:///tmp/ucap-nowhere/a", NULL);
    assert_int_equal(client_mmi(client, "mmi.list", NULL, &answer, &err), -ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "nowhere/a"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(request_carries_what_the_call_says),
        TEST(plain_call_gets_defaults_and_an_id_of_its_own),
        TEST(request_that_nobody_takes_is_not_sent),
        TEST(past_deadline_is_not_sent),
        TEST(method_out_of_range_is_unimplemented),
        TEST(warnings_stand_beside_a_reply),
        TEST(failure_has_code_sentence_and_violations),
        TEST(partials_report_progress_and_end_nothing),
        TEST(odd_replies_are_dropped),
        TEST(reply_that_cannot_be_read_is_an_internal_failure),
        TEST(second_final_is_dropped),
        TEST(closure_that_keeps_nothing_leaks_nothing),
        TEST(replies_find_their_calls),
        TEST(late_reply_is_dropped),
        TEST(waiting_ends_no_call),
        TEST(waiting_for_no_call_is_refused),
        TEST(invoking_waits_for_the_reply),
        TEST(unreachable_gateway_fails_one_call_only),
        TEST(last_gateway_is_followed_by_the_first),
        TEST(gateway_that_dies_ends_waiting_calls_at_once),
        TEST(reply_before_the_end_counts),
        TEST(gateway_lost_while_idle_is_left),
        TEST(restarted_gateway_is_met_again),
        TEST(silent_gateway_is_given_up),
        TEST(ended_client_cancels_its_calls),
        TEST(ended_context_cancels_calls),
        TEST(known_key_is_served),
        TEST(unknown_key_is_said_at_once),
        TEST(key_that_one_gateway_does_not_know_is_tried_at_the_next),
        TEST(wrong_gateway_key_is_told_from_an_unknown_one),
        TEST(host_without_address_is_told_from_a_silent_one),
        TEST(client_with_key_meets_a_plain_gateway),
        TEST(configs_are_checked),
        TEST(poke_is_sent_once_while_unanswered),
        TEST(answered_poke_may_be_followed),
        TEST(first_poke_connects),
        TEST(poke_without_gateway_is_nobodys_concern),
        TEST(poke_leaves_replies_to_client_wait),
        TEST(broker_answers_questions),
        TEST(broker_of_the_next_gateway_is_asked),
        TEST(late_answers_are_not_taken_for_later_ones),
        TEST(broker_that_cannot_be_reached_is_said),
    };
    return cmocka_run_group_tests_name("bus_client", tests, NULL, NULL);
}
