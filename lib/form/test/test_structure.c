/* Fields, lists, oneofs, nesting; all errors of a text at once; what YAML has beyond JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_kit.h"

#include <ucap/v1/config.pb-c.h>
#include <unistd.h>

static const struct form_options english = {.default_language = "en"};

static void check(enum kit_format format, const struct kit_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kit_check(format, &rows[i], NULL);
}

static void json_structure(void **state)
{
    static const struct kit_row rows[] = {
        {"{}", "{}"},
        {" {\"aString\":\"x\",\"anInt32\":1}", "{\"an_int32\":1,\"a_string\":\"x\"}"},
        {"{\"child\":{\"child\":{}}}", "{\"child\":{\"child\":{}}}"},
        {"{\"children\":[{},{\"an_int32\":1}]}", "{\"children\":[{},{\"an_int32\":1}]}"},
        {"{\"children\":[],\"child\":null,\"strings\":null}", "{}"},
        {"{\"chosen_text\":\"\"}", "{\"chosen_text\":\"\"}"},
        {"{\"chosen_number\":0}", "{\"chosen_number\":\"0\"}"},
        {"{\"chosen_bool\":false,\"chosen_text\":null}", "{\"chosen_bool\":false}"},
        {"{\"chosen_child\":{}}", "{\"chosen_child\":{}}"},
        {"{\"chosen_bytes\":\"\"}", "{\"chosen_bytes\":\"\"}"},
        {"{\"chosen_color\":0}", "{\"chosen_color\":\"COLOR_UNSPECIFIED\"}"},
        {"{\"chosen_text\":\"a\",\"chosen_number\":1}",
         "!chosen_number: only one of \"chosen_text\" and \"chosen_number\" may be given"},
        {"{\"children\":[{\"chosen_child\":{},\"chosenBytes\":\"\"}]}",
         "!children[0].chosenBytes: only one of \"chosen_child\" and \"chosen_bytes\" may be "
         "given"},
        {"{\"a_strng\":1}", "!a_strng: unknown field (did you mean \"a_string\"?)"},
        {"{\"a_string\":\"x\",\"aString\":\"y\"}", "!aString: field \"a_string\" is given twice"},
        {"{\"a_string\":\"x\",\"a_string\":\"y\"}",
         "!1:26: duplicate object key near '\"a_string\"'"},
        {"{\"child\":5}", "!child: expected a map with the fields of Everything, found a number"},
        {"{\"child\":[]}", "!child: expected a map with the fields of Everything, found a list"},
        {"{\"strings\":\"x\"}", "!strings: expected a list, found a text"},
        {"{\"strings\":{}}", "!strings: expected a list, found a map"},
        {"{\"strings\":[\"x\",null]}",
         "!strings[1]: null cannot be an item of a list: leave it out"},
        {"{\"int32s\":[[1]]}", "!int32s[0]: expected a whole number, found a list"},
        {"[]", "!expected a map with the fields of Everything, found a list"},
        {"\"x\"", "!expected a map with the fields of Everything, found a text"},
        {"null", "!the text is empty: write {} for a message without fields"},
        {"", "!1:1: unexpected token near end of file"},
    };

    (void)state;
    check(KIT_JSON, rows, COUNT(rows));
}

static void json_syntax(void **state)
{
    static const struct kit_row rows[] = {
        {"\xef\xbb\xbf{\"a_string\":\"bom\"}", "{\"a_string\":\"bom\"}"},
        {"{\"a_string\":\n  oops}", "!2:6: invalid token near 'oops'"},
        {"{\"a_string\":\"x\"", "!1:15: '}' expected near end of file"},
        {"{\"a_string\":\"x\"} {}", "!1:18: end of file expected near '{'"},
        {"{\"a_string\":\"x\xff\"}",
         "!1:15: the byte 0xff is not UTF-8: save the text in that encoding"},
        {"{\n\"a_string\":\"é\xc3\"}",
         "!2:14: the byte 0xc3 is not UTF-8: save the text in that encoding"},
        {"{\x1b[31m}", "!1:2: string or '}' expected near '\\u001b'"},
        {"{\"a_string\":\"a\tb\"}", "!1:14: control character 0x9 near '\"a'"},
    };

    (void)state;
    check(KIT_JSON, rows, COUNT(rows));
}

static void yaml_scalars_are_typed_by_the_field(void **state)
{
    static const struct kit_row rows[] = {
        {"strings: [no, yes, 1.10, 12:30, 2019-04-01, 0x10, NULL, on, =, .inf, '', a: ]",
         "!1:74: strings[11]: expected a text, found a map"},
        {"strings: [no, yes, 1.10, 12:30, 2019-04-01, 0x10, NULL, on, =, .inf, '']",
         "{\"strings\":[\"no\",\"yes\",\"1.10\",\"12:30\",\"2019-04-01\",\"0x10\",\"NULL\",\"on\","
         "\"=\",\".inf\",\"\"]}"},
        {"an_int32: 5\nan_int64: '6'\na_double: 1e3\na_float: .inf\na_bool: True\n",
         "{\"an_int32\":5,\"an_int64\":\"6\",\"a_float\":\"Infinity\",\"a_double\":1000,"
         "\"a_bool\":true}"},
        {"an_uint64: 18446744073709551615", "{\"an_uint64\":\"18446744073709551615\"}"},
        {"a_bool: yes", "!1:9: a_bool: \"yes\" is not true or false"},
        {"a_bool: 'true'", "!1:9: a_bool: expected true or false, found a text"},
        {"an_int32: 1_000", "!1:11: an_int32: \"1_000\" is not a whole number such as 42"},
        {"an_int32: 0o17", "!1:11: an_int32: \"0o17\" is not a whole number such as 42"},
        {"a_string: null\nan_int32: ~\nchild:\nstrings:\n", "{}"},
        {"a_string: 'null'", "{\"a_string\":\"null\"}"},
        {"a_string: \"\"", "{}"},
        {"strings:\n  - a\n  -\n",
         "!3:4: strings[1]: null cannot be an item of a list: leave it out"},
        {"at: 2026-03-01T12:00:00Z", "{\"at\":\"2026-03-01T12:00:00Z\"}"},
        {"a_string: \"a\\0b\"", "!1:11: a_string: \"a\\u0000b\" has the character U+0000, which no "
                                "field takes: remove it"},
        {"a_string: |\n  two\n  lines\n", "{\"a_string\":\"two\\nlines\\n\"}"},
        {"a_string: >-\n  one\n  line\n", "{\"a_string\":\"one line\"}"},
        {"a_string: bad # a remark\n", "{\"a_string\":\"bad\"}"},
        {"\xef\xbb\xbf"
         "a_string: bom\r\nan_int32: 1\r\n",
         "{\"an_int32\":1,\"a_string\":\"bom\"}"},
        {"--- {a_string: x}\n...\n", "{\"a_string\":\"x\"}"},
        {"{}", "{}"},
    };

    (void)state;
    check(KIT_YAML, rows, COUNT(rows));
}

static void yaml_that_json_does_not_have_is_refused(void **state)
{
    static const struct kit_row rows[] = {
        {"a_string: &x text\n",
         "!1:11: anchors (&name) are not read: remove it, or put the text in quotes"},
        {"strings: [a, *b]",
         "!1:14: aliases (*name) are not read: write the value out, or put the text in quotes"},
        {"*a : b",
         "!1:1: aliases (*name) are not read: write the value out, or put the text in quotes"},
        {"a_string: !!str x",
         "!1:11: tags (!name) are not read: remove it, or put the text in quotes"},
        {"child: !x {}", "!1:8: tags (!name) are not read: remove it, or put the text in quotes"},
        {"strings: &x []",
         "!1:10: anchors (&name) are not read: remove it, or put the text in quotes"},
        {"!!str a_string: x",
         "!1:1: tags (!name) are not read: remove it, or put the text in quotes"},
        {"%TAG !e! tag:e,2000:\n---\n{}\n", "!1:1: tags (%TAG) are not read: remove the line"},
        {"a_string: x\n---\na_string: y\n",
         "!2:1: a second document begins here: only one is read"},
        {"a_string: x\nan_int32: 1\na_string: y\n",
         "!3:1: a_string: the key is given twice, first in line 1"},
        {"child: {unknown: 1, unknown: 2}", "!1:9: child.unknown: unknown field"},
        {"a_string: x\naString: y\n", "!2:1: aString: field \"a_string\" is given twice"},
        {"? [a]\n: b\n", "!1:3: a key must be a text, not a list or a map"},
        {"? {a: b}\n: b\n", "!1:3: a key must be a text, not a list or a map"},
        {"\"a\\0b\": 1", "!1:1: a key cannot have the character U+0000"},
        {"<<: {a_string: x}", "!1:1: <<: unknown field"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* Without the fields there are, which would be long. */
        char *result = kit_convert(&form__test__everything__descriptor, KIT_YAML, rows[i].text,
                                   strlen(rows[i].text), NULL);
        char *known = strstr(result, " (known here");
        if (known)
            *known = '\0';
        assert_string_equal(result, rows[i].expected);
        free(result);
    }
}

