/* What is written: known texts, and that every one of them is read back to the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_kit.h"

#include <ucap/v1/registry.pb-c.h>

static const char city_json[] = "{\n"
                                "  \"slug\": \"barcelona\",\n"
                                "  \"version\": \"3\",\n"
                                "  \"names\": [\n"
                                "    {\n"
                                "      \"language\": \"en\",\n"
                                "      \"text\": \"Barcelona\"\n"
                                "    },\n"
                                "    {\n"
                                "      \"language\": \"zh-Hans\",\n"
                                "      \"text\": \"巴塞罗那\"\n"
                                "    }\n"
                                "  ],\n"
                                "  \"figures\": [\n"
                                "    {\n"
                                "      \"value\": \"1620809\",\n"
                                "      \"qualifier\": \"QUALIFIER_ABOUT\",\n"
                                "      \"sources\": [\n"
                                "        {\n"
                                "          \"date\": \"2017-01\",\n"
                                "          \"says\": \"first line\\nsecond: \\\"line\\\"\\n\"\n"
                                "        },\n"
                                "        {}\n"
                                "      ],\n"
                                "      \"preferred\": true\n"
                                "    }\n"
                                "  ],\n"
                                "  \"created_at\": \"2026-03-01T12:00:00Z\"\n"
                                "}\n";

static const char city_yaml[] = "slug: barcelona\n"
                                "version: 3\n"
                                "names:\n"
                                "  - language: en\n"
                                "    text: Barcelona\n"
                                "  - language: zh-Hans\n"
                                "    text: 巴塞罗那\n"
                                "figures:\n"
                                "  - value: \"1620809\"\n"
                                "    qualifier: QUALIFIER_ABOUT\n"
                                "    sources:\n"
                                "      - date: \"2017-01\"\n"
                                "        says: |\n"
                                "          first line\n"
                                "          second: \"line\"\n"
                                "      - {}\n"
                                "    preferred: true\n"
                                "created_at: \"2026-03-01T12:00:00Z\"\n";

static void a_city_in_each_format(void **state)
{
    ProtobufCMessage *message =
        kit_read(&ucap__v1__city__descriptor, KIT_YAML, city_yaml, strlen(city_yaml));
    struct err err = ERR_INIT;
    char *text;

    (void)state;
    assert_int_equal(form_to_json(message, FORM_PRETTY, &text, &err), 0);
    assert_string_equal(text, city_json);
    free(text);
    assert_int_equal(form_to_yaml(message, &text, &err), 0);
    assert_string_equal(text, city_yaml);
    free(text);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void nothing_is_an_empty_map(void **state)
{
    Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
    struct err err = ERR_INIT;
    char *text;

    (void)state;
    assert_int_equal(form_to_json(&message.base, FORM_PRETTY, &text, &err), 0);
    assert_string_equal(text, "{}\n");
    free(text);
    assert_int_equal(form_to_yaml(&message.base, &text, &err), 0);
    assert_string_equal(text, "{}\n");
    free(text);
    kit_check_round_trip(&message.base);
}

/* A text, and how it stands after "a_string: " in YAML; NULL: as it is. */
static const struct {
    const char *text;
    const char *yaml;
} texts[] = {
    {"Barcelona", NULL},
    {"20 November 2019", NULL},
    {"2019-04/2020-11", NULL},
    {"over 70 (about)", NULL},
    {"it's \"fine\", [really] {so}", NULL},
    {"https://example.org/a?b=c#d", NULL},
    {"tcp://127.0.0.1:7110", NULL},
    {"É 巴塞罗那 🌍", NULL},
    {"_", NULL},
    {"notable", NULL},
    {"1a-g", NULL},
    {"no", "\"no\""},
    {"Yes", "\"Yes\""},
    {"OFF", "\"OFF\""},
    {"y", "\"y\""},
    {"N", "\"N\""},
    {"Null", "\"Null\""},
    {"~", "\"~\""},
    {"true", "\"true\""},
    {"NaN", "\"NaN\""},
    {".inf", "\".inf\""},
    {"1.10", "\"1.10\""},
    {"42", "\"42\""},
    {"-5", "\"-5\""},
    {"+5", "\"+5\""},
    {".5", "\".5\""},
    {"1_000", "\"1_000\""},
    {"1,000", "\"1,000\""},
    {"1e3", "\"1e3\""},
    {"0x1F", "\"0x1F\""},
    {"0o17", "\"0o17\""},
    {"0b11", "\"0b11\""},
    {"12:30", "\"12:30\""},
    {"2019-04-01", "\"2019-04-01\""},
    {"2019-04-01 12:00:00.5 +2", "\"2019-04-01 12:00:00.5 +2\""},
    {"2019-04-01t12:00:00Z", "\"2019-04-01t12:00:00Z\""},
    {"=", "\"=\""},
    {"<<", "\"<<\""},
    {"- a", "\"- a\""},
    {"? a", "\"? a\""},
    {"---", "\"---\""},
    {"...", "\"...\""},
    {"# a", "\"# a\""},
    {"a #b", "\"a #b\""},
    {"a: b", "\"a: b\""},
    {"a:", "\"a:\""},
    {" a", "\" a\""},
    {"a ", "\"a \""},
    {"&a", "\"&a\""},
    {"*a", "\"*a\""},
    {"!a", "\"!a\""},
    {"%a", "\"%a\""},
    {"@a", "\"@a\""},
    {"`a", "\"`a\""},
    {"[a]", "\"[a]\""},
    {"{a}", "\"{a}\""},
    {"|", "\"|\""},
    {">", "\">\""},
    {"'a'", "\"'a'\""},
    {"\"a\" \\", "\"\\\"a\\\" \\\\\""},
    {"a\tb", "\"a\\tb\""},
    {"a\rb", "\"a\\x0db\""},
    {"a\r\nb", "\"a\\x0d\\nb\""},
    {"a\x01\x7f\xc2\x85\xe2\x80\xa8\xef\xbb\xbf", "\"a\\x01\\x7f\\x85\\u2028\\ufeff\""},
    {"a\xef\xbf\xbe", "\"a\\ufffe\""},
    {"a\nb", "|-\n  a\n  b"},
    {"a\nb\n", "|\n  a\n  b"},
    {"a\n\n  b\n", "|\n  a\n\n    b"},
    {"a\n", "|\n  a"},
    {"- a\n# b\n---\n...\n", "|\n  - a\n  # b\n  ---\n  ..."},
    {"\n", "\"\\n\""},
    {"\na", "\"\\na\""},
    {" a\nb", "\" a\\nb\""},
    {"a \nb", "\"a \\nb\""},
    {"a\nb ", "\"a\\nb \""},
    {"a\n\n", "\"a\\n\\n\""},
    {"a\n\tb", "\"a\\n\\tb\""},
    {"a\n ", "\"a\\n \""},
};

