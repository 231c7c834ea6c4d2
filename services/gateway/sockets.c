/* Opening: the ZAP handler first, or libzmq would admit every key until it is there. */
#include "sockets.h"

#include "base/clock.h"
#include "zap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define SILENT_HEARTBEATS 3 /* of the transport, until it closes a connection */

struct option {
    int name;
    int64_t value;
};

/* Most options are ints; the message size is not. */
static int set_option(void *socket, const struct option *option)
{
    int number = (int)option->value;

    if (option->name == ZMQ_MAXMSGSIZE)
        return zmq_setsockopt(socket, option->name, &option->value, sizeof(option->value));
    return zmq_setsockopt(socket, option->name, &number, sizeof(number));
}

static int set_options(void *socket, const struct option *options, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (options[i].name && set_option(socket, &options[i]) < 0)
            return err_set(err, ERR_INTERNAL, "cannot set option %d of a socket to %lld: %s",
                           options[i].name, (long long)options[i].value, zmq_strerror(errno));
    return 0;
}

/* ROUTER_MANDATORY: a send to a peer that is gone fails, so that its death is noticed with the next
 * heartbeat. No ROUTER_HANDOVER: nobody takes over the routing id of a connection that lives. */
static int set_common(void *socket, const struct gateway_settings *settings, struct err *err)
{
    const struct option options[] = {
        {ZMQ_LINGER, settings->linger_ms},
        {ZMQ_BACKLOG, settings->backlog},
        {ZMQ_HANDSHAKE_IVL, settings->handshake_ms},
        {ZMQ_HEARTBEAT_IVL, settings->transport_heartbeat_ms},
        {ZMQ_HEARTBEAT_TIMEOUT, settings->transport_heartbeat_ms * SILENT_HEARTBEATS},
        {ZMQ_MAXMSGSIZE, settings->message_limit},
        {ZMQ_SNDHWM, settings->send_queue},
        {ZMQ_RCVHWM, settings->receive_queue},
    };

    return set_options(socket, options, sizeof(options) / sizeof(options[0]), err);
}

/* What differs from socket to socket. */
struct plan {
    int type;
    const char *zap_domain;
    const char *setting; /* for the sentence */
    const char *endpoint;
    struct option own[2]; /* name 0: none */
};

static int bind_listener(struct listener *listener, const struct plan *plan, struct err *err)
{
    size_t size = sizeof(listener->endpoint);

    if (zmq_bind(listener->socket, plan->endpoint) < 0)
        return err_set(err, ERR_UNAVAILABLE,
                       "cannot listen on %s (setting %s): %s: end what listens there, or choose "
                       "another address",
                       plan->endpoint, plan->setting, zmq_strerror(errno));
    if (zmq_getsockopt(listener->socket, ZMQ_LAST_ENDPOINT, listener->endpoint, &size) < 0)
        return err_set(err, ERR_INTERNAL, "cannot read the endpoint of %s: %s", plan->endpoint,
                       zmq_strerror(errno));
    return 0;
}

static int open_listener(void *zmq, const struct plan *plan,
                         const struct gateway_settings *settings, const struct curve_key *key,
                         struct listener *listener, struct err *err)
{
    listener->socket = zmq_socket(zmq, plan->type);
    if (!listener->socket)
        return err_set(err, ERR_RESOURCE_EXHAUSTED, "cannot open a socket: %s",
                       zmq_strerror(errno));
    int rc = set_common(listener->socket, settings, err);
    if (rc == 0)
        rc = set_options(listener->socket, plan->own, 2, err);
    if (rc == 0)
        rc = curve_server(listener->socket, key, plan->zap_domain, err);
    return rc < 0 ? rc : bind_listener(listener, plan, err);
}

static int open_zap(struct sockets *sockets, struct err *err)
{
    sockets->zap = zmq_socket(sockets->zmq, ZMQ_REP);
    if (!sockets->zap || zmq_bind(sockets->zap, ZAP_ENDPOINT) < 0)
        return err_set(err, ERR_INTERNAL, "cannot bind the ZAP handler: %s", zmq_strerror(errno));
    return 0;
}

static int open_all(struct sockets *sockets, const struct gateway_settings *settings,
                    const struct curve_key *key, struct err *err)
{
    const struct plan requests = {.type = ZMQ_ROUTER,
                                  .zap_domain = ZAP_REQUESTS,
                                  .setting = "requests",
                                  .endpoint = settings->requests,
                                  .own = {{ZMQ_ROUTER_MANDATORY, 1}}};
    const struct plan events = {.type = ZMQ_XPUB,
                                .zap_domain = ZAP_EVENTS,
                                .setting = "events",
                                .endpoint = settings->events,
                                .own = {{ZMQ_SNDHWM, settings->event_queue},
                                        {ZMQ_MAXMSGSIZE, settings->subscription_limit}}};
    const struct plan publish = {.type = ZMQ_XSUB,
                                 .zap_domain = ZAP_PUBLISH,
                                 .setting = "publish",
                                 .endpoint = settings->publish,
                                 .own = {{ZMQ_RCVHWM, settings->event_queue}}};
    int rc = open_zap(sockets, err);

    if (rc == 0)
        rc = open_listener(sockets->zmq, &requests, settings, key, &sockets->requests, err);
    if (rc == 0)
        rc = open_listener(sockets->zmq, &events, settings, key, &sockets->events, err);
    if (rc == 0)
        rc = open_listener(sockets->zmq, &publish, settings, key, &sockets->publish, err);
    if (rc == 0 && zmq_send(sockets->publish.socket, "\x01", 1, 0) < 0)
        rc = err_set(err, ERR_INTERNAL, "cannot subscribe to events: %s", zmq_strerror(errno));
    return rc;
}

