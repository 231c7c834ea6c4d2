/* The whole program where it needs no gateway: exit codes, streams, requests that are wrong. */
#include "scene.h"

#include "command.h"
#include "exit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void alone_it_welcomes(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, NULL);
    assert_int_equal(scene->code, 0);
    assert_string_equal(scene->err, "");
    scene_out_has(scene, "First commands to try:");
    scene_run(scene, "--version");
    assert_string_equal(scene->out, "ucap " UCAP_VERSION "\n");
    scene_run(scene, "city");
    assert_int_equal(scene->code, 0);
    scene_out_has(scene, "ucap city show ID");
}

static void usage_errors_are_2_on_stderr(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "city", "lst");
    assert_int_equal(scene->code, 2);
    assert_string_equal(scene->out, "");
    assert_string_equal(scene->err,
                        "ucap: unknown command \"city lst\" (did you mean \"city list\"?)\n");
}

static void words_of_the_line_are_shown_tame(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "\033[31mred");
    assert_int_equal(scene->code, 2);
    scene_err_has(scene, "\\u001b[31mred");
    assert_null(strchr(scene->err, '\033'));
}

static void call_lists_all_methods(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "call");
    assert_int_equal(scene->code, 0);
    scene_out_has(scene, "Registry/GetCity              {slug}\n");
    scene_out_has(scene, "Control@INSTANCE/Ping         {}\n");
    scene_run(scene, "call", "--format", "json");
    scene_out_has(scene, "\"method\": \"Registry/GetCity\"");
    scene_out_has(scene, "\"request\": \"ucap.v1.GetCityRequest\"");
    scene_run(scene, "call", "--format", "csv");
    scene_out_has(scene, "method,takes\r\n");
}

struct wrong {
    const char *method, *request, *input;
    int code;
    const char *sentence;
};

static void wrong_requests_are_named_before_they_are_sent(void **state)
{
    static const struct wrong rows[] = {
        {"Registry/GetCitty", "{}", "", 2, "did you mean \"Registry/GetCity\"?"},
        {"Control/Ping", "{}", "", 2, "Control@INSTANCE/Ping"},
        {"Registry/GetCity", "{\"slgu\": \"x\"}", "", 7, "slgu: "},
        {"Registry/GetCity", "{", "", 7, "line 1"},
        {"Registry/GetCity", "-", "{\"slug\": 7}", 7, "slug: "},
        {"Registry/GetCity", "@/nowhere.json", "", 3, "/nowhere.json"},
        {"Registry/CreateCity", "{\"city\": {\"country\": 1, \"zone\": 2}}", "", 7,
         "\n  city.zone: "},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_run_input(scene, rows[i].input,
                        (const char *const[]){"call", rows[i].method, rows[i].request, NULL});
        if (scene->code != rows[i].code)
            fail_msg("row %zu: exit code %d: %s", i, scene->code, scene->err);
        scene_err_has(scene, rows[i].sentence);
        assert_string_equal(scene->out, "");
    }
    scene_run(scene, "call", "Registry/GetCity", "{}", "--format", "table");
    assert_int_equal(scene->code, 2);
}

static void yaml_files_are_requests_too(void **state)
{
    struct scene *scene = *state;
    char argument[256];

    scene_write(scene, "city.yaml", "city:\n  slug: x\n  cuontry: ES\n");
    snprintf(argument, sizeof(argument), "@%s", scene_path(scene, "city.yaml"));
    scene_run(scene, "call", "Registry/CreateCity", argument);
    assert_int_equal(scene->code, 7);
    scene_err_has(scene, "city.cuontry: ");
    scene_err_has(scene, "line 3");
}

static void a_full_disk_is_1(void **state)
{
    char *argv[] = {(char *)"ucap", (char *)"--help"};
    char *text = NULL;
    size_t size;
    FILE *full = fopen("/dev/full", "w");
    FILE *err = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(cli_main(2, argv, stdin, full, err), EXIT_FAILED);
    fclose(err);
    assert_string_equal(text, "ucap: cannot write the result: No space left on device\n");
    free(text);
    fclose(full);
}

/* Every status code has an exit code that `ucap help exit-codes` explains; the kinds people tell
 * apart differ. */
static void exit_codes_cover_all_statuses(void **state)
{
    (void)state;
    for (int code = ERR_OK; code < ERR_COUNT; code++) {
        const struct exit_row *row = exit_rows;
        while (row->help && row->code != exit_code_of((enum err_code)code))
            row++;
        assert_non_null(row->help);
        assert_int_equal(row->code == EXIT_DONE, code == ERR_OK);
    }
    assert_int_equal(exit_code_of(ERR_NOT_FOUND), 3);
    assert_int_equal(exit_code_of(ERR_PERMISSION_DENIED), 4);
    assert_int_equal(exit_code_of(ERR_UNAUTHENTICATED), 4);
    assert_int_equal(exit_code_of(ERR_ABORTED), 5);
    assert_int_equal(exit_code_of(ERR_UNAVAILABLE), 6);
    assert_int_equal(exit_code_of(ERR_DEADLINE_EXCEEDED), 6);
    assert_int_equal(exit_code_of(ERR_INVALID_ARGUMENT), 7);
    assert_int_equal(exit_code_of((enum err_code)99), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alone_it_welcomes, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(usage_errors_are_2_on_stderr, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(words_of_the_line_are_shown_tame, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(call_lists_all_methods, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(wrong_requests_are_named_before_they_are_sent, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(yaml_files_are_requests_too, scene_begin, scene_end),
        cmocka_unit_test(a_full_disk_is_1),
        cmocka_unit_test(exit_codes_cover_all_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
