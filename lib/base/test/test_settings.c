/* Settings: ranks, types and bounds, secrets in files, sentences, --help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/settings.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct first {
    char *gateways;
    int64_t threads;
};

struct second {
    char *name;
    char *password;
    char *token;
    int64_t wait_ms;
    int64_t limit;
    int64_t offset;
    int64_t most;
    bool dry;
};

static const struct setting first_table[] = {
    {"gateways", SETTING_LIST, offsetof(struct first, gateways), "tcp://127.0.0.1:7110", 0, 0,
     "endpoints of the gateways, the one to ask first at the front; the next ones are asked when "
     "it does not answer"},
    {"threads", SETTING_INT, offsetof(struct first, threads), "2", 1, 64, "worker threads"},
    {0},
};

static const struct setting second_table[] = {
    {"instance-name", SETTING_TEXT, offsetof(struct second, name), NULL, 0, 0,
     "name of this process"},
    {"database-password", SETTING_SECRET, offsetof(struct second, password), NULL, 0, 0,
     "password of the role"},
    {"token", SETTING_SECRET, offsetof(struct second, token), "", 0, 0, "token | of the poke"},
    {"wait", SETTING_DURATION, offsetof(struct second, wait_ms), "168h", 100, 604800000,
     "how long to wait"},
    {"limit", SETTING_SIZE, offsetof(struct second, limit), "1MiB", 512, 1 << 30, "most bytes"},
    {"offset", SETTING_INT, offsetof(struct second, offset), "0", -5, 5, "a number below zero"},
    {"most", SETTING_INT, offsetof(struct second, most), "0", 0, 0, "a number without bounds"},
    {"dry", SETTING_BOOL, offsetof(struct second, dry), "false", 0, 0, "changes nothing"},
    {0},
};

#define ARGUMENTS_MAX 16

/* One load: arguments, what came out. */
struct fixture {
    struct first first;
    struct second second;
    struct settings_part parts[3];
    enum settings_result result;
    struct err err;
    char folder[32];
};

static int setup(void **state)
{
    static const char *const variables[] = {
        "UCAP_GATEWAYS",
        "UCAP_THREADS",
        "UCAP_INSTANCE_NAME",
        "UCAP_DATABASE_PASSWORD",
        "UCAP_DATABASE_PASSWORD_FILE",
        "UCAP_TOKEN",
        "UCAP_WAIT",
        "UCAP_LIMIT",
        "UCAP_DRY",
    };
    struct fixture *f = malloc(sizeof(*f));

    memset(f, 0xa5, sizeof(*f)); /* settings_load must not believe what it finds */
    f->err = (struct err)ERR_INIT;
    f->parts[0] = (struct settings_part){first_table, &f->first};
    f->parts[1] = (struct settings_part){second_table, &f->second};
    f->parts[2] = (struct settings_part){0};
    strcpy(f->folder, "/tmp/ucap-settings-XXXXXX");
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[64];

    snprintf(path, sizeof(path), "%s/secret", f->folder);
    unlink(path);
    rmdir(f->folder);
    free(f);
    return 0;
}

/* Loads with the arguments of a line, cut at its spaces. */
static int load(struct fixture *f, const char *line)
{
    char copy[512];
    char program[] = "ucap-test";
    char *argv[ARGUMENTS_MAX] = {program};
    char *rest;
    int argc = 1;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    return settings_load("ucap-test", "Tries the settings.", f->parts, argc, argv, &f->result,
                         &f->err);
}

/* What is required, so that a test can name what it is about. */
#define REQUIRED "--instance-name i --database-password p "

static void expect_refused(struct fixture *f, const char *line, const char *sentence)
{
    assert_int_equal(load(f, line), -ERR_INVALID_ARGUMENT);
    assert_string_equal(f->err.text, sentence);
    assert_null(f->first.gateways);
    assert_null(f->second.password);
}

static const char *secret_file(struct fixture *f, const void *bytes, size_t size)
{
    static char path[64];

    snprintf(path, sizeof(path), "%s/secret", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    return path;
}

static void defaults_are_taken(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, REQUIRED), 0);
    assert_int_equal(f->result, SETTINGS_RUN);
    assert_string_equal(f->first.gateways, "tcp://127.0.0.1:7110");
    assert_int_equal(f->first.threads, 2);
    assert_string_equal(f->second.name, "i");
    assert_string_equal(f->second.password, "p");
    assert_string_equal(f->second.token, "");
    assert_int_equal(f->second.wait_ms, 604800000);
    assert_int_equal(f->second.limit, 1048576);
    assert_int_equal(f->second.offset, 0);
    assert_false(f->second.dry);
    settings_free(f->parts);
    assert_null(f->second.name);
    settings_free(f->parts);
}

