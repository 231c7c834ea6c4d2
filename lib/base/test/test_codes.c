/* Codes: every one of the lists, every row of our files, names in several languages, and what is
 * guessed for a wrong one. */
#include "base/codes.h"

#include "base/codes_parts.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int country_check(const char *code, struct err *err)
{
    return codes_country_check(code, err);
}

static int subdivision_check(const char *code, struct err *err)
{
    return codes_subdivision_check(code, "", err);
}

static int of_spain(const char *code, struct err *err)
{
    return codes_subdivision_check(code, "ES", err);
}

static int of_hong_kong(const char *code, struct err *err)
{
    return codes_subdivision_check(code, "HK", err);
}

static int agenda_check(const char *theme, struct err *err)
{
    return codes_agenda_find(theme, NULL, NULL, err);
}

/* ---- the lists ---- */

static const struct {
    const struct codes_list *list;
    size_t count;
    int (*check)(const char *code, struct err *err);
    const char *(*name)(const char *code, const char *language);
} lists[] = {
    {&codes_countries, 249, country_check, codes_country_name},
    {&codes_subdivisions, 5127, subdivision_check, codes_subdivision_name},
    {&codes_currencies, 181, codes_currency_check, codes_currency_name},
    {&codes_goals, 17, codes_goal_check, codes_goal_name},
    {&codes_agenda, 20, agenda_check, codes_agenda_name},
};

/* A later iso-codes may have more, never half as many. */
static void all_codes_are_valid(void **state)
{
    (void)state;

    for (size_t l = 0; l < LENGTH(lists); l++) {
        const struct codes_list *list = lists[l].list;
        assert_in_range(list->count, lists[l].count - lists[l].count / 50,
                        lists[l].count + lists[l].count / 10);
        for (size_t i = 0; i < list->count; i++) {
            const char *code = codes_at(list, i), *name = lists[l].name(code, "en");
            struct err err = ERR_INIT;
            if (lists[l].check(code, &err) != 0)
                fail_msg("%s", err.text);
            assert_non_null(name);
            assert_true(text_is_utf8(name, strlen(name)) && !text_has_control(name));
            assert_true(i == 0 || strcmp(codes_at(list, i - 1), code) < 0);
        }
    }
}

static void all_targets_are_valid(void **state)
{
    size_t count = 0;
    char target[16];
    (void)state;

    for (int goal = 0; goal <= 20; goal++)
        for (int part = 0; part < 256; part++) {
            if (part >= 'a' && part <= 'z')
                snprintf(target, sizeof(target), "%d.%c", goal, part);
            else
                snprintf(target, sizeof(target), "%d.%d", goal, part);
            count += codes_target_check(target, NULL) == 0;
        }
    assert_int_equal(count, 169);
}

/* No table is dead: each is what somebody gets who asks for its language. */
static void all_languages_are_reached(void **state)
{
    (void)state;

    for (size_t l = 0; l < LENGTH(lists); l++)
        for (size_t n = 0; n < lists[l].list->languages; n++) {
            const struct codes_names *names = &lists[l].list->names[n];
            if (strncmp(names->language, "x-", 2) == 0)
                continue;
            for (size_t i = 0; i < lists[l].list->count; i++)
                if (names->at[i])
                    assert_string_equal(codes_name(lists[l].list, i, names->language),
                                        codes_text + names->at[i]);
        }
}

/* ---- our files ---- */

