/* ucap city: list and show. */
#include "base/codes.h"
#include "cmd.h"
#include "paging.h"
#include "record.h"
#include "run.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

static const struct column columns[] = {
    {.name = "id", .keep = true}, {.name = "name"}, {.name = "country"},
    {.name = "subdivision"},      {.name = "zone"}, {.name = "population", .right = true},
};

#define COUNTRY_SIZE 3 /* two letters and the terminating 0 */

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* For a person the number as he reads it; for a spreadsheet as it calculates. */
static char *population(const struct run *run, const Ucap__V1__City *city)
{
    const Ucap__V1__Figure *figure = words_figure_of(city->figures, city->n_figures, "population");

    if (!figure)
        return NULL;
    return run->format == OUTPUT_CSV ? strdup(figure->value) : words_value(run, figure);
}

static int add_row(struct run *run, struct table *table, const Ucap__V1__City *city,
                   struct err *err)
{
    char *people = population(run, city);
    const char *cells[COLUMNS] = {
        city->slug,    words_local(run, city->names, city->n_names),
        city->country, city->subdivision,
        city->zone,    people,
    };
    int rc = table_add(table, cells, err);

    free(people);
    return rc;
}

static int print_list(struct run *run, Ucap__V1__City *const *cities, size_t count, struct err *err)
{
    struct table *table = table_create(columns, COLUMNS);
    int rc = table ? 0 : err_nomem(err);

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_row(run, table, cities[i], err);
    if (rc == 0)
        run_print_table(run, table);
    table_destroy(table);
    return rc;
}

/* ---- list ---- */

/* In capitals, as records have it; empty where none is given. */
static int read_country(struct run *run, char ret_country[COUNTRY_SIZE], struct err *err)
{
    const char *given = run_option(run, "country");
    struct err why = ERR_INIT;

    ret_country[0] = '\0';
    if (!given)
        return 0;
    snprintf(ret_country, COUNTRY_SIZE, "%s", given);
    for (char *at = ret_country; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    if (codes_country_check(strlen(given) < COUNTRY_SIZE ? ret_country : given, &why) < 0)
        return run_usage(run, err, "option --country: %s", why.text);
    return 0;
}

static int list_run(struct run *run, struct err *err)
{
    Ucap__V1__ListCitiesRequest request = UCAP__V1__LIST_CITIES_REQUEST__INIT;
    char country[COUNTRY_SIZE];
    struct pages pages;
    int rc = read_country(run, country, err);

    if (rc < 0)
        return rc;
    request.page_size = PAGE_SIZE;
    request.country = country;
    request.include_archived = run_has(run, "archived");
    rc = pages_read(run, &ucap__v1__registry__descriptor, "ListCities", &request.base, &pages, err);
    if (rc < 0)
        return rc;
    Ucap__V1__ListCitiesReply all = UCAP__V1__LIST_CITIES_REPLY__INIT;
    all.cities = (Ucap__V1__City **)pages.records;
    all.n_cities = pages.count;
    if (run_wants_message(run))
        rc = run_print_message(run, &all.base, err);
    else
        rc = print_list(run, all.cities, all.n_cities, err);
    if (rc == 0 && pages.count == 0)
        run_say(run, "there is no city%s%s yet", country[0] ? " in " : "", country);
    pages_free(&pages);
    return rc;
}

const struct command city_list_command = {
    .path = "city list",
    .help = "all cities that are recorded",
    .options = (const struct option[]){{.name = "country",
                                        .value = "CC",
                                        .help = "only cities of this country, by its two letters "
                                                "(ISO 3166-1), such as ES"},
                                       {.name = "archived", .help = "archived ones too"},
                                       {0}},
    .examples = (const char *const[]){"ucap city list", "ucap city list --country CN --lang zh",
                                      "ucap city list --format csv > cities.csv", NULL},
    .run = list_run,
};

/* ---- show ---- */

static void add_figure(struct run *run, struct record *record, const Ucap__V1__Figure *figure)
{
    char label[128];

    snprintf(label, sizeof(label), "%.100s", figure->kind);
    label[0] = (char)toupper((unsigned char)label[0]);
    record_take(record, label, words_figure(run, figure));
}

/* The kinds people look for first: that one is not known is worth a line. */
static const char *const first_kinds[] = {"population", "area"};

#define FIRST_KINDS (sizeof(first_kinds) / sizeof(first_kinds[0]))

static bool is_first_kind(const char *kind)
{
    for (size_t i = 0; i < FIRST_KINDS; i++)
        if (strcmp(kind, first_kinds[i]) == 0)
            return true;
    return false;
}

/* All figures, conflicting ones too. */
static void add_figures(struct run *run, struct record *record, const Ucap__V1__City *city)
{
    Ucap__V1__Figure unknown = UCAP__V1__FIGURE__INIT;

    for (size_t k = 0; k < FIRST_KINDS; k++) {
        unknown.kind = (char *)first_kinds[k];
        if (!words_figure_of(city->figures, city->n_figures, first_kinds[k]))
            add_figure(run, record, &unknown);
        for (size_t i = 0; i < city->n_figures; i++)
            if (strcmp(city->figures[i]->kind, first_kinds[k]) == 0)
                add_figure(run, record, city->figures[i]);
    }
    for (size_t i = 0; i < city->n_figures; i++)
        if (!is_first_kind(city->figures[i]->kind))
            add_figure(run, record, city->figures[i]);
}

/* NULL: not said, or one that this program does not know. */
static const char *kind_word(Ucap__V1__TerritoryKind__Value kind)
{
    static const char *const words[] = {
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_CITY] = "city",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_MUNICIPALITY] = "municipality",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_METROPOLIS] = "metropolis",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_PREFECTURE] = "prefecture",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_PROVINCE] = "province",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_REGION] = "region",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_DISTRICT] = "district",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_BOROUGH] = "borough",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_SITE] = "site",
        [UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_PARK] = "park",
    };

    return (size_t)kind < sizeof(words) / sizeof(words[0]) ? words[kind] : NULL;
}

