/* Commands against a libucap played by the test: what they ask, and what they make of the answers.
 */
#include "fake_ucap.h"
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static int begin(void **state)
{
    int rc = scene_begin(state);

    fake_reset();
    setenv("UCAP_GATEWAYS", "tcp://127.0.0.1:1", 1);
    setenv("UCAP_GATEWAY_KEY", KEY, 1);
    setenv("UCAP_KEY_FILE", "any.key", 1);
    return rc;
}

static const char *const barcelona =
    "{\"slug\":\"barcelona\",\"version\":3,"
    "\"names\":[{\"language\":\"en\",\"text\":\"Barcelona\"},"
    "{\"language\":\"zh-Hans\",\"text\":\"巴塞罗那\"}],"
    "\"country\":\"ES\",\"subdivision\":\"ES-CT\",\"zone\":\"Europe/Madrid\","
    "\"figures\":[{\"kind\":\"population\",\"value\":\"1620809\",\"as_of\":\"2018\","
    "\"sources\":[{\"title\":\"U-CAP summary\"}]}],"
    "\"updated_at\":\"2019-06-01T12:00:00Z\"}";

static void city_show(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetCity", barcelona);
    scene_run(scene, "city", "show", "barcelona", "--lang", "zh-Hans,en", "--timeout", "3s");
    assert_int_equal(scene->code, 0);
    assert_string_equal(scene->err, "");
    assert_string_equal(fake_asked(), "- GetCity {\"slug\":\"barcelona\"}\n");
    assert_string_equal(fake_opened(), "zh-Hans,en 3000");
    assert_string_equal(scene->out,
                        "City            barcelona\n"
                        "Name (en)       Barcelona\n"
                        "Name (zh-Hans)  巴塞罗那\n"
                        "Country         西班牙 (ES)\n"
                        "Subdivision     加泰罗尼亚 (ES-CT)\n"
                        "Time zone       Europe/Madrid\n"
                        "Population      1,620,809; as of 2018年; source: U-CAP summary\n"
                        "Area            —\n"
                        "Version         3\n"
                        "Updated         2019-06-01 12:00:00 UTC\n");

    fake_reply("GetCity", barcelona);
    scene_run(scene, "city", "show", "barcelona", "--format", "csv");
    assert_string_equal(scene->out, "id,name,country,subdivision,zone,population\r\n"
                                    "barcelona,Barcelona,ES,ES-CT,Europe/Madrid,1620809\r\n");

    fake_reply("GetCity", barcelona);
    scene_run(scene, "city", "show", "barcelona");
    scene_out_has(scene, "Country         Spain (ES)\n"
                         "Subdivision     Catalonia (ES-CT)\n");

    /* Codes that a later registry may know are shown as they are. */
    fake_reply("GetCity", "{\"slug\":\"x\",\"country\":\"XX\",\"subdivision\":\"XX-1\"}");
    scene_run(scene, "city", "show", "x");
    scene_out_has(scene, "Country      XX\n"
                         "Subdivision  XX-1\n");

    fake_reply("GetCity", "{\"slug\":\"liuzhou\"}");
    scene_run(scene, "city", "show", "liuzhou", "--format", "json");
    assert_string_equal(scene->out, "{\n  \"slug\": \"liuzhou\"\n}\n");
}

static void languages_are_checked_wherever_they_stand(void **state)
{
    struct scene *scene = *state;

    setenv("UCAP_LANG", "zh-Hans,no_such_thing", 1);
    scene_run(scene, "city", "show", "barcelona");
    unsetenv("UCAP_LANG");
    assert_int_equal(scene->code, 2);
    assert_string_equal(fake_asked(), "");
    scene_err_has(scene, "ucap: UCAP_LANG: language \"no_such_thing\" is not");
}

static void a_city_that_is_not_there(void **state)
{
    struct scene *scene = *state;

    fake_failure("GetCity", 5, "city \"barcelna\" not found (did you mean \"barcelona\"?)");
    scene_run(scene, "city", "show", "barcelna");
    assert_int_equal(scene->code, 3);
    assert_string_equal(scene->out, "");
    assert_string_equal(scene->err,
                        "ucap: city \"barcelna\" not found (did you mean \"barcelona\"?)\n");
}

static void a_list_is_read_to_its_end(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListCities", "{\"cities\":[{\"slug\":\"barcelona\",\"country\":\"ES\","
                             "\"names\":[{\"language\":\"en\",\"text\":\"Barcelona\"}],"
                             "\"figures\":[{\"kind\":\"population\",\"value\":\"1620809\"}]}],"
                             "\"next_cursor\":\"c1\"}");
    fake_reply("ListCities", "{\"next_cursor\":\"c2\"}"); /* a page may be empty */
    fake_reply("ListCities", "{\"cities\":[{\"slug\":\"granada\",\"country\":\"ES\"}]}");
    scene_run(scene, "city", "list", "--country", "ES");
    assert_int_equal(scene->code, 0);
    assert_string_equal(fake_asked(),
                        "- ListCities {\"page_size\":1000,\"country\":\"ES\"}\n"
                        "- ListCities {\"page_size\":1000,\"cursor\":\"c1\",\"country\":\"ES\"}\n"
                        "- ListCities {\"page_size\":1000,\"cursor\":\"c2\",\"country\":\"ES\"}\n");
    assert_string_equal(scene->out,
                        "ID         NAME       COUNTRY  SUBDIVISION  ZONE  POPULATION\n"
                        "barcelona  Barcelona  ES       —            —      1,620,809\n"
                        "granada    —          ES       —            —              —\n");
}

