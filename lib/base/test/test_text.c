/* Text by ICU, with known answers and with bytes that are no text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void utf8_is_checked_by_rfc_3629(void **state)
{
    static const char *const bad[] = {
        "\xff",             /* no lead byte */
        "\x80",             /* a trail byte alone */
        "\xc3",             /* cut */
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* over U+10FFFF */
        "\xf8\x88\x80\x80\x80",
    };

    (void)state;
    assert_true(text_is_utf8("", 0));
    assert_true(text_is_utf8("é巴🌍", 9));
    assert_false(text_is_utf8("é巴🌍", 8));
    assert_false(text_is_utf8("a\0b", 3));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

static void control_characters_are_found(void **state)
{
    static const char *const control[] = {
        "a\x01", "\x1b[2J", "\r", "\x7f", "\xc2\x9b", "\u2028", "\u2029", "\u202e", "\u2066",
    };
    static const char *const text[] = {
        "", "a\tb\n", "é", "巴", "\u200e\u200f", "\u0645\u200c", "👨‍👩‍👧", "\u00a0",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(control); i++)
        assert_true(text_has_control(control[i]));
    for (size_t i = 0; i < COUNT(text); i++)
        assert_false(text_has_control(text[i]));
}

static void values_are_shown_safely(void **state)
{
    char shown[TEXT_SHOWN_SIZE], wide[400] = "", marks[700] = "e";

    (void)state;
    text_show("", shown);
    assert_string_equal(shown, "\"\"");
    text_show("a\n\x1b\xff巴\u202e", shown);
    assert_string_equal(shown, "\"a???巴?\"");
    for (int i = 0; i < 40; i++)
        strcat(wide, "巴");
    text_show(wide, shown);
    assert_int_equal(text_width(shown), 64 + strlen("\"...\""));
    for (int i = 0; i < 300; i++)
        strcat(marks, "\u0301"); /* no columns, but bytes */
    text_show(marks, shown);
    assert_true(strlen(shown) < TEXT_SHOWN_SIZE);
    assert_string_equal(shown + strlen(shown) - 4, "...\"");
}

typedef int (*transform_f)(const char *text, char **ret_text, struct err *err);

static void expect_transform(transform_f transform, const char *text, const char *expected)
{
    char *result = NULL;

    assert_int_equal(transform(text, &result, NULL), 0);
    assert_string_equal(result, expected);
    free(result);
}

static void nfc_composes(void **state)
{
    struct err err = ERR_INIT;
    char *untouched = NULL;

    (void)state;
    expect_transform(text_nfc, "", "");
    expect_transform(text_nfc, "Liu\u0301zho\u0304u", "Liúzhōu");
    expect_transform(text_nfc, "Liúzhōu", "Liúzhōu");
    expect_transform(text_nfc, "\u212b", "\u00c5");
    expect_transform(text_nfc, "ﬁ", "ﬁ");
    assert_int_equal(text_nfc("\xff", &untouched, &err), -ERR_INVALID_ARGUMENT);
    assert_null(untouched);
    assert_string_equal(err.text, "text is not well-formed UTF-8");
}

