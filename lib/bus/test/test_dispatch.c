/* Dispatch against a service in this process: every refusal, and what a handler is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus/server.h"

#include <stdlib.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

#define BIG ((size_t)65 << 10)

/* ---- the service ---- */

/* Registry with a note of what its handlers saw. */
struct notes {
    Ucap__V1__Registry_Service service;
    unsigned calls;
    char principal[64], via[64], key[CALL_KEY_MAX + 1], trace[TRACEPARENT_SIZE], language[16];
    int64_t deadline_us;
    size_t request_size;
    size_t reply_bytes; /* of a name in the reply */
};

static struct notes notes;

static void note(const struct call *call)
{
    notes.calls++;
    snprintf(notes.principal, sizeof(notes.principal), "%s", call->caller->principal);
    snprintf(notes.via, sizeof(notes.via), "%s", call->via ? call->via->principal : "");
    snprintf(notes.key, sizeof(notes.key), "%s",
             call->idempotency_key ? call->idempotency_key : "");
    snprintf(notes.trace, sizeof(notes.trace), "%s", call->traceparent);
    snprintf(notes.language, sizeof(notes.language), "%s",
             call->language_count ? call->languages[0] : "");
    notes.deadline_us = call->deadline_us;
    notes.request_size = call->request_size;
}

static void get_city(Ucap__V1__Registry_Service *service, const Ucap__V1__GetCityRequest *input,
                     Ucap__V1__City_Closure closure, void *arg)
{
    struct call *call = arg;
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    char *name = calloc(1, notes.reply_bytes + 1);

    (void)service;
    note(call);
    assert_string_equal(call->method, "GetCity");
    memset(name, 'x', notes.reply_bytes);
    city.slug = input->slug;
    city.country = name;
    findings_add(&call->warnings, "city.zone", "not known");
    closure(&city, arg);
    free(name);
}

static void create_city(Ucap__V1__Registry_Service *service,
                        const Ucap__V1__CreateCityRequest *input, Ucap__V1__City_Closure closure,
                        void *arg)
{
    struct call *call = arg;

    (void)service;
    (void)input;
    (void)closure;
    note(call);
    findings_add(&call->violations, "city.slug", "is \"%s\"", "?");
    call_failf(call, ERR_ALREADY_EXISTS, "city \"barcelona\" is there already");
}

static void get_programme(Ucap__V1__Registry_Service *service,
                          const Ucap__V1__GetProgrammeRequest *input,
                          Ucap__V1__Programme_Closure closure, void *arg)
{
    Ucap__V1__Progress progress = UCAP__V1__PROGRESS__INIT;
    Ucap__V1__Programme programme = UCAP__V1__PROGRAMME__INIT;
    struct call *call = arg;

    (void)service;
    (void)input;
    progress.done = 7;
    if (call->send_progress)
        call->send_progress(call, &progress);
    programme.slug = (char *)"first";
    closure(&programme, arg);
    programme.slug = (char *)"second";
    closure(&programme, arg); /* a fault of the handler */
}

static void list_cities(Ucap__V1__Registry_Service *service,
                        const Ucap__V1__ListCitiesRequest *input,
                        Ucap__V1__ListCitiesReply_Closure closure, void *arg)
{
    (void)service;
    (void)input;
    (void)closure;
    (void)arg; /* a fault of the handler: it ends in nothing */
}

static void list_programmes(Ucap__V1__Registry_Service *service,
                            const Ucap__V1__ListProgrammesRequest *input,
                            Ucap__V1__ListProgrammesReply_Closure closure, void *arg)
{
    (void)service;
    (void)input;
    closure(NULL, arg); /* protobuf-c's way to say that something failed */
}

static const struct method_rule rules[] = {
    {"CreateProgramme", MAY_ADMIN, true, ""},  {"GetProgramme", MAY_READ, false, ""},
    {"ListProgrammes", MAY_READ, false, ""},   {"UpdateProgramme", MAY_WRITE, true, ""},
    {"CreateCity", MAY_WRITE, true, ""},       {"GetCity", MAY_READ, false, ""},
    {"ListCities", MAY_READ, false, ""},       {"UpdateCity", MAY_READ, false, ""},
    {"ArchiveProgramme", MAY_WRITE, true, ""}, {"RestoreProgramme", MAY_WRITE, true, ""},
    {"ArchiveCity", MAY_WRITE, true, ""},      {"RestoreCity", MAY_WRITE, true, ""},
    {"GetHistory", MAY_READ, false, ""},       {NULL, 0, false, NULL},
};

/* ---- a request, and what became of it ---- */

