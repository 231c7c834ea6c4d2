/* The bench. Principals go through a real file, as in the process. */
#include "rig.h"

#include "base/log.h"
#include "bus/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_US 20000

const char rig_default_principals[] =
    "principals:\n"
    "- {name: viewer, public_key: '%0', role: viewer, programmes: [med], party: barcelona}\n"
    "- {name: editor, public_key: '%1', role: editor, programmes: ['*']}\n"
    "- {name: admin, public_key: '%2', role: admin, programmes: ['*']}\n"
    "- {name: registry, public_key: '%3', role: service, programmes: ['*'],\n"
    "   services: [ucap.v1.Registry, 'ucap.v1.Control@*', 'ucap.v1.Sche*', echo, 'many.*']}\n"
    "- {name: other, public_key: '%4', role: service, programmes: ['*'],\n"
    "   services: [ucap.v1.Registry, 'ucap.v1.Control@*', echo]}\n";

static int take_sent(void *arg, struct frames *message)
{
    struct rig *rig = arg;

    if (rig->unreachable && frames_equal(message, 0, rig->unreachable, strlen(rig->unreachable))) {
        frames_clear(message);
        return -ERR_UNAVAILABLE;
    }
    assert_true(rig->tray_count < TRAY);
    struct frames *kept = malloc(sizeof(*kept));
    assert_non_null(kept);
    *kept = *message; /* moved as a whole: libzmq's messages have no address of their own */
    rig->tray[rig->tray_count++] = kept;
    message->count = 0;
    return 0;
}

static void put_principals(const struct rig *rig, FILE *file, const char *yaml)
{
    for (; *yaml; yaml++) {
        if (*yaml == '%') {
            yaml++;
            fputs(rig->keys[*yaml - '0'].public_key, file);
        } else {
            fputc(*yaml, file);
        }
    }
}

void rig_principals(struct rig *rig, const char *yaml)
{
    char path[] = "/tmp/gateway-test-XXXXXX";
    struct principals *before = rig->principals;
    struct err err = ERR_INIT;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    put_principals(rig, file, yaml);
    fclose(file);
    if (principals_read(path, NULL, &rig->principals, &err) < 0)
        fail_msg("%s", err.text);
    unlink(path);
    if (rig->broker)
        broker_set_principals(rig->broker, rig->principals, rig->now_us);
    principals_destroy(before);
}

struct rig *rig_begin(void (*change)(struct broker_config *config))
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct err err = ERR_INIT;

    assert_non_null(rig);
    log_set_level(LOG_ERROR);
    rig->now_us = 1000000000;
    rig->config.limits = (struct broker_limits){
        .heartbeat_us = HEARTBEAT * 1000,
        .service_wait_us = 2000000,
        .default_timeout_us = 10000000,
        .longest_timeout_us = 60000000,
        .plain_expiry_us = 30000000,
        .queue = 100,
        .queue_bytes = 1024 * 1024,
        .in_flight = 50,
        .peers = 1000,
        .workers = 100,
        .services = 100,
        .plain_frames = 8,
        .header_bytes = 16 * 1024,
    };
    rig->config.send = take_sent;
    rig->config.arg = rig;
    if (change)
        change(&rig->config);
    for (int i = 0; i < USERS; i++)
        assert_int_equal(curve_key_generate(&rig->keys[i], &err), 0);
    for (int i = 0; i < COUNTERS; i++)
        rig->counted[i] = count_read((enum counter)i);
    rig_principals(rig, rig_default_principals);
    assert_int_equal(broker_create(&rig->config, rig->principals, &rig->broker, &err), 0);
    broker_tick(rig->broker, rig->now_us);
    return rig;
}

/* Levels are back where they were: nothing is left behind in the broker. */
void rig_end(struct rig *rig)
{
    broker_destroy(rig->broker);
    assert_int_equal(rig_count(rig, COUNT_WORKERS), 0);
    assert_int_equal(rig_count(rig, COUNT_QUEUED), 0);
    assert_int_equal(rig_count(rig, COUNT_IN_FLIGHT), 0);
    principals_destroy(rig->principals);
    rig_forget_tray(rig);
    free(rig);
}