/* What it is, where it lies, and what it was called; lines for what is there only. */
static void add_place(struct record *record, const Ucap__V1__City *city)
{
    char text[256];

    if (kind_word(city->kind))
        record_add(record, "Kind", kind_word(city->kind));
    if (*city->within)
        record_add(record, "Within", city->within);
    snprintf(text, sizeof(text), "%.100s, %.100s", city->latitude, city->longitude);
    if (*city->latitude && *city->longitude)
        record_add(record, "Coordinates", text);
    snprintf(text, sizeof(text), "%u", city->geonames_id);
    if (city->geonames_id)
        record_add(record, "GeoNames", text);
    if (city->n_previous_ids > 0)
        record_take(record, "Previous ids", words_list(city->previous_ids, city->n_previous_ids));
}

static int print_record(struct run *run, const Ucap__V1__City *city, struct err *err)
{
    const char *language = run_language(run);
    struct record record;

    record_begin(&record, err);
    record_add(&record, "City", city->slug);
    record_add_texts(&record, "Name", city->names, city->n_names);
    record_add_texts(&record, "Alias", city->aliases, city->n_aliases);
    record_add_code(&record, "Country", codes_country_name(city->country, language), city->country);
    record_add_code(&record, "Subdivision", codes_subdivision_name(city->subdivision, language),
                    city->subdivision);
    add_place(&record, city);
    record_add(&record, "Time zone", city->zone);
    add_figures(run, &record, city);
    record_add_sources(&record, city->sources, city->n_sources);
    record_take(&record, "Version", words_count(run, city->version));
    record_take(&record, "Updated", words_time(city->updated_at));
    if (city->archived_at)
        record_take(&record, "Archived", words_time(city->archived_at));
    return record_end(&record, run);
}

static int show_run(struct run *run, struct err *err)
{
    Ucap__V1__GetCityRequest request = UCAP__V1__GET_CITY_REQUEST__INIT;
    ProtobufCMessage *reply;

    request.slug = (char *)run_argument(run, 0);
    int rc =
        run_call(run, &ucap__v1__registry__descriptor, "GetCity", &request.base, NULL, &reply, err);
    if (rc < 0)
        return rc;
    Ucap__V1__City *city = (Ucap__V1__City *)reply;
    if (run_wants_message(run))
        rc = run_print_message(run, reply, err);
    else if (run->format == OUTPUT_CSV)
        rc = print_list(run, &city, 1, err);
    else
        rc = print_record(run, city, err);
    ucap_reply_free(reply);
    return rc;
}

const struct command city_show_command = {
    .path = "city show",
    .help = "one city: names, place, figures with their sources",
    .arguments =
        (const struct argument[]){{.name = "ID", .help = "the city's id, as in `ucap city list`"},
                                  {0}},
    .examples = (const char *const[]){"ucap city show barcelona",
                                      "ucap city show barcelona --format yaml", NULL},
    .run = show_run,
};
