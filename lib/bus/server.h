/* Serves a ProtobufCService: dispatch (pure: frames in, frames out), and worker threads that take
 * requests from the gateways.
 *
 * Order in a dispatch: limits, header, method, role, deadline, decode, handler, exactly one reply
 * or failure. Each request is a log line of level debug, each failure that is our fault one of
 * level error. */
#ifndef UCAP_BUS_SERVER_H
#define UCAP_BUS_SERVER_H

#include "base/clock.h"
#include "bus/call.h"
#include "bus/client.h"
#include "bus/codec.h"
#include "bus/frames.h"
#include "bus/stats.h"

/* Who may call: a set of roles. */
enum {
    MAY_VIEWER = 1u << UCAP__V1__ROLE__VALUE__ROLE_VIEWER,
    MAY_EDITOR = 1u << UCAP__V1__ROLE__VALUE__ROLE_EDITOR,
    MAY_ADMIN = 1u << UCAP__V1__ROLE__VALUE__ROLE_ADMIN,
    MAY_SERVICE = 1u << UCAP__V1__ROLE__VALUE__ROLE_SERVICE,
    MAY_READ = MAY_VIEWER | MAY_EDITOR | MAY_ADMIN | MAY_SERVICE,
    MAY_WRITE = MAY_EDITOR | MAY_ADMIN,
};

/* A row per method; served_check refuses a service with a method that has none. */
struct method_rule {
    const char *method; /* NULL ends the table */
    unsigned may;       /* MAY_* */
    bool write;         /* needs an idempotency key */
    const char *help;   /* a sentence for --help of the process, lower case, no full stop */
};

/* A service object together with its rules. */
struct served {
    ProtobufCService *service;
    const struct method_rule *rules;
    const struct codec_limits *limits; /* NULL: the default */
    struct stats *stats;               /* or NULL */
};

/* 0, or -ERR_INTERNAL naming the first method without a row, or row without a method. */
int served_check(const ProtobufCServiceDescriptor *descriptor, const struct method_rule *rules,
                 struct err *err);

/* One request as it came to a worker. The pointers are the caller's. */
struct served_request {
    const Ucap__V1__Caller *caller; /* the authenticated one; NULL: refused UNAUTHENTICATED */
    const void *header;             /* the two frames of the body */
    size_t header_size;
    const void *message;
    size_t message_size;
    int64_t received_us; /* monotonic: the timeouts of caller and header count from here */
    void (*partial)(struct frames *body, void *arg); /* sends progress; NULL: dropped */
    void *partial_arg;
};

/* Handles one request. The two frames of the reply are appended to *out, always. */
void served_dispatch(const struct served *served, const struct served_request *request,
                     struct frames *out);

/* The reply to a request that never reaches a handler, such as one with another number of frames
 * than two: its two frames, without request id, are appended to *out. */
void served_refuse(const struct err *err, struct frames *out);

/* True when the caller may see the programme: its list has it, or "*". */
bool caller_may_see(const Ucap__V1__Caller *caller, const char *programme);

/* What a worker thread offers to the service it makes. */
struct server_thread {
    struct client *client; /* for calling neighbours and the poke; of this thread */
    unsigned number;       /* 0 to threads - 1 */
    /* Tells the process what it waits for (`""`: nothing more); shown by Ping. Any time during
     * start. */
    void (*waits_for)(void *server, const char *sentence);
    /* True once the process is told to end: a start that waits gives up with -ERR_CANCELLED. */
    bool (*ending)(void *server);
    void *server;
};

struct server_spec {
    const ProtobufCServiceDescriptor *descriptor;
    const struct method_rule *rules;
    /* Makes the service object of one thread (with its own database connection), and takes it back.
     * start may wait; it fails for good: the process ends with the sentence. */
    int (*start)(void *arg, const struct server_thread *thread, ProtobufCService **ret_service,
                 struct err *err);
    void (*stop)(void *arg, ProtobufCService *service);
    /* For what may wait (expired rows, ...): called in each thread when nothing is to be done, the
     * first time soon after its start, then a minute after the last at the earliest. It must end
     * soon: a request may come meanwhile. NULL: nothing. */
    void (*idle)(void *arg, ProtobufCService *service);
    void *arg;
};

/* All pointers outlive the server. */
struct server_config {
    struct client_config gateways; /* a thread has a DEALER to each; the rest as for a client */
    const char *name;              /* worker name; NULL: the descriptor's */
    const char *instance;          /* named in READY: its Control connection heartbeats for all */
    unsigned threads;              /* 1 to 64 */
    unsigned credit;               /* requests a thread takes at once from each gateway, 1 to 64 */
    int64_t heartbeat_ms;          /* 400; a gateway silent for four of them is gone */
    struct stats *stats;           /* knows the service (stats_add_service); or NULL */
    /* What struct server_thread offers. Called by any thread; or NULL. */
    void (*waits_for)(void *arg, const char *sentence);
    bool (*ending)(void *arg);
    void *arg;
};

struct server;

/* Starts the threads, which inherit the signal mask, and returns when all have started or one
 * failed for good (the others have ended then, too). That may take as long as spec->start waits:
 * call it from a thread that has the time. A thread takes requests as soon as it has started. */
int server_start(void *zmq_context, const struct server_spec *spec,
                 const struct server_config *config, struct server **ret_server, struct err *err);

/* Draining: credit 0 to the gateways, answer what is held, DISCONNECT. Returns at once; server_join
 * waits. */
void server_drain(struct server *server);

/* Waits until all threads have ended, at most until_us on the monotonic clock; then
 * -ERR_DEADLINE_EXCEEDED, and server_destroy lets the threads be and frees nothing (the process
 * ends; do not end the ZeroMQ context). */
int server_join(struct server *server, int64_t until_us);
void server_destroy(struct server *server);

#endif
