/* What a correct city and a correct programme are: one row per mistake, with the place and the
 * sentence. */
#include "check.h"
#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <ucap/v1/registry.pb-c.h>

/* A correct city whose parts a test may spoil. */
struct city {
    Ucap__V1__LocalText name, second;
    Ucap__V1__LocalText *names[2];
    Ucap__V1__Source source;
    Ucap__V1__Source *sources[1];
    Ucap__V1__Figure figure;
    Ucap__V1__Figure *figures[1];
    Ucap__V1__City city;
};

static void make_city(struct city *c)
{
    *c = (struct city){
        .name = UCAP__V1__LOCAL_TEXT__INIT,
        .second = UCAP__V1__LOCAL_TEXT__INIT,
        .source = UCAP__V1__SOURCE__INIT,
        .figure = UCAP__V1__FIGURE__INIT,
        .city = UCAP__V1__CITY__INIT,
    };
    c->name.language = (char *)"en";
    c->name.text = (char *)"Barcelona";
    c->second.language = (char *)"zh-Hans";
    c->second.text = (char *)"巴塞罗那";
    c->names[0] = &c->name;
    c->names[1] = &c->second;
    c->source.title = (char *)"summary";
    c->sources[0] = &c->source;
    c->figure.kind = (char *)"population";
    c->figure.value = (char *)"1620809";
    c->figure.sources = c->sources;
    c->figure.n_sources = 1;
    c->figures[0] = &c->figure;
    c->city.slug = (char *)"barcelona";
    c->city.country = (char *)"ES";
    c->city.subdivision = (char *)"ES-CT";
    c->city.zone = (char *)"Europe/Madrid";
    c->city.names = c->names;
    c->city.n_names = 2;
    c->city.figures = c->figures;
    c->city.n_figures = 1;
}

static void expect(const struct record_kind *kind, const ProtobufCMessage *record, const char *path,
                   const char *part)
{
    struct findings violations = {0}, warnings = {0};
    int found = 0;

    kind->check(record, &violations, &warnings);
    if (!path)
        assert_int_equal(violations.count, 0);
    for (size_t i = 0; path && i < violations.count; i++)
        found |= strcmp(violations.rows[i].path, path) == 0 &&
                 strstr(violations.rows[i].sentence, part) != NULL;
    if (path && !found)
        fail_msg("no violation at %s with \"%s\" (%zu others)", path, part, violations.count);
    findings_clear(&violations);
    findings_clear(&warnings);
}

static void expect_city(const struct city *c, const char *path, const char *part)
{
    expect(&city_kind, &c->city.base, path, part);
}

static void correct_city(void **state)
{
    struct city c;
    (void)state;

    make_city(&c);
    expect_city(&c, NULL, NULL);
    c.city.subdivision = c.city.zone = (char *)"";
    c.city.n_figures = 0;
    expect_city(&c, NULL, NULL);
}

static void wrong_names(void **state)
{
    struct city c;
    (void)state;

    make_city(&c);
    c.city.n_names = 0;
    expect_city(&c, "city.names", "at least one");
    make_city(&c);
    c.second.language = (char *)"en";
    expect_city(&c, "city.names[1].language", "twice");
    make_city(&c);
    c.second.language = (char *)"not a tag";
    expect_city(&c, "city.names[1].language", "not a tag");
    make_city(&c);
    c.name.text = (char *)"";
    expect_city(&c, "city.names[0].text", "empty");
    make_city(&c);
    char long_text[10002];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    c.name.text = long_text;
    expect_city(&c, "city.names[0].text", "10001 characters");
}

static void wrong_codes(void **state)
{
    struct city c;
    (void)state;

    make_city(&c);
    c.city.slug = (char *)"Barcelona!";
    expect_city(&c, "city.slug", "Barcelona!");
    make_city(&c);
    c.city.country = (char *)"es";
    expect_city(&c, "city.country", "country \"es\" is not known (did you mean \"ES\" Spain?)");
    c.city.subdivision = (char *)"IT-6";
    expect_city(&c, "city.subdivision", "did you mean \"IT-62\" Lazio?");
    make_city(&c);
    c.city.country = (char *)"XX";
    expect_city(&c, "city.country", "\"XX\" is not known");
    c.city.country = (char *)"Spain";
    expect_city(&c, "city.country", "did you mean \"ES\"?");
    c.city.country = (char *)"";
    expect_city(&c, "city.country", "two letters of ISO 3166-1");
    make_city(&c);
    c.city.subdivision = (char *)"IT-62";
    expect_city(&c, "city.subdivision", "Lazio is in IT Italy, not in ES Spain");
    c.city.subdivision = (char *)"ES-ZZ";
    expect_city(&c, "city.subdivision", "\"ES-ZZ\" is not known");
    make_city(&c);
    c.city.zone = (char *)"Europe/Madird";
    expect_city(&c, "city.zone", "Europe/Madrid");
}

