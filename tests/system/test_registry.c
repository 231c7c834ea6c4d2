/* The registry as a client sees it: a real gateway, a real registry, a real PostgreSQL. */
#include "caller.h"

#include <setjmp.h>
#include <signal.h>
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
    struct caller *viewer, *editor, *admin;
};

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    w->zmq = zmq_ctx_new();
    w->viewer = caller_create(w->zmq, &w->system, "viewer", false);
    w->editor = caller_create(w->zmq, &w->system, "editor", false);
    w->admin = caller_create(w->zmq, &w->system, "admin", true);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    caller_destroy(w->viewer);
    caller_destroy(w->editor);
    caller_destroy(w->admin);
    zmq_ctx_term(w->zmq);
    kit_end(w->kit);
    free(w);
    return 0;
}

static const char *text_of(struct caller *caller)
{
    return caller_last(caller)->err.text;
}

static long count(struct world *w, const char *sql)
{
    char *value = kit_pg_value(w->system.pg, "ucap", sql);
    long number = strtol(value, NULL, 10);

    free(value);
    return number;
}

static void a_city_travels(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "sevilla", "travel-1"), 0);
    assert_int_equal(caller_get_city(w->viewer, "sevilla"), 0);
    assert_string_equal(caller_city(w->viewer)->slug, "sevilla");
    assert_int_equal(caller_city(w->viewer)->version, 1);
    assert_non_null(caller_city(w->viewer)->created_at);
    assert_int_equal(count(w, "SELECT count(*) FROM events.outbox WHERE subject = 'city/sevilla' "
                              "AND type = 'registry.city.created'"),
                     1);
    assert_int_equal(count(w, "SELECT count(*) FROM registry.history WHERE slug = 'sevilla'"), 1);
}

/* All that a city can say, with characters that JSON, SQL or a careless reader could garble. */
static void make_full_city(Ucap__V1__City *city)
{
    static Ucap__V1__LocalText names[] = {
        {PROTOBUF_C_MESSAGE_INIT(&ucap__v1__local_text__descriptor), (char *)"zh-Hans",
         (char *)"柳州 𠮷"},
        {PROTOBUF_C_MESSAGE_INIT(&ucap__v1__local_text__descriptor), (char *)"ar",
         (char *)"ليوتشو\u200f"},
        {PROTOBUF_C_MESSAGE_INIT(&ucap__v1__local_text__descriptor), (char *)"en",
         (char *)"Liu\u0301zho\u0304u \"\\u0000\" \t\n </b> '' $1 {}"},
    };
    static Ucap__V1__LocalText *name_list[] = {&names[0], &names[1], &names[2]};
    static Ucap__V1__Source source = UCAP__V1__SOURCE__INIT, other = UCAP__V1__SOURCE__INIT;
    static Ucap__V1__Source *sources[] = {&source, &other};
    static Ucap__V1__Figure figures[3];
    static Ucap__V1__Figure *figure_list[] = {&figures[0], &figures[1], &figures[2]};

    source.title = (char *)"null";
    source.link = (char *)"https://example.eu/?a=%22&b=\\";
    source.date = (char *)"2019-06~";
    source.says = (char *)"true";
    other.title = (char *)"1e400";
    for (size_t i = 0; i < 3; i++)
        ucap__v1__figure__init(&figures[i]);
    figures[0].kind = (char *)"population";
    figures[0].value = (char *)"12345678901234567890.10";
    figures[0].qualifier = UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_ABOUT;
    figures[0].words = (char *)"some 12 quintillion";
    figures[0].as_of = (char *)"2018/..";
    figures[0].sources = sources;
    figures[0].n_sources = 2;
    figures[0].preferred = true;
    figures[1].kind = (char *)"area";
    figures[1].lower = (char *)"-0.50";
    figures[1].upper = (char *)"0";
    figures[1].unit = (char *)"km2";
    figures[1].territory = (char *)"liudong";
    figures[2].kind = (char *)"population";
    figures[2].value = (char *)"0";
    figures[2].qualifier = UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_EXACT;
    ucap__v1__city__init(city);
    city->slug = (char *)"liuzhou-full";
    city->names = name_list;
    city->n_names = 3;
    city->country = (char *)"CN";
    city->subdivision = (char *)"CN-GX";
    city->zone = (char *)"Asia/Shanghai";
    city->figures = figure_list;
    city->n_figures = 3;
    city->sources = sources;
    city->n_sources = 2;
}

