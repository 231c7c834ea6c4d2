/* The gateway's principals file as text that people edit: one entry is added, the rest stays as it
 * stands. */
#ifndef UCAP_CLI_PRINCIPALS_H
#define UCAP_CLI_PRINCIPALS_H

#include "base/err.h"

#include <ucap/v1/config.pb-c.h>

/* Checks what can be checked of an entry by itself. */
int principal_check(const Ucap__V1__Principal *principal, struct err *err);

/* The text with the entry appended; malloc'ed. `path` is for sentences. -ERR_ALREADY_EXISTS: name
 * or key is in the file. -ERR_INVALID_ARGUMENT: the file is not valid. -ERR_FAILED_PRECONDITION: it
 * is written in a way that cannot be appended to. The result has been read back: it is the old list
 * and the entry. */
int principals_append(const char *path, const char *text, const Ucap__V1__Principal *principal,
                      char **ret_text, struct err *err);

#endif