static void yaml_syntax(void **state)
{
    static const struct kit_row rows[] = {
        {"", "!the text is empty: write {} for a message without fields"},
        {"# only a remark\n", "!the text is empty: write {} for a message without fields"},
        {"~\n", "!the text is empty: write {} for a message without fields"},
        {"a_string: \"x\nan_int32: 1\n", "!1:11: the quoted text that opens here is not closed"},
        {"an_int32: 1\na_string: 'x\n\nmore\n",
         "!2:11: the quoted text that opens here is not closed"},
        {"an_int32: 1\na_string: \"x\nstrings: [\"b\"]\n",
         "!2:11: the quoted text that opens here ends in line 3, where more follows: is its "
         "closing quote missing?"},
        {"child:\n\tan_int32: 1\n", "!2:1: a tab stands here: indent with spaces"},
        {"a_string: x: y\n", "!1:12: mapping values are not allowed in this context"},
        {"a_string: @x\n", "!1:11: while scanning for the next token: found character that cannot "
                           "start any token"},
        {"strings: [a\n", "!2:1: while parsing a flow sequence: did not find expected ',' or ']'"},
        {"a_string: \"\\q\"\n",
         "!1:12: while parsing a quoted scalar: found unknown escape character"},
        {"a_string: x\x07y\n", "!1:12: the character U+0007 is not allowed: remove it, or escape "
                               "it in double quotes"},
        {"a_string: x\xe9\n", "!1:12: the byte 0xe9 is not UTF-8: save the text in that encoding"},
        {"%YAML 1.2\n---\na_string: x\n", "{\"a_string\":\"x\"}"},
    };

    (void)state;
    check(KIT_YAML, rows, COUNT(rows));
}

