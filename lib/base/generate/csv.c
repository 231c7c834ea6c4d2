#include "csv.h"

#include "die.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the field that begins at `from`, without its quotes. Returns where the next begins; NULL:
 * it was the last. */
static char *field_end(char *from)
{
    bool quoted = *from == '"';
    char *read = from + quoted, *write = from;

    for (; *read && (quoted || *read != ','); read++) {
        if (quoted && *read == '"' && *++read != '"')
            break;
        *write++ = *read;
    }
    char *next = *read == ',' ? read + 1 : NULL;
    *write = '\0';
    return next;
}

void csv_read(const char *path, size_t count, csv_row_f *row, void *user)
{
    FILE *file = fopen(path, "r");
    char *line = NULL, *fields[CSV_FIELDS_MAX], place[512];
    size_t size = 0, number = 0;

    if (!file)
        die("cannot read %s: %s", path, strerror(errno));
    while (getline(&line, &size, file) >= 0) {
        size_t found = 0;
        line[strcspn(line, "\r\n")] = '\0';
        snprintf(place, sizeof(place), "%s:%zu", path, ++number);
        for (char *at = line; at && found < CSV_FIELDS_MAX; found++) {
            fields[found] = at;
            at = field_end(at);
        }
        if (found != count)
            die("%s: %zu fields instead of %zu", place, found, count);
        if (number > 1)
            row(fields, place, user);
    }
    free(line);
    fclose(file);
}