struct test {
    struct served served;
    Ucap__V1__Caller caller;
    Ucap__V1__RequestHeader header;
    const ProtobufCMessage *message;
    struct served_request request;
    unsigned partials;
    uint64_t partial_done;
    Ucap__V1__ReplyHeader *reply;
    size_t reply_size;
    struct frames out;
};

static Ucap__V1__GetCityRequest barcelona = UCAP__V1__GET_CITY_REQUEST__INIT;
static uint8_t request_id[33] = "request-1";

static void setup(struct test *test)
{
    memset(test, 0, sizeof(*test));
    memset(&notes, 0, sizeof(notes));
    notes.service.base = (ProtobufCService)UCAP__V1__REGISTRY__BASE_INIT;
    notes.service.get_city = get_city;
    notes.service.create_city = create_city;
    notes.service.get_programme = get_programme;
    notes.service.list_cities = list_cities;
    notes.service.list_programmes = list_programmes;
    test->served.service = &notes.service.base;
    test->served.rules = rules;
    ucap__v1__caller__init(&test->caller);
    test->caller.principal = (char *)"anna";
    test->caller.role = UCAP__V1__ROLE__VALUE__ROLE_EDITOR;
    ucap__v1__request_header__init(&test->header);
    test->header.method = (char *)"GetCity";
    test->header.request_id = (ProtobufCBinaryData){9, request_id};
    barcelona.slug = (char *)"barcelona";
    test->message = &barcelona.base;
    test->request.caller = &test->caller;
    test->request.received_us = clock_mono_us(clock_system());
}

static void on_partial(struct frames *body, void *arg)
{
    struct test *test = arg;

    assert_int_equal(body->count, 2);
    Ucap__V1__ReplyHeader *header =
        ucap__v1__reply_header__unpack(NULL, frames_size(body, 0), frames_data(body, 0));
    assert_non_null(header);
    test->partial_done = header->progress->done;
    ucap__v1__reply_header__free_unpacked(header, NULL);
    assert_int_equal(frames_size(body, 1), 0);
    test->partials++;
}

/* Dispatches and checks what is true of every reply. */
static void dispatch_bytes(struct test *test, enum err_code expected)
{
    served_dispatch(&test->served, &test->request, &test->out);
    assert_int_equal(test->out.count, 2);
    test->reply = ucap__v1__reply_header__unpack(NULL, frames_size(&test->out, 0),
                                                 frames_data(&test->out, 0));
    assert_non_null(test->reply);
    if ((int)test->reply->status != (int)expected)
        print_error("%s: %s\n", err_code_name((int)test->reply->status), test->reply->message);
    assert_int_equal(test->reply->status, expected);
    assert_int_equal(test->reply->message[0] == '\0', expected == ERR_OK);
    test->reply_size = frames_size(&test->out, 1);
    if (expected != ERR_OK)
        assert_int_equal(test->reply_size, 0);
}

static void dispatch(struct test *test, enum err_code expected)
{
    void *header = NULL;
    void *message = NULL;

    assert_int_equal(codec_pack(&test->header.base, &header, &test->request.header_size, NULL), 0);
    assert_int_equal(codec_pack(test->message, &message, &test->request.message_size, NULL), 0);
    test->request.header = header;
    test->request.message = message;
    dispatch_bytes(test, expected);
    free(header);
    free(message);
}

static void end(struct test *test)
{
    ucap__v1__reply_header__free_unpacked(test->reply, NULL);
    frames_clear(&test->out);
}

/* One dispatch of the prepared test that is refused, with the words in its sentence, before the
 * handler. */
static void refused(struct test *test, enum err_code code, const char *words)
{
    dispatch(test, code);
    if (!strstr(test->reply->message, words))
        fail_msg("\"%s\" is not in \"%s\"", words, test->reply->message);
    assert_int_equal(notes.calls, 0);
    end(test);
}

/* ---- tests ---- */

static void replies_with_the_message(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    dispatch(&test, ERR_OK);
    Ucap__V1__City *city = ucap__v1__city__unpack(NULL, test.reply_size, frames_data(&test.out, 1));
    assert_string_equal(city->slug, "barcelona");
    ucap__v1__city__free_unpacked(city, NULL);
    assert_int_equal(test.reply->request_id.len, 9);
    assert_memory_equal(test.reply->request_id.data, request_id, 9);
    assert_int_equal(test.reply->n_warnings, 1);
    assert_string_equal(test.reply->warnings[0]->path, "city.zone");
    assert_int_equal(notes.calls, 1);
    assert_string_equal(notes.principal, "anna");
    assert_string_equal(notes.via, "");
    assert_int_equal(notes.deadline_us, 0);
    assert_int_equal(notes.request_size, test.request.message_size);
    end(&test);
}

