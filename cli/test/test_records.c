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

static void a_city_is_archived_at_the_version_that_was_read(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetCity", "{\"slug\":\"torino\",\"version\":4}");
    fake_reply("ArchiveCity", "{\"slug\":\"torino\",\"version\":5}");
    scene_run(scene, "city", "archive", "torino", "--reason", "told twice");
    assert_int_equal(scene->code, 0);
    assert_string_equal(
        fake_asked(),
        "- GetCity {\"slug\":\"torino\"}\n"
        "- ArchiveCity {\"slug\":\"torino\",\"version\":\"4\",\"reason\":\"told twice\"}\n");
    assert_string_equal(scene->out, "");
    scene_err_has(scene, "ucap: city \"torino\" is archived: ");
    fake_reset();
    fake_reply("GetCity", "{\"slug\":\"torino\",\"version\":5}");
    fake_reply("RestoreCity", "{\"slug\":\"torino\",\"version\":6}");
    scene_run(scene, "city", "restore", "torino", "--format", "yaml");
    assert_string_equal(scene->out, "slug: torino\nversion: 6\n");
}

static void a_programme_is_archived_and_restored(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetProgramme", "{\"slug\":\"iuc\",\"version\":1}");
    fake_reply("ArchiveProgramme", "{}");
    scene_run(scene, "programme", "archive", "iuc");
    scene_err_has(scene, "ucap: programme \"iuc\" is archived: ");
    fake_reply("GetProgramme", "{\"slug\":\"iuc\",\"version\":2}");
    fake_failure("RestoreProgramme", 10, "it changed meanwhile");
    scene_run(scene, "programme", "restore", "iuc");
    assert_int_equal(scene->code, 5);
    assert_string_equal(scene->err, "ucap: it changed meanwhile\n");
}

static void archived_ones_are_asked_for_and_marked(void **state)
{
    struct scene *scene = *state;

    fake_reply("ListCities", "{}");
    scene_run(scene, "city", "list", "--archived");
    fake_reply("ListProgrammes", "{}");
    scene_run(scene, "programme", "list", "--archived");
    assert_string_equal(fake_asked(),
                        "- ListCities {\"page_size\":1000,\"include_archived\":true}\n"
                        "- ListProgrammes {\"page_size\":1000,\"include_archived\":true}\n");
    fake_reply("GetCity", "{\"slug\":\"torino\",\"archived_at\":\"2019-06-01T12:00:00Z\"}");
    scene_run(scene, "city", "show", "torino");
    scene_out_has(scene, "Archived     2019-06-01 12:00:00 UTC\n");
}

static void a_territory_is_shown_with_its_place(void **state)
{
    struct scene *scene = *state;

    fake_reply("GetCity",
               "{\"slug\":\"liudong\",\"country\":\"CN\",\"kind\":\"TERRITORY_KIND_DISTRICT\","
               "\"aliases\":[{\"language\":\"en\",\"text\":\"New District\"},"
               "{\"language\":\"en\",\"text\":\"Liudong\"}],\"within\":\"liuzhou\","
               "\"latitude\":\"24.36\",\"longitude\":\"109.51\",\"geonames_id\":12047382,"
               "\"previous_ids\":[\"liu-dong\",\"east\"]}");
    scene_run(scene, "city", "show", "liudong");
    scene_out_has(scene, "Alias (en)    New District\nAlias (en)    Liudong\n");
    scene_out_has(scene, "Kind          district\n"
                         "Within        liuzhou\n"
                         "Coordinates   24.36, 109.51\n"
                         "GeoNames      12047382\n"
                         "Previous ids  liu-dong, east\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(history_of_a_city, begin, scene_end),
        cmocka_unit_test_setup_teardown(history_of_a_programme, begin, scene_end),
        cmocka_unit_test_setup_teardown(history_of_nothing, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_city_is_archived_at_the_version_that_was_read, begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(a_programme_is_archived_and_restored, begin, scene_end),
        cmocka_unit_test_setup_teardown(a_territory_is_shown_with_its_place, begin, scene_end),
        cmocka_unit_test_setup_teardown(archived_ones_are_asked_for_and_marked, begin, scene_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