static void assert_same_city(Ucap__V1__City *stored, const Ucap__V1__City *sent)
{
    uint8_t stored_bytes[4096], sent_bytes[4096];
    const uint64_t version = stored->version;
    Google__Protobuf__Timestamp *created = stored->created_at, *updated = stored->updated_at;

    stored->version = 0;
    stored->created_at = stored->updated_at = NULL;
    assert_true(ucap__v1__city__get_packed_size(sent) < sizeof(sent_bytes));
    size_t size = ucap__v1__city__pack(sent, sent_bytes);
    assert_int_equal(ucap__v1__city__get_packed_size(stored), size);
    ucap__v1__city__pack(stored, stored_bytes);
    assert_memory_equal(stored_bytes, sent_bytes, size);
    stored->version = version;
    stored->created_at = created;
    stored->updated_at = updated;
}

static void nothing_is_lost_on_the_way(void **state)
{
    struct world *w = *state;
    Ucap__V1__CreateCityRequest request = UCAP__V1__CREATE_CITY_REQUEST__INIT;
    Ucap__V1__City city;

    make_full_city(&city);
    request.city = &city;
    assert_int_equal(caller_registry(w->editor, "CreateCity", &request.base, "full-1"), 0);
    assert_same_city((Ucap__V1__City *)caller_last(w->editor)->reply, &city);
    assert_int_equal(caller_get_city(w->viewer, "liuzhou-full"), 0);
    assert_same_city((Ucap__V1__City *)caller_last(w->viewer)->reply, &city);
}

static void a_near_miss_is_named(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "barcelona", "near-1"), 0);
    assert_int_equal(caller_get_city(w->viewer, "barcelna"), -ERR_NOT_FOUND);
    assert_string_equal(text_of(w->viewer),
                        "city \"barcelna\" not found (did you mean \"barcelona\"?)");
}

static void the_same_key_takes_effect_once(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "malaga", "once-1"), 0);
    assert_int_equal(caller_create_city(w->editor, "malaga", "once-1"), 0);
    assert_int_equal(caller_create_city(w->editor, "malaga", "once-2"), -ERR_ALREADY_EXISTS);
    assert_int_equal(caller_create_city(w->editor, "cadiz", "once-1"), -ERR_INVALID_ARGUMENT);
    assert_int_equal(caller_create_city(w->editor, "cadiz", NULL), -ERR_INVALID_ARGUMENT);
    assert_int_equal(count(w, "SELECT count(*) FROM events.outbox WHERE subject = 'city/malaga'"),
                     1);
    assert_int_equal(caller_get_city(w->editor, "cadiz"), -ERR_NOT_FOUND);
}

static void roles_are_checked(void **state)
{
    struct world *w = *state;
    Ucap__V1__CreateProgrammeRequest request = UCAP__V1__CREATE_PROGRAMME_REQUEST__INIT;
    Ucap__V1__Programme programme = UCAP__V1__PROGRAMME__INIT;

    assert_int_equal(caller_create_city(w->viewer, "jaen", "role-1"), -ERR_PERMISSION_DENIED);
    assert_non_null(strstr(text_of(w->viewer), "editor"));
    request.programme = &programme;
    assert_int_equal(caller_registry(w->editor, "CreateProgramme", &request.base, "role-2"),
                     -ERR_PERMISSION_DENIED);
}

static void all_mistakes_are_told_at_once(void **state)
{
    struct world *w = *state;
    Ucap__V1__CreateCityRequest request = UCAP__V1__CREATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;

    assert_int_equal(caller_registry(w->editor, "CreateCity", &request.base, "all-0"),
                     -ERR_INVALID_ARGUMENT);
    city.slug = (char *)"Not A Slug";
    city.country = (char *)"Spain";
    request.city = &city;
    assert_int_equal(caller_registry(w->editor, "CreateCity", &request.base, "all-1"),
                     -ERR_INVALID_ARGUMENT);
    assert_int_equal(caller_last(w->editor)->violations.count, 3);
    assert_string_equal(caller_last(w->editor)->violations.rows[1].path, "city.names");
}

/* The mistakes quote what was sent, and each value more than once: the reply must not outgrow what
 * the gateway lets pass. */
