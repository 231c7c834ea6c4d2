/* Files that people keep by hand: read whole, changed by way of a new file and rename. */
#ifndef UCAP_CLI_FILE_H
#define UCAP_CLI_FILE_H

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>

#define FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* The whole text, with a terminating 0 that is not counted; malloc'ed. -ERR_NOT_FOUND: there is no
 * such file. -ERR_INVALID_ARGUMENT: larger than FILE_BYTES_MAX. */
int file_read(const char *path, char **ret_text, size_t *ret_size, struct err *err);
/* The rest of an open stream, called `name` in sentences. */
int file_read_stream(FILE *file, const char *name, char **ret_text, size_t *ret_size,
                     struct err *err);

/* Holds others of this program off `path`, which is made (empty, 0644) when it is not there.
 * Closing *ret_fd ends it. */
int file_lock(const char *path, int *ret_fd, struct err *err);

/* Replaces the text of `path`: readers see the old or the new one, never a part. Owner and mode
 * stay; a symbolic link stays one. */
int file_replace(const char *path, const char *text, struct err *err);

/* The first line of the text that begins with `start`; NULL: there is none. */
const char *file_line(const char *text, const char *start);
/* The line after the one that begins at `line`; NULL: it was the last. */
const char *file_next_line(const char *line);

/* `name` beside the file `path` (unless it is absolute): malloc'ed; NULL when out of memory. */
char *file_beside(const char *path, const char *name);

/* Makes the folders above `path` that are missing, for this user only. */
int file_make_folders(const char *path, struct err *err);

#endif
