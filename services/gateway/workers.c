/* The worker side of the protocol: registration, replies, heartbeats, the end.
 *
 * What a command does depends on what its sender is: the table below. Whoever got DISCONNECT is
 * sent nothing more. */
#include "state.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static worker_command_f register_worker, take_reply, take_heartbeat, take_leave;
static worker_command_f expel_sender, refuse_sender, ignore, silence;

/* One row per state of the sender, one column per command (RFC 7 and 18, rules 3, 4 and 8). */
static worker_command_f *const commands[PEER_STATES][MDP_DISCONNECT + 1] = {
    [PEER_FRESH] = {[MDP_READY] = register_worker,
                    [MDP_REQUEST] = refuse_sender,
                    [MDP_PARTIAL] = refuse_sender,
                    [MDP_FINAL] = refuse_sender,
                    [MDP_HEARTBEAT] = refuse_sender,
                    [MDP_DISCONNECT] = ignore},
    [PEER_WORKER] = {[MDP_READY] = expel_sender,
                     [MDP_REQUEST] = expel_sender,
                     [MDP_PARTIAL] = take_reply,
                     [MDP_FINAL] = take_reply,
                     [MDP_HEARTBEAT] = take_heartbeat,
                     [MDP_DISCONNECT] = take_leave},
    [PEER_REFUSED] = {silence, silence, silence, silence, silence, silence},
    [PEER_GONE] = {silence, silence, silence, silence, silence, silence},
};

/* `text`: a frame behind the command, or NULL. */
static int send_command(struct broker *broker, const struct peer *peer, const struct mdp_form *form,
                        enum mdp_command command, const char *text)
{
    struct frames out = {.count = 0};
    int rc = frames_add(&out, peer->id, peer->id_size);

    if (rc == 0)
        rc = mdp_add_head(&out, form, command, NULL, 0);
    if (rc == 0 && text)
        rc = frames_add_text(&out, text);
    if (rc == 0)
        return broker_send(broker, &out);
    frames_clear(&out);
    return rc;
}

static void disconnect(struct broker *broker, const struct peer *peer, const struct mdp_form *form)
{
    count(COUNT_DISCONNECTS);
    send_command(broker, peer, form, MDP_DISCONNECT, NULL);
}

size_t worker_free_credit(const struct worker *worker)
{
    return worker->draining || worker->held >= worker->credit ? 0 : worker->credit - worker->held;
}

/* ---- instances ---- */

static struct instance *instance_make(struct broker *broker, const char *key, size_t size)
{
    struct instance *instance = calloc(1, sizeof(*instance) + size);

    if (!instance)
        return NULL;
    memcpy(instance->key, key, size);
    instance->key_size = size;
    instance->seen_us = broker->now_us;
    map_add(&broker->instances, &instance->node, instance->key, size);
    return instance;
}

/* The key is the principal's and the name: only a process's own Control worker speaks for it. */
static struct instance *instance_get(struct broker *broker, const struct peer *peer,
                                     const char *name, size_t size)
{
    char key[CURVE_KEY_SIZE + INSTANCE_MAX] = {0};

    memcpy(key, peer->key, CURVE_KEY_SIZE - 1);
    memcpy(key + CURVE_KEY_SIZE, name, size);
    struct map_node *node = map_find(&broker->instances, key, CURVE_KEY_SIZE + size);
    struct instance *instance = node ? map_entry(node, struct instance, node)
                                     : instance_make(broker, key, CURVE_KEY_SIZE + size);
    if (instance)
        instance->users++;
    return instance;
}

static void instance_release(struct broker *broker, struct instance *instance)
{
    if (!instance || --instance->users > 0)
        return;
    map_remove(&broker->instances, &instance->node);
    free(instance);
}

/* ---- registration ---- */

/* What a READY says. */
struct registration {
    const char *service;
    size_t service_size;
    bool announced;
    unsigned credit;
    const char *instance; /* or NULL */
    size_t instance_size;
    bool speaks_for_instance;
};

static int read_ready(const struct frames *message, const struct mdp_message *parsed,
                      struct registration *ret, struct err *err)
{
    size_t extra = message->count - parsed->body;
    size_t prefix = strlen(CONTROL_PREFIX);
    struct registration ready = {.service = frames_data(message, parsed->service),
                                 .service_size = frames_size(message, parsed->service),
                                 .announced = extra > 0,
                                 .credit = 1};

