/* The history of records as a client sees it: who changed what, when and why; the newest first; and
 * nothing of what the caller may not see. */
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

static int history(struct caller *caller, const char *kind, const char *slug, uint32_t size,
                   const char *cursor)
{
    Ucap__V1__GetHistoryRequest request = UCAP__V1__GET_HISTORY_REQUEST__INIT;

    request.kind = (char *)kind;
    request.slug = (char *)slug;
    request.page_size = size;
    request.cursor = (char *)cursor;
    return caller_registry(caller, "GetHistory", &request.base, NULL);
}

static const Ucap__V1__GetHistoryReply *reply_of(struct caller *caller)
{
    return (const Ucap__V1__GetHistoryReply *)caller_last(caller)->reply;
}

static const struct finding *first_violation(struct caller *caller)
{
    assert_int_equal(caller_last(caller)->violations.count, 1);
    return &caller_last(caller)->violations.rows[0];
}

static int set_zone(struct caller *caller, const char *slug, uint64_t version, const char *zone,
                    const char *reason)
{
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char field[] = "zone", *fields[] = {field}, key[128];

    snprintf(key, sizeof(key), "%s-%llu", slug, (unsigned long long)version);
    city.slug = (char *)slug;
    city.version = version;
    city.zone = (char *)zone;
    request.city = &city;
    request.fields = fields;
    request.n_fields = 1;
    request.reason = (char *)reason;
    return caller_registry(caller, "UpdateCity", &request.base, key);
}

static void changes_are_told_newest_first(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->admin, "vigo", "vigo-0"), 0);
    assert_int_equal(set_zone(w->editor, "vigo", 1, "Europe/Madrid", "柳州 said so"), 0);
    assert_int_equal(history(w->viewer, "city", "vigo", 0, ""), 0);
    const Ucap__V1__GetHistoryReply *reply = reply_of(w->viewer);
    assert_int_equal(reply->n_entries, 2);
    assert_string_equal(reply->next_cursor, "");
    const Ucap__V1__HistoryEntry *last = reply->entries[0], *first = reply->entries[1];
    assert_int_equal(last->version, 2);
    assert_string_equal(last->principal, "editor");
    assert_string_equal(last->via, "");
    assert_int_equal(last->n_fields, 1);
    assert_string_equal(last->fields[0], "zone");
    assert_string_equal(last->reason, "柳州 said so");
    assert_true(last->changed_at->seconds >= first->changed_at->seconds);
    assert_int_equal(first->version, 1);
    assert_string_equal(first->principal, "admin");
    assert_int_equal(first->n_fields, 2);
    assert_string_equal(first->fields[0], "names");
    assert_string_equal(first->reason, "");
}

static void histories_are_paged(void **state)
{
    static const char *const zones[] = {"Europe/Madrid", "Europe/Rome"};
    struct world *w = *state;
    char cursor[160] = "";
    uint64_t expected = 7;

    assert_int_equal(caller_create_city(w->editor, "lorca", "lorca-0"), 0);
    for (uint64_t version = 1; version < 7; version++)
        assert_int_equal(set_zone(w->editor, "lorca", version, zones[version % 2], ""), 0);
    do {
        assert_int_equal(history(w->viewer, "city", "lorca", 3, cursor), 0);
        const Ucap__V1__GetHistoryReply *reply = reply_of(w->viewer);
        assert_true(reply->n_entries > 0 && reply->n_entries <= 3);
        for (size_t i = 0; i < reply->n_entries; i++)
            assert_int_equal(reply->entries[i]->version, expected--);
        snprintf(cursor, sizeof(cursor), "%s", reply->next_cursor);
    } while (*cursor);
    assert_int_equal(expected, 0);
    assert_int_equal(history(w->viewer, "city", "lorca", 7, ""), 0); /* full, and the last */
    assert_string_equal(reply_of(w->viewer)->next_cursor, "");
}

/* A page ends before it outgrows what the gateway lets pass. */
static void long_reasons_make_short_pages(void **state)
{
    enum { ROWS = 200, LENGTH = 40000 };
    struct world *w = *state;
    char sql[512];

    assert_int_equal(caller_create_city(w->editor, "elche", "elche-0"), 0);
    snprintf(sql, sizeof(sql),
             "INSERT INTO registry.history (kind, slug, version, principal, fields, reason, body) "
             "SELECT 'city', 'elche', v, 'editor', '{zone}', repeat('x', %d), '{}' "
             "FROM generate_series(2, %d) AS v",
             LENGTH, ROWS);
    free(kit_pg_value(w->system.pg, "ucap", sql));
    assert_int_equal(history(w->viewer, "city", "elche", 1000, ""), 0);
    assert_true(reply_of(w->viewer)->n_entries < ROWS);
    assert_string_not_equal(reply_of(w->viewer)->next_cursor, "");
}

static void wrong_questions_are_refused(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "ceuta", "ceuta-0"), 0);
    assert_int_equal(history(w->viewer, "town", "ceuta", 0, ""), -ERR_INVALID_ARGUMENT);
    assert_string_equal(first_violation(w->viewer)->path, "kind");
    assert_int_equal(history(w->viewer, "city", "ceuta", 1001, ""), -ERR_INVALID_ARGUMENT);
    assert_string_equal(first_violation(w->viewer)->path, "page_size");
    assert_int_equal(history(w->viewer, "city", "ceuta", 0, "2x"), -ERR_INVALID_ARGUMENT);
    assert_string_equal(first_violation(w->viewer)->path, "cursor");
    assert_int_equal(history(w->viewer, "city", "ceuta", 0, "2999999999999999999"), 0);
    assert_int_equal(history(w->viewer, "city", "cueta", 0, ""), -ERR_NOT_FOUND);
    assert_non_null(strstr(caller_last(w->viewer)->err.text, "city \"cueta\" not found"));
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

/* The user narrow sees the programme alpha alone. */
static void others_have_no_history(void **state)
{
    struct world *w = *state;

    assert_int_equal(create_programme(w->admin, "alpha"), 0);
    assert_int_equal(create_programme(w->admin, "alphabet"), 0);
    assert_int_equal(history(w->narrow, "programme", "alpha", 0, ""), 0);
    assert_int_equal(reply_of(w->narrow)->n_entries, 1);
    assert_int_equal(history(w->narrow, "programme", "alphabet", 0, ""), -ERR_NOT_FOUND);
    assert_int_equal(history(w->narrow, "programme", "alphabet", 0, "29"), -ERR_NOT_FOUND);
    assert_int_equal(history(w->viewer, "city", "alpha", 0, ""), -ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_told_newest_first),
        cmocka_unit_test(histories_are_paged),
        cmocka_unit_test(long_reasons_make_short_pages),
        cmocka_unit_test(wrong_questions_are_refused),
        cmocka_unit_test(others_have_no_history),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
