/* Results: a table for a person, CSV for a spreadsheet, JSON and YAML for programs. Text that came
 * from elsewhere never reaches a terminal with its control characters. */
#ifndef UCAP_CLI_OUTPUT_H
#define UCAP_CLI_OUTPUT_H

#include "base/err.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum output_format { OUTPUT_DEFAULT, OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_CSV };

extern const char *const output_format_names[]; /* "table", "json", "yaml", "csv"; ends with NULL */
enum output_format output_format_of(const char *name); /* OUTPUT_DEFAULT: none of them */

#define OUTPUT_UNKNOWN "\u2014" /* an em dash: not known. Never 0, never empty */
#define OUTPUT_UNCUT   ((size_t)-1)

struct column {
    const char *name; /* snake_case; in tables shown in capitals */
    bool right;       /* aligned to the right: a number; never cut */
    bool keep;        /* an identifier that people copy: cut last */
};

/* Rows of text under columns. All strings are copied. */
struct table;

struct table *table_create(const struct column *columns, size_t count); /* NULL: out of memory */
void table_destroy(struct table *table);
/* One row: `count` cells as given to table_create; a NULL or empty one is not known. */
int table_add(struct table *table, const char *const *cells, struct err *err);
size_t table_rows(const struct table *table);

/* Aligned columns within `width` terminal columns (OUTPUT_UNCUT: as wide as it gets), under a line
 * of names. */
void table_print(FILE *out, const struct table *table, size_t width);
/* Two columns without a line of names: label and value. Values are never cut, as nothing of a
 * record is to be hidden: long ones go on in the next line. */
void table_print_record(FILE *out, const struct table *table, size_t width);
/* RFC 4180. A cell that a spreadsheet would take for a formula gets a leading apostrophe; unknown
 * is an empty cell. */
void table_print_csv(FILE *out, const struct table *table);

/* Columns of the terminal behind `out`; OUTPUT_UNCUT when it is none. */
size_t output_width(FILE *out);

/* The message as JSON or YAML. */
int output_message(FILE *out, enum output_format format, const ProtobufCMessage *message,
                   struct err *err);

/* Writes text with every control character but newline and tab as \u00XX. */
void output_text(FILE *out, const char *text);

/* Writes a whole result. A full disk or a closed stream is -ERR_DATA_LOSS with a sentence; a reader
 * that has gone away (`| head`) is -ERR_CANCELLED: nobody wants to hear of it. */
int output_send(FILE *out, const char *text, size_t size, struct err *err);

#endif
