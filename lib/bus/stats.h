/* What a process counts: calls by method and status with their latency, and named counters. Any
 * thread adds, any reads; no locks. Latencies go into buckets a tenth apart, so a percentile is
 * right within 10 %. */
#ifndef UCAP_BUS_STATS_H
#define UCAP_BUS_STATS_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>
#include <ucap/v1/control.pb-c.h>

struct stats;

/* A named counter: a row of a table of the process that shows it in GetStats. Zero-initialised
 * value. */
struct stats_counter {
    const char *name; /* snake_case; NULL ends the table */
    const char *help; /* what it counts */
    _Atomic int64_t value;
};

struct stats *stats_create(void); /* NULL when out of memory */
void stats_destroy(struct stats *stats);

/* Adds room for the methods of a service; before the threads start. The descriptor outlives the
 * stats. */
int stats_add_service(struct stats *stats, const ProtobufCServiceDescriptor *descriptor,
                      struct err *err);

/* Adds a table of counters (static, of the process). Before the threads start. */
int stats_add_counters(struct stats *stats, struct stats_counter *counters, struct err *err);

/* One call ended. method_index is that of the descriptor; -1: unknown methods, counted together. */
void stats_call(struct stats *stats, const ProtobufCServiceDescriptor *descriptor, int method_index,
                enum err_code code, int64_t took_us);

/* Fills methods and counters of *ret_stats, allocated with malloc: free with stats_reply_clear,
 * which leaves the other members alone. Names in the rows are those of descriptors and tables. */
int stats_read(struct stats *stats, Ucap__V1__Stats *ret_stats, struct err *err);
void stats_reply_clear(Ucap__V1__Stats *stats);

#endif
