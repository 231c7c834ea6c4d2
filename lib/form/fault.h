/* Collects what is wrong with a text, in the order of its places. */
#ifndef UCAP_FORM_FAULT_H
#define UCAP_FORM_FAULT_H

#include "form/tree.h"

/* Zero-initialised is empty. */
struct form_faults {
    struct form_errors kept; /* at most FORM_ERRORS_MAX */
    size_t count;            /* all of them */
    bool out_of_memory;      /* the list is not complete for want of memory */
};

/* A fault at a node's value, at its key, or at a place (node NULL: of the whole). */
void form_fault(struct form_faults *faults, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void form_fault_key(struct form_faults *faults, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void form_fault_at(struct form_faults *faults, const struct node *node, unsigned line,
                   unsigned column, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* True when one more would be kept: a guess at what was meant is worth its time. */
bool form_faults_has_room(const struct form_faults *faults);

/* 0 when there is none; else the first as "line:column: path: sentence" in err, and a negative
 * code. `name`: of the file, put before them; or NULL. */
int form_faults_result(const struct form_faults *faults, const char *name, struct err *err);

#endif
