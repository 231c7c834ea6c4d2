/* Cursors: "1" and the hex digits of a slug, or "2" and a version in decimal digits. */
#include "cursor.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_DIGITS 18 /* fewer than the largest bigint has */

static bool parse_slug(const char *cursor, char slug[SLUG_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(cursor);

    if (cursor[0] != '1' || length % 2 != 1 || length / 2 > SLUG_MAX ||
        strspn(cursor, digits) != length)
        return false;
    for (size_t i = 0; i < length / 2; i++)
        slug[i] = (char)((strchr(digits, cursor[1 + 2 * i]) - digits) * 16 +
                         (strchr(digits, cursor[2 + 2 * i]) - digits));
    slug[length / 2] = '\0';
    return slug_check("cursor", slug, NULL) == 0;
}

static bool parse_version(const char *cursor, uint64_t *ret_version)
{
    size_t length = strlen(cursor);

    if (cursor[0] != '2' || length < 2 || length > 1 + VERSION_DIGITS ||
        strspn(cursor, "0123456789") != length)
        return false;
    *ret_version = strtoull(cursor + 1, NULL, 10);
    return *ret_version > 0;
}

static void refuse(const char *cursor, struct findings *violations)
{
    char shown[TEXT_SHOWN_SIZE];

    text_show(cursor, shown);
    findings_add(violations, "cursor", "%s is not one of ours: leave it empty to begin again",
                 shown);
}

void cursor_read_slug(const char *cursor, char ret_slug[SLUG_MAX + 1], struct findings *violations)
{
    ret_slug[0] = '\0';
    if (*cursor && !parse_slug(cursor, ret_slug))
        refuse(cursor, violations);
}

void cursor_read_version(const char *cursor, uint64_t *ret_version, struct findings *violations)
{
    *ret_version = 0;
    if (*cursor && !parse_version(cursor, ret_version))
        refuse(cursor, violations);
}

void cursor_write_slug(const char *slug, char cursor[CURSOR_SIZE])
{
    *cursor++ = '1';
    for (; *slug; slug++, cursor += 2)
        snprintf(cursor, 3, "%02x", (unsigned char)*slug);
    *cursor = '\0';
}

void cursor_write_version(uint64_t version, char cursor[CURSOR_SIZE])
{
    snprintf(cursor, CURSOR_SIZE, "2%llu", (unsigned long long)version);
}
