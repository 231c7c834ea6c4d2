/* ucap service list: what runs, how long it has been up, what waits for it, how fast it answers.
 * The gateway says which names it routes to; each Control name among them is an instance, which is
 * asked itself. */
#include "cmd.h"
#include "run.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <ucap/v1/cli.pb-c.h>

#define CONTROL_PREFIX "ucap.v1.Control@"
#define PATIENCE_MS    2000 /* for one instance: a dead one must not hold up the list */

/* One process. The message may point to `problem`, so it is not moved. */
struct instance {
    Ucap__V1__ServiceInstance message;
    char problem[ERR_TEXT_MAX];
};

/* The whole answer. Names of instances point into `rows`. */
struct listing {
    struct ucap_service_row *rows;
    size_t row_count;
    struct instance *instances;
    size_t instance_count;
};

static void listing_clear(struct listing *listing)
{
    for (size_t i = 0; i < listing->instance_count; i++)
        if (listing->instances[i].message.stats)
            ucap_reply_free(&listing->instances[i].message.stats->base);
    free(listing->instances);
    free(listing->rows);
}

static int by_name(const void *a, const void *b)
{
    const struct ucap_service_row *left = a, *right = b;

    return strcmp(left->name, right->name);
}

/* A silent instance is part of the answer, not a failure of the command; so are its violations. */
static void ask(struct run *run, const char *name, struct instance *instance)
{
    Ucap__V1__GetStatsRequest request = UCAP__V1__GET_STATS_REQUEST__INIT;
    int64_t patience = run->timeout_ms < PATIENCE_MS ? run->timeout_ms : PATIENCE_MS;
    const struct ucap_options options = {.worker = name, .timeout_ms = patience};
    ProtobufCMessage *reply = NULL;
    struct ucap_error error;

    ucap__v1__service_instance__init(&instance->message);
    instance->message.instance = (char *)name + strlen(CONTROL_PREFIX);
    if (ucap_call(run->ucap, &ucap__v1__control__descriptor, "GetStats", &request.base, &options,
                  &reply, &error) == 0) {
        instance->message.stats = (Ucap__V1__Stats *)reply;
        return;
    }
    snprintf(instance->problem, sizeof(instance->problem), "%s", error.text);
    instance->message.problem = instance->problem;
}

/* A Control name that no worker serves is only asked for by somebody. */
static bool is_instance(const struct ucap_service_row *row)
{
    return row->workers > 0 && strncmp(row->name, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0;
}

static int gather(struct run *run, struct listing *listing, struct err *err)
{
    struct ucap_error error;
    int rc = run_connect(run, err);

    if (rc < 0)
        return rc;
    if (ucap_services(run->ucap, &listing->rows, &listing->row_count, &error) < 0)
        return err_of_ucap(&error, err);
    if (listing->row_count == 0)
        return 0;
    qsort(listing->rows, listing->row_count, sizeof(*listing->rows), by_name);
    listing->instances = calloc(listing->row_count, sizeof(*listing->instances));
    if (!listing->instances)
        return err_nomem(err);
    for (size_t i = 0; i < listing->row_count; i++)
        if (is_instance(&listing->rows[i]))
            ask(run, listing->rows[i].name, &listing->instances[listing->instance_count++]);
    return 0;
}

/* ---- as a table ---- */

/* `stats` may be NULL: of an instance that does not answer nothing is known. */
static bool serves(const Ucap__V1__Stats *stats, const char *service)
{
    for (size_t i = 0; stats && i < stats->n_methods; i++)
        if (strcmp(stats->methods[i]->service, service) == 0)
            return true;
    return false;
}

/* Requests that wait at the gateway for what the instance serves. */
static uint64_t queue_of(const struct listing *listing, const Ucap__V1__Stats *stats)
{
    uint64_t queued = 0;

    for (size_t i = 0; i < listing->row_count; i++)
        if (serves(stats, listing->rows[i].name))
            queued += listing->rows[i].queued;
    return queued;
}

static uint64_t calls_of(const Ucap__V1__MethodStats *method)
{
    uint64_t calls = 0;

    for (size_t i = 0; i < method->n_by_status; i++)
        calls += method->by_status[i]->count;
    return calls;
}

static const struct column instance_columns[] = {
    {.name = "instance", .keep = true},
    {.name = "process"},
    {.name = "version"},
    {.name = "uptime", .right = true},
    {.name = "queue", .right = true},
    {.name = "state"},
};

#define INSTANCE_COLUMNS (sizeof(instance_columns) / sizeof(instance_columns[0]))

static int add_instance(struct run *run, const struct listing *listing,
                        const Ucap__V1__ServiceInstance *instance, struct table *table,
                        struct err *err)
{
    const Ucap__V1__Stats *stats = instance->stats;
    char *uptime = stats ? words_duration(stats->uptime_s) : NULL;
    char *queue = stats ? words_count(run, queue_of(listing, stats)) : NULL;
    char state[ERR_TEXT_MAX + 32] = "answers";

    if (!stats)
        snprintf(state, sizeof(state), "does not answer: %s", instance->problem);
    const char *cells[INSTANCE_COLUMNS] = {
        instance->instance,
        stats ? stats->process : NULL,
        stats ? stats->version : NULL,
        uptime,
        queue,
        state,
    };
    int rc = table_add(table, cells, err);
    free(queue);
    free(uptime);
    return rc;
}

static int print_instances(struct run *run, const struct listing *listing, struct err *err)
{
    struct table *table = table_create(instance_columns, INSTANCE_COLUMNS);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < listing->instance_count && rc == 0; i++)
        rc = add_instance(run, listing, &listing->instances[i].message, table, err);
    if (rc == 0)
        table_print(run->out, table, run->width);
    table_destroy(table);
    return rc;
}

