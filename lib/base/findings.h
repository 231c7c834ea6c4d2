/* A list of (path, sentence): what is wrong with a message, or what should be looked at in it. */
#ifndef UCAP_BASE_FINDINGS_H
#define UCAP_BASE_FINDINGS_H

#include <stddef.h>

#define FINDINGS_MAX 100 /* more are counted, not kept */

struct finding {
    char *path;
    char *sentence;
};

/* Zero-initialised is empty. */
struct findings {
    struct finding *rows;
    size_t count;   /* rows kept */
    size_t dropped; /* more than FINDINGS_MAX, or out of memory */
};

/* Both strings are copied; a sentence over ERR_TEXT_MAX is cut at a character. */
void findings_add(struct findings *findings, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void findings_clear(struct findings *findings);

#endif