static void fold_makes_a_search_key(void **state)
{
    static const struct {
        const char *text, *key;
    } rows[] = {
        {"", ""},
        {"Liúzhōu", "liuzhou"},
        {"LIUZHOU", "liuzhou"},
        {"Straße", "strasse"},
        {"İstanbul", "istanbul"},
        {"ﬁne № ①", "fine no 1"},
        {"  New\t \n York\u3000City ", "new york city"},
        {"ΑΘΉΝΑ", "αθηνα"},
        {"שָׁלוֹם", "שלום"},
        {"soft\u00adhyphen", "softhyphen"},
        {"が", "か\u3099"}, /* the voicing mark makes another letter */
        {"柳州", "柳州"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_transform(text_fold, rows[i].text, rows[i].key);
        expect_transform(text_fold, rows[i].key, rows[i].key);
    }
}

static void width_counts_columns(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } rows[] = {
        {"", 0},         {"abc", 3},    {"é", 1},        {"e\u0301", 1},
        {"巴塞罗那", 8}, {"ＡＢ", 4},   {"한국", 4},     {"\u1112\u1161\u11ab", 2},
        {"🌍", 2},        {"🇪🇸", 2},     {"a\u200bb", 2}, {"\xff\xfe", 2},
        {"a\xc3", 2},    {"\u00ad", 1}, {"½", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(text_width(rows[i].text), rows[i].width);
}

static void words_are_wrapped_by_columns(void **state)
{
    static const struct {
        const char *text;
        size_t column, indent, columns;
        const char *lines;
    } rows[] = {
        {"one two three", 0, 0, 80, "one two three\n"},
        {"one two three", 0, 0, 7, "one two\nthree\n"},
        {"one two three", 0, 0, 6, "one\ntwo\nthree\n"},
        {"one two three", 0, 2, 9, "  one two\n  three\n"},
        {"one two three", 3, 4, 9, " one\n    two\n    three\n"},
        {"one two", 5, 2, 8, "one\n  two\n"},
        {"一二 三四 五", 0, 0, 9, "一二 三四\n五\n"},
        {"incomprehensible word", 0, 1, 4, " incomprehensible\n word\n"},
        {"one   two", 0, 0, 80, "one   two\n"},
        {"one   two", 0, 1, 8, " one\n two\n"},
        {"one two", 0, 0, SIZE_MAX, "one two\n"},
        {"", 0, 2, 80, "\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        text_wrap(out, rows[i].text, rows[i].column, rows[i].indent, rows[i].columns);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, rows[i].lines);
        free(text);
    }
}

static void cut_keeps_clusters_whole(void **state)
{
    static const struct {
        const char *text;
        size_t columns, bytes;
    } rows[] = {
        {"", 5, 0},
        {"abc", 0, 0},
        {"abc", 2, 2},
        {"abc", 9, 3},
        {"巴塞罗那", 5, 6},
        {"e\u0301x", 1, 3},
        {"👨‍👩‍👧x", 5, 0}, /* one cluster of 6 columns */
        {"👨‍👩‍👧x", 6, 18},
        {"\r\nx", 0, 2},
        {"\xff\xfe", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(text_cut(rows[i].text, rows[i].columns), rows[i].bytes);
}

static void decimals(void **state)
{
    static const char *const good[] = {
        "0", "1620809", "-101.3", "0.50", "-0.5", "10", "1234567890123456789012345678901234567890"};
    static const char *const bad[] = {
        "",    "-",   ".5",  "5.",
        "01",  "-01", "1e5", "+1",
        " 1",  "1 ",  "1,0", "1.2.3",
        "--1", "٣",   "0x1", "12345678901234567890123456789012345678901"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(text_is_decimal(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_is_decimal(bad[i]));
}

static void numbers_are_grouped_by_language(void **state)
{
    static const struct {
        const char *decimal, *language, *written;
    } rows[] = {
        {"1620809", "en", "1,620,809"},
        {"1620809", "zh-Hans", "1,620,809"},
        {"1620809", "de", "1.620.809"},
        {"1620809", "hi", "16,20,809"},
        {"1620", "es", "1620"}, /* Spanish groups from five digits on */
        {"16208", "es", "16.208"},
        {"-101.30", "en", "-101.30"},
        {"101.30", "de", "101,30"},
        {"0", "en", "0"},
        {"1620809", "xx", "1,620,809"}, /* not known: English */
        {"1620809", "", "1,620,809"},
        {"1620809", "no tag", "1,620,809"},
        {"1234567890123456789012345678901234567890", "en",
         "1,234,567,890,123,456,789,012,345,678,901,234,567,890"},
        {"0.12345678901234567890123456789012345678", "en",
         "0.12345678901234567890123456789012345678"},
    };
    char *written;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(text_number(rows[i].decimal, rows[i].language, &written, NULL), 0);
        assert_string_equal(written, rows[i].written);
        free(written);
    }
}

static void number_must_be_decimal(void **state)
{
    struct err err = ERR_INIT;
    char *written = NULL;

    (void)state;
    assert_int_equal(text_number("1e5", "en", &written, &err), -ERR_INVALID_ARGUMENT);
    assert_null(written);
    assert_string_equal(err.text, "\"1e5\" is not a decimal number: write it as 1620809 or -101.3");
}

static void expect_zone(const char *zone, const char *sentence)
{
    struct err err = ERR_INIT;

    assert_int_equal(text_zone_check(zone, &err), sentence[0] ? -ERR_INVALID_ARGUMENT : 0);
    assert_string_equal(err.text, sentence);
}

static void zones_are_those_of_the_tz_database(void **state)
{
    (void)state;
    expect_zone("Europe/Rome", "");
    expect_zone("Asia/Kolkata", "");
    expect_zone("UTC", "");
    expect_zone("Etc/GMT+5", "");
    expect_zone("europe/rome",
                "time zone \"europe/rome\" is not known (did you mean \"Europe/Rome\"?)");
    expect_zone("Europe/Rom", "time zone \"Europe/Rom\" is not known (did you mean "
                              "\"Europe/Rome\"?)");
    expect_zone("PST", "time zone \"PST\" is not known: use a name of the tz database, such as "
                       "\"Europe/Rome\"");
    expect_zone("Etc/Unknown", "time zone \"Etc/Unknown\" is not known: use a name of the tz "
                               "database, such as \"Europe/Rome\"");
    expect_zone("", "time zone \"\" is not known: use a name of the tz database, such as "
                    "\"Europe/Rome\"");
    assert_int_equal(text_zone_check("\xff\xff", NULL), -ERR_INVALID_ARGUMENT);
}

static void languages_are_canonical_tags(void **state)
{
    static const char *const good[] = {"en",  "ca",      "zh-Hans", "pt-BR",
                                       "yue", "de-1996", "en-x-foo"};
    static const struct {
        const char *tag, *sentence;
    } bad[] = {
        {"zh-hans", "language \"zh-hans\" is not in canonical form: write \"zh-Hans\""},
        {"iw", "language \"iw\" is not in canonical form: write \"he\""},
        {"xx", "language \"xx\" is not known: use a code of ISO 639, such as \"ca\""},
        {"und", "language \"und\" is not known: use a code of ISO 639, such as \"ca\""},
        {"", "language \"\" is not a BCP 47 tag: write it as \"en\" or \"zh-Hans\""},
        {"en_US", "language \"en_US\" is not a BCP 47 tag: write it as \"en\" or \"zh-Hans\""},
        {"en-", "language \"en-\" is not a BCP 47 tag: write it as \"en\" or \"zh-Hans\""},
    };
    struct err err = ERR_INIT;
    char longest[4000] = "en";

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(text_language_check(good[i], NULL), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(text_language_check(bad[i].tag, &err), -ERR_INVALID_ARGUMENT);
        assert_string_equal(err.text, bad[i].sentence);
    }
    for (int i = 0; i < 300; i++)
        sprintf(longest + strlen(longest), "-abcde%03d", i);
    assert_int_equal(text_language_check(longest, &err), -ERR_INVALID_ARGUMENT);
}

static void distance_is_optimal_string_alignment(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "acb", 1},
        {"ca", "abc", 3}, /* 2 without "optimal" */
        {"kitten", "sitting", 3},
        {"巴塞罗那", "塞巴罗那", 1},
        {"é", "e", 1},
        {"\xff", "\xfe", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(text_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(text_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

static void distance_of_long_texts_is_bounded(void **state)
{
    char a[2001], b[1001];

    (void)state;
    memset(a, 'x', 2000);
    memset(b, 'x', 1000);
    a[2000] = b[1000] = '\0';
    b[3] = 'y';
    assert_int_equal(text_distance(a, b), 1 + 2000 - 256);
}

static void nearest_is_a_good_guess_or_none(void **state)
{
    static const char *const words[] = {"barcelona", "Badalona", "Liúzhōu", "rome", "roma", NULL};
    static const char *const none[] = {NULL};

    (void)state;
    assert_string_equal(text_nearest("barcelna", words), "barcelona");
    assert_string_equal(text_nearest("BARCELONA", words), "barcelona");
    assert_string_equal(text_nearest("liuzhuo", words), "Liúzhōu");
    assert_string_equal(text_nearest("romx", words), "rome"); /* the first of equals */
    assert_ptr_equal(text_nearest("roma", words), words[4]);
    assert_null(text_nearest("bxrxexoxa", words));
    assert_null(text_nearest("xx", words));
    assert_null(text_nearest("", words));
    assert_null(text_nearest("\xff", words));
    assert_null(text_nearest("rome", none));
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* A text of random characters, now and then with a part of one. */
static void scramble(char *text, uint32_t *seed)
{
    static const char *const characters[] = {"a", "-",      " ",      "7", "\n", "\x1b", "é", "巴",
                                             "🌍", "\u0301", "\u200d", "🇪", "ﷺ",  "가",   "ß", "İ"};
    static const char *const parts[] = {"\xff", "\x80", "\xf0\x9f", "\xed\xa0\x80"};
    uint32_t length = next_random(seed) % 60;

    text[0] = '\0';
    for (uint32_t i = 0; i < length; i++) {
        strcat(text, characters[next_random(seed) % COUNT(characters)]);
        if (next_random(seed) % 40 == 0)
            strcat(text, parts[next_random(seed) % COUNT(parts)]);
    }
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    char text[60 * 8], shown[TEXT_SHOWN_SIZE];
    const char *const words[] = {text, NULL};
    uint32_t seed = 1;
    int valid_rounds = 0;
    char *result;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        scramble(text, &seed);
        size_t length = strlen(text);
        bool valid = text_is_utf8(text, length);
        text_show(text, shown);
        assert_true(text_is_utf8(shown, strlen(shown)) && !text_has_control(shown));
        size_t cut = text_cut(text, round % 50);
        assert_true(cut <= length);
        assert_true(text_width(text) >= text_width(text + cut));
        assert_int_equal(text_nfc(text, &result, NULL) == 0, valid);
        if (valid)
            free(result);
        valid_rounds += valid;
        text_nearest("barcelona", words);
        text_language_check(text, NULL);
    }
    assert_true(valid_rounds > 1000 && valid_rounds < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_checked_by_rfc_3629),
        cmocka_unit_test(control_characters_are_found),
        cmocka_unit_test(values_are_shown_safely),
        cmocka_unit_test(nfc_composes),
        cmocka_unit_test(fold_makes_a_search_key),
        cmocka_unit_test(width_counts_columns),
        cmocka_unit_test(words_are_wrapped_by_columns),
        cmocka_unit_test(cut_keeps_clusters_whole),
        cmocka_unit_test(decimals),
        cmocka_unit_test(numbers_are_grouped_by_language),
        cmocka_unit_test(number_must_be_decimal),
        cmocka_unit_test(zones_are_those_of_the_tz_database),
        cmocka_unit_test(languages_are_canonical_tags),
        cmocka_unit_test(distance_is_optimal_string_alignment),
        cmocka_unit_test(distance_of_long_texts_is_bounded),
        cmocka_unit_test(nearest_is_a_good_guess_or_none),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
