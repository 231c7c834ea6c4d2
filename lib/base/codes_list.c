/* A list of codes: what stands where, and in which language it has a name. */
#include "base/codes_parts.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uloc.h>

const char *codes_at(const struct codes_list *list, size_t place)
{
    return codes_text + list->codes[place];
}

/* The first place whose code does not come before the text. */
static size_t lower_bound(const struct codes_list *list, const char *text)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(codes_at(list, middle), text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t codes_find(const struct codes_list *list, const char *code)
{
    size_t place = lower_bound(list, code);

    return place < list->count && strcmp(codes_at(list, place), code) == 0 ? place : CODES_NONE;
}

struct codes_range codes_all(const struct codes_list *list)
{
    return (struct codes_range){list, 0, list->count};
}

struct codes_range codes_beginning(const struct codes_list *list, const char *prefix)
{
    size_t length = strlen(prefix);
    struct codes_range range = {list, lower_bound(list, prefix), 0};

    range.end = range.begin;
    while (range.end < list->count && strncmp(codes_at(list, range.end), prefix, length) == 0)
        range.end++;
    return range;
}

/* ---- names ---- */

#define TAG_SIZE (ULOC_LANG_CAPACITY + ULOC_SCRIPT_CAPACITY + ULOC_COUNTRY_CAPACITY)

/* Of a language tag. The script is the usual one where the tag has none ("Hant" of "zh-TW"). */
struct wanted {
    char language[ULOC_LANG_CAPACITY];
    char script[ULOC_SCRIPT_CAPACITY];
    char region[ULOC_COUNTRY_CAPACITY]; /* empty where the tag has none */
};

static bool read_tag(const char *tag, struct wanted *ret)
{
    char locale[ULOC_FULLNAME_CAPACITY], usual[ULOC_FULLNAME_CAPACITY];
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed = 0;

    uloc_forLanguageTag(tag, locale, sizeof(locale), &parsed, &status);
    if (U_FAILURE(status) || parsed <= 0 || tag[parsed]) /* it stops at what is wrong */
        return false;
    uloc_addLikelySubtags(locale, usual, sizeof(usual), &status);
    uloc_getLanguage(usual, ret->language, sizeof(ret->language), &status);
    uloc_getScript(usual, ret->script, sizeof(ret->script), &status);
    uloc_getCountry(locale, ret->region, sizeof(ret->region), &status);
    return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}

/* The name in exactly this language; NULL: there is none. */
static const char *name_in(const struct codes_list *list, size_t place, const char *tag)
{
    size_t low = 0, high = list->languages;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list->names[middle].language, tag);
        if (order == 0) {
            uint32_t at = list->names[middle].at[place];
            return at ? codes_text + at : NULL;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* By the tags from the most to the least exact, as in RFC 4647, section 3.4. */
static const char *name_for(const struct codes_list *list, size_t place, const struct wanted *w)
{
    const char *const subtags[][2] = {
        {w->script, w->region}, {"", w->region}, {w->script, ""}, {"", ""}};
    const char *name = NULL;
    char tag[TAG_SIZE];

    for (size_t i = 0; i < sizeof(subtags) / sizeof(subtags[0]) && !name; i++) {
        const char *script = subtags[i][0], *region = subtags[i][1];
        snprintf(tag, sizeof(tag), "%s%s%s%s%s", w->language, *script ? "-" : "", script,
                 *region ? "-" : "", region);
        name = name_in(list, place, tag);
    }
    if (!name && strcmp(w->language, "zh") == 0)
        name = name_in(list, place, "zh-Hans");
    if (!name && strcmp(w->language, "no") == 0)
        name = name_in(list, place, "nb");
    return name;
}

const char *codes_name(const struct codes_list *list, size_t place, const char *language)
{
    struct wanted wanted;
    const char *name = NULL;

    if (language && read_tag(language, &wanted))
        name = name_for(list, place, &wanted);
    return name ? name : name_in(list, place, "en");
}