static void wrong_figures(void **state)
{
    struct city c;
    (void)state;

    make_city(&c);
    c.figure.value = (char *)"";
    expect_city(&c, "city.figures[0]", "neither value nor bounds");
    make_city(&c);
    c.figure.value = (char *)"1,620,809";
    expect_city(&c, "city.figures[0].value", "1,620,809");
    make_city(&c);
    c.figure.lower = (char *)"70";
    expect_city(&c, "city.figures[0]", "value and bounds");
    make_city(&c);
    c.figure.kind = (char *)"";
    expect_city(&c, "city.figures[0].kind", "empty");
    make_city(&c);
    c.figure.as_of = (char *)"2019-02-30";
    expect_city(&c, "city.figures[0].as_of", "2019-02-30");
    make_city(&c);
    c.figure.value = (char *)"";
    c.figure.lower = (char *)"80.5";
    c.figure.upper = (char *)"9.5";
    expect_city(&c, "city.figures[0]", "lower bound 80.5 is above its upper bound 9.5");
    c.figure.upper = (char *)"80.5";
    expect_city(&c, NULL, NULL);
    make_city(&c);
    c.source.title = (char *)"";
    expect_city(&c, "city.figures[0].sources[0].title", "empty");
    make_city(&c);
    c.source.link = (char *)"not a link";
    expect_city(&c, "city.figures[0].sources[0].link", "not a link");
}

static void too_long(void **state)
{
    struct findings violations = {0};
    struct city c;
    char text[10002];
    (void)state;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    make_city(&c);
    c.source.title = c.source.says = text;
    expect_city(&c, "city.figures[0].sources[0].title", "10001 characters");
    expect_city(&c, "city.figures[0].sources[0].says", "10001 characters");
    make_city(&c);
    c.figure.kind = c.figure.words = c.figure.unit = text;
    expect_city(&c, "city.figures[0].kind", "10001 characters");
    expect_city(&c, "city.figures[0].words", "10001 characters");
    expect_city(&c, "city.figures[0].unit", "10001 characters");
    check_reason(text, &violations);
    check_reason(text + 1, &violations);
    assert_int_equal(violations.count, 1);
    assert_string_equal(violations.rows[0].path, "reason");
    findings_clear(&violations);
}

static void figure_without_source_is_a_warning(void **state)
{
    struct findings violations = {0}, warnings = {0};
    struct city c;
    (void)state;

    make_city(&c);
    c.figure.n_sources = 0;
    city_kind.check(&c.city.base, &violations, &warnings);
    assert_int_equal(violations.count, 0);
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.rows[0].path, "city.figures[0].sources");
    findings_clear(&warnings);
}

static void programmes(void **state)
{
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&name};
    Ucap__V1__Programme p = UCAP__V1__PROGRAMME__INIT;
    (void)state;

    name.language = (char *)"en";
    name.text = (char *)"International Urban Cooperation";
    p.slug = (char *)"iuc-asia";
    p.names = names;
    p.n_names = 1;
    p.default_language = (char *)"en";
    expect(&programme_kind, &p.base, NULL, NULL);
    char english[] = "en", *languages[] = {english, english};
    p.languages = languages;
    p.n_languages = 2;
    expect(&programme_kind, &p.base, "programme.languages[1]", "twice");
    p.n_languages = 1;
    expect(&programme_kind, &p.base, NULL, NULL);
    p.period = (char *)"2019-04";
    expect(&programme_kind, &p.base, "programme.period", "one date");
    p.period = (char *)"2019-13/2020";
    expect(&programme_kind, &p.base, "programme.period", "2019-13");
    p.period = (char *)"2019-04/2020-11";
    p.mailbox = (char *)"nobody";
    expect(&programme_kind, &p.base, "programme.mailbox", "nobody");
    p.mailbox = (char *)"office@example.eu";
    p.default_language = (char *)"fr";
    expect(&programme_kind, &p.base, "programme.names", "\"fr\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correct_city), cmocka_unit_test(wrong_names),
        cmocka_unit_test(wrong_codes),  cmocka_unit_test(wrong_figures),
        cmocka_unit_test(too_long),     cmocka_unit_test(figure_without_source_is_a_warning),
        cmocka_unit_test(programmes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