static void flag_wins_over_variable_over_default(void **state)
{
    struct fixture *f = *state;

    setenv("UCAP_INSTANCE_NAME", "from-variable", 1);
    setenv("UCAP_DATABASE_PASSWORD", "q", 1);
    setenv("UCAP_THREADS", "3", 1);
    assert_int_equal(load(f, "--instance-name=from-flag"), 0);
    assert_string_equal(f->second.name, "from-flag");
    assert_string_equal(f->second.password, "q");
    assert_int_equal(f->first.threads, 3);
    settings_free(f->parts);
    assert_int_equal(load(f, "--threads 4 --threads 5"), 0);
    assert_int_equal(f->first.threads, 5);
    assert_string_equal(f->second.name, "from-variable");
    settings_free(f->parts);
    setenv("UCAP_INSTANCE_NAME", "", 1); /* set, so not the default */
    assert_int_equal(load(f, ""), 0);
    assert_string_equal(f->second.name, "");
    settings_free(f->parts);
}

static void numbers_have_units(void **state)
{
    static const struct {
        const char *line;
        int64_t wait_ms, limit, offset;
    } rows[] = {
        {REQUIRED "--wait 200ms --limit 512", 200, 512, 0},
        {REQUIRED "--wait 2s --limit 64KiB --offset -5", 2000, 65536, -5},
        {REQUIRED "--wait=5m --limit=1MiB --offset=5", 300000, 1048576, 5},
        {REQUIRED "--wait 1h --limit 1GiB", 3600000, 1073741824, 0},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(load(f, rows[i].line), 0);
        assert_int_equal(f->second.wait_ms, rows[i].wait_ms);
        assert_int_equal(f->second.limit, rows[i].limit);
        assert_int_equal(f->second.offset, rows[i].offset);
        settings_free(f->parts);
    }
}

static void wrong_values_are_refused(void **state)
{
    static const struct {
        const char *arguments, *sentence;
    } rows[] = {
        {"--threads 0", "--threads \"0\" is out of bounds: use 1 to 64"},
        {"--threads=65", "--threads \"65\" is out of bounds: use 1 to 64"},
        {"--threads two", "--threads \"two\" is not a whole number"},
        {"--threads +2", "--threads \"+2\" is not a whole number"},
        {"--threads=", "--threads \"\" is not a whole number"},
        {"--threads 2s", "--threads \"2s\" is not a whole number"},
        {"--threads 99999999999999999999",
         "--threads \"99999999999999999999\" is out of bounds: use 1 to 64"},
        {"--offset -6", "--offset \"-6\" is out of bounds: use -5 to 5"},
        {"--most -1", "--most \"-1\" is out of bounds: use 0 or more"},
        {"--wait 10", "--wait \"10\" is not a duration: write it as 200ms, 2s, 5m or 1h"},
        {"--wait 1.5s", "--wait \"1.5s\" is not a duration: write it as 200ms, 2s, 5m or 1h"},
        {"--wait 7d", "--wait \"7d\" is not a duration: write it as 200ms, 2s, 5m or 1h"},
        {"--wait 99ms", "--wait \"99ms\" is out of bounds: use 100ms to 168h"},
        {"--wait 9223372036854775807h",
         "--wait \"9223372036854775807h\" is out of bounds: use 100ms to 168h"},
        {"--wait 5124095576031h", /* an hour or so in 64 bits that ran over */
         "--wait \"5124095576031h\" is out of bounds: use 100ms to 168h"},
        {"--most 9223372036854775808",
         "--most \"9223372036854775808\" is out of bounds: use 0 or more"},
        {"--limit 1KB", "--limit \"1KB\" is not a size: write it as 512, 64KiB, 1MiB or 1GiB"},
        {"--limit 511", "--limit \"511\" is out of bounds: use 512 to 1GiB"},
        {"--dry=yes", "--dry \"yes\" is not true or false"},
        {"--gateways a\x1b", "--gateways \"a?\" is not UTF-8 or has control characters"},
        {"--gateways \xff", "--gateways \"?\" is not UTF-8 or has control characters"},
    };
    char line[256];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(line, sizeof(line), REQUIRED "%s", rows[i].arguments);
        expect_refused(*state, line, rows[i].sentence);
    }
}

static void wrong_variable_is_named(void **state)
{
    setenv("UCAP_WAIT", "soon", 1);
    expect_refused(*state, REQUIRED,
                   "UCAP_WAIT \"soon\" is not a duration: write it as 200ms, 2s, 5m or 1h");
}