static void a_large_mistake_gets_a_small_answer(void **state)
{
    enum { LENGTH = 90000, FIGURES = 11 };
    struct world *w = *state;
    Ucap__V1__CreateCityRequest request = UCAP__V1__CREATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    Ucap__V1__Figure figure = UCAP__V1__FIGURE__INIT;
    Ucap__V1__Figure *figures[FIGURES];

    figure.kind = malloc(LENGTH + 1);
    memset(figure.kind, 'x', LENGTH);
    figure.kind[LENGTH] = '\0';
    figure.preferred = true;
    for (size_t i = 0; i < FIGURES; i++)
        figures[i] = &figure;
    city.figures = figures;
    city.n_figures = FIGURES;
    request.city = &city;
    assert_int_equal(caller_registry(w->editor, "CreateCity", &request.base, "large-1"),
                     -ERR_INVALID_ARGUMENT);
    assert_true(caller_last(w->editor)->violations.count > FIGURES);
    free(figure.kind);
}

static int update_zone(struct caller *caller, const char *slug, uint64_t version, const char *zone,
                       const char *key)
{
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char zone_field[] = "zone", *fields[] = {zone_field};

    city.slug = (char *)slug;
    city.version = version;
    city.zone = (char *)zone;
    request.city = &city;
    request.fields = fields;
    request.n_fields = 1;
    request.reason = (char *)"test";
    return caller_registry(caller, "UpdateCity", &request.base, key);
}

static void updates_have_versions(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "bilbao", "update-1"), 0);
    assert_int_equal(update_zone(w->editor, "bilbao", 1, "Europe/Madrid", "update-2"), 0);
    assert_int_equal(caller_city(w->editor)->version, 2);
    assert_string_equal(caller_city(w->editor)->names[0]->text, "bilbao");
    assert_int_equal(update_zone(w->editor, "bilbao", 1, "Europe/Rome", "update-3"), -ERR_ABORTED);
    assert_non_null(strstr(text_of(w->editor), "changed since: zone"));
    assert_int_equal(update_zone(w->editor, "bilbao", 9, "Europe/Rome", "update-4"),
                     -ERR_INVALID_ARGUMENT);
    assert_int_equal(update_zone(w->editor, "bilbao", 2, "Europe/Rom", "update-5"),
                     -ERR_INVALID_ARGUMENT);
    assert_int_equal(update_zone(w->editor, "bilbo", 2, "Europe/Rome", "update-6"), -ERR_NOT_FOUND);
    assert_int_equal(count(w, "SELECT count(*) FROM registry.history WHERE slug = 'bilbao' AND "
                              "version = 2 AND principal = 'editor' AND via IS NULL AND "
                              "fields = '{zone}' AND reason = 'test' AND "
                              "body ->> 'zone' = 'Europe/Madrid'"),
                     1);
    /* What changes nothing makes no version and no event. */
    assert_int_equal(update_zone(w->editor, "bilbao", 2, "Europe/Madrid", "update-7"), 0);
    assert_int_equal(caller_city(w->editor)->version, 2);
    assert_int_equal(count(w, "SELECT count(*) FROM events.outbox WHERE subject = 'city/bilbao'"),
                     2);
}

static int update_figures(struct caller *caller, const char *zone, Ucap__V1__Figure **figures,
                          size_t count, const char *key)
{
    Ucap__V1__UpdateCityRequest request = UCAP__V1__UPDATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char zone_field[] = "zone", figures_field[] = "figures";
    char *fields[] = {zone_field, figures_field};

    city.slug = (char *)"girona";
    city.version = 1;
    city.zone = (char *)zone;
    city.figures = figures;
    city.n_figures = count;
    request.city = &city;
    request.fields = fields;
    request.n_fields = 2;
    return caller_registry(caller, "UpdateCity", &request.base, key);
}

