/* Worker threads against a scripted gateway: every request gets exactly one final, whatever happens
 * meanwhile. Heartbeats are too far apart to come in between; drains are confirmed by the gateway.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus/server.h"
#include "fake_gateway.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/relay.pb-c.h>

enum { READY = 1, REQUEST, PARTIAL, FINAL, BEAT, DISCONNECT };

/* ---- a service whose handlers wait until they are let go ---- */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut;
    unsigned inside; /* handlers that wait */
};

static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
static _Atomic unsigned handled, started, stopped;
static _Atomic int failing_thread; /* -1: none */

static void gate_pass(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.inside++;
    pthread_cond_broadcast(&gate.changed);
    while (gate.shut)
        pthread_cond_wait(&gate.changed, &gate.lock);
    gate.inside--;
    pthread_mutex_unlock(&gate.lock);
}

static void gate_set(bool shut)
{
    pthread_mutex_lock(&gate.lock);
    gate.shut = shut;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

static void gate_wait_inside(unsigned count)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FAKE_WAIT_MS / 1000;
    pthread_mutex_lock(&gate.lock);
    while (gate.inside < count && rc == 0)
        rc = pthread_cond_timedwait(&gate.changed, &gate.lock, &until);
    pthread_mutex_unlock(&gate.lock);
    assert_int_equal(rc, 0);
}

static void relay_poke(Ucap__V1__Relay_Service *service, const Ucap__V1__PokeRequest *input,
                       Ucap__V1__PokeReply_Closure closure, void *arg)
{
    Ucap__V1__PokeReply reply = UCAP__V1__POKE_REPLY__INIT;

    (void)service;
    (void)input;
    handled++;
    gate_pass();
    closure(&reply, arg);
}

static int start(void *arg, const struct server_thread *thread, ProtobufCService **ret_service,
                 struct err *err)
{
    static const Ucap__V1__Relay_Service table = UCAP__V1__RELAY__INIT(relay_);
    Ucap__V1__Relay_Service *service;

    (void)arg;
    assert_non_null(thread->client);
    if (failing_thread == (int)thread->number)
        return err_set(err, ERR_FAILED_PRECONDITION, "thread %u cannot", thread->number);
    if (failing_thread >= 0) {
        thread->waits_for(thread->server, "the other to fail");
        while (!thread->ending(thread->server))
            zmq_poll(NULL, 0, 1);
        return err_set(err, ERR_CANCELLED, "told to end");
    }
    service = malloc(sizeof(*service));
    *service = table;
    *ret_service = &service->base;
    started++;
    return 0;
}

static void stop(void *arg, ProtobufCService *service)
{
    (void)arg;
    free(service);
    stopped++;
}

static const struct method_rule rules[] = {{"Poke", MAY_READ, false, ""}, {0}};

static const struct server_spec spec = {
    .descriptor = &ucap__v1__relay__descriptor,
    .rules = rules,
    .start = start,
    .stop = stop,
};

/* ---- a server and its gateway ---- */

struct test {
    struct fake_gateway gateway;
    const char *endpoints[2];
    struct server_config config;
    struct server *server;
    void *zmq;              /* of the server */
    struct frames peers[2]; /* READY of each worker */
};

static void setup(struct test *test, unsigned threads)
{
    memset(test, 0, sizeof(*test));
    handled = started = stopped = 0;
    failing_thread = -1;
    gate_set(false);
    fake_gateway_open(&test->gateway, NULL);
    test->zmq = zmq_ctx_new();
    test->endpoints[0] = test->gateway.endpoint;
    test->config = (struct server_config){
        .gateways = {.gateways = test->endpoints},
        .instance = "relay-1",
        .threads = threads,
        .credit = 3,
        .heartbeat_ms = 10000,
    };
}

static void begin(struct test *test)
{
    struct err err = ERR_INIT;

    if (server_start(test->zmq, &spec, &test->config, &test->server, &err) < 0)
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < test->config.threads; i++)
        fake_gateway_expect(&test->gateway, &test->peers[i], READY,
                            (const char *const[]){"ucap.v1.Relay", "3", "relay-1", NULL});
}

static int64_t in_ms(int64_t ms)
{
    return clock_mono_us(clock_system()) + ms * 1000;
}

static void teardown(struct test *test)
{
    for (size_t i = 0; i < 2; i++)
        frames_clear(&test->peers[i]);
    server_destroy(test->server);
    zmq_ctx_term(test->zmq);
    fake_gateway_close(&test->gateway);
}

/* The worker asks to leave: the gateway confirms, and the worker goes. */
static void part(struct test *test, const struct frames *peer)
{
    fake_gateway_send(&test->gateway, peer, BEAT, (const char *const[]){"0", NULL});
}

