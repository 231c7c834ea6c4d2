/* Bad input of every kind at the real gateway's doors: the peer gets a sentence where it speaks our
 * protocol, nothing where it does not, and others notice nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_LIMIT   65536
#define IDLE            1000
#define RANDOM_MESSAGES 3000

static int begin(void **state)
{
    static const char *const more[] = {"--message-limit",
                                       "64KiB",
                                       "--plain-service",
                                       "echo=viewer",
                                       "--queue-limit",
                                       "5",
                                       "--client-limit",
                                       "50",
                                       NULL};

    *state = wire_begin(more);
    return 0;
}

static int end(void **state)
{
    wire_end(*state);
    return 0;
}

/* The registry's worker answers a question of somebody: the system works. */
static void expect_service(struct wire *wire, void *worker)
{
    void *client = wire_dealer(wire, EDITOR);
    struct frames request;

    wire_ask(client, REGISTRY, "check", 5000);
    wire_take_request(worker, &request);
    wire_answer(worker, &request, "\x04", "header", "answer", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "answer", NULL);
    frames_clear(&request);
    wire_close(wire, client);
}

static void a_viewers_ready_gets_nothing_and_changes_nothing(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *viewer = wire_dealer(wire, VIEWER);
    int64_t workers = wire_counter(wire, "workers");
    int64_t refused = wire_counter(wire, "ready_refused");

    wire_say(viewer, "MDPW02", "\x01", REGISTRY, "64", "registry-1", NULL);
    wire_expect(viewer, "MDPW02", "\x06", NULL);
    assert_int_equal(wire_counter(wire, "workers"), workers);
    assert_int_equal(wire_counter(wire, "ready_refused"), refused + 1);
    for (int i = 0; i < 5; i++)
        expect_service(wire, worker);
    wire_expect_nothing(viewer, 100);
    wire_say(viewer, "MDPW02", "\x05", "0", NULL);
    wire_say(viewer, "MDPW02", "\x06", NULL);
    expect_service(wire, worker);
}

static void a_thief_gets_no_answer_through(void **state)
{
    struct wire *wire = *state;
    void *holder = wire_worker(wire, REGISTRY, "1");
    void *client = wire_dealer(wire, VIEWER);
    struct frames request;

    wire_ask(client, REGISTRY, "r1", 0);
    wire_take_request(holder, &request);
    void *thief = wire_worker(wire, REGISTRY, "1");
    wire_answer(thief, &request, "\x04", "header", "stolen", NULL);
    wire_ask(client, REGISTRY, "r2", 0);
    struct frames second;
    wire_take_request(thief, &second); /* it has been heard, then */
    wire_answer(holder, &request, "\x04", "header", "right", NULL);
    wire_expect(client, "MDPC02", "\x03", REGISTRY, "header", "right", NULL);
    frames_clear(&request);
    frames_clear(&second);
}

static void *dealer_named(struct wire *wire, enum user user, const char *routing_id)
{
    void *socket = wire_socket(wire, ZMQ_DEALER, user);

    zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    assert_int_equal(zmq_connect(socket, wire->requests), 0);
    return socket;
}

/* Whoever connects with the id of a client that has just gone would get its replies. */
static void nobody_may_choose_a_routing_id(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *client = dealer_named(wire, EDITOR, "shop");
    void *other = dealer_named(wire, REGISTRAR, "bench");

    wire_ask(client, REGISTRY, "r1", 0);
    wire_expect_status(client, "r1", ERR_INVALID_ARGUMENT, "ZMQ_ROUTING_ID");
    wire_say(other, "MDPW02", "\x01", REGISTRY, "1", NULL);
    wire_expect(other, "MDPW02", "\x06", NULL);
    expect_service(wire, worker);
}

static void a_forged_caller_never_arrives(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *viewer = wire_dealer(wire, VIEWER);

    wire_say(viewer, "MDPC02", "\x01", REGISTRY,
             "\x0a\x05"
             "admin\x10\x03",
             "\x12\x01r", "m", NULL);
    wire_expect_status(viewer, "", ERR_INVALID_ARGUMENT, "3 frames");
    expect_service(wire, worker);
}

static void wrong_bodies_get_a_sentence(void **state)
{
    void *client = wire_dealer(*state, VIEWER);

    wire_say(client, "MDPC02", "\x01", REGISTRY, NULL);
    wire_expect_status(client, "", ERR_INVALID_ARGUMENT, "0 frames");
    wire_say(client, "MDPC02", "\x01", REGISTRY, "\xff\xff\xff", "m", NULL);
    wire_expect_status(client, "", ERR_INVALID_ARGUMENT, "RequestHeader");
    wire_say(client, "MDPC02", "\x01", REGISTRY, "\x0a\x02\xff\xfe\x12\x01r", "m", NULL);
    wire_expect_status(client, "", ERR_INVALID_ARGUMENT, "RequestHeader");
    wire_say(client, "MDPC02", "\x01", REGISTRY, "", "m", NULL);
    wire_expect_status(client, "", ERR_INVALID_ARGUMENT, "request_id");
}