static void local_texts(void **state)
{
    static const struct kit_row plain[] = {
        {"names: Barcelona", "{\"names\":[{\"language\":\"en\",\"text\":\"Barcelona\"}]}"},
        {"names: no", "{\"names\":[{\"language\":\"en\",\"text\":\"no\"}]}"},
        {"names: {en: Rome, it: Roma, zh-Hans: 罗马, fr: }",
         "{\"names\":[{\"language\":\"en\",\"text\":\"Rome\"},{\"language\":\"it\",\"text\":"
         "\"Roma\"},{\"language\":\"zh-Hans\",\"text\":\"罗马\"}]}"},
        {"names: [{language: en, text: Rome}]",
         "{\"names\":[{\"language\":\"en\",\"text\":\"Rome\"}]}"},
        {"names: {}", "{}"},
        {"names:", "{}"},
        {"names: {language: en, text: Rome}",
         "!1:9: names.language: expected a language as key, such as \"en: ...\", or a list of maps "
         "with language and text"},
        {"names: {en: [a]}", "!1:13: names.en: expected a text, found a list"},
        {"names: {en: a, en: b}", "!1:16: names.en: the key is given twice, first in line 1"},
        {"names: [a]", "!1:9: names[0]: expected a map with the fields of LocalText, found a text"},
        {"strings: {en: a}", "!1:10: strings: expected a list, found a map"},
    };
    static const struct kit_row json[] = {
        {"{\"names\":\"Roma\"}", "{\"names\":[{\"language\":\"en\",\"text\":\"Roma\"}]}"},
        {"{\"names\":{\"it\":\"Roma\"}}", "{\"names\":[{\"language\":\"it\",\"text\":\"Roma\"}]}"},
        {"{\"names\":5}", "!names: expected a text, found a number: write it in quotes"},
    };
    static const struct kit_row without = {
        "names: Barcelona",
        "!1:8: names: expected texts by language, such as \"en: ...\", found a text without one"};

    (void)state;
    for (size_t i = 0; i < COUNT(plain); i++)
        kit_check(KIT_YAML, &plain[i], &english);
    for (size_t i = 0; i < COUNT(json); i++)
        kit_check(KIT_JSON, &json[i], &english);
    kit_check(KIT_YAML, &without, NULL);
}

static void unknown_fields_list_what_there_is(void **state)
{
    static const char text[] = "contexts:\n  - zzzzzzzz: 1\n    gatewys: [a]\n";
    struct form_errors errors = {0};
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    assert_int_equal(form_from_yaml(&ucap__v1__context_file__descriptor, text, strlen(text), NULL,
                                    &message, &errors, &err),
                     -ERR_INVALID_ARGUMENT);
    assert_int_equal(errors.count, 2);
    assert_string_equal(errors.rows[0].sentence,
                        "unknown field (known here: name, gateways, gateway_key, key_file, "
                        "programme, languages)");
    assert_string_equal(errors.rows[1].sentence, "unknown field (did you mean \"gateways\"?)");
    form_errors_clear(&errors);
    assert_int_equal(errors.count, 0);
}

