/* One call of one method, on either side of the bus.
 *
 * protobuf-c's closures carry one pointer, closure_data; here it is always a struct call. A client
 * sets what it asks, invokes a ProtobufCService (a proxy, a decorator round one, or a service in
 * the same process: they all look alike) and finds the outcome in it. A handler finds there who
 * asks and until when, and ends in exactly one reply (it calls its closure) or one failure
 * (call_fail). The closure has run, or will never run, when invoke returns. */
#ifndef UCAP_BUS_CALL_H
#define UCAP_BUS_CALL_H

#include "base/err.h"
#include "base/findings.h"
#include "base/id.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucap/v1/bus.pb-c.h>

#define CALL_KEY_MAX 64 /* characters of an idempotency key */

struct call {
    /* What is asked. The pointers are the caller's and outlive the call. */
    int64_t deadline_us;                /* on the monotonic clock; 0: the default of who serves */
    const char *idempotency_key;        /* NULL: none. Writes need one */
    char traceparent[TRACEPARENT_SIZE]; /* empty: a new trace */
    const char *const *languages;       /* BCP 47, best first */
    size_t language_count;
    const Ucap__V1__Caller *on_behalf_of; /* the person a service calls on for; NULL: itself */
    void (*on_progress)(const Ucap__V1__Progress *progress, void *arg); /* or NULL */
    void *progress_arg;

    /* For handlers: who asks, and for what; set by who serves. Where a service calls on for a
     * person, that person's rights count, and via is the service; else via is NULL. */
    const Ucap__V1__Caller *caller;
    const Ucap__V1__Caller *via;
    const uint8_t *request; /* the message's bytes as received: for the idempotency hash */
    size_t request_size;
    const char *method;
    void (*send_progress)(struct call *call, const Ucap__V1__Progress *progress); /* or NULL */

    /* The outcome. */
    bool done;                  /* replied or failed */
    struct err err;             /* code ERR_OK after a reply */
    struct findings violations; /* why, place by place */
    struct findings warnings;   /* also beside a reply */
    ProtobufCMessage *reply;    /* owned by the call, where somebody kept it */
    void *owner;                /* of the implementation that serves the call */
};

/* An empty call. call_clear frees the outcome and makes it ready for another try of the same
 * request. */
void call_init(struct call *call);
void call_clear(struct call *call);

/* For handlers: ends the call with a failure; err->code must not be ERR_OK. A second end is a
 * programmer's error. */
void call_fail(struct call *call, const struct err *err);
void call_failf(struct call *call, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A closure that ends the call with the reply in call->reply: copied, or taken where the
 * implementation has set call->reply to it already. */
void call_keep_reply(const ProtobufCMessage *reply, void *call);

/* Invokes `method` of `service` by name and keeps the reply in call->reply (freed by call_clear).
 * 0, or the negative code of call->err. */
int call_run(ProtobufCService *service, const char *method, const ProtobufCMessage *request,
             struct call *call);

/* Invokes by index. What protobuf-c would only assert ends the call with a failure: an index out of
 * range or an empty slot of a generated vtable (UNIMPLEMENTED), a request of another type
 * (INTERNAL). */
void call_invoke(ProtobufCService *service, unsigned method_index, const ProtobufCMessage *request,
                 ProtobufCClosure closure, struct call *call);

/* The reply taken out of the call; the caller frees it with codec_free. */
ProtobufCMessage *call_steal_reply(struct call *call);

/* Index of a method by name in a descriptor, or -1. */
int call_method_index(const ProtobufCServiceDescriptor *descriptor, const char *method);

#endif
