#include "bus/request.h"

#include "bus/codec.h"
#include "bus/mdp.h"

#include <string.h>

static const struct mdp_form form = {MDP_CLIENT, 2, false};
static const struct codec_limits header_limits = {256u << 10, 4u << 20};

/* ---- request ---- */

static int add_message(struct frames *frames, const ProtobufCMessage *message)
{
    zmq_msg_t frame;

    if (zmq_msg_init_size(&frame, protobuf_c_message_get_packed_size(message)) < 0)
        return -ERR_RESOURCE_EXHAUSTED;
    protobuf_c_message_pack(message, zmq_msg_data(&frame));
    int rc = frames_take(frames, &frame);
    zmq_msg_close(&frame);
    return rc;
}

static uint32_t whole_ms(int64_t us)
{
    int64_t ms = us / 1000;

    return ms < 1 ? 1 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static int add_header(struct frames *frames, const struct request *request)
{
    Ucap__V1__RequestHeader header = UCAP__V1__REQUEST_HEADER__INIT;
    char traceparent[TRACEPARENT_SIZE];
    const struct call *call = request->call;

    /* protobuf-c's structs take no const, and packing only reads. */
    header.method = (char *)request->method;
    header.request_id = (ProtobufCBinaryData){REQUEST_ID_SIZE, (uint8_t *)request->id};
    header.timeout_ms = whole_ms(request->left_us);
    header.traceparent = traceparent;
    if (call && call->traceparent[0])
        memcpy(traceparent, call->traceparent, sizeof(traceparent));
    else
        trace_new(traceparent);
    if (call) {
        if (call->idempotency_key)
            header.idempotency_key = (char *)call->idempotency_key;
        header.languages = (char **)call->languages;
        header.n_languages = call->language_count;
        header.on_behalf_of = (Ucap__V1__Caller *)call->on_behalf_of;
    }
    return add_message(frames, &header.base);
}

int request_frames(const struct request *request, struct frames *ret_frames, struct err *err)
{
    size_t size = protobuf_c_message_get_packed_size(request->message);
    int rc;

    if (size > codec_default_limits.message_bytes)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the request has %zu bytes, at most %zu are taken: send less at once", size,
                       codec_default_limits.message_bytes);
    ret_frames->count = 0;
    rc = mdp_add_head(ret_frames, &form, MDP_REQUEST, request->service, strlen(request->service));
    if (rc == 0)
        rc = add_header(ret_frames, request);
    if (rc == 0)
        rc = add_message(ret_frames, request->message);
    if (rc == 0)
        return 0;
    frames_clear(ret_frames);
    return err_nomem(err);
}

/* ---- reply ---- */

int reply_read(const struct frames *frames, struct reply *ret_reply)
{
    struct mdp_message message;
    ProtobufCMessage *header = NULL;

    /* What MDP/0.1 calls a reply parses as a request: its frames do not tell. */
    if (mdp_parse(frames, 0, &message, NULL) < 0 || message.form.side != MDP_CLIENT ||
        message.command == MDP_REQUEST || frames->count != message.body + 2)
        return -ERR_INVALID_ARGUMENT;
    if (codec_unpack(&ucap__v1__reply_header__descriptor, frames_data(frames, message.body),
                     frames_size(frames, message.body), &header_limits, &header, NULL) < 0)
        return -ERR_INVALID_ARGUMENT;
    *ret_reply = (struct reply){
        .final = message.command == MDP_FINAL,
        .service = message.service,
        .message = message.body + 1,
        .header = (Ucap__V1__ReplyHeader *)header,
    };
    return 0;
}

void reply_clear(struct reply *reply)
{
    if (reply->header)
        codec_free(&reply->header->base);
    reply->header = NULL;
}

static void keep_findings(struct findings *findings, Ucap__V1__Finding *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        findings_add(findings, rows[i]->path, "%s", rows[i]->sentence);
}

static void end_failed(const Ucap__V1__ReplyHeader *header, struct call *call)
{
    int code = (int)header->status;

    if (header->message[0])
        call_failf(call, (enum err_code)code, "%s", header->message);
    else
        call_failf(call, (enum err_code)code, "the service says %s and no more",
                   err_code_name(code));
}

/* The reply is the closure's to keep (call_keep_reply), or freed. */
static void end_replied(ProtobufCMessage *message, ProtobufCClosure closure, struct call *call)
{
    call->reply = message;
    closure(message, call);
    if (call->done)
        return;
    codec_free(call->reply);
    call->reply = NULL;
    call->done = true;
}

void reply_end(const struct reply *reply, const struct frames *frames,
               const ProtobufCMessageDescriptor *type, ProtobufCClosure closure, struct call *call)
{
    const Ucap__V1__ReplyHeader *header = reply->header;
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;

    keep_findings(&call->violations, header->violations, header->n_violations);
    keep_findings(&call->warnings, header->warnings, header->n_warnings);
    if (header->status != UCAP__V1__STATUS__CODE__STATUS_OK) {
        end_failed(header, call);
    } else if (codec_unpack(type, frames_data(frames, reply->message),
                            frames_size(frames, reply->message), NULL, &message, &err) < 0) {
        call_failf(call, ERR_INTERNAL, "the reply cannot be read: %s", err.text);
    } else {
        end_replied(message, closure, call);
    }
}

/* ---- the broker's own services ---- */

int mmi_request_frames(const char *name, const char *argument, struct frames *ret_frames)
{
    ret_frames->count = 0;
    int rc = mdp_add_head(ret_frames, &form, MDP_REQUEST, name, strlen(name));
    if (rc == 0 && argument)
        rc = frames_add_text(ret_frames, argument);
    if (rc < 0)
        frames_clear(ret_frames);
    return rc;
}

size_t mmi_reply_body(const struct frames *frames)
{
    struct mdp_message message;

    if (mdp_parse(frames, 0, &message, NULL) < 0 || message.form.side != MDP_CLIENT ||
        message.command != MDP_FINAL || frames_size(frames, message.service) < 4 ||
        memcmp(frames_data(frames, message.service), "mmi.", 4) != 0)
        return 0;
    return message.body;
}
