/* How to reach an installation: from flags, the environment, or the context file (`ucap help
 * connection`). */
#ifndef UCAP_CLI_CONTEXT_H
#define UCAP_CLI_CONTEXT_H

#include "command.h"

#include <ucap/v1/config.pb-c.h>

/* One setting and where it comes from ("--gateways", "UCAP_GATEWAYS", "context office in
 * /home/me/..."). */
struct place {
    char *text; /* NULL: set nowhere. Lists are comma separated */
    char *from;
};

struct connection {
    struct place gateways, gateway_key, key_file, languages, programme;
};

/* Looks for each setting by itself, in the order: flag, context named (run->context), environment,
 * current context. What is set nowhere stays NULL. */
int connection_find(struct run *run, struct connection *ret_connection, struct err *err);
void connection_clear(struct connection *connection);

/* 0, or a usage error that says what is missing and how to set it. */
int connection_check(struct run *run, const struct connection *connection, struct err *err);

/* The context file's path, malloc'ed: --context-file, UCAP_CONTEXT_FILE, or the user's own.
 * *ret_explicit: one of the former two. */
int context_path(const struct run *run, char **ret_path, bool *ret_explicit, struct err *err);

/* Reads the context file. *ret_file is NULL where the user has none; -ERR_NOT_FOUND where one was
 * named that is not there. Freed with context_free. */
int context_read(const struct run *run, Ucap__V1__ContextFile **ret_file, char **ret_path,
                 struct err *err);
void context_free(Ucap__V1__ContextFile *file);

/* The context of that name; the sentence of a failure has the nearest one. */
int context_find(const Ucap__V1__ContextFile *file, const char *path, const char *name,
                 const Ucap__V1__Context **ret_context, struct err *err);

/* The text of a context file with another current context; all else stays as it is. malloc'ed.
 * NULL: out of memory. */
char *context_text_with_current(const char *text, const char *name);

/* Where this user's key is when nothing else is said: user.key beside the context file.
 * malloc'ed. */
int default_key_path(const struct run *run, char **ret_path, struct err *err);

#endif
