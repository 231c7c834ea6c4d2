/* Text by ICU: normal form, width on a terminal, zones, languages, numbers; and the nearest word
 * for "did you mean". All text is UTF-8. Strings returned through ret_x are malloc'ed and the
 * caller's. */
#ifndef UCAP_BASE_TEXT_H
#define UCAP_BASE_TEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* True when bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(const char *bytes, size_t size);

/* True when the text has a character that must not reach a terminal or a document: C0 (but not tab
 * and newline), DEL, C1, bidirectional embeddings, overrides and isolates (they reorder what stands
 * beside the text; U+202A-202E, 2066-2069), line and paragraph separators. Right-to-left marks and
 * joiners are text, not control. */
bool text_has_control(const char *text);

/* A value as a sentence shows it: in quotes, cut to 64 columns with "...", '?' for bad bytes and
 * control characters. */
#define TEXT_SHOWN_COLUMNS 64
#define TEXT_SHOWN_SIZE    256 /* bytes with the terminating 0 */
void text_show(const char *text, char ret_shown[TEXT_SHOWN_SIZE]);

/* Unicode normal form C (UAX 15). -ERR_INVALID_ARGUMENT when not UTF-8. */
int text_nfc(const char *text, char **ret_text, struct err *err);

/* Search key: NFKD, no marks, case folded, spaces folded: "Liúzhōu" and "LIUZHOU" give the same. */
int text_fold(const char *text, char **ret_text, struct err *err);

/* Columns the text takes on a terminal (UAX 11: wide and full-width 2, combining 0). Bad bytes
 * count 1 each. */
size_t text_width(const char *text);

/* Bytes of the longest prefix of whole grapheme clusters (UAX 29) that fits into `columns`. */
size_t text_cut(const char *text, size_t columns);

/* Prints words in lines of at most `columns`, a newline at the end. Lines are broken at spaces
 * only, which are kept elsewhere, and start at `indent`; the first one starts at `column`, where
 * the output stands, or at `indent` if that is further right. */
void text_wrap(FILE *out, const char *text, size_t column, size_t indent, size_t columns);

/* A decimal number as text ("1620809", "-101.3") with the grouping of the language ("1,620,809");
 * digits after the point are kept as they are. -ERR_INVALID_ARGUMENT when it is no decimal
 * number. */
int text_number(const char *decimal, const char *language, char **ret_text, struct err *err);

/* True for a decimal number: optional '-', digits without needless leading zeros, optional '.' and
 * digits. 40 characters at most. */
bool text_is_decimal(const char *text);

/* An IANA time zone that the tz database knows, written as there ("Europe/Rome"). The sentence has
 * the nearest name. */
int text_zone_check(const char *zone, struct err *err);

/* A well-formed BCP 47 tag in canonical form ("zh-Hans", not "zh-hans"), whose language ICU
 * knows. */
int text_language_check(const char *tag, struct err *err);

/* The word of `words` (ends with NULL) nearest to `word` by Damerau-Levenshtein distance over
 * folded characters, if near enough for a guess (at most a third of its length, 3 at most); else
 * NULL. Points into words. */
const char *text_nearest(const char *word, const char *const *words);

/* Damerau-Levenshtein distance (optimal string alignment) over characters. Of longer texts only the
 * first 256 characters are compared; each byte that follows counts as a difference. */
size_t text_distance(const char *a, const char *b);

#endif
