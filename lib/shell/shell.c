/* The frame of every process: prepare, run the Control loop until the work has ended, report.
 *
 * The main thread prepares everything that a failure of the configuration can hit before any thread
 * starts, so that such a failure is one line on stderr. From then on it runs the Control loop
 * alone: signals, the local endpoint, and a worker of ucap.v1.Control@INSTANCE at each gateway,
 * whose heartbeats speak for all workers of the process. Nothing in the loop waits. */
#include "shell/shell.h"

#include "base/log.h"
#include "bus/poll.h"
#include "bus/workers.h"
#include "control.h"
#include "health.h"
#include "life.h"
#include "local.h"
#include "options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define EXIT_FAILED    1
#define EXIT_USAGE     2
#define CONTROL_CREDIT 16
#define FAREWELL_US    2000000 /* after the drain limit, for Control to leave the gateways */

struct shell {
    const struct shell_spec *spec;
    struct shell_settings settings;
    void *zmq;
    struct stats *stats;
    struct status *status;
    int signals; /* signalfd */

    /* Where the Control loop connects. */
    char **endpoints;
    struct curve_key key;
    char gateway_key[CURVE_KEY_SIZE];
    struct client_config gateways; /* of the three above; gateways NULL: none */

    struct served control;
    char control_name[128];
    struct workers *workers; /* of Control; NULL until connected */
    struct local *local;     /* NULL: none asked for */
    struct server *server;
    struct life_work work;
    struct life *life;

    /* What the loop has done already. */
    Ucap__V1__PingReply__State announced;
    bool leaving;
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

static void end(struct shell *shell)
{
    status_end(shell->status, now_us() + shell->settings.drain_ms * 1000);
}

/* ---- for start and the threads ---- */

const struct shell_settings *shell_settings_of(const struct shell *shell)
{
    return &shell->settings;
}

void *shell_zmq(struct shell *shell)
{
    return shell->zmq;
}

struct stats *shell_stats(struct shell *shell)
{
    return shell->stats;
}

int shell_add_endpoint(struct shell *shell, const char *name, const char *address, struct err *err)
{
    return status_add_endpoint(shell->status, name, address, err);
}

void shell_waits_for(void *shell, const char *sentence)
{
    status_waits_for(((struct shell *)shell)->status, sentence);
}

bool shell_is_ending(void *shell)
{
    return status_is_ending(((struct shell *)shell)->status);
}

void shell_fail(struct shell *shell, const struct err *err)
{
    status_fail(shell->status, err);
    end(shell);
}

/* ---- gateways ---- */

static void use_gateways(struct shell *shell)
{
    shell->gateways = (struct client_config){
        .gateways = (const char *const *)shell->endpoints,
        .key = &shell->key,
        .gateway_key = shell->gateway_key,
    };
}

/* The main thread reads what this wrote only after start has returned. */
int shell_set_gateways(struct shell *shell, const char *endpoint, const struct curve_key *key,
                       const char *gateway_key, struct err *err)
{
    char **endpoints = NULL;

    int rc = settings_split(endpoint, &endpoints, err);
    if (rc < 0)
        return rc;
    settings_split_free(shell->endpoints);
    shell->endpoints = endpoints;
    shell->key = *key;
    snprintf(shell->gateway_key, sizeof(shell->gateway_key), "%s", gateway_key);
    use_gateways(shell);
    return 0;
}

static int read_gateway_key(struct shell *shell, struct err *err)
{
    const char *text = shell->settings.gateway_key;

    if (text[0] == '\0')
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "no public key of the gateways is given: give --gateway-key or "
                       "--gateway-key-file");
    if (!curve_is_key(text))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--gateway-key \"%s\" is not a public key: 40 characters of Z85", text);
    memcpy(shell->gateway_key, text, CURVE_KEY_SIZE);
    return 0;
}

/* Gateways and keys of the settings: those of a process with a service. */
static int find_gateways(struct shell *shell, struct err *err)
{
    if (shell->settings.key_file[0] == '\0')
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "no key of this process is given: give --key-file (`ucap key generate` "
                       "writes one)");
    int rc = curve_key_read(shell->settings.key_file, &shell->key, err);
    if (rc == 0)
        rc = read_gateway_key(shell, err);
    if (rc == 0)
        rc = settings_split(shell->settings.gateways, &shell->endpoints, err);
    if (rc == 0 && !shell->endpoints[0])
        rc = err_set(err, ERR_INVALID_ARGUMENT, "no gateway is given: give --gateways");
    if (rc == 0)
        use_gateways(shell);
    return rc;
}

static int connect_gateways(struct shell *shell, struct err *err)
{
    struct workers_config config = {
        .gateways = &shell->gateways,
        .name = shell->control_name,
        .instance = shell->settings.instance,
        .credit = CONTROL_CREDIT,
        .heartbeat_us = shell->settings.heartbeat_ms * 1000,
    };

    return workers_create(shell->zmq, &config, &shell->control, &shell->workers, err);
}

