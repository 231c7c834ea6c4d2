/* One connection to one gateway: a DEALER and the monitor that says why it failed. libzmq's own
 * reconnecting is as good as off, so that nothing is ever sent twice and a refused socket is never
 * used again: a lost link is closed, and the client opens another. */
#ifndef UCAP_BUS_LINK_H
#define UCAP_BUS_LINK_H

#include "bus/curve.h"

#include <stdint.h>

/* Zero-initialised is closed. */
struct link {
    void *socket;
    void *monitor;
    const char *endpoint;
    const struct curve_key *key;
    bool up; /* the handshake is over, as far as link_check has seen */
};

/* Starts to connect. `endpoint` and `key` (NULL: no CURVE) outlive the link. */
int link_open(struct link *link, void *zmq_context, const char *endpoint,
              const struct curve_key *key, const char *gateway_key, struct err *err);

/* What was sent may still go out for `linger_ms`. A closed link is left alone. */
void link_close(struct link *link, int linger_ms);

/* 0, or -ERR_UNAVAILABLE with the cause when the link is lost, or could not be made;
 * -ERR_UNAUTHENTICATED when the gateway does not know the key; -ERR_CANCELLED when the context
 * ends. Then close it. Does not wait. */
int link_check(struct link *link, struct err *err);

/* Waits until the link is up: before that nothing may be sent. Codes as for link_check;
 * -ERR_DEADLINE_EXCEEDED at `until_us` (monotonic): the link is as it was. */
int link_await(struct link *link, int64_t until_us, struct err *err);

#endif
