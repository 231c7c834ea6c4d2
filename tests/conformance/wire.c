/* The gateway is started with free ports; where it listens is asked at its local endpoint, as any
 * health check would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire.h"

#include "base/clock.h"
#include "bus/codec.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/bus.pb-c.h>
#include <ucap/v1/control.pb-c.h>

#define LIMIT_MS  10000
#define ARGUMENTS 40

const char wire_default_principals[] =
    "principals:\n"
    "- {name: viewer, public_key: '%0', role: viewer, programmes: ['*']}\n"
    "- {name: editor, public_key: '%1', role: editor, programmes: ['*']}\n"
    "- {name: admin, public_key: '%2', role: admin, programmes: ['*']}\n"
    "- {name: registry, public_key: '%3', role: service, programmes: ['*'],\n"
    "   services: [ucap.v1.Registry, 'ucap.v1.Control@registry-*', echo, other]}\n"
    "- {name: other, public_key: '%4', role: service, programmes: ['*'], services: [echo]}\n"
    "- {name: relay, public_key: '%5', role: service, programmes: ['*'], publish: true}\n";

/* ---- the gateway ---- */

static void put_principals(const struct wire *wire, FILE *file, const char *yaml)
{
    for (; *yaml; yaml++) {
        if (*yaml == '%') {
            yaml++;
            fputs(wire->keys[*yaml - '0'].public_key, file);
        } else {
            fputc(*yaml, file);
        }
    }
}

void wire_principals(struct wire *wire, const char *yaml)
{
    const char *fresh = kit_path(wire->kit, "principals.new");
    FILE *file = fopen(fresh, "w");

    assert_non_null(file);
    put_principals(wire, file, yaml);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, wire->principals), 0);
}

struct wire *wire_prepare(void)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    struct err err = ERR_INIT;

    assert_non_null(wire);
    wire->kit = kit_begin();
    wire->zmq = zmq_ctx_new();
    wire->key_file = kit_path(wire->kit, "gateway.key");
    snprintf(wire->control, sizeof(wire->control), "ipc://%s/gateway.ctl", kit_dir(wire->kit));
    wire->principals = kit_path(wire->kit, "principals.yaml");
    assert_int_equal(curve_key_generate(&wire->gateway_key, &err), 0);
    assert_int_equal(curve_key_write(wire->key_file, &wire->gateway_key, "gateway", &err), 0);
    for (int i = 0; i < USERS; i++)
        assert_int_equal(curve_key_generate(&wire->keys[i], &err), 0);
    wire_principals(wire, wire_default_principals);
    return wire;
}

struct kit_process *wire_start_gateway(struct wire *wire, const char *const *more)
{
    const char *argv[ARGUMENTS] = {"--requests",        "tcp://127.0.0.1:*", "--events",
                                   "tcp://127.0.0.1:*", "--publish",         "tcp://127.0.0.1:*",
                                   "--principals",      wire->principals,    "--key-file",
                                   wire->key_file,      "--instance",        "gateway-1",
                                   "--control",         wire->control};
    size_t count = 14;

    for (; more && *more; more++) {
        assert_true(count + 1 < ARGUMENTS);
        argv[count++] = *more;
    }
    wire->gateway = kit_start(wire->kit, "ucap-gateway", argv, NULL);
    return wire->gateway;
}

void wire_wait_ready(struct wire *wire)
{
    struct kit_process *gateway = wire->gateway;

    kit_wait_ready(gateway, wire->control, "requests", wire->requests, sizeof(wire->requests));
    kit_wait_ready(gateway, wire->control, "events", wire->events, sizeof(wire->events));
    kit_wait_ready(gateway, wire->control, "publish", wire->publish, sizeof(wire->publish));
}

struct wire *wire_begin(const char *const *more)
{
    struct wire *wire = wire_prepare();

    wire_start_gateway(wire, more);
    wire_wait_ready(wire);
    return wire;
}

void wire_end(struct wire *wire)
{
    while (wire->socket_count)
        wire_close(wire, wire->sockets[wire->socket_count - 1]);
    zmq_ctx_term(wire->zmq);
    if (wire->gateway && kit_is_running(wire->gateway)) {
        kit_signal(wire->gateway, SIGTERM);
        assert_int_equal(kit_wait_exit(wire->gateway, 2 * LIMIT_MS), 0);
    }
    kit_end(wire->kit);
    free(wire);
}

/* ---- sockets ---- */

void *wire_socket(struct wire *wire, int type, enum user user)
{
    void *socket = zmq_socket(wire->zmq, type);
    int none = 0;
    int limit = LIMIT_MS;
    struct err err = ERR_INIT;

    assert_non_null(socket);
    assert_true(wire->socket_count < SOCKETS_MAX);
    wire->sockets[wire->socket_count++] = socket;
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &limit, sizeof(limit));
    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &limit, sizeof(limit));
    assert_int_equal(curve_client(socket, &wire->keys[user], wire->gateway_key.public_key, &err),
                     0);
    return socket;
}

