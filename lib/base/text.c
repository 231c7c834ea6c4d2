/* Text by ICU's C API. ICU works on UTF-16, so text is turned into struct utf16, worked on and
 * turned back; what needs no tables reads the UTF-8 as it stands. ICU fails only when out of memory
 * or without its data. */
#include "base/text.h"

#include "base/text_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

/* Normalising can make 18 characters of one; ICU's 32-bit lengths never run over below this. */
#define TEXT_BYTES_MAX (16 << 20)

struct utf16 {
    UChar *units;
    int32_t length;
};

int text_icu_failed(struct err *err, const char *what, UErrorCode status)
{
    if (status == U_MEMORY_ALLOCATION_ERROR)
        return err_nomem(err);
    return err_set(err, ERR_INTERNAL, "cannot %s: ICU says %s", what, u_errorName(status));
}

/* ---- UTF-8 as it stands ---- */

bool text_is_utf8(const char *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        UChar32 c;
        U8_NEXT(bytes, at, size, c);
        if (c <= 0)
            return false;
    }
    return true;
}

UChar32 text_next(const char *text, size_t length, size_t *at)
{
    size_t next = *at;
    UChar32 c;

    U8_NEXT(text, next, length, c);
    *at = c < 0 ? *at + 1 : next;
    return c;
}

static bool is_control(UChar32 c)
{
    if (c == '\t' || c == '\n')
        return false;
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
        return c >= 0;
    return c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

bool text_has_control(const char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length;)
        if (is_control(text_next(text, length, &at)))
            return true;
    return false;
}

/* As terminals count: character by character, so that an emoji joined of several takes the columns
 * of all. */
