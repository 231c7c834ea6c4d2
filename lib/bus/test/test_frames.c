/* Messages of several frames, over an ipc pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/frames.h"

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pair {
    void *context, *left, *right;
    char dir[64];
    char endpoint[128];
};

static int pair_open(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    int linger = 0;

    strcpy(pair->dir, "/tmp/ucap-frames-XXXXXX");
    assert_non_null(mkdtemp(pair->dir));
    snprintf(pair->endpoint, sizeof(pair->endpoint), "ipc://%s/s", pair->dir);
    pair->context = zmq_ctx_new();
    pair->left = zmq_socket(pair->context, ZMQ_PAIR);
    pair->right = zmq_socket(pair->context, ZMQ_PAIR);
    zmq_setsockopt(pair->left, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(pair->right, ZMQ_LINGER, &linger, sizeof(linger));
    assert_int_equal(zmq_bind(pair->left, pair->endpoint), 0);
    assert_int_equal(zmq_connect(pair->right, pair->endpoint), 0);
    *state = pair;
    return 0;
}

static int pair_close(void **state)
{
    struct pair *pair = *state;

    zmq_close(pair->left);
    zmq_close(pair->right);
    zmq_ctx_term(pair->context);
    unlink(strchr(pair->endpoint, '/') + 2);
    rmdir(pair->dir);
    free(pair);
    return 0;
}

static void send_numbered(void *socket, int count)
{
    for (int i = 0; i < count; i++) {
        char text[8];
        int length = snprintf(text, sizeof(text), "%d", i);
        int more = i + 1 < count ? ZMQ_SNDMORE : 0;
        assert_int_equal(zmq_send(socket, text, (size_t)length, more), length);
    }
}

static void message_arrives_as_sent(void **state)
{
    struct pair *pair = *state;
    struct frames out = {.count = 0}, in = {.count = 0};

    assert_int_equal(frames_add_text(&out, "one"), 0);
    assert_int_equal(frames_add(&out, NULL, 0), 0);
    assert_int_equal(frames_add(&out, "a\0b", 3), 0);
    assert_int_equal(frames_send(pair->left, 0, &out), 0);
    assert_int_equal(out.count, 0);

    assert_int_equal(frames_recv(pair->right, 0, &in), 0);
    assert_int_equal(in.count, 3);
    assert_true(frames_equal(&in, 0, "one", 3));
    assert_true(frames_equal(&in, 1, "", 0));
    assert_true(frames_equal(&in, 2, "a\0b", 3));
    assert_false(frames_equal(&in, 2, "a\0c", 3));
    assert_false(frames_equal(&in, 3, "", 0));
    frames_clear(&in);
    assert_int_equal(in.count, 0);
}

static void longest_message_is_taken(void **state)
{
    struct pair *pair = *state;
    struct frames in = {.count = 0};

    send_numbered(pair->left, FRAMES_MAX);
    assert_int_equal(frames_recv(pair->right, 0, &in), 0);
    assert_int_equal(in.count, FRAMES_MAX);
    frames_clear(&in);
}

static void longer_message_is_dropped_whole(void **state)
{
    struct pair *pair = *state;
    struct frames in = {.count = 0};

    send_numbered(pair->left, FRAMES_MAX + 1);
    send_numbered(pair->left, FRAMES_MAX + 9);
    send_numbered(pair->left, 2);
    assert_int_equal(frames_recv(pair->right, 0, &in), -ERR_OUT_OF_RANGE);
    assert_int_equal(in.count, 0);
    assert_int_equal(frames_recv(pair->right, 0, &in), -ERR_OUT_OF_RANGE);
    assert_int_equal(frames_recv(pair->right, 0, &in), 0);
    assert_int_equal(in.count, 2);
    frames_clear(&in);
}

static void longer_message_may_be_cut(void **state)
{
    struct pair *pair = *state;
    struct frames in = {.count = 0};

    send_numbered(pair->left, FRAMES_MAX + 1);
    send_numbered(pair->left, 2);
    assert_int_equal(frames_recv_cut(pair->right, 0, &in), -ERR_OUT_OF_RANGE);
    assert_int_equal(in.count, FRAMES_MAX);
    frames_clear(&in);
    assert_int_equal(frames_recv_cut(pair->right, 0, &in), 0);
    assert_int_equal(in.count, 2);
    frames_clear(&in);
    assert_int_equal(frames_recv_cut(pair->right, ZMQ_DONTWAIT, &in), -ERR_UNAVAILABLE);
    assert_int_equal(in.count, 0);
}

static void nothing_there_is_unavailable(void **state)
{
    struct pair *pair = *state;
    struct frames in = {.count = 0};

    assert_int_equal(frames_recv(pair->right, ZMQ_DONTWAIT, &in), -ERR_UNAVAILABLE);
    assert_int_equal(in.count, 0);
}

static void ended_context_is_told(void **state)
{
    struct pair *pair = *state;
    struct frames in = {.count = 0}, out = {.count = 0};

    zmq_ctx_shutdown(pair->context);
    assert_int_equal(frames_recv(pair->right, 0, &in), -ERR_CANCELLED);
    frames_add_text(&out, "x");
    assert_int_equal(frames_send(pair->right, 0, &out), -ERR_CANCELLED);
    assert_int_equal(out.count, 0);
}

static void sending_to_nobody_empties_the_message(void **state)
{
    struct pair *pair = *state;
    void *lonely = zmq_socket(pair->context, ZMQ_DEALER);
    struct frames out = {.count = 0};

    frames_add_text(&out, "x");
    frames_add_text(&out, "y");
    assert_int_equal(frames_send(lonely, ZMQ_DONTWAIT, &out), -ERR_UNAVAILABLE);
    assert_int_equal(out.count, 0);
    zmq_close(lonely);
}

static void no_more_frames_than_the_limit(void **state)
{
    struct frames frames = {.count = 0};
    zmq_msg_t message;

    (void)state;
    for (int i = 0; i < FRAMES_MAX; i++)
        assert_int_equal(frames_add_text(&frames, "x"), 0);
    assert_int_equal(frames_add_text(&frames, "x"), -ERR_RESOURCE_EXHAUSTED);
    zmq_msg_init(&message);
    assert_int_equal(frames_take(&frames, &message), -ERR_RESOURCE_EXHAUSTED);
    zmq_msg_close(&message);
    frames_clear(&frames);
}

static void taken_message_is_left_empty(void **state)
{
    struct frames frames = {.count = 0};
    zmq_msg_t message;

    (void)state;
    zmq_msg_init_size(&message, 100);
    memset(zmq_msg_data(&message), 'x', 100);
    assert_int_equal(frames_take(&frames, &message), 0);
    assert_int_equal(zmq_msg_size(&message), 0);
    assert_int_equal(frames_size(&frames, 0), 100);
    zmq_msg_close(&message);
    frames_clear(&frames);
}

int main(void)
{
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, pair_open, pair_close)
    const struct CMUnitTest tests[] = {
        WITH_PAIR(message_arrives_as_sent),
        WITH_PAIR(longest_message_is_taken),
        WITH_PAIR(longer_message_is_dropped_whole),
        WITH_PAIR(longer_message_may_be_cut),
        WITH_PAIR(nothing_there_is_unavailable),
        WITH_PAIR(ended_context_is_told),
        WITH_PAIR(sending_to_nobody_empties_the_message),
        cmocka_unit_test(no_more_frames_than_the_limit),
        cmocka_unit_test(taken_message_is_left_empty),
    };
    return cmocka_run_group_tests_name("bus_frames", tests, NULL, NULL);
}
