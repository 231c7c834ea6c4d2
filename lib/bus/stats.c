/* Counts of calls, with a histogram of latency per method. Rows are made before the threads start
 * and never move, so that counting needs atomic additions only. A reader may see a call's status
 * before its latency: the two never block. */
#include "bus/stats.h"

#include <stdbool.h>
#include <stdlib.h>

/* Eight buckets per doubling: each is 1/8 to 1/16 of its value wide, and its middle is at most 6 %
 * off. Below 16 us every microsecond has its own. The last one begins at 2^36 us (19 hours). */
#define PER_DOUBLING ((size_t)8)
#define BUCKETS      (PER_DOUBLING * 35)

struct method {
    _Atomic uint64_t by_status[ERR_COUNT];
    _Atomic uint64_t buckets[BUCKETS];
};

/* One row more than the service has methods: the last counts unknown ones. */
struct service {
    const ProtobufCServiceDescriptor *descriptor;
    struct method *methods;
};

struct stats {
    struct service *services;
    size_t service_count;
    struct stats_counter **tables;
    size_t table_count;
};

struct stats *stats_create(void)
{
    return calloc(1, sizeof(struct stats));
}

void stats_destroy(struct stats *stats)
{
    if (!stats)
        return;
    for (size_t i = 0; i < stats->service_count; i++)
        free(stats->services[i].methods);
    free(stats->services);
    free(stats->tables);
    free(stats);
}

int stats_add_service(struct stats *stats, const ProtobufCServiceDescriptor *descriptor,
                      struct err *err)
{
    struct service *services =
        realloc(stats->services, (stats->service_count + 1) * sizeof(*services));

    if (!services)
        return err_nomem(err);
    stats->services = services;
    struct method *methods = calloc(descriptor->n_methods + 1, sizeof(*methods));
    if (!methods)
        return err_nomem(err);
    services[stats->service_count++] = (struct service){descriptor, methods};
    return 0;
}

int stats_add_counters(struct stats *stats, struct stats_counter *counters, struct err *err)
{
    struct stats_counter **tables =
        realloc(stats->tables, (stats->table_count + 1) * sizeof(*tables));

    if (!tables)
        return err_nomem(err);
    stats->tables = tables;
    tables[stats->table_count++] = counters;
    return 0;
}

/* ---- counting ---- */

static unsigned doublings(uint64_t value)
{
    return 63u - (unsigned)__builtin_clzll(value);
}

static size_t bucket_of(int64_t us)
{
    uint64_t value = us < 0 ? 0 : (uint64_t)us;

    if (value < PER_DOUBLING)
        return value;
    unsigned power = doublings(value);
    size_t bucket = (power - 2) * PER_DOUBLING + ((value >> (power - 3)) & 7);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t bucket_middle(size_t bucket)
{
    if (bucket < PER_DOUBLING)
        return bucket;
    unsigned shift = (unsigned)(bucket / PER_DOUBLING) - 1;
    uint64_t start = (uint64_t)(PER_DOUBLING + bucket % PER_DOUBLING) << shift;
    return start + (((uint64_t)1 << shift) >> 1);
}

static struct service *find_service(struct stats *stats,
                                    const ProtobufCServiceDescriptor *descriptor)
{
    for (size_t i = 0; i < stats->service_count; i++)
        if (stats->services[i].descriptor == descriptor)
            return &stats->services[i];
    return NULL;
}

void stats_call(struct stats *stats, const ProtobufCServiceDescriptor *descriptor, int method_index,
                enum err_code code, int64_t took_us)
{
    struct service *service = find_service(stats, descriptor);

    if (!service)
        return;
    bool known = method_index >= 0 && (unsigned)method_index < descriptor->n_methods;
    struct method *method =
        &service->methods[known ? (unsigned)method_index : descriptor->n_methods];
    unsigned status = (unsigned)code < ERR_COUNT ? (unsigned)code : ERR_UNKNOWN;
    atomic_fetch_add_explicit(&method->by_status[status], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&method->buckets[bucket_of(took_us)], 1, memory_order_relaxed);
}

/* ---- reading ---- */

/* The value that `percent` of the calls do not exceed. The copy of the buckets holds still. */
static uint64_t percentile(const uint64_t buckets[BUCKETS], uint64_t total, unsigned percent)
{
    uint64_t rank = (total * percent + 99) / 100;
    uint64_t passed = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        passed += buckets[i];
        if (passed >= rank && passed > 0)
            return bucket_middle(i);
    }
    return 0;
}

static void read_latency(struct method *method, Ucap__V1__MethodStats *row)
{
    uint64_t buckets[BUCKETS];
    uint64_t total = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        buckets[i] = atomic_load_explicit(&method->buckets[i], memory_order_relaxed);
        total += buckets[i];
    }
    row->p50_us = percentile(buckets, total, 50);
    row->p99_us = percentile(buckets, total, 99);
}

