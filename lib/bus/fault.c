/* Faults as rows, for tests of whoever calls. */
#include "bus/decorate.h"

#include <stdlib.h>
#include <string.h>

struct faulty {
    ProtobufCService base; /* first: protobuf-c sees this */
    ProtobufCService *inner;
    struct fault *faults;
    size_t count; /* taken at the start: a row that is used up looks like the last one */
    struct clock *clock;
};

static struct fault *next_fault(const struct faulty *faulty, const char *method)
{
    for (size_t i = 0; i < faulty->count; i++) {
        struct fault *fault = &faulty->faults[i];
        if (fault->times > 0 && (!fault->method || strcmp(fault->method, method) == 0))
            return fault;
    }
    return NULL;
}

static void swallow(const ProtobufCMessage *reply, void *call)
{
    (void)reply;
    (void)call;
}

/* The inner service does it, and nobody hears of it. */
static void invoke_unheard(const struct faulty *faulty, unsigned method_index,
                           const ProtobufCMessage *request, struct call *call)
{
    call_invoke(faulty->inner, method_index, request, swallow, call);
    call_clear(call);
}

static void faulty_invoke(ProtobufCService *service, unsigned method_index,
                          const ProtobufCMessage *request, ProtobufCClosure closure, void *data)
{
    const struct faulty *faulty = (struct faulty *)service;
    const ProtobufCServiceDescriptor *descriptor = service->descriptor;
    struct call *call = data;
    struct fault *fault = method_index < descriptor->n_methods
                              ? next_fault(faulty, descriptor->methods[method_index].name)
                              : NULL;

    if (fault) {
        fault->times--;
        if (fault->kind == FAULT_DELAY)
            clock_fake_advance(faulty->clock, fault->delay_us);
        else if (fault->kind != FAULT_FAIL)
            invoke_unheard(faulty, method_index, request, call);
        if (fault->kind == FAULT_FAIL || fault->kind == FAULT_LOSE_REPLY) {
            call_failf(call, fault->code, "a fault of the test");
            return;
        }
    }
    call_invoke(faulty->inner, method_index, request, closure, call);
}

static void faulty_destroy(ProtobufCService *service)
{
    free(service);
}

ProtobufCService *fault_wrap(ProtobufCService *inner, struct fault *faults, struct clock *clock)
{
    struct faulty *faulty = calloc(1, sizeof(*faulty));

    if (!faulty)
        return NULL;
    faulty->base = (ProtobufCService){inner->descriptor, faulty_invoke, faulty_destroy};
    faulty->inner = inner;
    faulty->faults = faults;
    faulty->clock = clock;
    while (faults[faulty->count].times > 0)
        faulty->count++;
    return &faulty->base;
}
