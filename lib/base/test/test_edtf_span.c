/* EDTF to instants, by zones; and the order of dates. */
#include "base/edtf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define S_US        INT64_C(1000000)
#define GAP         1
#define FOLD        2

static struct edtf parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct edtf value;

    if (edtf_parse(text, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static struct edtf_span span_of(const char *text, const char *zone)
{
    struct edtf value = parsed(text);
    struct edtf_span span;
    struct err err = ERR_INIT;

    if (edtf_span(&value, zone, &span, &err))
        fail_msg("%s in %s: %s", text, zone ? zone : "UTC", err.text);
    return span;
}

/* "2019-06-30T00:00:00", in UTC */
static int64_t utc_us(const char *text)
{
    struct tm tm = {0};

    assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                            &tm.tm_hour, &tm.tm_min, &tm.tm_sec),
                     6);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * S_US;
}

struct row {
    const char *text;
    const char *zone;
    const char *earliest; /* NULL: no bound */
    const char *end;      /* the microsecond after the latest; NULL: no bound */
    int flags;
};

static const struct row rows[] = {
    /* without a zone: UTC */
    {"2019", NULL, "2019-01-01T00:00:00", "2020-01-01T00:00:00", 0},
    {"2019-06", NULL, "2019-06-01T00:00:00", "2019-07-01T00:00:00", 0},
    {"2019-12", NULL, "2019-12-01T00:00:00", "2020-01-01T00:00:00", 0},
    {"2019-06-30", NULL, "2019-06-30T00:00:00", "2019-07-01T00:00:00", 0},
    {"2000-02", NULL, "2000-02-01T00:00:00", "2000-03-01T00:00:00", 0},
    {"2000-02-29", NULL, "2000-02-29T00:00:00", "2000-03-01T00:00:00", 0},
    {"1900-02", NULL, "1900-02-01T00:00:00", "1900-03-01T00:00:00", 0},
    {"1900", NULL, "1900-01-01T00:00:00", "1901-01-01T00:00:00", 0},
    {"2200-12-31", NULL, "2200-12-31T00:00:00", "2201-01-01T00:00:00", 0},
    {"201X", NULL, "2010-01-01T00:00:00", "2020-01-01T00:00:00", 0},
    {"20XX", NULL, "2000-01-01T00:00:00", "2100-01-01T00:00:00", 0},
    {"2004-XX", NULL, "2004-01-01T00:00:00", "2005-01-01T00:00:00", 0},
    {"2004-XX-XX", NULL, "2004-01-01T00:00:00", "2005-01-01T00:00:00", 0},
    {"2019-12-XX", NULL, "2019-12-01T00:00:00", "2020-01-01T00:00:00", 0},
    {"2018%", NULL, "2018-01-01T00:00:00", "2019-01-01T00:00:00", 0},
    {"2018-10-06T10:30", NULL, "2018-10-06T10:30:00", "2018-10-06T10:31:00", 0},
    {"2018-10-06T10:30:15", NULL, "2018-10-06T10:30:15", "2018-10-06T10:30:16", 0},
    /* parts of the year */
    {"2020-21", NULL, "2020-03-01T00:00:00", "2020-06-01T00:00:00", 0},
    {"2020-22", NULL, "2020-06-01T00:00:00", "2020-09-01T00:00:00", 0},
    {"2020-23", NULL, "2020-09-01T00:00:00", "2020-12-01T00:00:00", 0},
    {"2020-24", NULL, "2020-12-01T00:00:00", "2021-03-01T00:00:00", 0},
    {"2020-25", NULL, "2020-03-01T00:00:00", "2020-06-01T00:00:00", 0},
    {"2020-26", NULL, "2020-06-01T00:00:00", "2020-09-01T00:00:00", 0},
    {"2020-27", NULL, "2020-09-01T00:00:00", "2020-12-01T00:00:00", 0},
    {"2020-28", NULL, "2020-12-01T00:00:00", "2021-03-01T00:00:00", 0},
    {"2020-29", NULL, "2020-09-01T00:00:00", "2020-12-01T00:00:00", 0},
    {"2020-30", NULL, "2020-12-01T00:00:00", "2021-03-01T00:00:00", 0},
    {"2020-31", NULL, "2020-03-01T00:00:00", "2020-06-01T00:00:00", 0},
    {"2020-32", NULL, "2020-06-01T00:00:00", "2020-09-01T00:00:00", 0},
    {"2020-33", NULL, "2020-01-01T00:00:00", "2020-04-01T00:00:00", 0},
    {"2020-34", NULL, "2020-04-01T00:00:00", "2020-07-01T00:00:00", 0},
    {"2020-35", NULL, "2020-07-01T00:00:00", "2020-10-01T00:00:00", 0},
    {"2020-36", NULL, "2020-10-01T00:00:00", "2021-01-01T00:00:00", 0},
    {"2020-37", NULL, "2020-01-01T00:00:00", "2020-05-01T00:00:00", 0},
    {"2020-38", NULL, "2020-05-01T00:00:00", "2020-09-01T00:00:00", 0},
    {"2020-39", NULL, "2020-09-01T00:00:00", "2021-01-01T00:00:00", 0},
    {"2020-40", NULL, "2020-01-01T00:00:00", "2020-07-01T00:00:00", 0},
    {"2020-41", NULL, "2020-07-01T00:00:00", "2021-01-01T00:00:00", 0},
    {"2200-24", NULL, "2200-12-01T00:00:00", "2201-03-01T00:00:00", 0},
    /* intervals */
    {"2004-02-01/2005", NULL, "2004-02-01T00:00:00", "2006-01-01T00:00:00", 0},
    {"2019/..", NULL, "2019-01-01T00:00:00", NULL, 0},
    {"../2019", NULL, NULL, "2020-01-01T00:00:00", 0},
    {"2019-06/", NULL, "2019-06-01T00:00:00", NULL, 0},
    {"/2019-06", NULL, NULL, "2019-07-01T00:00:00", 0},
    /* the zone: its own, an offset, the one given */
    {"2018-10-06T10:30[Europe/Rome]", NULL, "2018-10-06T08:30:00", "2018-10-06T08:31:00", 0},
    {"2018-10-06T10:30[Europe/Rome]", "Asia/Shanghai", "2018-10-06T08:30:00", "2018-10-06T08:31:00",
     0},
    {"2018-10-06T10:30", "Asia/Shanghai", "2018-10-06T02:30:00", "2018-10-06T02:31:00", 0},
    {"2018-10-06T10:30+05:30", "Asia/Shanghai", "2018-10-06T05:00:00", "2018-10-06T05:01:00", 0},
    {"2018-10-06T10:30Z", "Asia/Shanghai", "2018-10-06T10:30:00", "2018-10-06T10:31:00", 0},
    {"2018-10-06T22:30-03:30", NULL, "2018-10-07T02:00:00", "2018-10-07T02:01:00", 0},
    {"2018-10-06T10:30/2018-10-06T12:00[Europe/Rome]", NULL, "2018-10-06T08:30:00",
     "2018-10-06T10:01:00", 0},
    {"2019-06-30", "Europe/Rome", "2019-06-29T22:00:00", "2019-06-30T22:00:00", 0},
    {"2019", "Asia/Shanghai", "2018-12-31T16:00:00", "2019-12-31T16:00:00", 0},
    {"2018-10-06", "Asia/Kolkata", "2018-10-05T18:30:00", "2018-10-06T18:30:00", 0},
    {"2018-10-06", "UTC", "2018-10-06T00:00:00", "2018-10-07T00:00:00", 0},
    /* Rome, spring: 02:00 becomes 03:00 at 01:00 UTC */
    {"2019-03-31T01:59[Europe/Rome]", NULL, "2019-03-31T00:59:00", "2019-03-31T01:00:00", 0},
    {"2019-03-31T02:00[Europe/Rome]", NULL, "2019-03-31T01:00:00", "2019-03-31T01:01:00", GAP},
    {"2019-03-31T02:30[Europe/Rome]", NULL, "2019-03-31T01:30:00", "2019-03-31T01:31:00", GAP},
    {"2019-03-31T02:59:59[Europe/Rome]", NULL, "2019-03-31T01:59:59", "2019-03-31T02:00:00", GAP},
    {"2019-03-31T03:00[Europe/Rome]", NULL, "2019-03-31T01:00:00", "2019-03-31T01:01:00", 0},
    {"2019-03-31", "Europe/Rome", "2019-03-30T23:00:00", "2019-03-31T22:00:00", 0},
    /* Rome, autumn: 03:00 becomes 02:00 at 01:00 UTC */
    {"2019-10-27T01:59[Europe/Rome]", NULL, "2019-10-26T23:59:00", "2019-10-27T00:00:00", 0},
    {"2019-10-27T02:00[Europe/Rome]", NULL, "2019-10-27T00:00:00", "2019-10-27T01:01:00", FOLD},
    {"2019-10-27T02:59[Europe/Rome]", NULL, "2019-10-27T00:59:00", "2019-10-27T02:00:00", FOLD},
    {"2019-10-27T03:00[Europe/Rome]", NULL, "2019-10-27T02:00:00", "2019-10-27T02:01:00", 0},
    {"2019-10-27", "Europe/Rome", "2019-10-26T22:00:00", "2019-10-27T23:00:00", 0},
    {"2019-10-27T02:30+02:00", "Europe/Rome", "2019-10-27T00:30:00", "2019-10-27T00:31:00", 0},
    {"2019-10-27T02:10/2019-10-27T02:50[Europe/Rome]", NULL, "2019-10-27T00:10:00",
     "2019-10-27T01:51:00", FOLD},
    /* a start moved out of the gap passes the end */
    {"2019-03-31T02:45/2019-03-31T03:15[Europe/Rome]", NULL, "2019-03-31T01:45:00",
     "2019-03-31T01:46:00", GAP},
    /* midnight in a gap: the day begins at the change (Sao Paulo: 00:00 becomes 01:00) */
    {"2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00", "2018-11-05T02:00:00", 0},
    {"2018-11-03", "America/Sao_Paulo", "2018-11-03T03:00:00", "2018-11-04T03:00:00", 0},
    /* midnight twice: 00:01 became 23:01 of the day before */
    {"2006-10-29", "America/St_Johns", "2006-10-29T02:30:00", "2006-10-30T03:30:00", 0},
    {"2006-10-28", "America/St_Johns", "2006-10-28T02:30:00", "2006-10-29T03:30:00", 0},
    /* a day that Samoa left out */
    {"2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31T10:00:00", GAP},
    {"2011-12-29", "Pacific/Apia", "2011-12-29T10:00:00", "2011-12-30T10:00:00", 0},
    {"2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31T10:00:00", 0},
    /* half an hour */
    {"2019-10-06T02:15[Australia/Lord_Howe]", NULL, "2019-10-05T15:45:00", "2019-10-05T15:46:00",
     GAP},
};

