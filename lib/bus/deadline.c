/* Gives calls a deadline. It stays with the call, so that all tries of a retry outside share one.
 */
#include "bus/decorate.h"

#include <stdlib.h>

struct deadline {
    ProtobufCService base; /* first: protobuf-c sees this */
    ProtobufCService *inner;
    const struct clock *clock;
    int64_t default_us;
};

static void deadline_invoke(ProtobufCService *service, unsigned method_index,
                            const ProtobufCMessage *request, ProtobufCClosure closure, void *data)
{
    const struct deadline *deadline = (struct deadline *)service;
    struct call *call = data;
    int64_t now = clock_mono_us(deadline->clock);

    if (call->deadline_us == 0)
        call->deadline_us = now + deadline->default_us;
    if (now >= call->deadline_us)
        call_failf(call, ERR_DEADLINE_EXCEEDED, "the deadline passed before the call was sent");
    else
        call_invoke(deadline->inner, method_index, request, closure, call);
}

static void deadline_destroy(ProtobufCService *service)
{
    free(service);
}

ProtobufCService *deadline_wrap(ProtobufCService *inner, const struct clock *clock,
                                int64_t default_ms)
{
    struct deadline *deadline = calloc(1, sizeof(*deadline));

    if (!deadline)
        return NULL;
    deadline->base = (ProtobufCService){inner->descriptor, deadline_invoke, deadline_destroy};
    deadline->inner = inner;
    deadline->clock = clock;
    deadline->default_us = default_ms * 1000;
    return &deadline->base;
}
