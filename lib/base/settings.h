/* Settings of a process as a table: each row is a flag, an environment variable UCAP_*, a default,
 * bounds and a sentence. --help, the docs and the errors are printed from the rows. A flag wins
 * over the environment, that over the default; of a flag given twice the last counts. Written
 * "--NAME VALUE" or "--NAME=VALUE"; only the latter takes a value that begins with "--". Flags are
 * never abbreviated, there are no positional arguments. */
#ifndef UCAP_BASE_SETTINGS_H
#define UCAP_BASE_SETTINGS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum setting_type {
    SETTING_TEXT,     /* char * */
    SETTING_SECRET,   /* char *; also by file; never printed */
    SETTING_LIST,     /* char *: comma separated; settings_split cuts it */
    SETTING_INT,      /* int64_t */
    SETTING_DURATION, /* int64_t milliseconds; written 200ms, 2s, 5m, 1h */
    SETTING_SIZE,     /* int64_t bytes; written 512, 64KiB, 1MiB */
    SETTING_BOOL      /* bool; as a flag without value: true; else true or false */
};

/* A secret can stand in a file, named by --NAME-file or UCAP_NAME_FILE: its first line, without the
 * line's end, of at most 4096 bytes. Value and file of the same rank (two flags, or two variables)
 * are an error. All other strings are UTF-8 without control characters. */

/* One row. The variable is UCAP_ and the name in capitals, '-' as '_'. */
struct setting {
    const char *name; /* flag without "--", such as "queue-limit"; NULL ends the table */
    enum setting_type type;
    size_t offset;             /* of the member in the caller's struct */
    const char *default_value; /* as it would be typed; NULL: required */
    int64_t min, max; /* for numbers, durations and sizes; both 0: any that is not negative */
    const char *help; /* a sentence, lower case, no full stop */
};

/* What the command line asked for. */
enum settings_result { SETTINGS_RUN, SETTINGS_HELP_PRINTED, SETTINGS_VERSION_PRINTED };

/* Tables are given as a list ending with NULL (those of the shell, then those of the process), each
 * with the struct its offsets are of. */
struct settings_part {
    const struct setting *table; /* NULL ends the list */
    void *values;
};

/* Fills the structs from argv, the environment and the defaults. Strings are malloc'ed:
 * settings_free; after a failure, --help or --version they are NULL. --help and --version print to
 * stdout. Wrong ones: -ERR_INVALID_ARGUMENT and a sentence that names the flag or variable
 * (whichever was used), the value and what is allowed; an unknown flag gets the nearest known
 * one. */
int settings_load(const char *program, const char *purpose, const struct settings_part *parts,
                  int argc, char **argv, enum settings_result *ret_result, struct err *err);
void settings_free(const struct settings_part *parts);

/* One row per setting, as Markdown: for docs. */
void settings_print_markdown(FILE *out, const struct settings_part *parts);

/* Cuts a list at its commas, without spaces around; empty items are left out. *ret_items ends with
 * NULL; settings_split_free frees it. */
int settings_split(const char *list, char ***ret_items, struct err *err);
void settings_split_free(char **items);

#endif
