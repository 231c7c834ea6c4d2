#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "stand.h"

#include "bus/codec.h"
#include "bus/mdp.h"

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- ZAP (ZeroMQ RFC 27) ---- */

static void answer_zap(struct stand *stand, struct frames *request)
{
    bool known = frames_equal(request, 6, stand->admitted, sizeof(stand->admitted));
    const char *status = known && stand->admits ? "200" : "400";
    struct frames reply = {.count = 0};

    frames_add_text(&reply, "1.0");
    frames_take(&reply, &request->list[1]);
    frames_add_text(&reply, status);
    frames_add_text(&reply, "");
    frames_add_text(&reply, "tester");
    frames_add_text(&reply, "");
    frames_send(stand->zap_socket, 0, &reply);
}

/* Ends with its context. */
static void *zap_run(void *arg)
{
    struct stand *stand = arg;
    struct frames request;

    while (frames_recv(stand->zap_socket, 0, &request) == 0) {
        answer_zap(stand, &request);
        frames_clear(&request);
    }
    zmq_close(stand->zap_socket);
    return NULL;
}

static void zap_start(struct stand *stand, const char *public_key)
{
    assert_non_null(zmq_z85_decode(stand->admitted, public_key));
    stand->admits = true;
    stand->zap_socket = zmq_socket(stand->zmq, ZMQ_REP);
    assert_int_equal(zmq_bind(stand->zap_socket, "inproc://zeromq.zap.01"), 0);
    assert_int_equal(pthread_create(&stand->zap, NULL, zap_run, stand), 0);
}

/* ---- open, close ---- */

static void make_router(struct stand *stand)
{
    int wait = STAND_WAIT_MS, linger = 0, mandatory = 1;

    stand->router = zmq_socket(stand->zmq, ZMQ_ROUTER);
    assert_non_null(stand->router);
    zmq_setsockopt(stand->router, ZMQ_RCVTIMEO, &wait, sizeof(wait));
    zmq_setsockopt(stand->router, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(stand->router, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof(mandatory));
}

static void make_place(struct stand *stand)
{
    memset(stand, 0, sizeof(*stand));
    strcpy(stand->dir, "/tmp/ucap-client-XXXXXX");
    assert_non_null(mkdtemp(stand->dir));
    snprintf(stand->endpoint, sizeof(stand->endpoint), "ipc://%s/gateway", stand->dir);
    stand->zmq = zmq_ctx_new();
}

void stand_open(struct stand *stand)
{
    make_place(stand);
    make_router(stand);
    assert_int_equal(zmq_bind(stand->router, stand->endpoint), 0);
}

void stand_open_curve(struct stand *stand, const char *public_key)
{
    make_place(stand);
    zap_start(stand, public_key);
    make_router(stand);
    stand->curve = true;
    assert_int_equal(curve_key_generate(&stand->key, NULL), 0);
    assert_int_equal(curve_server(stand->router, &stand->key, "test", NULL), 0);
    assert_int_equal(zmq_bind(stand->router, stand->endpoint), 0);
}

static void end_context(struct stand *stand)
{
    if (!stand->zmq)
        return;
    zmq_close(stand->router);
    zmq_ctx_shutdown(stand->zmq);
    if (stand->curve)
        pthread_join(stand->zap, NULL);
    zmq_ctx_term(stand->zmq);
    stand->zmq = NULL;
}

void stand_close(struct stand *stand)
{
    end_context(stand);
    unlink(stand->endpoint + strlen("ipc://"));
    rmdir(stand->dir);
}

void stand_reopen(struct stand *stand)
{
    end_context(stand);
    stand->zmq = zmq_ctx_new();
    make_router(stand);
    assert_int_equal(zmq_bind(stand->router, stand->endpoint), 0);
}

/* ---- requests and replies ---- */

void stand_recv(struct stand *stand, struct asked *ret_asked)
{
    struct mdp_message message;
    ProtobufCMessage *header = NULL;

    assert_int_equal(frames_recv(stand->router, 0, &ret_asked->frames), 0);
    assert_int_equal(mdp_parse(&ret_asked->frames, 1, &message, NULL), 0);
    assert_int_equal(message.form.version, 2);
    assert_false(message.form.empty_first);
    assert_int_equal(message.command, MDP_REQUEST);
    assert_int_equal(ret_asked->frames.count, 6);
    assert_int_equal(codec_unpack(&ucap__v1__request_header__descriptor,
                                  frames_data(&ret_asked->frames, 4),
                                  frames_size(&ret_asked->frames, 4), NULL, &header, NULL),
                     0);
    ret_asked->header = (Ucap__V1__RequestHeader *)header;
}

bool stand_is_quiet(struct stand *stand)
{
    struct frames frames;

    if (frames_recv(stand->router, ZMQ_DONTWAIT, &frames) == -ERR_UNAVAILABLE)
        return true;
    frames_clear(&frames);
    return false;
}

void asked_clear(struct asked *asked)
{
    frames_clear(&asked->frames);
    codec_free(&asked->header->base);
}

static void add_packed(struct frames *frames, const ProtobufCMessage *message)
{
    void *bytes = NULL;
    size_t size = 0;

    if (message)
        assert_int_equal(codec_pack(message, &bytes, &size, NULL), 0);
    frames_add(frames, bytes, size);
    free(bytes);
}

void stand_reply(struct stand *stand, const struct asked *asked, const char *command,
                 Ucap__V1__ReplyHeader *header, const ProtobufCMessage *message)
{
    struct frames frames = {.count = 0};

    header->request_id = asked->header->request_id;
    frames_add(&frames, frames_data(&asked->frames, 0), frames_size(&asked->frames, 0));
    frames_add_text(&frames, "MDPC02");
    frames_add_text(&frames, command);
    frames_add(&frames, frames_data(&asked->frames, 3), frames_size(&asked->frames, 3));
    add_packed(&frames, &header->base);
    add_packed(&frames, message);
    assert_int_equal(frames_send(stand->router, 0, &frames), 0);
}

void stand_send_raw(struct stand *stand, const struct asked *asked, const char *const *texts)
{
    struct frames frames = {.count = 0};

    frames_add(&frames, frames_data(&asked->frames, 0), frames_size(&asked->frames, 0));
    for (; *texts; texts++)
        frames_add_text(&frames, *texts);
    assert_int_equal(frames_send(stand->router, 0, &frames), 0);
}
