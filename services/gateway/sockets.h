/* The gateway's sockets, in a context of their own: the ZAP handler answers for all of the context.
 */
#ifndef GATEWAY_SOCKETS_H
#define GATEWAY_SOCKETS_H

#include "bus/curve.h"
#include "settings.h"

#define ENDPOINT_SIZE 256

/* Where a socket listens, with the real port. */
struct listener {
    void *socket;
    char endpoint[ENDPOINT_SIZE];
};

struct sockets {
    void *zmq;
    void *zap;                /* REP; bound before the others */
    struct listener requests; /* ROUTER */
    struct listener events;   /* XPUB */
    struct listener
        publish; /* XSUB, subscribed to all: subscribers' wishes stay between XPUB and them */
};

/* Opens and binds all four. The sentence names the setting of an endpoint that cannot be had. */
int sockets_open(const struct gateway_settings *settings, const struct curve_key *key,
                 struct sockets *ret_sockets, struct err *err);
void sockets_close(struct sockets *sockets); /* waits for linger at most */

/* Asks each socket to admit a key that nobody listed. While the handshake runs, `serve_zap` is
 * called whenever the handler has something to answer. -ERR_INTERNAL when one is admitted or does
 * not answer. */
int sockets_self_test(struct sockets *sockets, const struct curve_key *key,
                      void (*serve_zap)(void *arg), void *arg, struct err *err);

#endif
