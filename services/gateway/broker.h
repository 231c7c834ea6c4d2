/* The Majordomo broker as a state machine: a message, who sent it, and the time go in, messages
 * come out by a function. No socket and no clock, so that tests step it.
 *
 * A request waits in its service's queue (clients take turns), goes with a token to the worker that
 * has most free credit, and ends in exactly one final answer: the worker's, or the gateway's own
 * failure. Whatever a peer sends, nothing but that peer's own business changes. The rules are those
 * of ZeroMQ RFC 7, 18 and 8; docs/protocol.md has our extensions. */
#ifndef GATEWAY_BROKER_H
#define GATEWAY_BROKER_H

#include "bus/frames.h"
#include "principals.h"

#include <stdbool.h>
#include <stdint.h>

struct broker;

/* Who may use a service that does not speak our protocol. */
struct plain_rule {
    char *service;
    Ucap__V1__Role__Value role; /* or a later one of viewer, editor, admin; service: exactly that */
};

/* Bounds; each is a setting of the gateway with its sentence. Times in microseconds. */
struct broker_limits {
    int64_t heartbeat_us; /* silence of four is the end of a worker */
    int64_t service_wait_us;
    int64_t default_timeout_us, longest_timeout_us, plain_expiry_us;
    size_t queue;       /* requests that wait per service */
    size_t queue_bytes; /* of all bodies that wait */
    size_t in_flight;   /* unanswered requests per client */
    size_t peers, workers, services;
    size_t plain_frames;    /* body frames of a plain request */
    size_t header_bytes;    /* of a RequestHeader */
    bool refuse_chosen_ids; /* peers must leave their routing id to libzmq */
};

struct broker_config {
    struct broker_limits limits;
    const struct plain_rule *plain; /* outlives the broker; names not listed: admin */
    size_t plain_count;
    /* Sends a message, routing id first, and takes it in any case. 0 or negative: the peer is gone.
     */
    int (*send)(void *arg, struct frames *message);
    void *arg;
};

/* The principals are the caller's and outlive the broker or the next broker_set_principals. */
int broker_create(const struct broker_config *config, const struct principals *principals,
                  struct broker **ret_broker, struct err *err);
void broker_destroy(struct broker *broker); /* sends nothing; NULL is left alone */

/* One received message: the sender's routing id first. `key`: its authenticated public key. The
 * frames are taken. */
void broker_receive(struct broker *broker, struct frames *message, const char *key, int64_t now_us);

/* The same for a message that had too many frames: these are the first of it. It is dropped, and a
 * worker that sent it disconnected. */
void broker_receive_cut(struct broker *broker, struct frames *message, const char *key,
                        int64_t now_us);

/* Does what is due: deadlines, heartbeats, silent workers. broker_due tells when to call it next.
 */
void broker_tick(struct broker *broker, int64_t now_us);
int64_t broker_due(const struct broker *broker);

/* A new list counts from now on; workers whose registration it no longer allows are disconnected.
 */
void broker_set_principals(struct broker *broker, const struct principals *principals,
                           int64_t now_us);

/* Draining: new requests are refused, what is held is answered. broker_is_drained: nothing is held.
 * broker_end answers UNAVAILABLE what is still held and disconnects all workers. */
void broker_drain(struct broker *broker);
bool broker_is_drained(const struct broker *broker);
void broker_end(struct broker *broker, int64_t now_us);

#endif