    if (!broker_is_name(ready.service, ready.service_size))
        return err_set(err, ERR_INVALID_ARGUMENT, "the service name is not printable or too long");
    if (extra > 0 && mdp_credit_parse(frames_data(message, parsed->body),
                                      frames_size(message, parsed->body), &ready.credit) < 0)
        return err_set(err, ERR_INVALID_ARGUMENT, "the credit is no number from 0 to 1024");
    if (extra > 1) {
        ready.instance = frames_data(message, parsed->body + 1);
        ready.instance_size = frames_size(message, parsed->body + 1);
    }
    if (broker_has_prefix(ready.service, ready.service_size, CONTROL_PREFIX)) {
        ready.instance = ready.service + prefix;
        ready.instance_size = ready.service_size - prefix;
        ready.speaks_for_instance = true;
    }
    if (ready.instance && !broker_is_name(ready.instance, ready.instance_size))
        return err_set(err, ERR_INVALID_ARGUMENT, "the instance name is not printable or too long");
    *ret = ready;
    return 0;
}

static int check_ready(const struct broker *broker, const struct peer *peer,
                       const struct registration *ready, struct err *err)
{
    const struct broker_limits *limits = broker_limits_of(broker);
    const Ucap__V1__Principal *principal = broker_principal(broker, peer->key);

    if (!principal)
        return err_set(err, ERR_UNAUTHENTICATED, "the key is not in the list of principals");
    if (broker_has_prefix(ready->service, ready->service_size, "mmi."))
        return err_set(err, ERR_PERMISSION_DENIED, "mmi.* is the gateway's own");
    if (!principal_may_register(principal, ready->service, ready->service_size))
        return err_set(err, ERR_PERMISSION_DENIED, "the principal may not register this service");
    if (limits->refuse_chosen_ids && peer_chose_id(peer->id, peer->id_size))
        return err_set(err, ERR_PERMISSION_DENIED, "the peer chose its own routing id");
    if (broker->draining)
        return err_set(err, ERR_UNAVAILABLE, "the gateway is draining");
    if (broker->worker_count >= limits->workers)
        return err_set(err, ERR_RESOURCE_EXHAUSTED, "there are %zu workers already",
                       limits->workers);
    return 0;
}

static struct worker *make_worker(struct broker *broker, struct peer *peer,
                                  const struct registration *ready, const struct mdp_form *form)
{
    struct service *service = service_get(broker, ready->service, ready->service_size);
    struct worker *worker = service ? calloc(1, sizeof(*worker)) : NULL;

    if (worker && ready->instance)
        worker->instance = instance_get(broker, peer, ready->instance, ready->instance_size);
    if (!worker || (ready->instance && !worker->instance)) {
        free(worker);
        if (service)
            service_settle(broker, service);
        return NULL;
    }
    TAILQ_INIT(&worker->requests);
    worker->peer = peer;
    worker->form = *form;
    worker->speaks_for_instance = ready->speaks_for_instance;
    worker->announced = ready->announced;
    worker->credit = ready->credit;
    worker->draining = ready->credit == 0;
    service_add_worker(broker, service, worker);
    return worker;
}

static void worker_seen(struct broker *broker, struct worker *worker)
{
    worker->seen_us = broker->now_us;
    if (worker->speaks_for_instance)
        worker->instance->seen_us = broker->now_us;
}

static int try_register(struct broker *broker, struct peer *peer, const struct frames *message,
                        const struct mdp_message *parsed, struct err *err)
{
    struct registration ready;
    int rc = read_ready(message, parsed, &ready, err);

    if (rc == 0)
        rc = check_ready(broker, peer, &ready, err);
    if (rc < 0)
        return rc;
    struct worker *worker = make_worker(broker, peer, &ready, &parsed->form);
    if (!worker)
        return err_nomem(err);
    TAILQ_INSERT_TAIL(&broker->workers, worker, all);
    broker->worker_count++;
    peer->worker = worker;
    peer_become(broker, peer, PEER_WORKER);
    worker_seen(broker, worker);
    worker->told_us = broker->now_us;
    count(COUNT_WORKERS);
    return 0;
}