void *wire_connect(struct wire *wire, int type, enum user user, const char *endpoint)
{
    void *socket = wire_socket(wire, type, user);

    assert_int_equal(zmq_connect(socket, endpoint), 0);
    return socket;
}

void *wire_dealer(struct wire *wire, enum user user)
{
    return wire_connect(wire, ZMQ_DEALER, user, wire->requests);
}

void wire_close(struct wire *wire, void *socket)
{
    for (size_t i = 0; i < wire->socket_count; i++)
        if (wire->sockets[i] == socket)
            wire->sockets[i] = wire->sockets[--wire->socket_count];
    zmq_close(socket);
}

void wire_say(void *socket, ...)
{
    struct frames frames = {.count = 0};
    const char *text;
    va_list args;

    va_start(args, socket);
    while ((text = va_arg(args, const char *)))
        assert_int_equal(frames_add_text(&frames, text), 0);
    va_end(args);
    assert_int_equal(frames_send(socket, 0, &frames), 0);
}

/* A HEARTBEAT to a worker of either version: the gateway sends them when it likes. */
static bool is_heartbeat(const struct frames *got)
{
    size_t at = got->count && frames_size(got, 0) == 0 ? 1 : 0;

    return (frames_equal(got, at, "MDPW02", 6) && frames_equal(got, at + 1, "\x05", 1)) ||
           (frames_equal(got, at, "MDPW01", 6) && frames_equal(got, at + 1, "\x04", 1));
}

static void take(void *socket, struct frames *ret_frames)
{
    do {
        if (frames_recv(socket, 0, ret_frames) < 0)
            fail_msg("nothing came within %d ms", LIMIT_MS);
        if (!is_heartbeat(ret_frames))
            return;
        frames_clear(ret_frames);
    } while (true);
}

void wire_expect(void *socket, ...)
{
    struct frames got;
    const char *text;
    size_t index = 0;
    va_list args;

    take(socket, &got);
    va_start(args, socket);
    for (; (text = va_arg(args, const char *)); index++) {
        if (index >= got.count)
            fail_msg("%zu frames only, \"%s\" is missing", got.count, text);
        if (strcmp(text, "*") != 0 && !frames_equal(&got, index, text, strlen(text)))
            fail_msg("frame %zu is \"%.*s\", not \"%s\"", index, (int)frames_size(&got, index),
                     (const char *)frames_data(&got, index), text);
    }
    va_end(args);
    assert_int_equal(got.count, index);
    frames_clear(&got);
}

void wire_expect_nothing(void *socket, int ms)
{
    int64_t until_us = clock_mono_us(clock_system()) + (int64_t)ms * 1000;
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    struct frames got;
    int64_t left_us;

    while ((left_us = until_us - clock_mono_us(clock_system())) > 0) {
        if (zmq_poll(&item, 1, (long)(left_us / 1000 + 1)) <= 0)
            continue;
        assert_int_equal(frames_recv(socket, 0, &got), 0);
        if (!is_heartbeat(&got))
            fail_msg("something came: %zu frames, \"%.*s\" first", got.count,
                     (int)frames_size(&got, 0), (const char *)frames_data(&got, 0));
        frames_clear(&got);
    }
}

void wire_fence(void *socket)
{
    wire_say(socket, "MDPC02", "\x01", "mmi.fence", NULL);
    wire_expect(socket, "MDPC02", "\x03", "mmi.fence", "501", NULL);
}

/* ---- workers ---- */

static int64_t workers_of(void *asker, const char *service)
{
    struct frames got;
    size_t length = strlen(service);
    int64_t workers = 0;

    wire_say(asker, "MDPC02", "\x01", "mmi.list", NULL);
    take(asker, &got);
    for (size_t i = 4; i < got.count; i++) {
        char row[256];
        snprintf(row, sizeof(row), "%.*s", (int)frames_size(&got, i),
                 (const char *)frames_data(&got, i));
        if (strncmp(row, service, length) == 0 && row[length] == ' ')
            workers = strtoll(row + length, NULL, 10);
    }
    frames_clear(&got);
    return workers;
}

/* How many workers a service is to have, and who asks. */
struct awaited {
    void *asker;
    const char *service;
    int64_t workers;
};

static bool has_workers(void *arg)
{
    struct awaited *awaited = arg;

    return workers_of(awaited->asker, awaited->service) >= awaited->workers;
}

void *wire_worker(struct wire *wire, const char *service, const char *credit)
{
    void *asker = wire_dealer(wire, VIEWER);
    struct awaited awaited = {asker, service, workers_of(asker, service) + 1};
    void *worker = wire_dealer(wire, REGISTRAR);

    wire_say(worker, "MDPW02", "\x01", service, credit, NULL);
    kit_wait("the worker is registered", LIMIT_MS, has_workers, &awaited);
    wire_close(wire, asker);
    return worker;
}