static void texts_are_quoted_only_where_a_reader_needs_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
        struct err err = ERR_INIT;
        char expected[200];
        char *yaml;

        message.a_string = (char *)texts[i].text;
        snprintf(expected, sizeof(expected), "a_string: %s\n",
                 texts[i].yaml ? texts[i].yaml : texts[i].text);
        assert_int_equal(form_to_yaml(&message.base, &yaml, &err), 0);
        assert_string_equal(yaml, expected);
        free(yaml);
    }
}

/* The same text in each place where one can stand. */
static void check_text_everywhere(char *text)
{
    Form__Test__Everything inner = FORM__TEST__EVERYTHING__INIT;
    Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
    Form__Test__Everything *children[] = {&inner, &inner};
    char *strings[] = {text, (char *)"", text};

    inner.strings = strings;
    inner.n_strings = COUNT(strings);
    inner.choice_case = FORM__TEST__EVERYTHING__CHOICE_CHOSEN_TEXT;
    inner.chosen_text = text;
    message.a_string = text;
    message.children = children;
    message.n_children = COUNT(children);
    message.strings = strings;
    message.n_strings = COUNT(strings);
    message.yes = text;
    kit_check_round_trip(&message.base);
}

static void known_texts_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        check_text_everywhere((char *)texts[i].text);
}

