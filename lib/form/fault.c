/* Rows are kept sorted by place as they come: at most FORM_ERRORS_MAX, so that insertion is cheap.
 */
#include "form/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_before(const struct form_error *a, unsigned line, unsigned column)
{
    return a->line < line || (a->line == line && a->column <= column);
}

static bool grow(struct form_errors *kept)
{
    /* The sizes at which the array is full are 0 and the powers of two from 8 on. */
    if (kept->count != 0 && (kept->count < 8 || (kept->count & (kept->count - 1)) != 0))
        return true;
    size_t room = kept->count ? kept->count * 2 : 8;
    struct form_error *rows = realloc(kept->rows, room * sizeof(*rows));
    if (rows)
        kept->rows = rows;
    return rows != NULL;
}

static void insert(struct form_errors *kept, struct form_error row)
{
    size_t at = kept->count;

    while (at > 0 && !is_before(&kept->rows[at - 1], row.line, row.column))
        at--;
    memmove(kept->rows + at + 1, kept->rows + at, (kept->count - at) * sizeof(row));
    kept->rows[at] = row;
    kept->count++;
}

static void add(struct form_faults *faults, const struct node *node, unsigned line, unsigned column,
                const char *format, va_list args) __attribute__((format(printf, 5, 0)));

static void add(struct form_faults *faults, const struct node *node, unsigned line, unsigned column,
                const char *format, va_list args)
{
    struct form_error row = {NULL, NULL, line, column};

    faults->count++;
    if (faults->kept.count >= FORM_ERRORS_MAX)
        return;
    row.path = form_node_path(node);
    if (vasprintf(&row.sentence, format, args) < 0)
        row.sentence = NULL;
    if (row.path && row.sentence && grow(&faults->kept)) {
        insert(&faults->kept, row);
        return;
    }
    faults->out_of_memory = true;
    free(row.path);
    free(row.sentence);
}

void form_fault(struct form_faults *faults, const struct node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(faults, node, node->value.line, node->value.column, format, args);
    va_end(args);
}

void form_fault_key(struct form_faults *faults, const struct node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(faults, node, node->key.line, node->key.column, format, args);
    va_end(args);
}

void form_fault_at(struct form_faults *faults, const struct node *node, unsigned line,
                   unsigned column, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(faults, node, line, column, format, args);
    va_end(args);
}

bool form_faults_has_room(const struct form_faults *faults)
{
    return faults->kept.count < FORM_ERRORS_MAX;
}

int form_faults_result(const struct form_faults *faults, const char *name, struct err *err)
{
    char place[32] = "";

    if (faults->count == 0)
        return 0;
    if (faults->kept.count == 0)
        return err_nomem(err);
    const struct form_error *first = &faults->kept.rows[0];
    if (first->line)
        snprintf(place, sizeof(place), "%u:%u:", first->line, first->column);
    return err_set(err, ERR_INVALID_ARGUMENT, "%s%s%s%s%s%s%s", name ? name : "", name ? ":" : "",
                   place, name || *place ? " " : "", first->path, *first->path ? ": " : "",
                   first->sentence);
}
