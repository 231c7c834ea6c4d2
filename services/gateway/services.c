/* Services: who serves a name, who waits for it, whose turn it is.
 *
 * Clients take turns: a service has a lane per client that waits, and serves the lanes round robin,
 * so that one client's thousand requests do not stand before another's first. Workers: the one with
 * most free credit; among equals the one that got a request longest ago. */
#include "state.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define GUESSES_MAX 64 /* names looked at for "did you mean" */

struct service *service_find(const struct broker *broker, const char *name, size_t size)
{
    struct map_node *node = map_find(&broker->services, name, size);

    return node ? map_entry(node, struct service, node) : NULL;
}

struct service *service_get(struct broker *broker, const char *name, size_t size)
{
    struct service *service = service_find(broker, name, size);

    if (service)
        return service;
    service = calloc(1, sizeof(*service) + size + 1);
    if (!service)
        return NULL;
    TAILQ_INIT(&service->workers);
    TAILQ_INIT(&service->lanes);
    memcpy(service->name, name, size);
    service->speaks = broker_has_prefix(name, size, "ucap.");
    service->alone_since_us = broker->now_us;
    map_add(&broker->services, &service->node, service->name, size);
    return service;
}

struct service *service_ask(struct broker *broker, const char *name, size_t size)
{
    if (broker->services.count >= broker_limits_of(broker)->services)
        return service_find(broker, name, size);
    return service_get(broker, name, size);
}

void service_settle(struct broker *broker, struct service *service)
{
    if (service->worker_count || service->queued || service->pins)
        return;
    map_remove(&broker->services, &service->node);
    free(service);
}

/* ---- when a waiting request is given up ---- */

static int64_t give_up_us(const struct broker *broker, const struct service *service,
                          const struct request *request)
{
    int64_t since_us = service->alone_since_us > request->arrived_us ? service->alone_since_us
                                                                     : request->arrived_us;
    int64_t wait_us = since_us + broker_limits_of(broker)->service_wait_us;

    if (!service->live && broker->draining)
        return broker->now_us; /* no worker may come any more */
    if (service->live || !service->speaks || wait_us > request->deadline_us)
        return request->deadline_us;
    return wait_us;
}

static void set_timer(struct broker *broker, const struct service *service, struct request *request)
{
    timers_set(&broker->timers, &request->timer, give_up_us(broker, service, request));
}

static void set_timers(struct broker *broker, const struct service *service)
{
    struct lane *lane;
    struct request *request;

    TAILQ_FOREACH(lane, &service->lanes, of_service)
    TAILQ_FOREACH(request, &lane->requests, link)
    set_timer(broker, service, request);
}

static void set_timers_of(struct map_node *node, void *broker)
{
    set_timers(broker, map_entry(node, struct service, node));
}

void services_drain(struct broker *broker)
{
    map_each(&broker->services, set_timers_of, broker);
}

/* ---- workers ---- */

void service_add_worker(struct broker *broker, struct service *service, struct worker *worker)
{
    worker->service = service;
    TAILQ_INSERT_HEAD(&service->workers, worker, of_service);
    service->worker_count++;
    if (!worker->draining && service->live++ == 0)
        set_timers(broker, service);
}

void service_lose_live(struct broker *broker, struct service *service)
{
    if (--service->live > 0)
        return;
    service->alone_since_us = broker->now_us;
    set_timers(broker, service);
}

void service_remove_worker(struct broker *broker, struct worker *worker)
{
    struct service *service = worker->service;

    TAILQ_REMOVE(&service->workers, worker, of_service);
    service->worker_count--;
    if (!worker->draining)
        service_lose_live(broker, service);
}

static struct worker *pick_worker(struct service *service)
{
    struct worker *best = NULL;
    struct worker *worker;

    TAILQ_FOREACH(worker, &service->workers, of_service)
    if (worker_free_credit(worker) > (best ? worker_free_credit(best) : 0))
        best = worker;
    if (best) {
        TAILQ_REMOVE(&service->workers, best, of_service);
        TAILQ_INSERT_TAIL(&service->workers, best, of_service);
    }
    return best;
}

/* ---- lanes ---- */

