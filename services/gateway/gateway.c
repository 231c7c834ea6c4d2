/* One thread owns all sockets. It polls, takes what is there in batches, then lets time pass for
 * the broker. Other threads only set a flag and wake it by an eventfd.
 *
 * What fails: at start, the process ends with the sentence. Later, a principals file that cannot be
 * read is logged and the old list stays; an events address that cannot be had again ends the
 * process. */
#include "gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "broker.h"
#include "counters.h"
#include "events.h"
#include "sockets.h"
#include "zap.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH    256     /* messages of one socket before the others have their turn */
#define WATCH_US 1000000 /* between two looks at the principals file */
#define RETRY_US 20000   /* between two tries to bind */

/* What tells one state of a file from another, also when it was replaced by rename. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct gateway {
    struct shell *shell;
    const struct gateway_settings *settings;
    struct curve_key key;     /* of the sockets */
    struct curve_key own_key; /* of this process's Control connection to itself, made at start */
    struct plain_rule *rules;
    size_t rule_count;
    struct sockets sockets;
    struct events events;
    struct principals *principals;
    struct stamp principals_stamp;
    int64_t watched_us;
    struct broker *broker;
    int wake_fd, done_fd; /* eventfds: to the thread, and from it at its end */
    bool draining;
    pthread_t thread;
    _Atomic bool asked_drain, asked_reread, asked_end;
};

static int64_t now(void)
{
    return clock_mono_us(clock_system());
}

/* ---- principals ---- */

static struct stamp stamp_of(const char *path)
{
    struct stat file;
    struct stamp stamp;

    memset(&stamp, 0, sizeof(stamp)); /* padding too: stamps are compared bytewise */
    if (stat(path, &file) == 0) {
        stamp.device = file.st_dev;
        stamp.inode = file.st_ino;
        stamp.size = file.st_size;
        stamp.modified = file.st_mtim;
        stamp.changed = file.st_ctim;
    }
    return stamp;
}

/* The file, and this gateway itself as a principal. The stamp is taken first: what changes while it
 * is read counts as new. */
static int read_principals(struct gateway *gateway, struct principals **ret_principals,
                           struct err *err)
{
    char control[256];
    char name[] = "gateway";
    char *services[] = {control};
    Ucap__V1__Principal own = UCAP__V1__PRINCIPAL__INIT;

    snprintf(control, sizeof(control), "ucap.v1.Control@%s",
             shell_settings_of(gateway->shell)->instance);
    own.name = name;
    own.public_key = gateway->own_key.public_key;
    own.role = UCAP__V1__ROLE__VALUE__ROLE_SERVICE;
    own.services = services;
    own.n_services = 1;
    gateway->principals_stamp = stamp_of(gateway->settings->principals);
    return principals_read(gateway->settings->principals, &own, ret_principals, err);
}

static void reread(struct gateway *gateway)
{
    struct principals *old = gateway->principals;
    struct principals *fresh = NULL;
    struct err err = ERR_INIT;

    if (read_principals(gateway, &fresh, &err) < 0) {
        log_error("principals not read, the old list stays", log_str("why", err.text));
        return;
    }
    count(COUNT_RELOADS);
    log_info("principals read", log_int("count", principals_count(fresh)));
    gateway->principals = fresh;
    broker_set_principals(gateway->broker, fresh, now());
    if (principals_lost_key(old, fresh) && events_cut(&gateway->events, now(), &err) < 0)
        shell_fail(gateway->shell, &err);
    principals_destroy(old);
}

/* A look each second, not inotify: that sees nothing where the file is mounted into a container or
 * comes over a network. */
static void watch_principals(struct gateway *gateway)
{
    if (now() - gateway->watched_us < WATCH_US)
        return;
    gateway->watched_us = now();
    struct stamp stamp = stamp_of(gateway->settings->principals);
    if (memcmp(&stamp, &gateway->principals_stamp, sizeof(stamp)) != 0)
        reread(gateway);
}

/* ---- what the sockets bring ---- */

static void serve_zap(void *arg)
{
    struct gateway *gateway = arg;
    struct frames request;
    struct frames reply = {.count = 0};

    while (frames_recv(gateway->sockets.zap, ZMQ_DONTWAIT, &request) == 0) {
        if (zap_answer(&request, gateway->principals, &reply) != ZAP_WELCOME)
            count(COUNT_KEYS_REFUSED);
        frames_send(gateway->sockets.zap, 0, &reply);
        frames_clear(&request);
    }
}

/* The key comes with the frames that the peer sent; the routing id, made by libzmq, does not always
 * have it. It is copied: libzmq keeps it with the frames, which the broker takes. */
