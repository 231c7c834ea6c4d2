/* Cities: what a correct one is. */
#include "base/text.h"
#include "check.h"
#include "record.h"

#include <ctype.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

/* ISO 3166-2 by shape: the country, a hyphen, one to three letters or digits. */
static bool is_subdivision_of(const char *code, const char *country)
{
    size_t length = strlen(code);

    if (length < 4 || length > 6 || strncmp(code, country, 2) != 0 || code[2] != '-')
        return false;
    for (const char *at = code + 3; *at; at++)
        if (!isupper((unsigned char)*at) && !isdigit((unsigned char)*at))
            return false;
    return true;
}

static void check_place(const Ucap__V1__City *city, struct findings *violations)
{
    char shown[TEXT_SHOWN_SIZE];

    if (!check_country("city.country", city->country, violations) || !*city->subdivision ||
        is_subdivision_of(city->subdivision, city->country))
        return;
    text_show(city->subdivision, shown);
    findings_add(violations, "city.subdivision",
                 "%s is not a code of country %s such as %s-CT (ISO 3166-2)", shown, city->country,
                 city->country);
}

static void check_city(const ProtobufCMessage *record, struct findings *violations,
                       struct findings *warnings)
{
    const Ucap__V1__City *city = (const Ucap__V1__City *)record;

    check_slug("city.slug", city->slug, violations);
    check_texts("city.names", city->names, city->n_names, true, violations);
    check_place(city, violations);
    check_zone("city.zone", city->zone, violations);
    check_figures("city.figures", city->figures, city->n_figures, violations, warnings);
    check_sources("city.sources", city->sources, city->n_sources, violations);
}

const struct record_kind city_kind = {
    .name = "city",
    .message = &ucap__v1__city__descriptor,
    .event = &ucap__v1__city_event__descriptor,
    .event_name = "ucap.v1.CityEvent",
    .check = check_city,
};
