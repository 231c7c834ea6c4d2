/* Text by ICU's C API. ICU works on UTF-16, so text is turned into struct utf16, worked on and
 * turned back; what needs no tables reads the UTF-8 as it stands. ICU fails only when out of memory
 * or without its data. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/ucal.h>
#include <unicode/uchar.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>
#include <unicode/unorm2.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

/* Normalising can make 18 characters of one; with this bound ICU's 32-bit lengths never run over.
 */
#define TEXT_BYTES_MAX (16 << 20)

#define DECIMAL_MAX 40

struct utf16 {
    UChar *units;
    int32_t length;
};

static int icu_failed(struct err *err, const char *what, UErrorCode status)
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

/* The character at *at, moved behind it; negative for a bad byte. */
static UChar32 next_character(const char *text, size_t length, size_t *at)
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
        if (is_control(next_character(text, length, &at)))
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
        UChar32 c = next_character(text, length, &at);
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
    struct utf16 utf16;

    if (length > TEXT_BYTES_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT, "text of %zu bytes is over the limit of %d",
                       length, TEXT_BYTES_MAX);
    utf16.units = malloc((length + 1) * sizeof(UChar)); /* never more units than bytes */
    if (!utf16.units)
        return err_nomem(err);
    u_strFromUTF8(utf16.units, (int32_t)length + 1, &utf16.length, text, (int32_t)length, &status);
    if (U_FAILURE(status)) {
        free(utf16.units);
        return err_set(err, ERR_INVALID_ARGUMENT, "text is not well-formed UTF-8");
    }
    *ret_utf16 = utf16;
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
        return icu_failed(err, "write text as UTF-8", status);
    }
    *ret_text = text;
    return 0;
}

static int utf16_normalise(const UNormalizer2 *form, struct utf16 *utf16, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = unorm2_normalize(form, utf16->units, utf16->length, NULL, 0, &status);

    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return icu_failed(err, "normalise text", status);
    UChar *units = malloc(((size_t)length + 1) * sizeof(UChar));
    if (!units)
        return err_nomem(err);
    status = U_ZERO_ERROR;
    unorm2_normalize(form, utf16->units, utf16->length, units, length + 1, &status);
    if (U_FAILURE(status)) {
        free(units);
        return icu_failed(err, "normalise text", status);
    }
    free(utf16->units);
    *utf16 = (struct utf16){units, length};
    return 0;
}

int text_nfc(const char *text, char **ret_text, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFCInstance(&status);
    struct utf16 utf16;

    if (U_FAILURE(status))
        return icu_failed(err, "load normal form C", status);
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
    struct utf16 utf16;

    if (U_FAILURE(status))
        return icu_failed(err, "load the folded normal form", status);
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
        width += character_width(next_character(text, length, &at));
    return width;
}

