/* --health: asks a running process over its local endpoint. */
#ifndef UCAP_SHELL_HEALTH_H
#define UCAP_SHELL_HEALTH_H

#include "shell/shell.h"

#define HEALTH_NOT_READY 3 /* exit code */

/* Prints the state, then a line NAME ADDRESS for each endpoint; what it waits for, or why it cannot
 * be asked, goes to stderr. Returns the exit code: 0 or HEALTH_NOT_READY. */
int health_ask(const char *process, const struct shell_settings *settings);

#endif
