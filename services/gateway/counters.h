/* What the gateway counts; shown by Control.GetStats and by the metrics. The sentences stand in
 * counters.c. */
#ifndef GATEWAY_COUNTERS_H
#define GATEWAY_COUNTERS_H

#include "bus/stats.h"

enum counter {
    COUNT_REQUESTS,
    COUNT_REPLIES,
    COUNT_PARTIALS,
    COUNT_FAILURES,
    COUNT_MMI,
    COUNT_WORKERS, /* these three are levels, not sums */
    COUNT_QUEUED,
    COUNT_IN_FLIGHT,
    COUNT_WORKERS_LOST,
    COUNT_DISCONNECTS,
    COUNT_READY_REFUSED,
    COUNT_UNAUTHENTICATED,
    COUNT_KEYS_REFUSED,
    COUNT_DROPPED_MALFORMED,
    COUNT_DROPPED_FRAMES,
    COUNT_DROPPED_SILENCED,
    COUNT_DROPPED_STRAY,
    COUNT_DROPPED_LATE,
    COUNT_DROPPED_UNDELIVERABLE,
    COUNT_DROPPED_PLAIN_REFUSED,
    COUNT_DROPPED_PLAIN_EXPIRED,
    COUNT_DROPPED_PLAIN_LOST,
    COUNT_EVENTS,
    COUNT_DROPPED_EVENTS,
    COUNT_RELOADS,
    COUNTERS
};

extern struct stats_counter gateway_counters[COUNTERS + 1];

void count(enum counter counter);
void count_level(enum counter counter, int64_t change); /* up or down */
int64_t count_read(enum counter counter);

#endif
