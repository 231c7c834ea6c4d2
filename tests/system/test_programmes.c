/* A caller sees only its programmes: those of others are not there for it, in reads, lists, guesses
 * and writes. */
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

static int rename_to(struct caller *caller, const char *slug, const char *mailbox, const char *key)
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

static void others_are_not_there(void **state)
{
    struct kit *kit = kit_begin();
    struct kit_system system;
    void *zmq = zmq_ctx_new();
    (void)state;

    kit_system_start(kit, true, &system);
    struct caller *admin = caller_create(zmq, &system, "admin", false);
    struct caller *narrow = caller_create(zmq, &system, "narrow", false);
    assert_int_equal(create(admin, "alpha", "p-1"), 0);
    assert_int_equal(create(admin, "alphabet", "p-2"), 0);
    assert_int_equal(list(admin), 2);

    assert_int_equal(get(narrow, "alpha"), 0);
    assert_int_equal(get(narrow, "alphabet"), -ERR_NOT_FOUND);
    assert_int_equal(list(narrow), 1);
    assert_int_equal(get(narrow, "alphabat"), -ERR_NOT_FOUND);
    assert_null(strstr(caller_last(narrow)->err.text, "alphabet"));
    assert_int_equal(rename_to(narrow, "alphabet", "a@b.eu", "p-3"), -ERR_NOT_FOUND);
    assert_int_equal(rename_to(narrow, "alpha", "a@b.eu", "p-4"), 0);
    assert_int_equal(create(narrow, "beta", "p-5"), -ERR_PERMISSION_DENIED);

    caller_destroy(admin);
    caller_destroy(narrow);
    zmq_ctx_term(zmq);
    kit_end(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(others_are_not_there)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
