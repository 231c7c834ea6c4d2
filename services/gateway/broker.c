/* What comes in: a message is read, its sender known, and the side decides; and the passing of
 * time. */
#include "broker.h"

#include "state.h"

#include <stdlib.h>
#include <string.h>

int broker_create(const struct broker_config *config, const struct principals *principals,
                  struct broker **ret_broker, struct err *err)
{
    struct broker *broker = calloc(1, sizeof(*broker));

    if (!broker)
        return err_nomem(err);
    broker->config = *config;
    broker->principals = principals;
    TAILQ_INIT(&broker->idle);
    TAILQ_INIT(&broker->workers);
    if (map_init(&broker->peers) < 0 || map_init(&broker->services) < 0 ||
        map_init(&broker->instances) < 0 || map_init(&broker->tokens) < 0) {
        broker_destroy(broker);
        return err_nomem(err);
    }
    *ret_broker = broker;
    return 0;
}

static int drop_message(void *arg, struct frames *message)
{
    (void)arg;
    frames_clear(message);
    return 0;
}

static void forget_peer(struct map_node *node, void *broker)
{
    peer_forget(broker, map_entry(node, struct peer, node));
}

void broker_destroy(struct broker *broker)
{
    if (!broker)
        return;
    broker->config.send = drop_message;
    if (broker->peers.slots && broker->services.slots && broker->instances.slots &&
        broker->tokens.slots)
        map_each(&broker->peers, forget_peer, broker);
    map_free(&broker->peers);
    map_free(&broker->services);
    map_free(&broker->instances);
    map_free(&broker->tokens);
    timers_free(&broker->timers);
    free(broker);
}

int broker_send(struct broker *broker, struct frames *message)
{
    int rc = broker->config.send(broker->config.arg, message);

    if (rc < 0)
        count(COUNT_DROPPED_UNDELIVERABLE);
    return rc;
}

const Ucap__V1__Principal *broker_principal(const struct broker *broker, const char *key)
{
    return principals_find(broker->principals, key);
}

bool broker_is_name(const char *name, size_t size)
{
    if (size == 0 || size > SERVICE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return true;
}

bool broker_has_prefix(const char *name, size_t size, const char *prefix)
{
    size_t length = strlen(prefix);

    return size >= length && memcmp(name, prefix, length) == 0;
}

static void client_receive(struct broker *broker, struct peer *peer, struct frames *message,
                           const struct mdp_message *parsed, const char *key)
{
    const char *service = frames_data(message, parsed->service);
    size_t size = frames_size(message, parsed->service);

    if (peer && peer->state == PEER_WORKER) {
        worker_expel(broker, peer->worker, "sent a command out of place");
    } else if (peer && peer->state == PEER_GONE) {
        count(COUNT_DROPPED_SILENCED);
    } else if (parsed->command != MDP_REQUEST) {
        count(COUNT_DROPPED_MALFORMED);
    } else if (!broker_has_prefix(service, size, "mmi.")) {
        request_receive(broker, message, parsed, key);
    } else if (broker_principal(broker, key)) {
        mmi_receive(broker, message, parsed);
    } else {
        count(COUNT_UNAUTHENTICATED);
    }
}

static void worker_side_receive(struct broker *broker, struct frames *message,
                                const struct mdp_message *parsed, const char *key)
{
    struct peer *peer = peer_get(broker, frames_data(message, 0), frames_size(message, 0), key);

    if (!peer)
        count(COUNT_READY_REFUSED);
    else
        worker_receive(broker, peer, message, parsed);
}

/* An invalid message makes its sender invalid, where that is a worker (RFC 7, section 5). */
static void malformed(struct broker *broker, struct peer *peer)
{
    count(COUNT_DROPPED_MALFORMED);
    if (peer && peer->state == PEER_WORKER)
        worker_expel(broker, peer->worker, "sent what is no majordomo command");
}

/* A routing id that a peer chose itself may come back in another's hands: what the first one asked
 * for must not reach the second. */
static struct peer *find_sender(struct broker *broker, const struct frames *message,
                                const char *key)
{
    struct peer *peer = peer_find(broker, frames_data(message, 0), frames_size(message, 0));

    if (!peer || strcmp(peer->key, key) == 0)
        return peer;
    peer_forget(broker, peer);
    return NULL;
}

void broker_receive(struct broker *broker, struct frames *message, const char *key, int64_t now_us)
{
    struct mdp_message parsed;

    broker->now_us = now_us;
    if (message->count > 0) {
        struct peer *peer = find_sender(broker, message, key);
        if (mdp_parse(message, 1, &parsed, NULL) < 0)
            malformed(broker, peer);
        else if (parsed.form.side == MDP_CLIENT)
            client_receive(broker, peer, message, &parsed, key);
        else
            worker_side_receive(broker, message, &parsed, key);
    }
    frames_clear(message);
}

/* It may have been an answer: its request would hold the worker's credit for ever. */
void broker_receive_cut(struct broker *broker, struct frames *message, const char *key,
                        int64_t now_us)
{
    broker->now_us = now_us;
    struct peer *peer = find_sender(broker, message, key);
    count(COUNT_DROPPED_FRAMES);
    if (peer && peer->state == PEER_WORKER)
        worker_expel(broker, peer->worker, "sent too many frames");
    frames_clear(message);
}

void broker_tick(struct broker *broker, int64_t now_us)
{
    struct timer *timer;

    broker->now_us = now_us;
    while ((timer = timers_first(&broker->timers)) && timer->due_us <= now_us)
        request_due(broker, map_entry(timer, struct request, timer));
    if (now_us - broker->scanned_us >= broker->config.limits.heartbeat_us / LIVES)
        workers_scan(broker);
}

int64_t broker_due(const struct broker *broker)
{
    int64_t scan_us = broker->scanned_us + broker->config.limits.heartbeat_us / LIVES;
    struct timer *timer = timers_first(&broker->timers);

    return timer && timer->due_us < scan_us ? timer->due_us : scan_us;
}

static bool may_stay(const struct broker *broker, const struct worker *worker)
{
    const Ucap__V1__Principal *principal = broker_principal(broker, worker->peer->key);
    const char *name = worker->service->name;

    return principal && principal_may_register(principal, name, strlen(name));
}

void broker_set_principals(struct broker *broker, const struct principals *principals,
                           int64_t now_us)
{
    struct worker *next;

    broker->now_us = now_us;
    broker->principals = principals;
    for (struct worker *worker = TAILQ_FIRST(&broker->workers); worker; worker = next) {
        next = TAILQ_NEXT(worker, all);
        if (!may_stay(broker, worker))
            worker_expel(broker, worker, "may no longer register its service");
    }
}

void broker_drain(struct broker *broker)
{
    broker->draining = true;
    services_drain(broker);
}

bool broker_is_drained(const struct broker *broker)
{
    return broker->timers.count == 0;
}

void broker_end(struct broker *broker, int64_t now_us)
{
    struct err err = ERR_INIT;
    struct timer *timer;
    struct worker *worker;

    broker->now_us = now_us;
    broker->draining = true;
    err_set(&err, ERR_UNAVAILABLE, "this gateway ends: ask another one, with the same key");
    while ((timer = timers_first(&broker->timers)))
        request_fail(broker, map_entry(timer, struct request, timer), &err);
    while ((worker = TAILQ_FIRST(&broker->workers)))
        worker_expel(broker, worker, "the gateway ends");
}