static void receive(struct gateway *gateway, struct frames *message, bool cut)
{
    const char *user = zmq_msg_gets(&message->list[message->count - 1], "User-Id");
    char key[CURVE_KEY_SIZE];

    snprintf(key, sizeof(key), "%s", user ? user : "");
    if (cut)
        broker_receive_cut(gateway->broker, message, key, now());
    else
        broker_receive(gateway->broker, message, key, now());
}

static void serve_requests(struct gateway *gateway)
{
    struct frames message;

    for (unsigned i = 0; i < BATCH; i++) {
        int rc = frames_recv_cut(gateway->sockets.requests.socket, ZMQ_DONTWAIT, &message);
        if (rc < 0 && rc != -ERR_OUT_OF_RANGE)
            return;
        receive(gateway, &message, rc < 0);
    }
}

static int send_message(void *arg, struct frames *message)
{
    struct gateway *gateway = arg;

    return frames_send(gateway->sockets.requests.socket, ZMQ_DONTWAIT, message);
}

/* ---- the thread ---- */

static void ring(int event_fd)
{
    const uint64_t one = 1;
    ssize_t written = write(event_fd, &one, sizeof(one));

    (void)written; /* it fails only when 2^64 are unread: then the reader wakes anyway */
}

static void take_orders(struct gateway *gateway)
{
    uint64_t wakes;

    if (read(gateway->wake_fd, &wakes, sizeof(wakes)) < 0)
        return;
    if (atomic_exchange(&gateway->asked_reread, false))
        reread(gateway);
    if (atomic_load(&gateway->asked_drain) && !gateway->draining) {
        gateway->draining = true;
        broker_drain(gateway->broker);
    }
}

static bool is_finished(struct gateway *gateway)
{
    return atomic_load(&gateway->asked_end) ||
           (gateway->draining && broker_is_drained(gateway->broker));
}

/* Milliseconds until something is due, rounded up. */
static long wait_ms(const struct gateway *gateway)
{
    int64_t due_us = broker_due(gateway->broker);

    if (gateway->watched_us + WATCH_US < due_us)
        due_us = gateway->watched_us + WATCH_US;
    int64_t wait_us = due_us - now();
    if (gateway->events.bind_since_us && wait_us > RETRY_US)
        wait_us = RETRY_US;
    return wait_us > 0 ? (long)((wait_us + 999) / 1000) : 0;
}

static void let_time_pass(struct gateway *gateway)
{
    struct err err = ERR_INIT;

    broker_tick(gateway->broker, now());
    watch_principals(gateway);
    if (events_bind(&gateway->events, now(), &err) < 0)
        shell_fail(gateway->shell, &err);
}

static void *run(void *arg)
{
    struct gateway *gateway = arg;
    struct sockets *sockets = &gateway->sockets;
    zmq_pollitem_t items[] = {{sockets->zap, 0, ZMQ_POLLIN, 0},
                              {sockets->requests.socket, 0, ZMQ_POLLIN, 0},
                              {sockets->publish.socket, 0, ZMQ_POLLIN, 0},
                              {sockets->events.socket, 0, ZMQ_POLLIN, 0},
                              {NULL, gateway->wake_fd, ZMQ_POLLIN, 0}};

    while (!is_finished(gateway)) {
        if (zmq_poll(items, sizeof(items) / sizeof(items[0]), wait_ms(gateway)) > 0) {
            if (items[0].revents)
                serve_zap(gateway);
            if (items[1].revents)
                serve_requests(gateway);
            if (items[2].revents)
                events_forward(&gateway->events, gateway->principals, BATCH);
            if (items[3].revents)
                events_read_subscriptions(&gateway->events, BATCH);
            if (items[4].revents)
                take_orders(gateway);
        }
        let_time_pass(gateway);
    }
    broker_end(gateway->broker, now());
    ring(gateway->done_fd);
    return NULL;
}

void gateway_drain(struct gateway *gateway)
{
    atomic_store(&gateway->asked_drain, true);
    ring(gateway->wake_fd);
}

void gateway_reread(struct gateway *gateway)
{
    atomic_store(&gateway->asked_reread, true);
    ring(gateway->wake_fd);
}

/* ---- start and end ---- */

static void close_all(struct gateway *gateway)
{
    broker_destroy(gateway->broker);
    gateway->broker = NULL;
    sockets_close(&gateway->sockets);
    principals_destroy(gateway->principals);
    gateway->principals = NULL;
    plain_rules_free(gateway->rules, gateway->rule_count);
    gateway->rules = NULL;
}