static void hands_on_a_failure_with_its_findings(void **state)
{
    struct test test;
    Ucap__V1__CreateCityRequest create = UCAP__V1__CREATE_CITY_REQUEST__INIT;

    (void)state;
    setup(&test);
    test.header.method = (char *)"CreateCity";
    test.header.idempotency_key = (char *)"key-1";
    test.message = &create.base;
    dispatch(&test, ERR_ALREADY_EXISTS);
    assert_string_equal(test.reply->message, "city \"barcelona\" is there already");
    assert_int_equal(test.reply->n_violations, 1);
    assert_string_equal(test.reply->violations[0]->sentence, "is \"?\"");
    assert_string_equal(notes.key, "key-1");
    end(&test);
}

static void refuses_a_header_that_is_none(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    test.request.header = "\xff\xff\xff";
    test.request.header_size = 3;
    dispatch_bytes(&test, ERR_INVALID_ARGUMENT);
    assert_int_equal(test.reply->request_id.len, 0);
    end(&test);

    setup(&test);
    dispatch_bytes(&test, ERR_INVALID_ARGUMENT); /* nothing at all */
    end(&test);

    setup(&test);
    char *big = calloc(1, BIG + 1);
    memset(big, 'm', BIG);
    test.header.method = big;
    refused(&test, ERR_RESOURCE_EXHAUSTED, "request header");
    free(big);
}

static void refuses_a_request_id_of_wrong_size(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    test.header.request_id.len = 0;
    refused(&test, ERR_INVALID_ARGUMENT, "request_id");
    setup(&test);
    test.header.request_id.len = 33;
    refused(&test, ERR_INVALID_ARGUMENT, "33 bytes");
}

static void refuses_what_is_not_served(void **state)
{
    struct test test;
    Ucap__V1__UpdateCityRequest update = UCAP__V1__UPDATE_CITY_REQUEST__INIT;

    (void)state;
    setup(&test);
    test.header.method = (char *)"GetTown";
    refused(&test, ERR_UNIMPLEMENTED, "no method \"GetTown\"");
    setup(&test);
    test.header.method = (char *)"UpdateCity"; /* its slot is NULL */
    test.message = &update.base;
    refused(&test, ERR_UNIMPLEMENTED, "UpdateCity");
}

static void refuses_who_may_not(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    test.request.caller = NULL;
    refused(&test, ERR_UNAUTHENTICATED, "who asks");
    setup(&test);
    test.caller.role = UCAP__V1__ROLE__VALUE__ROLE_UNSPECIFIED;
    refused(&test, ERR_PERMISSION_DENIED, "role none");
    setup(&test);
    test.caller.role = (Ucap__V1__Role__Value)33; /* a shift by it would be undefined */
    refused(&test, ERR_PERMISSION_DENIED, "role none");
    setup(&test);
    test.header.method = (char *)"CreateCity";
    test.caller.role = UCAP__V1__ROLE__VALUE__ROLE_VIEWER;
    refused(&test, ERR_PERMISSION_DENIED, "has role viewer, but CreateCity needs editor or admin");
    setup(&test);
    test.header.method = (char *)"CreateProgramme";
    refused(&test, ERR_PERMISSION_DENIED, "needs admin");
}

static void believes_only_services_about_persons(void **state)
{
    struct test test;
    Ucap__V1__Caller person = UCAP__V1__CALLER__INIT;

    (void)state;
    person.principal = (char *)"berta";
    person.role = UCAP__V1__ROLE__VALUE__ROLE_ADMIN;
    setup(&test);
    test.header.on_behalf_of = &person;
    refused(&test, ERR_PERMISSION_DENIED, "on behalf of others");

    setup(&test);
    test.header.on_behalf_of = &person;
    test.caller.principal = (char *)"report";
    test.caller.role = UCAP__V1__ROLE__VALUE__ROLE_SERVICE;
    dispatch(&test, ERR_OK);
    assert_string_equal(notes.principal, "berta");
    assert_string_equal(notes.via, "report");
    end(&test);

    /* The person's role counts, not the service's. */
    setup(&test);
    test.header.on_behalf_of = &person;
    test.header.method = (char *)"CreateCity";
    test.caller.role = UCAP__V1__ROLE__VALUE__ROLE_SERVICE;
    person.role = UCAP__V1__ROLE__VALUE__ROLE_VIEWER;
    refused(&test, ERR_PERMISSION_DENIED, "berta has role viewer");

    setup(&test);
    test.header.on_behalf_of = &person;
    test.caller.role = UCAP__V1__ROLE__VALUE__ROLE_SERVICE;
    person.principal = (char *)"";
    refused(&test, ERR_INVALID_ARGUMENT, "on_behalf_of.principal");
}

