/* The state of the process behind one lock. */
#include "status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ENDPOINTS_MAX 16

struct endpoint {
    char name[64];
    char address[256];
};

struct status {
    const char *process;
    const char *instance;
    int event;

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t ending_changed;
    Ucap__V1__PingReply__State state;
    char waits_for[ERR_TEXT_MAX];
    struct endpoint endpoints[ENDPOINTS_MAX];
    size_t endpoint_count;
    bool ending;
    bool ended;
    int64_t until_us;
    struct err failure;
};

/* Reading takes the lock as well; to the reader the status is const all the same. */
static struct status *enter(const struct status *status)
{
    struct status *writable = (struct status *)status;

    pthread_mutex_lock(&writable->lock);
    return writable;
}

static void leave(struct status *status)
{
    pthread_mutex_unlock(&status->lock);
}

static void leave_changed(struct status *status)
{
    pthread_mutex_unlock(&status->lock);
    eventfd_write(status->event, 1);
}

int status_create(const char *process, const char *instance, struct status **ret_status,
                  struct err *err)
{
    struct status *status = calloc(1, sizeof(*status));

    if (!status)
        return err_nomem(err);
    status->process = process;
    status->instance = instance;
    status->state = UCAP__V1__PING_REPLY__STATE__STATE_STARTING;
    status->until_us = INT64_MAX;
    pthread_mutex_init(&status->lock, NULL);
    pthread_cond_init(&status->ending_changed, NULL);
    status->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (status->event < 0) {
        int rc = err_errno(err, ERR_RESOURCE_EXHAUSTED, "make an event");
        status_destroy(status);
        return rc;
    }
    *ret_status = status;
    return 0;
}

void status_destroy(struct status *status)
{
    if (!status)
        return;
    if (status->event >= 0)
        close(status->event);
    pthread_cond_destroy(&status->ending_changed);
    pthread_mutex_destroy(&status->lock);
    free(status);
}

int status_event(const struct status *status)
{
    return status->event;
}

void status_seen(struct status *status)
{
    eventfd_t count;

    eventfd_read(status->event, &count);
}

void status_waits_for(struct status *status, const char *sentence)
{
    struct status *inside = enter(status);
    bool changed = strcmp(inside->waits_for, sentence) != 0;

    snprintf(inside->waits_for, sizeof(inside->waits_for), "%s", sentence);
    if (changed)
        leave_changed(inside);
    else
        leave(inside);
}

int status_add_endpoint(struct status *status, const char *name, const char *address,
                        struct err *err)
{
    struct status *inside = enter(status);
    int rc = 0;

    if (inside->endpoint_count == ENDPOINTS_MAX) {
        rc = err_set(err, ERR_RESOURCE_EXHAUSTED, "the process has more than %d endpoints",
                     ENDPOINTS_MAX);
    } else {
        struct endpoint *row = &inside->endpoints[inside->endpoint_count++];
        snprintf(row->name, sizeof(row->name), "%s", name);
        snprintf(row->address, sizeof(row->address), "%s", address);
    }
    leave(inside);
    return rc;
}

void status_ready(struct status *status)
{
    struct status *inside = enter(status);

    if (!inside->ending)
        inside->state = UCAP__V1__PING_REPLY__STATE__STATE_READY;
    inside->waits_for[0] = '\0';
    leave_changed(inside);
}

void status_end(struct status *status, int64_t until_us)
{
    struct status *inside = enter(status);

    if (!inside->ending)
        inside->until_us = until_us;
    inside->ending = true;
    inside->state = UCAP__V1__PING_REPLY__STATE__STATE_DRAINING;
    pthread_cond_broadcast(&inside->ending_changed);
    leave_changed(inside);
}

bool status_is_ending(const struct status *status)
{
    struct status *inside = enter(status);
    bool ending = inside->ending;

    leave(inside);
    return ending;
}

int64_t status_until(const struct status *status)
{
    struct status *inside = enter(status);
    int64_t until_us = inside->until_us;

    leave(inside);
    return until_us;
}

int64_t status_wait_end(struct status *status)
{
    struct status *inside = enter(status);

    while (!inside->ending)
        pthread_cond_wait(&inside->ending_changed, &inside->lock);
    int64_t until_us = inside->until_us;
    leave(inside);
    return until_us;
}

void status_fail(struct status *status, const struct err *err)
{
    struct status *inside = enter(status);

    if (inside->failure.code == ERR_OK)
        inside->failure = *err;
    leave_changed(inside);
}

int status_failure(const struct status *status, struct err *ret_err)
{
    struct status *inside = enter(status);
    struct err failure = inside->failure;

    leave(inside);
    if (failure.code != ERR_OK)
        *ret_err = failure;
    return -(int)failure.code;
}

void status_ended(struct status *status)
{
    struct status *inside = enter(status);

    inside->ended = true;
    leave_changed(inside);
}

bool status_has_ended(const struct status *status)
{
    struct status *inside = enter(status);
    bool ended = inside->ended;

    leave(inside);
    return ended;
}

Ucap__V1__PingReply__State status_state(const struct status *status)
{
    struct status *inside = enter(status);
    Ucap__V1__PingReply__State state = inside->state;

    leave(inside);
    return state;
}

void status_tell(const struct status *status,
                 void (*tell)(const Ucap__V1__PingReply *ping, void *arg), void *arg)
{
    struct status *inside = enter(status);
    Ucap__V1__PingReply ping = UCAP__V1__PING_REPLY__INIT;
    Ucap__V1__Endpoint rows[ENDPOINTS_MAX];
    Ucap__V1__Endpoint *list[ENDPOINTS_MAX];

    for (size_t i = 0; i < inside->endpoint_count; i++) {
        ucap__v1__endpoint__init(&rows[i]);
        rows[i].name = inside->endpoints[i].name;
        rows[i].address = inside->endpoints[i].address;
        list[i] = &rows[i];
    }
    ping.state = inside->state;
    ping.process = (char *)inside->process;
    ping.instance = (char *)inside->instance;
    ping.version = (char *)UCAP_VERSION;
    ping.waits_for = inside->waits_for;
    ping.endpoints = list;
    ping.n_endpoints = inside->endpoint_count;
    tell(&ping, arg);
    leave(inside);
}
