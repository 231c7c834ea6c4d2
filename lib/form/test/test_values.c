/* What each type of field takes, and what it says to the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_kit.h"

#include <locale.h>

static void check_json(const struct kit_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kit_check(KIT_JSON, &rows[i], NULL);
}

static void whole_numbers(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"an_int32\":-2147483648}", "{\"an_int32\":-2147483648}"},
        {"{\"an_int32\":2147483647}", "{\"an_int32\":2147483647}"},
        {"{\"an_int32\":2147483648}",
         "!an_int32: \"2147483648\" is out of range (-2147483648 to 2147483647)"},
        {"{\"an_sint32\":-2147483649}",
         "!an_sint32: \"-2147483649\" is out of range (-2147483648 to 2147483647)"},
        {"{\"an_sfixed32\":\"12\"}", "{\"an_sfixed32\":12}"},
        {"{\"an_uint32\":4294967295}", "{\"an_uint32\":4294967295}"},
        {"{\"an_fixed32\":4294967296}",
         "!an_fixed32: \"4294967296\" is out of range (0 to 4294967295)"},
        {"{\"an_uint32\":-1}", "!an_uint32: \"-1\" is out of range (0 to 4294967295)"},
        {"{\"an_uint32\":-0}", "{}"},
        {"{\"an_int64\":-9223372036854775808}", "{\"an_int64\":\"-9223372036854775808\"}"},
        {"{\"an_sint64\":\"9223372036854775807\"}", "{\"an_sint64\":\"9223372036854775807\"}"},
        {"{\"an_sfixed64\":\"9223372036854775808\"}",
         "!an_sfixed64: \"9223372036854775808\" is out of range (-9223372036854775808 to "
         "9223372036854775807)"},
        {"{\"an_uint64\":\"18446744073709551615\"}", "{\"an_uint64\":\"18446744073709551615\"}"},
        {"{\"an_fixed64\":\"18446744073709551616\"}",
         "!an_fixed64: \"18446744073709551616\" is out of range (0 to 18446744073709551615)"},
        {"{\"an_uint64\":18446744073709551615}",
         "!1:33: the number is too large: write it in quotes"},
        {"{\"an_int32\":1.0}", "{\"an_int32\":1}"},
        {"{\"an_int32\":1e3}", "{\"an_int32\":1000}"},
        {"{\"an_int64\":1e300}",
         "!an_int64: \"1e+300\" is out of range (-9223372036854775808 to 9223372036854775807)"},
        {"{\"an_int32\":1.5}", "!an_int32: \"1.5\" is not a whole number such as 42"},
        {"{\"an_int32\":\"three\"}", "!an_int32: \"three\" is not a whole number such as 42"},
        {"{\"an_int32\":\"\"}", "!an_int32: \"\" is not a whole number such as 42"},
        {"{\"an_int32\":\"007\"}", "!an_int32: \"007\" is not a whole number such as 42"},
        {"{\"an_int32\":\"+5\"}", "!an_int32: \"+5\" is not a whole number such as 42"},
        {"{\"an_int32\":\" 5\"}", "!an_int32: \" 5\" is not a whole number such as 42"},
        {"{\"an_int32\":\"0x10\"}", "!an_int32: \"0x10\" is not a whole number such as 42"},
        {"{\"an_int32\":\"1,000\"}", "!an_int32: \"1,000\" is not a whole number such as 42"},
        {"{\"an_int32\":true}", "!an_int32: expected a whole number, found a boolean"},
        {"{\"an_int32\":[1]}", "!an_int32: expected a whole number, found a list"},
        {"{\"an_uint64\":{}}", "!an_uint64: expected a whole number, found a map"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

static void reals(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"a_double\":0.1}", "{\"a_double\":0.1}"},
        {"{\"a_double\":0.30000000000000004}", "{\"a_double\":0.30000000000000004}"},
        {"{\"a_double\":\"1e-3\"}", "{\"a_double\":0.001}"},
        {"{\"a_double\":5}", "{\"a_double\":5}"},
        {"{\"a_double\":1.7976931348623157e308}", "{\"a_double\":1.7976931348623157e+308}"},
        {"{\"a_double\":1e309}", "!1:17: the number is too large: write it in quotes"},
        {"{\"a_double\":\"1e309\"}", "!a_double: \"1e309\" is out of range (at most 1.7e308)"},
        {"{\"a_float\":0.1}", "{\"a_float\":0.1}"},
        {"{\"a_float\":16777217}", "{\"a_float\":16777216}"},
        {"{\"a_float\":1e39}", "!a_float: \"1e+39\" is out of range (at most 3.4e38)"},
        {"{\"a_double\":\"NaN\"}", "{\"a_double\":\"NaN\"}"},
        {"{\"a_double\":\"Infinity\"}", "{\"a_double\":\"Infinity\"}"},
        {"{\"a_float\":\"-Infinity\"}", "{\"a_float\":\"-Infinity\"}"},
        {"{\"a_float\":\".5\"}", "!a_float: \".5\" is not a number such as 0.5"},
        {"{\"a_float\":\"0x1p3\"}", "!a_float: \"0x1p3\" is not a number such as 0.5"},
        {"{\"a_float\":\"5.\"}", "!a_float: \"5.\" is not a number such as 0.5"},
        {"{\"a_float\":\"1e\"}", "!a_float: \"1e\" is not a number such as 0.5"},
        {"{\"a_float\":\"1,5\"}", "!a_float: \"1,5\" is not a number such as 0.5"},
        {"{\"a_float\":false}", "!a_float: expected a number, found a boolean"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

static void decimal_point_does_not_follow_the_locale(void **state)
{
    static const struct kit_row row = {"{\"a_double\":\"1.5\",\"a_float\":2.5}",
                                       "{\"a_float\":2.5,\"a_double\":1.5}"};
    static const char *const commas[] = {"de_DE.UTF-8", "es_ES.UTF-8", "fr_FR.UTF-8"};
    const char *found = NULL;

    (void)state;
    for (size_t i = 0; !found && i < COUNT(commas); i++)
        found = setlocale(LC_ALL, commas[i]);
    if (!found)
        skip(); /* no locale with a decimal comma is installed */
    kit_check(KIT_JSON, &row, NULL);
    setlocale(LC_ALL, "C");
}