static void check_row(const struct row *row)
{
    struct edtf_span span = span_of(row->text, row->zone);
    int64_t earliest = row->earliest ? utc_us(row->earliest) : INT64_MIN;
    int64_t latest = row->end ? utc_us(row->end) - 1 : INT64_MAX;

    if (span.earliest_us != earliest || span.latest_us != latest)
        fail_msg("%s in %s: earliest off by %lld s, latest by %lld s", row->text,
                 row->zone ? row->zone : "UTC", (long long)((span.earliest_us - earliest) / S_US),
                 (long long)((span.latest_us - latest) / S_US));
    if ((span.gap ? GAP : 0) + (span.fold ? FOLD : 0) != row->flags)
        fail_msg("%s: gap %d, fold %d", row->text, span.gap, span.fold);
}

static void gives_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

static void refuses_an_unknown_zone(void **state)
{
    static const char too_long[] =
        "Europe/Rome/Europe/Rome/Europe/Rome/Europe/Rome/Europe/Rome/Rome";
    static const char *const zones[] = {"Europe/Roma", "", "europe/rome", "\xff\xfe", too_long};
    struct edtf value = parsed("2019-06-30");
    struct edtf_span span = {.earliest_us = 1};
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT(zones); i++) {
        assert_int_equal(edtf_span(&value, zones[i], &span, &err), -ERR_INVALID_ARGUMENT);
        assert_non_null(strstr(err.text, "is not known"));
        assert_true(span.earliest_us == 1);
    }
}

