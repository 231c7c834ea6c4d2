/* The Majordomo Protocol on the wire: MDP/0.1 (ZeroMQ RFC 7) and MDP/0.2 (RFC 18), each with or
 * without the empty first frame, and our extensions. docs/protocol.md draws every frame. Pure: no
 * sockets. */
#ifndef UCAP_BUS_MDP_H
#define UCAP_BUS_MDP_H

#include "bus/frames.h"

#include <stdint.h>

enum mdp_side { MDP_CLIENT, MDP_WORKER };

enum mdp_command {
    MDP_REQUEST,
    MDP_PARTIAL, /* from a worker, and to a client, of MDP/0.2 */
    MDP_FINAL,   /* MDP/0.1: its REPLY */
    MDP_READY,
    MDP_HEARTBEAT,
    MDP_DISCONNECT
};

/* How a peer speaks; answers are given in the same form. */
struct mdp_form {
    enum mdp_side side;
    int version;      /* 1: MDP/0.1, 2: MDP/0.2 */
    bool empty_first; /* sends, and gets, an empty first frame */
};

/* A received message: where its parts are in the frames. */
struct mdp_message {
    struct mdp_form form;
    enum mdp_command command;
    size_t service; /* frame of the service name: client REQUEST/PARTIAL/FINAL and READY */
    size_t address; /* frame of the client address: worker REQUEST, PARTIAL, FINAL */
    size_t body;    /* first frame of what follows (credit of READY and HEARTBEAT), or the count */
};

/* Reads frames from index `first` on (1 after a ROUTER's routing id, 0 on a DEALER).
 * -ERR_INVALID_ARGUMENT with a sentence for anything that is not exactly a command of one of the
 * four forms. */
int mdp_parse(const struct frames *frames, size_t first, struct mdp_message *ret_message,
              struct err *err);

/* Appends the frames of a command up to its body: [empty] [protocol] [command] and, by command, the
 * service name or the client address with its empty frame. `name` and `size`: that service or
 * address; NULL and 0 where there is none. */
int mdp_add_head(struct frames *frames, const struct mdp_form *form, enum mdp_command command,
                 const void *name, size_t size);

/* The credit frame of READY and HEARTBEAT: decimal text, 0 to 1024. -ERR_INVALID_ARGUMENT
 * otherwise. */
int mdp_credit_parse(const void *bytes, size_t size, unsigned *ret_credit);

#endif
