/* Territories: kind, aliases, coordinates, previous ids, and the territory around. */
#include "territory.h"

#include "base/text.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE        64
#define PREVIOUS_IDS_MAX 100

static void check_kind(Ucap__V1__TerritoryKind__Value kind, struct findings *violations)
{
    if (!protobuf_c_enum_descriptor_get_value(&ucap__v1__territory_kind__value__descriptor,
                                              (int)kind))
        findings_add(violations, "city.kind", "%d is not a kind of territory", (int)kind);
}

/* Decimal degrees of at most `most` to either side; true when there are any. */
static bool check_degrees(const char *path, const char *degrees, int most,
                          struct findings *violations)
{
    char shown[TEXT_SHOWN_SIZE];

    if (!*degrees)
        return false;
    text_show(degrees, shown);
    if (!text_is_decimal(degrees))
        findings_add(violations, path, "%s is not in decimal degrees such as 41.38", shown);
    else if (strtod(degrees, NULL) > most || strtod(degrees, NULL) < -most)
        findings_add(violations, path, "%s is not from -%d to %d degrees", shown, most, most);
    return true;
}

static void check_coordinates(const Ucap__V1__City *city, struct findings *violations)
{
    bool latitude = check_degrees("city.latitude", city->latitude, 90, violations);
    bool longitude = check_degrees("city.longitude", city->longitude, 180, violations);

    if (latitude && !longitude)
        findings_add(violations, "city.longitude", "is missing: give both coordinates or none");
    if (longitude && !latitude)
        findings_add(violations, "city.latitude", "is missing: give both coordinates or none");
}

static void check_within(const Ucap__V1__City *city, struct findings *violations)
{
    if (!*city->within)
        return;
    check_slug("city.within", city->within, violations);
    if (strcmp(city->within, city->slug) == 0)
        findings_add(violations, "city.within", "\"%s\" cannot lie within itself", city->slug);
}

static void check_previous_ids(const Ucap__V1__City *city, struct findings *violations)
{
    char at[PATH_SIZE];

    if (city->n_previous_ids > PREVIOUS_IDS_MAX) {
        findings_add(violations, "city.previous_ids", "%zu entries: at most %d are kept",
                     city->n_previous_ids, PREVIOUS_IDS_MAX);
        return;
    }
    for (size_t i = 0; i < city->n_previous_ids; i++) {
        const char *id = city->previous_ids[i];
        snprintf(at, sizeof(at), "city.previous_ids[%zu]", i);
        check_slug(at, id, violations);
        if (strcmp(id, city->slug) == 0)
            findings_add(violations, at, "\"%s\" is the id it has now", id);
        for (size_t j = 0; j < i; j++)
            if (strcmp(id, city->previous_ids[j]) == 0)
                findings_add(violations, at, "\"%s\" stands there twice", city->previous_ids[j]);
    }
}

void territory_check(const Ucap__V1__City *city, struct findings *violations)
{
    check_kind(city->kind, violations);
    check_aliases("city.aliases", city->aliases, city->n_aliases, violations);
    check_within(city, violations);
    check_coordinates(city, violations);
    check_previous_ids(city, violations);
}
