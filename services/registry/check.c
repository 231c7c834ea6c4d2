/* Checks that kinds of records share: slugs, texts, codes, dates, sources, figures. */
#include "check.h"

#include "base/codes.h"
#include "base/edtf.h"
#include "base/id.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 256
#define TEXT_MAX  10000 /* characters of a text in one language */
#define LIST_MAX  1000  /* entries of one list in a record */

void check_slug(const char *path, const char *slug, struct findings *violations)
{
    struct err err = ERR_INIT;

    if (slug_check("slug", slug, &err) < 0)
        findings_add(violations, path, "%s", err.text);
}

static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static bool check_count(const char *path, size_t count, struct findings *violations)
{
    if (count <= LIST_MAX)
        return true;
    findings_add(violations, path, "%zu entries: at most %d are kept", count, LIST_MAX);
    return false;
}

void check_language(const char *path, const char *tag, struct findings *violations)
{
    struct err err = ERR_INIT;

    if (text_language_check(tag, &err) < 0)
        findings_add(violations, path, "%s", err.text);
}

void check_languages(const char *path, char *const *tags, size_t count, struct findings *violations)
{
    char at[PATH_SIZE];

    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(at, sizeof(at), "%s[%zu]", path, i);
        check_language(at, tags[i], violations);
        for (size_t j = 0; j < i; j++)
            if (strcmp(tags[i], tags[j]) == 0)
                findings_add(violations, at, "\"%s\" stands there twice", tags[i]);
    }
}

static void check_length(const char *path, const char *text, struct findings *violations)
{
    size_t length = count_characters(text);

    if (length > TEXT_MAX)
        findings_add(violations, path, "%zu characters: at most %d are kept", length, TEXT_MAX);
}

/* The same of a member of what stands at `path`. */
static void check_member(const char *path, const char *member, const char *text,
                         struct findings *violations)
{
    char at[PATH_SIZE];

    snprintf(at, sizeof(at), "%s.%s", path, member);
    check_length(at, text, violations);
}

void check_reason(const char *reason, struct findings *violations)
{
    check_length("reason", reason, violations);
}

static void check_text(const char *path, const char *text, struct findings *violations)
{
    if (!*text)
        findings_add(violations, path, "is empty: give the text or leave the language out");
    check_length(path, text, violations);
}

void check_texts(const char *path, Ucap__V1__LocalText *const *texts, size_t count, bool required,
                 struct findings *violations)
{
    char at[PATH_SIZE];

    if (required && count == 0)
        findings_add(violations, path, "at least one is needed");
    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(at, sizeof(at), "%s[%zu].language", path, i);
        check_language(at, texts[i]->language, violations);
        for (size_t j = 0; j < i; j++)
            if (strcmp(texts[i]->language, texts[j]->language) == 0)
                findings_add(violations, at, "\"%s\" stands there twice", texts[i]->language);
        snprintf(at, sizeof(at), "%s[%zu].text", path, i);
        check_text(at, texts[i]->text, violations);
    }
}

/* The same text in the same language as one before. */
static bool stands_before(Ucap__V1__LocalText *const *texts, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(texts[i]->language, texts[index]->language) == 0 &&
            strcmp(texts[i]->text, texts[index]->text) == 0)
            return true;
    return false;
}

void check_aliases(const char *path, Ucap__V1__LocalText *const *texts, size_t count,
                   struct findings *violations)
{
    char at[PATH_SIZE], shown[TEXT_SHOWN_SIZE];

    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(at, sizeof(at), "%s[%zu].language", path, i);
        check_language(at, texts[i]->language, violations);
        snprintf(at, sizeof(at), "%s[%zu].text", path, i);
        check_text(at, texts[i]->text, violations);
        text_show(texts[i]->text, shown);
        if (stands_before(texts, i))
            findings_add(violations, at, "%s stands there twice", shown);
    }
}

bool check_country(const char *path, const char *code, struct findings *violations)
{
    struct err err = ERR_INIT;

    if (codes_country_check(code, &err) == 0)
        return true;
    findings_add(violations, path, "%s", err.text);
    return false;
}

void check_subdivision(const char *path, const char *code, const char *country,
                       struct findings *violations)
{
    struct err err = ERR_INIT;

    if (*code && codes_subdivision_check(code, country, &err) < 0)
        findings_add(violations, path, "%s", err.text);
}

void check_zone(const char *path, const char *zone, struct findings *violations)
{
    struct err err = ERR_INIT;

    if (*zone && text_zone_check(zone, &err) < 0)
        findings_add(violations, path, "%s", err.text);
}