/* ---- the work ---- */

static int server_work_start(void *arg, struct err *err)
{
    struct shell *shell = arg;
    struct server_config config = {
        .gateways = shell->gateways,
        .instance = shell->settings.instance,
        .threads = (unsigned)shell->settings.threads,
        .credit = (unsigned)shell->settings.credit,
        .heartbeat_ms = shell->settings.heartbeat_ms,
        .stats = shell->stats,
        .waits_for = shell_waits_for,
        .ending = shell_is_ending,
        .arg = shell,
    };

    return server_start(shell->zmq, shell->spec->server, &config, &shell->server, err);
}

static void server_work_drain(void *arg)
{
    server_drain(((struct shell *)arg)->server);
}

static int server_work_join(void *arg, int64_t until_us)
{
    struct shell *shell = arg;
    int rc = server_join(shell->server, until_us);

    server_destroy(shell->server);
    return rc;
}

static int own_work_start(void *arg, struct err *err)
{
    struct shell *shell = arg;

    return shell->spec->start(shell, shell->spec->arg, err);
}

static void own_work_drain(void *arg)
{
    struct shell *shell = arg;

    shell->spec->drain(shell, shell->spec->arg);
}

static int own_work_join(void *arg, int64_t until_us)
{
    struct shell *shell = arg;

    return shell->spec->join(shell, shell->spec->arg, until_us);
}

/* ---- prepare ---- */

/* Blocked in every thread, read by the Control loop. A peer that goes away is no signal. */
static int take_signals(struct shell *shell, struct err *err)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    shell->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return shell->signals < 0 ? err_errno(err, ERR_RESOURCE_EXHAUSTED, "read signals") : 0;
}

/* Each connection is a file. What the system does not grant is no reason not to run. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int prepare_stats(struct shell *shell, struct err *err)
{
    const struct shell_spec *spec = shell->spec;

    shell->stats = stats_create();
    if (!shell->stats)
        return err_nomem(err);
    int rc = stats_add_service(shell->stats, &ucap__v1__control__descriptor, err);
    if (rc == 0 && spec->server)
        rc = stats_add_service(shell->stats, spec->server->descriptor, err);
    if (rc == 0 && spec->counters)
        rc = stats_add_counters(shell->stats, spec->counters, err);
    return rc;
}

static int prepare_control(struct shell *shell, struct err *err)
{
    const struct shell_settings *settings = &shell->settings;

    int rc = status_create(shell->spec->process, settings->instance, &shell->status, err);
    if (rc < 0)
        return rc;
    shell->announced = UCAP__V1__PING_REPLY__STATE__STATE_STARTING;
    snprintf(shell->control_name, sizeof(shell->control_name), "%s@%s",
             ucap__v1__control__descriptor.name, settings->instance);
    shell->control = (struct served){
        .service = control_create(shell->status, shell->stats, settings->drain_ms),
        .rules = control_rules,
        .stats = shell->stats,
    };
    if (!shell->control.service)
        return err_nomem(err);
    if (settings->control[0] == '\0')
        return 0;
    return local_open(shell->zmq, settings->control, &shell->control, &shell->local, err);
}

static void prepare_log(const struct shell *shell)
{
    enum log_level level = LOG_INFO;

    log_level_parse(shell->settings.log_level, &level);
    log_set_level(level);
    log_set_process(shell->spec->process);
}

static int prepare(struct shell *shell, struct err *err)
{
    prepare_log(shell);
    raise_file_limit();
    int rc = take_signals(shell, err);
    if (rc == 0 && !(shell->zmq = zmq_ctx_new()))
        rc = err_nomem(err);
    if (rc == 0)
        rc = prepare_stats(shell, err);
    if (rc == 0)
        rc = prepare_control(shell, err);
    if (rc == 0 && shell->spec->server)
        rc = find_gateways(shell, err);
    if (rc == 0 && shell->spec->server)
        rc = connect_gateways(shell, err);
    shell->work =
        shell->spec->server
            ? (struct life_work){server_work_start, server_work_drain, server_work_join, shell}
            : (struct life_work){own_work_start, own_work_drain, own_work_join, shell};
    return rc == 0 ? life_begin(&shell->work, shell->status, &shell->life, err) : rc;
}

/* ---- the Control loop ---- */

static void end_by_signal(struct shell *shell, int signal)
{
    if (status_is_ending(shell->status)) {
        log_warning("told to end a second time: ending at once", log_int("signal", signal));
        _exit(EXIT_FAILED);
    }
    log_info("told to end", log_int("signal", signal));
    end(shell);
}

static void on_signals(struct shell *shell)
{
    struct signalfd_siginfo info;

    while (read(shell->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGHUP)
            end_by_signal(shell, (int)info.ssi_signo);
        else if (shell->spec->reread)
            shell->spec->reread(shell, shell->spec->arg);
    }
}

