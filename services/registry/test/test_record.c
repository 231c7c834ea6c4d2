/* Records by descriptor: comparison, replacement, and what is stored of them. */
#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

static void changed_fields_are_named(void **state)
{
    Ucap__V1__City a = UCAP__V1__CITY__INIT, b = UCAP__V1__CITY__INIT;
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&name};
    const char *fields[64];
    (void)state;

    a.slug = (char *)"rome";
    b.slug = (char *)"roma";
    b.version = 7;
    assert_int_equal(record_changed_fields(&a.base, &b.base, fields, NULL), 0);
    b.names = names;
    b.n_names = 1;
    b.zone = (char *)"Europe/Rome";
    assert_int_equal(record_changed_fields(&a.base, &b.base, fields, NULL), 2);
    assert_string_equal(fields[0], "names");
    assert_string_equal(fields[1], "zone");
    b.country = (char *)"IT";
    assert_int_equal(record_changed_fields(NULL, &b.base, fields, NULL), 3);
    assert_string_equal(fields[1], "country");
}

static void fields_are_exchanged_whole(void **state)
{
    Ucap__V1__City a = UCAP__V1__CITY__INIT, b = UCAP__V1__CITY__INIT;
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&name};
    char names_field[] = "names", *fields[] = {names_field};
    (void)state;

    a.country = (char *)"IT";
    b.country = (char *)"ES";
    b.names = names;
    b.n_names = 1;
    record_swap_fields(&a.base, &b.base, fields, 1);
    assert_int_equal(a.n_names, 1);
    assert_ptr_equal(a.names, names);
    assert_int_equal(b.n_names, 0);
    assert_null(b.names);
    assert_string_equal(a.country, "IT");
}

static void update_fields_are_checked(void **state)
{
    const char *fields[] = {"names", "names", "version", "contry"};
    struct findings violations = {0};
    (void)state;

    record_check_fields(&city_kind, (char *const *)fields, 4, &violations);
    assert_int_equal(violations.count, 3);
    assert_non_null(strstr(violations.rows[0].sentence, "twice"));
    assert_non_null(strstr(violations.rows[1].sentence, "kept by the service"));
    assert_non_null(strstr(violations.rows[2].sentence, "did you mean \"country\"?"));
    findings_clear(&violations);
    record_check_fields(&city_kind, NULL, 0, &violations);
    assert_int_equal(violations.count, 1);
    findings_clear(&violations);
}

/* As many names as fit into a request are not compared with each other. */
static void too_many_update_fields_are_one_mistake(void **state)
{
    enum { MANY = 5000 };
    static char *fields[MANY];
    struct findings violations = {0};
    (void)state;

    for (size_t i = 0; i < MANY; i++)
        fields[i] = (char *)"names";
    record_check_fields(&city_kind, fields, MANY, &violations);
    assert_int_equal(violations.count, 1);
    assert_non_null(strstr(violations.rows[0].sentence, "5000 names"));
    findings_clear(&violations);
}

static void kinds_have_room_for_their_fields(void **state)
{
    (void)state;
    assert_true(city_kind.message->n_fields <= RECORD_FIELDS_MAX);
    assert_true(programme_kind.message->n_fields <= RECORD_FIELDS_MAX);
}

/* Before and after of an event must fit into a frame together. */
static void a_record_has_a_largest_size(void **state)
{
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    struct findings violations = {0}, warnings = {0};
    char *zone = malloc(RECORD_SIZE_MAX + 1);
    (void)state;

    memset(zone, 'z', RECORD_SIZE_MAX);
    zone[RECORD_SIZE_MAX] = '\0';
    city.zone = zone;
    record_check(&city_kind, &city.base, &violations, &warnings);
    assert_int_equal(violations.count, 1);
    assert_string_equal(violations.rows[0].path, "city");
    findings_clear(&violations);
    city.zone = (char *)"";
    record_check(&city_kind, &city.base, &violations, &warnings);
    assert_string_equal(violations.rows[0].path, "city.slug");
    findings_clear(&violations);
    findings_clear(&warnings);
    free(zone);
}

static void what_stands_in_columns_is_not_stored_twice(void **state)
{
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    ProtobufCMessage *bare = NULL;
    (void)state;

    city.slug = (char *)"rome";
    city.version = 3;
    city.country = (char *)"IT";
    assert_int_equal(record_bare(&city.base, &bare, NULL), 0);
    assert_string_equal(record_slug(bare), "");
    assert_int_equal(record_version(bare), 0);
    assert_string_equal(((Ucap__V1__City *)bare)->country, "IT");
    assert_string_equal(city.slug, "rome");
    free(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_fields_are_named),
        cmocka_unit_test(fields_are_exchanged_whole),
        cmocka_unit_test(update_fields_are_checked),
        cmocka_unit_test(too_many_update_fields_are_one_mistake),
        cmocka_unit_test(kinds_have_room_for_their_fields),
        cmocka_unit_test(a_record_has_a_largest_size),
        cmocka_unit_test(what_stands_in_columns_is_not_stored_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