/* The lines of a file of ours after the first, without quotes around whole fields. */
static FILE *open_data(const char *name)
{
    const char *source = getenv("UCAP_TEST_SOURCE");
    char path[512], line[512];

    snprintf(path, sizeof(path), "%s/lib/base/data/%s", source ? source : ".", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    return file;
}

/* Finds the field in the line, quoted or not, between commas. */
static void assert_field(const char *line, const char *field)
{
    char quoted[256], plain[256];

    snprintf(quoted, sizeof(quoted), ",\"%s\",", field);
    snprintf(plain, sizeof(plain), ",%s,", field);
    if (!strstr(line, quoted) && !strstr(line, plain))
        fail_msg("\"%s\" is not in %s", field, line);
}

static void each_row_of_subdivisions(void **state)
{
    FILE *file = open_data("subdivisions.csv");
    char line[512];
    size_t count = 0;
    (void)state;

    for (; fgets(line, sizeof(line), file); count++) {
        line[strcspn(line, "\n")] = '\0';
        strcat(line, ",");
        char code[16] = "", country[3] = "";
        memcpy(code, line, strcspn(line, ","));
        memcpy(country, line, 2);
        assert_int_equal(codes_subdivision_check(code, country, NULL), 0);
        assert_field(line, codes_subdivision_name(code, "en"));
        assert_field(line, codes_subdivision_name(code, "zh"));
    }
    fclose(file);
    assert_int_equal(count, 73);
}

static void each_row_of_goals(void **state)
{
    FILE *file = open_data("sdg.csv");
    char line[512];
    size_t targets = 0;
    (void)state;

    while (fgets(line, sizeof(line), file)) {
        char goal[4] = "", *last = strrchr(line, ',') + 1;
        memcpy(goal, line, strcspn(line, ","));
        assert_field(line, codes_goal_name(goal, NULL));
        assert_field(line, codes_goal_name(goal, "zh-Hans"));
        for (char *target = strtok(last, " \n"); target; target = strtok(NULL, " \n"), targets++)
            assert_int_equal(codes_target_check(target, NULL), 0);
    }
    fclose(file);
    assert_int_equal(targets, 169);
}

static void each_row_of_the_agenda(void **state)
{
    FILE *file = open_data("urban-agenda.csv");
    char line[512];
    size_t aliases = 0;
    (void)state;

    while (fgets(line, sizeof(line), file)) {
        char code[64] = "", year[16];
        const char *found;
        int since;
        memcpy(code, line, strcspn(line, ","));
        assert_int_equal(codes_agenda_find(code, &found, &since, NULL), 0);
        assert_string_equal(found, code);
        snprintf(year, sizeof(year), "%d", since);
        assert_field(line, year);
        assert_field(line, codes_agenda_name(code, "en"));
        assert_field(line, codes_agenda_name(code, "zh-CN"));
        char *alias = strrchr(line, ',') + 2;
        alias[strcspn(alias, "\"")] = '\0';
        aliases += *alias != '\0';
        if (!*alias)
            continue;
        assert_int_equal(codes_agenda_find(alias, &found, NULL, NULL), 0);
        assert_string_equal(found, code);
    }
    fclose(file);
    assert_int_equal(aliases, 3);
}

/* ---- names ---- */

static void names_by_language(void **state)
{
    static const struct {
        const char *(*name)(const char *code, const char *language);
        const char *code, *language, *expected;
    } rows[] = {
        {codes_country_name, "ES", NULL, "Spain"},
        {codes_country_name, "ES", "en-GB", "Spain"},
        {codes_country_name, "ES", "es", "España"},
        {codes_country_name, "ES", "ca", "Espanya"},
        {codes_country_name, "ES", "zh", "西班牙"},
        {codes_country_name, "ES", "zh-Hans", "西班牙"},
        {codes_country_name, "ES", "ZH-hans-cn", "西班牙"},
        {codes_country_name, "IT", "zh-Hans", "意大利"},
        {codes_country_name, "IT", "zh-SG", "意大利"},
        {codes_country_name, "IT", "zh-Hant", "義大利"},
        {codes_country_name, "IT", "zh-TW", "義大利"},
        {codes_country_name, "IT", "zh-HK", "意大利"},
        {codes_country_name, "DE", "pt", "Alemanha"},
        {codes_country_name, "VN", "pt-PT", "Vietname"},
        {codes_country_name, "VN", "pt-BR", "Vietnã"},
        {codes_country_name, "DE", "sr", "Немачка"},
        {codes_country_name, "DE", "sr-Latn", "Nemačka"},
        {codes_country_name, "DE", "sr-ME", "Nemačka"},
        {codes_country_name, "DE", "no", "Tyskland"},
        {codes_country_name, "KR", "en", "South Korea"},
        {codes_country_name, "ES", "tlh", "Spain"},
        {codes_country_name, "ES", "not a tag", "Spain"},
        {codes_country_name, "ES", "", "Spain"},
        {codes_country_name, "XX", "en", NULL},
        {codes_country_name, "", "en", NULL},
        {codes_subdivision_name, "ES-CT", NULL, "Catalonia"},
        {codes_subdivision_name, "ES-CT", "zh-CN", "加泰罗尼亚"},
        {codes_subdivision_name, "ES-CT", "zh-TW", "加泰罗尼亚"},
        {codes_subdivision_name, "ES-CT", "fr", "Catalonia"},
        {codes_subdivision_name, "ES-B", "en", "Barcelona"},
        {codes_subdivision_name, "SE-AB", "en", "Stockholms län"},
        {codes_subdivision_name, "DE-BY", "en", "Bavaria"},
        {codes_subdivision_name, "BE-VAN", "zh", "安特卫普省"},
        {codes_subdivision_name, "CN-TW", "zh", "台湾"},
        {codes_subdivision_name, "ES-XX", "zh", NULL},
        {codes_currency_name, "EUR", "en", "Euro"},
        {codes_currency_name, "EUR", "zh", "欧元"},
        {codes_goal_name, "11", "zh-Hans", "可持续城市和社区"},
        {codes_goal_name, "11", "zh-Hant", "可持续城市和社区"},
        {codes_goal_name, "11", "es", "Sustainable cities and communities"},
        {codes_goal_name, "18", "en", NULL},
        {codes_agenda_name, "food", "zh", "食品"},
        {codes_agenda_name, "Food", "zh", NULL},
    };
    (void)state;

    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *name = rows[i].name(rows[i].code, rows[i].language);
        const char *shown = name ? name : "(none)";
        const char *expected = rows[i].expected ? rows[i].expected : "(none)";
        if (strcmp(shown, expected) != 0)
            fail_msg("%s in %s is %s, not %s", rows[i].code, rows[i].language, shown, expected);
    }
}

