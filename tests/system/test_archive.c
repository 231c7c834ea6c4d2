/* Records that are archived: readable, not listed, not to be changed until they are restored. */
#include "caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct kit *kit;
    struct kit_system system;
    void *zmq;
    struct caller *viewer, *editor, *admin, *narrow;
};

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    w->zmq = zmq_ctx_new();
    w->viewer = caller_create(w->zmq, &w->system, "viewer", false);
    w->editor = caller_create(w->zmq, &w->system, "editor", false);
    w->admin = caller_create(w->zmq, &w->system, "admin", false);
    w->narrow = caller_create(w->zmq, &w->system, "narrow", false);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    caller_destroy(w->viewer);
    caller_destroy(w->editor);
    caller_destroy(w->admin);
    caller_destroy(w->narrow);
    zmq_ctx_term(w->zmq);
    kit_end(w->kit);
    free(w);
    return 0;
}

static int move(struct caller *caller, const char *method, const char *slug, uint64_t version,
                const char *key)
{
    Ucap__V1__ArchiveRequest request = UCAP__V1__ARCHIVE_REQUEST__INIT;

    request.slug = (char *)slug;
    request.version = version;
    request.reason = (char *)"test";
    return caller_registry(caller, method, &request.base, key);
}

static int set_zone(struct caller *caller, const char *slug, uint64_t version, const char *key)
{
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char field[] = "zone", *fields[] = {field};

    city.slug = (char *)slug;
    city.version = version;
    city.zone = (char *)"Europe/Madrid";
    request.city = &city;
    request.fields = fields;
    request.n_fields = 1;
    return caller_registry(caller, "UpdateCity", &request.base, key);
}

static bool is_listed(struct caller *caller, const char *slug, const char *country, bool archived)
{
    Ucap__V1__ListCitiesRequest request = UCAP__V1__LIST_CITIES_REQUEST__INIT;

    request.country = (char *)country;
    request.include_archived = archived;
    assert_int_equal(caller_registry(caller, "ListCities", &request.base, NULL), 0);
    const Ucap__V1__ListCitiesReply *reply =
        (const Ucap__V1__ListCitiesReply *)caller_last(caller)->reply;
    for (size_t i = 0; i < reply->n_cities; i++)
        if (strcmp(reply->cities[i]->slug, slug) == 0)
            return true;
    return false;
}

static size_t list_programmes(struct caller *caller, bool archived)
{
    Ucap__V1__ListProgrammesRequest request = UCAP__V1__LIST_PROGRAMMES_REQUEST__INIT;

    request.include_archived = archived;
    assert_int_equal(caller_registry(caller, "ListProgrammes", &request.base, NULL), 0);
    return ((Ucap__V1__ListProgrammesReply *)caller_last(caller)->reply)->n_programmes;
}

static void check_value(struct world *w, const char *sql, const char *expected)
{
    char *value = kit_pg_value(w->system.pg, "ucap", sql);

    assert_string_equal(value, expected);
    free(value);
}

static void an_archived_city_is_read_but_not_listed(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "vigo", "vigo-0"), 0);
    assert_null(caller_city(w->editor)->archived_at);
    assert_int_equal(move(w->editor, "ArchiveCity", "vigo", 1, "vigo-1"), 0);
    assert_int_equal(caller_city(w->editor)->version, 2);
    assert_int_equal(caller_get_city(w->viewer, "vigo"), 0);
    assert_non_null(caller_city(w->viewer)->archived_at);
    assert_string_equal(caller_city(w->viewer)->names[0]->text, "vigo");
    assert_false(is_listed(w->viewer, "vigo", "", false));
    assert_false(is_listed(w->viewer, "vigo", "ES", false));
    assert_true(is_listed(w->viewer, "vigo", "", true));
    assert_true(is_listed(w->viewer, "vigo", "ES", true));
    assert_int_equal(caller_create_city(w->editor, "vigo", "vigo-2"), -ERR_ALREADY_EXISTS);
}

static void an_archived_city_cannot_be_changed_until_it_is_restored(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "lorca", "lorca-0"), 0);
    assert_int_equal(move(w->editor, "ArchiveCity", "lorca", 1, "lorca-1"), 0);
    assert_int_equal(set_zone(w->editor, "lorca", 2, "lorca-2"), -ERR_FAILED_PRECONDITION);
    assert_string_equal(caller_last(w->editor)->err.text,
                        "city \"lorca\" is archived: restore it before you change it");
    assert_int_equal(move(w->editor, "RestoreCity", "lorca", 2, "lorca-3"), 0);
    assert_null(caller_city(w->editor)->archived_at);
    assert_true(is_listed(w->viewer, "lorca", "", false));
    assert_int_equal(set_zone(w->editor, "lorca", 3, "lorca-4"), 0);
    assert_int_equal(caller_city(w->editor)->version, 4);
}

