/* Checks that kinds of records share: slugs, texts, dates, sources, figures. */
#include "check.h"

#include "base/edtf.h"
#include "base/id.h"
#include "base/text.h"

#include <stdio.h>
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

static void check_text(const char *path, const char *text, struct findings *violations)
{
    size_t length = count_characters(text);

    if (length == 0)
        findings_add(violations, path, "is empty: give the text or leave the language out");
    else if (length > TEXT_MAX)
        findings_add(violations, path, "%zu characters: at most %d are kept", length, TEXT_MAX);
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

void check_sources(const char *path, Ucap__V1__Source *const *sources, size_t count,
                   struct findings *violations)
{
    char at[PATH_SIZE];

    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!*sources[i]->title) {
            snprintf(at, sizeof(at), "%s[%zu].title", path, i);
            findings_add(violations, at, "is empty: say what the source is called");
        }
        snprintf(at, sizeof(at), "%s[%zu].link", path, i);
        if (*sources[i]->link && !is_link(sources[i]->link))
            findings_add(violations, at, "\"%s\" is not a link such as https://example.eu/plan",
                         sources[i]->link);
        snprintf(at, sizeof(at), "%s[%zu].date", path, i);
        check_date(at, sources[i]->date, violations);
    }
}

static void check_decimal(const char *path, const char *member, const char *number,
                          struct findings *violations)
{
    char at[PATH_SIZE];

    snprintf(at, sizeof(at), "%s.%s", path, member);
    if (*number && !text_is_decimal(number))
        findings_add(violations, at, "\"%s\" is not a decimal number such as 1620809 or 101.3",
                     number);
}

static void check_figure(const char *path, const Ucap__V1__Figure *figure,
                         struct findings *violations, struct findings *warnings)
{
    char at[PATH_SIZE];
    bool bounds = *figure->lower || *figure->upper;

    if (!*figure->kind) {
        snprintf(at, sizeof(at), "%s.kind", path);
        findings_add(violations, at, "is empty: say what is counted, such as population");
    }
    if (!*figure->value && !bounds)
        findings_add(violations, path,
                     "has neither value nor bounds: unknown is said by no figure");
    if (*figure->value && bounds)
        findings_add(violations, path, "has a value and bounds: give one of them");
    check_decimal(path, "value", figure->value, violations);
    check_decimal(path, "lower", figure->lower, violations);
    check_decimal(path, "upper", figure->upper, violations);
    snprintf(at, sizeof(at), "%s.as_of", path);
    check_date(at, figure->as_of, violations);
    if (*figure->territory) {
        snprintf(at, sizeof(at), "%s.territory", path);
        check_slug(at, figure->territory, violations);
    }
    snprintf(at, sizeof(at), "%s.sources", path);
    check_sources(at, figure->sources, figure->n_sources, violations);
    if (figure->n_sources == 0)
        findings_add(warnings, at, "the %s has no source", figure->kind);
}

void check_figures(const char *path, Ucap__V1__Figure *const *figures, size_t count,
                   struct findings *violations, struct findings *warnings)
{
    char at[PATH_SIZE];

    if (!check_count(path, count, violations))
        return;
    for (size_t i = 0; i < count; i++) {
        snprintf(at, sizeof(at), "%s[%zu]", path, i);
        check_figure(at, figures[i], violations, warnings);
        for (size_t j = 0; j < i; j++)
            if (figures[i]->preferred && figures[j]->preferred &&
                strcmp(figures[i]->kind, figures[j]->kind) == 0)
                findings_add(violations, at, "is the second preferred %s: prefer one",
                             figures[i]->kind);
    }
}