static void every_country_has_a_chinese_name(void **state)
{
    (void)state;

    for (size_t i = 0; i < codes_countries.count; i++) {
        const char *code = codes_at(&codes_countries, i);
        assert_true((unsigned char)codes_country_name(code, "zh-Hans")[0] >= 0x80);
        assert_true((unsigned char)codes_country_name(code, "zh-Hant")[0] >= 0x80);
    }
}

/* ---- wrong codes ---- */

struct wrong {
    int (*check)(const char *code, struct err *err);
    const char *code;
    const char *sentence;
};

static void expect_refused(const struct wrong *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(rows[i].check(rows[i].code, &err), -ERR_INVALID_ARGUMENT);
        assert_string_equal(err.text, rows[i].sentence);
        assert_int_equal(rows[i].check(rows[i].code, NULL), -ERR_INVALID_ARGUMENT);
    }
}

static void wrong_countries(void **state)
{
    static const struct wrong rows[] = {
        {country_check, "XS", "country \"XS\" is not known (did you mean \"ES\" Spain?)"},
        {country_check, "es", "country \"es\" is not known (did you mean \"ES\" Spain?)"},
        {country_check, "Spain", "country \"Spain\" is not a code (did you mean \"ES\"?)"},
        {country_check, "españa", "country \"españa\" is not a code (did you mean \"ES\"?)"},
        {country_check, "西班牙", "country \"西班牙\" is not a code (did you mean \"ES\"?)"},
        {country_check, "ESP", "country \"ESP\" is not a code (did you mean \"ES\"?)"},
        {country_check, "UK", "country \"UK\" is not a code (did you mean \"GB\"?)"},
        {country_check, "EL", "country \"EL\" is not a code (did you mean \"GR\"?)"},
        {country_check, "Viet Nam", "country \"Viet Nam\" is not a code (did you mean \"VN\"?)"},
        {country_check, "Itlay", "country \"Itlay\" is not known (did you mean \"IT\" Italy?)"},
        {country_check, "",
         "country \"\" is not known: use the two letters of ISO 3166-1, such as \"ES\""},
        {country_check, "atlantis",
         "country \"atlantis\" is not known: use the two letters of ISO 3166-1, such as \"ES\""},
        {country_check, "\x1b[2J\xff",
         "country \"?[2J?\" is not known: use the two letters of ISO 3166-1, such as \"ES\""},
    };
    (void)state;

    expect_refused(rows, LENGTH(rows));
}