static void unknown_versions_and_odd_frames_are_dropped(void **state)
{
    struct wire *wire = *state;
    void *client = wire_dealer(wire, VIEWER);
    int64_t before = wire_counter(wire, "dropped_malformed");

    wire_say(client, "MDPC03", "\x01", REGISTRY, "h", "m", NULL);
    wire_say(client, "MDPC02", "\x09", REGISTRY, "h", "m", NULL);
    wire_say(client, "MDPC02", NULL);
    wire_say(client, "", NULL);
    wire_say(client, "", "", "", NULL);
    wire_fence(client);
    assert_int_equal(wire_counter(wire, "dropped_malformed"), before + 5);
}

static void an_unknown_service_is_unavailable_with_a_guess(void **state)
{
    struct wire *wire = *state;
    void *client = wire_dealer(wire, VIEWER);
    void *worker = wire_worker(wire, REGISTRY, "1");

    wire_ask(client, "ucap.v1.Registri", "r1", 0);
    for (int i = 0; i < 7; i++) {
        wire_say(worker, "MDPW02", "\x05", NULL);
        wire_expect_nothing(client, 250);
    }
    wire_expect_status(client, "r1", ERR_UNAVAILABLE, "did you mean \"ucap.v1.Registry\"?");
    wire_ask(client, "ucap.v1.Nobody", "r2", 200);
    wire_expect_status(client, "r2", ERR_DEADLINE_EXCEEDED, "ucap.v1.Nobody");
}

static void an_expired_request_is_answered_and_not_executed(void **state)
{
    void *worker = wire_worker(*state, REGISTRY, "1");
    void *client = wire_dealer(*state, VIEWER);
    struct frames request;

    wire_ask(client, REGISTRY, "r1", 200);
    wire_ask(client, REGISTRY, "r2", 200);
    wire_take_request(worker, &request);
    wire_expect_status(client, "r1", ERR_DEADLINE_EXCEEDED, "200 ms");
    wire_expect_status(client, "r2", ERR_DEADLINE_EXCEEDED, "nothing was done");
    wire_answer(worker, &request, "\x04", "header", "late", NULL);
    frames_clear(&request);
    wire_expect_nothing(worker, 200);
    wire_fence(client);
}

static void a_full_queue_is_exhausted(void **state)
{
    void *client = wire_dealer(*state, VIEWER);

    for (int i = 0; i < 6; i++)
        wire_ask(client, REGISTRY, i < 5 ? "waits" : "too many", 0);
    wire_expect_status(client, "too many", ERR_RESOURCE_EXHAUSTED, "5 requests wait");
}

/* libzmq closes the connection of who sends an oversize frame, and the client connects again. */
static void an_oversize_frame_hurts_its_sender_only(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *client = wire_dealer(wire, VIEWER);
    char *big = calloc(1, MESSAGE_LIMIT + 1);
    struct frames frames = {.count = 0};

    assert_non_null(big);
    frames_add_text(&frames, "MDPC02");
    frames_add_text(&frames, "\x01");
    frames_add_text(&frames, REGISTRY);
    frames_add_text(&frames, "header");
    frames_add(&frames, big, MESSAGE_LIMIT + 1);
    assert_int_equal(frames_send(client, 0, &frames), 0);
    free(big);
    expect_service(wire, worker);
    wire_expect_nothing(client, 100);
}

static void too_many_frames_are_dropped(void **state)
{
    struct wire *wire = *state;
    void *client = wire_dealer(wire, VIEWER);
    int64_t before = wire_counter(wire, "dropped_frames");

    for (int i = 0; i < 1000; i++)
        assert_true(zmq_send(client, "MDPC02", 6, i < 999 ? ZMQ_SNDMORE : 0) >= 0);
    wire_fence(client);
    assert_int_equal(wire_counter(wire, "dropped_frames"), before + 1);
}

/* Or the request would hold its credit for ever: a plain worker would never get another one. */
static void a_worker_that_answers_too_many_frames_is_disconnected(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *client = wire_dealer(wire, VIEWER);
    struct frames request;
    struct frames answer = {.count = 0};

    wire_ask(client, REGISTRY, "r1", 1000); /* sooner than silence would be noticed */
    wire_take_request(worker, &request);
    frames_add_text(&answer, "MDPW02");
    frames_add_text(&answer, "\x04");
    frames_take(&answer, &request.list[2]);
    while (answer.count < FRAMES_MAX)
        frames_add_text(&answer, "");
    assert_int_equal(frames_send(worker, 0, &answer), 0); /* with the routing id one too many */
    wire_expect_status(client, "r1", ERR_UNAVAILABLE, "worker");
    wire_expect(worker, "MDPW02", "\x06", NULL);
    frames_clear(&request);
}

