/* Text that follows a place or a language: numbers, time zones, language tags. All by ICU's data.
 */
#include "base/text.h"
#include "base/text_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>

#define DECIMAL_MAX 40

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
    snprintf(ret_locale, ULOC_FULLNAME_CAPACITY, "en");
}

/* As UTF-8, malloc'ed. */
static int format_decimal(UNumberFormat *format, const char *decimal, char **ret_text,
                          struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    const char *point = strchr(decimal, '.');
    UChar units[8 * DECIMAL_MAX];
    char text[3 * 8 * DECIMAL_MAX];

    unum_setAttribute(format, UNUM_MINIMUM_GROUPING_DIGITS, UNUM_MINIMUM_GROUPING_DIGITS_AUTO);
    unum_setAttribute(format, UNUM_FRACTION_DIGITS, point ? (int32_t)strlen(point + 1) : 0);
    int32_t count = unum_formatDecimal(format, decimal, -1, units, sizeof(units) / sizeof(units[0]),
                                       NULL, &status);
    u_strToUTF8(text, sizeof(text), NULL, units, count, &status);
    if (U_FAILURE(status))
        return text_icu_failed(err, "format a number", status);
    char *copy = strdup(text);
    if (!copy)
        return err_nomem(err);
    *ret_text = copy;
    return 0;
}

int text_number(const char *decimal, const char *language, char **ret_text, struct err *err)
{
    char locale[ULOC_FULLNAME_CAPACITY];
    char shown[TEXT_SHOWN_SIZE];
    UErrorCode status = U_ZERO_ERROR;

    if (!text_is_decimal(decimal)) {
        text_show(decimal, shown);
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s is not a decimal number: write it as 1620809 or -101.3", shown);
    }
    locale_for(language, locale);
    UNumberFormat *format = unum_open(UNUM_DECIMAL, NULL, 0, locale, NULL, &status);
    if (U_FAILURE(status))
        return text_icu_failed(err, "load the number format", status);
    int rc = format_decimal(format, decimal, ret_text, err);
    unum_close(format);
    return rc;
}

/* ---- zones ---- */

/* ICU knows three-letter names of old Java as well ("PST", "IST"). In the tz database only these
 * have three letters. */
static bool is_of_tz_database(const char *zone)
{
    static const char *const short_names[] = {"CET", "EET", "EST", "GMT", "HST", "MET", "MST",
                                              "PRC", "ROC", "ROK", "UCT", "UTC", "WET", NULL};

    if (strlen(zone) != 3)
        return true;
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

/* All names of the tz database; the list ends with NULL. NULL when out of memory. */
static char **zones_list(void)
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *all = ucal_openTimeZones(&status);
    int32_t count = uenum_count(all, &status);
    char **zones = U_SUCCESS(status) ? calloc((size_t)count + 1, sizeof(*zones)) : NULL;
    const char *name;
    size_t kept = 0;

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
    return zones;
}

static int zone_unknown(const char *zone, char **zones, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];
    const char *nearest = NULL;

    text_show(zone, shown);
    if (strlen(zone) > 3) /* no guess for "PST": near to "EST", and three hours away */
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
    char **zones = zones_list();
    bool known = false;

    if (!zones)
        return err_nomem(err);
    for (char **name = zones; *name && !known; name++)
        known = strcmp(*name, zone) == 0;
    int rc = known ? 0 : zone_unknown(zone, zones, err);
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
