/* Gives calls a span: of the trace they have (another try), of the thread's, or of a new one. */
#include "bus/decorate.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

struct traced {
    ProtobufCService base; /* first: protobuf-c sees this */
    ProtobufCService *inner;
};

/* The span in it is a placeholder: the child gets its own. */
static void thread_trace(char traceparent[TRACEPARENT_SIZE])
{
    snprintf(traceparent, TRACEPARENT_SIZE, "00-%s-0000000000000001-01", log_trace());
}

static void traced_invoke(ProtobufCService *service, unsigned method_index,
                          const ProtobufCMessage *request, ProtobufCClosure closure, void *data)
{
    const struct traced *traced = (struct traced *)service;
    struct call *call = data;
    char parent[TRACEPARENT_SIZE];
    char trace_id[TRACE_ID_SIZE];

    if (call->traceparent[0])
        snprintf(parent, sizeof(parent), "%s", call->traceparent);
    else
        thread_trace(parent);
    trace_child(parent, trace_id, call->traceparent); /* no trace at all: a new one */
    call_invoke(traced->inner, method_index, request, closure, call);
}

static void traced_destroy(ProtobufCService *service)
{
    free(service);
}

ProtobufCService *trace_wrap(ProtobufCService *inner)
{
    struct traced *traced = calloc(1, sizeof(*traced));

    if (!traced)
        return NULL;
    traced->base = (ProtobufCService){inner->descriptor, traced_invoke, traced_destroy};
    traced->inner = inner;
    return &traced->base;
}
