/* The state of the broker, shared by its files: broker.c (what comes in), peers.c, workers.c,
 * services.c (queues), requests.c and mmi.c. Nothing outside includes this.
 *
 * Who owns whom: the broker all by its maps; a peer its worker; a lane and a worker the requests in
 * their list. A request is in exactly one of these lists from request_queue to request_free. */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include "broker.h"
#include "bus/mdp.h"
#include "counters.h"
#include "map.h"
#include "timers.h"

#include <sys/queue.h>

#define TOKEN_SIZE       16
#define REQUEST_ID_MAX   32
#define SERVICE_NAME_MAX 128
#define INSTANCE_MAX     128
#define CONTROL_PREFIX                                                                             \
    "ucap.v1.Control@" /* its workers speak for the instance named after the @                     \
                        */
#define LIVES      4   /* heartbeats missed until a worker is gone */
#define TOKEN_POOL 64

TAILQ_HEAD(peer_list, peer);
TAILQ_HEAD(worker_list, worker);
TAILQ_HEAD(lane_list, lane);
TAILQ_HEAD(request_list, request);

/* What a connection was on the worker side. */
enum peer_state {
    PEER_FRESH,   /* nothing yet: a client, or nobody */
    PEER_WORKER,  /* registered */
    PEER_REFUSED, /* got DISCONNECT without ever being registered: its worker commands are dropped
                   */
    PEER_GONE,    /* was a worker; DISCONNECT went one way or the other: nothing is sent any more */
    PEER_STATES
};

/* A connection, by its routing id. Kept while anything depends on it; then the one idle for longest
 * is forgotten first. */
struct peer {
    struct map_node node;
    TAILQ_ENTRY(peer) idle;
    enum peer_state state;
    int64_t state_us;             /* since when */
    struct worker *worker;        /* of PEER_WORKER */
    struct request_list requests; /* unanswered */
    size_t in_flight;             /* how many */
    char key[CURVE_KEY_SIZE];     /* whose it is */
    size_t id_size;
    unsigned char id[];
};

/* A process that says it is alive for all of its workers: (principal, instance name). */
struct instance {
    struct map_node node;
    size_t users;    /* workers that named it, and its Control worker */
    int64_t seen_us; /* last command of its Control worker */
    size_t key_size;
    char key[];
};

struct worker {
    TAILQ_ENTRY(worker) all;
    TAILQ_ENTRY(worker) of_service; /* the one that got a request last is last */
    struct peer *peer;
    struct service *service;
    struct instance *instance; /* or NULL */
    bool speaks_for_instance;  /* its Control worker */
    struct mdp_form form;
    bool announced; /* a credit: gets the caller's frame */
    bool draining;
    size_t credit, held; /* requests it takes at once, and has */
    struct request_list requests;
    int64_t seen_us, told_us; /* last command from it, and to it */
};

/* A worker name that somebody serves or asks for. */
struct service {
    struct map_node node;
    struct worker_list workers;
    size_t worker_count;
    size_t live;            /* workers that are not draining */
    int64_t alone_since_us; /* when live became 0 */
    struct lane_list lanes; /* clients with waiting requests; the one whose turn is next first */
    size_t queued;
    unsigned pins; /* uses that must not see it freed */
    bool speaks;   /* our protocol: the name starts with "ucap." */
    char name[];
};

/* The waiting requests of one client to one service. */
struct lane {
    TAILQ_ENTRY(lane) of_service;
    struct peer *client;
    struct service *service;
    struct request_list requests;
};

enum request_state {
    REQUEST_NEW,       /* in no lane, with no worker */
    REQUEST_QUEUED,    /* in a lane */
    REQUEST_SENT,      /* with a worker */
    REQUEST_ABANDONED, /* with a worker, but answered already: only its credit is waited for */
};

struct request {
    struct map_node by_token;
    TAILQ_ENTRY(request) link;      /* in its lane or worker */
    TAILQ_ENTRY(request) of_client; /* while unanswered */
    struct timer timer;             /* while unanswered */
    enum request_state state;
    struct peer *client; /* while unanswered */
    struct lane *lane;
    struct worker *worker;
    unsigned char token[TOKEN_SIZE];
    zmq_msg_t reply_to, service_name; /* frames as they came */
    struct mdp_form form;
    bool speaks;
    char key[CURVE_KEY_SIZE]; /* of the principal who asks */
    unsigned char id[REQUEST_ID_MAX];
    size_t id_size;
    int64_t arrived_us, deadline_us, timeout_ms;
    size_t bytes; /* of the body */
    size_t body_count;
    zmq_msg_t body[];
};

struct broker {
    struct broker_config config;
    const struct principals *principals;
    int64_t now_us;     /* of the call that runs */
    int64_t scanned_us; /* when the workers were last looked through */
    bool draining;
    struct map peers, services, instances, tokens;
    struct peer_list idle; /* idle for longest first */
    struct worker_list workers;
    size_t worker_count;
    size_t queued_bytes;
    struct timers timers;
    unsigned char token_pool[TOKEN_POOL * TOKEN_SIZE];
    size_t tokens_left;
};

#define broker_limits_of(broker) (&(broker)->config.limits)

