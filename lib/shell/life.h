/* The work of the process, beside the Control loop: a thread that starts it, waits until the
 * process is told to end, drains and joins it. What happens is told to the status. */
#ifndef UCAP_SHELL_LIFE_H
#define UCAP_SHELL_LIFE_H

#include "status.h"

/* As in struct shell_spec; join also frees what start made. */
struct life_work {
    int (*start)(void *arg, struct err *err);
    void (*drain)(void *arg);
    int (*join)(void *arg, int64_t until_us);
    void *arg;
};

struct life;

/* `work` and status outlive the life. */
int life_begin(const struct life_work *work, struct status *status, struct life **ret_life,
               struct err *err);

/* After status_has_ended. False: join gave up at its limit, and threads of the work still run. */
bool life_finish(struct life *life);

#endif