static const struct column method_columns[] = {
    {.name = "instance", .keep = true}, {.name = "method", .keep = true},
    {.name = "calls", .right = true},   {.name = "p50", .right = true},
    {.name = "p99", .right = true},
};

/* The package is the same for all of ours and says nothing: Registry/GetCity, as `ucap call` takes
 * it. */
static char *method_name(const Ucap__V1__MethodStats *method)
{
    const char *dot = strrchr(method->service, '.');
    char *name;

    return asprintf(&name, "%s/%s", dot ? dot + 1 : method->service, method->method) < 0 ? NULL
                                                                                         : name;
}

/* A method that nobody called has no percentiles: not known, not 0. */
static int add_method(struct run *run, const char *instance, const Ucap__V1__MethodStats *method,
                      struct table *table, struct err *err)
{
    uint64_t count = calls_of(method);
    char *name = method_name(method);
    char *calls = words_count(run, count);
    char *p50 = count ? words_latency(method->p50_us) : NULL;
    char *p99 = count ? words_latency(method->p99_us) : NULL;
    const char *cells[] = {instance, name, calls, p50, p99};
    int rc = table_add(table, cells, err);

    free(p99);
    free(p50);
    free(calls);
    free(name);
    return rc;
}

static int print_methods(struct run *run, const struct listing *listing, struct err *err)
{
    struct table *table =
        table_create(method_columns, sizeof(method_columns) / sizeof(method_columns[0]));
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < listing->instance_count && rc == 0; i++) {
        const Ucap__V1__Stats *stats = listing->instances[i].message.stats;
        for (size_t m = 0; stats && m < stats->n_methods && rc == 0; m++)
            rc = add_method(run, stats->instance, stats->methods[m], table, err);
    }
    if (rc == 0 && table_rows(table) > 0) {
        fputc('\n', run->out);
        table_print(run->out, table, run->width);
    }
    table_destroy(table);
    return rc;
}

static bool is_ours(const struct listing *listing, const struct ucap_service_row *row)
{
    bool ours = is_instance(row);

    for (size_t i = 0; i < listing->instance_count && !ours; i++)
        ours = serves(listing->instances[i].message.stats, row->name);
    return ours;
}

/* Names that no instance above serves: plain Majordomo workers, and what is asked for but not
 * there. */
static int print_others(struct run *run, const struct listing *listing, struct err *err)
{
    static const struct column columns[] = {{.name = "other_names", .keep = true},
                                            {.name = "workers", .right = true},
                                            {.name = "queue", .right = true}};
    struct table *table = table_create(columns, 3);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < listing->row_count && rc == 0; i++) {
        const struct ucap_service_row *row = &listing->rows[i];
        if (is_ours(listing, row))
            continue;
        char workers[16], queued[16];
        snprintf(workers, sizeof(workers), "%u", row->workers);
        snprintf(queued, sizeof(queued), "%u", row->queued);
        rc = table_add(table, (const char *[]){row->name, workers, queued}, err);
    }
    if (rc == 0 && table_rows(table) > 0) {
        if (listing->instance_count > 0)
            fputc('\n', run->out);
        table_print(run->out, table, run->width);
    }
    table_destroy(table);
    return rc;
}

/* ---- as CSV: a row per instance and method ---- */

static const struct column csv_columns[] = {
    {.name = "instance"}, {.name = "process"}, {.name = "version"}, {.name = "uptime_s"},
    {.name = "queue"},    {.name = "method"},  {.name = "calls"},   {.name = "p50_us"},
    {.name = "p99_us"},   {.name = "problem"},
};