size_t text_width(const char *text)
{
    return bytes_width(text, strlen(text));
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

/* ---- numbers ---- */

bool text_is_decimal(const char *text)
{
    size_t sign = text[0] == '-';
    size_t whole = strspn(text + sign, "0123456789");
    size_t length = sign + whole;

    if (whole == 0 || (whole > 1 && text[sign] == '0'))
        return false;
    if (text[length] == '.') {
        size_t fraction = strspn(text + length + 1, "0123456789");
        if (fraction == 0)
            return false;
        length += 1 + fraction;
    }
    return text[length] == '\0' && length <= DECIMAL_MAX;
}

/* The locale of a language tag; English where ICU has no data for the language, since its own
 * choice would be the process's LANG, and the same records would not give the same bytes
 * everywhere. */
static void locale_for(const char *language, char ret_locale[ULOC_FULLNAME_CAPACITY])
{
    char base[ULOC_LANG_CAPACITY] = "";
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed;

    uloc_forLanguageTag(language, ret_locale, ULOC_FULLNAME_CAPACITY, &parsed, &status);
    if (U_SUCCESS(status))
        uloc_getLanguage(ret_locale, base, sizeof(base), &status);
    if (U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING)
        for (int32_t i = 0; i < uloc_countAvailable(); i++)
            if (strcmp(uloc_getAvailable(i), base) == 0)
                return;
    strcpy(ret_locale, "en");
}

static int format_decimal(UNumberFormat *format, const char *decimal, struct utf16 *utf16,
                          struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const char *point = strchr(decimal, '.');
    UChar units[8 * DECIMAL_MAX];

    unum_setAttribute(format, UNUM_MINIMUM_GROUPING_DIGITS, UNUM_MINIMUM_GROUPING_DIGITS_AUTO);
    unum_setAttribute(format, UNUM_FRACTION_DIGITS, point ? (int32_t)strlen(point + 1) : 0);
    utf16->length = unum_formatDecimal(format, decimal, -1, units, sizeof(units) / sizeof(units[0]),
                                       NULL, &status);
    if (U_FAILURE(status))
        return icu_failed(err, "format a number", status);
    utf16->units = malloc(sizeof(units));
    if (!utf16->units)
        return err_nomem(err);
    memcpy(utf16->units, units, sizeof(units));
    return 0;
}

int text_number(const char *decimal, const char *language, char **ret_text, struct err *err)
{
    char locale[ULOC_FULLNAME_CAPACITY];
    char shown[TEXT_SHOWN_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    struct utf16 utf16;

    if (!text_is_decimal(decimal)) {
        text_show(decimal, shown);
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s is not a decimal number: write it as 1620809 or -101.3", shown);
    }
    locale_for(language, locale);
    UNumberFormat *format = unum_open(UNUM_DECIMAL, NULL, 0, locale, NULL, &status);
    if (U_FAILURE(status))
        return icu_failed(err, "load the number format", status);
    int rc = format_decimal(format, decimal, &utf16, err);
    unum_close(format);
    if (rc)
        return rc;
    rc = utf16_to_text(&utf16, ret_text, err);
    free(utf16.units);
    return rc;
}

/* ---- zones ---- */

/* ICU knows three-letter names of old Java as well ("PST", "IST"), and a placeholder. In the tz
 * database only these have three letters. */
static bool is_of_tz_database(const char *zone)
{
    static const char *const short_names[] = {"CET", "EET", "EST", "GMT", "HST", "MET", "MST",
                                              "PRC", "ROC", "ROK", "UCT", "UTC", "WET", NULL};

    if (strlen(zone) != 3)
        return strcmp(zone, "Etc/Unknown") != 0;
    for (const char *const *name = short_names; *name; name++)
        if (strcmp(zone, *name) == 0)
            return true;
    return false;
}

static void zones_free(char **zones)
{
    for (char **zone = zones; *zone; zone++)
        free(*zone);
    free(zones);
}

/* All names of the tz database; the list ends with NULL. */
static int zones_list(char ***ret_zones, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *all = ucal_openTimeZones(&status);
    int32_t count = uenum_count(all, &status);
    size_t kept = 0;
    const char *name;

    if (U_FAILURE(status)) {
        uenum_close(all);
        return icu_failed(err, "list the time zones", status);
    }
    char **zones = calloc((size_t)count + 1, sizeof(*zones));
    while (zones && (name = uenum_next(all, NULL, &status))) {
        if (!is_of_tz_database(name))
            continue;
        zones[kept] = strdup(name);
        if (!zones[kept++]) {
            zones_free(zones);
            zones = NULL;
        }
    }
    uenum_close(all);
    if (!zones)
        return err_nomem(err);
    *ret_zones = zones;
    return 0;
}

static int zone_unknown(const char *zone, char **zones, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];
    const char *nearest = NULL;

    text_show(zone, shown);
    if (strlen(zone) >
        3) /* an abbreviation such as "PST" is near to another one, and hours away from it */
        nearest = text_nearest(zone, (const char *const *)zones);
    if (nearest)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "time zone %s is not known (did you mean \"%s\"?)", shown, nearest);
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "time zone %s is not known: use a name of the tz database, such as "
                   "\"Europe/Rome\"",
                   shown);
}