int sockets_open(const struct gateway_settings *settings, const struct curve_key *key,
                 struct sockets *ret_sockets, struct err *err)
{
    struct sockets sockets = {.zmq = zmq_ctx_new()};

    if (!sockets.zmq)
        return err_nomem(err);
    zmq_ctx_set(sockets.zmq, ZMQ_IO_THREADS, (int)settings->io_threads);
    int rc = open_all(&sockets, settings, key, err);
    if (rc < 0) {
        sockets_close(&sockets);
        return rc;
    }
    *ret_sockets = sockets;
    return 0;
}

static void close_socket(void *socket)
{
    if (socket)
        zmq_close(socket);
}

void sockets_close(struct sockets *sockets)
{
    if (!sockets->zmq)
        return;
    close_socket(sockets->requests.socket);
    close_socket(sockets->events.socket);
    close_socket(sockets->publish.socket);
    close_socket(sockets->zap);
    zmq_ctx_term(sockets->zmq);
    *sockets = (struct sockets){0};
}

/* ---- the self-test ---- */

#define SELF_TEST_US 5000000
#define OUTCOMES                                                                                   \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |                             \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)

/* A connection with a key made just now, and the monitor that tells how its handshake ends. */
struct probe {
    void *socket, *monitor;
};

static int probe_open(struct probe *probe, void *zmq, int type, const struct listener *listener,
                      const char *gateway_key, struct err *err)
{
    const struct option no_linger = {ZMQ_LINGER, 0};
    struct curve_key stranger;
    char watched[ENDPOINT_SIZE + 20];

    snprintf(watched, sizeof(watched), "inproc://self-test/%s", listener->endpoint);
    int rc = curve_key_generate(&stranger, err);

    if (rc < 0)
        return rc;
    probe->socket = zmq_socket(zmq, type);
    probe->monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (!probe->socket || !probe->monitor)
        return err_set(err, ERR_RESOURCE_EXHAUSTED, "cannot open a socket: %s",
                       zmq_strerror(errno));
    rc = set_options(probe->socket, &no_linger, 1, err);
    if (rc == 0)
        rc = curve_client(probe->socket, &stranger, gateway_key, err);
    if (rc < 0)
        return rc;
    if (zmq_socket_monitor(probe->socket, watched, OUTCOMES) < 0 ||
        zmq_connect(probe->monitor, watched) < 0 || zmq_connect(probe->socket, listener->endpoint))
        return err_set(err, ERR_INTERNAL, "cannot connect to %s: %s", listener->endpoint,
                       zmq_strerror(errno));
    return 0;
}

static void probe_close(struct probe *probe)
{
    if (probe->socket)
        zmq_socket_monitor(probe->socket, NULL, 0);
    close_socket(probe->monitor);
    close_socket(probe->socket);
}

/* The first frame of a monitor's message starts with the event, 16 bits in the order of this
 * machine. */
static uint16_t read_event(void *monitor)
{
    struct frames frames;
    uint16_t event = 0;

    if (frames_recv(monitor, ZMQ_DONTWAIT, &frames) < 0)
        return 0;
    if (frames_size(&frames, 0) >= sizeof(event))
        memcpy(&event, frames_data(&frames, 0), sizeof(event));
    frames_clear(&frames);
    return event;
}

static uint16_t wait_for_outcome(const struct probe *probe, void *zap, void (*serve_zap)(void *arg),
                                 void *arg)
{
    zmq_pollitem_t items[] = {{zap, 0, ZMQ_POLLIN, 0}, {probe->monitor, 0, ZMQ_POLLIN, 0}};
    int64_t until_us = clock_mono_us(clock_system()) + SELF_TEST_US;
    uint16_t event = 0;

    while (!event && clock_mono_us(clock_system()) < until_us) {
        zmq_poll(items, 2, 100);
        serve_zap(arg);
        event = read_event(probe->monitor);
    }
    return event;
}

static int probe_judge(uint16_t event, const struct listener *listener, struct err *err)
{
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        return 0;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return err_set(err, ERR_INTERNAL,
                       "self-test: %s admits a key that is not in the list: do not run this build",
                       listener->endpoint);
    return err_set(err, ERR_INTERNAL,
                   "self-test: %s did not refuse a key that is not in the list (event %u): check "
                   "that this address can be reached from here",
                   listener->endpoint, (unsigned)event);
}

int sockets_self_test(struct sockets *sockets, const struct curve_key *key,
                      void (*serve_zap)(void *arg), void *arg, struct err *err)
{
    const struct {
        const struct listener *listener;
        int type;
    } doors[] = {{&sockets->requests, ZMQ_DEALER},
                 {&sockets->events, ZMQ_SUB},
                 {&sockets->publish, ZMQ_PUB}};
    int rc = 0;

    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]) && rc == 0; i++) {
        struct probe probe = {0};
        rc = probe_open(&probe, sockets->zmq, doors[i].type, doors[i].listener, key->public_key,
                        err);
        if (rc == 0)
            rc = probe_judge(wait_for_outcome(&probe, sockets->zap, serve_zap, arg),
                             doors[i].listener, err);
        probe_close(&probe);
    }
    return rc;
}
