/* Figures, names and times in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "words.h"

#include <stdlib.h>
#include <string.h>

static void expect(char *words, const char *want)
{
    if (want)
        assert_string_equal(words, want);
    else
        assert_null(words);
    free(words);
}

static Ucap__V1__Figure figure(const char *value)
{
    Ucap__V1__Figure made = UCAP__V1__FIGURE__INIT;

    made.kind = (char *)"population";
    made.value = (char *)value;
    return made;
}

static void a_figure_says_all_that_is_known(void **state)
{
    struct run run = {0};
    Ucap__V1__Source source = UCAP__V1__SOURCE__INIT;
    Ucap__V1__Source *sources[] = {&source};
    Ucap__V1__Figure people = figure("1620809");

    (void)state;
    expect(words_figure(&run, &people), "1,620,809");
    source.title = (char *)"Idescat";
    source.link = (char *)"https://example.org/x";
    source.date = (char *)"2018";
    people.sources = sources;
    people.n_sources = 1;
    people.as_of = (char *)"2018-01";
    people.territory = (char *)"barcelona-metro";
    people.qualifier = UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_ABOUT;
    people.words = (char *)"1.6 million";
    expect(words_figure(&run, &people),
           "about 1,620,809 (\"1.6 million\"); counted for barcelona-metro; as of January 2018; "
           "source: Idescat <https://example.org/x> (2018)");
}

static void bounds_qualifiers_and_units(void **state)
{
    struct run run = {0};
    Ucap__V1__Figure some = figure("");

    (void)state;
    expect(words_value(&run, &some), OUTPUT_UNKNOWN);
    some.lower = (char *)"100";
    expect(words_value(&run, &some), "at least 100");
    some.upper = (char *)"1200";
    expect(words_value(&run, &some), "100 to 1,200");
    some.lower = (char *)"";
    expect(words_value(&run, &some), "at most 1,200");
    some = figure("70");
    some.qualifier = UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_OVER;
    expect(words_value(&run, &some), "over 70");
    some = figure("101.3");
    some.unit = (char *)"km2";
    expect(words_value(&run, &some), "101.3 km2");
    some = figure("not a number");
    expect(words_value(&run, &some), "not a number");
}

static void numbers_follow_the_language(void **state)
{
    char *languages[] = {(char *)"de", NULL};
    struct run run = {.languages = languages};
    Ucap__V1__Figure people = figure("1620809");

    (void)state;
    expect(words_value(&run, &people), "1.620.809");
}

static void the_preferred_figure_is_shown(void **state)
{
    Ucap__V1__Figure first = figure("1"), second = figure("2"), area = figure("3");
    Ucap__V1__Figure *figures[] = {&area, &first, &second};

    (void)state;
    area.kind = (char *)"area";
    assert_ptr_equal(words_figure_of(figures, 3, "population"), &first);
    second.preferred = 1;
    assert_ptr_equal(words_figure_of(figures, 3, "population"), &second);
    assert_null(words_figure_of(figures, 3, "cities"));
}

static void a_name_in_the_language_wanted(void **state)
{
    Ucap__V1__LocalText en = UCAP__V1__LOCAL_TEXT__INIT, zh = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&en, &zh};
    char *wanted[] = {(char *)"fr", (char *)"zh", NULL};
    struct run run = {0};

    (void)state;
    en.language = (char *)"en";
    en.text = (char *)"Liuzhou";
    zh.language = (char *)"zh-Hans";
    zh.text = (char *)"柳州";
    assert_string_equal(words_local(&run, names, 2), "Liuzhou");
    run.languages = wanted;
    assert_string_equal(words_local(&run, names, 2), "柳州");
    wanted[1] = (char *)"zh-Hant";
    assert_string_equal(words_local(&run, names, 2), "Liuzhou");
    assert_null(words_local(&run, names, 0));
}

static void times(void **state)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct run run = {0};

    (void)state;
    time.seconds = 1559390400;
    expect(words_time(&time), "2019-06-01 12:00:00 UTC");
    expect(words_time(NULL), NULL);
    expect(words_date(&run, "2019-06"), "June 2019");
    expect(words_date(&run, ""), NULL);
    expect(words_date(&run, "some day"), "some day");
    expect(words_duration(0), "0 s");
    expect(words_duration(59), "59 s");
    expect(words_duration(200), "3 min 20 s");
    expect(words_duration(7260), "2 h 1 min");
    expect(words_duration(90000), "1 d 1 h");
    expect(words_latency(850), "850 µs");
    expect(words_latency(1234), "1.2 ms");
    expect(words_latency(2500000), "2.50 s");
    expect(words_count(&run, 1203), "1,203");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_figure_says_all_that_is_known),
        cmocka_unit_test(bounds_qualifiers_and_units),
        cmocka_unit_test(numbers_follow_the_language),
        cmocka_unit_test(the_preferred_figure_is_shown),
        cmocka_unit_test(a_name_in_the_language_wanted),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