/* xorshift: the same texts in every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void any_text_comes_back(void **state)
{
    static const char *const pieces[] = {
        "\n",
        " ",
        "\t",
        "\r",
        ":",
        "#",
        "-",
        "a",
        "no",
        "1",
        "\"",
        "'",
        "\\",
        "é",
        "巴",
        "🌍",
        "\xc2\x85",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "---",
        ".",
        "?",
        ": ",
        " #",
        "\n\n",
        "\n  ",
        "b\n",
        "\x01",
        "\x7f",
        "\xe2\x80\xa8",
        "\xef\xbb\xbf",
        "\xc2\xa0",
        "word ",
    };
    uint32_t seed = 20260301;

    (void)state;
    for (int run = 0; run < 4000; run++) {
        char text[200] = "";
        for (uint32_t count = next_random(&seed) % 9; count > 0; count--)
            strcat(text, pieces[next_random(&seed) % COUNT(pieces)]);
        check_text_everywhere(text);
    }
}

static void every_type_comes_back(void **state)
{
    static const char text[] =
        "{\"an_int32\":-1,\"an_int64\":\"-2\",\"an_uint32\":3,\"an_uint64\":\"4\",\"an_sint32\":-5,"
        "\"an_sint64\":\"-6\",\"an_fixed32\":7,\"an_fixed64\":\"8\",\"an_sfixed32\":-9,"
        "\"an_sfixed64\":\"-10\",\"a_float\":0.1,\"a_double\":1e-300,\"a_bool\":true,"
        "\"a_string\":\"x\",\"some_bytes\":\"/+8=\",\"color\":\"COLOR_NEGATIVE\","
        "\"at\":\"0001-01-01T00:00:00.000000001Z\",\"child\":{\"chosen_number\":\"0\"},"
        "\"chosen_child\":{\"chosen_text\":\"\"},"
        "\"names\":[{\"language\":\"en\",\"text\":\"no\"},{}],"
        "\"int32s\":[0,-1],\"int64s\":[\"0\",\"-9223372036854775808\"],\"uint32s\":[4294967295],"
        "\"uint64s\":[\"18446744073709551615\"],\"floats\":[\"NaN\",\"-Infinity\",0,3.4028235e+38],"
        "\"doubles\":[\"NaN\",\"Infinity\",-0.5,4.94065645841247e-324],\"bools\":[false,true],"
        "\"strings\":[\"\",\"null\"],\"blobs\":[\"\",\"AA==\"],"
        "\"colors\":[\"COLOR_UNSPECIFIED\",\"COLOR_DARK_BLUE\"],"
        "\"times\":[\"1970-01-01T00:00:00Z\"],\"children\":[{},{\"chosen_bytes\":\"\"}]}";
    ProtobufCMessage *message =
        kit_read(&form__test__everything__descriptor, KIT_JSON, text, strlen(text));
    struct err err = ERR_INIT;
    char *written;

    (void)state;
    assert_int_equal(form_to_json(message, FORM_COMPACT, &written, &err), 0);
    assert_string_equal(written, text);
    free(written);
    kit_check_round_trip(message);
    protobuf_c_message_free_unpacked(message, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_city_in_each_format),
        cmocka_unit_test(nothing_is_an_empty_map),
        cmocka_unit_test(texts_are_quoted_only_where_a_reader_needs_it),
        cmocka_unit_test(known_texts_come_back),
        cmocka_unit_test(any_text_comes_back),
        cmocka_unit_test(every_type_comes_back),
    };

    return cmocka_run_group_tests_name("form writing", tests, NULL, NULL);
}
