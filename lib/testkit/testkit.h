/* Helpers of tests: temporary folders, a PostgreSQL of their own, processes started and ended by
 * id, keys, waiting for a condition with a bound. Each ends the test with a sentence when it fails;
 * all that was started is ended by kit_end. */
#ifndef UCAP_TESTKIT_TESTKIT_H
#define UCAP_TESTKIT_TESTKIT_H

#include "bus/client.h"
#include "bus/curve.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The folder, processes and servers of one test program. */
struct kit;

struct kit *kit_begin(void);
/* Ends what runs (SIGTERM, then SIGKILL) and removes the folder. NULL is left alone. */
void kit_end(struct kit *kit);

/* A temporary folder with a short path (ipc endpoints), readable by the user that runs
 * PostgreSQL. */
const char *kit_dir(const struct kit *kit);
/* A path below it; valid until kit_end. */
const char *kit_path(struct kit *kit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void kit_write_file(const char *path, const char *text, unsigned mode);
char *kit_read_file(const char *path); /* malloc'ed */

/* Until condition(arg) is true, at most `limit_ms`; ends the test with `what` when not. */
void kit_wait(const char *what, int64_t limit_ms, bool (*condition)(void *arg), void *arg);

/* ---- processes ---- */

struct kit_process;

/* Starts bin/PROGRAM of the build (or an absolute path) with the arguments (ends with NULL) and
 * NAME=value environment (ends with NULL; or NULL). stdout and stderr go to files. */
struct kit_process *kit_start(struct kit *kit, const char *program, const char *const *argv,
                              const char *const *env);
pid_t kit_pid(const struct kit_process *process);
void kit_signal(struct kit_process *process, int signal);
/* Waits for the end; exit code, or 128 + signal. Fails the test after `limit_ms`. */
int kit_wait_exit(struct kit_process *process, int64_t limit_ms);
bool kit_is_running(struct kit_process *process);
/* What it has written so far. malloc'ed. */
char *kit_stdout(const struct kit_process *process);
char *kit_stderr(const struct kit_process *process);

/* ---- PostgreSQL ---- */

/* A cluster of its own on a free port of 127.0.0.1: initdb, UTF-8, C.UTF-8, scram; as user postgres
 * where the test runs as root. Its superuser is "postgres" with password "test". */
struct kit_pg;

struct kit_pg *kit_pg_start(struct kit *kit);
int kit_pg_port(const struct kit_pg *pg);
const char *kit_pg_conninfo(const struct kit_pg *pg, const char *user, const char *database);
void kit_pg_stop(struct kit_pg *pg);    /* immediate, as a crash */
void kit_pg_restart(struct kit_pg *pg); /* on the same port */
/* The first value of a query as superuser; malloc'ed. Ends the test on an error. */
char *kit_pg_value(struct kit_pg *pg, const char *database, const char *sql);

/* ---- a whole system ---- */

/* Keys and a principals file for: gateway, registry, relay, and users viewer, editor, admin, and
 * narrow (an editor of the programme "alpha" only). A gateway on free ports, and, where a database
 * is given, migrate and one registry. */
#define KIT_USERS 7

struct kit_system {
    struct kit *kit;
    struct kit_pg *pg;
    struct kit_process *gateway;
    struct kit_process *registry;
    struct curve_key gateway_key;
    struct curve_key keys[KIT_USERS]; /* kit_system_key */
    char requests[128];               /* endpoints as bound */
    char events[128];
    char publish[128];
    const char *principals; /* path */
};

void kit_system_start(struct kit *kit, bool with_registry, struct kit_system *ret_system);
/* Starts one more registry, with further arguments (ends with NULL; or NULL), ready on return. */
struct kit_process *kit_system_registry(struct kit_system *system, const char *instance,
                                        const char *const *more);
/* The key of a user of the principals file: "viewer", "editor", "admin", "registry". */
const struct curve_key *kit_system_key(struct kit_system *system, const char *user);
const char *kit_system_key_file(struct kit_system *system, const char *user);
/* Asks the process's local Control endpoint until it is ready, or has ended; the address of its
 * endpoint `name` ("" for none). */
void kit_wait_ready(struct kit_process *process, const char *control, const char *name,
                    char *ret_address, size_t size);

#endif