static void wrong_arguments_are_refused(void **state)
{
    static const struct {
        const char *arguments, *sentence;
    } rows[] = {
        {"--thread 2", "unknown flag \"--thread\" (did you mean --threads?)"},
        {"--database-pasword-file x",
         "unknown flag \"--database-pasword-file\" (did you mean --database-password-file?)"},
        {"--wait-file x", "unknown flag \"--wait-file\": --help lists all"},
        {"--hepl", "unknown flag \"--hepl\" (did you mean --help?)"},
        {"--zzz=secret", "unknown flag \"--zzz\": --help lists all"},
        {"--=x", "unknown flag \"--\": --help lists all"},
        {"--", "unexpected argument \"--\": settings are given as --NAME VALUE"},
        {"-h", "unexpected argument \"-h\": settings are given as --NAME VALUE"},
        {"serve", "unexpected argument \"serve\": settings are given as --NAME VALUE"},
        {"--threads", "--threads needs a value"},
        {"--threads --dry", "--threads needs a value"},
        {"--token-file", "--token-file needs a value"},
        {"--dry maybe", "unexpected argument \"maybe\": settings are given as --NAME VALUE"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_refused(*state, rows[i].arguments, rows[i].sentence);
}

static void bool_needs_no_value(void **state)
{
    static const struct {
        const char *line;
        bool dry;
    } rows[] = {
        {REQUIRED "--dry", true},  {REQUIRED "--dry=false", false}, {REQUIRED "--dry false", false},
        {"--dry " REQUIRED, true}, {"--dry true " REQUIRED, true},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(load(f, rows[i].line), 0);
        assert_int_equal(f->second.dry, rows[i].dry);
        settings_free(f->parts);
    }
}

static void required_setting_is_named(void **state)
{
    expect_refused(*state, "--database-password p",
                   "--instance-name is required: give it or set UCAP_INSTANCE_NAME");
    expect_refused(*state, "--instance-name i",
                   "--database-password is required: give it, --database-password-file, "
                   "UCAP_DATABASE_PASSWORD or UCAP_DATABASE_PASSWORD_FILE");
}

static void secret_is_the_first_line_of_its_file(void **state)
{
    static const struct {
        const char *bytes, *secret;
    } rows[] = {{"s3cret", "s3cret"},
                {"s3cret\n", "s3cret"},
                {"s3cret\r\n", "s3cret"},
                {" two words \nmore\n", " two words "}};
    struct fixture *f = *state;
    char line[256];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = secret_file(f, rows[i].bytes, strlen(rows[i].bytes));
        snprintf(line, sizeof(line), "--instance-name i --database-password-file %s", path);
        assert_int_equal(load(f, line), 0);
        assert_string_equal(f->second.password, rows[i].secret);
        settings_free(f->parts);
        setenv("UCAP_DATABASE_PASSWORD_FILE", path, 1);
        assert_int_equal(load(f, "--instance-name i"), 0);
        assert_string_equal(f->second.password, rows[i].secret);
        settings_free(f->parts);
    }
    assert_int_equal(load(f, REQUIRED), 0); /* the flag outranks the variable's file */
    assert_string_equal(f->second.password, "p");
    settings_free(f->parts);
}

static void secret_given_twice_is_refused(void **state)
{
    expect_refused(*state, REQUIRED "--database-password-file x",
                   "--database-password and --database-password-file are both given: give one of "
                   "them");
    setenv("UCAP_DATABASE_PASSWORD", "p", 1);
    setenv("UCAP_DATABASE_PASSWORD_FILE", "x", 1);
    expect_refused(*state, "--instance-name i",
                   "UCAP_DATABASE_PASSWORD and UCAP_DATABASE_PASSWORD_FILE are both given: give "
                   "one of them");
}

static void expect_bad_file(struct fixture *f, const char *path, const char *format)
{
    char line[256], sentence[256];

    snprintf(line, sizeof(line), "--instance-name i --database-password-file %s", path);
    snprintf(sentence, sizeof(sentence), "%s \"%s\" of --database-password-file", format, path);
    assert_int_equal(load(f, line), -ERR_INVALID_ARGUMENT);
    assert_memory_equal(f->err.text, sentence, strlen(sentence));
}

static void file_that_holds_no_secret_is_refused(void **state)
{
    struct fixture *f = *state;
    char longest[4098];

    expect_bad_file(f, "/nowhere/secret", "cannot open the file");
    assert_non_null(strstr(f->err.text, ": No such file or directory"));
    expect_bad_file(f, f->folder, "cannot read the file");
    assert_non_null(strstr(f->err.text, ": Is a directory"));
    expect_bad_file(f, secret_file(f, "", 0), "the first line of the file");
    expect_bad_file(f, secret_file(f, "\nsecret\n", 8), "the first line of the file");
    expect_bad_file(f, secret_file(f, "a\0b", 3), "the file");
    memset(longest, 'x', sizeof(longest));
    expect_bad_file(f, secret_file(f, longest, sizeof(longest)), "the file");
    longest[4096] = '\n';
    assert_int_equal(load(f, "--threads 65"), -ERR_INVALID_ARGUMENT); /* nothing is left over */
    setenv("UCAP_DATABASE_PASSWORD_FILE", secret_file(f, longest, sizeof(longest)), 1);
    assert_int_equal(load(f, "--instance-name i"), 0);
    assert_int_equal(strlen(f->second.password), 4096);
    settings_free(f->parts);
}

static void wrong_default_and_double_row_are_found(void **state)
{
    static const struct setting bad[] = {{"threads", SETTING_INT, 0, "many", 0, 0, "x"}, {0}};
    struct fixture *f = *state;

    f->parts[0].table = bad;
    assert_int_equal(load(f, REQUIRED), -ERR_INVALID_ARGUMENT);
    assert_string_equal(f->err.text,
                        "default of a setting: --threads \"many\" is not a whole number");
    f->parts[1] = f->parts[0];
    assert_int_equal(load(f, ""), -ERR_INTERNAL);
    assert_string_equal(f->err.text, "setting --threads stands in two rows");
}

/* ---- what is printed ---- */

/* Loads with stdout going to a file, and gives what was printed. */
static const char *printed(struct fixture *f, const char *line)
{
    static char text[16384];
    FILE *file = tmpfile();
    int before = dup(STDOUT_FILENO);

    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    int rc = load(f, line);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    assert_int_equal(rc, 0);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void version_is_printed(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(printed(f, "--version"), "ucap-test " UCAP_VERSION "\n");
    assert_int_equal(f->result, SETTINGS_VERSION_PRINTED);
    assert_null(f->first.gateways);
}

static void help_has_every_row(void **state)
{
    struct fixture *f = *state;
    const char *help = printed(f, "--threads 99 --help");

    assert_int_equal(f->result, SETTINGS_HELP_PRINTED);
    for (const struct settings_part *part = f->parts; part->table; part++) {
        for (const struct setting *setting = part->table; setting->name; setting++) {
            char flag[64];
            snprintf(flag, sizeof(flag), "\n  --%s", setting->name);
            assert_non_null(strstr(help, flag));
        }
    }
    assert_non_null(strstr(help, "Tries the settings."));
    assert_non_null(strstr(help, "\n  --threads NUMBER            worker threads\n"
                                 "                              [UCAP_THREADS; default 2; 1 to 64]"
                                 "\n"));
    assert_non_null(strstr(help, "[UCAP_INSTANCE_NAME; required]"));
    assert_non_null(strstr(help, "[UCAP_TOKEN or UCAP_TOKEN_FILE; default empty]"));
    assert_non_null(strstr(help, "--token TEXT, --token-file FILE\n"));
    assert_non_null(strstr(help, "[UCAP_WAIT; default 168h; 100ms to 168h]"));
    assert_non_null(strstr(help, "--dry[=BOOL]"));
}

static void help_fits_into_80_columns(void **state)
{
    const char *line = printed(*state, "--help");

    while (*line) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(end - line <= 80);
        assert_true(end == line || end[-1] != ' ');
        line = end + 1;
    }
}

static void markdown_has_a_row_per_setting(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    settings_print_markdown(out, f->parts);
    fclose(out);
    assert_non_null(strstr(text, "\n| `--threads NUMBER` | `UCAP_THREADS` | `2` | 1 to 64 | worker "
                                 "threads |\n"));
    assert_non_null(strstr(text, "| `UCAP_TOKEN` or `UCAP_TOKEN_FILE` | empty |  | token \\| of "
                                 "the poke |\n"));
    int lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 2 + 10);
    free(text);
}

