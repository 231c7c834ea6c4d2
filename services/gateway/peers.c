/* The connections the broker remembers: what they were, what they asked for. Bounded: the one idle
 * for longest goes. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

struct peer *peer_find(const struct broker *broker, const void *id, size_t size)
{
    struct map_node *node = map_find(&broker->peers, id, size);

    return node ? map_entry(node, struct peer, node) : NULL;
}

/* libzmq's own ids are a 0 and a number of four bytes; it refuses chosen ones that start with 0. */
bool peer_chose_id(const void *id, size_t size)
{
    return size != 5 || *(const unsigned char *)id != 0;
}

static bool is_idle(const struct peer *peer)
{
    return peer->in_flight == 0 && peer->state != PEER_WORKER;
}

static void set_busy(struct broker *broker, struct peer *peer)
{
    if (is_idle(peer))
        TAILQ_REMOVE(&broker->idle, peer, idle);
}

static void set_idle(struct broker *broker, struct peer *peer)
{
    if (is_idle(peer))
        TAILQ_INSERT_TAIL(&broker->idle, peer, idle);
}

static bool make_room(struct broker *broker)
{
    if (broker->peers.count < broker_limits_of(broker)->peers)
        return true;
    if (TAILQ_EMPTY(&broker->idle))
        return false;
    peer_free(broker, TAILQ_FIRST(&broker->idle));
    return true;
}

struct peer *peer_get(struct broker *broker, const void *id, size_t size, const char *key)
{
    struct peer *peer = peer_find(broker, id, size);

    if (peer || !make_room(broker))
        return peer;
    peer = calloc(1, sizeof(*peer) + size);
    if (!peer)
        return NULL;
    TAILQ_INIT(&peer->requests);
    strncpy(peer->key, key, sizeof(peer->key) - 1);
    peer->id_size = size;
    memcpy(peer->id, id, size);
    map_add(&broker->peers, &peer->node, peer->id, size);
    set_idle(broker, peer);
    return peer;
}

void peer_free(struct broker *broker, struct peer *peer)
{
    set_busy(broker, peer);
    map_remove(&broker->peers, &peer->node);
    free(peer);
}

/* Its requests are nobody's any more: what waits is dropped, what a worker holds keeps its credit
 * and no client. */
void peer_forget(struct broker *broker, struct peer *peer)
{
    struct request *next;

    if (peer->worker)
        worker_lose(broker, peer->worker, "its routing id came back as somebody else's");
    for (struct request *request = TAILQ_FIRST(&peer->requests); request; request = next) {
        next = TAILQ_NEXT(request, of_client);
        if (request->state == REQUEST_QUEUED) {
            request_free(broker, request);
        } else {
            peer_remove_request(broker, request);
            request->state = REQUEST_ABANDONED;
        }
    }
    peer_free(broker, peer);
}

void peer_add_request(struct broker *broker, struct peer *peer, struct request *request)
{
    set_busy(broker, peer);
    TAILQ_INSERT_TAIL(&peer->requests, request, of_client);
    peer->in_flight++;
    request->client = peer;
}

void peer_remove_request(struct broker *broker, struct request *request)
{
    struct peer *peer = request->client;

    timers_clear(&broker->timers, &request->timer);
    TAILQ_REMOVE(&peer->requests, request, of_client);
    peer->in_flight--;
    request->client = NULL;
    set_idle(broker, peer);
}

void peer_become(struct broker *broker, struct peer *peer, enum peer_state state)
{
    set_busy(broker, peer);
    peer->state = state;
    peer->state_us = broker->now_us;
    set_idle(broker, peer);
}

bool peer_may_return(const struct broker *broker, const struct peer *peer)
{
    int64_t quiet_us = LIVES * broker_limits_of(broker)->heartbeat_us;

    return peer_chose_id(peer->id, peer->id_size) && broker->now_us - peer->state_us >= quiet_us;
}
