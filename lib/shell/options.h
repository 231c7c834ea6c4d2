/* The settings of every process: their tables are in shell.h. */
#ifndef UCAP_SHELL_OPTIONS_H
#define UCAP_SHELL_OPTIONS_H

#include "shell/shell.h"

/* Loads the shell's and the process's settings, fills in the instance, checks what the table
 * cannot. -ERR_INVALID_ARGUMENT: wrong usage. Strings: options_free, also after a failure. */
int options_load(const struct shell_spec *spec, struct shell_settings *settings, int argc,
                 char **argv, enum settings_result *ret_result, struct err *err);
void options_free(const struct shell_spec *spec, struct shell_settings *settings);

#endif
