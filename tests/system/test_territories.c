/* Cities as territories: what lies within what, and the ids they had before. */
#include "caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct kit *kit;
    struct kit_system system;
    void *zmq;
    struct caller *editor;
};

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    w->zmq = zmq_ctx_new();
    w->editor = caller_create(w->zmq, &w->system, "editor", false);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    caller_destroy(w->editor);
    zmq_ctx_term(w->zmq);
    kit_end(w->kit);
    free(w);
    return 0;
}

/* A city that lies within another, and has a previous id; either may be NULL. */
static int create(struct caller *caller, const char *slug, const char *within, const char *previous)
{
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT, *names[] = {&name};
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    Ucap__V1__CreateCityRequest request = UCAP__V1__CREATE_CITY_REQUEST__INIT;
    char *previous_ids[] = {(char *)previous};

    name.language = (char *)"en";
    name.text = (char *)slug;
    city.slug = (char *)slug;
    city.names = city.aliases = names;
    city.n_names = city.n_aliases = 1;
    city.country = (char *)"ES";
    city.kind = UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_DISTRICT;
    city.latitude = (char *)"-41.380";
    city.longitude = (char *)"2";
    city.geonames_id = 4000000000U;
    city.previous_ids = previous_ids;
    city.n_previous_ids = previous ? 1 : 0;
    if (within)
        city.within = (char *)within;
    request.city = &city;
    return caller_registry(caller, "CreateCity", &request.base, slug);
}

static int move_into(struct caller *caller, const char *slug, uint64_t version, const char *within)
{
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char field[] = "within", *fields[] = {field}, key[128];

    snprintf(key, sizeof(key), "%s into %s", slug, within);
    city.slug = (char *)slug;
    city.version = version;
    city.within = (char *)within;
    request.city = &city;
    request.fields = fields;
    request.n_fields = 1;
    return caller_registry(caller, "UpdateCity", &request.base, key);
}

static void refused(struct caller *caller, int rc, const char *path, const char *part)
{
    const struct findings *violations = &caller_last(caller)->violations;

    assert_int_equal(rc, -ERR_INVALID_ARGUMENT);
    assert_int_equal(violations->count, 1);
    assert_string_equal(violations->rows[0].path, path);
    assert_non_null(strstr(violations->rows[0].sentence, part));
}

static void a_territory_travels(void **state)
{
    struct world *w = *state;

    assert_int_equal(create(w->editor, "full", NULL, "full-before"), 0);
    assert_int_equal(caller_get_city(w->editor, "full"), 0);
    const Ucap__V1__City *city = caller_city(w->editor);
    assert_int_equal(city->kind, UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_DISTRICT);
    assert_string_equal(city->latitude, "-41.380");
    assert_string_equal(city->longitude, "2");
    assert_int_equal(city->geonames_id, 4000000000U);
    assert_int_equal(city->n_aliases, 1);
    assert_string_equal(city->aliases[0]->text, "full");
    assert_string_equal(city->previous_ids[0], "full-before");
}

static void the_territory_around_exists(void **state)
{
    struct world *w = *state;

    refused(w->editor, create(w->editor, "gracia", "barna", NULL), "city.within", "\"barna\" not");
    assert_int_equal(caller_get_city(w->editor, "gracia"), -ERR_NOT_FOUND);
    assert_int_equal(create(w->editor, "barna", NULL, NULL), 0);
    assert_int_equal(create(w->editor, "gracia-2", "barna", NULL), 0);
    assert_string_equal(caller_city(w->editor)->within, "barna");
    refused(w->editor, move_into(w->editor, "gracia-2", 1, "no-where"), "city.within", "not found");
}

static void nothing_lies_within_itself(void **state)
{
    struct world *w = *state;

    assert_int_equal(create(w->editor, "outer", NULL, NULL), 0);
    assert_int_equal(create(w->editor, "middle", "outer", NULL), 0);
    assert_int_equal(create(w->editor, "inner", "middle", NULL), 0);
    refused(w->editor, move_into(w->editor, "outer", 1, "outer"), "city.within", "itself");
    refused(w->editor, move_into(w->editor, "outer", 1, "middle"), "city.within", "itself");
    refused(w->editor, move_into(w->editor, "outer", 1, "inner"), "city.within",
            "\"inner\" lies within \"outer\" itself");
    assert_int_equal(move_into(w->editor, "inner", 1, "outer"), 0);
    assert_int_equal(move_into(w->editor, "middle", 1, "inner"), 0);
    refused(w->editor, move_into(w->editor, "inner", 2, "middle"), "city.within", "itself");
}

static void a_city_is_found_by_its_previous_id(void **state)
{
    struct world *w = *state;

    assert_int_equal(create(w->editor, "lleida", NULL, "lerida"), 0);
    assert_int_equal(caller_get_city(w->editor, "lerida"), 0);
    assert_string_equal(caller_city(w->editor)->slug, "lleida");
    refused(w->editor, create(w->editor, "lerida", NULL, NULL), "city.slug", "\"lleida\"");
    refused(w->editor, create(w->editor, "lerida-2", NULL, "lerida"), "city.previous_ids",
            "\"lleida\"");
    refused(w->editor, create(w->editor, "lerida-3", NULL, "lleida"), "city.previous_ids",
            "\"lleida\"");
    assert_int_equal(caller_get_city(w->editor, "lerido"), -ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_territory_travels),
        cmocka_unit_test(the_territory_around_exists),
        cmocka_unit_test(nothing_lies_within_itself),
        cmocka_unit_test(a_city_is_found_by_its_previous_id),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
