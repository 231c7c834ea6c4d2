/* A real ucap-gateway and raw sockets with CURVE round it: what the tests of conformance say and
 * hear is frames, as any peer of any language would. Each function ends the test with what it
 * expected when that does not come. */
#ifndef UCAP_TESTS_WIRE_H
#define UCAP_TESTS_WIRE_H

#include "bus/frames.h"
#include "testkit/testkit.h"

#define REGISTRY "ucap.v1.Registry"

/* Whose key a connection has. The last is in no list. */
enum user { VIEWER, EDITOR, ADMIN, REGISTRAR, OTHER, RELAY, STRANGER, USERS };

#define SOCKETS_MAX 64

struct wire {
    struct kit *kit;
    void *zmq;
    struct curve_key gateway_key;
    struct curve_key keys[USERS];
    const char *key_file, *principals; /* paths */
    char control[128];                 /* local endpoint of the gateway */
    struct kit_process *gateway;
    char requests[128], events[128], publish[128]; /* endpoints as bound */
    void *sockets[SOCKETS_MAX];                    /* open ones */
    size_t socket_count;
};

/* A fixture. Keys and principals; then a gateway with further arguments (ends with NULL; or NULL),
 * ready. */
struct wire *wire_begin(const char *const *more);
void wire_end(struct wire *wire);

/* Without a gateway: for tests of how one starts. */
struct wire *wire_prepare(void);
struct kit_process *wire_start_gateway(struct wire *wire, const char *const *more);
void wire_wait_ready(struct wire *wire);

/* Replaces the principals file by a rename: rows of YAML in which %N stands for the key of user N.
 */
void wire_principals(struct wire *wire, const char *yaml);
extern const char wire_default_principals[];

/* A socket of a user at an endpoint. What does not come within 10 s fails. Closed by wire_close, or
 * at the end. */
void *wire_connect(struct wire *wire, int type, enum user user, const char *endpoint);
void *wire_dealer(struct wire *wire, enum user user);           /* DEALER at requests */
void *wire_socket(struct wire *wire, int type, enum user user); /* not yet connected */
void wire_close(struct wire *wire, void *socket);

/* Text frames, ends with NULL; "" is an empty one. */
void wire_say(void *socket, ...);
/* The next message that is no heartbeat of a worker is exactly this; "*" stands for any frame. */
void wire_expect(void *socket, ...);
/* Nothing but heartbeats comes for that long. */
void wire_expect_nothing(void *socket, int ms);
/* Nothing else has come before the answer to a question asked now: for clients. */
void wire_fence(void *socket);

/* READY of MDP/0.2 with credit (or NULL), and the proof that it counted. */
void *wire_worker(struct wire *wire, const char *service, const char *credit);
/* The next REQUEST to a worker of MDP/0.2, whole: [MDPW02] [2] [token] [] ... */
void wire_take_request(void *worker, struct frames *ret_request);
/* Answers it: FINAL (4) or PARTIAL (3) with the given text frames (ends with NULL). */
void wire_answer(void *worker, const struct frames *request, const char *command, ...);

/* MDP/0.2 request of our protocol with the body "message". */
void wire_ask(void *socket, const char *service, const char *request_id, uint32_t timeout_ms);
/* Its failure: status, request id, and words of the sentence. */
void wire_expect_status(void *socket, const char *request_id, int status, const char *words);

/* The status of the next failure, whatever it is. */
int wire_take_status(void *socket);

/* The gateway's own counter, asked by Control.GetStats. */
int64_t wire_counter(struct wire *wire, const char *name);

#endif