static void updates_are_checked_as_a_whole(void **state)
{
    struct world *w = *state;
    const struct findings *violations = &caller_last(w->editor)->violations;
    const struct findings *warnings = &caller_last(w->editor)->warnings;
    Ucap__V1__Figure figure = UCAP__V1__FIGURE__INIT, *figures[] = {&figure};

    assert_int_equal(caller_create_city(w->editor, "girona", "whole-1"), 0);
    figure.kind = (char *)"population";
    figure.value = (char *)"many";
    assert_int_equal(update_figures(w->editor, "Europe/Madird", figures, 1, "whole-2"),
                     -ERR_INVALID_ARGUMENT);
    assert_string_equal(text_of(w->editor), "the city has 2 mistakes");
    assert_int_equal(violations->count, 2);
    assert_string_equal(violations->rows[0].path, "city.zone");
    assert_string_equal(violations->rows[1].path, "city.figures[0].value");
    figure.value = (char *)"103369";
    for (int calls = 0; calls < 2; calls++) { /* the second is answered from the first */
        assert_int_equal(update_figures(w->editor, "Europe/Madrid", figures, 1, "whole-3"), 0);
        assert_int_equal(caller_city(w->editor)->version, 2);
        assert_int_equal(violations->count, 0);
        assert_int_equal(warnings->count, 1);
        assert_string_equal(warnings->rows[0].path, "city.figures[0].sources");
    }
    assert_int_equal(update_zone(w->editor, "girona", 0, "Europe/Madrid", "whole-4"),
                     -ERR_INVALID_ARGUMENT);
    assert_string_equal(violations->rows[0].path, "city.version");
}

static int list(struct caller *caller, uint32_t size, const char *cursor, const char *country)
{
    Ucap__V1__ListCitiesRequest request = UCAP__V1__LIST_CITIES_REQUEST__INIT;

    request.page_size = size;
    request.cursor = (char *)cursor;
    request.country = (char *)country;
    return caller_registry(caller, "ListCities", &request.base, NULL);
}

/* Walks all pages of `size`; how many cities begin with `prefix`. Each page is in order. */
static int walk(struct caller *caller, uint32_t size, const char *prefix, int *ret_pages)
{
    char cursor[256] = "", last[80] = "";
    int seen = 0;

    *ret_pages = 0;
    do {
        assert_int_equal(list(caller, size, cursor, ""), 0);
        const Ucap__V1__ListCitiesReply *reply =
            (const Ucap__V1__ListCitiesReply *)caller_last(caller)->reply;
        assert_true(reply->n_cities <= size);
        for (size_t i = 0; i < reply->n_cities; i++) {
            assert_true(strcmp(reply->cities[i]->slug, last) > 0);
            snprintf(last, sizeof(last), "%s", reply->cities[i]->slug);
            seen += strncmp(last, prefix, strlen(prefix)) == 0;
        }
        snprintf(cursor, sizeof(cursor), "%s", reply->next_cursor);
        (*ret_pages)++;
    } while (*cursor);
    return seen;
}

static void lists_are_paged(void **state)
{
    struct world *w = *state;
    char slug[32], key[32];
    int pages;

    for (int i = 0; i < 7; i++) {
        snprintf(slug, sizeof(slug), "zz-page-%d", i);
        snprintf(key, sizeof(key), "page-%d", i);
        assert_int_equal(caller_create_city(w->editor, slug, key), 0);
    }
    assert_int_equal(walk(w->viewer, 3, "zz-page-", &pages), 7);
    int all = walk(w->viewer, 1000, "", &pages);
    assert_int_equal(pages, 1);
    assert_int_equal(walk(w->viewer, (uint32_t)all, "", &pages), all); /* full, and the last */
    assert_int_equal(pages, 1);
    assert_int_equal(walk(w->viewer, 1, "", &pages), all);
    assert_int_equal(pages, all);
}

static void wrong_lists_are_refused(void **state)
{
    /* No cursor, one cut in half, bytes that are no text or no slug, a slug that is too long. */
    static const char *const cursors[] = {"rubbish", "16", "1ff", "100", "141", "2616263"};
    char long_cursor[2 * 65 + 2] = "1";
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        assert_int_equal(list(w->viewer, 3, cursors[i], ""), -ERR_INVALID_ARGUMENT);
        assert_string_equal(caller_last(w->viewer)->violations.rows[0].path, "cursor");
        assert_non_null(strstr(caller_last(w->viewer)->violations.rows[0].sentence, cursors[i]));
    }
    for (size_t i = 1; i < sizeof(long_cursor) - 1; i++)
        long_cursor[i] = "61"[(i - 1) % 2];
    assert_int_equal(list(w->viewer, 3, long_cursor, ""), -ERR_INVALID_ARGUMENT);
    assert_int_equal(list(w->viewer, 1001, "", "it"), -ERR_INVALID_ARGUMENT);
    assert_string_equal(caller_last(w->viewer)->violations.rows[0].path, "country");
    assert_string_equal(caller_last(w->viewer)->violations.rows[1].path, "page_size");
    assert_int_equal(list(w->viewer, 3, "", "IT"), 0);
    assert_int_equal(((Ucap__V1__ListCitiesReply *)caller_last(w->viewer)->reply)->n_cities, 0);
}

