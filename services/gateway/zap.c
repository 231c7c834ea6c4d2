/* Frames of a request: version, request id, domain, address, routing id, mechanism, credentials. Of
 * a reply: version, request id, status code, status text, user id, metadata (RFC 27). */
#include "zap.h"

#include "bus/curve.h"

#include <stdio.h>
#include <string.h>

#define VERSION        "1.0"
#define KEY_BYTES      32
#define FIRST_OF_CURVE 6 /* the credentials: one frame with the key */

enum { FRAME_VERSION, FRAME_ID, FRAME_DOMAIN, FRAME_ADDRESS, FRAME_ROUTING_ID, FRAME_MECHANISM };

struct verdict {
    enum zap_status status;
    const char *text;
    char user[CURVE_KEY_SIZE]; /* empty unless welcome */
};

static bool is(const struct frames *frames, size_t index, const char *text)
{
    return frames_equal(frames, index, text, strlen(text));
}

static bool domain_admits(const struct frames *request, const Ucap__V1__Principal *principal)
{
    if (is(request, FRAME_DOMAIN, ZAP_PUBLISH))
        return principal->publish;
    return is(request, FRAME_DOMAIN, ZAP_REQUESTS) || is(request, FRAME_DOMAIN, ZAP_EVENTS);
}

static struct verdict judge(const struct frames *request, const struct principals *principals)
{
    struct verdict verdict = {.status = ZAP_WELCOME, .text = "OK"};

    if (request->count <= FRAME_MECHANISM || !is(request, FRAME_VERSION, VERSION))
        return (struct verdict){.status = ZAP_BROKEN, .text = "not a ZAP 1.0 request"};
    if (!is(request, FRAME_MECHANISM, "CURVE"))
        return (struct verdict){.status = ZAP_REFUSED, .text = "only CURVE is served"};
    if (request->count != FIRST_OF_CURVE + 1 || frames_size(request, FIRST_OF_CURVE) != KEY_BYTES)
        return (struct verdict){.status = ZAP_BROKEN, .text = "a CURVE key has 32 bytes"};
    if (!principals)
        return (struct verdict){.status = ZAP_LATER, .text = "the principals are not read yet"};
    zmq_z85_encode(verdict.user, frames_data(request, FIRST_OF_CURVE), KEY_BYTES);
    const Ucap__V1__Principal *principal = principals_find(principals, verdict.user);
    if (!principal)
        return (struct verdict){.status = ZAP_REFUSED, .text = "unknown key"};
    if (!domain_admits(request, principal))
        return (struct verdict){.status = ZAP_REFUSED, .text = "not this principal's socket"};
    return verdict;
}

enum zap_status zap_answer(const struct frames *request, const struct principals *principals,
                           struct frames *reply)
{
    struct verdict verdict = judge(request, principals);
    char code[8];

    snprintf(code, sizeof(code), "%d", (int)verdict.status);
    frames_add_text(reply, VERSION);
    if (request->count > FRAME_ID)
        frames_add(reply, frames_data(request, FRAME_ID), frames_size(request, FRAME_ID));
    else
        frames_add(reply, NULL, 0);
    frames_add_text(reply, code);
    frames_add_text(reply, verdict.text);
    frames_add_text(reply, verdict.user);
    frames_add(reply, NULL, 0);
    return verdict.status;
}
