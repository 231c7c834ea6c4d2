/* Command lines as people type them, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/settings.h"
#include "command.h"

#include <stdlib.h>
#include <string.h>

/* Parses the words of a line cut at blanks. */
static int parse(struct run *run, const char *line, struct err *err)
{
    static char words[512];
    char *argv[32] = {(char *)"ucap"};
    int argc = 1;

    snprintf(words, sizeof(words), "%s", line);
    for (char *word = strtok(words, " "); word && argc < 32; word = strtok(NULL, " "))
        argv[argc++] = word;
    *run = (struct run){0};
    *err = (struct err)ERR_INIT;
    return command_parse(run, argc, argv, err);
}

static void finds_commands_options_and_arguments(void **state)
{
    struct run run;
    struct err err;

    (void)state;
    assert_int_equal(parse(&run, "city list --country ES", &err), 0);
    assert_string_equal(run.command->path, "city list");
    assert_string_equal(run_option(&run, "country"), "ES");

    assert_int_equal(parse(&run, "--format=json city show barcelona --timeout 500ms", &err), 0);
    assert_string_equal(run.command->path, "city show");
    assert_string_equal(run_argument(&run, 0), "barcelona");
    assert_null(run_argument(&run, 1));
    assert_int_equal(run.format, OUTPUT_JSON);
    assert_int_equal(run.timeout_ms, 500);

    assert_int_equal(parse(&run, "city", &err), 0);
    assert_null(run.command);
    assert_string_equal(run.group, "city");
}

static void the_last_of_an_option_counts(void **state)
{
    struct run run;
    struct err err;

    (void)state;
    assert_int_equal(parse(&run, "city list --format json --format csv", &err), 0);
    assert_int_equal(run.format, OUTPUT_CSV);
}

static void some_options_may_be_repeated(void **state)
{
    struct run run;
    struct err err;
    const char *names[4];

    (void)state;
    assert_int_equal(parse(&run,
                           "key authorize x --key k --role service --principals p --service a "
                           "--service=b",
                           &err),
                     0);
    assert_int_equal(run_options(&run, "service", names, 4), 2);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_int_equal(run_options(&run, "service", names, 1), 1);
}

/* Keys are 40 characters of anything: they may begin with hyphens. */
static void values_may_begin_with_hyphens(void **state)
{
    struct run run;
    struct err err;

    (void)state;
    assert_int_equal(parse(&run, "city list --gateway-key --x --country ES", &err), 0);
    assert_string_equal(run_option(&run, "gateway-key"), "--x");
    assert_int_equal(parse(&run, "city show -- --odd", &err), 0);
    assert_string_equal(run_argument(&run, 0), "--odd");
    assert_int_equal(parse(&run, "call Registry/GetCity -", &err), 0);
    assert_string_equal(run_argument(&run, 1), "-");
}

static void languages_are_cut_and_checked(void **state)
{
    struct run run;
    struct err err;

    (void)state;
    assert_int_equal(parse(&run, "city list --lang zh-Hans,en", &err), 0);
    assert_string_equal(run.languages[0], "zh-Hans");
    assert_string_equal(run.languages[1], "en");
    assert_null(run.languages[2]);
    settings_split_free(run.languages);

    assert_int_equal(parse(&run, "city list --lang no_such_thing", &err), -ERR_INVALID_ARGUMENT);
    assert_true(run.usage);
    assert_non_null(strstr(err.text, "--lang"));
    settings_split_free(run.languages);
}

struct slip {
    const char *line;
    const char *sentence;
};

