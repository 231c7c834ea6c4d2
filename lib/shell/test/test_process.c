/* A whole process with a scripted gateway: started, asked, drained, killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_gateway.h"
#include "testkit/testkit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <ucap/v1/control.pb-c.h>
#include <unistd.h>

enum { READY = 1, REQUEST, PARTIAL, FINAL, BEAT, DISCONNECT };

#define LIMIT_MS 20000

struct test {
    struct kit *kit;
    struct fake_gateway gateway;
    struct curve_key gateway_key;
    struct curve_key key;
    const char *key_file;
    const char *hold; /* a file that a handler, or start, waits for */
    char control[160];
    struct kit_process *process;
    struct frames control_worker, relay_worker; /* their READY */
};

static void setup(struct test *test)
{
    memset(test, 0, sizeof(*test));
    test->kit = kit_begin();
    assert_int_equal(curve_key_generate(&test->gateway_key, NULL), 0);
    assert_int_equal(curve_key_generate(&test->key, NULL), 0);
    fake_gateway_open(&test->gateway, &test->gateway_key);
    test->key_file = kit_path(test->kit, "demo.key");
    test->hold = kit_path(test->kit, "hold");
    assert_int_equal(curve_key_write(test->key_file, &test->key, "demo", NULL), 0);
    snprintf(test->control, sizeof(test->control), "ipc://%s", kit_path(test->kit, "demo.ctl"));
}

static void teardown(struct test *test)
{
    frames_clear(&test->control_worker);
    frames_clear(&test->relay_worker);
    unlink(test->hold);
    kit_end(test->kit);
    fake_gateway_close(&test->gateway);
}

static struct kit_process *start_program(struct test *test, const char *const *first,
                                         const char *const *more)
{
    const char *argv[32];
    size_t count = 0;

    for (; *first; first++)
        argv[count++] = *first;
    for (; more && *more; more++)
        argv[count++] = *more;
    argv[count] = NULL;
    return kit_start(test->kit, DEMO_PROGRAM, argv, NULL);
}

/* With heartbeats so far apart that none comes in between, unless `more` says otherwise. */
static struct kit_process *start_with(struct test *test, const char *const *more)
{
    const char *const first[] = {"--gateways",
                                 test->gateway.endpoint,
                                 "--gateway-key",
                                 test->gateway_key.public_key,
                                 "--key-file",
                                 test->key_file,
                                 "--control",
                                 test->control,
                                 "--instance",
                                 "demo-1",
                                 "--threads",
                                 "1",
                                 "--heartbeat",
                                 "30s",
                                 NULL};

    return start_program(test, first, more);
}

static struct kit_process *start_own(struct test *test, const char *const *more)
{
    const char *const first[] = {"--own",  "--control",   test->control, "--instance",
                                 "demo-1", "--heartbeat", "30s",         NULL};

    return start_program(test, first, more);
}

#define START(test, ...)                                                                           \
    ((test)->process = start_with((test), (const char *const[]){__VA_ARGS__ NULL}))

/* ---- what the process says ---- */

static Ucap__V1__PingReply__State ping(const struct test *test)
{
    const char *const gateways[] = {test->control, NULL};
    struct client_config config = {.gateways = gateways, .call_timeout_ms = 5000};
    Ucap__V1__PingRequest request = UCAP__V1__PING_REQUEST__INIT;
    Ucap__V1__PingReply__State state = UCAP__V1__PING_REPLY__STATE__STATE_UNSPECIFIED;
    struct client *client = NULL;
    struct call call;
    void *zmq = zmq_ctx_new();

    assert_int_equal(client_create(zmq, &config, &client, NULL), 0);
    call_init(&call);
    if (call_run(client_service(client, &ucap__v1__control__descriptor, NULL), "Ping",
                 &request.base, &call) == 0)
        state = ((Ucap__V1__PingReply *)call.reply)->state;
    call_clear(&call);
    client_destroy(client);
    zmq_ctx_term(zmq);
    return state;
}

