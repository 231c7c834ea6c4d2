/* EDTF text to value and back: what is accepted, what is refused and with which sentence, and that
 * no text whatever does harm. */
#include "base/edtf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ROOM        512 /* for two texts and more */

static struct edtf parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct edtf value;

    if (edtf_parse(text, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

/* ---- accepted ---- */

struct accepted {
    const char *text;
    const char *canonical; /* NULL: the same */
    enum edtf_precision precision;
};

static const struct accepted accepted[] = {
    /* level 0 */
    {"1985-04-12", NULL, EDTF_DAY},
    {"1985-04", NULL, EDTF_MONTH},
    {"1985", NULL, EDTF_YEAR},
    {"2004-01-01T10:10:10", NULL, EDTF_SECOND},
    {"2004-01-01T10:10:10Z", NULL, EDTF_SECOND},
    {"2004-01-01T10:10:10+05", "2004-01-01T10:10:10+05:00", EDTF_SECOND},
    {"2004-01-01T10:10:10+05:30", NULL, EDTF_SECOND},
    {"2004-01-01T10:10:10+00:00", "2004-01-01T10:10:10Z", EDTF_SECOND},
    {"2004-01-01T10:10-03:30", NULL, EDTF_MINUTE},
    {"2004-01-01T00:00+14:00", NULL, EDTF_MINUTE},
    {"2004-01-01T23:59:59-14", "2004-01-01T23:59:59-14:00", EDTF_SECOND},
    {"1964/2008", NULL, EDTF_YEAR},
    {"2004-06/2006-08", NULL, EDTF_MONTH},
    {"2004-02-01/2005-02-08", NULL, EDTF_DAY},
    {"2004-02-01/2005", NULL, EDTF_YEAR},
    {"2005/2006-02", NULL, EDTF_YEAR},
    /* level 1 */
    {"2001-21", NULL, EDTF_SEASON},
    {"2001-24", NULL, EDTF_SEASON},
    {"2001-21~", NULL, EDTF_SEASON},
    {"1984?", NULL, EDTF_YEAR},
    {"2004-06~", NULL, EDTF_MONTH},
    {"2004-06-11%", NULL, EDTF_DAY},
    {"201X", NULL, EDTF_DECADE},
    {"20XX", NULL, EDTF_CENTURY},
    {"2004-XX", NULL, EDTF_YEAR},
    {"1985-04-XX", NULL, EDTF_MONTH},
    {"1985-XX-XX", NULL, EDTF_YEAR},
    {"1985-XX-XX?", NULL, EDTF_YEAR},
    {"1985-04-12/..", NULL, EDTF_DAY},
    {"1985/..", NULL, EDTF_YEAR},
    {"../1985-04", NULL, EDTF_MONTH},
    {"1985-04-12/", NULL, EDTF_DAY},
    {"/1985-04-12", NULL, EDTF_DAY},
    {"1984~/2004-06", NULL, EDTF_YEAR},
    {"../2004-06%", NULL, EDTF_MONTH},
    /* sub-year codes of level 2 */
    {"2020-25", NULL, EDTF_SEASON},
    {"2020-32", NULL, EDTF_SEASON},
    {"2020-33", NULL, EDTF_QUARTER},
    {"2020-36", NULL, EDTF_QUARTER},
    {"2020-37", NULL, EDTF_THIRD},
    {"2020-39", NULL, EDTF_THIRD},
    {"2020-40", NULL, EDTF_HALF},
    {"2020-41", NULL, EDTF_HALF},
    {"2020-33/2020-40", NULL, EDTF_HALF},
    /* clock times and zones */
    {"2018-10-06T10:30[Europe/Rome]", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30:15[Europe/Rome]", NULL, EDTF_SECOND},
    {"2018-10-06T10:30/2018-10-06T12:00[Europe/Rome]", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30/2018-10-06T12:00", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30+02:00", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30/..[Asia/Shanghai]", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30/[Asia/Shanghai]", NULL, EDTF_MINUTE},
    {"../2018-10-06T10:30[Asia/Shanghai]", NULL, EDTF_MINUTE},
    {"/2018-10-06T10:30[Asia/Shanghai]", NULL, EDTF_MINUTE},
    {"2018-10-06/2018-10-07T10:30[UTC]", NULL, EDTF_DAY},
    {"2018-10-06T10:30[America/Argentina/Buenos_Aires]", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30[Asia/Kolkata]", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30[Europe/Kyiv]", NULL, EDTF_MINUTE},
    {"2018-10-06T10:30[Europe/Stockholm]", NULL, EDTF_MINUTE},
    {"2018-10-06T12:00+02:00/2018-10-06T11:30+01:00", NULL, EDTF_MINUTE},
    /* bounds and leap days */
    {"1900", NULL, EDTF_YEAR},
    {"1900-01-01", NULL, EDTF_DAY},
    {"19XX", NULL, EDTF_CENTURY},
    {"2200-12-31", NULL, EDTF_DAY},
    {"2200-24", NULL, EDTF_SEASON},
    {"219X", NULL, EDTF_DECADE},
    {"21XX", NULL, EDTF_CENTURY},
    {"2000-02-29", NULL, EDTF_DAY},
    {"2024-02-29", NULL, EDTF_DAY},
    {"2019-12-31T00:00", NULL, EDTF_MINUTE},
    /* an end within its start */
    {"2019/2019", NULL, EDTF_YEAR},
    {"2019-06-15/2019-06", NULL, EDTF_MONTH},
    {"2019/2019-01-01", NULL, EDTF_YEAR},
    {"2019-06-15T12:00/2019-06-15", NULL, EDTF_DAY},
};

static void accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        const struct accepted *row = &accepted[i];
        struct edtf value = parsed(row->text);
        char text[EDTF_TEXT_MAX];

        edtf_format(&value, text);
        assert_string_equal(text, row->canonical ? row->canonical : row->text);
        if (edtf_precision(&value) != row->precision)
            fail_msg("%s: precision %d", row->text, edtf_precision(&value));
    }
}

static void fills_the_fields(void **state)
{
    struct edtf value = parsed("1984%/2018-10-06T10:30:15");

    (void)state;
    assert_true(value.interval);
    assert_int_equal(value.start_kind, EDTF_END_DATE);
    assert_int_equal(value.start.year, 1984);
    assert_true(value.start.uncertain && value.start.approximate);
    assert_int_equal(value.end.month * 100 + value.end.day, 1006);
    assert_int_equal(value.end.hour * 10000 + value.end.minute * 100 + value.end.second, 103015);
    assert_false(value.end.uncertain || value.end.approximate || value.end.has_offset);
    value = parsed("2018-10-06T10:30-03:30");
    assert_true(value.start.has_offset);
    assert_int_equal(value.start.offset_minutes, -210);
    value = parsed("201X");
    assert_int_equal(value.start.year, 2010);
    value = parsed("2004-XX-XX~");
    assert_true(value.start.month_unspecified && value.start.day_unspecified);
    assert_true(value.start.approximate && !value.start.uncertain);
    value = parsed("../2018-10-06T10:30[Europe/Rome]");
    assert_int_equal(value.start_kind, EDTF_END_OPEN);
    assert_string_equal(value.zone, "Europe/Rome");
    value = parsed("2018/");
    assert_int_equal(value.end_kind, EDTF_END_UNKNOWN);
}

/* ---- refused ---- */

struct refused {
    const char *text;
    const char *sentence; /* a part of it */
    int position;
};

static const struct refused refused[] = {
    {"", "\"no date yet\" is no value", 1},
    {"2019-02-30", "February 2019 has 28 days", 9},
    {"1900-02-29", "February 1900 has 28 days", 9},
    {"2019-06-31", "June 2019 has 30 days", 9},
    {"2019-06-00", "a day 01 to 31", 9},
    {"2019-13", "a month 01 to 12", 6},
    {"2019-20", "a part of the year 21 to 41", 6},
    {"2019-42", "a part of the year 21 to 41", 6},
    {"2019-00", "a month 01 to 12", 6},
    {"2019-6-5", "a month 01 to 12", 7},
    {"2019-06-5", "a day 01 to 31", 10},
    {"2019-", "a month 01 to 12", 6},
    {"2019-06-", "a day 01 to 31", 9},
    /* years */
    {"1899", "1899 is out of range: years go from 1900 to 2200", 1},
    {"2201", "years go from 1900 to 2200", 1},
    {"220X", "years go from 1900 to 2200", 1},
    {"22XX", "years go from 1900 to 2200", 1},
    {"18XX", "years go from 1900 to 2200", 1},
    {"19", "four digits", 3},
    {"-1985", "negative years are not accepted", 1},
    {"Y170000002", "no letter", 1},
    {"Y-170000002", "no letter", 1},
    {"Y17E7", "no letter", 1},
    {"20190", "hyphens and colons are obligatory", 5},
    /* level 2 */
    {"1950S2", "significant digits are not accepted", 5},
    {"1900E2", "exponent", 5},
    {"[1967,1968]", "sets of dates are not accepted", 1},
    {"{1967,1968}", "sets of dates are not accepted", 1},
    {"1967,1968", "a list of dates", 5},
    {"?2004-06", "one qualifier (?, ~ or %) stands at the end", 1},
    {"2004?-06", "at the end of a whole date", 6},
    {"2004-~06", "a month 01 to 12", 6},
    {"2004?~", "one qualifier", 6},
    {"1XXX", "four digits", 2},
    {"XXXX", "X stands for", 1},
    {"2X19", "four digits", 2},
    {"20X9", "four digits", 4},
    {"201x", "four digits", 4},
    {"201X-06", "a year with X stands without a month", 5},
    {"201X-XX", "a year with X stands without a month", 5},
    {"2004-1X", "XX expected", 7},
    {"2004-xx", "capital X", 6},
    {"2004-XX-12", "XX expected", 9},
    {"2004-06-1X", "XX expected", 10},
    {"2004-06-xx", "capital X", 9},
    {"2001-21-05", "has no day", 8},
    {"2001-21T10:30", "needs a whole day", 8},
    {"1985..", "an open end stands behind a \"/\"", 5},
    {"..1985", "an open start stands before a \"/\"", 3},
    {"..", "an open start stands before a \"/\"", 3},
    /* other forms of ISO 8601 */
    {"20190605", "hyphens and colons are obligatory", 5},
    {"2019-0605", "hyphens and colons are obligatory", 8},
    {"2019-W05", "weeks are not accepted", 6},
    {"2019-156", "out of range", 6},
    {"P3D", "durations are not accepted", 1},
    {"2019-06-05/P3D", "durations are not accepted", 12},
    {"2019-06-09/15", "four digits", 14},
    {"2019-06-05-05", "nothing follows the day", 11},
    {" 2019", "a capital T", 1},
    {"June 2019", "a date is written", 1},
    /* clock times */
    {"2018-10-06 10:30", "a capital T", 11},
    {"2018-10-06t10:30", "a capital T", 11},
    {"2018-10-06T", "an hour 00 to 23", 12},
    {"2018-10-06T10", "a clock time such as 10:30", 14},
    {"2018-10-06T1030", "a clock time such as 10:30", 14},
    {"2018-10-06T24:00", "midnight is 00:00 of the next day", 12},
    {"2018-10-06T25:00", "an hour 00 to 23", 12},
    {"2018-10-06T10:60", "a minute 00 to 59", 15},
    {"2018-10-06T10:30:60", "a second 00 to 59", 18},
    {"2018-10-06T10:30:15.5", "parts of a second", 20},
    {"2018-10-06T10:30?", "a clock time takes no qualifier", 17},
    {"2018-10T10:30", "needs a whole day", 8},
    {"2018-10-XXT10:30", "needs a whole day", 11},
    {"2018T10:30", "needs a whole day", 5},
    {"2018-10-06T10:30z", "a capital Z", 17},
    {"2018-10-06T10:30+15", "-14:00 to +14:00", 18},
    {"2018-10-06T10:30+14:30", "-14:00 to +14:00", 17},
    {"2018-10-06T10:30+05:60", "minutes 00 to 59", 21},
    {"2018-10-06T10:30-00:00", "is written Z", 17},
    /* zones */
    {"2018-10-06T10:30[Europe/Roma]", "did you mean \"Europe/Rome\"", 18},
    {"2018-10-06T10:30[europe/rome]", "\"Europe/Rome\"", 18},
    {"2018-10-06T10:30[CET]", "names no place", 18},
    {"2018-10-06T10:30[PST]", "write that", 18},
    {"2018-10-06T10:30[EST5EDT]", "names no place", 18},
    {"2018-10-06T10:30[GMT+2]", "is not known", 18},
    {"2018-10-06T10:30[Etc/Unknown]", "is not known", 18},
    {"2018-10-06T10:30[Etc/UTC]", "another name of \"UTC\"", 18},
    {"2018-10-06T10:30[SystemV/EST5]", "names no place", 18},
    {"2018-10-06T10:30[US/Pacific]", "another name of \"America/Los_Angeles\"", 18},
    {"2018-10-06T10:30[Asia/Chongqing]", "another name of \"Asia/Shanghai\"", 18},
    {"2018-10-06T10:30[Asia/Calcutta]", "another name of \"Asia/Kolkata\"", 18},
    {"2018-10-06T10:30[Europe/Kiev]", "another name of \"Europe/Kyiv\"", 18},
    {"2018-10-06T10:30[Europe/Rome", "\"]\" expected", 29},
    {"2018-10-06T10:30[]", "a zone such as [Europe/Rome] expected", 18},
    {"2018-10-06T10:30[\n]", "a zone such as [Europe/Rome] expected", 18},
    {"2018-10-06T10:30[Europe/Rome]x", "nothing follows the zone", 30},
    {"2018-10-06[Europe/Rome]", "a zone needs a clock time", 11},
    {"2018/2019[Europe/Rome]", "a zone needs a clock time", 10},
    {"2018-10-06T10:30Z[Europe/Rome]", "an offset or a zone, not both", 18},
    {"2018-10-06T10:30[Europe/Rome]/2018-10-06T12:00", "stands once, at the end", 30},
    {"2018-10-06T10:30[Europe/Rome]/2018-10-06T12:00[Europe/Rome]", "stands once", 30},
    /* intervals */
    {"2019/2018", "the end lies before the start", 6},
    {"2019-06-15/2019-06-14", "the end lies before the start", 12},
    {"2019-06/2019-05-31", "the end lies before the start", 9},
    {"2019-24/2019-21", "the end lies before the start", 9},
    {"2019-06-15T10:30/2019-06-15T10:29", "the end lies before the start", 18},
    {"2019-06-15T10:30Z/2019-06-15T11:30+02:00", "the end lies before the start", 19},
    {"2019-06-15T10:30Z/2019-06-15T12:30", "both ends have an offset or none has", 19},
    {"2019-06-15T10:30Z/2019-06-16", "both ends have an offset or none has", 19},
    {"/", "an interval needs a date", 1},
    {"../..", "an interval needs a date", 1},
    {"/..", "an interval needs a date", 1},
    {"../", "an interval needs a date", 1},
    {"2019/2020/2021", "one \"/\"", 10},
    {"2019//", "one \"/\"", 6},
    {"2019/...", "nothing follows an open end", 8},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        const struct refused *row = &refused[i];
        struct edtf value;
        struct err err = ERR_INIT;
        char position[32];

        memset(&value, 0x55, sizeof(value));
        if (edtf_parse(row->text, &value, &err) != -ERR_INVALID_ARGUMENT)
            fail_msg("\"%s\" is accepted", row->text);
        snprintf(position, sizeof(position), "(position %d)", row->position);
        if (!strstr(err.text, row->sentence) || !strstr(err.text, position))
            fail_msg("%s\n  expected: %s %s", err.text, row->sentence, position);
        if (strncmp(err.text, "date \"", 6) != 0)
            fail_msg("%s: the value is not named", err.text);
        assert_int_equal(value.start.year, 0x55555555); /* untouched */
        assert_int_equal(edtf_parse(row->text, &value, NULL), -ERR_INVALID_ARGUMENT);
    }
}

