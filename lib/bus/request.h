/* A request and its replies as frames: MDP/0.2, client side, with our two body frames. Pure: no
 * sockets. */
#ifndef UCAP_BUS_REQUEST_H
#define UCAP_BUS_REQUEST_H

#include "bus/call.h"
#include "bus/frames.h"

#define REQUEST_ID_SIZE 16

struct request {
    const char *service; /* worker name */
    const char *method;
    uint8_t id[REQUEST_ID_SIZE];
    int64_t left_us;         /* until the deadline, at least 1 */
    const struct call *call; /* what is asked beside the message; NULL: nothing */
    const ProtobufCMessage *message;
};

/* -ERR_INVALID_ARGUMENT: larger than anybody takes; -ERR_RESOURCE_EXHAUSTED: no memory. */
int request_frames(const struct request *request, struct frames *ret_frames, struct err *err);

/* A reply as received. The header is freed with reply_clear. */
struct reply {
    bool final;     /* or partial */
    size_t service; /* frame of the worker name */
    size_t message; /* frame of the message */
    Ucap__V1__ReplyHeader *header;
};

/* -ERR_INVALID_ARGUMENT when it is not exactly a reply to a client of MDP/0.2 with our two body
 * frames. */
int reply_read(const struct frames *frames, struct reply *ret_reply);
void reply_clear(struct reply *reply);

/* Ends the call with a final reply: outcome and closure. `type` is that of the message. */
void reply_end(const struct reply *reply, const struct frames *frames,
               const ProtobufCMessageDescriptor *type, ProtobufCClosure closure, struct call *call);

/* A question to the broker itself (ZeroMQ RFC 8), which carries none of our headers. `argument` may
 * be NULL. */
int mmi_request_frames(const char *name, const char *argument, struct frames *ret_frames);

/* The first body frame of the broker's answer (the count where it has none); 0 when the message is
 * none. */
size_t mmi_reply_body(const struct frames *frames);

#endif
