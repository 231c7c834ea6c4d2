/* mmi.list: `NAME WORKERS FREE_CREDIT QUEUED` a line. The answer comes from the network: every part
 * is checked. */
#include "ucap/services.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 3

static int refuse(const char *line, size_t size, struct err *err)
{
    return err_set(err, ERR_INTERNAL,
                   "the gateway lists \"%.*s\", which is not NAME WORKERS "
                   "FREE_CREDIT QUEUED",
                   (int)(size < 100 ? size : 100), line);
}

/* " 12" at *at, which is moved behind it. At most 9 digits. */
static int read_number(const char **at, const char *end, unsigned *ret_number)
{
    unsigned number = 0;
    const char *digit = *at + 1;

    if (*at == end || **at != ' ' || digit == end)
        return -1;
    for (; digit < end && isdigit((unsigned char)*digit); digit++) {
        if (digit - *at > 9)
            return -1;
        number = number * 10 + (unsigned)(*digit - '0');
    }
    if (digit == *at + 1)
        return -1;
    *ret_number = number;
    *at = digit;
    return 0;
}

static int read_row(const char *line, size_t size, struct ucap_service_row *row, struct err *err)
{
    unsigned numbers[NUMBERS];
    const char *end = line + size;
    const char *at = memchr(line, ' ', size);

    if (!at || at == line || (size_t)(at - line) >= sizeof(row->name))
        return refuse(line, size, err);
    *row = (struct ucap_service_row){0};
    memcpy(row->name, line, (size_t)(at - line));
    for (size_t i = 0; i < NUMBERS; i++)
        if (read_number(&at, end, &numbers[i]) < 0)
            return refuse(line, size, err);
    if (at != end)
        return refuse(line, size, err);
    row->workers = numbers[0];
    row->free_credit = numbers[1];
    row->queued = numbers[2];
    return 0;
}

struct rows {
    struct ucap_service_row *list;
    size_t count;
};

static int add_line(struct rows *rows, const char *line, size_t size, struct err *err)
{
    struct ucap_service_row *more = reallocarray(rows->list, rows->count + 1, sizeof(*rows->list));

    if (!more)
        return err_nomem(err);
    rows->list = more;
    int rc = read_row(line, size, &more[rows->count], err);
    if (rc == 0)
        rows->count++;
    return rc;
}

static int add_frame(struct rows *rows, const char *text, size_t size, struct err *err)
{
    const char *end = text + size;
    int rc = 0;

    while (text < end && rc == 0) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline ? newline : end;
        if (line_end > text)
            rc = add_line(rows, text, (size_t)(line_end - text), err);
        text = newline ? newline + 1 : end;
    }
    return rc;
}

int services_parse(const struct frames *frames, struct ucap_service_row **ret_rows,
                   size_t *ret_count, struct err *err)
{
    struct rows rows = {0};
    int rc = 0;

    if (frames->count == 0 || !frames_equal(frames, 0, "200", 3))
        return err_set(err, ERR_UNIMPLEMENTED, "the gateway does not know mmi.list: it is too old");
    for (size_t i = 1; i < frames->count && rc == 0; i++)
        rc = add_frame(&rows, frames_data(frames, i), frames_size(frames, i), err);
    if (rc < 0) {
        free(rows.list);
        return rc;
    }
    *ret_rows = rows.list;
    *ret_count = rows.count;
    return 0;
}
