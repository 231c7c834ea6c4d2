/* Tables in columns, cuts, CSV that no spreadsheet takes for a formula, and text that no terminal
 * obeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <ucap/v1/registry.pb-c.h>
#include <unistd.h>

static const struct column columns[] = {
    {.name = "id", .keep = true}, {.name = "name"}, {.name = "people", .right = true}};

static struct table *cities(void)
{
    static const char *const rows[][3] = {
        {"barcelona", "Barcelona", "1,620,809"},
        {"liuzhou", "柳州", NULL},
        {"sant-cugat", "Sant Cugat del Vallès, a town beside it", "92,977"},
    };
    struct table *table = table_create(columns, 3);
    struct err err;

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(table_add(table, rows[i], &err), 0);
    return table;
}

typedef void (*print_f)(FILE *out, const struct table *table, size_t width);

static void print_csv(FILE *out, const struct table *table, size_t width)
{
    (void)width;
    table_print_csv(out, table);
}

static char *printed(const struct table *table, size_t width, print_f print)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    print(out, table, width);
    fclose(out);
    return text;
}

static void expect(struct table *table, size_t width, print_f print, const char *want)
{
    char *text = printed(table, width, print);

    assert_string_equal(text, want);
    free(text);
    table_destroy(table);
}

static void columns_are_aligned_over_chinese(void **state)
{
    (void)state;
    expect(cities(), OUTPUT_UNCUT, table_print,
           "ID          NAME                                        PEOPLE\n"
           "barcelona   Barcelona                                1,620,809\n"
           "liuzhou     柳州                                             —\n"
           "sant-cugat  Sant Cugat del Vallès, a town beside it     92,977\n");
}

static void a_narrow_terminal_cuts_names_not_numbers(void **state)
{
    (void)state;
    expect(cities(), 34, table_print,
           "ID          NAME            PEOPLE\n"
           "barcelona   Barcelona    1,620,809\n"
           "liuzhou     柳州                 —\n"
           "sant-cugat  Sant Cugat…     92,977\n");
}

/* A wide character that does not fit whole is left out, and its place stays blank. */
static void a_cut_is_between_characters(void **state)
{
    static const struct column two[] = {{.name = "name"}, {.name = "n", .right = true}};
    struct table *table = table_create(two, 2);
    struct err err;

    (void)state;
    table_add(table, (const char *[]){"国际城市合作组织", "1"}, &err);
    table_add(table,
              (const char *[]){"e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"
                               "e\u0301e\u0301e\u0301e\u0301",
                               "2"},
              &err);
    expect(table, 12, table_print,
           "NAME       N\n"
           "国际城市…  1\n"
           "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301…  2\n");
}

static void a_very_narrow_terminal_ends(void **state)
{
    (void)state;
    struct table *table = cities();
    char *text = printed(table, 1, table_print);

    assert_non_null(strstr(text, "1,620,809"));
    free(text);
    table_destroy(table);
}

static void no_rows_print_nothing(void **state)
{
    (void)state;
    expect(table_create(columns, 3), 80, table_print, "");
}

static void a_record_is_never_cut(void **state)
{
    static const struct column pair[] = {{.name = "label"}, {.name = "value"}};
    struct table *table = table_create(pair, 2);
    struct err err;

    (void)state;
    table_add(table, (const char *[]){"Population", "1,620,809; as of 2018; source: a summary"},
              &err);
    table_add(table, (const char *[]){"Area", NULL}, &err);
    char *text = printed(table, OUTPUT_UNCUT, table_print_record);
    assert_string_equal(text, "Population  1,620,809; as of 2018; source: a summary\n"
                              "Area        —\n");
    free(text);
    expect(table, 30, table_print_record,
           "Population  1,620,809; as of\n"
           "            2018; source: a\n"
           "            summary\n"
           "Area        —\n");
}

static void csv_is_quoted_and_safe(void **state)
{
    static const char *const cells[][2] = {
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\tx", "'\tx"},
        {"\rx", "'\\u000dx"},
        {"=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""},
        {"a=b", "a=b"},
        {"", ""},
    };
    static const struct column one[] = {{.name = "cell"}};
    struct err err;
    char want[128];

    (void)state;
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        struct table *table = table_create(one, 1);
        assert_int_equal(table_add(table, &cells[i][0], &err), 0);
        snprintf(want, sizeof(want), "cell\r\n%s\r\n", cells[i][1]);
        expect(table, 0, print_csv, want);
    }
    expect(cities(), 0, print_csv,
           "id,name,people\r\n"
           "barcelona,Barcelona,\"1,620,809\"\r\n"
           "liuzhou,柳州,\r\n"
           "sant-cugat,\"Sant Cugat del Vallès, a town beside it\",\"92,977\"\r\n");
}

static void control_characters_never_get_out(void **state)
{
    static const struct column one[] = {{.name = "cell"}};
    struct table *table = table_create(one, 1);
    struct err err;

    (void)state;
    table_add(table,
              (const char *[]){"a\033[31mred\007 \xc2\x9b"
                               "1m \u202eevil \x7f\xff\xc3 tab\tnl\n."},
              &err);
    expect(table, OUTPUT_UNCUT, table_print,
           "CELL\n"
           "a\\u001b[31mred\\u0007 \\u009b1m \\u202eevil \\u007f\ufffd\ufffd tab nl .\n");
}

static void a_message_is_json_or_yaml(void **state)
{
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    struct err err = ERR_INIT;
    char *text = NULL;
    size_t size;

    (void)state;
    city.slug = (char *)"liuzhou";
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(output_message(out, OUTPUT_DEFAULT, &city.base, &err), 0);
    assert_int_equal(output_message(out, OUTPUT_YAML, &city.base, &err), 0);
    fclose(out);
    assert_string_equal(text, "{\n  \"slug\": \"liuzhou\"\n}\nslug: liuzhou\n");
    free(text);
}

/* A terminal of 47 columns, then one that does not know its width. */
static void the_width_is_that_of_the_terminal(void **state)
{
    struct winsize size = {.ws_row = 24, .ws_col = 47};
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    (void)state;
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    FILE *terminal = fopen(ptsname(master), "w");
    assert_non_null(terminal);
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
    assert_int_equal(output_width(terminal), 47);
    size.ws_col = 0;
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
    setenv("COLUMNS", "99", 1);
    assert_int_equal(output_width(terminal), 99);
    unsetenv("COLUMNS");
    assert_int_equal(output_width(terminal), 80);
    fclose(terminal);
    close(master);

    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(output_width(file), OUTPUT_UNCUT);
    fclose(file);
}

static void a_full_disk_is_said(void **state)
{
    struct err err = ERR_INIT;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(full);
    assert_int_equal(output_send(full, "result", 6, &err), -ERR_DATA_LOSS);
    assert_string_equal(err.text, "cannot write the result: No space left on device");
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_over_chinese),
        cmocka_unit_test(a_narrow_terminal_cuts_names_not_numbers),
        cmocka_unit_test(a_cut_is_between_characters),
        cmocka_unit_test(a_very_narrow_terminal_ends),
        cmocka_unit_test(no_rows_print_nothing),
        cmocka_unit_test(a_record_is_never_cut),
        cmocka_unit_test(csv_is_quoted_and_safe),
        cmocka_unit_test(control_characters_never_get_out),
        cmocka_unit_test(a_message_is_json_or_yaml),
        cmocka_unit_test(the_width_is_that_of_the_terminal),
        cmocka_unit_test(a_full_disk_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