void gateway_destroy(struct gateway *gateway)
{
    close_all(gateway);
    if (gateway->wake_fd >= 0)
        close(gateway->wake_fd);
    if (gateway->done_fd >= 0)
        close(gateway->done_fd);
    explicit_bzero(&gateway->key, sizeof(gateway->key));
    explicit_bzero(&gateway->own_key, sizeof(gateway->own_key));
    free(gateway);
}

int gateway_create(const struct gateway_settings *settings, struct gateway **ret_gateway,
                   struct err *err)
{
    struct gateway *gateway = calloc(1, sizeof(*gateway));

    if (!gateway)
        return err_nomem(err);
    gateway->settings = settings;
    gateway->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    gateway->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (gateway->wake_fd < 0 || gateway->done_fd < 0) {
        err_errno(err, ERR_RESOURCE_EXHAUSTED, "make an eventfd");
        gateway_destroy(gateway);
        return -ERR_RESOURCE_EXHAUSTED;
    }
    *ret_gateway = gateway;
    return 0;
}

static int read_files(struct gateway *gateway, struct err *err)
{
    const char *key_file = shell_settings_of(gateway->shell)->key_file;

    if (!key_file || !key_file[0])
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--key-file is missing: make a key with `ucap key generate`");
    if (!gateway->settings->principals[0])
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--principals is missing: make the file with `ucap key authorize`");
    int rc = curve_key_read(key_file, &gateway->key, err);
    if (rc == 0)
        rc = curve_key_generate(&gateway->own_key, err);
    if (rc == 0)
        rc = plain_rules_parse(gateway->settings->plain_service, &gateway->rules,
                               &gateway->rule_count, err);
    return rc < 0 ? rc : read_principals(gateway, &gateway->principals, err);
}

static int make_broker(struct gateway *gateway, struct err *err)
{
    int64_t heartbeat_ms = shell_settings_of(gateway->shell)->heartbeat_ms;
    const struct broker_config config = {
        .limits = gateway_broker_limits(gateway->settings, heartbeat_ms),
        .plain = gateway->rules,
        .plain_count = gateway->rule_count,
        .send = send_message,
        .arg = gateway,
    };

    return broker_create(&config, gateway->principals, &gateway->broker, err);
}

static int open_doors(struct gateway *gateway, struct err *err)
{
    int rc = sockets_open(gateway->settings, &gateway->key, &gateway->sockets, err);

    if (rc < 0)
        return rc;
    gateway->events =
        (struct events){.in = &gateway->sockets.publish, .out = &gateway->sockets.events};
    return sockets_self_test(&gateway->sockets, &gateway->key, serve_zap, gateway, err);
}

static int tell_shell(struct gateway *gateway, struct err *err)
{
    const struct sockets *sockets = &gateway->sockets;
    struct shell *shell = gateway->shell;
    int rc = shell_add_endpoint(shell, "requests", sockets->requests.endpoint, err);

    if (rc == 0)
        rc = shell_add_endpoint(shell, "events", sockets->events.endpoint, err);
    if (rc == 0)
        rc = shell_add_endpoint(shell, "publish", sockets->publish.endpoint, err);
    if (rc == 0)
        rc = shell_set_gateways(shell, sockets->requests.endpoint, &gateway->own_key,
                                gateway->key.public_key, err);
    return rc;
}

static int start_thread(struct gateway *gateway, struct err *err)
{
    gateway->watched_us = now();
    errno = pthread_create(&gateway->thread, NULL, run, gateway);
    return errno ? err_errno(err, ERR_RESOURCE_EXHAUSTED, "start a thread") : 0;
}

int gateway_start(struct gateway *gateway, struct shell *shell, struct err *err)
{
    int (*const steps[])(struct gateway *, struct err *) = {read_files, make_broker, open_doors,
                                                            tell_shell, start_thread};
    int rc = 0;

    gateway->shell = shell;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == 0; i++)
        rc = steps[i](gateway, err);
    if (rc < 0)
        close_all(gateway);
    return rc;
}

/* Not pthread_timedjoin_np: that waits on the clock that may jump. */
static bool wait_done(const struct gateway *gateway, int64_t until_us)
{
    struct pollfd done = {.fd = gateway->done_fd, .events = POLLIN};
    int ready = 0;

    do {
        int64_t left_us = until_us - now();
        ready = poll(&done, 1, left_us > 0 ? (int)(left_us / 1000 + 1) : 0);
    } while (ready <= 0 && now() < until_us);
    return ready > 0;
}

int gateway_join(struct gateway *gateway, int64_t until_us)
{
    bool done = wait_done(gateway, until_us);

    if (!done) {
        atomic_store(&gateway->asked_end, true);
        ring(gateway->wake_fd);
    }
    pthread_join(gateway->thread, NULL);
    close_all(gateway);
    return done ? 0 : -ERR_DEADLINE_EXCEEDED;
}
