/* Rows of a CSV file (RFC 4180, without line breaks in fields), after its line of names. */
#ifndef UCAP_GENERATE_CSV_H
#define UCAP_GENERATE_CSV_H

#include <stddef.h>

#define CSV_FIELDS_MAX 8

/* Calls `row` for each line, with `count` fields; dies when a line has more or fewer. `place` is
 * "FILE:LINE". */
typedef void csv_row_f(char *const *fields, const char *place, void *user);
void csv_read(const char *path, size_t count, csv_row_f *row, void *user);

#endif
