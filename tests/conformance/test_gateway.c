/* The gateway as a process: what ends its start, principals that change under live connections,
 * events, its own Control, and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 10000

static int prepare(void **state)
{
    *state = wire_prepare();
    return 0;
}

static int begin(void **state)
{
    *state = wire_begin(NULL);
    return 0;
}

static int end(void **state)
{
    wire_end(*state);
    return 0;
}

/* ---- what ends a start ---- */

static void expect_end(struct wire *wire, const char *const *more, const char *words)
{
    struct kit_process *gateway = wire_start_gateway(wire, more);

    assert_int_equal(kit_wait_exit(gateway, LIMIT_MS), 1);
    char *said = kit_stderr(gateway);
    const char *sentence = strstr(said, "ucap-gateway: ");
    if (!sentence || !strstr(sentence, words))
        fail_msg("it said \"%s\", not \"%s\"", said, words);
    assert_ptr_equal(strchr(sentence, '\n'), sentence + strlen(sentence) - 1);
    free(said);
}

static void a_port_in_use(void **state)
{
    struct wire *wire = *state;
    void *occupant = zmq_socket(wire->zmq, ZMQ_DEALER);
    char endpoint[128];
    size_t size = sizeof(endpoint);

    wire->sockets[wire->socket_count++] = occupant;
    assert_int_equal(zmq_bind(occupant, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(occupant, ZMQ_LAST_ENDPOINT, endpoint, &size);
    const char *more[] = {"--events", endpoint, NULL};
    expect_end(wire, more, "(setting events): Address already in use");
}

static void an_address_that_is_none(void **state)
{
    const char *more[] = {"--requests", "nonsense", NULL};

    expect_end(*state, more, "cannot listen on nonsense (setting requests)");
}

static void keys_that_cannot_be_read(void **state)
{
    struct wire *wire = *state;
    const char *loose = kit_path(wire->kit, "loose.key");
    char *text = kit_read_file(wire->key_file);
    const char *missing[] = {"--key-file", "/nonexistent/gateway.key", NULL};
    const char *open[] = {"--key-file", loose, NULL};
    const char *none[] = {"--key-file", "", NULL};

    expect_end(wire, missing, "/nonexistent/gateway.key");
    kit_write_file(loose, text, 0644);
    expect_end(wire, open, loose);
    expect_end(wire, none, "--key-file is missing");
    free(text);
}

static void principals_that_are_wrong(void **state)
{
    struct wire *wire = *state;
    const char *missing[] = {"--principals", "/nonexistent/principals.yaml", NULL};

    expect_end(wire, missing, "/nonexistent/principals.yaml");
    wire_principals(wire, "principals:\n- {name: viewer, public_kee: '%0', role: viewer}\n");
    expect_end(wire, NULL, ":2:");
    wire_principals(wire, "principals:\n- {name: 'Two Words', public_key: '%0', role: viewer}\n");
    expect_end(wire, NULL, "principals[0].name: \"Two Words\"");
}

static void a_plain_service_without_role(void **state)
{
    const char *more[] = {"--plain-service", "echo", NULL};

    expect_end(*state, more, "\"echo\" is not NAME=ROLE");
}

/* ---- principals that change ---- */

static const char without_viewer[] =
    "principals:\n"
    "- {name: editor, public_key: '%1', role: editor}\n"
    "- {name: admin, public_key: '%2', role: admin}\n"
    "- {name: registry, public_key: '%3', role: service, services: [ucap.v1.Registry]}\n"
    "- {name: relay, public_key: '%5', role: service, publish: true}\n";

/* Waits until a counter has risen. */
struct reading {
    struct wire *wire;
    const char *counter;
    int64_t before;
};

static bool has_risen(void *arg)
{
    struct reading *reading = arg;

    return wire_counter(reading->wire, reading->counter) > reading->before;
}

static struct reading read_counter(struct wire *wire, const char *counter)
{
    return (struct reading){wire, counter, wire_counter(wire, counter)};
}

static void change_principals(struct wire *wire, const char *yaml)
{
    struct reading reading = read_counter(wire, "reloads");

    wire_principals(wire, yaml);
    kit_wait("the changed list is read", LIMIT_MS, has_risen, &reading);
}

static void a_removed_key_is_refused_on_its_live_connection(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "4");
    void *viewer = wire_dealer(wire, VIEWER);
    void *editor = wire_dealer(wire, EDITOR);
    struct frames request;

    wire_ask(viewer, REGISTRY, "r1", 0);
    wire_take_request(worker, &request);
    wire_answer(worker, &request, "\x04", "header", "answer", NULL);
    wire_expect(viewer, "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    frames_clear(&request);
    change_principals(wire, without_viewer);
    wire_ask(viewer, REGISTRY, "r2", 0);
    wire_expect_status(viewer, "r2", ERR_UNAUTHENTICATED, "not in the list");
    wire_say(viewer, "MDPC02", "\x01", "mmi.list", NULL);
    wire_fence(editor);
    wire_expect_nothing(viewer, 100);
}

static void a_worker_of_a_removed_key_is_disconnected(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "4");

    change_principals(wire, "principals:\n- {name: admin, public_key: '%2', role: admin}\n");
    wire_expect(worker, "MDPW02", "\x06", NULL);
    wire_say(worker, "MDPW02", "\x01", REGISTRY, NULL);
    wire_expect_nothing(worker, 100);
}

static void a_new_key_is_admitted(void **state)
{
    struct wire *wire = *state;

    change_principals(wire, "principals:\n- {name: admin, public_key: '%2', role: admin}\n"
                            "- {name: stranger, public_key: '%6', role: viewer}\n");
    wire_fence(wire_dealer(wire, STRANGER));
}

static bool says_the_old_list_stays(void *arg)
{
    struct wire *wire = arg;
    char *said = kit_stderr(wire->gateway);
    bool found = strstr(said, "the old list stays") && strstr(said, "principals.yaml:2:");

    free(said);
    return found;
}

static void a_broken_list_leaves_the_old_one(void **state)
{
    struct wire *wire = *state;
    void *viewer = wire_dealer(wire, VIEWER);

    wire_principals(wire, "principals:\n- {name: viewer, public_kee: x}\n");
    kit_wait("the broken list is logged", LIMIT_MS, says_the_old_list_stays, wire);
    wire_fence(viewer);
    wire_fence(wire_dealer(wire, EDITOR));
}

static void sighup_reads_at_once(void **state)
{
    struct wire *wire = *state;
    struct reading reading = read_counter(wire, "reloads");

    kit_signal(wire->gateway, SIGHUP);
    kit_wait("the list is read on SIGHUP", LIMIT_MS, has_risen, &reading);
}

/* ---- events ---- */

/* A publisher says the same until a subscriber has heard it. */
struct listening {
    void *publisher, *subscriber;
    const char *topic;
};

static bool hears(void *arg)
{
    struct listening *listening = arg;
    struct frames got;

    wire_say(listening->publisher, listening->topic, "header", "event", NULL);
    if (frames_recv(listening->subscriber, ZMQ_DONTWAIT, &got) < 0)
        return false;
    bool right =
        got.count == 3 && frames_equal(&got, 0, listening->topic, strlen(listening->topic));
    frames_clear(&got);
    return right;
}

static void *subscribe(struct wire *wire, enum user user)
{
    void *subscriber = wire_socket(wire, ZMQ_SUB, user);
    int soon_ms = 20;

    zmq_setsockopt(subscriber, ZMQ_RECONNECT_IVL, &soon_ms, sizeof(soon_ms));
    zmq_setsockopt(subscriber, ZMQ_SUBSCRIBE, "", 0);
    assert_int_equal(zmq_connect(subscriber, wire->events), 0);
    return subscriber;
}

static void expect_heard(void *publisher, void *subscriber, const char *topic)
{
    struct listening listening = {publisher, subscriber, topic};

    kit_wait("an event arrives", LIMIT_MS, hears, &listening);
}

static void drain_events(void *subscriber)
{
    struct frames got;

    while (frames_recv(subscriber, ZMQ_DONTWAIT, &got) == 0)
        frames_clear(&got);
}

static void events_pass_from_the_relay_to_subscribers(void **state)
{
    struct wire *wire = *state;
    void *relay = wire_connect(wire, ZMQ_PUB, RELAY, wire->publish);

    expect_heard(relay, subscribe(wire, VIEWER), "first");
    expect_heard(relay, subscribe(wire, ADMIN), "second");
}

/* What the subscriber hears up to the topic "end", which is said until it comes. */
static void expect_not_heard(void *publisher, void *subscriber, const char *topic)
{
    struct frames got;
    bool ended = false;

    while (!ended) {
        wire_say(publisher, "end", "header", "event", NULL);
        assert_int_equal(frames_recv(subscriber, 0, &got), 0);
        if (frames_equal(&got, 0, topic, strlen(topic)))
            fail_msg("\"%s\" was heard", topic);
        ended = frames_equal(&got, 0, "end", 3);
        frames_clear(&got);
    }
}

/* The handshake of who may not publish fails, for good. */
static void only_the_relay_publishes(void **state)
{
    struct wire *wire = *state;
    void *subscriber = subscribe(wire, VIEWER);
    void *relay = wire_connect(wire, ZMQ_PUB, RELAY, wire->publish);
    struct reading refusals = read_counter(wire, "keys_refused");
    void *admin = wire_connect(wire, ZMQ_PUB, ADMIN, wire->publish);

    kit_wait("the key is refused", LIMIT_MS, has_risen, &refusals);
    expect_heard(relay, subscriber, "true");
    for (int i = 0; i < 20; i++)
        wire_say(admin, "false", "header", "event", NULL);
    expect_not_heard(relay, subscriber, "false");
}

static void a_removed_subscriber_is_cut_off_and_others_come_back(void **state)
{
    struct wire *wire = *state;
    void *relay = wire_connect(wire, ZMQ_PUB, RELAY, wire->publish);
    void *viewer = subscribe(wire, VIEWER);
    void *editor = subscribe(wire, EDITOR);

    expect_heard(relay, viewer, "before");
    expect_heard(relay, editor, "before");
    change_principals(wire, without_viewer);
    drain_events(editor);
    expect_heard(relay, editor, "after");
    drain_events(viewer);
    expect_heard(relay, editor, "much later");
    wire_expect_nothing(viewer, 300);
}

static void a_relay_that_may_no_longer_publish_is_not_heard(void **state)
{
    struct wire *wire = *state;
    void *relay = wire_connect(wire, ZMQ_PUB, RELAY, wire->publish);
    void *editor = subscribe(wire, EDITOR);

    expect_heard(relay, editor, "before");
    change_principals(wire, "principals:\n- {name: editor, public_key: '%1', role: editor}\n"
                            "- {name: admin, public_key: '%2', role: admin}\n"
                            "- {name: relay, public_key: '%5', role: service}\n");
    drain_events(editor);
    int64_t dropped = wire_counter(wire, "dropped_events");
    for (int i = 0; i < 5; i++)
        wire_say(relay, "after", "header", "event", NULL);
    wire_expect_nothing(editor, 300);
    assert_true(wire_counter(wire, "dropped_events") > dropped);
}

/* ---- the end ---- */

struct asking {
    void *client;
};

static bool is_refused_for_draining(void *arg)
{
    struct asking *asking = arg;

    wire_ask(asking->client, "ucap.v1.Nobody", "late", 1);
    return wire_take_status(asking->client) == ERR_UNAVAILABLE;
}

static void sigterm_answers_what_is_held(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *client = wire_dealer(wire, VIEWER);
    struct asking late = {wire_dealer(wire, VIEWER)};
    struct frames request;

    wire_fence(late.client);
    wire_ask(client, REGISTRY, "r1", 0);
    wire_ask(client, REGISTRY, "r2", 0);
    wire_take_request(worker, &request);
    kit_signal(wire->gateway, SIGTERM);
    kit_wait("new requests are refused", LIMIT_MS, is_refused_for_draining, &late);
    wire_answer(worker, &request, "\x04", "header", "first", NULL);
    frames_clear(&request);
    wire_take_request(worker, &request);
    wire_answer(worker, &request, "\x04", "header", "second", NULL);
    frames_clear(&request);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "first", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "second", NULL);
    wire_expect(worker, "MDPW02", "\x06", NULL);
    assert_int_equal(kit_wait_exit(wire->gateway, LIMIT_MS), 0);
}

