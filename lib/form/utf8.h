/* Characters of UTF-8 (RFC 3629), with their places in a text. */
#ifndef UCAP_FORM_UTF8_H
#define UCAP_FORM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `at`, 1 to 4; 0 when it is cut, overlong, a surrogate or no character
 * at all (*ret_character is then the first byte). at < end. */
size_t form_utf8_next(const char *at, const char *end, uint32_t *ret_character);

/* Offset of the first byte that is not UTF-8; `size` when there is none. */
size_t form_utf8_bad(const char *text, size_t size);

/* Line and column (in characters), both from 1, of the byte at `offset`. */
void form_utf8_place(const char *text, size_t offset, unsigned *ret_line, unsigned *ret_column);

/* True for what may stand as it is in a terminal, in JSON and in YAML: no control character (C0,
 * DEL, C1), no line or paragraph separator, no byte order mark, no U+FFFE and U+FFFF. */
bool form_utf8_is_printable(uint32_t character);

#define FORM_SHOWN_MAX 128 /* bytes of a text shown in a sentence, with the 0 */

/* The text for a sentence: what is not printable is escaped, a long one is cut. Returns ret_text.
 */
const char *form_show(const char *text, size_t size, char ret_text[FORM_SHOWN_MAX]);

/* The same in double quotes. */
const char *form_quote(const char *text, size_t size, char ret_text[FORM_SHOWN_MAX]);

#endif
