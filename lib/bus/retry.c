/* Tries again what may have failed only for now, with the same idempotency key. */
#include "bus/decorate.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct retry {
    ProtobufCService base; /* first: protobuf-c sees this */
    ProtobufCService *inner;
    struct retry_policy policy;
};

const struct retry_policy retry_patient = {.attempts = 8, .first_ms = 50, .longest_ms = 2000};
const struct retry_policy retry_never = {.attempts = 1};

static void sleep_ms(int64_t ms)
{
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* 75 to 125 % of it, so that many clients that failed together do not come back together. */
static int64_t jitter(int64_t ms)
{
    uint16_t random;

    random_bytes(&random, sizeof(random));
    return ms * 3 / 4 + ms / 2 * random / UINT16_MAX;
}

/* The pause before the try that follows `tried` of them. */
static int64_t pause_ms(const struct retry_policy *policy, unsigned tried)
{
    int64_t ms = policy->first_ms;

    for (unsigned i = 1; i < tried && ms < policy->longest_ms; i++)
        ms *= 2;
    return jitter(ms < policy->longest_ms ? ms : policy->longest_ms);
}

static bool is_worth_retrying(const struct call *call)
{
    return call->idempotency_key &&
           (call->err.code == ERR_UNAVAILABLE || call->err.code == ERR_RESOURCE_EXHAUSTED);
}

static bool ends_in_time(const struct call *call, int64_t ms)
{
    return call->deadline_us == 0 || clock_mono_us(clock_system()) + ms * 1000 < call->deadline_us;
}

static void retry_invoke(ProtobufCService *service, unsigned method_index,
                         const ProtobufCMessage *request, ProtobufCClosure closure, void *data)
{
    const struct retry *retry = (struct retry *)service;
    const struct retry_policy *policy = &retry->policy;
    struct call *call = data;

    for (unsigned tried = 1;; tried++) {
        call_invoke(retry->inner, method_index, request, closure, call);
        if (tried >= policy->attempts || !is_worth_retrying(call))
            return;
        int64_t ms = pause_ms(policy, tried);
        if (!ends_in_time(call, ms))
            return;
        call_clear(call);
        if (policy->pause)
            policy->pause(ms, policy->arg);
        else
            sleep_ms(ms);
    }
}

static void retry_destroy(ProtobufCService *service)
{
    free(service);
}

ProtobufCService *retry_wrap(ProtobufCService *inner, const struct retry_policy *policy)
{
    struct retry *retry = calloc(1, sizeof(*retry));

    if (!retry)
        return NULL;
    retry->base = (ProtobufCService){inner->descriptor, retry_invoke, retry_destroy};
    retry->inner = inner;
    retry->policy = *policy;
    return &retry->base;
}
