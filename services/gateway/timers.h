/* What is due when: a binary heap of timers that stand in what they time. */
#ifndef GATEWAY_TIMERS_H
#define GATEWAY_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is not set. */
struct timer {
    int64_t due_us;
    size_t place; /* in the heap, from 1; 0: not set */
};

struct timers {
    struct timer **heap;
    size_t count, room;
};

/* Makes room for one more timer, so that timers_set cannot fail for it. -ERR_RESOURCE_EXHAUSTED:
 * out of memory. */
int timers_reserve(struct timers *timers);

/* Sets a timer, or moves one that is set. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due_us);
void timers_clear(struct timers *timers,
                  struct timer *timer); /* one that is not set is left alone */

/* The one due first, or NULL. */
struct timer *timers_first(const struct timers *timers);
void timers_free(struct timers *timers);

#endif
