/* A caller sees only its programmes: those of others are not there for it, in reads, lists,
 * guesses, writes, and answers kept for a key. */
#include "caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static int create(struct caller *caller, const char *slug, const char *key)
{
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&name};
    Ucap__V1__Programme programme = UCAP__V1__PROGRAMME__INIT;
    Ucap__V1__CreateProgrammeRequest request = UCAP__V1__CREATE_PROGRAMME_REQUEST__INIT;

    name.language = (char *)"en";
    name.text = (char *)slug;
    programme.slug = (char *)slug;
    programme.names = names;
    programme.n_names = 1;
    programme.default_language = (char *)"en";
    request.programme = &programme;
    return caller_registry(caller, "CreateProgramme", &request.base, key);
}

static int get(struct caller *caller, const char *slug)
{
    Ucap__V1__GetProgrammeRequest request = UCAP__V1__GET_PROGRAMME_REQUEST__INIT;

    request.slug = (char *)slug;
    return caller_registry(caller, "GetProgramme", &request.base, NULL);
}

static size_t list(struct caller *caller)
{
    Ucap__V1__ListProgrammesRequest request = UCAP__V1__LIST_PROGRAMMES_REQUEST__INIT;

    assert_int_equal(caller_registry(caller, "ListProgrammes", &request.base, NULL), 0);
    return ((Ucap__V1__ListProgrammesReply *)caller_last(caller)->reply)->n_programmes;
}

static int set_mailbox(struct caller *caller, const char *slug, const char *mailbox,
                       const char *key)
{
    Ucap__V1__Programme programme = UCAP__V1__PROGRAMME__INIT;
    Ucap__V1__UpdateProgrammeRequest request = UCAP__V1__UPDATE_PROGRAMME_REQUEST__INIT;
    char field[] = "mailbox", *fields[] = {field};

    programme.slug = (char *)slug;
    programme.version = 1;
    programme.mailbox = (char *)mailbox;
    request.programme = &programme;
    request.fields = fields;
    request.n_fields = 1;
    return caller_registry(caller, "UpdateProgramme", &request.base, key);
}

struct world {
    struct kit *kit;
    struct kit_system system;
    void *zmq;
    struct caller *admin, *narrow, *service;
};

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    w->zmq = zmq_ctx_new();
    w->admin = caller_create(w->zmq, &w->system, "admin", false);
    w->narrow = caller_create(w->zmq, &w->system, "narrow", false);
    w->service = caller_create(w->zmq, &w->system, "relay", false);
    assert_int_equal(create(w->admin, "alpha", "p-1"), 0);
    assert_int_equal(create(w->admin, "alphabet", "p-2"), 0);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    caller_destroy(w->admin);
    caller_destroy(w->narrow);
    caller_destroy(w->service);
    zmq_ctx_term(w->zmq);
    kit_end(w->kit);
    free(w);
    return 0;
}

static void others_are_not_there(void **state)
{
    struct world *w = *state;

    assert_int_equal(list(w->admin), 2);
    assert_int_equal(list(w->narrow), 1);
    assert_int_equal(get(w->narrow, "alpha"), 0);
    assert_int_equal(get(w->narrow, "alphabet"), -ERR_NOT_FOUND);
    assert_int_equal(get(w->narrow, "alphabat"), -ERR_NOT_FOUND);
    assert_null(strstr(caller_last(w->narrow)->err.text, "alphabet"));
    assert_int_equal(set_mailbox(w->narrow, "alphabet", "a@b.eu", "p-3"), -ERR_NOT_FOUND);
    assert_int_equal(set_mailbox(w->narrow, "alpha", "a@b.eu", "p-4"), 0);
    assert_int_equal(create(w->narrow, "beta", "p-5"), -ERR_PERMISSION_DENIED);
}

/* A person that a service acts for; the list of programmes is the test's. */
static Ucap__V1__Caller person(Ucap__V1__Role__Value role, char **programmes, size_t count)
{
    Ucap__V1__Caller caller = UCAP__V1__CALLER__INIT;

    caller.principal = (char *)"person";
    caller.role = role;
    caller.programmes = programmes;
    caller.n_programmes = count;
    return caller;
}

static void check_value(struct world *w, const char *sql, const char *expected)
{
    char *value = kit_pg_value(w->system.pg, "ucap", sql);

    assert_string_equal(value, expected);
    free(value);
}

/* Whether the slug is taken must not be told either. */
static void an_admin_makes_its_own_programmes_only(void **state)
{
    struct world *w = *state;
    char alpha[] = "alpha", gamma[] = "gamma", *programmes[] = {alpha, gamma};
    const Ucap__V1__Caller admin = person(UCAP__V1__ROLE__VALUE__ROLE_ADMIN, programmes, 2);

    caller_act_for(w->service, &admin);
    assert_int_equal(create(w->service, "beta", "a-1"), -ERR_PERMISSION_DENIED);
    assert_int_equal(create(w->service, "alphabet", "a-2"), -ERR_PERMISSION_DENIED);
    assert_int_equal(create(w->service, "alpha", "a-3"), -ERR_ALREADY_EXISTS);
    assert_int_equal(create(w->service, "gamma", "a-4"), 0);
    assert_int_equal(get(w->admin, "beta"), -ERR_NOT_FOUND);
    check_value(
        w,
        "SELECT count(*) FROM registry.history h JOIN events.outbox o USING (principal, via) "
        "WHERE slug = 'gamma' AND subject = 'programme/gamma' AND principal = 'person' AND "
        "via = 'relay' AND programme_id = 'gamma'",
        "1");
}

/* The answer that is kept for a key is given to who may still see it. */
static void a_kept_answer_is_bounded_too(void **state)
{
    struct world *w = *state;
    char alphabet[] = "alphabet", delta[] = "delta", *programmes[] = {alphabet, delta};
    const Ucap__V1__Caller before = person(UCAP__V1__ROLE__VALUE__ROLE_ADMIN, programmes, 2);
    const Ucap__V1__Caller after = person(UCAP__V1__ROLE__VALUE__ROLE_ADMIN, programmes, 0);

    caller_act_for(w->service, &before);
    assert_int_equal(set_mailbox(w->service, "alphabet", "c@d.eu", "k-1"), 0);
    assert_int_equal(set_mailbox(w->service, "alphabet", "c@d.eu", "k-1"), 0);
    assert_int_equal(create(w->service, "delta", "k-2"), 0);
    assert_int_equal(create(w->service, "delta", "k-2"), 0);
    caller_act_for(w->service, &after);
    assert_int_equal(set_mailbox(w->service, "alphabet", "c@d.eu", "k-1"), -ERR_NOT_FOUND);
    assert_int_equal(create(w->service, "delta", "k-2"), -ERR_PERMISSION_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_are_not_there),
        cmocka_unit_test(an_admin_makes_its_own_programmes_only),
        cmocka_unit_test(a_kept_answer_is_bounded_too),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