static bool is_ready(void *test)
{
    return ping(test) == UCAP__V1__PING_REPLY__STATE__STATE_READY;
}

static bool is_starting(void *test)
{
    return ping(test) == UCAP__V1__PING_REPLY__STATE__STATE_STARTING;
}

static bool is_draining(void *test)
{
    return ping(test) == UCAP__V1__PING_REPLY__STATE__STATE_DRAINING;
}

struct words {
    struct kit_process *process;
    const char *text;
};

static bool has_said(void *arg)
{
    const struct words *words = arg;
    char *said = kit_stderr(words->process);
    bool found = strstr(said, words->text) != NULL;

    free(said);
    return found;
}

static void wait_said(const struct test *test, const char *text)
{
    struct words words = {test->process, text};

    kit_wait(text, LIMIT_MS, has_said, &words);
}

/* The last line on stderr, without its end. */
static void last_line(struct kit_process *process, char *line, size_t size)
{
    char *said = kit_stderr(process);
    size_t length = strlen(said);

    if (length && said[length - 1] == '\n')
        said[--length] = '\0';
    const char *newline = strrchr(said, '\n');
    snprintf(line, size, "%s", newline ? newline + 1 : said);
    free(said);
}

static void expect_end(struct kit_process *process, int code, const char *words)
{
    char line[2048];

    int got = kit_wait_exit(process, LIMIT_MS);
    last_line(process, line, sizeof(line));
    if (got != code)
        fail_msg("exit code %d, not %d: %s", got, code, line);
    if (words && !strstr(line, words))
        fail_msg("\"%s\" is not in \"%s\"", words, line);
}

/* ---- what the gateway sees ---- */

static bool is_control(const struct frames *frames)
{
    return frames_equal(frames, 3, "ucap.v1.Control@demo-1", 22);
}

static bool is_from(const struct frames *frames, const struct frames *peer)
{
    return frames_equal(frames, 0, frames_data(peer, 0), frames_size(peer, 0));
}

/* READY of Control and of the worker thread, in either order. */
static void expect_workers(struct test *test)
{
    struct mdp_message message;
    struct frames frames;

    for (int i = 0; i < 2; i++) {
        fake_gateway_recv(&test->gateway, &frames, &message);
        assert_int_equal(message.command, MDP_READY);
        assert_int_equal(frames.count, 6);
        assert_true(frames_equal(&frames, 5, "demo-1", 6));
        if (!is_control(&frames))
            assert_true(frames_equal(&frames, 3, "ucap.v1.Relay", 13));
        *(is_control(&frames) ? &test->control_worker : &test->relay_worker) = frames;
    }
}

static void request(struct test *test, const struct frames *peer, const char *method,
                    Ucap__V1__Role__Value role)
{
    Ucap__V1__RequestHeader header = UCAP__V1__REQUEST_HEADER__INIT;
    Ucap__V1__Caller caller = UCAP__V1__CALLER__INIT;
    struct frames frames = {.count = 0};
    uint8_t bytes[256];

    caller.principal = (char *)"anna";
    caller.role = role;
    header.method = (char *)method;
    header.request_id = (ProtobufCBinaryData){2, (uint8_t *)"id"};
    frames_add(&frames, frames_data(peer, 0), frames_size(peer, 0));
    frames_add_text(&frames, "MDPW02");
    frames_add(&frames, "\x02", 1);
    frames_add_text(&frames, "token");
    frames_add(&frames, NULL, 0);
    frames_add(&frames, bytes, ucap__v1__caller__pack(&caller, bytes));
    frames_add(&frames, bytes, ucap__v1__request_header__pack(&header, bytes));
    frames_add(&frames, NULL, 0);
    assert_int_equal(frames_send(test->gateway.socket, ZMQ_DONTWAIT, &frames), 0);
}