/* ---- in ---- */

void rig_say_frames(struct rig *rig, const char *peer, enum user user, struct frames *frames)
{
    struct frames message = {.count = 0};

    frames_add_text(&message, peer);
    for (size_t i = 0; i < frames->count; i++)
        assert_int_equal(frames_take(&message, &frames->list[i]), 0);
    frames_clear(frames);
    broker_receive(rig->broker, &message, rig->keys[user].public_key, rig->now_us);
    assert_int_equal(message.count, 0);
}

void rig_say(struct rig *rig, const char *peer, enum user user, ...)
{
    struct frames frames = {.count = 0};
    const char *text;
    va_list args;

    va_start(args, user);
    while ((text = va_arg(args, const char *)))
        assert_int_equal(frames_add_text(&frames, text), 0);
    va_end(args);
    rig_say_frames(rig, peer, user, &frames);
}

/* ---- out ---- */

static struct frames *remove_at(struct rig *rig, size_t at)
{
    struct frames *frames = rig->tray[at];

    rig->tray_count--;
    memmove(&rig->tray[at], &rig->tray[at + 1], (rig->tray_count - at) * sizeof(rig->tray[0]));
    return frames;
}

struct frames *rig_take(struct rig *rig, const char *peer)
{
    for (size_t i = 0; i < rig->tray_count; i++)
        if (frames_equal(rig->tray[i], 0, peer, strlen(peer)))
            return remove_at(rig, i);
    return NULL;
}

void rig_drop(struct frames *frames)
{
    frames_clear(frames);
    free(frames);
}

void rig_forget_tray(struct rig *rig)
{
    while (rig->tray_count)
        rig_drop(remove_at(rig, rig->tray_count - 1));
}

void rig_expect(struct rig *rig, const char *peer, ...)
{
    struct frames *got = rig_take(rig, peer);
    const char *text;
    size_t index = 1;
    va_list args;

    if (!got)
        fail_msg("nothing was sent to \"%s\"", peer);
    va_start(args, peer);
    while ((text = va_arg(args, const char *))) {
        if (index >= got->count)
            fail_msg("to \"%s\": %zu frames only", peer, got->count);
        if (strcmp(text, "*") != 0 && !frames_equal(got, index, text, strlen(text)))
            fail_msg("to \"%s\": frame %zu is \"%.*s\", not \"%s\"", peer, index,
                     (int)frames_size(got, index), (const char *)frames_data(got, index), text);
        index++;
    }
    va_end(args);
    assert_int_equal(got->count, index);
    rig_drop(got);
}

void rig_expect_nothing(struct rig *rig, const char *peer)
{
    for (size_t i = 0; i < rig->tray_count; i++)
        if (frames_equal(rig->tray[i], 0, peer, strlen(peer)))
            fail_msg("something was sent to \"%s\"", peer);
}

/* ---- time ---- */

void rig_pass(struct rig *rig, int64_t ms)
{
    int64_t until_us = rig->now_us + ms * 1000;

    while (rig->now_us < until_us) {
        rig->now_us += rig->now_us + STEP_US < until_us ? STEP_US : until_us - rig->now_us;
        broker_tick(rig->broker, rig->now_us);
    }
}

void rig_pass_alive(struct rig *rig, int64_t ms, ...)
{
    const char *peer;
    va_list args;

    for (int64_t passed = 0; passed < ms; passed += HEARTBEAT / 2) {
        rig_pass(rig, HEARTBEAT / 2);
        va_start(args, ms);
        while ((peer = va_arg(args, const char *)))
            rig_say(rig, peer, SERVICE, "MDPW02", "\x05", NULL);
        va_end(args);
    }
}

