/* Reading iso-codes: JSON for codes and English names, message catalogs for the other languages. */
#include "iso.h"

#include "die.h"
#include "mo.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

/* ---- JSON ---- */

/* The rows of a list, such as "3166-1". The caller's. */
static json_t *rows_of(const struct iso *iso, const char *standard)
{
    char path[PATH_SIZE];
    json_error_t error;

    snprintf(path, sizeof(path), "%s/iso_%s.json", iso->json, standard);
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        die("%s:%d: %s", path, error.line, error.text);
    json_t *rows = json_incref(json_object_get(root, standard));
    json_decref(root);
    if (json_array_size(rows) == 0)
        die("%s has no list \"%s\"", path, standard);
    return rows;
}

/* NULL: the row has no such member. */
static const char *member(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

static const char *code_of(const json_t *row, const char *name)
{
    const char *code = member(row, name);

    if (!code || !member(row, "name"))
        die("a row of iso-codes lacks \"%s\" or \"name\"", name);
    return code;
}

/* ---- languages ---- */

/* Languages that gettext writes in its own way. "mo" is the old name of "ro". */
static const struct {
    const char *locale, *tag;
} locales[] = {{"mo", NULL},         {"sr@latin", "sr-Latn"}, {"tt@iqtelif", "tt-Latn"},
               {"zh_CN", "zh-Hans"}, {"zh_HK", "zh-Hant-HK"}, {"zh_TW", "zh-Hant"}};

/* As a BCP 47 tag; false when it is not wanted. */
static bool tag_of(const char *locale, char ret_tag[PATH_SIZE])
{
    const char *tag = locale;

    for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++)
        if (strcmp(locales[i].locale, locale) == 0)
            tag = locales[i].tag;
    if (!tag)
        return false;
    snprintf(ret_tag, PATH_SIZE, "%s", tag);
    for (char *at = ret_tag; *at; at++)
        if (*at == '_')
            *at = '-';
    return true;
}

static struct mo *catalog_of(const struct iso *iso, const char *locale, const char *standard)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/%s/LC_MESSAGES/iso_%s.mo", iso->locale, locale, standard);
    return mo_open(path);
}

/* ---- names ---- */

/* Adds the names of all rows in one language. */
typedef void translate_f(struct list *list, const json_t *rows, const struct mo *mo,
                         const char *tag);

static void translate_into(const struct iso *iso, const char *standard, const char *locale,
                           struct list *list, const json_t *rows, translate_f *translate)
{
    struct mo *mo = catalog_of(iso, locale, standard);
    char tag[PATH_SIZE];

    if (mo && tag_of(locale, tag))
        translate(list, rows, mo, tag);
    mo_close(mo);
}

/* All languages of the package. Their order in the folder has no effect: tables are sorted. */
static void translate_into_all(const struct iso *iso, const char *standard, struct list *list,
                               const json_t *rows, translate_f *translate)
{
    DIR *folder = opendir(iso->locale);
    struct dirent *entry;

    if (!folder)
        die("cannot read %s: %s", iso->locale, strerror(errno));
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            translate_into(iso, standard, entry->d_name, list, rows, translate);
    closedir(folder);
}

/* English and Chinese. */
static void translate_into_ours(const struct iso *iso, const char *standard, struct list *list,
                                const json_t *rows, translate_f *translate)
{
    static const char *const ours[] = {"en", "zh_CN", "zh_TW"};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        translate_into(iso, standard, ours[i], list, rows, translate);
}

/* `least` codes must have a Chinese name. */
static void need_chinese(const struct iso *iso, const char *standard, struct list *list,
                         size_t least)
{
    size_t found = 0;

    for (size_t i = 0; i < list_count(list); i++)
        found += list_named(list, i, "zh-Hans") != NULL;
    if (found < least)
        die("%zu of %zu codes have a Chinese name in %s/zh_CN/LC_MESSAGES/iso_%s.mo: install "
            "iso-codes with its translations (images of Debian leave them out, see dpkg's "
            "path-include)",
            found, list_count(list), iso->locale, standard);
}

/* ---- countries ---- */