static void random_messages_stop_nobody(void **state)
{
    static const char *const words[] = {"",     "MDPC01", "MDPC02", "MDPW01",  "MDPW02", "\x01",
                                        "\x02", "\x03",   "\x04",   "\x05",    "\x06",   "echo",
                                        "\xff", REGISTRY, "mmi.",   "mmi.list"};
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    unsigned seed = 1;

    for (int i = 0; i < 10; i++) {
        void *babbler = wire_dealer(wire, i % 2 ? VIEWER : REGISTRAR);
        for (int j = 0; j < RANDOM_MESSAGES / 10; j++) {
            struct frames frames = {.count = 0};
            for (int left = 1 + rand_r(&seed) % 10; left > 0; left--)
                frames_add_text(&frames, words[(unsigned)rand_r(&seed) % 16]);
            assert_int_equal(frames_send(babbler, 0, &frames), 0);
        }
        wire_close(wire, babbler);
        expect_service(wire, worker);
    }
    /* Where a babbler happened to register, its end has been noticed, or will be. */
    expect_service(wire, worker);
}

/* ---- below ZeroMQ ---- */

static int tcp_connect(const struct wire *wire)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    address.sin_port = htons((uint16_t)atoi(strrchr(wire->requests, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void thousand_idle_connections_lock_nobody_out(void **state)
{
    struct wire *wire = *state;
    struct rlimit limit;
    int fds[IDLE];

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < IDLE; i++)
        fds[i] = tcp_connect(wire);
    void *worker = wire_worker(wire, REGISTRY, "1");
    expect_service(wire, worker);
    for (int i = 0; i < IDLE; i++)
        close(fds[i]);
    expect_service(wire, worker);
}

/* The limit on the handshake closes a connection that says nothing. */
static void an_idle_connection_is_closed(void **state)
{
    int fd = tcp_connect(*state);
    struct timeval limit = {5, 0};
    char greeting[256];
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    do
        got = recv(fd, greeting, sizeof(greeting), 0);
    while (got > 0);
    if (got < 0 && errno != ECONNRESET)
        fail_msg("the connection is still there after 5 s");
    close(fd);
}

static void garbage_below_zeromq_stops_nobody(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    unsigned char bytes[4096];
    unsigned seed = 7;

    for (int i = 0; i < 50; i++) {
        int fd = tcp_connect(wire);
        for (size_t j = 0; j < sizeof(bytes); j++)
            bytes[j] = (unsigned char)rand_r(&seed);
        if (i % 2)
            memcpy(bytes, "\xff\0\0\0\0\0\0\0\1\x7f\3\1CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 33);
        (void)!send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
        close(fd);
    }
    expect_service(wire, worker);
}

static void without_curve_nothing_comes_in(void **state)
{
    struct wire *wire = *state;
    void *worker = wire_worker(wire, REGISTRY, "1");
    void *plain = zmq_socket(wire->zmq, ZMQ_DEALER);
    int none = 0;

    wire->sockets[wire->socket_count++] = plain;
    zmq_setsockopt(plain, ZMQ_LINGER, &none, sizeof(none));
    assert_int_equal(zmq_connect(plain, wire->requests), 0);
    wire_say(plain, "MDPC02", "\x01", "mmi.list", NULL);
    wire_expect_nothing(plain, 300);
    expect_service(wire, worker);
}

static void an_unknown_key_is_refused_in_the_handshake(void **state)
{
    struct wire *wire = *state;
    int64_t before = wire_counter(wire, "keys_refused");
    void *stranger = wire_dealer(wire, STRANGER);

    wire_say(stranger, "MDPC02", "\x01", "mmi.list", NULL);
    wire_expect_nothing(stranger, 300);
    assert_int_equal(wire_counter(wire, "keys_refused"), before + 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_viewers_ready_gets_nothing_and_changes_nothing),
        CASE(a_thief_gets_no_answer_through),
        CASE(nobody_may_choose_a_routing_id),
        CASE(a_forged_caller_never_arrives),
        CASE(wrong_bodies_get_a_sentence),
        CASE(unknown_versions_and_odd_frames_are_dropped),
        CASE(an_unknown_service_is_unavailable_with_a_guess),
        CASE(an_expired_request_is_answered_and_not_executed),
        CASE(a_full_queue_is_exhausted),
        CASE(an_oversize_frame_hurts_its_sender_only),
        CASE(too_many_frames_are_dropped),
        CASE(a_worker_that_answers_too_many_frames_is_disconnected),
        CASE(random_messages_stop_nobody),
        CASE(thousand_idle_connections_lock_nobody_out),
        CASE(an_idle_connection_is_closed),
        CASE(garbage_below_zeromq_stops_nobody),
        CASE(without_curve_nothing_comes_in),
        CASE(an_unknown_key_is_refused_in_the_handshake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