static int read_statuses(struct method *method, Ucap__V1__MethodStats *row)
{
    row->by_status = calloc(ERR_COUNT, sizeof(*row->by_status));
    if (!row->by_status)
        return -ERR_RESOURCE_EXHAUSTED;
    for (unsigned status = 0; status < ERR_COUNT; status++) {
        uint64_t count = atomic_load_explicit(&method->by_status[status], memory_order_relaxed);
        if (count == 0)
            continue;
        Ucap__V1__StatusCount *cell = malloc(sizeof(*cell));
        if (!cell)
            return -ERR_RESOURCE_EXHAUSTED;
        ucap__v1__status_count__init(cell);
        cell->status = status;
        cell->count = count;
        row->by_status[row->n_by_status++] = cell;
    }
    return 0;
}

static void method_row_free(Ucap__V1__MethodStats *row)
{
    for (size_t i = 0; i < row->n_by_status; i++)
        free(row->by_status[i]);
    free(row->by_status);
    free(row);
}

/* The names are the descriptor's; stats_reply_clear leaves them alone. */
static int read_method(const struct service *service, unsigned index, Ucap__V1__Stats *stats)
{
    const ProtobufCServiceDescriptor *descriptor = service->descriptor;
    Ucap__V1__MethodStats *row = malloc(sizeof(*row));

    if (!row)
        return -ERR_RESOURCE_EXHAUSTED;
    ucap__v1__method_stats__init(row);
    int rc = read_statuses(&service->methods[index], row);
    if (rc < 0 || row->n_by_status == 0) {
        method_row_free(row);
        return rc;
    }
    row->service = (char *)descriptor->name;
    row->method =
        index < descriptor->n_methods ? (char *)descriptor->methods[index].name : (char *)"?";
    read_latency(&service->methods[index], row);
    stats->methods[stats->n_methods++] = row;
    return 0;
}

static int read_methods(const struct stats *stats, Ucap__V1__Stats *out)
{
    size_t room = 0;
    int rc = 0;

    for (size_t i = 0; i < stats->service_count; i++)
        room += stats->services[i].descriptor->n_methods + 1;
    out->methods = calloc(room + 1, sizeof(*out->methods));
    if (!out->methods)
        return -ERR_RESOURCE_EXHAUSTED;
    for (size_t i = 0; rc == 0 && i < stats->service_count; i++)
        for (unsigned m = 0; rc == 0 && m <= stats->services[i].descriptor->n_methods; m++)
            rc = read_method(&stats->services[i], m, out);
    return rc;
}

static int read_counter(struct stats_counter *counter, Ucap__V1__Stats *out)
{
    Ucap__V1__Counter *row = malloc(sizeof(*row));

    if (!row)
        return -ERR_RESOURCE_EXHAUSTED;
    ucap__v1__counter__init(row);
    row->name = (char *)counter->name;
    row->help = (char *)counter->help;
    row->value = atomic_load_explicit(&counter->value, memory_order_relaxed);
    out->counters[out->n_counters++] = row;
    return 0;
}

static int read_counters(const struct stats *stats, Ucap__V1__Stats *out)
{
    size_t room = 0;
    int rc = 0;

    for (size_t i = 0; i < stats->table_count; i++)
        for (const struct stats_counter *at = stats->tables[i]; at->name; at++)
            room++;
    out->counters = calloc(room + 1, sizeof(*out->counters));
    if (!out->counters)
        return -ERR_RESOURCE_EXHAUSTED;
    for (size_t i = 0; rc == 0 && i < stats->table_count; i++)
        for (struct stats_counter *at = stats->tables[i]; rc == 0 && at->name; at++)
            rc = read_counter(at, out);
    return rc;
}

int stats_read(struct stats *stats, Ucap__V1__Stats *ret_stats, struct err *err)
{
    Ucap__V1__Stats got = UCAP__V1__STATS__INIT;
    int rc = read_methods(stats, &got);

    if (rc == 0)
        rc = read_counters(stats, &got);
    if (rc < 0) {
        stats_reply_clear(&got);
        return err_nomem(err);
    }
    ret_stats->n_methods = got.n_methods;
    ret_stats->methods = got.methods;
    ret_stats->n_counters = got.n_counters;
    ret_stats->counters = got.counters;
    return 0;
}

void stats_reply_clear(Ucap__V1__Stats *stats)
{
    for (size_t i = 0; i < stats->n_methods; i++)
        method_row_free(stats->methods[i]);
    for (size_t i = 0; i < stats->n_counters; i++)
        free(stats->counters[i]);
    free(stats->methods);
    free(stats->counters);
    stats->methods = NULL;
    stats->counters = NULL;
    stats->n_methods = 0;
    stats->n_counters = 0;
}