static void keeps_the_earlier_deadline(void **state)
{
    static const struct {
        uint32_t hop, asked;
        int64_t expected_ms; /* 0: none */
    } rows[] = {
        {0, 0, 0}, {5000, 0, 5000}, {0, 7000, 7000}, {5000, 7000, 5000}, {9000, 7000, 7000}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct test test;
        setup(&test);
        test.caller.timeout_ms = rows[i].hop;
        test.header.timeout_ms = rows[i].asked;
        dispatch(&test, ERR_OK);
        int64_t expected_us = test.request.received_us + rows[i].expected_ms * 1000;
        assert_int_equal(notes.deadline_us, rows[i].expected_ms ? expected_us : 0);
        end(&test);
    }
}

static void does_not_begin_what_is_late(void **state)
{
    struct test test;

    (void)state;
    setup(&test);
    test.caller.timeout_ms = 5000;
    test.request.received_us -= 5001000;
    refused(&test, ERR_DEADLINE_EXCEEDED, "before it was begun");
}

static void refuses_writes_without_a_good_key(void **state)
{
    static const struct {
        const char *key, *words;
    } rows[] = {
        {"", "needs an idempotency key"},
        {"12345678901234567890123456789012345678901234567890123456789012345", "65 characters"},
        {"schl\xc3\xbcssel", "printable ASCII"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct test test;
        setup(&test);
        test.header.method = (char *)"CreateCity";
        test.header.idempotency_key = (char *)rows[i].key;
        refused(&test, ERR_INVALID_ARGUMENT, rows[i].words);
    }
}

static void refuses_a_message_that_is_none(void **state)
{
    static const struct codec_limits small = {8, 1024};
    struct test test;

    (void)state;
    setup(&test);
    barcelona.slug = (char *)"\xff";
    refused(&test, ERR_INVALID_ARGUMENT, "UTF-8");
    setup(&test);
    test.served.limits = &small;
    refused(&test, ERR_RESOURCE_EXHAUSTED, "8");
}

static void refuses_a_reply_that_is_too_large(void **state)
{
    static const struct codec_limits small = {64, 1024};
    struct test test;

    (void)state;
    setup(&test);
    test.served.limits = &small;
    notes.reply_bytes = 100;
    dispatch(&test, ERR_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(test.reply->message, "64 are the most"));
    end(&test);
}

static void answers_once_whatever_a_handler_does(void **state)
{
    struct test test;
    Ucap__V1__ListCitiesRequest cities = UCAP__V1__LIST_CITIES_REQUEST__INIT;
    Ucap__V1__ListProgrammesRequest programmes = UCAP__V1__LIST_PROGRAMMES_REQUEST__INIT;
    Ucap__V1__GetProgrammeRequest programme = UCAP__V1__GET_PROGRAMME_REQUEST__INIT;

    (void)state;
    setup(&test);
    test.header.method = (char *)"ListCities";
    test.message = &cities.base;
    refused(&test, ERR_INTERNAL, "without a reply");
    setup(&test);
    test.header.method = (char *)"ListProgrammes";
    test.message = &programmes.base;
    refused(&test, ERR_INTERNAL, "without a reply");
    setup(&test);
    test.header.method = (char *)"GetProgramme";
    test.message = &programme.base;
    dispatch(&test, ERR_OK);
    Ucap__V1__Programme *got =
        ucap__v1__programme__unpack(NULL, test.reply_size, frames_data(&test.out, 1));
    assert_string_equal(got->slug, "first");
    ucap__v1__programme__free_unpacked(got, NULL);
    end(&test);
}

static void sends_progress_before_the_reply(void **state)
{
    struct test test;
    Ucap__V1__GetProgrammeRequest programme = UCAP__V1__GET_PROGRAMME_REQUEST__INIT;

    (void)state;
    setup(&test);
    test.header.method = (char *)"GetProgramme";
    test.message = &programme.base;
    test.request.partial = on_partial;
    test.request.partial_arg = &test;
    dispatch(&test, ERR_OK);
    assert_int_equal(test.partials, 1);
    assert_int_equal(test.partial_done, 7);
    assert_null(test.reply->progress);
    end(&test);
}

static void hands_on_trace_and_languages(void **state)
{
    static const char parent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    char *languages[] = {(char *)"zh-Hans"};
    struct test test;

    (void)state;
    setup(&test);
    test.header.traceparent = (char *)parent;
    test.header.languages = languages;
    test.header.n_languages = 1;
    dispatch(&test, ERR_OK);
    assert_memory_equal(notes.trace, parent, 36);               /* the same trace, ... */
    assert_memory_not_equal(notes.trace + 36, parent + 36, 16); /* ... another span */
    assert_string_equal(notes.language, "zh-Hans");
    end(&test);
}

static void counts_calls_by_status(void **state)
{
    struct test test;
    Ucap__V1__Stats read = UCAP__V1__STATS__INIT;
    struct stats *stats = stats_create();

    (void)state;
    assert_int_equal(stats_add_service(stats, &ucap__v1__registry__descriptor, NULL), 0);
    setup(&test);
    test.served.stats = stats;
    dispatch(&test, ERR_OK);
    end(&test);
    setup(&test);
    test.served.stats = stats;
    test.header.method = (char *)"GetTown";
    refused(&test, ERR_UNIMPLEMENTED, "GetTown");
    assert_int_equal(stats_read(stats, &read, NULL), 0);
    assert_int_equal(read.n_methods, 2);
    stats_reply_clear(&read);
    stats_destroy(stats);
}

static void refuses_without_a_header_to_read(void **state)
{
    struct frames out = {.count = 0};
    struct err err = ERR_INIT;

    (void)state;
    err_set(&err, ERR_INVALID_ARGUMENT, "three frames");
    served_refuse(&err, &out);
    assert_int_equal(out.count, 2);
    Ucap__V1__ReplyHeader *header =
        ucap__v1__reply_header__unpack(NULL, frames_size(&out, 0), frames_data(&out, 0));
    assert_int_equal(header->status, UCAP__V1__STATUS__CODE__STATUS_INVALID_ARGUMENT);
    assert_string_equal(header->message, "three frames");
    ucap__v1__reply_header__free_unpacked(header, NULL);
    frames_clear(&out);
}

static void checks_that_rules_and_methods_match(void **state)
{
    static const struct method_rule missing[] = {{"Poke", MAY_SERVICE, false, ""}, {0}};
    struct method_rule more[sizeof(rules) / sizeof(rules[0]) + 1] = {{0}};
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(served_check(&ucap__v1__registry__descriptor, rules, &err), 0);
    assert_int_equal(served_check(&ucap__v1__registry__descriptor, missing, &err), -ERR_INTERNAL);
    assert_non_null(strstr(err.text, "CreateProgramme"));
    memcpy(more, rules, sizeof(rules));
    more[sizeof(rules) / sizeof(rules[0]) - 1] = missing[0];
    assert_int_equal(served_check(&ucap__v1__registry__descriptor, more, &err), -ERR_INTERNAL);
    assert_non_null(strstr(err.text, "Poke"));
}

static void sees_its_programmes(void **state)
{
    char *list[] = {(char *)"asia", (char *)"europe"};
    char *all[] = {(char *)"*"};
    Ucap__V1__Caller caller = UCAP__V1__CALLER__INIT;

    (void)state;
    assert_false(caller_may_see(&caller, "asia"));
    caller.programmes = list;
    caller.n_programmes = 2;
    assert_true(caller_may_see(&caller, "europe"));
    assert_false(caller_may_see(&caller, "africa"));
    assert_false(caller_may_see(&caller, "*"));
    caller.programmes = all;
    caller.n_programmes = 1;
    assert_true(caller_may_see(&caller, "africa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_with_the_message),
        cmocka_unit_test(hands_on_a_failure_with_its_findings),
        cmocka_unit_test(refuses_a_header_that_is_none),
        cmocka_unit_test(refuses_a_request_id_of_wrong_size),
        cmocka_unit_test(refuses_what_is_not_served),
        cmocka_unit_test(refuses_who_may_not),
        cmocka_unit_test(believes_only_services_about_persons),
        cmocka_unit_test(keeps_the_earlier_deadline),
        cmocka_unit_test(does_not_begin_what_is_late),
        cmocka_unit_test(refuses_writes_without_a_good_key),
        cmocka_unit_test(refuses_a_message_that_is_none),
        cmocka_unit_test(refuses_a_reply_that_is_too_large),
        cmocka_unit_test(answers_once_whatever_a_handler_does),
        cmocka_unit_test(sends_progress_before_the_reply),
        cmocka_unit_test(hands_on_trace_and_languages),
        cmocka_unit_test(counts_calls_by_status),
        cmocka_unit_test(refuses_without_a_header_to_read),
        cmocka_unit_test(checks_that_rules_and_methods_match),
        cmocka_unit_test(sees_its_programmes),
    };

    return cmocka_run_group_tests_name("bus_dispatch", tests, NULL, NULL);
}