#define CSV_COLUMNS (sizeof(csv_columns) / sizeof(csv_columns[0]))

struct number {
    char text[24];
};

static const char *decimal(struct number *number, uint64_t value)
{
    snprintf(number->text, sizeof(number->text), "%llu", (unsigned long long)value);
    return number->text;
}

static int add_csv_row(const struct listing *listing, const Ucap__V1__ServiceInstance *instance,
                       const Ucap__V1__MethodStats *method, struct table *table, struct err *err)
{
    const Ucap__V1__Stats *stats = instance->stats;
    struct number uptime, queue, calls, p50, p99;
    char *name = method ? method_name(method) : NULL;
    bool called = method && calls_of(method) > 0;
    const char *cells[CSV_COLUMNS] = {
        instance->instance,
        stats ? stats->process : NULL,
        stats ? stats->version : NULL,
        stats ? decimal(&uptime, stats->uptime_s) : NULL,
        stats ? decimal(&queue, queue_of(listing, stats)) : NULL,
        name,
        method ? decimal(&calls, calls_of(method)) : NULL,
        called ? decimal(&p50, method->p50_us) : NULL,
        called ? decimal(&p99, method->p99_us) : NULL,
        instance->problem,
    };
    int rc = table_add(table, cells, err);

    free(name);
    return rc;
}

static int print_csv(struct run *run, const struct listing *listing, struct err *err)
{
    struct table *table = table_create(csv_columns, CSV_COLUMNS);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < listing->instance_count && rc == 0; i++) {
        const Ucap__V1__ServiceInstance *instance = &listing->instances[i].message;
        size_t methods = instance->stats ? instance->stats->n_methods : 0;
        if (methods == 0)
            rc = add_csv_row(listing, instance, NULL, table, err);
        for (size_t m = 0; m < methods && rc == 0; m++)
            rc = add_csv_row(listing, instance, instance->stats->methods[m], table, err);
    }
    if (rc == 0)
        table_print_csv(run->out, table);
    table_destroy(table);
    return rc;
}

/* ---- as a message ---- */

static int print_message(struct run *run, const struct listing *listing, struct err *err)
{
    Ucap__V1__ServiceList list = UCAP__V1__SERVICE_LIST__INIT;
    Ucap__V1__ServiceQueue *queues = calloc(listing->row_count + 1, sizeof(*queues));
    int rc;

    list.instances = calloc(listing->instance_count + 1, sizeof(Ucap__V1__ServiceInstance *));
    list.services = calloc(listing->row_count + 1, sizeof(Ucap__V1__ServiceQueue *));
    if (queues && list.instances && list.services) {
        for (size_t i = 0; i < listing->instance_count; i++)
            list.instances[list.n_instances++] = &listing->instances[i].message;
        for (size_t i = 0; i < listing->row_count; i++) {
            const struct ucap_service_row *row = &listing->rows[i];
            ucap__v1__service_queue__init(&queues[i]);
            queues[i].name = (char *)row->name;
            queues[i].workers = row->workers;
            queues[i].free_credit = row->free_credit;
            queues[i].queued = row->queued;
            list.services[list.n_services++] = &queues[i];
        }
        rc = run_print_message(run, &list.base, err);
    } else {
        rc = err_nomem(err);
    }
    free(list.services);
    free(list.instances);
    free(queues);
    return rc;
}

static int print_tables(struct run *run, const struct listing *listing, struct err *err)
{
    int rc = print_instances(run, listing, err);

    if (rc == 0)
        rc = print_methods(run, listing, err);
    if (rc == 0)
        rc = print_others(run, listing, err);
    if (rc == 0 && listing->row_count == 0)
        run_say(run, "nothing is registered at the gateway: start a service");
    return rc;
}

static int list_run(struct run *run, struct err *err)
{
    struct listing listing = {0};
    int rc = gather(run, &listing, err);

    if (rc == 0) {
        if (run_wants_message(run))
            rc = print_message(run, &listing, err);
        else if (run->format == OUTPUT_CSV)
            rc = print_csv(run, &listing, err);
        else
            rc = print_tables(run, &listing, err);
    }
    listing_clear(&listing);
    return rc;
}

const struct command service_list_command = {
    .path = "service list",
    .help = "what runs, since when, and how fast it answers",
    .more =
        "An instance is one process. QUEUE is how many requests wait at the gateway for what it "
        "serves. P50 and P99: half of the calls, and 99 of 100, were answered within that time; "
        "both since the process started.",
    .examples = (const char *const[]){"ucap service list", "ucap service list --format csv", NULL},
    .run = list_run,
};