static void pages_become_one_message(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListProgrammes", "{\"programmes\":[{\"slug\":\"a\"}],\"next_cursor\":\"x\"}");
    fake_reply("ListProgrammes", "{\"programmes\":[{\"slug\":\"b\"}]}");
    scene_run(scene, "programme", "list", "--format", "yaml");
    assert_string_equal(scene->out, "programmes:\n  - slug: a\n  - slug: b\n");
}

static void a_failure_in_the_middle_prints_nothing(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListCities", "{\"cities\":[{\"slug\":\"a\"}],\"next_cursor\":\"c1\"}");
    fake_failure("ListCities", 14, "the registry is not there");
    scene_run(scene, "city", "list");
    assert_int_equal(scene->code, 6);
    assert_string_equal(scene->out, "");
}

static void a_list_without_end_is_refused(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListCities", "{\"next_cursor\":\"same\"}");
    fake_reply("ListCities", "{\"next_cursor\":\"same\"}");
    scene_run(scene, "city", "list");
    assert_int_equal(scene->code, 1);
    scene_err_has(scene, "the same page again");
}

static void no_city_is_said(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListCities", "{}");
    scene_run(scene, "city", "list", "--country", "FR");
    assert_int_equal(scene->code, 0);
    assert_string_equal(scene->out, "");
    assert_string_equal(scene->err, "ucap: there is no city in FR yet\n");
}

static void a_country_is_two_letters(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListCities", "{}");
    scene_run(scene, "city", "list", "--country", "es");
    assert_string_equal(fake_asked(), "- ListCities {\"page_size\":1000,\"country\":\"ES\"}\n");
    assert_string_equal(scene->err, "ucap: there is no city in ES yet\n");
    fake_reset();
    scene_run(scene, "city", "list", "--country", "Spain");
    assert_int_equal(scene->code, 2);
    assert_string_equal(fake_asked(), "");
    scene_err_has(scene,
                  "option --country: country \"Spain\" is not a code (did you mean \"ES\"?)");
    scene_run(scene, "city", "list", "--country", "E1");
    assert_int_equal(scene->code, 2);
}

static void programme_show(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetProgramme",
               "{\"slug\":\"iuc-asia\",\"version\":1,\"period\":\"2019-04/2020-11\","
               "\"languages\":[\"en\",\"zh-Hans\"],\"default_language\":\"en\"}");
    scene_run(scene, "programme", "show", "iuc-asia");
    scene_out_has(scene, "Languages         en, zh-Hans\n");
    scene_out_has(scene, "Period            April 2019");
    scene_out_has(scene, "Mailbox           —\n");
}

static void remarks_are_listed_with_their_path(void **state)
{
    static const struct ucap_finding violations[] = {
        {"city.names[1].language", "\"xx\" is no language\033[2J"},
        {"city.country", "\"ZZ\" is no country"},
    };
    static const struct ucap_finding warnings[] = {{"city.figures[0]", "has no source"}};
    struct scene *scene = *state;

    fake_remarks(violations, 2, warnings, 1);
    fake_failure("CreateCity", 3, "the city is not valid");
    scene_run(scene, "call", "Registry/CreateCity", "{\"city\":{\"slug\":\"x\"}}");
    assert_int_equal(scene->code, 7);
    assert_string_equal(scene->err, "ucap: note: city.figures[0]: has no source\n"
                                    "ucap: the city is not valid\n"
                                    "  city.names[1].language: \"xx\" is no language\\u001b[2J\n"
                                    "  city.country: \"ZZ\" is no country\n");
}

static void a_request_is_json_or_yaml(void **state)
{
    static const char *const requests[] = {"{\"slug\": \"rome\"}", " \n{\"slug\": \"rome\"}",
                                           "slug: rome", "# a city\nslug: rome\n"};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        char at[256];
        scene_write(scene, "request", requests[i]);
        snprintf(at, sizeof(at), "@%s", scene_path(scene, "request"));
        const char *const words[] = {requests[i], "-", at};
        for (size_t w = 0; w < 3; w++) {
            fake_reset();
            fake_reply("GetCity", "{\"slug\":\"rome\"}");
            scene_run_input(scene, requests[i],
                            (const char *const[]){"call", "Registry/GetCity", words[w], NULL});
            assert_string_equal(scene->err, "");
            assert_string_equal(fake_asked(), "- GetCity {\"slug\":\"rome\"}\n");
        }
    }
}

static void call_of_one_instance(void **state)
{
    struct scene *scene = *state;

    fake_reply("Ping", "{\"state\":\"STATE_READY\",\"process\":\"ucap-registry\"}");
    scene_run(scene, "call", "Control@registry-1/Ping");
    assert_string_equal(fake_asked(), "ucap.v1.Control@registry-1 Ping {}\n");
    assert_string_equal(scene->out, "{\n  \"state\": \"STATE_READY\",\n"
                                    "  \"process\": \"ucap-registry\"\n}\n");
}

