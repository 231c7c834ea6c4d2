/* Countries, subdivisions and currencies: checks and names. */
#include "base/codes.h"

#include "base/codes_parts.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The kind of a code, for sentences. */
struct kind {
    const struct codes_list *list;
    const char *what;
    const char *hint;
};

static const struct kind country_kind = {&codes_countries, "country",
                                         "use the two letters of ISO 3166-1, such as \"ES\""};
static const struct kind subdivision_kind = {&codes_subdivisions, "subdivision",
                                             "use a code of ISO 3166-2, such as \"ES-CT\""};
static const struct kind currency_kind = {&codes_currencies, "currency",
                                          "use the three letters of ISO 4217, such as \"EUR\""};

static const char *name_of(const struct codes_list *list, const char *code, const char *language)
{
    size_t place = codes_find(list, code);

    return place == CODES_NONE ? NULL : codes_name(list, place, language);
}

/* The sentence for a code that the kind does not have: with the code of that name in `named`, or
 * the nearest in `near`. */
static int refuse(const struct kind *kind, struct codes_range named, struct codes_range near,
                  const char *code, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];
    size_t guess = codes_named(named, code);

    text_show(code, shown);
    if (guess != CODES_NONE)
        return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is not a code (did you mean \"%s\"?)",
                       kind->what, shown, codes_at(kind->list, guess));
    guess = codes_near_code(near, code);
    if (guess == CODES_NONE)
        guess = codes_near_name(near, code);
    if (guess != CODES_NONE)
        return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is not known (did you mean \"%s\" %s?)",
                       kind->what, shown, codes_at(kind->list, guess),
                       codes_name(kind->list, guess, NULL));
    return err_set(err, ERR_INVALID_ARGUMENT, "%s %s is not known: %s", kind->what, shown,
                   kind->hint);
}

static int check(const struct kind *kind, const char *code, struct err *err)
{
    if (codes_find(kind->list, code) != CODES_NONE)
        return 0;
    struct codes_range all = codes_all(kind->list);
    return refuse(kind, all, all, code, err);
}

int codes_country_check(const char *code, struct err *err)
{
    return check(&country_kind, code, err);
}

const char *codes_country_name(const char *code, const char *language)
{
    return name_of(&codes_countries, code, language);
}

int codes_currency_check(const char *code, struct err *err)
{
    return check(&currency_kind, code, err);
}

const char *codes_currency_name(const char *code, const char *language)
{
    return name_of(&codes_currencies, code, language);
}

/* ---- subdivisions ---- */

#define COUNTRY_LETTERS 2

/* A code that is valid, but of another country. */
static int refuse_foreign(const char *code, const char *country, struct err *err)
{
    char other[COUNTRY_LETTERS + 1];

    snprintf(other, sizeof(other), "%s", code);
    return err_set(err, ERR_INVALID_ARGUMENT, "subdivision \"%s\" %s is in %s %s, not in %s %s",
                   code, codes_subdivision_name(code, NULL), other, codes_country_name(other, NULL),
                   country, codes_country_name(country, NULL));
}

/* One that no country has; what is meant is one of `country`. */
static int refuse_unknown(const char *code, const char *country, struct err *err)
{
    char whole[16];
    struct codes_range range;

    snprintf(whole, sizeof(whole), "%.2s-", country);
    range = codes_beginning(&codes_subdivisions, whole);
    if (range.begin == range.end)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "country \"%s\" %s has no subdivisions in ISO 3166-2: leave it out", country,
                       codes_country_name(country, NULL));
    snprintf(whole, sizeof(whole), "%.2s-%s", country, code);
    if (codes_find(&codes_subdivisions, whole) != CODES_NONE) /* "CT" for "ES-CT" */
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "subdivision \"%s\" lacks its country (did you mean \"%s\" %s?)", code,
                       whole, codes_subdivision_name(whole, NULL));
    return refuse(&subdivision_kind, range, range, code, err);
}

int codes_subdivision_check(const char *code, const char *country, struct err *err)
{
    char own[COUNTRY_LETTERS + 1];

    if (codes_find(&codes_subdivisions, code) != CODES_NONE) {
        if (!*country || strncmp(code, country, COUNTRY_LETTERS) == 0)
            return 0;
        return refuse_foreign(code, country, err);
    }
    snprintf(own, sizeof(own), "%s", code);
    if (!*country && strchr(code, '-') == code + COUNTRY_LETTERS &&
        codes_find(&codes_countries, own) != CODES_NONE)
        country = own;
    if (*country)
        return refuse_unknown(code, country, err);
    /* Among those of the whole world, something near would be there for nearly every text. */
    struct codes_range all = codes_all(&codes_subdivisions), none = {&codes_subdivisions, 0, 0};
    return refuse(&subdivision_kind, all, none, code, err);
}

const char *codes_subdivision_name(const char *code, const char *language)
{
    return name_of(&codes_subdivisions, code, language);
}
