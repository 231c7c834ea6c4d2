/* A record for a person: lines of label and value. The first failure is kept, so that lines can be
 * added one after the other and looked at once. */
#ifndef UCAP_CLI_RECORD_H
#define UCAP_CLI_RECORD_H

#include "command.h"

#include <ucap/v1/common.pb-c.h>

struct record {
    struct table *table;
    int rc; /* 0, or the first failure */
    struct err *err;
};

void record_begin(struct record *record, struct err *err);
/* An empty or NULL value is not known. */
void record_add(struct record *record, const char *label, const char *value);
/* The same with a malloc'ed value, which is taken; NULL: not known. */
void record_take(struct record *record, const char *label, char *value);
/* "Spain (ES)"; without a name the code alone. */
void record_add_code(struct record *record, const char *label, const char *name, const char *code);
/* One line per language: "Name (en)". */
void record_add_texts(struct record *record, const char *label, Ucap__V1__LocalText *const *texts,
                      size_t count);
void record_add_sources(struct record *record, Ucap__V1__Source *const *sources, size_t count);
/* Prints it unless something failed. Returns record->rc. */
int record_end(struct record *record, const struct run *run);

#endif