static void slips_get_a_sentence_and_the_nearest_word(void **state)
{
    static const struct slip slips[] = {
        {"citty list", "unknown command \"citty\" (did you mean \"city\"?)"},
        {"city lst", "unknown command \"city lst\" (did you mean \"city list\"?)"},
        {"city sh", "(did you mean \"city show\"?)"},
        {"city frobnicate", "unknown command \"city frobnicate\": there is city list, city show"},
        {"frobnicate", "unknown command \"frobnicate\": `ucap --help` lists all commands"},
        {"list", "(did you mean \"city list\"?)"},
        {"cities", "unknown command \"cities\" (did you mean \"city\"?)"},
        {"citation", "unknown command \"citation\": `ucap --help` lists all commands"},
        {"version", "unknown command \"version\" (did you mean \"--version\"?)"},
        {"key authorise", "(did you mean \"key authorize\"?)"},
        {"city list --contry ES", "unknown option \"--contry\" (did you mean \"--country\"?)"},
        {"city list --forma json", "(did you mean \"--format\"?)"},
        {"city list --frobnicate", "`ucap city list --help` lists the options"},
        {"city list -x", "unknown option \"-x\""},
        {"--country ES city list", "option --country belongs after its command: ucap city list"},
        {"city list --country", "option --country needs a value: --country CC"},
        {"city list --country --format json", "option --country needs a value"},
        {"city list --format jsn", "unknown value \"jsn\" (did you mean \"json\"?)"},
        {"city list --format xml", "use one of table, json, yaml, csv"},
        {"city list --help=yes", "option --help takes no value"},
        {"city list --timeout 10", "option --timeout: \"10\" is not a time"},
        {"city list --timeout 0s", "is not a time"},
        {"city list --timeout 25h", "is not a time"},
        {"city list --timeout 99999999999999999999s", "is not a time"},
        {"city show", "`ucap city show` needs ID, the city's id"},
        {"city show", "such as `ucap city show barcelona`"},
        {"city show a b", "`ucap city show` has no place for \"b\""},
        {"city list madrid", "has no place for \"madrid\""},
        {"key authorize x --role viewer", "needs --principals FILE"},
        {"key authorize x --role boss --principals p", "unknown value \"boss\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct run run;
        struct err err;
        int rc = parse(&run, slips[i].line, &err);
        if (rc != -ERR_INVALID_ARGUMENT || !run.usage)
            fail_msg("\"%s\" was taken", slips[i].line);
        if (!strstr(err.text, slips[i].sentence))
            fail_msg("\"%s\" got \"%s\"", slips[i].line, err.text);
    }
}

static void a_flood_of_words_is_refused(void **state)
{
    char *argv[200];
    struct run run = {0};
    struct err err = ERR_INIT;

    (void)state;
    argv[0] = (char *)"ucap";
    argv[1] = (char *)"help";
    for (size_t i = 2; i < 200; i++)
        argv[i] = (char *)"word";
    assert_int_equal(command_parse(&run, 200, argv, &err), -ERR_INVALID_ARGUMENT);
    run = (struct run){0};
    for (size_t i = 1; i < 200; i++)
        argv[i] = (char *)"--help";
    assert_int_equal(command_parse(&run, 200, argv, &err), -ERR_INVALID_ARGUMENT);
}

/* What every row of the table has to have for help and errors to work. */
static void every_row_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        struct run run;
        struct err err;
        char line[128];
        bool in_group = false;

        assert_non_null(command->run);
        assert_non_null(command->help);
        assert_non_null(command->examples[0]);
        assert_int_equal(strncmp(command->examples[0], "ucap ", 5), 0);
        for (size_t e = 0; command->examples[e]; e++)
            assert_int_equal(
                strncmp(command->examples[e] + 5, command->path, strlen(command->path)), 0);
        snprintf(line, sizeof(line), "%s --help", command->path);
        assert_int_equal(parse(&run, line, &err), 0);
        assert_ptr_equal(run.command, command);
        for (size_t g = 0; groups[g].name; g++)
            in_group =
                in_group || strncmp(groups[g].name, command->path, strlen(groups[g].name)) == 0;
        assert_int_equal(in_group, strchr(command->path, ' ') != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_commands_options_and_arguments),
        cmocka_unit_test(the_last_of_an_option_counts),
        cmocka_unit_test(some_options_may_be_repeated),
        cmocka_unit_test(values_may_begin_with_hyphens),
        cmocka_unit_test(languages_are_cut_and_checked),
        cmocka_unit_test(slips_get_a_sentence_and_the_nearest_word),
        cmocka_unit_test(a_flood_of_words_is_refused),
        cmocka_unit_test(every_row_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
