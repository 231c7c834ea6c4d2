/* The command line as tables. A command is a row: its words, arguments, options, help and function;
 * parsing, --help and the guesses after a slip all read the same rows. */
#ifndef UCAP_CLI_COMMAND_H
#define UCAP_CLI_COMMAND_H

#include "base/err.h"
#include "base/findings.h"
#include "output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ucap;
struct run;

/* A place after the words of a command. Required ones come before optional ones. */
struct argument {
    const char *name; /* as shown in help, such as "ID"; NULL ends the list */
    const char *help; /* what to put there, lower case, no full stop */
    bool optional;
    bool many; /* the last one only: any number of words */
};

/* --NAME VALUE or --NAME=VALUE; without value: --NAME. */
struct option {
    const char *name;           /* without "--"; NULL ends the list */
    const char *value;          /* how help calls the value; NULL: a switch */
    const char *help;           /* lower case, no full stop */
    const char *also;           /* another spelling that is accepted, or NULL */
    const char *const *choices; /* the only values allowed, ends with NULL; or NULL */
    bool many;                  /* may be given several times; others: the last one counts */
    bool required;
};

struct command {
    const char *path;                 /* "city show": its words; NULL ends the table */
    const char *help;                 /* one line for lists of commands */
    const char *more;                 /* a paragraph for the command's own help, or NULL */
    const struct argument *arguments; /* or NULL */
    const struct option *options;     /* or NULL */
    const char *const *examples;      /* whole command lines; ends with NULL */
    int (*run)(struct run *run, struct err *err);
    /* Help on the arguments given beside --help, in place of the command's own; or NULL. */
    int (*help_on)(struct run *run, struct err *err);
};

/* The first word of several commands. */
struct group {
    const char *name; /* NULL ends the table */
    const char *help;
};

extern const struct command *const commands[]; /* ends with NULL */
extern const struct group groups[];
extern const struct option global_options[];

#define RUN_WORDS_MAX   64
#define RUN_OPTIONS_MAX 64

struct given {
    const struct option *option;
    const char *value; /* "" for a switch */
};

/* One run of the program: where it reads and writes, and what its command line says. */
struct run {
    FILE *in;
    FILE *out;    /* the result: sent to the caller's stream as a whole, at the end */
    FILE *err;    /* remarks and progress */
    size_t width; /* columns of the caller's terminal, or OUTPUT_UNCUT */
    const struct command *command; /* NULL: the words name none */
    const char *group;             /* the words name this group only; or NULL */
    const char *arguments[RUN_WORDS_MAX];
    size_t argument_count;
    struct given given[RUN_OPTIONS_MAX];
    size_t given_count;

    enum output_format format; /* OUTPUT_DEFAULT: not asked for */
    const char *context;       /* the context to use; NULL: the current one */
    int64_t timeout_ms;
    char **languages; /* wanted, best first; ends with NULL. NULL: none said */

    struct ucap *ucap;                    /* the connection, once a command asked for it */
    struct findings violations, warnings; /* shown after the command */
    bool usage;                           /* the failure is one of the command line */
};

/* Reads argv into *run. Sentences of failures name the word and the nearest one. */
int command_parse(struct run *run, int argc, char *const *argv, struct err *err);

/* The last value of an option (global or the command's own), or NULL when it was not given. */
const char *run_option(const struct run *run, const char *name);
bool run_has(const struct run *run, const char *name);
/* All values of an option that may be given several times; returns how many, at most `max`. */
size_t run_options(const struct run *run, const char *name, const char **ret_values, size_t max);
/* Argument `index`, or NULL. */
const char *run_argument(const struct run *run, size_t index);

/* A failure of the command line: exit code 2. Returns -ERR_INVALID_ARGUMENT. */
int run_usage(struct run *run, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets run->languages to the tags of a comma separated list. A failure is one of usage and names
 * where the list comes from. */
int run_set_languages(struct run *run, const char *list, const char *from, struct err *err);

/* `200ms`, `10s`, `5m`, `1h`, more than 0 and at most a day. */
int duration_parse(const char *text, int64_t *ret_ms, struct err *err);

/* The word nearest to `word`: one that starts with it, or is spelt much like it; NULL: none.
 * `words` ends with NULL. */
const char *nearest_word(const char *word, const char *const *words);

/* The whole program: parses, runs, reports. Returns the exit code. */
int cli_main(int argc, char *const *argv, FILE *in, FILE *out, FILE *err);

#endif
