/* What every process has: settings, signals, readiness, Control, drain.
 *
 * The main thread runs the Control loop: signals (SIGTERM and SIGINT drain, a second one ends at
 * once; SIGHUP asks the process to reread), ucap.v1.Control@INSTANCE through each gateway with
 * heartbeats for the whole process, and the local ipc endpoint. The work of the process runs in
 * threads of its own, started by `start`.
 *
 * Exit codes: 0 drained; 1 a failure said in one line on stderr; 2 wrong usage; 3 --health: not
 * ready. */
#ifndef UCAP_SHELL_SHELL_H
#define UCAP_SHELL_SHELL_H

#include "base/settings.h"
#include "bus/client.h"
#include "bus/server.h"
#include "bus/stats.h"

struct shell;

/* Settings that every process has (shell_settings_table), and those that only a process with
 * `server` has (shell_worker_settings_table: NULL and 0 elsewhere). --help prints them before the
 * process's own. */
struct shell_settings {
    char *key_file;   /* --key-file: this process's key */
    char *instance;   /* --instance: default "registry-" and 8 hex digits */
    char *control;    /* --control: ipc endpoint, as ipc:///run/ucap/registry.ctl; empty: none */
    char *log_level;  /* --log-level */
    int64_t drain_ms; /* --drain-limit: 10s */
    int64_t heartbeat_ms; /* --heartbeat: 400ms */
    bool health;          /* --health */

    char *gateways;    /* --gateways tcp://127.0.0.1:7110,... */
    char *gateway_key; /* --gateway-key: public key of the gateways; or --gateway-key-file */
    int64_t threads;   /* --threads: 2 */
    int64_t credit;    /* --credit: 4 */
};

struct shell_spec {
    const char *process;               /* "ucap-registry" */
    const char *purpose;               /* one sentence for --help */
    const struct settings_part *parts; /* the process's own settings; NULL ends; or NULL */
    struct stats_counter *counters;    /* or NULL */

    /* A process that serves a service of the contract gives this; start, drain and join are then
     * the shell's. */
    const struct server_spec *server;

    /* Any other process gives these. start returns when the process is ready, or fails for good. */
    int (*start)(struct shell *shell, void *arg, struct err *err);
    void (*drain)(struct shell *shell, void *arg);
    int (*join)(struct shell *shell, void *arg, int64_t until_us); /* also frees */
    void (*reread)(struct shell *shell, void *arg);                /* SIGHUP; or NULL */
    void *arg;
};

/* Runs the process from settings to the end; the return value is that of main. start, drain and
 * join run in a thread of their own, one after the other, and may take long: Ping is answered
 * meanwhile. reread runs in the main thread.
 *
 * With --health it only asks the Control endpoint of a running process: prints its state
 * ("starting", "ready" or "draining") and its endpoints (a line each: NAME ADDRESS), exit code 0
 * when ready. */
int shell_main(const struct shell_spec *spec, int argc, char **argv);

/* For start and the threads. The settings are there until join has returned. */
const struct shell_settings *shell_settings_of(const struct shell *shell);
void *shell_zmq(struct shell *shell);
struct stats *shell_stats(struct shell *shell);

/* Tells Ping where the process listens. Both strings are copied. Before start returns. */
int shell_add_endpoint(struct shell *shell, const char *name, const char *address, struct err *err);

/* For a start that waits: what Ping shows it waits for (copied; "": nothing more), and whether the
 * process is told to end: then start gives up with -ERR_CANCELLED. Both take the shell as `void *`,
 * as db_open wants them. Any thread. */
void shell_waits_for(void *shell, const char *sentence);
bool shell_is_ending(void *shell);

/* For a process without `server`: where and with which key its Control is reached once start has
 * returned (the gateway speaks to itself). Before start returns. Without it only the local endpoint
 * answers. */
int shell_set_gateways(struct shell *shell, const char *endpoint, const struct curve_key *key,
                       const char *gateway_key, struct err *err);

/* Ends the process with the sentence and exit code 1, after draining: for a thread that cannot go
 * on. Any thread. */
void shell_fail(struct shell *shell, const struct err *err);

extern const struct setting shell_settings_table[];
extern const struct setting shell_worker_settings_table[]; /* of processes that give `server` */

#endif