/* Drains; the workers speak in whatever order, but each says credit 0 and then leaves. */
static void end(struct test *test)
{
    struct frames frames;
    struct mdp_message message;
    unsigned asked = 0;
    unsigned left = 0;

    server_drain(test->server);
    while (left < test->config.threads) {
        fake_gateway_recv(&test->gateway, &frames, &message);
        if (message.command == MDP_HEARTBEAT) {
            assert_true(frames_equal(&frames, message.body, "0", 1));
            part(test, &frames);
            asked++;
        } else {
            assert_int_equal(message.command, MDP_DISCONNECT);
            assert_true(++left <= asked);
        }
        frames_clear(&frames);
    }
    assert_int_equal(server_join(test->server, in_ms(FAKE_WAIT_MS)), 0);
    assert_int_equal(stopped, started);
}

/* `caller` may be NULL: one that may poke. `extra`: frames more than a body has. */
static void request(struct test *test, const struct frames *peer, const char *token,
                    const char *caller, int extra)
{
    Ucap__V1__RequestHeader header = UCAP__V1__REQUEST_HEADER__INIT;
    Ucap__V1__Caller viewer = UCAP__V1__CALLER__INIT;
    struct frames frames = {.count = 0};
    uint8_t bytes[256];

    viewer.principal = (char *)"anna";
    viewer.role = UCAP__V1__ROLE__VALUE__ROLE_VIEWER;
    header.method = (char *)"Poke";
    header.request_id = (ProtobufCBinaryData){strlen(token), (uint8_t *)token};
    frames_add(&frames, frames_data(peer, 0), frames_size(peer, 0));
    frames_add_text(&frames, "MDPW02");
    frames_add(&frames, "\x02", 1);
    frames_add_text(&frames, token);
    frames_add(&frames, NULL, 0);
    if (caller)
        frames_add_text(&frames, caller);
    else
        frames_add(&frames, bytes, ucap__v1__caller__pack(&viewer, bytes));
    frames_add(&frames, bytes, ucap__v1__request_header__pack(&header, bytes));
    for (int i = 0; i < 1 + extra; i++)
        frames_add(&frames, NULL, 0);
    assert_int_equal(frames_send(test->gateway.socket, ZMQ_DONTWAIT, &frames), 0);
}

/* A FINAL with this token and status. */
static void expect_final(struct test *test, const char *token, int status)
{
    struct frames frames;
    struct mdp_message message;

    fake_gateway_recv(&test->gateway, &frames, &message);
    assert_int_equal(message.command, MDP_FINAL);
    assert_true(frames_equal(&frames, message.address, token, strlen(token)));
    assert_int_equal(frames.count - message.body, 2);
    Ucap__V1__ReplyHeader *header = ucap__v1__reply_header__unpack(
        NULL, frames_size(&frames, message.body), frames_data(&frames, message.body));
    assert_non_null(header);
    assert_int_equal(header->status, status);
    ucap__v1__reply_header__free_unpacked(header, NULL);
    frames_clear(&frames);
}

/* ---- tests ---- */

static void each_thread_is_a_worker_that_leaves_politely(void **state)
{
    struct test test;

    (void)state;
    setup(&test, 2);
    begin(&test);
    assert_int_equal(started, 2);
    end(&test);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    teardown(&test);
}

static void answers_requests_of_both_threads(void **state)
{
    struct test test;

    (void)state;
    setup(&test, 2);
    begin(&test);
    request(&test, &test.peers[0], "token-a", NULL, 0);
    expect_final(&test, "token-a", 0);
    request(&test, &test.peers[1], "token-b", NULL, 0);
    expect_final(&test, "token-b", 0);
    end(&test);
    teardown(&test);
}

static void refuses_what_never_reaches_a_handler(void **state)
{
    struct test test;

    (void)state;
    setup(&test, 1);
    begin(&test);
    request(&test, &test.peers[0], "long", NULL, 1);
    expect_final(&test, "long", ERR_INVALID_ARGUMENT);
    request(&test, &test.peers[0], "short", NULL, -1);
    expect_final(&test, "short", ERR_INVALID_ARGUMENT);
    request(&test, &test.peers[0], "nobody", "\xff\xff", 0);
    expect_final(&test, "nobody", ERR_UNAUTHENTICATED);
    assert_int_equal(handled, 0);
    end(&test);
    teardown(&test);
}

static void drain_answers_each_held_request_once(void **state)
{
    struct test test;
    struct frames frames;

    (void)state;
    setup(&test, 1);
    begin(&test);
    gate_set(true);
    request(&test, &test.peers[0], "1", NULL, 0);
    gate_wait_inside(1);
    request(&test, &test.peers[0], "2", NULL, 0);
    request(&test, &test.peers[0], "3", NULL, 0);
    server_drain(test.server);
    gate_set(false);
    expect_final(&test, "1", 0);
    fake_gateway_expect(&test.gateway, &frames, BEAT, (const char *const[]){"0", NULL});
    part(&test, &frames);
    frames_clear(&frames);
    expect_final(&test, "2", 0);
    expect_final(&test, "3", 0);
    fake_gateway_expect(&test.gateway, &frames, DISCONNECT, NULL);
    frames_clear(&frames);
    assert_int_equal(server_join(test.server, in_ms(FAKE_WAIT_MS)), 0);
    assert_int_equal(handled, 3);
    assert_true(fake_gateway_is_quiet(&test.gateway));
    teardown(&test);
}