static void wrong_subdivisions(void **state)
{
    static const struct wrong rows[] = {
        {of_spain, "IT-62", "subdivision \"IT-62\" Lazio is in IT Italy, not in ES Spain"},
        {of_spain, "CT",
         "subdivision \"CT\" lacks its country (did you mean \"ES-CT\" Catalonia?)"},
        {of_spain, "ES-XT",
         "subdivision \"ES-XT\" is not known (did you mean \"ES-CT\" Catalonia?)"},
        {of_spain, "es-ct",
         "subdivision \"es-ct\" is not known (did you mean \"ES-CT\" Catalonia?)"},
        {of_spain, "Catalonia",
         "subdivision \"Catalonia\" is not a code (did you mean \"ES-CT\"?)"},
        {of_spain, "Catalunya",
         "subdivision \"Catalunya\" is not a code (did you mean \"ES-CT\"?)"},
        {of_spain, "Cataluña", "subdivision \"Cataluña\" is not a code (did you mean \"ES-CT\"?)"},
        {of_spain, "madrid", "subdivision \"madrid\" is not a code (did you mean \"ES-MD\"?)"},
        {of_spain, "Cataluna",
         "subdivision \"Cataluna\" is not known (did you mean \"ES-CT\" Catalonia?)"},
        {of_spain, "Lazio",
         "subdivision \"Lazio\" is not known: use a code of ISO 3166-2, such as \"ES-CT\""},
        {of_hong_kong, "HK-1",
         "country \"HK\" Hong Kong has no subdivisions in ISO 3166-2: leave it out"},
        {subdivision_check, "IT-266",
         "subdivision \"IT-266\" is not known: use a code of ISO 3166-2, such as \"ES-CT\""},
        {subdivision_check, "IT-622",
         "subdivision \"IT-622\" is not known (did you mean \"IT-62\" Lazio?)"},
        {subdivision_check, "Lazio",
         "subdivision \"Lazio\" is not a code (did you mean \"IT-62\"?)"},
        {subdivision_check, "Lazioo",
         "subdivision \"Lazioo\" is not known: use a code of ISO 3166-2, such as \"ES-CT\""},
        {subdivision_check, "",
         "subdivision \"\" is not known: use a code of ISO 3166-2, such as \"ES-CT\""},
        {subdivision_check, "-",
         "subdivision \"-\" is not known: use a code of ISO 3166-2, such as \"ES-CT\""},
    };
    (void)state;

    expect_refused(rows, LENGTH(rows));
}

static void wrong_currencies(void **state)
{
    static const struct wrong rows[] = {
        {codes_currency_check, "EUT", "currency \"EUT\" is not known (did you mean \"EUR\" Euro?)"},
        {codes_currency_check, "eur", "currency \"eur\" is not known (did you mean \"EUR\" Euro?)"},
        {codes_currency_check, "euro", "currency \"euro\" is not a code (did you mean \"EUR\"?)"},
        {codes_currency_check, "€", "currency \"€\" is not a code (did you mean \"EUR\"?)"},
        {codes_currency_check, "RMB", "currency \"RMB\" is not a code (did you mean \"CNY\"?)"},
        {codes_currency_check, "人民币元",
         "currency \"人民币元\" is not a code (did you mean \"CNY\"?)"},
        {codes_currency_check, "$",
         "currency \"$\" is not known: use the three letters of ISO 4217, such as \"EUR\""},
    };
    (void)state;

    expect_refused(rows, LENGTH(rows));
}

