/* What the files of the testkit share. Not for tests. */
#ifndef UCAP_TESTKIT_KIT_H
#define UCAP_TESTKIT_KIT_H

#include "testkit/testkit.h"

/* How a process is started, beyond its arguments. */
struct kit_spawn {
    const char *program;     /* a name in the build's bin folder, or a path with a slash */
    const char *const *argv; /* arguments after the name; ends with NULL; or NULL */
    const char *const *env;  /* NAME=value; ends with NULL; or NULL */
    bool as_server_user;     /* as kit_server_user: PostgreSQL refuses to run as root */
    int stop_signal; /* what kit_end sends first; also what the process gets when the test dies */
};

struct kit_process *kit_spawn(struct kit *kit, const struct kit_spawn *spawn);

/* Ends the test with a sentence. */
void kit_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* kit_wait without the end of the test: whether the condition came true. */
bool kit_wait_maybe(int64_t limit_ms, bool (*condition)(void *arg), void *arg);

/* Memory that lives until kit_end; zeroed. */
void *kit_alloc(struct kit *kit, size_t size);

/* The user that servers run as when the test runs as root; false: the test does not run as root. */
bool kit_server_user(uid_t *ret_uid, gid_t *ret_gid);

#endif