static void history_and_events_tell_of_it(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "elche", "elche-0"), 0);
    for (int calls = 0; calls < 2; calls++) { /* the second is answered from the first */
        assert_int_equal(move(w->editor, "ArchiveCity", "elche", 1, "elche-1"), 0);
        assert_int_equal(caller_city(w->editor)->version, 2);
    }
    /* What is archived already stays as it is. */
    assert_int_equal(move(w->editor, "ArchiveCity", "elche", 2, "elche-2"), 0);
    assert_int_equal(caller_city(w->editor)->version, 2);
    assert_int_equal(move(w->editor, "RestoreCity", "elche", 2, "elche-3"), 0);
    assert_int_equal(move(w->editor, "RestoreCity", "elche", 3, "elche-4"), 0);
    check_value(w,
                "SELECT string_agg(type, ' ' ORDER BY record_version) FROM events.outbox "
                "WHERE subject = 'city/elche'",
                "registry.city.created registry.city.archived registry.city.restored");
    check_value(w,
                "SELECT string_agg(fields::text || reason, ' ' ORDER BY version) "
                "FROM registry.history WHERE slug = 'elche' AND version > 1",
                "{archived_at}test {archived_at}test");
}

static void wrong_requests_are_refused(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "ceuta", "ceuta-0"), 0);
    assert_int_equal(set_zone(w->editor, "ceuta", 1, "ceuta-1"), 0);
    assert_int_equal(move(w->editor, "ArchiveCity", "ceuta", 1, "ceuta-2"), -ERR_ABORTED);
    assert_non_null(strstr(caller_last(w->editor)->err.text, "changed since: zone"));
    assert_int_equal(move(w->editor, "ArchiveCity", "ceuta", 0, "ceuta-3"), -ERR_INVALID_ARGUMENT);
    assert_string_equal(caller_last(w->editor)->violations.rows[0].path, "version");
    assert_int_equal(move(w->editor, "ArchiveCity", "cueta", 1, "ceuta-4"), -ERR_NOT_FOUND);
    assert_int_equal(move(w->viewer, "ArchiveCity", "ceuta", 2, "ceuta-5"), -ERR_PERMISSION_DENIED);
    assert_int_equal(caller_get_city(w->viewer, "ceuta"), 0);
    assert_null(caller_city(w->viewer)->archived_at);
}

static int create_programme(struct caller *caller, const char *slug)
{
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT, *names[] = {&name};
    Ucap__V1__Programme programme = UCAP__V1__PROGRAMME__INIT;
    Ucap__V1__CreateProgrammeRequest request = UCAP__V1__CREATE_PROGRAMME_REQUEST__INIT;

    name.language = (char *)"en";
    name.text = (char *)slug;
    programme.slug = (char *)slug;
    programme.names = names;
    programme.n_names = 1;
    programme.default_language = (char *)"en";
    request.programme = &programme;
    return caller_registry(caller, "CreateProgramme", &request.base, slug);
}

/* The programmes of others are not there. */
static void programmes_are_archived_by_who_sees_them(void **state)
{
    struct world *w = *state;

    assert_int_equal(create_programme(w->admin, "alpha"), 0);
    assert_int_equal(create_programme(w->admin, "alphabet"), 0);
    assert_int_equal(move(w->narrow, "ArchiveProgramme", "alphabet", 1, "p-1"), -ERR_NOT_FOUND);
    assert_int_equal(move(w->narrow, "ArchiveProgramme", "alpha", 1, "p-2"), 0);
    assert_int_equal(list_programmes(w->narrow, false), 0);
    assert_int_equal(list_programmes(w->narrow, true), 1);
    assert_int_equal(list_programmes(w->admin, false), 1);
    assert_int_equal(list_programmes(w->admin, true), 2);
    assert_int_equal(move(w->narrow, "RestoreProgramme", "alphabet", 1, "p-3"), -ERR_NOT_FOUND);
    assert_int_equal(move(w->narrow, "RestoreProgramme", "alpha", 2, "p-4"), 0);
    assert_int_equal(list_programmes(w->narrow, false), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_archived_city_is_read_but_not_listed),
        cmocka_unit_test(an_archived_city_cannot_be_changed_until_it_is_restored),
        cmocka_unit_test(history_and_events_tell_of_it),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(programmes_are_archived_by_who_sees_them),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
