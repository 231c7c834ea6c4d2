/* Worker threads: each makes its service object, then serves until the drain event is set. The
 * event stays set (nobody reads it), so that it wakes every thread. */
#include "bus/server.h"

#include "bus/poll.h"
#include "bus/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define CREDIT_MAX  64
#define IDLE_US     60000000 /* between two idle calls of a thread */

/* One thread and what belongs to it. */
struct station {
    struct server *server;
    unsigned number;
    pthread_t thread;
    struct client *client;
    ProtobufCService *service;
    struct served served;
    struct workers *workers;
    int64_t idle_due_us;
};

struct server {
    void *zmq;
    struct server_spec spec;
    struct server_config config;
    int drain_event;
    struct station *stations;
    unsigned created; /* threads to join */
    bool joined;

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    unsigned starting;
    unsigned running; /* starting ones included */
    bool failed;      /* the first thread that failed to start wrote err */
    struct err err;
};

/* ---- what a thread tells ---- */

static void tell_started(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->starting--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void tell_failed(struct server *server, const struct err *err)
{
    pthread_mutex_lock(&server->lock);
    if (!server->failed)
        server->err = *err;
    server->failed = true;
    server->starting--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void tell_ended(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->running--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void on_waits_for(void *arg, const char *sentence)
{
    const struct server *server = arg;

    if (server->config.waits_for)
        server->config.waits_for(server->config.arg, sentence);
}

/* Also true when another thread has failed: then there is nothing to wait for any more. */
static bool on_ending(void *arg)
{
    struct server *server = arg;

    if (server->config.ending && server->config.ending(server->config.arg))
        return true;
    pthread_mutex_lock(&server->lock);
    bool failed = server->failed;
    pthread_mutex_unlock(&server->lock);
    return failed;
}

/* ---- a thread ---- */

static int station_open(struct station *station, struct err *err)
{
    struct server *server = station->server;
    struct workers_config workers = {
        .gateways = &server->config.gateways,
        .name = server->config.name,
        .instance = server->config.instance,
        .credit = server->config.credit,
        .heartbeat_us = server->config.heartbeat_ms * 1000,
    };
    struct server_thread thread = {
        .number = station->number,
        .waits_for = on_waits_for,
        .ending = on_ending,
        .server = server,
    };

    int rc = client_create(server->zmq, &server->config.gateways, &station->client, err);
    if (rc < 0)
        return rc;
    thread.client = station->client;
    rc = server->spec.start(server->spec.arg, &thread, &station->service, err);
    if (rc < 0)
        return rc;
    station->served = (struct served){
        .service = station->service,
        .rules = server->spec.rules,
        .stats = server->config.stats,
    };
    return workers_create(server->zmq, &workers, &station->served, &station->workers, err);
}

static void station_close(struct station *station)
{
    workers_destroy(station->workers);
    if (station->service)
        station->server->spec.stop(station->server->spec.arg, station->service);
    client_destroy(station->client);
}

/* Until `due_us`, or input, or the drain event. It stays set: once seen, it is left out. */
static void station_wait(struct station *station, int64_t due_us, bool *draining)
{
    zmq_pollitem_t items[1 + WORKERS_MAX];
    size_t count = 0;

    if (!*draining)
        items[count++] = (zmq_pollitem_t){.fd = station->server->drain_event, .events = ZMQ_POLLIN};
    count += workers_poll_items(station->workers, items + count);
    poll_until(items, (int)count, due_us);
    if (*draining || !items[0].revents)
        return;
    *draining = true;
    workers_drain(station->workers, clock_mono_us(clock_system()));
}

static void station_idle(struct station *station, int64_t now_us)
{
    const struct server_spec *spec = &station->server->spec;

    if (!spec->idle || now_us < station->idle_due_us)
        return;
    spec->idle(spec->arg, station->service);
    station->idle_due_us = now_us + IDLE_US;
}

/* Until all is said and answered after the drain event. */
static void station_serve(struct station *station)
{
    bool draining = false;

    for (;;) {
        int64_t now_us = clock_mono_us(clock_system());
        int64_t due_us = workers_step(station->workers, now_us);
        if (workers_ended(station->workers))
            return;
        if (due_us > now_us && !draining)
            station_idle(station, now_us);
        station_wait(station, due_us, &draining);
    }
}

static void *station_run(void *arg)
{
    struct station *station = arg;
    struct server *server = station->server;
    struct err err = ERR_INIT;
    char name[16];

    snprintf(name, sizeof(name), "worker-%u", station->number);
    pthread_setname_np(pthread_self(), name);
    if (station_open(station, &err) < 0) {
        tell_failed(server, &err);
    } else {
        tell_started(server);
        station_serve(station);
    }
    station_close(station);
    tell_ended(server);
    return NULL;
}

/* ---- start ---- */

static int check_config(const struct server_config *config, struct err *err)
{
    if (!config->gateways.gateways || !config->gateways.gateways[0])
        return err_set(err, ERR_INVALID_ARGUMENT, "no gateway is given");
    if (config->threads < 1 || config->threads > THREADS_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT, "%u threads are given; 1 to %d can be",
                       config->threads, THREADS_MAX);
    if (config->credit < 1 || config->credit > CREDIT_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT, "a credit of %u is given; 1 to %d can be",
                       config->credit, CREDIT_MAX);
    return 0;
}

/* Waiting is bounded on the monotonic clock, which no administrator sets. */
static void init_lock(struct server *server)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int make_server(void *zmq_context, const struct server_spec *spec,
                       const struct server_config *config, struct server **ret_server,
                       struct err *err)
{
    struct server *server = calloc(1, sizeof(*server));

    if (!server)
        return err_nomem(err);
    init_lock(server);
    server->zmq = zmq_context;
    server->spec = *spec;
    server->config = *config;
    if (!config->name)
        server->config.name = spec->descriptor->name;
    server->drain_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->stations = calloc(config->threads, sizeof(*server->stations));
    *ret_server = server;
    if (server->drain_event < 0)
        return err_errno(err, ERR_RESOURCE_EXHAUSTED, "make an event");
    return server->stations ? 0 : err_nomem(err);
}

static int start_thread(struct server *server, struct err *err)
{
    struct station *station = &server->stations[server->created];

    station->server = server;
    station->number = server->created;
    pthread_mutex_lock(&server->lock);
    server->starting++;
    server->running++;
    pthread_mutex_unlock(&server->lock);
    int rc = pthread_create(&station->thread, NULL, station_run, station);
    if (rc != 0) {
        errno = rc;
        err_errno(err, ERR_RESOURCE_EXHAUSTED, "start a thread");
        tell_failed(server, err);
        tell_ended(server);
        return -ERR_RESOURCE_EXHAUSTED;
    }
    server->created++;
    return 0;
}

static int wait_started(struct server *server, struct err *err)
{
    pthread_mutex_lock(&server->lock);
    while (server->starting && !server->failed)
        pthread_cond_wait(&server->changed, &server->lock);
    bool failed = server->failed;
    struct err why = server->err;
    pthread_mutex_unlock(&server->lock);
    return failed ? err_set(err, why.code, "%s", why.text) : 0;
}

/* Leaves no thread behind. */
static void give_up(struct server *server)
{
    server_drain(server);
    server_join(server, INT64_MAX);
    server_destroy(server);
}

int server_start(void *zmq_context, const struct server_spec *spec,
                 const struct server_config *config, struct server **ret_server, struct err *err)
{
    struct server *server = NULL;

    int rc = served_check(spec->descriptor, spec->rules, err);
    if (rc == 0)
        rc = check_config(config, err);
    if (rc == 0)
        rc = make_server(zmq_context, spec, config, &server, err);
    for (unsigned i = 0; rc == 0 && i < config->threads; i++)
        rc = start_thread(server, err);
    if (rc == 0)
        rc = wait_started(server, err);
    if (rc == 0)
        *ret_server = server;
    else if (server)
        give_up(server);
    return rc;
}

/* ---- end ---- */

void server_drain(struct server *server)
{
    eventfd_write(server->drain_event, 1);
}

/* True when all threads have ended. */
static bool wait_ended(struct server *server, int64_t until_us)
{
    struct timespec until = {(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};
    int rc = 0;

    pthread_mutex_lock(&server->lock);
    while (server->running && rc == 0)
        rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    bool ended = server->running == 0;
    pthread_mutex_unlock(&server->lock);
    return ended;
}

int server_join(struct server *server, int64_t until_us)
{
    if (server->joined)
        return 0;
    if (!wait_ended(server, until_us))
        return -ERR_DEADLINE_EXCEEDED;
    for (unsigned i = 0; i < server->created; i++)
        pthread_join(server->stations[i].thread, NULL);
    server->joined = true;
    return 0;
}

void server_destroy(struct server *server)
{
    if (!server || (server->created && !server->joined))
        return;
    if (server->drain_event >= 0)
        close(server->drain_event);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server->stations);
    free(server);
}