void check_date(const char *path, const char *date, struct findings *violations)
{
    struct edtf value;
    struct err err = ERR_INIT;

    if (*date && edtf_parse(date, &value, &err) < 0)
        findings_add(violations, path, "%s", err.text);
}

/* A scheme and something after it (RFC 3986, section 3); what it leads to is not looked at. */
static bool is_link(const char *link)
{
    static const char scheme[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
    size_t length = strspn(link, scheme);

    return length > 0 && link[length] == ':' && link[length + 1] && !strpbrk(link, " \t\n<>\"");
}

static void check_source(const char *path, const Ucap__V1__Source *source,
                         struct findings *violations)
{
    char at[PATH_SIZE], link[TEXT_SHOWN_SIZE];

    snprintf(at, sizeof(at), "%s.title", path);
    if (!*source->title)
        findings_add(violations, at, "is empty: say what the source is called");
    snprintf(at, sizeof(at), "%s.link", path);
    text_show(source->link, link);
    if (*source->link && !is_link(source->link))
        findings_add(violations, at, "%s is not a link such as https://example.eu/plan", link);
    snprintf(at, sizeof(at), "%s.date", path);
    check_date(at, source->date, violations);
    check_member(path, "title", source->title, violations);
    check_member(path, "link", source->link, violations);
    check_member(path, "says", source->says, violations);
}

void check_sources(const char *path, Ucap__V1__Source *const *sources, size_t count,
                   struct findings *violations)
{
    char at[PATH_SIZE];

    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(at, sizeof(at), "%s[%zu]", path, i);
        check_source(at, sources[i], violations);
    }
}

static void check_decimal(const char *path, const char *member, const char *number,
                          struct findings *violations)
{
    char at[PATH_SIZE], shown[TEXT_SHOWN_SIZE];

    if (!*number || text_is_decimal(number))
        return;
    snprintf(at, sizeof(at), "%s.%s", path, member);
    text_show(number, shown);
    findings_add(violations, at, "%s is not a decimal number such as 1620809 or 101.3", shown);
}

/* A value, or bounds in their order; as doubles, which is near enough to find them exchanged. */
static void check_amount(const char *path, const Ucap__V1__Figure *figure,
                         struct findings *violations)
{
    bool bounds = *figure->lower || *figure->upper;

    if (!*figure->value && !bounds)
        findings_add(violations, path,
                     "has neither value nor bounds: unknown is said by no figure");
    if (*figure->value && bounds)
        findings_add(violations, path, "has a value and bounds: give one of them");
    check_decimal(path, "value", figure->value, violations);
    check_decimal(path, "lower", figure->lower, violations);
    check_decimal(path, "upper", figure->upper, violations);
    if (text_is_decimal(figure->lower) && text_is_decimal(figure->upper) &&
        strtod(figure->lower, NULL) > strtod(figure->upper, NULL))
        findings_add(violations, path, "its lower bound %s is above its upper bound %s",
                     figure->lower, figure->upper);
}

static void check_figure(const char *path, const Ucap__V1__Figure *figure,
                         struct findings *violations, struct findings *warnings)
{
    char at[PATH_SIZE], kind[TEXT_SHOWN_SIZE];

    if (!*figure->kind) {
        snprintf(at, sizeof(at), "%s.kind", path);
        findings_add(violations, at, "is empty: say what is counted, such as population");
    }
    check_amount(path, figure, violations);
    check_member(path, "kind", figure->kind, violations);
    check_member(path, "words", figure->words, violations);
    check_member(path, "unit", figure->unit, violations);
    snprintf(at, sizeof(at), "%s.as_of", path);
    check_date(at, figure->as_of, violations);
    if (*figure->territory) {
        snprintf(at, sizeof(at), "%s.territory", path);
        check_slug(at, figure->territory, violations);
    }
    snprintf(at, sizeof(at), "%s.sources", path);
    check_sources(at, figure->sources, figure->n_sources, violations);
    text_show(figure->kind, kind);
    if (figure->n_sources == 0)
        findings_add(warnings, at, "figure %s has no source", kind);
}

void check_figures(const char *path, Ucap__V1__Figure *const *figures, size_t count,
                   struct findings *violations, struct findings *warnings)
{
    char at[PATH_SIZE], kind[TEXT_SHOWN_SIZE];

    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(at, sizeof(at), "%s[%zu]", path, i);
        text_show(figures[i]->kind, kind);
        check_figure(at, figures[i], violations, warnings);
        for (size_t j = 0; j < i; j++)
            if (figures[i]->preferred && figures[j]->preferred &&
                strcmp(figures[i]->kind, figures[j]->kind) == 0)
                findings_add(violations, at, "is the second preferred %s: prefer one", kind);
    }
}
