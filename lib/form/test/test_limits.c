/* Texts that are too much: nesting, size, very many entries, and bytes that somebody broke. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_kit.h"

#include <time.h>

static const ProtobufCMessageDescriptor *const everything = &form__test__everything__descriptor;

/* `count` times `piece`, between a begin and an end. malloc'ed. */
static char *repeat(const char *begin, const char *piece, size_t count, const char *end,
                    size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);

    assert_non_null(out);
    fputs(begin, out);
    for (size_t i = 0; i < count; i++)
        fputs(piece, out);
    fputs(end, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void check_repeated(enum kit_format format, const char *begin, const char *piece,
                           size_t count, const char *end, const struct form_options *options,
                           const char *expected)
{
    size_t size;
    char *text = repeat(begin, piece, count, end, &size);
    char *result = kit_convert(everything, format, text, size, options);

    result[strlen(result) < strlen(expected) ? strlen(result) : strlen(expected)] = '\0';
    assert_string_equal(result, expected);
    free(result);
    free(text);
}

static void nesting_is_limited(void **state)
{
    static const struct form_options deep = {.max_depth = 1000000};

    (void)state;
    check_repeated(KIT_JSON, "", "{\"child\":", 31, "{}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}", NULL,
                   "{\"child\":");
    check_repeated(KIT_JSON, "", "{\"child\":", 32, "{}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}", NULL,
                   "!child.child.child.");
    check_repeated(KIT_JSON, "", "{\"child\":", 100000, "", NULL, "!1:");
    check_repeated(KIT_JSON, "", "[", 1000000, "", NULL, "!1:2049: nested too deep");
    check_repeated(KIT_JSON, "", "[", 2000, "", &deep, "!1:2000: ']' expected");
    check_repeated(KIT_YAML, "", "{child: ", 1000000, "", NULL, "!1:257: child.child.child.");
    check_repeated(KIT_YAML, "", "[", 1000000, "", &deep, "!1:1001: [0][0][0]");
    check_repeated(KIT_YAML, "", "- ", 1000000, "", NULL, "!1:65: [0][0][0]");
    check_repeated(KIT_YAML, "", "? ", 1000000, "", NULL, "!1:3: a key must be a text");
    check_repeated(KIT_YAML, "", "{child: ", 999, "{}", &deep,
                   "!2:1: while parsing a flow mapping");
}

static void a_message_nested_without_end_is_not_written(void **state)
{
    Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
    struct err err = ERR_INIT;
    char *text = NULL;

    (void)state;
    message.child = &message;
    assert_int_equal(form_to_json(&message.base, FORM_COMPACT, &text, &err), -ERR_INVALID_ARGUMENT);
    assert_int_equal(form_to_yaml(&message.base, &text, &err), -ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "child.child"));
    assert_null(text);
}

static void size_is_limited(void **state)
{
    static const struct form_options small = {.max_bytes = 20};

    (void)state;
    check_repeated(KIT_JSON, "{}", " ", 18, "", &small, "{}");
    check_repeated(KIT_JSON, "{}", " ", 19, "", &small, "!the text is longer than 20 bytes");
    check_repeated(KIT_YAML, "{}", " ", 19, "", &small, "!the text is longer than 20 bytes");
    check_repeated(KIT_YAML, "{}", " ", (16 << 20) - 2, "", NULL, "{}");
    check_repeated(KIT_YAML, "{}", " ", (16 << 20) - 1, "", NULL,
                   "!the text is longer than 16777216 bytes");
}

static void long_texts_come_back(void **state)
{
    static const char *const pieces[] = {"a", "long words ", "two\nlines\n", "é", "\"\n ", "\x01"};

    (void)state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        Form__Test__Everything message = FORM__TEST__EVERYTHING__INIT;
        char *items[1];
        size_t size;
        char *text = repeat("", pieces[i], (1 << 20) / strlen(pieces[i]), ".", &size);

        items[0] = text;
        message.a_string = text;
        message.strings = items;
        message.n_strings = 1;
        message.some_bytes = (ProtobufCBinaryData){size, (uint8_t *)text};
        kit_check_round_trip(&message.base);
        free(text);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Well below a second without sanitizers; a quadratic reader needs minutes. */
#define BOUND_SECONDS 20

static void very_many_entries_take_linear_time(void **state)
{
    double start = seconds();

    (void)state;
    check_repeated(KIT_YAML, "children:\n",
                   "  - an_int32: 5\n    a_string: text\n    names: {en: a, it: b}\n", 10000, "",
                   NULL, "{\"children\":[{\"an_int32\":5");
    check_repeated(KIT_JSON, "{\"children\":[{}",
                   ",{\"anInt32\":5,\"a_string\":\"text\",\"names\":{\"en\":\"a\"}}", 10000, "]}",
                   NULL, "{\"children\":[{},{\"an_int32\":5");
    check_repeated(KIT_YAML, "strings: [", "a,", 500000, "]", NULL, "{\"strings\":[\"a\",\"a\"");
    check_repeated(KIT_YAML, "", "? a\n", 200000, "", NULL, "!2:3: a: the key is given twice");
    check_repeated(KIT_YAML, "", "%TAG !a! b\n", 200000, "--- {}", NULL, "!1:1: tags (%TAG)");
    check_repeated(KIT_YAML, "", "# remark\n", 500000, "a_bool: true", NULL, "{\"a_bool\":true}");
    check_repeated(KIT_YAML, "a_string: x", "\ty", 50000, "\nstrings: {", NULL, "!");
    assert_true(seconds() - start < BOUND_SECONDS);
}

static char *many_keys(size_t count, size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);

    assert_non_null(out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "k%zu: 1\n", i * 7919 % count);
    fclose(out);
    return text;
}