/* ---- service list ---- */

static const struct ucap_service_row rows[] = {
    {"ucap.v1.Registry", 2, 7, 12},
    {"ucap.v1.Control@registry-1", 1, 4, 0},
    {"ucap.v1.Control@registry-2", 1, 4, 0},
    {"echo", 1, 1, 3},
};

static void lay_out_services(void)
{
    fake_services(rows, 4);
    fake_reply("GetStats",
               "{\"process\":\"ucap-registry\",\"instance\":\"registry-1\",\"version\":\"0.1.0\","
               "\"uptime_s\":7260,\"methods\":["
               "{\"service\":\"ucap.v1.Registry\",\"method\":\"GetCity\",\"by_status\":"
               "[{\"status\":0,\"count\":1200},{\"status\":5,\"count\":3}],"
               "\"p50_us\":850,\"p99_us\":2100},"
               "{\"service\":\"ucap.v1.Registry\",\"method\":\"CreateCity\"}]}");
    fake_failure("GetStats", 14, "it is gone");
}

static void service_list_as_tables(void **state)
{
    struct scene *scene = *state;

    lay_out_services();
    scene_run(scene, "service", "list");
    assert_int_equal(scene->code, 0);
    assert_string_equal(fake_asked(), "ucap.v1.Control@registry-1 GetStats {}\n"
                                      "ucap.v1.Control@registry-2 GetStats {}\n");
    assert_string_equal(
        scene->out,
        "INSTANCE    PROCESS        VERSION     UPTIME  QUEUE  STATE\n"
        "registry-1  ucap-registry  0.1.0    2 h 1 min     12  answers\n"
        "registry-2  —              —                —      —  does not answer: it is gone\n"
        "\n"
        "INSTANCE    METHOD               CALLS     P50     P99\n"
        "registry-1  Registry/GetCity     1,203  850 µs  2.1 ms\n"
        "registry-1  Registry/CreateCity      0       —       —\n"
        "\n"
        "OTHER NAMES  WORKERS  QUEUE\n"
        "echo               1      3\n");
}

/* Whoever calls a name makes the gateway list it. */
static void names_without_worker_are_not_asked(void **state)
{
    static const struct ucap_service_row asked_for = {"ucap.v1.Control@nobody", 0, 0, 2};
    struct scene *scene = *state;

    fake_services(&asked_for, 1);
    scene_run(scene, "service", "list");
    assert_int_equal(scene->code, 0);
    assert_string_equal(fake_asked(), "");
    assert_string_equal(scene->out, "OTHER NAMES             WORKERS  QUEUE\n"
                                    "ucap.v1.Control@nobody        0      2\n");
}

static void service_list_as_csv_and_message(void **state)
{
    struct scene *scene = *state;

    lay_out_services();
    scene_run(scene, "service", "list", "--format", "csv");
    assert_string_equal(
        scene->out, "instance,process,version,uptime_s,queue,method,calls,p50_us,p99_us,problem\r\n"
                    "registry-1,ucap-registry,0.1.0,7260,12,Registry/GetCity,1203,850,2100,\r\n"
                    "registry-1,ucap-registry,0.1.0,7260,12,Registry/CreateCity,0,,,\r\n"
                    "registry-2,,,,,,,,,it is gone\r\n");
    lay_out_services();
    scene_run(scene, "service", "list", "--format", "json");
    scene_out_has(scene, "\"problem\": \"it is gone\"");
    scene_out_has(scene, "\"name\": \"echo\"");
    scene_out_has(scene, "\"queued\": 12");
}

static void nothing_registered_is_said(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "service", "list");
    assert_int_equal(scene->code, 0);
    scene_err_has(scene, "nothing is registered at the gateway");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(city_show, begin, scene_end),
        cmocka_unit_test_setup_teardown(languages_are_checked_wherever_they_stand, begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(a_city_that_is_not_there, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_list_is_read_to_its_end, begin, scene_end),
        cmocka_unit_test_setup_teardown(pages_become_one_message, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_failure_in_the_middle_prints_nothing, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_list_without_end_is_refused, begin, scene_end),
        cmocka_unit_test_setup_teardown(no_city_is_said, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_country_is_two_letters, begin, scene_end),
        cmocka_unit_test_setup_teardown(programme_show, begin, scene_end),
        cmocka_unit_test_setup_teardown(remarks_are_listed_with_their_path, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_request_is_json_or_yaml, begin, scene_end),
        cmocka_unit_test_setup_teardown(call_of_one_instance, begin, scene_end),
        cmocka_unit_test_setup_teardown(service_list_as_tables, begin, scene_end),
        cmocka_unit_test_setup_teardown(names_without_worker_are_not_asked, begin, scene_end),
        cmocka_unit_test_setup_teardown(service_list_as_csv_and_message, begin, scene_end),
        cmocka_unit_test_setup_teardown(nothing_registered_is_said, begin, scene_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
