/* The workers of one thread. What they hold stands in a ring that has room for the credit of all,
 * so a gateway that sends more than that waits in its socket. */
#include "bus/workers.h"

#include "bus/worker.h"

#include <stdlib.h>

/* A request that waits for its turn. It is lost when its connection is. */
struct held {
    struct worker *worker;
    unsigned generation;
    int64_t received_us;
    struct frames frames;
    struct mdp_message message;
};

struct workers {
    const struct served *served;
    int64_t heartbeat_us;
    int64_t stepped_us; /* end of the last step */
    struct worker *list[WORKERS_MAX];
    size_t count;
    struct held *ring;
    size_t places, first, length;
};

static int add_worker(struct workers *workers, void *zmq_context,
                      const struct workers_config *config, const char *endpoint, struct err *err)
{
    struct worker_config one = {
        .endpoint = endpoint,
        .key = config->gateways->key,
        .gateway_key = config->gateways->gateway_key,
        .name = config->name,
        .instance = config->instance,
        .credit = config->credit,
        .heartbeat_us = config->heartbeat_us,
    };

    if (workers->count == WORKERS_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT, "more than %d gateways are given", WORKERS_MAX);
    int rc = worker_create(zmq_context, &one, clock_mono_us(clock_system()),
                           &workers->list[workers->count], err);
    if (rc == 0)
        workers->count++;
    return rc;
}

static int fill(struct workers *workers, void *zmq_context, const struct workers_config *config,
                struct err *err)
{
    const char *const *endpoints = config->gateways->gateways;
    int rc = 0;

    for (size_t i = 0; endpoints[i] && rc == 0; i++)
        rc = add_worker(workers, zmq_context, config, endpoints[i], err);
    if (rc < 0)
        return rc;
    workers->places = workers->count * config->credit;
    workers->ring = calloc(workers->places ? workers->places : 1, sizeof(*workers->ring));
    return workers->ring ? 0 : err_nomem(err);
}

int workers_create(void *zmq_context, const struct workers_config *config,
                   const struct served *served, struct workers **ret_workers, struct err *err)
{
    struct workers *workers = calloc(1, sizeof(*workers));

    if (!workers)
        return err_nomem(err);
    workers->served = served;
    workers->heartbeat_us = config->heartbeat_us;
    workers->stepped_us = clock_mono_us(clock_system());
    int rc = fill(workers, zmq_context, config, err);
    if (rc < 0) {
        workers_destroy(workers);
        return rc;
    }
    *ret_workers = workers;
    return 0;
}

/* The oldest request leaves the ring. */
static void release(struct workers *workers)
{
    frames_clear(&workers->ring[workers->first].frames);
    workers->first = (workers->first + 1) % workers->places;
    workers->length--;
}

void workers_destroy(struct workers *workers)
{
    if (!workers)
        return;
    while (workers->length)
        release(workers);
    for (size_t i = 0; i < workers->count; i++)
        worker_destroy(workers->list[i]);
    free(workers->ring);
    free(workers);
}

size_t workers_poll_items(const struct workers *workers, zmq_pollitem_t *items)
{
    size_t count = 0;

    for (size_t i = 0; i < workers->count; i++) {
        void *socket = worker_socket(workers->list[i]);
        if (socket)
            items[count++] = (zmq_pollitem_t){.socket = socket, .events = ZMQ_POLLIN};
    }
    return count;
}

/* ---- one request ---- */

/* Three frames after the empty one: the caller's by the gateway, and the two of the body. */
static bool body_is_whole(const struct held *held)
{
    return held->frames.count - held->message.body == 3;
}

static void refuse_body(const struct held *held, struct frames *reply)
{
    size_t got = held->frames.count - held->message.body;
    struct err err = ERR_INIT;

    err_set(&err, ERR_INVALID_ARGUMENT,
            "a request's body is two frames, header and message; this one has %zu",
            got ? got - 1 : 0);
    served_refuse(&err, reply);
}

static void reply(const struct held *held, enum mdp_command command, struct frames *body)
{
    size_t address = held->message.address;

    worker_reply(held->worker, held->generation, command, frames_data(&held->frames, address),
                 frames_size(&held->frames, address), body, clock_mono_us(clock_system()));
}

static void send_partial(struct frames *body, void *arg)
{
    reply(arg, MDP_PARTIAL, body);
}

/* NULL when the frame cannot be read: dispatch refuses the request then. */
static Ucap__V1__Caller *read_caller(const struct held *held)
{
    ProtobufCMessage *message = NULL;

    codec_unpack(&ucap__v1__caller__descriptor, frames_data(&held->frames, held->message.body),
                 frames_size(&held->frames, held->message.body), NULL, &message, NULL);
    return (Ucap__V1__Caller *)message;
}

static void dispatch(struct workers *workers, struct held *held, struct frames *ret_reply)
{
    size_t header = held->message.body + 1;
    Ucap__V1__Caller *caller = read_caller(held);
    struct served_request request = {
        .caller = caller,
        .header = frames_data(&held->frames, header),
        .header_size = frames_size(&held->frames, header),
        .message = frames_data(&held->frames, header + 1),
        .message_size = frames_size(&held->frames, header + 1),
        .received_us = held->received_us,
        .partial = send_partial,
        .partial_arg = held,
    };

    served_dispatch(workers->served, &request, ret_reply);
    if (caller)
        codec_free(&caller->base);
}

static void handle_oldest(struct workers *workers)
{
    struct held *held = &workers->ring[workers->first];
    struct frames body = {.count = 0};

    if (worker_is_connected(held->worker, held->generation)) {
        if (body_is_whole(held))
            dispatch(workers, held, &body);
        else
            refuse_body(held, &body);
        reply(held, MDP_FINAL, &body);
    }
    release(workers);
}

/* ---- stepping ---- */

static void receive(struct workers *workers, struct worker *worker, int64_t now_us)
{
    while (workers->length < workers->places) {
        struct held *held = &workers->ring[(workers->first + workers->length) % workers->places];
        if (!worker_recv(worker, now_us, &held->frames, &held->message))
            return;
        held->worker = worker;
        held->generation = worker_generation(worker);
        held->received_us = now_us;
        workers->length++;
    }
}

/* A handler that took long, or a process that was stopped: what the gateways sent meanwhile may not
 * have reached the sockets yet. */
static void forgive_absence(struct workers *workers, int64_t now_us)
{
    if (now_us - workers->stepped_us <= 2 * workers->heartbeat_us)
        return;
    for (size_t i = 0; i < workers->count; i++)
        worker_resume(workers->list[i], now_us);
}

int64_t workers_step(struct workers *workers, int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    forgive_absence(workers, now_us);
    for (size_t i = 0; i < workers->count; i++) {
        receive(workers, workers->list[i], now_us);
        int64_t worker_due_us = worker_tick(workers->list[i], now_us);
        if (worker_due_us < due_us)
            due_us = worker_due_us;
    }
    workers->stepped_us = now_us;
    if (workers->length == 0)
        return due_us;
    handle_oldest(workers);
    return now_us;
}

void workers_drain(struct workers *workers, int64_t now_us)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_drain(workers->list[i], now_us);
}

bool workers_ended(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (!worker_ended(workers->list[i]))
            return false;
    return true;
}