/* Nearly as large as a record may be. */
static int create_large_city(struct caller *caller, const char *slug, const char *key)
{
    enum { LENGTH = 10000, SOURCES = 100 };
    Ucap__V1__CreateCityRequest request = UCAP__V1__CREATE_CITY_REQUEST__INIT;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT, *names[] = {&name};
    Ucap__V1__Source source = UCAP__V1__SOURCE__INIT, *sources[SOURCES];
    static char text[LENGTH + 1];

    memset(text, 'x', LENGTH);
    source.title = text;
    for (size_t i = 0; i < SOURCES; i++)
        sources[i] = &source;
    name.language = (char *)"en";
    name.text = (char *)slug;
    city.slug = (char *)slug;
    city.country = (char *)"FR";
    city.names = names;
    city.n_names = 1;
    city.sources = sources;
    city.n_sources = SOURCES;
    request.city = &city;
    return caller_registry(caller, "CreateCity", &request.base, key);
}

/* A page ends before it outgrows what the gateway lets pass. */
static void large_cities_make_short_pages(void **state)
{
    struct world *w = *state;
    char slug[32], key[32];
    int pages;

    for (int i = 0; i < 5; i++) {
        snprintf(slug, sizeof(slug), "large-%d", i);
        snprintf(key, sizeof(key), "large-%d", i);
        assert_int_equal(create_large_city(w->editor, slug, key), 0);
    }
    assert_int_equal(walk(w->viewer, 1000, "large-", &pages), 5);
    assert_true(pages > 1);
}

static bool no_answer_is_kept(void *arg)
{
    return count(arg, "SELECT count(*) FROM registry.idempotency") == 0;
}

/* A registry that has nothing else to do removes the answers whose time is over. */
static void answers_are_kept_for_a_time(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->editor, "lugo", "kept-1"), 0);
    assert_int_equal(count(w, "SELECT count(*) FROM registry.idempotency"), 1);
    free(kit_pg_value(
        w->system.pg, "ucap",
        "UPDATE registry.idempotency SET created_at = created_at - interval '8 days'"));
    kit_system_registry(&w->system, "registry-idle", NULL);
    kit_wait("the answers to be removed", 10000, no_answer_is_kept, w);
}

static bool is_back(void *arg)
{
    struct world *w = arg;

    return caller_get_city(w->viewer, "sevilla") == 0;
}

/* The database goes away and comes back: UNAVAILABLE meanwhile, and no restart of anything. */
static void the_database_may_go_away(void **state)
{
    struct world *w = *state;

    assert_int_equal(caller_create_city(w->admin, "sevilla", "away-1") == 0 ||
                         caller_last(w->admin)->err.code == ERR_ALREADY_EXISTS,
                     1);
    kit_pg_stop(w->system.pg);
    assert_int_equal(caller_get_city(w->viewer, "sevilla"), -ERR_UNAVAILABLE);
    assert_int_equal(caller_get_city(w->viewer, "sevilla"), -ERR_UNAVAILABLE);
    kit_pg_restart(w->system.pg);
    kit_wait("the registry to be back", 15000, is_back, w);
    assert_true(kit_is_running(w->system.registry));
}

static void a_drained_registry_leaves_cleanly(void **state)
{
    struct world *w = *state;

    kit_signal(w->system.registry, SIGTERM);
    assert_int_equal(kit_wait_exit(w->system.registry, 10000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_city_travels),
        cmocka_unit_test(nothing_is_lost_on_the_way),
        cmocka_unit_test(a_near_miss_is_named),
        cmocka_unit_test(the_same_key_takes_effect_once),
        cmocka_unit_test(roles_are_checked),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(a_large_mistake_gets_a_small_answer),
        cmocka_unit_test(updates_have_versions),
        cmocka_unit_test(updates_are_checked_as_a_whole),
        cmocka_unit_test(lists_are_paged),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(large_cities_make_short_pages),
        cmocka_unit_test_setup_teardown(answers_are_kept_for_a_time, begin, end),
        cmocka_unit_test(the_database_may_go_away),
        cmocka_unit_test_setup_teardown(a_drained_registry_leaves_cleanly, begin, end),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