/* ---- broker.c ---- */

/* Sends and takes the frames; counts what cannot be delivered. */
int broker_send(struct broker *broker, struct frames *message);
/* The principal of a key as the list has it now, or NULL. */
const Ucap__V1__Principal *broker_principal(const struct broker *broker, const char *key);
/* True for 1 to SERVICE_NAME_MAX printable ASCII characters without space. */
bool broker_is_name(const char *name, size_t size);
bool broker_has_prefix(const char *name, size_t size, const char *prefix);

/* ---- peers.c ---- */

struct peer *peer_find(const struct broker *broker, const void *id, size_t size);
/* Finds or makes; NULL: no room, or no memory. */
struct peer *peer_get(struct broker *broker, const void *id, size_t size, const char *key);
/* Forgets a peer and all it asked for and held: its routing id belongs to somebody else now. */
void peer_forget(struct broker *broker, struct peer *peer);
void peer_free(struct broker *broker, struct peer *peer); /* one without requests and worker */
void peer_add_request(struct broker *broker, struct peer *peer, struct request *request);
void peer_remove_request(struct broker *broker, struct request *request);
void peer_become(struct broker *broker, struct peer *peer, enum peer_state state);
/* After its DISCONNECT a worker comes back on a new connection (rule 5). One that chose its routing
 * id has the same one there, and cannot be told from the old: it may register again after the time
 * that a silent worker is given. */
bool peer_may_return(const struct broker *broker, const struct peer *peer);
/* True for a routing id that libzmq did not make. */
bool peer_chose_id(const void *id, size_t size);

/* ---- workers.c ---- */

typedef void worker_command_f(struct broker *broker, struct peer *peer, struct frames *message,
                              const struct mdp_message *parsed);

/* A worker's command, by state of the peer and command. */
void worker_receive(struct broker *broker, struct peer *peer, struct frames *message,
                    const struct mdp_message *parsed);
/* Ends a registration: the requests it holds are answered UNAVAILABLE. */
void worker_lose(struct broker *broker, struct worker *worker, const char *why);
/* The same after telling it. */
void worker_expel(struct broker *broker, struct worker *worker, const char *why);
/* Hands over one request (its state is REQUEST_NEW) and takes it: a worker out of reach is lost,
 * and the request fails. */
void worker_give(struct broker *broker, struct worker *worker, struct request *request);
/* Heartbeats, and the end of silent ones. */
void workers_scan(struct broker *broker);
size_t worker_free_credit(const struct worker *worker);

/* ---- services.c ---- */

struct service *service_find(const struct broker *broker, const char *name, size_t size);
/* Finds or makes the service of a worker; NULL: no memory. The number of workers bounds these:
 * names that are merely asked for keep no worker out. */
struct service *service_get(struct broker *broker, const char *name, size_t size);
/* The same for a client; NULL also when there are as many as may be. */
struct service *service_ask(struct broker *broker, const char *name, size_t size);
/* Frees a service that nobody serves and nobody asks for. */
void service_settle(struct broker *broker, struct service *service);
void service_add_worker(struct broker *broker, struct service *service, struct worker *worker);
void service_remove_worker(struct broker *broker, struct worker *worker);
/* A worker of it began to drain. */
void service_lose_live(struct broker *broker, struct service *service);
/* Puts a request (REQUEST_NEW) into its client's lane. */
int service_queue(struct broker *broker, struct service *service, struct peer *client,
                  struct request *request, struct err *err);
void service_unqueue(struct broker *broker, struct request *request);
/* Hands out what waits as far as there is credit. */
void service_pump(struct broker *broker, struct service *service);
/* The broker began to drain: what no worker is there for waits no longer. */
void services_drain(struct broker *broker);
/* The sentence for a service that nobody serves, with the nearest name. */
int service_unknown(const struct broker *broker, const struct service *service, struct err *err);

/* ---- requests.c ---- */

/* A client's request: checked, queued, or refused. Takes what it needs of the message. */
void request_receive(struct broker *broker, struct frames *message,
                     const struct mdp_message *parsed, const char *key);
/* The worker's answer, whole or in part. */
void request_reply(struct broker *broker, struct request *request, struct frames *message,
                   const struct mdp_message *parsed);
/* Answers with a failure, or counts the drop where the client does not speak our protocol. What a
 * worker holds stays there, abandoned; what waits is freed. */
void request_fail(struct broker *broker, struct request *request, const struct err *err);
/* Its timer went off. */
void request_due(struct broker *broker, struct request *request);
/* Takes it out of all lists; its service is freed with it when nobody else needs that. */
void request_free(struct broker *broker, struct request *request);
/* True when a plain worker of this service may serve the role. */
bool request_role_allowed(const struct broker *broker, const char *service, size_t size,
                          Ucap__V1__Role__Value role);
int request_add_caller(const struct broker *broker, const struct request *request,
                       const Ucap__V1__Principal *principal, struct frames *out);
void request_new_token(struct broker *broker, struct request *request);

/* ---- mmi.c ---- */

void mmi_receive(struct broker *broker, struct frames *message, const struct mdp_message *parsed);

#endif
