/* The scripted gateway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fake_gateway_open(struct fake_gateway *fake, const struct curve_key *key)
{
    int linger_ms = 0;

    strcpy(fake->dir, "/tmp/ucap-bus-XXXXXX");
    assert_non_null(mkdtemp(fake->dir));
    snprintf(fake->endpoint, sizeof(fake->endpoint), "ipc://%s/gateway", fake->dir);
    fake->zmq = zmq_ctx_new();
    fake->socket = zmq_socket(fake->zmq, ZMQ_ROUTER);
    zmq_setsockopt(fake->socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    if (key)
        assert_int_equal(curve_server(fake->socket, key, "test", NULL), 0);
    assert_int_equal(zmq_bind(fake->socket, fake->endpoint), 0);
}

void fake_gateway_close(struct fake_gateway *fake)
{
    zmq_close(fake->socket);
    zmq_ctx_term(fake->zmq);
    unlink(fake->endpoint + strlen("ipc://"));
    rmdir(fake->dir);
}

static bool poll_socket(struct fake_gateway *fake, long timeout_ms)
{
    zmq_pollitem_t item = {.socket = fake->socket, .events = ZMQ_POLLIN};

    return zmq_poll(&item, 1, timeout_ms) > 0;
}

void fake_gateway_recv(struct fake_gateway *fake, struct frames *ret_frames,
                       struct mdp_message *ret_message)
{
    struct mdp_message message;
    struct err err = ERR_INIT;

    if (!poll_socket(fake, FAKE_WAIT_MS))
        fail_msg("the gateway waited %d ms for a message", FAKE_WAIT_MS);
    assert_int_equal(frames_recv(fake->socket, ZMQ_DONTWAIT, ret_frames), 0);
    if (mdp_parse(ret_frames, 1, &message, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(message.form.side, MDP_WORKER);
    assert_int_equal(message.form.version, 2);
    if (ret_message)
        *ret_message = message;
}

bool fake_gateway_is_quiet(struct fake_gateway *fake)
{
    return !poll_socket(fake, 50);
}

void fake_gateway_send(struct fake_gateway *fake, const struct frames *from, char command,
                       const char *const *more)
{
    struct frames frames = {.count = 0};

    frames_add(&frames, frames_data(from, 0), frames_size(from, 0));
    frames_add_text(&frames, "MDPW02");
    frames_add(&frames, &command, 1);
    for (; more && *more; more++)
        frames_add_text(&frames, *more);
    assert_int_equal(frames_send(fake->socket, ZMQ_DONTWAIT, &frames), 0);
}

void fake_gateway_expect(struct fake_gateway *fake, struct frames *ret_frames, char command,
                         const char *const *more)
{
    size_t at = 3;

    fake_gateway_recv(fake, ret_frames, NULL);
    assert_true(frames_equal(ret_frames, 1, "MDPW02", 6));
    if (!frames_equal(ret_frames, 2, &command, 1))
        fail_msg("command %d came, not %d", *(const char *)frames_data(ret_frames, 2), command);
    for (; more && *more; more++, at++)
        if (!frames_equal(ret_frames, at, *more, strlen(*more)))
            fail_msg("frame %zu is not \"%s\"", at, *more);
    assert_int_equal(ret_frames->count, at);
}
