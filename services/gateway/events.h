/* Events pass from those who may publish to all subscribers: XSUB to XPUB. */
#ifndef GATEWAY_EVENTS_H
#define GATEWAY_EVENTS_H

#include "principals.h"
#include "sockets.h"

/* What the events need; the sockets are the gateway's. */
struct events {
    struct listener *in, *out;
    int64_t bind_since_us; /* the out socket waits to be bound again since then; 0: it is bound */
};

/* Passes on what is there, at most `most` messages. A publisher is looked up for each. */
void events_forward(struct events *events, const struct principals *principals, unsigned most);

/* Takes what subscribers sent: libzmq has acted on it already. */
void events_read_subscriptions(struct events *events, unsigned most);

/* Cuts all subscribers off, so that one whose key is gone does not come back; the others connect
 * again and replay. The address is free again only when libzmq's thread has closed it: events_bind
 * tries until it is, at most 5 s. */
int events_cut(struct events *events, int64_t now_us, struct err *err);
int events_bind(struct events *events, int64_t now_us, struct err *err);

#endif
