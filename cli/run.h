/* What commands do with a run: ask the system, and print what it says. */
#ifndef UCAP_CLI_RUN_H
#define UCAP_CLI_RUN_H

#include "command.h"
#include "ucap/ucap.h"

/* Connects by flags, environment and context, once. After it run->languages is set. */
int run_connect(struct run *run, struct err *err);

/* Calls a method. *ret_reply is freed with ucap_reply_free. Violations and warnings are kept for
 * the end. */
int run_call(struct run *run, const ProtobufCServiceDescriptor *service, const char *method,
             const ProtobufCMessage *request, const struct ucap_options *options,
             ProtobufCMessage **ret_reply, struct err *err);

/* The wanted language (best first) that comes first; "en" when none was said. For numbers. */
const char *run_language(const struct run *run);

/* True when the result is wanted as a message: then run_print_message, else a table. */
bool run_wants_message(const struct run *run);
int run_print_message(struct run *run, const ProtobufCMessage *message, struct err *err);
/* A table as table or CSV. */
void run_print_table(struct run *run, const struct table *table);

/* A sentence for the person on stderr; `ucap: ` is put before it. */
void run_say(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The sentence of libucap as ours. */
int err_of_ucap(const struct ucap_error *error, struct err *err);

#endif