/* How many finals come before the worker is back on a new connection. */
static unsigned finals_until_ready(struct test *test)
{
    struct frames frames;
    struct mdp_message message;
    unsigned finals = 0;

    for (;;) {
        fake_gateway_recv(&test->gateway, &frames, &message);
        if (message.command == MDP_READY)
            break;
        assert_int_equal(message.command, MDP_FINAL);
        frames_clear(&frames);
        finals++;
    }
    frames_clear(&test->peers[0]);
    test->peers[0] = frames;
    return finals;
}

/* The DISCONNECT may be read before or after the second request was begun; what was begun is
 * answered before the connection ends, what was not is never begun. */
static void what_was_held_is_lost_with_its_connection(void **state)
{
    struct test test;

    (void)state;
    setup(&test, 1);
    begin(&test);
    gate_set(true);
    request(&test, &test.peers[0], "1", NULL, 0);
    gate_wait_inside(1);
    request(&test, &test.peers[0], "2", NULL, 0);
    fake_gateway_send(&test.gateway, &test.peers[0], DISCONNECT, NULL);
    gate_set(false);
    unsigned finals = finals_until_ready(&test);
    assert_int_equal(handled, finals);
    request(&test, &test.peers[0], "3", NULL, 0);
    expect_final(&test, "3", 0);
    assert_int_equal(handled, finals + 1);
    end(&test);
    teardown(&test);
}

static void join_gives_up_at_its_limit(void **state)
{
    struct test test;
    struct frames frames;

    (void)state;
    setup(&test, 1);
    begin(&test);
    gate_set(true);
    request(&test, &test.peers[0], "1", NULL, 0);
    gate_wait_inside(1);
    server_drain(test.server);
    assert_int_equal(server_join(test.server, in_ms(1)), -ERR_DEADLINE_EXCEEDED);
    server_destroy(test.server); /* lets it be */
    gate_set(false);
    expect_final(&test, "1", 0);
    fake_gateway_expect(&test.gateway, &frames, BEAT, (const char *const[]){"0", NULL});
    part(&test, &frames);
    frames_clear(&frames);
    fake_gateway_expect(&test.gateway, &frames, DISCONNECT, NULL);
    frames_clear(&frames);
    assert_int_equal(server_join(test.server, in_ms(FAKE_WAIT_MS)), 0);
    teardown(&test);
}

static void one_thread_that_cannot_start_ends_all(void **state)
{
    struct test test;
    struct err err = ERR_INIT;

    (void)state;
    setup(&test, 2);
    failing_thread = 1;
    assert_int_equal(server_start(test.zmq, &spec, &test.config, &test.server, &err),
                     -ERR_FAILED_PRECONDITION);
    assert_string_equal(err.text, "thread 1 cannot");
    assert_null(test.server);
    assert_int_equal(stopped, 0);
    teardown(&test);
}

static void wrong_configurations_are_refused(void **state)
{
    static const struct method_rule none[] = {{0}};
    struct server_spec bare = spec;
    struct test test;
    struct err err = ERR_INIT;

    (void)state;
    setup(&test, 1);
    bare.rules = none;
    assert_int_equal(server_start(test.zmq, &bare, &test.config, &test.server, &err),
                     -ERR_INTERNAL);
    test.config.threads = 65;
    assert_int_equal(server_start(test.zmq, &spec, &test.config, &test.server, &err),
                     -ERR_INVALID_ARGUMENT);
    test.config.threads = 1;
    test.config.credit = 0;
    assert_int_equal(server_start(test.zmq, &spec, &test.config, &test.server, &err),
                     -ERR_INVALID_ARGUMENT);
    test.config.credit = 1;
    test.endpoints[0] = NULL;
    assert_int_equal(server_start(test.zmq, &spec, &test.config, &test.server, &err),
                     -ERR_INVALID_ARGUMENT);
    test.endpoints[0] = "tcp:/here";
    assert_int_equal(server_start(test.zmq, &spec, &test.config, &test.server, &err),
                     -ERR_INVALID_ARGUMENT);
    assert_int_equal(stopped, started);
    teardown(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_is_a_worker_that_leaves_politely),
        cmocka_unit_test(answers_requests_of_both_threads),
        cmocka_unit_test(refuses_what_never_reaches_a_handler),
        cmocka_unit_test(drain_answers_each_held_request_once),
        cmocka_unit_test(what_was_held_is_lost_with_its_connection),
        cmocka_unit_test(join_gives_up_at_its_limit),
        cmocka_unit_test(one_thread_that_cannot_start_ends_all),
        cmocka_unit_test(wrong_configurations_are_refused),
    };

    return cmocka_run_group_tests_name("bus_server", tests, NULL, NULL);
}
