/* The end of a generator that cannot do its work: the build stops with the sentence. */
#ifndef UCAP_GENERATE_DIE_H
#define UCAP_GENERATE_DIE_H

#include <stdio.h>
#include <stdlib.h>

#define die(...)                                                                                   \
    (fprintf(stderr, "generate-codes: " __VA_ARGS__), fputc('\n', stderr), exit(EXIT_FAILURE))

/* The memory; there is always some. */
static inline void *need(void *memory)
{
    if (!memory)
        die("out of memory");
    return memory;
}

#endif
