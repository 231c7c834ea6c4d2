/* What a city may say of itself as a territory: one row per mistake. */
#include "territory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void expect_one(const Ucap__V1__City *city, const char *path, const char *part)
{
    struct findings violations = {0};

    territory_check(city, &violations);
    assert_int_equal(violations.count, 1);
    assert_string_equal(violations.rows[0].path, path);
    assert_non_null(strstr(violations.rows[0].sentence, part));
    findings_clear(&violations);
}

static void expect_none(const Ucap__V1__City *city)
{
    struct findings violations = {0};

    territory_check(city, &violations);
    assert_int_equal(violations.count, 0);
}

static void kinds_are_those_of_the_contract(void **state)
{
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    (void)state;

    expect_none(&city);
    city.kind = UCAP__V1__TERRITORY_KIND__VALUE__TERRITORY_KIND_PARK;
    expect_none(&city);
    city.kind = (Ucap__V1__TerritoryKind__Value)11;
    expect_one(&city, "city.kind", "11");
    city.kind = (Ucap__V1__TerritoryKind__Value)-1;
    expect_one(&city, "city.kind", "-1");
}

static void coordinates_are_on_the_globe(void **state)
{
    static const struct {
        const char *latitude, *longitude, *path, *part;
    } rows[] = {
        {"90.1", "0", "city.latitude", "-90 to 90"},
        {"-91", "0", "city.latitude", "-90 to 90"},
        {"0", "180.0001", "city.longitude", "-180 to 180"},
        {"41,38", "2.17", "city.latitude", "decimal degrees"},
        {"0", "nan", "city.longitude", "decimal degrees"},
        {"1e1", "2", "city.latitude", "decimal degrees"},
        {"41.38", "", "city.longitude", "missing"},
        {"", "2.17", "city.latitude", "missing"},
    };
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        city.latitude = (char *)rows[i].latitude;
        city.longitude = (char *)rows[i].longitude;
        expect_one(&city, rows[i].path, rows[i].part);
    }
    city.latitude = (char *)"-90";
    city.longitude = (char *)"180.000";
    expect_none(&city);
}

static void a_language_may_have_several_aliases(void **state)
{
    Ucap__V1__LocalText a = UCAP__V1__LOCAL_TEXT__INIT, b = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *aliases[] = {&a, &b};
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    (void)state;

    a.language = b.language = (char *)"en";
    a.text = (char *)"Liuchow";
    b.text = (char *)"Liu-chou";
    city.aliases = aliases;
    city.n_aliases = 2;
    expect_none(&city);
    b.text = (char *)"Liuchow";
    expect_one(&city, "city.aliases[1].text", "twice");
    b.text = (char *)"";
    expect_one(&city, "city.aliases[1].text", "empty");
    b.text = (char *)"x";
    b.language = (char *)"no_such";
    expect_one(&city, "city.aliases[1].language", "no_such");
}

static void ids_are_slugs_of_others(void **state)
{
    char rome[] = "rome", roma[] = "roma", bad[] = "Roma Capitale";
    char *ids[] = {roma, roma};
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    (void)state;

    city.slug = rome;
    city.previous_ids = ids;
    city.n_previous_ids = 1;
    expect_none(&city);
    city.n_previous_ids = 2;
    expect_one(&city, "city.previous_ids[1]", "twice");
    ids[1] = rome;
    expect_one(&city, "city.previous_ids[1]", "now");
    ids[1] = bad;
    expect_one(&city, "city.previous_ids[1]", "Roma Capitale");
    city.n_previous_ids = 5000; /* not looked at */
    expect_one(&city, "city.previous_ids", "5000 entries");
    city.n_previous_ids = 0;
    city.within = rome;
    expect_one(&city, "city.within", "cannot lie within itself");
    city.within = bad;
    expect_one(&city, "city.within", "Roma Capitale");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_those_of_the_contract),
        cmocka_unit_test(coordinates_are_on_the_globe),
        cmocka_unit_test(a_language_may_have_several_aliases),
        cmocka_unit_test(ids_are_slugs_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