static void booleans(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"a_bool\":true}", "{\"a_bool\":true}"},
        {"{\"a_bool\":false}", "{}"},
        {"{\"a_bool\":\"true\"}", "!a_bool: expected true or false, found a text"},
        {"{\"a_bool\":1}", "!a_bool: expected true or false, found a number"},
        {"{\"bools\":[true,false]}", "{\"bools\":[true,false]}"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

static void texts(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"a_string\":\"Li\\u00fazh\\u014du \\ud83c\\udf0d\"}", "{\"a_string\":\"Liúzhōu 🌍\"}"},
        {"{\"a_string\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u0085\\u2028\"}",
         "{\"a_string\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u0085\\u2028\"}"},
        {"{\"a_string\":\"a\\u0000b\"}", "!1:22: \\u0000 is not allowed: remove it"},
        {"{\"a_string\":\"\\ud800\"}", "!1:20: invalid Unicode '\\uD800' near '\"\\ud800\"'"},
        {"{\"a_string\":5}", "!a_string: expected a text, found a number: write it in quotes"},
        {"{\"a_string\":true}", "!a_string: expected a text, found a boolean: write it in quotes"},
        {"{\"a_string\":[]}", "!a_string: expected a text, found a list"},
        {"{\"a_string\":\"\"}", "{}"},
        {"{\"a_string\":null}", "{}"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

static void bytes(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"some_bytes\":\"AAECAw==\"}", "{\"some_bytes\":\"AAECAw==\"}"},
        {"{\"some_bytes\":\"AAECAw\"}", "{\"some_bytes\":\"AAECAw==\"}"},
        {"{\"some_bytes\":\"-_-_\"}", "{\"some_bytes\":\"+/+/\"}"},
        {"{\"blobs\":[\"\",\"YQ==\",\"YWI=\",\"YWJj\"]}",
         "{\"blobs\":[\"\",\"YQ==\",\"YWI=\",\"YWJj\"]}"},
        {"{\"some_bytes\":\"A\"}", "!some_bytes: \"A\" is not base64 (RFC 4648)"},
        {"{\"some_bytes\":\"AAECA===\"}", "!some_bytes: \"AAECA===\" is not base64 (RFC 4648)"},
        {"{\"some_bytes\":\"AA=\"}", "!some_bytes: \"AA=\" is not base64 (RFC 4648)"},
        {"{\"some_bytes\":\"====\"}", "!some_bytes: \"====\" is not base64 (RFC 4648)"},
        {"{\"some_bytes\":\"AA AA\"}", "!some_bytes: \"AA AA\" is not base64 (RFC 4648)"},
        {"{\"some_bytes\":7}", "!some_bytes: expected base64, found a number"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

static void enums(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"color\":\"COLOR_RED\"}", "{\"color\":\"COLOR_RED\"}"},
        {"{\"color\":\"red\"}", "{\"color\":\"COLOR_RED\"}"},
        {"{\"color\":\"Dark_Blue\"}", "{\"color\":\"COLOR_DARK_BLUE\"}"},
        {"{\"color\":\"color_dark_blue\"}", "{\"color\":\"COLOR_DARK_BLUE\"}"},
        {"{\"color\":-7}", "{\"color\":\"COLOR_NEGATIVE\"}"},
        {"{\"color\":\"2\"}", "{\"color\":\"COLOR_DARK_BLUE\"}"},
        {"{\"colors\":[\"unspecified\",0]}",
         "{\"colors\":[\"COLOR_UNSPECIFIED\",\"COLOR_UNSPECIFIED\"]}"},
        {"{\"color\":\"rad\"}", "!color: \"rad\" is not one of NEGATIVE, RED, DARK_BLUE (did you "
                                "mean \"RED\"?)"},
        {"{\"color\":\"COLOR_DARKBLUE\"}",
         "!color: \"COLOR_DARKBLUE\" is not one of NEGATIVE, RED, DARK_BLUE (did you mean "
         "\"DARK_BLUE\"?)"},
        {"{\"color\":\"\"}", "!color: \"\" is not one of NEGATIVE, RED, DARK_BLUE"},
        {"{\"color\":3}", "!color: \"3\" is not one of NEGATIVE, RED, DARK_BLUE"},
        {"{\"color\":true}", "!color: expected a name, found a boolean"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

#define OUT_OF_RANGE "is out of range (0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z)"
#define WRONG_FORM   "is not a time such as 2026-03-01T12:00:00Z (RFC 3339)"

static void times(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"at\":\"2026-03-01T12:00:00Z\"}", "{\"at\":\"2026-03-01T12:00:00Z\"}"},
        {"{\"at\":\"1970-01-01T00:00:00Z\"}", "{\"at\":\"1970-01-01T00:00:00Z\"}"},
        {"{\"at\":\"2026-03-01t12:00:00.5z\"}", "{\"at\":\"2026-03-01T12:00:00.500Z\"}"},
        {"{\"at\":\"2026-03-01T12:00:00.0005Z\"}", "{\"at\":\"2026-03-01T12:00:00.000500Z\"}"},
        {"{\"at\":\"1969-12-31T23:59:59.999999999Z\"}",
         "{\"at\":\"1969-12-31T23:59:59.999999999Z\"}"},
        {"{\"at\":\"2026-03-01T00:30:00+02:00\"}", "{\"at\":\"2026-02-28T22:30:00Z\"}"},
        {"{\"at\":\"2026-03-01T00:30:00-05:45\"}", "{\"at\":\"2026-03-01T06:15:00Z\"}"},
        {"{\"at\":\"0001-01-01T00:00:00Z\"}", "{\"at\":\"0001-01-01T00:00:00Z\"}"},
        {"{\"at\":\"9999-12-31T23:59:59.999999999Z\"}",
         "{\"at\":\"9999-12-31T23:59:59.999999999Z\"}"},
        {"{\"at\":\"0001-01-01T00:00:00+00:01\"}",
         "!at: \"0001-01-01T00:00:00+00:01\" " OUT_OF_RANGE},
        {"{\"at\":\"9999-12-31T23:59:59-00:01\"}",
         "!at: \"9999-12-31T23:59:59-00:01\" " OUT_OF_RANGE},
        {"{\"at\":\"9999-12-31T23:59:00-00:01\"}",
         "!at: \"9999-12-31T23:59:00-00:01\" " OUT_OF_RANGE},
        {"{\"at\":\"0001-01-01T00:00:59+00:01\"}",
         "!at: \"0001-01-01T00:00:59+00:01\" " OUT_OF_RANGE},
        {"{\"at\":\"0000-12-31T23:59:59Z\"}", "!at: \"0000-12-31T23:59:59Z\" " OUT_OF_RANGE},
        {"{\"at\":\"2024-02-29T00:00:00Z\"}", "{\"at\":\"2024-02-29T00:00:00Z\"}"},
        {"{\"at\":\"1900-02-29T00:00:00Z\"}",
         "!at: \"1900-02-29T00:00:00Z\" has a day that its month does not have"},
        {"{\"at\":\"2026-13-01T00:00:00Z\"}",
         "!at: \"2026-13-01T00:00:00Z\" has a month that is not 01 to 12"},
        {"{\"at\":\"2026-04-31T00:00:00Z\"}",
         "!at: \"2026-04-31T00:00:00Z\" has a day that its month does not have"},
        {"{\"at\":\"2026-03-01T24:00:00Z\"}",
         "!at: \"2026-03-01T24:00:00Z\" has a time of day that is not 00:00:00 to 23:59:59"},
        {"{\"at\":\"2016-12-31T23:59:60Z\"}",
         "!at: \"2016-12-31T23:59:60Z\" is a leap second, which cannot be kept: write 59 seconds"},
        {"{\"at\":\"2026-03-01T12:00:00\"}",
         "!at: \"2026-03-01T12:00:00\" has no offset: end it with Z for UTC, or with one such as "
         "+02:00"},
        {"{\"at\":\"2026-03-01\"}", "!at: \"2026-03-01\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01 12:00:00Z\"}", "!at: \"2026-03-01 12:00:00Z\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01T12:00Z\"}", "!at: \"2026-03-01T12:00Z\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01T12:00:00.Z\"}", "!at: \"2026-03-01T12:00:00.Z\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01T12:00:00.1234567891Z\"}",
         "!at: \"2026-03-01T12:00:00.1234567891Z\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01T12:00:00+0200\"}", "!at: \"2026-03-01T12:00:00+0200\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01T12:00:00+24:00\"}",
         "!at: \"2026-03-01T12:00:00+24:00\" " WRONG_FORM},
        {"{\"at\":\"2026-03-01T12:00:00Zx\"}", "!at: \"2026-03-01T12:00:00Zx\" " WRONG_FORM},
        {"{\"at\":\"-026-03-01T12:00:00Z\"}", "!at: \"-026-03-01T12:00:00Z\" " WRONG_FORM},
        {"{\"at\":\"\"}", "!at: \"\" " WRONG_FORM},
        {"{\"at\":{\"seconds\":1}}",
         "!at: expected a time such as 2026-03-01T12:00:00Z, found a map"},
        {"{\"at\":1}", "!at: expected a time such as 2026-03-01T12:00:00Z, found a number"},
    };

    (void)state;
    check_json(rows, COUNT(rows));
}

static void what_has_no_text_is_refused_when_writing(void **state)
{
    Form__Test__Everything child = FORM__TEST__EVERYTHING__INIT;
    Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct err err = ERR_INIT;
    char *text = NULL;
    char *strings[] = {(char *)"good", (char *)"b\xff"};

    (void)state;
    message.child = &child;
    child.strings = strings;
    child.n_strings = 2;
    assert_int_equal(form_to_json(&message.base, FORM_COMPACT, &text, &err), -ERR_INVALID_ARGUMENT);
    assert_string_equal(err.text, "child.strings[1]: byte 2 (0xff) is not UTF-8");
    assert_int_equal(form_to_yaml(&message.base, &text, &err), -ERR_INVALID_ARGUMENT);
    child.n_strings = 0;
    child.at = &at;
    at.seconds = 253402300800;
    assert_int_equal(form_to_yaml(&message.base, &text, &err), -ERR_INVALID_ARGUMENT);
    assert_string_equal(err.text,
                        "child.at: 253402300800 s and 0 ns is no time of the years 1 to 9999");
    at.seconds = INT64_MIN;
    assert_int_equal(form_to_json(&message.base, FORM_PRETTY, &text, &err), -ERR_INVALID_ARGUMENT);
    at.seconds = 0;
    at.nanos = -1;
    assert_int_equal(form_to_json(&at.base, FORM_PRETTY, &text, &err), -ERR_INVALID_ARGUMENT);
    assert_string_equal(err.text, "0 s and -1 ns is no time of the years 1 to 9999");
    assert_null(text);
}

static void an_unknown_number_of_an_enum_is_shown_but_not_read(void **state)
{
    Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
    struct err err = ERR_INIT;
    char *text = NULL;

    (void)state;
    message.color = (Form__Test__Everything__Color)99;
    assert_int_equal(form_to_json(&message.base, FORM_COMPACT, &text, &err), 0);
    assert_string_equal(text, "{\"color\":99}");
    kit_check(KIT_JSON,
              &(struct kit_row){text, "!color: \"99\" is not one of NEGATIVE, RED, DARK_BLUE"},
              NULL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(reals),
        cmocka_unit_test(decimal_point_does_not_follow_the_locale),
        cmocka_unit_test(booleans),
        cmocka_unit_test(texts),
        cmocka_unit_test(bytes),
        cmocka_unit_test(enums),
        cmocka_unit_test(times),
        cmocka_unit_test(what_has_no_text_is_refused_when_writing),
        cmocka_unit_test(an_unknown_number_of_an_enum_is_shown_but_not_read),
    };

    return cmocka_run_group_tests_name("form values", tests, NULL, NULL);
}