static void expect_final(struct test *test, const struct frames *peer, int status)
{
    struct mdp_message message;
    struct frames frames;

    fake_gateway_recv(&test->gateway, &frames, &message);
    assert_int_equal(message.command, MDP_FINAL);
    assert_true(is_from(&frames, peer));
    Ucap__V1__ReplyHeader *header = ucap__v1__reply_header__unpack(
        NULL, frames_size(&frames, message.body), frames_data(&frames, message.body));
    assert_int_equal(header->status, status);
    ucap__v1__reply_header__free_unpacked(header, NULL);
    frames_clear(&frames);
}

/* One worker asks to leave, the gateway confirms, it leaves. */
static void expect_leave(struct test *test, const struct frames *peer)
{
    struct frames frames;

    fake_gateway_expect(&test->gateway, &frames, BEAT, (const char *const[]){"0", NULL});
    assert_true(is_from(&frames, peer));
    frames_clear(&frames);
    fake_gateway_send(&test->gateway, peer, BEAT, (const char *const[]){"0", NULL});
    fake_gateway_expect(&test->gateway, &frames, DISCONNECT, NULL);
    assert_true(is_from(&frames, peer));
    frames_clear(&frames);
}

/* ---- a life ---- */

static void starts_serves_and_drains(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    START(&test);
    expect_workers(&test);
    kit_wait("ready", LIMIT_MS, is_ready, &test);
    request(&test, &test.relay_worker, "Poke", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    expect_final(&test, &test.relay_worker, 0);
    kit_signal(test.process, SIGTERM);
    expect_leave(&test, &test.relay_worker);
    expect_leave(&test, &test.control_worker); /* last */
    expect_end(test.process, 0, "msg=ended");
    assert_int_equal(access(test.control + 6, F_OK), -1);
    teardown(&test);
}

static void drain_waits_for_the_answer(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    kit_write_file(test.hold, "", 0644);
    START(&test, "--poke-hold", test.hold, );
    expect_workers(&test);
    request(&test, &test.relay_worker, "Poke", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    wait_said(&test, "poked");
    kit_signal(test.process, SIGINT);
    kit_wait("draining", LIMIT_MS, is_draining, &test);
    request(&test, &test.control_worker, "Ping", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    expect_final(&test, &test.control_worker, 0); /* Control answers meanwhile */
    unlink(test.hold);
    expect_final(&test, &test.relay_worker, 0);
    expect_leave(&test, &test.relay_worker);
    expect_leave(&test, &test.control_worker);
    expect_end(test.process, 0, NULL);
    teardown(&test);
}

static void a_drain_that_takes_too_long_is_a_failure(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    kit_write_file(test.hold, "", 0644);
    START(&test, "--poke-hold", test.hold, "--drain-limit", "50ms", );
    expect_workers(&test);
    request(&test, &test.relay_worker, "Poke", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    wait_said(&test, "poked");
    kit_signal(test.process, SIGTERM);
    expect_end(test.process, 1, "ucap-demo: not all that was held could be answered");
    teardown(&test);
}

static void a_second_signal_ends_at_once(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    kit_write_file(test.hold, "", 0644);
    START(&test, "--poke-hold", test.hold, );
    expect_workers(&test);
    request(&test, &test.relay_worker, "Poke", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    wait_said(&test, "poked");
    kit_signal(test.process, SIGTERM);
    wait_said(&test, "told to end");
    kit_signal(test.process, SIGTERM);
    expect_end(test.process, 1, "second time");
    teardown(&test);
}

static void control_heartbeats_while_the_workers_are_busy(void **state)
{
    struct test test;
    struct frames frames;
    struct mdp_message message;
    int beats = 0;

    (void)state;
    setup(&test);
    kit_write_file(test.hold, "", 0644);
    START(&test, "--poke-hold", test.hold, "--heartbeat", "300ms", );
    expect_workers(&test);
    request(&test, &test.relay_worker, "Poke", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    wait_said(&test, "poked");
    int64_t heard_us = clock_mono_us(clock_system());
    while (beats < 6) { /* more than the silence that a gateway bears */
        fake_gateway_recv(&test.gateway, &frames, &message);
        assert_int_not_equal(message.command, MDP_READY);
        if (is_from(&frames, &test.control_worker)) {
            int64_t now_us = clock_mono_us(clock_system());
            assert_int_equal(message.command, MDP_HEARTBEAT);
            assert_true(now_us - heard_us < 4 * 300000); /* else the gateway would give it up */
            heard_us = now_us;
            fake_gateway_send(&test.gateway, &frames, BEAT, NULL);
            beats++;
        }
        frames_clear(&frames);
    }
    unlink(test.hold);
    teardown(&test);
}

static void answers_ping_while_start_waits(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    kit_write_file(test.hold, "", 0644);
    START(&test, "--start-hold", test.hold, );
    fake_gateway_expect(&test.gateway, &test.control_worker, READY,
                        (const char *const[]){"ucap.v1.Control@demo-1", "16", "demo-1", NULL});
    kit_wait("starting", LIMIT_MS, is_starting, &test);
    struct kit_process *health = start_with(&test, (const char *const[]){"--health", NULL});
    expect_end(health, 3, "ucap-demo: waits for its file");
    char *said = kit_stdout(health);
    assert_string_equal(said, "starting\n");
    free(said);
    request(&test, &test.control_worker, "Ping", UCAP__V1__ROLE__VALUE__ROLE_VIEWER);
    expect_final(&test, &test.control_worker, 0);
    unlink(test.hold);
    fake_gateway_expect(&test.gateway, &test.relay_worker, READY,
                        (const char *const[]){"ucap.v1.Relay", "4", "demo-1", NULL});
    kit_wait("ready", LIMIT_MS, is_ready, &test);
    teardown(&test);
}

static void told_to_end_while_start_waits(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    kit_write_file(test.hold, "", 0644);
    START(&test, "--start-hold", test.hold, "--heartbeat", "50ms", );
    kit_wait("starting", LIMIT_MS, is_starting, &test);
    kit_signal(test.process, SIGTERM);
    expect_end(test.process, 0, "msg=ended");
    teardown(&test);
}

/* Lets all workers leave, in whatever order they speak; returns how many finals came meanwhile. */
static int let_all_leave(struct test *test)
{
    struct frames frames;
    struct mdp_message message;
    int left = 0;
    int finals = 0;

    while (left < 2) {
        fake_gateway_recv(&test->gateway, &frames, &message);
        if (message.command == MDP_HEARTBEAT)
            fake_gateway_send(&test->gateway, &frames, BEAT, (const char *const[]){"0", NULL});
        left += message.command == MDP_DISCONNECT;
        finals += message.command == MDP_FINAL;
        frames_clear(&frames);
    }
    return finals;
}

static void roles_count_for_control(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    START(&test);
    expect_workers(&test);
    request(&test, &test.control_worker, "Drain", UCAP__V1__ROLE__VALUE__ROLE_EDITOR);
    expect_final(&test, &test.control_worker, ERR_PERMISSION_DENIED);
    request(&test, &test.control_worker, "Drain", UCAP__V1__ROLE__VALUE__ROLE_ADMIN);
    assert_int_equal(let_all_leave(&test), 1);
    expect_end(test.process, 0, NULL);
    teardown(&test);
}

static void a_process_without_service_lives_likewise(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    test.process =
        start_own(&test, (const char *const[]){"--key-file", test.key_file, "--own-gateway",
                                               test.gateway.endpoint, "--own-gateway-key",
                                               test.gateway_key.public_key, NULL});
    kit_wait("ready", LIMIT_MS, is_ready, &test);
    fake_gateway_expect(&test.gateway, &test.control_worker, READY,
                        (const char *const[]){"ucap.v1.Control@demo-1", "16", "demo-1", NULL});
    struct kit_process *health = start_program(
        &test, (const char *const[]){"--health", "--control", test.control, NULL}, NULL);
    expect_end(health, 0, NULL);
    char *said = kit_stdout(health);
    assert_string_equal(said, "ready\nrequests tcp://127.0.0.1:7110\n");
    free(said);
    kit_signal(test.process, SIGHUP);
    wait_said(&test, "msg=reread");
    kit_signal(test.process, SIGTERM);
    expect_leave(&test, &test.control_worker);
    expect_end(test.process, 0, "msg=ended");
    wait_said(&test, "own drain");
    teardown(&test);
}

static void a_process_may_have_no_gateway(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    test.process = start_own(&test, NULL);
    kit_wait("ready", LIMIT_MS, is_ready, &test);
    kit_signal(test.process, SIGTERM);
    expect_end(test.process, 0, "msg=ended");
    teardown(&test);
}

/* ---- what goes wrong at start ---- */

static void one_line_says_why_start_failed(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    START(&test, "--start-fails", "the database has another owner", "--log-level", "error",
          "--heartbeat", "50ms", );
    expect_end(test.process, 1, NULL);
    char *said = kit_stderr(test.process);
    assert_string_equal(said, "ucap-demo: the database has another owner\n");
    free(said);
    teardown(&test);
}

static void wrong_settings_are_refused(void **state)
{
    static const struct {
        const char *flag, *value;
        int code;
        const char *words;
    } rows[] = {
        {"--log-level", "loud", 2, "none of error"},
        {"--instance", "a b", 2, "--instance \"a b\""},
        {"--thread", "2", 2, "did you mean --threads?"},
        {"--threads", "65", 2, "--threads"},
        {"--gateway-key", "short", 1, "--gateway-key \"short\""},
        {"--gateway-key", "", 1, "--gateway-key-file"},
        {"--gateways", "", 1, "--gateways"},
        {"--gateways", "tcp:/x", 1, "\"tcp:/x\""},
        {"--key-file", "/nowhere/key", 1, "/nowhere/key"},
        {"--key-file", "", 1, "--key-file"},
        {"--control", "tcp://x", 1, "ipc:///PATH"},
    };
    struct test test;

    (void)state;
    setup(&test);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        START(&test, rows[i].flag, rows[i].value, );
        expect_end(test.process, rows[i].code, rows[i].words);
    }
    teardown(&test);
}

static void health_without_a_process_is_not_ready(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    expect_end(START(&test, "--health", ), 3, "ucap-demo: ");
    expect_end(START(&test, "--health", "--control", "", ), 2, "--control ipc:///PATH");
    teardown(&test);
}

/* A file that a killed process left does not stop the next one; a living process does. */
static void a_stale_socket_file_is_replaced(void **state)
{
    struct test test;
    struct kit_process *second;

    (void)state;
    setup(&test);
    START(&test);
    kit_wait("ready", LIMIT_MS, is_ready, &test);
    second = start_with(&test, NULL);
    expect_end(second, 1, "another process listens");
    assert_true(is_ready(&test));
    kit_signal(test.process, SIGKILL);
    assert_int_equal(kit_wait_exit(test.process, LIMIT_MS), 128 + SIGKILL);
    assert_int_equal(access(test.control + 6, F_OK), 0);
    START(&test);
    kit_wait("ready", LIMIT_MS, is_ready, &test);
    teardown(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_serves_and_drains),
        cmocka_unit_test(drain_waits_for_the_answer),
        cmocka_unit_test(a_drain_that_takes_too_long_is_a_failure),
        cmocka_unit_test(a_second_signal_ends_at_once),
        cmocka_unit_test(control_heartbeats_while_the_workers_are_busy),
        cmocka_unit_test(answers_ping_while_start_waits),
        cmocka_unit_test(told_to_end_while_start_waits),
        cmocka_unit_test(roles_count_for_control),
        cmocka_unit_test(a_process_without_service_lives_likewise),
        cmocka_unit_test(a_process_may_have_no_gateway),
        cmocka_unit_test(one_line_says_why_start_failed),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(health_without_a_process_is_not_ready),
        cmocka_unit_test(a_stale_socket_file_is_replaced),
    };

    return cmocka_run_group_tests_name("shell_process", tests, NULL, NULL);
}