static void errors_are_kept_up_to_a_limit_and_counted(void **state)
{
    struct form_errors errors = {0};
    struct err err = ERR_INIT;
    ProtobufCMessage *message = NULL;
    size_t size;
    char *text = many_keys(100000, &size);
    double start = seconds();

    (void)state;
    assert_int_equal(form_from_yaml(everything, text, size, NULL, &message, &errors, &err),
                     -ERR_INVALID_ARGUMENT);
    assert_true(seconds() - start < BOUND_SECONDS);
    assert_int_equal(errors.count, FORM_ERRORS_MAX);
    assert_int_equal(errors.rows[999].line, 1000);
    assert_non_null(strstr(errors.rows[999].sentence, " (and 99000 more)"));
    form_errors_clear(&errors);
    free(text);
}

/* xorshift: the same faults in every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const char *const seeds[] = {
    "{\"an_int32\":-1,\"an_int64\":\"-2\",\"a_float\":0.1,\"a_bool\":true,\"a_string\":"
    "\"x\\u00e9\","
    "\"some_bytes\":\"/+8=\",\"color\":\"COLOR_RED\",\"at\":\"2026-03-01T12:00:00.5Z\","
    "\"child\":{\"chosenNumber\":\"0\"},\"chosen_child\":{\"chosen_text\":\"\"},"
    "\"names\":{\"en\":\"a\"},\"times\":[\"1970-01-01T00:00:00Z\"],\"children\":[{},null]}",
    "an_int32: 5\nnames:\n  en: a\n  it: \"b\\u00e9\"\nchildren:\n  - a_string: |\n      x\n      "
    "y\n"
    "    at: 2026-03-01T12:00:00+02:00\n  - {a_bool: true, color: red, strings: ['no', no]}\n"
    "some_bytes: AAECAw==\nchosen_child:\n  floats: [.inf, 1e3]\n  names: text\n",
};

static size_t mutate(char *text, size_t size, size_t room, uint32_t *seed)
{
    static const char marks[] = "{}[]:,\"'\\&*!|>#%-?@ \n\t~0\xff\xc3\xe2\x80\x01";
    size_t at = next_random(seed) % size;
    size_t length = next_random(seed) % 8;

    switch (next_random(seed) % 4) {
    case 0: /* another character */
        text[at] = marks[next_random(seed) % (sizeof(marks) - 1)];
        return size;
    case 1: /* a bit */
        text[at] = (char)(text[at] ^ (1 << next_random(seed) % 8));
        return size;
    case 2: /* a part gone */
        length = length < size - at ? length : size - at;
        memmove(text + at, text + at + length, size - at - length);
        return size - length > 0 ? size - length : 1;
    default: /* a part twice */
        length = length < size - at ? length : size - at;
        if (size + length > room)
            return size;
        memmove(text + at + length, text + at, size - at);
        return size + length;
    }
}

/* Whatever is read is written and read back; whatever is not has a sentence that is UTF-8. */
static void check_broken(enum kit_format format, const char *text, size_t size)
{
    static const struct form_options options = {.default_language = "en"};
    char *result = kit_convert(everything, format, text, size, &options);
    ProtobufCMessage *message;

    if (result[0] == '!') {
        assert_true(strlen(result) > 10);
    } else {
        message = kit_read(everything, KIT_JSON, result, strlen(result));
        kit_check_round_trip(message);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    free(result);
}

static void broken_texts_do_no_harm(void **state)
{
    uint32_t seed = 19700101;
    char text[1000];

    (void)state;
    for (int run = 0; run < 30000; run++) {
        enum kit_format format = run % 2 ? KIT_YAML : KIT_JSON;
        size_t size = strlen(seeds[format]);
        memcpy(text, seeds[format], size);
        for (uint32_t count = 1 + next_random(&seed) % 4; count > 0; count--)
            size = mutate(text, size, sizeof(text), &seed);
        check_broken(format, text, size);
    }
}

static void texts_that_end_early_do_no_harm(void **state)
{
    (void)state;
    for (size_t size = 0; size <= strlen(seeds[0]); size++)
        check_broken(KIT_JSON, seeds[0], size);
    for (size_t size = 0; size <= strlen(seeds[1]); size++)
        check_broken(KIT_YAML, seeds[1], size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(a_message_nested_without_end_is_not_written),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(long_texts_come_back),
        cmocka_unit_test(very_many_entries_take_linear_time),
        cmocka_unit_test(errors_are_kept_up_to_a_limit_and_counted),
        cmocka_unit_test(broken_texts_do_no_harm),
        cmocka_unit_test(texts_that_end_early_do_no_harm),
    };

    return cmocka_run_group_tests_name("form limits", tests, NULL, NULL);
}
