/* Commands that are the same for several kinds of records, against a libucap played by the test. */
#include "fake_ucap.h"
#include "scene.h"

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

static const char *const changes =
    "{\"entries\":[{\"version\":1203,\"changed_at\":\"2019-06-01T12:00:00Z\","
    "\"principal\":\"editor\",\"via\":\"portal\",\"fields\":[\"zone\",\"names\"],"
    "\"reason\":\"as printed\"}],\"next_cursor\":\"2x\"}";

static void history_of_a_city(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetHistory", changes);
    fake_reply("GetHistory", "{\"entries\":[{\"version\":1,\"principal\":\"admin\","
                             "\"fields\":[\"names\"]}]}");
    scene_run(scene, "city", "history", "barcelona");
    assert_int_equal(scene->code, 0);
    assert_string_equal(
        fake_asked(), "- GetHistory {\"kind\":\"city\",\"slug\":\"barcelona\",\"page_size\":1000}\n"
                      "- GetHistory {\"kind\":\"city\",\"slug\":\"barcelona\",\"page_size\":1000,"
                      "\"cursor\":\"2x\"}\n");
    assert_string_equal(
        scene->out, "VERSION  WHEN                     WHO                FIELDS       REASON\n"
                    "   1203  2019-06-01 12:00:00 UTC  editor via portal  zone, names  as printed\n"
                    "      1  —                        admin              names        —\n");
}

static void history_of_a_programme(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetHistory", "{\"entries\":[{\"version\":2,\"principal\":\"admin\","
                             "\"fields\":[\"period\"],\"reason\":\"=1+1\"}]}");
    scene_run(scene, "programme", "history", "iuc-asia", "--format", "csv");
    assert_string_equal(fake_asked(), "- GetHistory {\"kind\":\"programme\","
                                      "\"slug\":\"iuc-asia\",\"page_size\":1000}\n");
    assert_string_equal(scene->out, "version,when,who,fields,reason\r\n"
                                    "2,,admin,period,'=1+1\r\n");
    fake_reply("GetHistory", changes);
    fake_reply("GetHistory", "{}");
    scene_run(scene, "programme", "history", "iuc-asia", "--format", "yaml");
    scene_out_has(scene, "entries:\n  - version: 1203\n");
}

static void history_of_nothing(void **state)
{
    struct scene *scene = *state;

    fake_failure("GetHistory", 5, "city \"barcelna\" not found");
    scene_run(scene, "city", "history", "barcelna");
    assert_int_equal(scene->code, 3);
    assert_string_equal(scene->err, "ucap: city \"barcelna\" not found\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(history_of_a_city, begin, scene_end),
        cmocka_unit_test_setup_teardown(history_of_a_programme, begin, scene_end),
        cmocka_unit_test_setup_teardown(history_of_nothing, begin, scene_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