int64_t rig_count(const struct rig *rig, enum counter counter)
{
    return count_read(counter) - rig->counted[counter];
}

/* ---- our protocol ---- */

void rig_add_header(struct frames *frames, const char *request_id, uint32_t timeout_ms)
{
    Ucap__V1__RequestHeader header = UCAP__V1__REQUEST_HEADER__INIT;
    struct err err = ERR_INIT;
    void *bytes = NULL;
    size_t size = 0;
    char method[] = "GetCity";

    header.method = method;
    header.request_id = (ProtobufCBinaryData){strlen(request_id), (uint8_t *)request_id};
    header.timeout_ms = timeout_ms;
    assert_int_equal(codec_pack(&header.base, &bytes, &size, &err), 0);
    assert_int_equal(frames_add(frames, bytes, size), 0);
    free(bytes);
}

void rig_ask(struct rig *rig, const char *peer, enum user user, const char *service,
             const char *request_id, uint32_t timeout_ms)
{
    struct frames frames = {.count = 0};

    frames_add_text(&frames, "MDPC02");
    frames_add_text(&frames, "\x01");
    frames_add_text(&frames, service);
    rig_add_header(&frames, request_id, timeout_ms);
    frames_add_text(&frames, "message");
    rig_say_frames(rig, peer, user, &frames);
}

void rig_expect_status(struct rig *rig, const char *peer, const char *request_id, int status,
                       const char *words)
{
    struct frames *got = rig_take(rig, peer);
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;

    if (!got)
        fail_msg("nothing was sent to \"%s\"", peer);
    assert_int_equal(got->count, 6);
    assert_true(frames_equal(got, 1, "MDPC02", 6));
    assert_true(frames_equal(got, 2, "\x03", 1));
    assert_int_equal(frames_size(got, 5), 0);
    assert_int_equal(codec_unpack(&ucap__v1__reply_header__descriptor, frames_data(got, 4),
                                  frames_size(got, 4), NULL, &message, &err),
                     0);
    Ucap__V1__ReplyHeader *header = (Ucap__V1__ReplyHeader *)message;
    if ((int)header->status != status || !strstr(header->message, words))
        fail_msg("status %d \"%s\", not %d \"...%s...\"", (int)header->status, header->message,
                 status, words);
    assert_int_equal(header->request_id.len, strlen(request_id));
    assert_memory_equal(header->request_id.data, request_id, strlen(request_id));
    codec_free(message);
    rig_drop(got);
}

void rig_register(struct rig *rig, const char *peer, const char *service, const char *credit,
                  const char *instance)
{
    rig_say(rig, peer, SERVICE, "MDPW02", "\x01", service, credit, instance, NULL);
}

struct frames *rig_expect_request(struct rig *rig, const char *peer, unsigned char ret_token[16])
{
    struct frames *got = rig_take(rig, peer);

    if (!got)
        fail_msg("no request was sent to \"%s\"", peer);
    assert_true(got->count >= 5);
    assert_true(frames_equal(got, 1, "MDPW02", 6));
    assert_true(frames_equal(got, 2, "\x02", 1));
    assert_int_equal(frames_size(got, 3), 16);
    assert_int_equal(frames_size(got, 4), 0);
    memcpy(ret_token, frames_data(got, 3), 16);
    return got;
}

void rig_answer(struct rig *rig, const char *peer, const unsigned char token[16],
                const char *command, const char *header, const char *message)
{
    struct frames frames = {.count = 0};

    frames_add_text(&frames, "MDPW02");
    frames_add_text(&frames, command);
    frames_add(&frames, token, 16);
    frames_add(&frames, NULL, 0);
    frames_add_text(&frames, header);
    frames_add_text(&frames, message);
    rig_say_frames(rig, peer, SERVICE, &frames);
}

void rig_serve(struct rig *rig, const char *peer)
{
    unsigned char token[16];

    rig_drop(rig_expect_request(rig, peer, token));
    rig_answer(rig, peer, token, "\x04", "header", "answer");
}
