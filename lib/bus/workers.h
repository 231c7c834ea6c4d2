/* The workers of one thread, one to each gateway, and the requests they hold: received as they
 * come, handled one after the other by served_dispatch. The thread's loop polls and steps:
 *
 *   due_us = workers_step(workers, now);
 *   while (!workers_ended(workers)) {
 *       poll workers_poll_items until due_us;
 *       due_us = workers_step(workers, now);
 *   }
 */
#ifndef UCAP_BUS_WORKERS_H
#define UCAP_BUS_WORKERS_H

#include "bus/server.h"

#define WORKERS_MAX 16 /* gateways */

struct workers;

/* `gateways`: endpoints, key and gateway_key count. All pointers outlive the workers. */
struct workers_config {
    const struct client_config *gateways;
    const char *name; /* of the service */
    const char *instance;
    unsigned credit;
    int64_t heartbeat_us;
};

int workers_create(void *zmq_context, const struct workers_config *config,
                   const struct served *served, struct workers **ret_workers, struct err *err);
void workers_destroy(struct workers *workers); /* NULL is left alone */

/* Fills at most WORKERS_MAX items; returns how many. Sockets change with each step. */
size_t workers_poll_items(const struct workers *workers, zmq_pollitem_t *items);

/* Receives all that has come, does what is due, then handles one request. Returns when to be called
 * again; not later than `now_us` when requests are left. */
int64_t workers_step(struct workers *workers, int64_t now_us);

/* Credit 0 to all gateways; ended when all is answered and said. */
void workers_drain(struct workers *workers, int64_t now_us);
bool workers_ended(const struct workers *workers);

#endif