static size_t character_width(UChar32 c)
{
    if (c < 0)
        return 1; /* a bad byte, shown as a replacement character */
    switch (u_charType(c)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_CONTROL_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
        return 0;
    case U_FORMAT_CHAR:
        return c == 0xad; /* a soft hyphen is shown as one */
    default:
        break;
    }
    int jamo = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
    if (jamo == U_HST_VOWEL_JAMO || jamo == U_HST_TRAILING_JAMO)
        return 0; /* drawn into the syllable that its leading consonant began */
    int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

void text_show(const char *text, char ret_shown[TEXT_SHOWN_SIZE])
{
    static const char cut[] = "...";
    size_t length = strlen(text);
    size_t columns = 0, used = 1;

    ret_shown[0] = '"';
    for (size_t at = 0; at < length;) {
        size_t start = at;
        UChar32 c = text_next(text, length, &at);
        columns += character_width(c);
        if (columns > TEXT_SHOWN_COLUMNS ||
            used + (at - start) + sizeof(cut) > TEXT_SHOWN_SIZE - 1) {
            memcpy(ret_shown + used, cut, sizeof(cut) - 1);
            used += sizeof(cut) - 1;
            break;
        }
        if (c < 0x20 || is_control(c)) {
            ret_shown[used++] = '?';
            continue;
        }
        memcpy(ret_shown + used, text + start, at - start);
        used += at - start;
    }
    memcpy(ret_shown + used, "\"", 2);
}

/* ---- normal forms ---- */

static int utf16_from_text(const char *text, struct utf16 *ret_utf16, struct err *err)
{
    size_t length = strlen(text);
    UErrorCode status = U_ZERO_ERROR;
    int32_t count = 0;

    if (length > TEXT_BYTES_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT, "text of %zu bytes is over the limit of %d",
                       length, TEXT_BYTES_MAX);
    UChar *units = malloc((length + 1) * sizeof(UChar)); /* never more units than bytes */
    if (!units)
        return err_nomem(err);
    u_strFromUTF8(units, (int32_t)length + 1, &count, text, (int32_t)length, &status);
    if (U_FAILURE(status)) {
        free(units);
        return err_set(err, ERR_INVALID_ARGUMENT, "text is not well-formed UTF-8");
    }
    *ret_utf16 = (struct utf16){units, count};
    return 0;
}

static int utf16_to_text(const struct utf16 *utf16, char **ret_text, struct err *err)
{
    size_t room = 3 * (size_t)utf16->length + 1; /* never more than three bytes a unit */
    UErrorCode status = U_ZERO_ERROR;
    char *text = malloc(room);

    if (!text)
        return err_nomem(err);
    u_strToUTF8(text, (int32_t)room, NULL, utf16->units, utf16->length, &status);
    if (U_FAILURE(status)) {
        free(text);
        return text_icu_failed(err, "write text as UTF-8", status);
    }
    *ret_text = text;
    return 0;
}

static int utf16_normalise(const UNormalizer2 *form, struct utf16 *utf16, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = unorm2_normalize(form, utf16->units, utf16->length, NULL, 0, &status);

    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return text_icu_failed(err, "normalise text", status);
    UChar *units = malloc(((size_t)length + 1) * sizeof(UChar));
    if (!units)
        return err_nomem(err);
    status = U_ZERO_ERROR;
    unorm2_normalize(form, utf16->units, utf16->length, units, length + 1, &status);
    if (U_FAILURE(status)) {
        free(units);
        return text_icu_failed(err, "normalise text", status);
    }
    free(utf16->units);
    *utf16 = (struct utf16){units, length};
    return 0;
}

int text_nfc(const char *text, char **ret_text, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFCInstance(&status);
    struct utf16 utf16 = {0};

    if (U_FAILURE(status))
        return text_icu_failed(err, "load normal form C", status);
    int rc = utf16_from_text(text, &utf16, err);
    if (rc)
        return rc;
    rc = utf16_normalise(form, &utf16, err);
    if (!rc)
        rc = utf16_to_text(&utf16, ret_text, err);
    free(utf16.units);
    return rc;
}

/* Accents and points, Hebrew and Arabic ones as well, have a combining class of 10 or more. The
 * classes below are parts of a letter (nukta, kana voicing mark, virama): without them it is
 * another letter. */
static bool is_accent(UChar32 c)
{
    return u_getCombiningClass(c) >= 10;
}

/* In place: drops accents, makes one space of each run of spaces, none at either end. */
static void drop_accents_and_spaces(struct utf16 *utf16)
{
    int32_t length = 0;
    bool space = false;

    for (int32_t at = 0; at < utf16->length;) {
        UChar32 c;
        U16_NEXT(utf16->units, at, utf16->length, c);
        if (u_isUWhiteSpace(c)) {
            space = length > 0;
            continue;
        }
        if (is_accent(c))
            continue;
        if (space)
            utf16->units[length++] = ' ';
        space = false;
        U16_APPEND_UNSAFE(utf16->units, length, c);
    }
    utf16->length = length;
}

int text_fold(const char *text, char **ret_text, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *folded = unorm2_getNFKCCasefoldInstance(&status);
    const UNormalizer2 *taken_apart = unorm2_getNFKDInstance(&status);
    struct utf16 utf16 = {0};

    if (U_FAILURE(status))
        return text_icu_failed(err, "load the folded normal form", status);
    int rc = utf16_from_text(text, &utf16, err);
    if (rc)
        return rc;
    rc = utf16_normalise(folded, &utf16, err);
    if (!rc)
        rc = utf16_normalise(taken_apart, &utf16, err);
    if (!rc) {
        drop_accents_and_spaces(&utf16);
        rc = utf16_to_text(&utf16, ret_text, err);
    }
    free(utf16.units);
    return rc;
}

/* ---- width ---- */

static size_t bytes_width(const char *text, size_t length)
{
    size_t width = 0;

    for (size_t at = 0; at < length;)
        width += character_width(text_next(text, length, &at));
    return width;
}

size_t text_width(const char *text)
{
    return bytes_width(text, strlen(text));
}

void text_wrap(FILE *out, const char *text, size_t column, size_t indent, size_t columns)
{
    for (size_t at = 0; text[at];) {
        size_t gap = strspn(text + at, " ");
        const char *word = text + at + gap;
        size_t length = strcspn(word, " ");
        size_t width = bytes_width(word, length);
        if (at > 0 && column + gap + width > columns) {
            fputc('\n', out);
            column = 0;
        } else {
            column += (size_t)fprintf(out, "%*s", (int)gap, "");
        }
        if (column < indent)
            column += (size_t)fprintf(out, "%*s", (int)(indent - column), "");
        fwrite(word, 1, length, out);
        column += width;
        at += gap + length;
    }
    fputc('\n', out);
}

size_t text_cut(const char *text, size_t columns)
{
    size_t length = strlen(text);
    UErrorCode status = U_ZERO_ERROR;
    size_t fits = 0;

    /* UText counts in bytes of the UTF-8, and takes bad bytes for a character each. */
    UText *source =
        utext_openUTF8(NULL, text, length < INT32_MAX ? (int64_t)length : INT32_MAX, &status);
    UBreakIterator *clusters = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    if (U_SUCCESS(status)) /* ICU does not look at it before it uses the iterator */
        ubrk_setUText(clusters, source, &status);
    while (U_SUCCESS(status)) {
        int32_t next = ubrk_next(clusters);
        if (next == UBRK_DONE)
            break;
        size_t width = bytes_width(text + fits, (size_t)next - fits);
        if (width > columns)
            break;
        columns -= width;
        fits = (size_t)next;
    }
    ubrk_close(clusters);
    utext_close(source);
    return fits;
}