static void register_worker(struct broker *broker, struct peer *peer, struct frames *message,
                            const struct mdp_message *parsed)
{
    const Ucap__V1__Principal *principal = broker_principal(broker, peer->key);
    struct err err = ERR_INIT;

    if (try_register(broker, peer, message, parsed, &err) < 0) {
        count(COUNT_READY_REFUSED);
        if (!principal)
            count(COUNT_UNAUTHENTICATED);
        log_warning("registration refused", log_str("why", err.text),
                    log_str("principal", principal ? principal->name : ""));
        refuse_sender(broker, peer, message, parsed);
        return;
    }
    log_info("worker registered", log_str("service", peer->worker->service->name),
             log_str("principal", principal->name), log_int("credit", peer->worker->credit));
    service_pump(broker, peer->worker->service);
}

/* ---- the other commands ---- */

static void take_reply(struct broker *broker, struct peer *peer, struct frames *message,
                       const struct mdp_message *parsed)
{
    struct worker *worker = peer->worker;
    struct service *service = worker->service;
    struct map_node *node = map_find(&broker->tokens, frames_data(message, parsed->address),
                                     frames_size(message, parsed->address));
    struct request *request = node ? map_entry(node, struct request, by_token) : NULL;

    if (!request || request->worker != worker) {
        count(COUNT_DROPPED_STRAY);
        return;
    }
    request_reply(broker, request, message, parsed);
    service_pump(broker, service);
}

/* No new requests. Confirmed to a worker of ours: what was under way to it has come before that. */
static void begin_drain(struct broker *broker, struct worker *worker)
{
    worker->draining = true;
    service_lose_live(broker, worker->service);
    if (!worker->announced)
        return;
    worker->told_us = broker->now_us;
    send_command(broker, worker->peer, &worker->form, MDP_HEARTBEAT, "0");
}

static void take_heartbeat(struct broker *broker, struct peer *peer, struct frames *message,
                           const struct mdp_message *parsed)
{
    struct worker *worker = peer->worker;
    unsigned credit = 0;

    if (parsed->body == message->count || worker->draining)
        return;
    if (mdp_credit_parse(frames_data(message, parsed->body), frames_size(message, parsed->body),
                         &credit) < 0) {
        worker_expel(broker, worker, "sent a credit that is no number from 0 to 1024");
        return;
    }
    worker->credit = credit;
    if (credit == 0)
        begin_drain(broker, worker);
    service_pump(broker, worker->service);
}

static void take_leave(struct broker *broker, struct peer *peer, struct frames *message,
                       const struct mdp_message *parsed)
{
    (void)message;
    (void)parsed;
    worker_lose(broker, peer->worker, "left");
}

static void expel_sender(struct broker *broker, struct peer *peer, struct frames *message,
                         const struct mdp_message *parsed)
{
    (void)message;
    (void)parsed;
    worker_expel(broker, peer->worker, "sent a command out of place");
}

static void refuse_sender(struct broker *broker, struct peer *peer, struct frames *message,
                          const struct mdp_message *parsed)
{
    (void)message;
    disconnect(broker, peer, &parsed->form);
    peer_become(broker, peer, PEER_REFUSED);
}

static void ignore(struct broker *broker, struct peer *peer, struct frames *message,
                   const struct mdp_message *parsed)
{
    (void)broker;
    (void)peer;
    (void)message;
    (void)parsed;
}

static void silence(struct broker *broker, struct peer *peer, struct frames *message,
                    const struct mdp_message *parsed)
{
    if (parsed->command == MDP_READY && peer_may_return(broker, peer)) {
        peer_become(broker, peer, PEER_FRESH);
        register_worker(broker, peer, message, parsed);
        return;
    }
    count(COUNT_DROPPED_SILENCED);
}

/* Whose key is gone is no worker any more: broker_set_principals has seen to that. */
void worker_receive(struct broker *broker, struct peer *peer, struct frames *message,
                    const struct mdp_message *parsed)
{
    if (peer->worker)
        worker_seen(broker, peer->worker);
    commands[peer->state][parsed->command](broker, peer, message, parsed);
}

/* ---- the end ---- */

static void fail_held(struct broker *broker, struct worker *worker)
{
    struct err err = ERR_INIT;
    struct request *request;

    err_set(&err, ERR_UNAVAILABLE,
            "the worker of service \"%s\" is gone: try again, with the same key",
            worker->service->name);
    while ((request = TAILQ_FIRST(&worker->requests))) {
        if (request->state == REQUEST_SENT)
            request_fail(broker, request, &err);
        request_free(broker, request);
    }
}

