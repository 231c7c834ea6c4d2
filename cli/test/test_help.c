/* Help at every level: as it reads, and never wider than a terminal of 80 columns. */
#include "scene.h"

#include "base/settings.h"
#include "base/text.h"
#include "command.h"
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

static void fits_80_columns(const char *text)
{
    char line[512];

    for (; *text; text += strcspn(text, "\n") + 1) {
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
        if (text_width(line) > 80)
            fail_msg("%zu columns: %s", text_width(line), line);
        if (line[0] && line[strlen(line) - 1] == ' ')
            fail_msg("blanks at the end: \"%s\"", line);
    }
}

static void every_level_fits(void **state)
{
    struct scene *scene = *state;
    static const char *const topics[] = {"exit-codes", "formats", "connection"};
    char path[128];

    for (size_t i = 0; commands[i]; i++) {
        snprintf(path, sizeof(path), "%s", commands[i]->path);
        char *second = strchr(path, ' ');
        if (second)
            *second++ = '\0';
        if (second)
            scene_run(scene, path, second, "--help");
        else
            scene_run(scene, path, "--help");
        assert_int_equal(scene->code, 0);
        assert_string_equal(scene->err, "");
        scene_out_has(scene, "usage: ucap ");
        scene_out_has(scene, "\nExamples:\n");
        scene_out_has(scene, "\nGlobal options:\n");
        fits_80_columns(scene->out);
    }
    for (size_t i = 0; groups[i].name; i++) {
        scene_run(scene, groups[i].name, "--help");
        assert_int_equal(scene->code, 0);
        scene_out_has(scene, groups[i].help);
        fits_80_columns(scene->out);
    }
    for (size_t i = 0; i < 3; i++) {
        scene_run(scene, "help", topics[i]);
        assert_int_equal(scene->code, 0);
        fits_80_columns(scene->out);
    }
    scene_run(scene, "--help");
    fits_80_columns(scene->out);
    scene_run(scene, NULL);
    fits_80_columns(scene->out);
    scene_out_has(scene, "First commands to try:\n  ucap city list");
}

/* As a shell cuts it. What a redirection says is no part of the command line. */
static void parses(const char *example)
{
    char line[512];
    struct run run = {0};
    struct err err = ERR_INIT;
    wordexp_t words;

    snprintf(line, sizeof(line), "%.*s", (int)strcspn(example, ">"), example);
    assert_int_equal(wordexp(line, &words, WRDE_NOCMD), 0);
    if (command_parse(&run, (int)words.we_wordc, words.we_wordv, &err) < 0)
        fail_msg("%s: %s", example, err.text);
    settings_split_free(run.languages);
    wordfree(&words);
}

static void every_example_is_a_command_line(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i]; i++)
        for (size_t e = 0; commands[i]->examples[e]; e++)
            parses(commands[i]->examples[e]);
}

static void long_examples_go_on_in_the_next_line(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "key", "authorize", "--help");
    scene_out_has(scene, "\n  ucap key authorize li --key 'PUBLIC KEY' --role editor --programmes "
                         "iuc-asia \\\n      --principals principals.yaml\n");
}

static void the_overview_reads_so(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "help");
    char *help = strdup(scene->out);
    scene_run(scene, "--help");
    assert_string_equal(scene->out, help);
    free(help);
    assert_string_equal(scene->out, OVERVIEW);
}

static void a_command_reads_so(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "help", "city", "list");
    char *end = strstr(scene->out, "\nGlobal options:\n");
    assert_non_null(end);
    *end = '\0';
    assert_string_equal(scene->out, CITY_LIST);
}

static void exit_codes_read_so(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "help", "exit-codes");
    assert_string_equal(scene->out, EXIT_CODES);
}

static void help_on_what_is_not_there(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "help", "exit-code");
    assert_int_equal(scene->code, 2);
    scene_err_has(scene, "(did you mean \"ucap help exit-codes\"?)");
    scene_run(scene, "help", "city", "shwo");
    scene_err_has(scene, "(did you mean \"ucap help city show\"?)");
    scene_run(scene, "help", "zzz");
    scene_err_has(scene, "`ucap help` lists commands and topics");
}

static void help_of_a_method_shows_its_fields(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "call", "Registry/CreateCity", "--help");
    fits_80_columns(scene->out);
    scene_out_has(scene, "usage: ucap call Registry/CreateCity [REQUEST] [OPTIONS]\n"
                         "\nThe request (CreateCityRequest) has the fields:\n"
                         "  city: City\n"
                         "    slug: text\n"
                         "    version: whole number\n"
                         "    names: list of LocalText\n"
                         "      language: text\n");
    scene_out_has(scene, "      qualifier: QUALIFIER_EXACT, QUALIFIER_ABOUT, QUALIFIER_OVER,\n"
                         "        QUALIFIER_UNDER\n");
    scene_out_has(scene, "    created_at: time, such as 2026-03-01T12:00:00Z\n");
    scene_out_has(scene, "\nThe answer: City\n");
    scene_run(scene, "call", "Control@registry-1/Ping", "--help");
    scene_out_has(scene, "usage: ucap call Control@registry-1/Ping [OPTIONS]\n"
                         "\nThe request (PingRequest) has no fields.\n");
    scene_run(scene, "call", "Registry/CreateCty", "--help");
    assert_int_equal(scene->code, 2);
    scene_err_has(scene, "(did you mean \"Registry/CreateCity\"?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_level_fits, scene_begin, scene_end),
        cmocka_unit_test(every_example_is_a_command_line),
        cmocka_unit_test_setup_teardown(long_examples_go_on_in_the_next_line, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(the_overview_reads_so, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(a_command_reads_so, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(exit_codes_read_so, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(help_on_what_is_not_there, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(help_of_a_method_shows_its_fields, scene_begin, scene_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