static void what_takes_too_long_is_unavailable(void **state)
{
    static const char *const more[] = {"--drain-limit", "200ms", NULL};
    struct wire *wire = *state;

    wire_start_gateway(wire, more);
    wire_wait_ready(wire);
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *client = wire_dealer(wire, VIEWER);
    struct frames request;
    wire_ask(client, REGISTRY, "r1", 30000);
    wire_take_request(worker, &request);
    frames_clear(&request);
    kit_signal(wire->gateway, SIGTERM);
    wire_expect_status(client, "r1", ERR_UNAVAILABLE, "this gateway ends");
    assert_int_equal(kit_wait_exit(wire->gateway, LIMIT_MS), 1);
}

#define START(test)   cmocka_unit_test_setup_teardown(test, prepare, end)
#define RUNNING(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        START(a_port_in_use),
        START(an_address_that_is_none),
        START(keys_that_cannot_be_read),
        START(principals_that_are_wrong),
        START(a_plain_service_without_role),
        RUNNING(a_removed_key_is_refused_on_its_live_connection),
        RUNNING(a_worker_of_a_removed_key_is_disconnected),
        RUNNING(a_new_key_is_admitted),
        RUNNING(a_broken_list_leaves_the_old_one),
        RUNNING(sighup_reads_at_once),
        RUNNING(events_pass_from_the_relay_to_subscribers),
        RUNNING(only_the_relay_publishes),
        RUNNING(a_removed_subscriber_is_cut_off_and_others_come_back),
        RUNNING(a_relay_that_may_no_longer_publish_is_not_heard),
        RUNNING(sigterm_answers_what_is_held),
        START(what_takes_too_long_is_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
