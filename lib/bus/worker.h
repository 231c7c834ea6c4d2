/* A worker of MDP/0.2 (ZeroMQ RFC 18) with our extensions: one DEALER to one gateway. It announces
 * its service, credit and instance, heartbeats, notices a silent gateway, connects again on a new
 * socket, and drains. It belongs to one thread and never blocks; the time is given to it
 * (monotonic microseconds). */
#ifndef UCAP_BUS_WORKER_H
#define UCAP_BUS_WORKER_H

#include "bus/curve.h"
#include "bus/frames.h"
#include "bus/mdp.h"

#include <stdint.h>

/* All pointers outlive the worker. */
struct worker_config {
    const char *endpoint;        /* of the gateway */
    const struct curve_key *key; /* NULL: no CURVE (tests) */
    const char *gateway_key;     /* Z85 */
    const char *name;            /* of the service */
    const char *instance;
    unsigned credit;
    int64_t heartbeat_us;
};

struct worker;

/* The first socket is connected at once, so that an endpoint that is none shows here. */
int worker_create(void *zmq_context, const struct worker_config *config, int64_t now_us,
                  struct worker **ret_worker, struct err *err);

/* Closes without a word: the gateway answers UNAVAILABLE for what was held. NULL is left alone. */
void worker_destroy(struct worker *worker);

/* The socket to poll for input; NULL while there is none. */
void *worker_socket(const struct worker *worker);

/* The next request, of those that have come: true, the frames are the caller's to clear and
 * `message` says where its parts are. Other commands are handled on the way. False: no more, or the
 * worker holds as many requests as its credit. */
bool worker_recv(struct worker *worker, int64_t now_us, struct frames *ret_frames,
                 struct mdp_message *ret_message);

/* Number of the connection. A request belongs to the connection it came by: when that is lost, so
 * is the request, and its reply is dropped. */
unsigned worker_generation(const struct worker *worker);
bool worker_is_connected(const struct worker *worker, unsigned generation);

/* Answers the request with `token` that came by connection `generation`: MDP_PARTIAL or MDP_FINAL.
 * `body` is left empty. Each request gets exactly one final. */
void worker_reply(struct worker *worker, unsigned generation, enum mdp_command command,
                  const void *token, size_t token_size, struct frames *body, int64_t now_us);

/* Does what is due: heartbeats, gives a silent gateway up, connects again, ends draining. Returns
 * when it wants to be called next. To be called after all that has come was received, or a gateway
 * that was not listened to would pass for silent. */
int64_t worker_tick(struct worker *worker, int64_t now_us);

/* The thread was away, and nobody listened: silence is counted from now. */
void worker_resume(struct worker *worker, int64_t now_us);

/* Announces credit 0. What is held must be answered and what still comes received; then the worker
 * says DISCONNECT by itself and has ended. */
void worker_drain(struct worker *worker, int64_t now_us);
bool worker_ended(const struct worker *worker);

#endif