/* Days follow each other without a hole, in zones with changes at midnight, of half hours and of
 * whole days. */
static void days_leave_no_hole(void **state)
{
    static const char *const zones[] = {
        "Europe/Rome",         "America/Sao_Paulo", "America/St_Johns",  "America/Havana",
        "Asia/Beirut",         "Asia/Shanghai",     "Pacific/Apia",      "Pacific/Kwajalein",
        "Australia/Lord_Howe", "Atlantic/Azores",   "Africa/Casablanca", "Asia/Kathmandu",
    };
    static const int years[] = {1900, 1941, 1986, 1993, 2006, 2011, 2019, 2040};
    char text[EDTF_TEXT_MAX];

    (void)state;
    for (size_t zone = 0; zone < COUNT(zones); zone++) {
        for (size_t year = 0; year < COUNT(years); year++) {
            struct edtf_span before = {0};
            for (int day = 0; day < 336; day++) {
                snprintf(text, sizeof(text), "%d-%02d-%02d", years[year], day / 28 + 1,
                         day % 28 + 1);
                struct edtf_span span = span_of(text, zones[zone]);
                assert_true(span.earliest_us < span.latest_us);
                if (day % 28 && (span.earliest_us > before.latest_us + 1 ||
                                 span.earliest_us < before.earliest_us))
                    fail_msg("%s in %s leaves a hole", text, zones[zone]);
                before = span;
            }
        }
    }
}