void worker_lose(struct broker *broker, struct worker *worker, const char *why)
{
    struct service *service = worker->service;

    log_info("worker gone", log_str("service", service->name), log_str("why", why),
             log_int("held", worker->held));
    count_level(COUNT_WORKERS, -1);
    TAILQ_REMOVE(&broker->workers, worker, all);
    broker->worker_count--;
    service_remove_worker(broker, worker);
    fail_held(broker, worker);
    worker->peer->worker = NULL;
    peer_become(broker, worker->peer, PEER_GONE);
    instance_release(broker, worker->instance);
    free(worker);
    service_settle(broker, service);
}

static void worker_give_up(struct broker *broker, struct worker *worker, const char *why)
{
    count(COUNT_WORKERS_LOST);
    worker_lose(broker, worker, why);
}

void worker_expel(struct broker *broker, struct worker *worker, const char *why)
{
    disconnect(broker, worker->peer, &worker->form);
    worker_give_up(broker, worker, why);
}

/* ---- handing over, and time ---- */

static int send_request(struct broker *broker, struct worker *worker, struct request *request,
                        const Ucap__V1__Principal *principal)
{
    struct frames out = {.count = 0};
    int rc = frames_add(&out, worker->peer->id, worker->peer->id_size);

    if (rc == 0)
        rc = mdp_add_head(&out, &worker->form, MDP_REQUEST, request->token, TOKEN_SIZE);
    if (rc == 0 && worker->announced)
        rc = request_add_caller(broker, request, principal, &out);
    for (size_t i = 0; i < request->body_count && rc == 0; i++)
        rc = frames_take(&out, &request->body[i]);
    if (rc == 0)
        return broker_send(broker, &out);
    frames_clear(&out);
    return rc;
}

static int check_give(struct broker *broker, const struct worker *worker,
                      const struct request *request, const Ucap__V1__Principal *principal,
                      struct err *err)
{
    const char *service = worker->service->name;

    if (!principal) {
        count(COUNT_UNAUTHENTICATED);
        return err_set(err, ERR_UNAUTHENTICATED,
                       "your key is no longer in the list of principals: ask an administrator");
    }
    if (!worker->announced && request->speaks &&
        !request_role_allowed(broker, service, strlen(service), principal->role))
        return err_set(err, ERR_PERMISSION_DENIED,
                       "service \"%s\" has a plain worker, and your role may not use it: see "
                       "setting plain-service",
                       service);
    return 0;
}

void worker_give(struct broker *broker, struct worker *worker, struct request *request)
{
    const Ucap__V1__Principal *principal = broker_principal(broker, request->key);
    struct err err = ERR_INIT;

    if (check_give(broker, worker, request, principal, &err) < 0) {
        request_fail(broker, request, &err);
        return;
    }
    request_new_token(broker, request);
    request->state = REQUEST_SENT;
    request->worker = worker;
    TAILQ_INSERT_TAIL(&worker->requests, request, link);
    worker->held++;
    count(COUNT_IN_FLIGHT);
    timers_set(&broker->timers, &request->timer, request->deadline_us);
    worker->told_us = broker->now_us;
    if (send_request(broker, worker, request, principal) < 0)
        worker_give_up(broker, worker, "out of reach");
}

/* Its own word, or that of its process, whichever is later. */
static int64_t last_seen(const struct worker *worker)
{
    int64_t instance_us = worker->instance ? worker->instance->seen_us : 0;

    return instance_us > worker->seen_us ? instance_us : worker->seen_us;
}

static void scan_worker(struct broker *broker, struct worker *worker, int64_t heartbeat_us)
{
    if (broker->now_us - last_seen(worker) > LIVES * heartbeat_us) {
        worker_expel(broker, worker, "silent");
        return;
    }
    if (broker->now_us - worker->told_us < heartbeat_us)
        return;
    worker->told_us = broker->now_us;
    if (send_command(broker, worker->peer, &worker->form, MDP_HEARTBEAT, NULL) < 0)
        worker_give_up(broker, worker, "out of reach");
}

/* When the broker itself was not running (a stopped process, a machine asleep), the silence was its
 * own. */
void workers_scan(struct broker *broker)
{
    int64_t heartbeat_us = broker_limits_of(broker)->heartbeat_us;
    bool slept = broker->now_us - broker->scanned_us > 2 * heartbeat_us;
    struct worker *next;

    broker->scanned_us = broker->now_us;
    for (struct worker *worker = TAILQ_FIRST(&broker->workers); worker; worker = next) {
        next = TAILQ_NEXT(worker, all);
        if (slept)
            worker->seen_us = broker->now_us;
        scan_worker(broker, worker, heartbeat_us);
    }
}
