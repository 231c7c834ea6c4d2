/* Where the process stands: starting, ready, draining, ended; what it waits for, where it listens,
 * why it failed. Every thread may write and read; each change sets an event that wakes the Control
 * loop. */
#ifndef UCAP_SHELL_STATUS_H
#define UCAP_SHELL_STATUS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucap/v1/control.pb-c.h>

struct status;

/* The strings outlive the status. */
int status_create(const char *process, const char *instance, struct status **ret_status,
                  struct err *err);
void status_destroy(struct status *status); /* NULL is left alone */

/* An eventfd that is readable after a change; status_seen makes it unreadable. */
int status_event(const struct status *status);
void status_seen(struct status *status);

/* For start. The strings are copied. */
void status_waits_for(struct status *status, const char *sentence);
int status_add_endpoint(struct status *status, const char *name, const char *address,
                        struct err *err);

/* STARTING to READY; nothing when it is told to end already. */
void status_ready(struct status *status);

/* Tells all to end; who drains has until `until_us` on the monotonic clock. The first call counts.
 */
void status_end(struct status *status, int64_t until_us);
bool status_is_ending(const struct status *status);
int64_t status_until(const struct status *status); /* INT64_MAX before status_end */

/* Waits until status_end was called; returns its until_us. */
int64_t status_wait_end(struct status *status);

/* Why the process ends; the first failure counts. */
void status_fail(struct status *status, const struct err *err);
int status_failure(const struct status *status, struct err *ret_err); /* 0: none */

/* The work of the process is over: nothing of it runs any more, or it is let be. */
void status_ended(struct status *status);
bool status_has_ended(const struct status *status);

Ucap__V1__PingReply__State status_state(const struct status *status);

/* Runs `tell` with what Ping answers, valid only meanwhile. It must not call back. */
void status_tell(const struct status *status,
                 void (*tell)(const Ucap__V1__PingReply *ping, void *arg), void *arg);

#endif