static void wrong_goals(void **state)
{
    static const struct wrong rows[] = {
        {codes_goal_check, "18", "\"18\" is not a goal (1 to 17)"},
        {codes_goal_check, "0", "\"0\" is not a goal (1 to 17)"},
        {codes_goal_check, "-1", "\"-1\" is not a goal (did you mean \"1\"?)"},
        {codes_goal_check, "11.2", "\"11.2\" is not a goal (1 to 17)"},
        {codes_goal_check, "", "\"\" is not a goal (1 to 17)"},
        {codes_goal_check, "SDG 11", "\"SDG 11\" is not a goal (did you mean \"11\"?)"},
        {codes_goal_check, "climate action",
         "\"climate action\" is not a goal (did you mean \"13\"?)"},
        {codes_goal_check, "气候行动", "\"气候行动\" is not a goal (did you mean \"13\"?)"},
        {codes_goal_check, "Live on land", "\"Live on land\" is not a goal (did you mean \"15\"?)"},
        {codes_target_check, "11.z",
         "\"11.z\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "11.8",
         "\"11.8\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "11.07",
         "\"11.07\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "11.aa",
         "\"11.aa\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "11.99999999999999999999999",
         "\"11.99999999999999999999999\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "11.",
         "\"11.\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "11",
         "\"11\" is not a target of goal 11 (11.1 to 11.7, 11.a to 11.c)"},
        {codes_target_check, "17.a", "\"17.a\" is not a target of goal 17 (17.1 to 17.19)"},
        {codes_target_check, "18.1",
         "\"18.1\" is not a target: write a goal (1 to 17), a point and its number, such as 11.2 "
         "or 11.a"},
        {codes_target_check, ".1",
         "\".1\" is not a target: write a goal (1 to 17), a point and its number, such as 11.2 or "
         "11.a"},
    };
    (void)state;

    expect_refused(rows, LENGTH(rows));
}

static void wrong_themes(void **state)
{
    static const struct wrong rows[] = {
        {agenda_check, "air-qualty",
         "\"air-qualty\" is not a theme of the Urban Agenda (did you mean \"air-quality\"?)"},
        {agenda_check, "Culture and Heritage",
         "\"Culture and Heritage\" is not a theme of the Urban Agenda: use one of its 20 codes, "
         "such as \"air-quality\""},
        {agenda_check, "Digital Transition in City",
         "\"Digital Transition in City\" is not a theme of the Urban Agenda (did you mean "
         "\"digital-transition\"?)"},
    };
    const char *code = "untouched";
    int since = -1;
    (void)state;

    expect_refused(rows, LENGTH(rows));
    assert_true(codes_agenda_find("no such theme", &code, &since, NULL) < 0);
    assert_string_equal(code, "untouched");
    assert_int_equal(since, -1);
    assert_int_equal(codes_agenda_find("URBAN mobility", &code, &since, NULL), 0);
    assert_string_equal(code, "urban-mobility");
    assert_int_equal(since, 2016);
    assert_int_equal(codes_agenda_find("建筑脱碳", &code, &since, NULL), 0);
    assert_string_equal(code, "building-decarbonisation");
    assert_int_equal(since, 2023);
}

/* A megabyte for a code is refused like any other; the sentence stays short. */
static void a_long_text_is_no_code(void **state)
{
    static const char *const parts[] = {"E", "\xff", "西", "11.", "ES-"};
    static int (*const checks[])(const char *code, struct err *err) = {
        country_check,    subdivision_check,  of_spain,    codes_currency_check,
        codes_goal_check, codes_target_check, agenda_check};
    const size_t size = 1 << 20;
    char *text = malloc(size);
    (void)state;

    assert_non_null(text);
    for (size_t p = 0; p < LENGTH(parts); p++) {
        size_t length = strlen(parts[p]);
        text[0] = '\0';
        for (size_t at = 0; at + length < size; at += length)
            memcpy(text + at, parts[p], length + 1);
        for (size_t c = 0; c < LENGTH(checks); c++) {
            struct err err = ERR_INIT;
            assert_int_equal(checks[c](text, &err), -ERR_INVALID_ARGUMENT);
            assert_true(strlen(err.text) < 400);
        }
        assert_string_equal(codes_country_name("ES", text), "Spain");
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_codes_are_valid),
        cmocka_unit_test(all_targets_are_valid),
        cmocka_unit_test(all_languages_are_reached),
        cmocka_unit_test(each_row_of_subdivisions),
        cmocka_unit_test(each_row_of_goals),
        cmocka_unit_test(each_row_of_the_agenda),
        cmocka_unit_test(names_by_language),
        cmocka_unit_test(every_country_has_a_chinese_name),
        cmocka_unit_test(wrong_countries),
        cmocka_unit_test(wrong_subdivisions),
        cmocka_unit_test(wrong_currencies),
        cmocka_unit_test(wrong_goals),
        cmocka_unit_test(wrong_themes),
        cmocka_unit_test(a_long_text_is_no_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