void wire_take_request(void *worker, struct frames *ret_request)
{
    take(worker, ret_request);
    assert_true(ret_request->count >= 4);
    assert_true(frames_equal(ret_request, 0, "MDPW02", 6));
    assert_true(frames_equal(ret_request, 1, "\x02", 1));
    assert_int_equal(frames_size(ret_request, 2), 16);
    assert_int_equal(frames_size(ret_request, 3), 0);
}

void wire_answer(void *worker, const struct frames *request, const char *command, ...)
{
    struct frames reply = {.count = 0};
    const char *text;
    va_list args;

    frames_add_text(&reply, "MDPW02");
    frames_add_text(&reply, command);
    frames_add(&reply, frames_data(request, 2), frames_size(request, 2));
    frames_add(&reply, NULL, 0);
    va_start(args, command);
    while ((text = va_arg(args, const char *)))
        assert_int_equal(frames_add_text(&reply, text), 0);
    va_end(args);
    assert_int_equal(frames_send(worker, 0, &reply), 0);
}

/* ---- our protocol ---- */

static void add_packed(struct frames *frames, const ProtobufCMessage *message)
{
    struct err err = ERR_INIT;
    void *bytes = NULL;
    size_t size = 0;

    assert_int_equal(codec_pack(message, &bytes, &size, &err), 0);
    assert_int_equal(frames_add(frames, bytes, size), 0);
    free(bytes);
}

static void ask(void *socket, const char *service, const char *method, const char *request_id,
                uint32_t timeout_ms, const char *body)
{
    Ucap__V1__RequestHeader header = UCAP__V1__REQUEST_HEADER__INIT;
    struct frames frames = {.count = 0};

    header.method = (char *)method;
    header.request_id = (ProtobufCBinaryData){strlen(request_id), (uint8_t *)request_id};
    header.timeout_ms = timeout_ms;
    frames_add_text(&frames, "MDPC02");
    frames_add_text(&frames, "\x01");
    frames_add_text(&frames, service);
    add_packed(&frames, &header.base);
    frames_add_text(&frames, body);
    assert_int_equal(frames_send(socket, 0, &frames), 0);
}

void wire_ask(void *socket, const char *service, const char *request_id, uint32_t timeout_ms)
{
    ask(socket, service, "GetCity", request_id, timeout_ms, "message");
}

static ProtobufCMessage *unpack(const struct frames *got, size_t at,
                                const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;

    if (codec_unpack(descriptor, frames_data(got, at), frames_size(got, at), NULL, &message, &err))
        fail_msg("%s", err.text);
    return message;
}

static Ucap__V1__ReplyHeader *take_header(void *socket)
{
    struct frames got;

    take(socket, &got);
    assert_int_equal(got.count, 5);
    assert_true(frames_equal(&got, 1, "\x03", 1));
    ProtobufCMessage *message = unpack(&got, 3, &ucap__v1__reply_header__descriptor);
    frames_clear(&got);
    return (Ucap__V1__ReplyHeader *)message;
}

void wire_expect_status(void *socket, const char *request_id, int status, const char *words)
{
    Ucap__V1__ReplyHeader *header = take_header(socket);

    if ((int)header->status != status || !strstr(header->message, words))
        fail_msg("status %d \"%s\", not %d \"...%s...\"", (int)header->status, header->message,
                 status, words);
    assert_int_equal(header->request_id.len, strlen(request_id));
    assert_memory_equal(header->request_id.data, request_id, strlen(request_id));
    codec_free(&header->base);
}

int wire_take_status(void *socket)
{
    Ucap__V1__ReplyHeader *header = take_header(socket);
    int status = (int)header->status;

    codec_free(&header->base);
    return status;
}

static int64_t find_counter(const Ucap__V1__Stats *stats, const char *name)
{
    for (size_t i = 0; i < stats->n_counters; i++)
        if (strcmp(stats->counters[i]->name, name) == 0)
            return stats->counters[i]->value;
    fail_msg("the gateway has no counter \"%s\"", name);
    return 0;
}

int64_t wire_counter(struct wire *wire, const char *name)
{
    void *socket = wire_dealer(wire, ADMIN);
    struct frames got;

    ask(socket, "ucap.v1.Control@gateway-1", "GetStats", "stats", 5000, "");
    take(socket, &got);
    assert_int_equal(got.count, 5);
    ProtobufCMessage *stats = unpack(&got, 4, &ucap__v1__stats__descriptor);
    int64_t value = find_counter((Ucap__V1__Stats *)stats, name);
    codec_free(stats);
    frames_clear(&got);
    wire_close(wire, socket);
    return value;
}