static struct lane *find_lane(const struct service *service, const struct peer *client)
{
    struct request *request;

    TAILQ_FOREACH(request, &client->requests, of_client)
    if (request->state == REQUEST_QUEUED && request->lane->service == service)
        return request->lane;
    return NULL;
}

static struct lane *get_lane(struct service *service, struct peer *client)
{
    struct lane *lane = find_lane(service, client);

    if (lane)
        return lane;
    lane = calloc(1, sizeof(*lane));
    if (!lane)
        return NULL;
    TAILQ_INIT(&lane->requests);
    lane->client = client;
    lane->service = service;
    TAILQ_INSERT_TAIL(&service->lanes, lane, of_service);
    return lane;
}

int service_queue(struct broker *broker, struct service *service, struct peer *client,
                  struct request *request, struct err *err)
{
    const struct broker_limits *limits = broker_limits_of(broker);

    if (service->queued >= limits->queue)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "%zu requests wait for service \"%s\" already: try again later",
                       service->queued, service->name);
    if (broker->queued_bytes + request->bytes > limits->queue_bytes)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "requests of %zu bytes wait already: try again later", broker->queued_bytes);
    struct lane *lane = timers_reserve(&broker->timers) < 0 ? NULL : get_lane(service, client);
    if (!lane)
        return err_nomem(err);
    TAILQ_INSERT_TAIL(&lane->requests, request, link);
    request->lane = lane;
    request->state = REQUEST_QUEUED;
    service->queued++;
    broker->queued_bytes += request->bytes;
    count(COUNT_QUEUED);
    peer_add_request(broker, client, request);
    set_timer(broker, service, request);
    return 0;
}

void service_unqueue(struct broker *broker, struct request *request)
{
    struct lane *lane = request->lane;
    struct service *service = lane->service;

    TAILQ_REMOVE(&lane->requests, request, link);
    request->lane = NULL;
    request->state = REQUEST_NEW;
    service->queued--;
    broker->queued_bytes -= request->bytes;
    count_level(COUNT_QUEUED, -1);
    if (TAILQ_EMPTY(&lane->requests)) {
        TAILQ_REMOVE(&service->lanes, lane, of_service);
        free(lane);
    }
}

/* The first request of the lane whose turn it is; that lane is then the last. */
static struct request *take_next(struct broker *broker, struct service *service)
{
    struct lane *lane = TAILQ_FIRST(&service->lanes);
    struct request *request = TAILQ_FIRST(&lane->requests);

    TAILQ_REMOVE(&service->lanes, lane, of_service);
    TAILQ_INSERT_TAIL(&service->lanes, lane, of_service);
    service_unqueue(broker, request);
    return request;
}

void service_pump(struct broker *broker, struct service *service)
{
    struct worker *worker;

    service->pins++;
    while (service->queued && (worker = pick_worker(service)))
        worker_give(broker, worker, take_next(broker, service));
    service->pins--;
    service_settle(broker, service);
}

/* ---- names ---- */

struct guesses {
    const char *names[GUESSES_MAX + 1];
    size_t count;
};

/* Instances of Control are not what a person means. */
static void add_guess(struct map_node *node, void *arg)
{
    struct guesses *guesses = arg;
    const struct service *service = map_entry(node, struct service, node);

    if (service->live && guesses->count < GUESSES_MAX && !strchr(service->name, '@'))
        guesses->names[guesses->count++] = service->name;
}

int service_unknown(const struct broker *broker, const struct service *service, struct err *err)
{
    struct guesses guesses = {.count = 0};
    long long wait_ms = broker_limits_of(broker)->service_wait_us / 1000;

    map_each((struct map *)&broker->services, add_guess, &guesses);
    const char *nearest = text_nearest(service->name, guesses.names);
    if (nearest)
        return err_set(err, ERR_UNAVAILABLE,
                       "no worker for service \"%s\" within %lld ms (did you mean \"%s\"?)",
                       service->name, wait_ms, nearest);
    return err_set(err, ERR_UNAVAILABLE,
                   "no worker for service \"%s\" within %lld ms: is its process running?",
                   service->name, wait_ms);
}
