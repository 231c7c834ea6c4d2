/* start, drain and join may each take long: none of them may keep the Control loop from answering
 * Ping and from heartbeating for the workers. */
#include "life.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct life {
    const struct life_work *work;
    struct status *status;
    pthread_t thread;
    bool let_be; /* read after the thread has been joined */
};

/* Told to end while it waited: that is no failure. */
static void start_failed(struct life *life, const struct err *err)
{
    if (!(err->code == ERR_CANCELLED && status_is_ending(life->status)))
        status_fail(life->status, err);
    status_end(life->status, clock_mono_us(clock_system()));
}

static void drain(struct life *life)
{
    int64_t until_us = status_wait_end(life->status);
    struct err err = ERR_INIT;

    life->work->drain(life->work->arg);
    if (life->work->join(life->work->arg, until_us) == 0)
        return;
    life->let_be = true;
    err_set(&err, ERR_DEADLINE_EXCEEDED,
            "not all that was held could be answered within --drain-limit");
    status_fail(life->status, &err);
}

static void *run(void *arg)
{
    struct life *life = arg;
    struct err err = ERR_INIT;

    if (life->work->start(life->work->arg, &err) < 0) {
        start_failed(life, &err);
    } else {
        status_ready(life->status);
        drain(life);
    }
    status_ended(life->status);
    return NULL;
}

int life_begin(const struct life_work *work, struct status *status, struct life **ret_life,
               struct err *err)
{
    struct life *life = calloc(1, sizeof(*life));

    if (!life)
        return err_nomem(err);
    life->work = work;
    life->status = status;
    int rc = pthread_create(&life->thread, NULL, run, life);
    if (rc != 0) {
        free(life);
        errno = rc;
        return err_errno(err, ERR_RESOURCE_EXHAUSTED, "start a thread");
    }
    *ret_life = life;
    return 0;
}

bool life_finish(struct life *life)
{
    pthread_join(life->thread, NULL);
    bool let_be = life->let_be;
    free(life);
    return !let_be;
}
