/* A gateway that clients meet in tests: a ROUTER on an ipc endpoint of its own context, plain or
 * with CURVE, that the test reads and answers by hand. Waiting is bounded; a test that waits in
 * vain fails. */
#ifndef UCAP_BUS_TEST_STAND_H
#define UCAP_BUS_TEST_STAND_H

#include "bus/curve.h"
#include "bus/request.h"

#include <pthread.h>

#define STAND_WAIT_MS 10000

struct stand {
    void *zmq;
    void *router;
    char dir[64];
    char endpoint[128];
    bool curve;
    struct curve_key key;
    /* The ZAP handler and the only key it admits (binary); _Atomic, as tests change it. */
    pthread_t zap;
    void *zap_socket;
    uint8_t admitted[32];
    _Atomic bool admits;
};

/* A request as it came. */
struct asked {
    struct frames frames; /* routing id, protocol, command, service, header, message */
    Ucap__V1__RequestHeader *header;
};

void stand_open(struct stand *stand);
void stand_open_curve(struct stand *stand, const char *public_key);
void stand_close(struct stand *stand);  /* as a killed gateway: its peers see the connection end */
void stand_reopen(struct stand *stand); /* on the same endpoint, plain */

/* The next request; it must be one of MDP/0.2 with our two body frames. */
void stand_recv(struct stand *stand, struct asked *ret_asked);
bool stand_is_quiet(struct stand *stand); /* nothing is there now */
void asked_clear(struct asked *asked);

/* Sends a reply to whoever asked: `command` is "\2" or "\3"; the header's request id is filled in.
 * message NULL: empty. */
void stand_reply(struct stand *stand, const struct asked *asked, const char *command,
                 Ucap__V1__ReplyHeader *header, const ProtobufCMessage *message);

/* Sends the routing id of `asked` and the texts as they are (ends with NULL). */
void stand_send_raw(struct stand *stand, const struct asked *asked, const char *const *texts);

#endif
