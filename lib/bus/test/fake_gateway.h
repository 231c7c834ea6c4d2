/* A gateway as a script: a ROUTER on an ipc endpoint that says what the test tells it to, and
 * checks what comes. Waiting is bounded; a test that waits in vain fails. */
#ifndef UCAP_BUS_TEST_FAKE_GATEWAY_H
#define UCAP_BUS_TEST_FAKE_GATEWAY_H

#include "bus/curve.h"
#include "bus/mdp.h"

#define FAKE_WAIT_MS 10000

struct fake_gateway {
    void *zmq;
    void *socket;
    char dir[64];
    char endpoint[128];
};

/* `key`: its CURVE key; any client is admitted. NULL: no CURVE. */
void fake_gateway_open(struct fake_gateway *fake, const struct curve_key *key);
void fake_gateway_close(struct fake_gateway *fake); /* ends the context, too */

/* The next message; its routing id is frame 0. `message` may be NULL. */
void fake_gateway_recv(struct fake_gateway *fake, struct frames *ret_frames,
                       struct mdp_message *ret_message);

/* True when nothing comes within some 50 ms. */
bool fake_gateway_is_quiet(struct fake_gateway *fake);

/* Sends [id] [MDPW02] [command] and, where not NULL, the texts `more` (ends with NULL). */
void fake_gateway_send(struct fake_gateway *fake, const struct frames *from, char command,
                       const char *const *more);

/* Receives and checks one: [id] [MDPW02] [command], then exactly the texts (ends with NULL). */
void fake_gateway_expect(struct fake_gateway *fake, struct frames *ret_frames, char command,
                         const char *const *more);

#endif
