/* Cities: what a correct one is. */
#include "check.h"
#include "record.h"
#include "territory.h"

#include <ucap/v1/registry.pb-c.h>

/* A wrong country says nothing about the subdivision, which then is looked at alone. */
static void check_place(const Ucap__V1__City *city, struct findings *violations)
{
    bool known = check_country("city.country", city->country, violations);

    check_subdivision("city.subdivision", city->subdivision, known ? city->country : "",
                      violations);
}

static void check_city(const ProtobufCMessage *record, struct findings *violations,
                       struct findings *warnings)
{
    const Ucap__V1__City *city = (const Ucap__V1__City *)record;

    check_slug("city.slug", city->slug, violations);
    check_texts("city.names", city->names, city->n_names, true, violations);
    check_place(city, violations);
    check_zone("city.zone", city->zone, violations);
    territory_check(city, violations);
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
