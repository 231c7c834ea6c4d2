/* Decorators: each is a ProtobufCService round another one and adds one thing. They nest in any
 * order; the usual one is retry(deadline(trace(proxy))). Each is destroyed with
 * protobuf_c_service_destroy, which leaves the inner one alone. */
#ifndef UCAP_BUS_DECORATE_H
#define UCAP_BUS_DECORATE_H

#include "base/clock.h"
#include "bus/call.h"

/* When and how often to try again. Codes that are retried: UNAVAILABLE and RESOURCE_EXHAUSTED. A
 * call is tried again only if it has an idempotency key (reads get one as well), within its
 * deadline. */
struct retry_policy {
    unsigned attempts; /* in all, at least 1 */
    int64_t first_ms;  /* pause before the second try; doubles with each, with jitter of +-25 % */
    int64_t longest_ms;
    void (*pause)(int64_t ms, void *arg); /* NULL: nanosleep. Tests step a clock */
    void *arg;
};

/* 8 attempts, 50 ms to 2 s: for persons and batch jobs. */
extern const struct retry_policy retry_patient;
extern const struct retry_policy retry_never;

ProtobufCService *retry_wrap(ProtobufCService *inner, const struct retry_policy *policy);

/* Gives calls without a deadline one, and ends those whose deadline has passed before they are
 * sent. */
ProtobufCService *deadline_wrap(ProtobufCService *inner, const struct clock *clock,
                                int64_t default_ms);

/* Gives each call a span of the thread's current trace, or a new trace. */
ProtobufCService *trace_wrap(ProtobufCService *inner);

/* Faults for tests. Rows are looked at in order; the first whose method matches and whose `times`
 * is left acts. */
enum fault_kind {
    FAULT_FAIL,       /* the call fails with `code`; the inner service never sees it */
    FAULT_LOSE_REPLY, /* the inner service does it, the caller gets `code` */
    FAULT_TWICE,      /* the inner service gets it twice; the caller the second answer */
    FAULT_DELAY       /* `delay_us` pass on the fake clock first */
};

struct fault {
    const char *method; /* NULL: any */
    enum fault_kind kind;
    enum err_code code;
    int64_t delay_us;
    unsigned times; /* how often; counts down */
};

/* `faults` ends with a row of times 0 and is the caller's; it counts down there. */
ProtobufCService *fault_wrap(ProtobufCService *inner, struct fault *faults, struct clock *clock);

#endif