/* A process without a service says by start where its gateway is, if it has one. */
static void connect_late(struct shell *shell)
{
    struct err err = ERR_INIT;

    if (!shell->workers && shell->gateways.gateways && connect_gateways(shell, &err) < 0)
        shell_fail(shell, &err);
}

static void on_ready(struct shell *shell)
{
    log_info("ready", log_str("instance", shell->settings.instance),
             log_str("version", UCAP_VERSION));
    sd_notify(0, "READY=1\nSTATUS=ready");
    connect_late(shell);
}

static void on_draining(struct shell *shell)
{
    log_info("draining", log_int("limit_ms", shell->settings.drain_ms));
    sd_notify(0, "STOPPING=1\nSTATUS=answering what is held");
}

static void tell_waiting(const Ucap__V1__PingReply *ping, void *arg)
{
    (void)arg;
    if (!ping->waits_for[0])
        return;
    log_info("waiting", log_str("for", ping->waits_for));
    sd_notifyf(0, "STATUS=%s", ping->waits_for);
}

static void on_status(struct shell *shell)
{
    status_seen(shell->status);
    Ucap__V1__PingReply__State state = status_state(shell->status);

    if (state == UCAP__V1__PING_REPLY__STATE__STATE_STARTING)
        status_tell(shell->status, tell_waiting, NULL);
    else if (state == UCAP__V1__PING_REPLY__STATE__STATE_READY && state != shell->announced)
        on_ready(shell);
    else if (state == UCAP__V1__PING_REPLY__STATE__STATE_DRAINING && state != shell->announced)
        on_draining(shell);
    shell->announced = state;
}

/* Control leaves the gateways last: its heartbeats keep the other workers alive while they drain.
 */
static void leave(struct shell *shell)
{
    shell->leaving = true;
    if (shell->workers)
        workers_drain(shell->workers, now_us());
}

static bool has_left(const struct shell *shell)
{
    return shell->leaving && (!shell->workers || workers_ended(shell->workers) ||
                              now_us() > status_until(shell->status) + FAREWELL_US);
}

/* Waits for input until `due_us`, and hands it on. The workers' is handled by their next step. */
static void wait_input(struct shell *shell, int64_t due_us)
{
    zmq_pollitem_t items[3 + WORKERS_MAX] = {
        {.fd = shell->signals, .events = ZMQ_POLLIN},
        {.fd = status_event(shell->status), .events = ZMQ_POLLIN},
    };
    size_t count = 2;

    if (shell->local)
        items[count++] =
            (zmq_pollitem_t){.socket = local_socket(shell->local), .events = ZMQ_POLLIN};
    if (shell->workers)
        count += workers_poll_items(shell->workers, items + count);
    if (poll_until(items, (int)count, due_us) <= 0)
        return;
    if (items[0].revents)
        on_signals(shell);
    if (items[1].revents)
        on_status(shell);
    if (shell->local && items[2].revents)
        local_serve(shell->local);
}

static void run(struct shell *shell)
{
    int64_t due_us = now_us();

    while (!has_left(shell)) {
        wait_input(shell, due_us);
        if (!shell->leaving && status_has_ended(shell->status))
            leave(shell);
        due_us = shell->workers ? workers_step(shell->workers, now_us()) : INT64_MAX;
    }
}

/* ---- the end ---- */

static void release(struct shell *shell)
{
    workers_destroy(shell->workers);
    local_close(shell->local);
    control_destroy(shell->control.service);
    if (shell->zmq)
        zmq_ctx_term(shell->zmq);
    status_destroy(shell->status);
    stats_destroy(shell->stats);
    settings_split_free(shell->endpoints);
    if (shell->signals >= 0)
        close(shell->signals);
}

static int report(const struct shell *shell, const struct err *err)
{
    if (err->code == ERR_OK)
        return 0;
    fprintf(stderr, "%s: %s\n", shell->spec->process, err->text);
    return EXIT_FAILED;
}

static int run_process(struct shell *shell)
{
    struct err err = ERR_INIT;

    if (prepare(shell, &err) == 0) {
        run(shell);
        status_failure(shell->status, &err);
        log_info("ended", log_str("instance", shell->settings.instance));
        /* Threads that could not be joined still use what would be released. */
        if (!life_finish(shell->life))
            _exit(report(shell, &err));
    }
    release(shell);
    return report(shell, &err);
}

int shell_main(const struct shell_spec *spec, int argc, char **argv)
{
    struct shell shell = {.spec = spec, .signals = -1};
    enum settings_result result = SETTINGS_RUN;
    struct err err = ERR_INIT;
    int code = 0;

    int rc = options_load(spec, &shell.settings, argc, argv, &result, &err);
    if (rc < 0) {
        report(&shell, &err);
        code = rc == -ERR_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
    } else if (result == SETTINGS_RUN) {
        code = shell.settings.health ? health_ask(spec->process, &shell.settings)
                                     : run_process(&shell);
    }
    options_free(spec, &shell.settings);
    return code;
}