int text_zone_check(const char *zone, struct err *err)
{
    char **zones;
    int rc = zones_list(&zones, err);

    if (rc)
        return rc;
    for (char **name = zones; *name; name++)
        if (strcmp(*name, zone) == 0)
            goto out;
    rc = zone_unknown(zone, zones, err);
out:
    zones_free(zones);
    return rc;
}

/* ---- languages ---- */

/* The ICU locale and the canonical form of a tag; false when it is not well-formed. */
static bool language_parse(const char *tag, char ret_locale[ULOC_FULLNAME_CAPACITY],
                           char ret_canonical[ULOC_FULLNAME_CAPACITY])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed = 0;

    uloc_forLanguageTag(tag, ret_locale, ULOC_FULLNAME_CAPACITY, &parsed, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        return false;
    uloc_toLanguageTag(ret_locale, ret_canonical, ULOC_FULLNAME_CAPACITY, true, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        return false;
    return parsed > 0 && (size_t)parsed == strlen(tag); /* else it stopped at what is wrong */
}

int text_language_check(const char *tag, struct err *err)
{
    char locale[ULOC_FULLNAME_CAPACITY];
    char canonical[ULOC_FULLNAME_CAPACITY];
    char shown[TEXT_SHOWN_SIZE];

    text_show(tag, shown);
    if (!language_parse(tag, locale, canonical))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "language %s is not a BCP 47 tag: write it as \"en\" or \"zh-Hans\"", shown);
    if (uloc_getISO3Language(locale)[0] == '\0')
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "language %s is not known: use a code of ISO 639, such as \"ca\"", shown);
    if (strcmp(canonical, tag) != 0)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "language %s is not in canonical form: write \"%s\"", shown, canonical);
    return 0;
}

/* ---- nearest word ---- */

#define DISTANCE_CHARACTERS 256

struct characters {
    UChar32 at[DISTANCE_CHARACTERS];
    size_t count;
    size_t rest; /* bytes that were not looked at */
};

static void characters_of(const char *text, struct characters *ret)
{
    size_t length = strlen(text);
    size_t at = 0;

    for (ret->count = 0; at < length && ret->count < DISTANCE_CHARACTERS; ret->count++)
        ret->at[ret->count] = next_character(text, length, &at);
    ret->rest = length - at;
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b)
{
    size_t rows[3][DISTANCE_CHARACTERS + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    struct characters x, y;

    characters_of(a, &x);
    characters_of(b, &y);
    for (size_t j = 0; j <= y.count; j++)
        last[j] = j;
    for (size_t i = 1; i <= x.count; i++) {
        row[0] = i;
        for (size_t j = 1; j <= y.count; j++) {
            row[j] =
                min_of(min_of(last[j], row[j - 1]) + 1, last[j - 1] + (x.at[i - 1] != y.at[j - 1]));
            if (i > 1 && j > 1 && x.at[i - 1] == y.at[j - 2] && x.at[i - 2] == y.at[j - 1])
                row[j] = min_of(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[y.count] + (x.rest > y.rest ? x.rest : y.rest);
}

static size_t characters_in(const char *text)
{
    size_t length = strlen(text);
    size_t count = 0;

    for (size_t at = 0; at < length; count++)
        next_character(text, length, &at);
    return count;
}

const char *text_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    char *wanted, *candidate;

    if (text_fold(word, &wanted, NULL))
        return NULL;
    size_t within = min_of(characters_in(wanted) / 3, 3);
    for (; *words; words++) {
        if (text_fold(*words, &candidate, NULL))
            continue;
        size_t distance = text_distance(wanted, candidate);
        free(candidate);
        if (distance > within || (nearest && distance == within))
            continue;
        nearest = *words;
        within = distance;
    }
    free(wanted);
    return nearest;
}