static void quotes_hostile_values_safely(void **state)
{
    struct err err = ERR_INIT;
    struct edtf value;
    char text[4000];

    (void)state;
    memset(text, 'X', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    edtf_parse(text, &value, &err);
    assert_true(strlen(err.text) < 200);
    assert_non_null(strstr(err.text, "159 characters at most (position 160)"));
    edtf_parse("2019\n\x1b[31m", &value, &err);
    assert_non_null(strstr(err.text, "date \"2019??[31m\""));
    edtf_parse("2019\xff\xfe", &value, &err);
    assert_non_null(strstr(err.text, "date \"2019??\""));
    edtf_parse("2019年", &value, &err);
    assert_non_null(strstr(err.text, "date \"2019年\""));
    /* each of these takes two columns: 64 end behind the 30th */
    edtf_parse("2019"
               "年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年",
               &value, &err);
    assert_non_null(strstr(
        err.text, "date \"2019年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年...\""));
}

/* ---- round trip ---- */

static void survives(const char *text)
{
    struct edtf value = parsed(text);
    struct edtf_span span;
    struct edtf_span again_span;
    char formatted[EDTF_TEXT_MAX];

    edtf_format(&value, formatted);
    assert_string_equal(formatted, text);
    struct edtf again = parsed(formatted);
    assert_int_equal(edtf_precision(&again), edtf_precision(&value));
    assert_int_equal(edtf_span(&value, "Asia/Shanghai", &span, NULL), 0);
    assert_int_equal(edtf_span(&again, "Asia/Shanghai", &again_span, NULL), 0);
    assert_true(span.earliest_us == again_span.earliest_us);
    assert_true(span.latest_us == again_span.latest_us);
    assert_true(span.earliest_us <= span.latest_us);
}

static void survives_qualified(const char *text)
{
    static const char *const qualifiers[] = {"", "?", "~", "%"};
    char qualified[ROOM];

    for (size_t i = 0; i < COUNT(qualifiers); i++) {
        snprintf(qualified, sizeof(qualified), "%s%s", text, qualifiers[i]);
        survives(qualified);
        snprintf(qualified, sizeof(qualified), "../%s%s", text, qualifiers[i]);
        survives(qualified);
        snprintf(qualified, sizeof(qualified), "%s%s/", text, qualifiers[i]);
        survives(qualified);
        snprintf(qualified, sizeof(qualified), "%s%s/2200-12-31%s", text, qualifiers[i],
                 qualifiers[COUNT(qualifiers) - 1 - i]);
        survives(qualified);
    }
}

static void survives_timed(const char *day)
{
    static const char *const times[] = {
        "T00:00",       "T23:59:59",           "T02:30Z",        "T02:30+05:30",
        "T02:30-11:00", "T02:30[Europe/Rome]", "T02:30:59[UTC]", "T02:30/..[Asia/Shanghai]",
    };
    char text[ROOM];

    for (size_t i = 0; i < COUNT(times); i++) {
        snprintf(text, sizeof(text), "%s%s", day, times[i]);
        survives(text);
    }
    snprintf(text, sizeof(text), "%sT01:30/%sT03:00[Europe/Rome]", day, day);
    survives(text);
}

static void text_survives_a_round_trip(void **state)
{
    static const char *const years[] = {"1900", "1904", "1999", "2000", "2019", "2100", "2200"};
    static const char *const days[] = {"01", "28", "XX"};
    char text[EDTF_TEXT_MAX];

    (void)state;
    for (size_t year = 0; year < COUNT(years); year++) {
        survives_qualified(years[year]);
        for (int month = 1; month <= 41; month++) {
            if (month > 12 && month < 21)
                continue;
            snprintf(text, sizeof(text), "%s-%02d", years[year], month);
            survives_qualified(text);
            for (size_t day = 0; month <= 12 && day < COUNT(days); day++) {
                snprintf(text, sizeof(text), "%s-%02d-%s", years[year], month, days[day]);
                survives_qualified(text);
                if (days[day][0] != 'X')
                    survives_timed(text);
            }
        }
    }
}

static void unspecified_years_survive_a_round_trip(void **state)
{
    char text[EDTF_TEXT_MAX];

    (void)state;
    for (int decade = 190; decade < 220; decade++) {
        snprintf(text, sizeof(text), "%dX", decade);
        survives_qualified(text);
    }
    survives_qualified("19XX");
    survives_qualified("20XX");
    survives_qualified("21XX");
    survives_qualified("2019-XX");
    survives_qualified("2019-XX-XX");
}

/* ---- hostile ---- */

static uint32_t random_state = 2463534242u;

/* xorshift: the same texts in every run */
static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

static void mutate(char *text, size_t size)
{
    static const char alphabet[] = "0123456789-/:.TZX?~%+[]YEuropeAsia_\n\x80\xe5\xff";
    size_t length = strlen(text);
    size_t at = random_below((uint32_t)length + 1);
    char c = alphabet[random_below(sizeof(alphabet) - 1)];

    switch (random_below(4)) {
    case 0:
        text[at] = at < length ? c : '\0';
        break;
    case 1:
        memmove(text + at, text + at + (at < length), length - at + (at >= length));
        break;
    case 2:
        if (length + 2 < size) {
            memmove(text + at + 1, text + at, length - at + 1);
            text[at] = c;
        }
        break;
    default: /* the tail once more */
        if (length + (length - at) < size)
            memmove(text + length, text + at, length - at + 1);
        text[size - 1] = '\0';
    }
}

/* An exact copy on the heap, so that the sanitizer sees a read past the end. */
static void try_text(const char *text, size_t *accepted_count)
{
    char *copy = strdup(text);
    struct err err = ERR_INIT;
    struct edtf value;
    char *words = NULL;

    assert_non_null(copy);
    int rc = edtf_parse(copy, &value, &err);
    free(copy);
    if (rc) {
        assert_int_equal(rc, -ERR_INVALID_ARGUMENT);
        assert_non_null(strstr(err.text, "(position "));
        return;
    }
    (*accepted_count)++;
    char canonical[EDTF_TEXT_MAX];
    edtf_format(&value, canonical);
    survives(canonical);
    assert_int_equal(edtf_words(&value, random_below(2) ? "en" : "zh", &words, &err), 0);
    assert_true(strlen(words) >= 4);
    free(words);
}

static void mutated_text_does_no_harm(void **state)
{
    size_t accepted_count = 0;
    char text[EDTF_TEXT_MAX + 40];

    (void)state;
    for (int i = 0; i < 60000; i++) {
        snprintf(text, sizeof(text), "%s", accepted[random_below(COUNT(accepted))].text);
        for (uint32_t n = random_below(5); n > 0; n--)
            mutate(text, sizeof(text));
        try_text(text, &accepted_count);
    }
    assert_true(accepted_count > 1000);
}

static void every_prefix_does_no_harm(void **state)
{
    size_t accepted_count = 0;
    char text[EDTF_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        for (size_t length = 0; length <= strlen(accepted[i].text); length++) {
            snprintf(text, sizeof(text), "%.*s", (int)length, accepted[i].text);
            try_text(text, &accepted_count);
        }
    }
    assert_true(accepted_count > COUNT(accepted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(fills_the_fields),
        cmocka_unit_test(refuses),
        cmocka_unit_test(quotes_hostile_values_safely),
        cmocka_unit_test(text_survives_a_round_trip),
        cmocka_unit_test(unspecified_years_survive_a_round_trip),
        cmocka_unit_test(mutated_text_does_no_harm),
        cmocka_unit_test(every_prefix_does_no_harm),
    };

    return cmocka_run_group_tests_name("base_edtf", tests, NULL, NULL);
}