static void lists_are_split_at_commas(void **state)
{
    static const struct {
        const char *list, *items[4];
    } rows[] = {
        {"", {NULL}},
        {" , ,", {NULL}},
        {"a", {"a", NULL}},
        {"a,b", {"a", "b", NULL}},
        {" a b , ,c ,", {"a b", "c", NULL}},
    };
    char **items;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(settings_split(rows[i].list, &items, NULL), 0);
        size_t j = 0;
        for (; rows[i].items[j]; j++)
            assert_string_equal(items[j], rows[i].items[j]);
        assert_null(items[j]);
        settings_split_free(items);
    }
    settings_split_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(flag_wins_over_variable_over_default, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_have_units, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_values_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_variable_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_arguments_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(bool_needs_no_value, setup, teardown),
        cmocka_unit_test_setup_teardown(required_setting_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(secret_is_the_first_line_of_its_file, setup, teardown),
        cmocka_unit_test_setup_teardown(secret_given_twice_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(file_that_holds_no_secret_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_default_and_double_row_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(version_is_printed, setup, teardown),
        cmocka_unit_test_setup_teardown(help_has_every_row, setup, teardown),
        cmocka_unit_test_setup_teardown(help_fits_into_80_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(markdown_has_a_row_per_setting, setup, teardown),
        cmocka_unit_test(lists_are_split_at_commas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
