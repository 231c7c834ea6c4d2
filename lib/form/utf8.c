/* UTF-8, one character at a time. */
#include "form/utf8.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 80 /* after which a text is cut */

size_t form_utf8_next(const char *at, const char *end, uint32_t *ret_character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)*at;
    size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t value = size == 1 ? lead : lead & (0x7fu >> size);

    *ret_character = lead;
    if (size == 0 || lead > 0xf4 || (size_t)(end - at) < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        unsigned char byte = (unsigned char)at[i];
        if ((byte & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (byte & 0x3f);
    }
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *ret_character = value;
    return size;
}

size_t form_utf8_bad(const char *text, size_t size)
{
    const char *end = text + size;
    uint32_t character;

    for (const char *at = text; at < end;) {
        size_t step = form_utf8_next(at, end, &character);
        if (step == 0)
            return (size_t)(at - text);
        at += step;
    }
    return size;
}

void form_utf8_place(const char *text, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
    *ret_line = 1;
    *ret_column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            ++*ret_line;
            *ret_column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            ++*ret_column;
        }
    }
}

bool form_utf8_is_printable(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c <= 0x9f) && c != 0x2028 && c != 0x2029 && c != 0xfeff &&
           c != 0xfffe && c != 0xffff;
}

/* Writes one character of a shown text; returns the bytes written, at most 6. */
static size_t show_character(const char *at, size_t step, uint32_t character, char *ret_text)
{
    if (step == 0)
        return (size_t)sprintf(ret_text, "\\x%02x", (unsigned)character);
    if (character == '\n')
        return (size_t)sprintf(ret_text, "\\n");
    if (!form_utf8_is_printable(character))
        return (size_t)sprintf(ret_text, "\\u%04x", (unsigned)character);
    memcpy(ret_text, at, step);
    return step;
}

const char *form_show(const char *text, size_t size, char ret_text[FORM_SHOWN_MAX])
{
    const char *end = text + size;
    size_t length = 0;
    uint32_t character;

    for (const char *at = text; at < end && length <= SHOWN_BYTES;) {
        size_t step = form_utf8_next(at, end, &character);
        length += show_character(at, step, character, ret_text + length);
        at += step ? step : 1;
        if (at < end && length > SHOWN_BYTES)
            length += (size_t)sprintf(ret_text + length, "...");
    }
    ret_text[length] = '\0';
    return ret_text;
}

const char *form_quote(const char *text, size_t size, char ret_text[FORM_SHOWN_MAX])
{
    char shown[FORM_SHOWN_MAX];

    snprintf(ret_text, FORM_SHOWN_MAX, "\"%.*s\"", FORM_SHOWN_MAX - 3,
             form_show(text, size, shown));
    return ret_text;
}
