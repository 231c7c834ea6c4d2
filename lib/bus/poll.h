/* zmq_poll until an instant of the monotonic clock. */
#ifndef UCAP_BUS_POLL_H
#define UCAP_BUS_POLL_H

#include <stdint.h>
#include <zmq.h>

/* As zmq_poll: how many items have events, 0 once until_us has passed (INT64_MAX: never), negative
 * when interrupted or the context ends. */
int poll_until(zmq_pollitem_t *items, int count, int64_t until_us);

#endif
