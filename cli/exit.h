/* Exit codes of the ucap command: a table, printed by `ucap help exit-codes`. */
#ifndef UCAP_CLI_EXIT_H
#define UCAP_CLI_EXIT_H

#include "base/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_REFUSED = 4,
    EXIT_CONFLICT = 5,
    EXIT_UNAVAILABLE = 6,
    EXIT_INVALID = 7
};

struct exit_row {
    enum exit_code code;
    const char *help; /* NULL ends the table */
};

extern const struct exit_row exit_rows[];

/* The exit code for a status code. */
enum exit_code exit_code_of(enum err_code code);

#endif
