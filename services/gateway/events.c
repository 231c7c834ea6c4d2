/* Nothing is kept here: an event without subscriber is gone, a subscriber that is slow loses some
 * and replays. */
#include "events.h"

#include "bus/frames.h"
#include "counters.h"

#include <errno.h>
#include <zmq.h>

#define BIND_TRIES_US 5000000

static bool may_publish(const struct principals *principals, struct frames *event)
{
    const char *key = zmq_msg_gets(&event->list[0], "User-Id");
    const Ucap__V1__Principal *principal = key ? principals_find(principals, key) : NULL;

    return principal && principal->publish;
}

void events_forward(struct events *events, const struct principals *principals, unsigned most)
{
    struct frames event;

    for (unsigned i = 0; i < most; i++) {
        int rc = frames_recv(events->in->socket, ZMQ_DONTWAIT, &event);
        if (rc == -ERR_UNAVAILABLE || rc == -ERR_CANCELLED)
            return;
        if (rc < 0 || !may_publish(principals, &event)) {
            count(COUNT_DROPPED_EVENTS);
            if (rc == 0)
                frames_clear(&event);
            continue;
        }
        count(COUNT_EVENTS);
        frames_send(events->out->socket, ZMQ_DONTWAIT, &event);
    }
}

void events_read_subscriptions(struct events *events, unsigned most)
{
    struct frames wish;

    for (unsigned i = 0; i < most; i++) {
        int rc = frames_recv(events->out->socket, ZMQ_DONTWAIT, &wish);
        if (rc == 0)
            frames_clear(&wish);
        else if (rc != -ERR_OUT_OF_RANGE)
            return;
    }
}

int events_cut(struct events *events, int64_t now_us, struct err *err)
{
    if (events->bind_since_us)
        return 0;
    if (zmq_unbind(events->out->socket, events->out->endpoint) < 0)
        return err_set(err, ERR_INTERNAL, "cannot unbind %s: %s", events->out->endpoint,
                       zmq_strerror(errno));
    events->bind_since_us = now_us;
    return 0;
}

int events_bind(struct events *events, int64_t now_us, struct err *err)
{
    if (!events->bind_since_us)
        return 0;
    int rc = zmq_bind(events->out->socket, events->out->endpoint);
    if (rc < 0 && errno == EADDRINUSE && now_us - events->bind_since_us < BIND_TRIES_US)
        return 0;
    events->bind_since_us = 0;
    if (rc == 0)
        return 0;
    return err_set(err, ERR_UNAVAILABLE, "cannot listen on %s again (setting events): %s",
                   events->out->endpoint, zmq_strerror(errno));
}