/* ---- order ---- */

/* Each before the next, in UTC. */
static const char *const ordered[] = {
    "../2018",
    "20XX",
    "2018-12-31T23:59:59",
    "2019",
    "2019-40",
    "2019-37",
    "2019-33",
    "2019-01",
    "2019-01-01",
    "2019-01-01T00:00",
    "2019-01-01T00:00:00",
    "2019-21",
    "2019-06/2019",
    "2019-06",
    "2019-06-01",
    "2019-06-02T01:00+02:00",
    "2019-06-02",
    "2019-06-02T10:30[Europe/Rome]",
    "2019-06-02T10:30",
    "2019-06-03/..",
};

static void orders_by_earliest_then_coarser(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ordered); i++) {
        for (size_t j = 0; j < COUNT(ordered); j++) {
            struct edtf a = parsed(ordered[i]);
            struct edtf b = parsed(ordered[j]);
            int order = edtf_compare(&a, &b, NULL);
            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("%s and %s: %d", ordered[i], ordered[j], order);
        }
    }
}

static void order_follows_the_zone(void **state)
{
    struct edtf local = parsed("2019-06-02T10:30");
    struct edtf rome = parsed("2019-06-02T10:30[Europe/Rome]");
    struct edtf same = parsed("2019-06-02T08:30Z");

    (void)state;
    assert_true(edtf_compare(&local, &rome, "Asia/Shanghai") < 0);
    assert_true(edtf_compare(&local, &rome, "America/New_York") > 0);
    assert_int_equal(edtf_compare(&local, &rome, "Europe/Rome"), 0);
    assert_int_equal(edtf_compare(&same, &rome, "Asia/Shanghai"), 0);
    /* an unknown zone counts as UTC */
    assert_true(edtf_compare(&local, &rome, "Europe/Roma") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_instants),         cmocka_unit_test(refuses_an_unknown_zone),
        cmocka_unit_test(days_leave_no_hole),     cmocka_unit_test(orders_by_earliest_then_coarser),
        cmocka_unit_test(order_follows_the_zone),
    };

    return cmocka_run_group_tests_name("base_edtf_span", tests, NULL, NULL);
}
