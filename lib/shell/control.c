/* The handlers of Control. They run in the Control loop and never wait. */
#include "control.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct control {
    Ucap__V1__Control_Service service; /* first: handlers are given its address */
    struct status *status;
    struct stats *stats;
    int64_t drain_ms;
    int64_t started_us;
};

const struct method_rule control_rules[] = {
    {"Ping", MAY_READ, false, "says whether the process is ready and where it listens"},
    {"GetStats", MAY_READ, false, "counts of the process since its start"},
    {"SetLogLevel", MAY_ADMIN, false, "changes which log lines are written"},
    {"Drain", MAY_ADMIN, false, "ends the process after it has answered what it holds"},
    {NULL, 0, false, NULL},
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* A reply on its way through status_tell. */
struct answer {
    Ucap__V1__PingReply_Closure closure;
    void *arg;
};

static void tell_ping(const Ucap__V1__PingReply *ping, void *arg)
{
    const struct answer *answer = arg;

    answer->closure(ping, answer->arg);
}

static void control_ping(Ucap__V1__Control_Service *service, const Ucap__V1__PingRequest *input,
                         Ucap__V1__PingReply_Closure closure, void *arg)
{
    struct control *control = (struct control *)service;
    struct answer answer = {closure, arg};

    (void)input;
    status_tell(control->status, tell_ping, &answer);
}

/* Second number of /proc/self/statm, in pages (proc(5)); 0 where there is no /proc. */
static uint64_t resident_bytes(void)
{
    char line[256] = "";
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file)
        return 0;
    const char *second = fgets(line, sizeof(line), file) ? strchr(line, ' ') : NULL;
    fclose(file);
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void tell_names(const Ucap__V1__PingReply *ping, void *arg)
{
    Ucap__V1__Stats *stats = arg;

    stats->process = ping->process;
    stats->instance = ping->instance;
    stats->version = ping->version;
}

static void control_get_stats(Ucap__V1__Control_Service *service,
                              const Ucap__V1__GetStatsRequest *input,
                              Ucap__V1__Stats_Closure closure, void *arg)
{
    struct control *control = (struct control *)service;
    Ucap__V1__Stats stats = UCAP__V1__STATS__INIT;
    struct err err = ERR_INIT;

    (void)input;
    if (stats_read(control->stats, &stats, &err) < 0) {
        call_fail(arg, &err);
        return;
    }
    status_tell(control->status, tell_names, &stats); /* the names outlive the status */
    stats.uptime_s = (uint64_t)(now_us() - control->started_us) / 1000000;
    stats.resident_bytes = resident_bytes();
    closure(&stats, arg);
    stats_reply_clear(&stats);
}

static void control_set_log_level(Ucap__V1__Control_Service *service,
                                  const Ucap__V1__SetLogLevelRequest *input,
                                  Ucap__V1__SetLogLevelReply_Closure closure, void *arg)
{
    Ucap__V1__SetLogLevelReply reply = UCAP__V1__SET_LOG_LEVEL_REPLY__INIT;
    const struct call *call = arg;
    char shown[TEXT_SHOWN_SIZE];
    enum log_level level;

    (void)service;
    if (log_level_parse(input->level, &level) < 0) {
        text_show(input->level, shown);
        call_failf(arg, ERR_INVALID_ARGUMENT, "log level %s is none of error, warning, info, debug",
                   shown);
        return;
    }
    reply.previous = (char *)log_level_name(log_set_level(level));
    log_info("log level changed", log_str("level", input->level),
             log_str("principal", call->caller->principal));
    closure(&reply, arg);
}

static void control_drain(Ucap__V1__Control_Service *service, const Ucap__V1__DrainRequest *input,
                          Ucap__V1__DrainReply_Closure closure, void *arg)
{
    struct control *control = (struct control *)service;
    Ucap__V1__DrainReply reply = UCAP__V1__DRAIN_REPLY__INIT;
    const struct call *call = arg;

    (void)input;
    log_info("told to drain", log_str("principal", call->caller->principal));
    status_end(control->status, now_us() + control->drain_ms * 1000);
    closure(&reply, arg);
}

ProtobufCService *control_create(struct status *status, struct stats *stats, int64_t drain_ms)
{
    struct control *control = calloc(1, sizeof(*control));

    if (!control)
        return NULL;
    control->service = (Ucap__V1__Control_Service)UCAP__V1__CONTROL__INIT(control_);
    control->status = status;
    control->stats = stats;
    control->drain_ms = drain_ms;
    control->started_us = now_us();
    return &control->service.base;
}

void control_destroy(ProtobufCService *service)
{
    free(service);
}