static void all_errors_come_at_once_in_the_order_of_the_text(void **state)
{
    static const char text[] = "an_int32: x\n"
                               "child: {a_bool: 5, color: blu}\n"
                               "at: today\n"
                               "a_string: &a b\n"
                               "an_int32: 3\n"
                               "strings: [a, {}]\n";
    static const struct {
        unsigned line, column;
        const char *path;
    } expected[] = {
        {1, 11, "an_int32"}, {2, 17, "child.a_bool"}, {2, 27, "child.color"}, {3, 5, "at"},
        {4, 11, ""},         {5, 1, "an_int32"},      {6, 14, "strings[1]"},
    };
    struct form_errors errors = {0};
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;

    (void)state;
    form_from_yaml(&form__test__everything__descriptor, text, strlen(text), NULL, &message, &errors,
                   &err);
    assert_null(message);
    assert_string_equal(err.text, "1:11: an_int32: \"x\" is not a whole number such as 42");
    assert_int_equal(errors.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(errors.rows[i].line, expected[i].line);
        assert_int_equal(errors.rows[i].column, expected[i].column);
        assert_string_equal(errors.rows[i].path, expected[i].path);
    }
    form_errors_clear(&errors);
}

static void errors_are_shown_without_control_characters(void **state)
{
    static const struct kit_row rows[] = {
        {"{\"an_int32\":\"\\u001b[31m\\u202e\\u2028\\n\"}",
         "!an_int32: \"\\u001b[31m\xe2\x80\xae\\u2028\\n\" is not a whole number such as 42"},
        {"{\"an_int32\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         "!an_int32: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaa...\" is not a whole number such as 42"},
    };

    (void)state;
    check(KIT_JSON, rows, COUNT(rows));
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void check_file_error(const char *path, const struct form_options *options, int code,
                             const char *format)
{
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;
    char expected[500];

    snprintf(expected, sizeof(expected), "%s%s", path, format);
    assert_int_equal(
        form_read_yaml_file(path, &ucap__v1__principals_file__descriptor, options, &message, &err),
        -code);
    assert_string_equal(err.text, expected);
    assert_null(message);
}

static void files_are_read_and_named_in_errors(void **state)
{
    static const struct form_options small = {.max_bytes = 50};
    char path[] = "/tmp/ucap_form_XXXXXX";
    int fd = mkstemp(path);
    ProtobufCMessage *message = NULL;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    write_file(path, "principals:\n  - name: registry\n    role: service\n    services: ['*']\n");
    assert_int_equal(
        form_read_yaml_file(path, &ucap__v1__principals_file__descriptor, NULL, &message, &err), 0);
    assert_int_equal(((Ucap__V1__PrincipalsFile *)message)->principals[0]->role,
                     UCAP__V1__ROLE__VALUE__ROLE_SERVICE);
    protobuf_c_message_free_unpacked(message, NULL);
    check_file_error(path, &small, ERR_RESOURCE_EXHAUSTED, ": the text is longer than 50 bytes");
    write_file(path, "principals:\n  - nam: registry\n    role: boss\n");
    check_file_error(path, NULL, ERR_INVALID_ARGUMENT,
                     ":2:5: principals[0].nam: unknown field (did you mean \"name\"?)");
    write_file(path, "");
    check_file_error(path, NULL, ERR_INVALID_ARGUMENT,
                     ": the text is empty: write {} for a message without fields");
    unlink(path);
    check_file_error(path, NULL, ERR_NOT_FOUND, ": cannot open it: No such file or directory");
    check_file_error("/tmp", NULL, ERR_UNAVAILABLE, ": cannot read it: Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_structure),
        cmocka_unit_test(json_syntax),
        cmocka_unit_test(yaml_scalars_are_typed_by_the_field),
        cmocka_unit_test(yaml_that_json_does_not_have_is_refused),
        cmocka_unit_test(yaml_syntax),
        cmocka_unit_test(local_texts),
        cmocka_unit_test(unknown_fields_list_what_there_is),
        cmocka_unit_test(all_errors_come_at_once_in_the_order_of_the_text),
        cmocka_unit_test(errors_are_shown_without_control_characters),
        cmocka_unit_test(files_are_read_and_named_in_errors),
    };

    return cmocka_run_group_tests_name("form structure", tests, NULL, NULL);
}