/* What people say, of what the standard has. */
static const char *country_name(const json_t *row)
{
    const char *common = member(row, "common_name");

    return common ? common : member(row, "name");
}

static void translate_countries(struct list *list, const json_t *rows, const struct mo *mo,
                                const char *tag)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *name = mo_find(mo, country_name(row));
        list_name(list, list_place(list, member(row, "alpha_2")), tag,
                  name ? name : mo_find(mo, member(row, "name")));
    }
}

static void name_country(struct list *list, const json_t *row)
{
    size_t place = list_place(list, member(row, "alpha_2"));

    list_name(list, place, "en", country_name(row));
    list_name(list, place, "x-alpha-3", member(row, "alpha_3"));
    list_name(list, place, "x-formal", member(row, "name"));
    list_name(list, place, "x-official", member(row, "official_name"));
}

void iso_countries(const struct iso *iso, struct list *list)
{
    json_t *rows = rows_of(iso, "3166-1");
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) list_add(list, code_of(row, "alpha_2"), 1);
    json_array_foreach(rows, i, row) name_country(list, row);
    translate_into_all(iso, "3166-1", list, rows, translate_countries);
    need_chinese(iso, "3166-1", list, list_count(list));
    /* The European Union's own codes of two of its members or neighbours. */
    list_name(list, list_place(list, "GR"), "x-union", "EL");
    list_name(list, list_place(list, "GB"), "x-union", "UK");
    json_decref(rows);
}

/* ---- subdivisions ---- */

/* A second name stands in brackets, at times with a code: "Catalunya [Cataluña]", "Stockholms län
 * [SE-01]". `second`: NULL, or the language it is kept in. */
static void name_parts(struct list *list, size_t place, const char *name, const char *first,
                       const char *second)
{
    char *copy = need(strdup(name));
    char *bracket = strstr(copy, " [");

    if (bracket) {
        *bracket = '\0';
        bracket += strlen(" [");
        bracket[strcspn(bracket, "]")] = '\0';
    }
    list_name(list, place, first, copy);
    if (second)
        list_name(list, place, second, bracket);
    free(copy);
}

static void name_subdivision(struct list *list, const json_t *row)
{
    size_t place = list_place(list, member(row, "code"));

    name_parts(list, place, member(row, "name"), "en", NULL);
    name_parts(list, place, member(row, "name"), "x-local-1", "x-local-2");
}

static void translate_subdivisions(struct list *list, const json_t *rows, const struct mo *mo,
                                   const char *tag)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *name = mo_find(mo, member(row, "name"));
        if (name)
            name_parts(list, list_place(list, member(row, "code")), name, tag, NULL);
    }
}

/* Codes without parent are of the first level: more people mean one of them. */
void iso_subdivisions(const struct iso *iso, struct list *list)
{
    json_t *rows = rows_of(iso, "3166-2");
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
        list_add(list, code_of(row, "code"), member(row, "parent") != NULL);
    json_array_foreach(rows, i, row) name_subdivision(list, row);
    translate_into_ours(iso, "3166-2", list, rows, translate_subdivisions);
    need_chinese(iso, "3166-2", list, list_count(list) / 4);
    json_decref(rows);
}

/* ---- currencies ---- */

static void translate_currencies(struct list *list, const json_t *rows, const struct mo *mo,
                                 const char *tag)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) list_name(list, list_place(list, member(row, "alpha_3")), tag,
                                               mo_find(mo, member(row, "name")));
}

void iso_currencies(const struct iso *iso, struct list *list)
{
    json_t *rows = rows_of(iso, "4217");
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) list_add(list, code_of(row, "alpha_3"), 0);
    json_array_foreach(rows, i, row)
        list_name(list, list_place(list, member(row, "alpha_3")), "en", member(row, "name"));
    translate_into_ours(iso, "4217", list, rows, translate_currencies);
    need_chinese(iso, "4217", list, list_count(list) / 2);
    list_name(list, list_place(list, "CNY"), "x-also", "RMB");
    list_name(list, list_place(list, "EUR"), "x-also", "€");
    json_decref(rows);
}
