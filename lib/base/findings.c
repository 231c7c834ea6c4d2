/* A growing list of (path, sentence). What cannot be kept is counted, so that a list never looks
 * complete when it is not. */
#include "base/findings.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void findings_add(struct findings *findings, const char *path, const char *format, ...)
{
    struct err cut;
    char *copy = strdup(path);
    struct finding *rows = NULL;
    va_list args;

    va_start(args, format);
    err_vset(&cut, ERR_OK, format, args);
    va_end(args);
    char *sentence = strdup(cut.text);
    if (findings->count < FINDINGS_MAX && copy && sentence)
        rows = realloc(findings->rows, (findings->count + 1) * sizeof(*rows));
    if (!rows) {
        findings->dropped++;
        free(copy);
        free(sentence);
        return;
    }
    findings->rows = rows;
    rows[findings->count++] = (struct finding){copy, sentence};
}

void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->rows[i].path);
        free(findings->rows[i].sentence);
    }
    free(findings->rows);
    *findings = (struct findings){0};
}
