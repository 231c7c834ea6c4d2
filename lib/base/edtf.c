/* EDTF text to value and back. The parser walks the text once, left to right, and stops at the
 * first thing that does not fit; its sentence says what would. Features of EDTF that are left out
 * are recognised, so that the sentence can name them. */
#include "base/edtf.h"

#include "base/edtf_parts.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define YEAR_FIRST       1900
#define YEAR_LAST        2200
#define OFFSET_HOURS_MAX 14

struct parser {
    const char *text;
    const char *at;
    struct err *err;
};

/* ---- refusals ---- */

/* Says what is wrong at a place of the text. */
static int refuse(const struct parser *p, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const struct parser *p, const char *at, const char *format, ...)
{
    char shown[TEXT_SHOWN_SIZE];
    char what[ERR_TEXT_MAX / 2];
    va_list args;

    text_show(p->text, shown);
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(p->err, ERR_INVALID_ARGUMENT, "date %s: %s (position %zu)", shown, what,
                   (size_t)(at - p->text) + 1);
}

/* What a character that does not fit most likely was meant for. */
static int refuse_here(const struct parser *p)
{
    static const struct {
        const char *characters;
        const char *sentence;
    } hints[] = {
        {"Yy", "years have four digits and no letter, from 1900 to 2200"},
        {"[{", "sets of dates are not accepted: write one date or an interval"},
        {"P", "durations are not accepted: write an interval of two dates"},
        {"W", "weeks are not accepted: write an interval of two days"},
        {"?~%", "one qualifier (?, ~ or %) stands at the end of a whole date"},
        {"x", "digits not known are capital X"},
        {"X", "X stands for the last digit or two of a year, for a whole month or a whole day"},
        {"S", "significant digits are not accepted: write an interval of two years"},
        {"E", "years with an exponent are not accepted"},
        {"t ", "a capital T stands between day and clock time: \"2019-06-30T10:30\""},
        {"z", "UTC is a capital Z"},
        {",", "a list of dates is not accepted, nor are parts of a second"},
        {"/", "an interval has one \"/\" between its two ends"},
        {"0123456789", "hyphens and colons are obligatory: \"2019-06-30T10:30\""},
    };

    for (size_t i = 0; *p->at && i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strchr(hints[i].characters, *p->at))
            return refuse(p, p->at, "%s", hints[i].sentence);
    return refuse(p, p->at,
                  "a date is written \"2019\", \"2019-06\", \"2019-06-30\" or "
                  "\"2019-06-30T10:30\"");
}

/* ---- characters ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct parser *p, const char *expected)
{
    size_t length = strlen(expected);

    if (strncmp(p->at, expected, length) != 0)
        return false;
    p->at += length;
    return true;
}

/* Two digits within bounds; `form` completes "... expected". */
static int take_two(struct parser *p, int min, int max, const char *form, int *ret_number)
{
    if (!is_digit(p->at[0]) || !is_digit(p->at[1]))
        return refuse(p, is_digit(p->at[0]) ? p->at + 1 : p->at, "%s expected", form);
    int number = (p->at[0] - '0') * 10 + p->at[1] - '0';
    if (number < min || number > max)
        return refuse(p, p->at, "%02d is out of range, %s expected", number, form);
    p->at += 2;
    *ret_number = number;
    return 0;
}

/* ---- days ---- */

/* The digits of a year: `given` of them, then X up to the fourth. */
static int take_year_digits(struct parser *p, int *ret_year, int *ret_given)
{
    int year = 0;
    int given = 0;

    for (int i = 0; i < 4; i++) {
        char c = p->at[i];
        bool unspecified = c == 'X' && i >= 2;
        if (!unspecified && (!is_digit(c) || given < i))
            return refuse(p, p->at + i, "a year of four digits from 1900 to 2200 expected");
        year = year * 10 + (unspecified ? 0 : c - '0');
        given += !unspecified;
    }
    p->at += 4;
    *ret_year = year;
    *ret_given = given;
    return 0;
}

static int parse_year(struct parser *p, struct edtf_date *date)
{
    static const enum edtf_precision precisions[] = {EDTF_CENTURY, EDTF_DECADE, EDTF_YEAR};
    static const int years[] = {100, 10, 1};
    const char *start = p->at;
    int given = 4;

    if (*p->at == '-')
        return refuse(p, p->at, "negative years are not accepted: years go from 1900 to 2200");
    if (*p->at && !is_digit(*p->at))
        return refuse_here(p);
    int rc = take_year_digits(p, &date->year, &given);
    if (rc)
        return rc;
    date->precision = precisions[given - 2];
    if (date->year < YEAR_FIRST || date->year + years[given - 2] - 1 > YEAR_LAST)
        return refuse(p, start, "%.4s is out of range: years go from %d to %d", start, YEAR_FIRST,
                      YEAR_LAST);
    if (given < 4 && *p->at == '-')
        return refuse(p, p->at, "a year with X stands without a month");
    return 0;
}

static int parse_month(struct parser *p, struct edtf_date *date)
{
    static const char form[] = "a month 01 to 12, a part of the year 21 to 41, or XX";
    const char *start = p->at;
    int month;

    if (take(p, "XX")) {
        date->month_unspecified = true;
        return 0;
    }
    if (*p->at == 'W' || *p->at == 'x')
        return refuse_here(p);
    int rc = take_two(p, 1, 41, form, &month);
    if (rc)
        return rc;
    const struct edtf_sub_year *part = edtf_sub_year(month);
    if (month > 12 && !part)
        return refuse(p, start, "%02d is out of range, %s expected", month, form);
    if (part && *p->at == '-')
        return refuse(p, p->at, "a season or another part of the year has no day");
    date->month = month;
    date->precision = part ? part->precision : EDTF_MONTH;
    return 0;
}

static int parse_day(struct parser *p, struct edtf_date *date)
{
    const char *start = p->at;

    if (take(p, "XX")) {
        date->day_unspecified = true;
        return 0;
    }
    if (*p->at == 'x')
        return refuse_here(p);
    if (date->month_unspecified)
        return refuse(p, p->at, "a day of a month that is not known: XX expected");
    int days = edtf_days_in_month(date->year, date->month);
    int rc = take_two(p, 1, 99, "a day 01 to 31, or XX", &date->day);
    if (rc)
        return rc;
    if (date->day > days)
        return refuse(p, start, "%s %d has %d days", edtf_month_name(date->month), date->year,
                      days);
    date->precision = EDTF_DAY;
    return 0;
}

/* ---- clock times ---- */

static int parse_offset(struct parser *p, struct edtf_date *date)
{
    const char *start = p->at;
    int hours = 0;
    int minutes = 0;

    if (take(p, "Z")) {
        date->has_offset = true;
        return 0;
    }
    if (!take(p, "+") && !take(p, "-"))
        return 0;
    int rc = take_two(p, 0, OFFSET_HOURS_MAX, "an offset from -14:00 to +14:00", &hours);
    if (!rc && take(p, ":"))
        rc = take_two(p, 0, 59, "minutes 00 to 59", &minutes);
    if (rc)
        return rc;
    if (hours * 60 + minutes > OFFSET_HOURS_MAX * 60)
        return refuse(p, start, "an offset goes from -14:00 to +14:00");
    if (*start == '-' && hours == 0 && minutes == 0)
        return refuse(p, start, "an offset of nothing is written Z");
    date->has_offset = true;
    date->offset_minutes = (hours * 60 + minutes) * (*start == '-' ? -1 : 1);
    return 0;
}

static int parse_time(struct parser *p, struct edtf_date *date)
{
    static const char form[] = "a clock time such as 10:30 or 10:30:00";

    if (date->precision != EDTF_DAY)
        return refuse(p, p->at - 1, "a clock time needs a whole day: \"2019-06-30T10:30\"");
    if (strncmp(p->at, "24", 2) == 0)
        return refuse(p, p->at, "hours go from 00 to 23: midnight is 00:00 of the next day");
    int rc = take_two(p, 0, 23, "an hour 00 to 23", &date->hour);
    if (rc)
        return rc;
    if (!take(p, ":"))
        return refuse(p, p->at, "%s expected", form);
    rc = take_two(p, 0, 59, "a minute 00 to 59", &date->minute);
    if (rc)
        return rc;
    date->precision = EDTF_MINUTE;
    if (take(p, ":")) {
        rc = take_two(p, 0, 59, "a second 00 to 59", &date->second);
        date->precision = EDTF_SECOND;
    }
    if (rc)
        return rc;
    if (*p->at == '.' || *p->at == ',')
        return refuse(p, p->at, "parts of a second are not accepted");
    return parse_offset(p, date);
}

/* ---- dates and intervals ---- */

static int parse_qualifier(struct parser *p, struct edtf_date *date)
{
    char c = *p->at;

    if (c != '?' && c != '~' && c != '%')
        return 0;
    if (date->precision >= EDTF_MINUTE)
        return refuse(p, p->at, "a clock time takes no qualifier");
    date->uncertain = c != '~';
    date->approximate = c != '?';
    p->at++;
    return 0;
}

static int parse_date(struct parser *p, struct edtf_date *date)
{
    int rc = parse_year(p, date);

    if (!rc && take(p, "-"))
        rc = parse_month(p, date);
    if (!rc && (date->month || date->month_unspecified) && take(p, "-"))
        rc = parse_day(p, date);
    if (!rc && take(p, "T"))
        rc = parse_time(p, date);
    if (!rc)
        rc = parse_qualifier(p, date);
    if (!rc && *p->at && !strchr("/[", *p->at)) {
        if (*p->at == '.')
            rc = refuse(p, p->at, "an open end stands behind a \"/\": \"2019/..\"");
        else if (*p->at == '-' && is_digit(p->at[-1]))
            rc = refuse(p, p->at, "nothing follows the day but a clock time: \"2019-06-30T10:30\"");
        else if (*p->at == '-')
            rc = refuse(p, p->at, "a qualifier or X stands at the end of a whole date");
        else
            rc = refuse_here(p);
    }
    return rc;
}

/* `behind`: the character that may follow an empty end; the end of the text may as well. */
static int parse_end(struct parser *p, const char *behind, enum edtf_end *ret_kind,
                     struct edtf_date *date)
{
    if (take(p, "..")) {
        *ret_kind = EDTF_END_OPEN;
        return 0;
    }
    /* strchr finds the terminating 0 as well. */
    if (strchr(behind, *p->at)) {
        *ret_kind = EDTF_END_UNKNOWN;
        return 0;
    }
    *ret_kind = EDTF_END_DATE;
    return parse_date(p, date);
}

static bool is_clock_time(enum edtf_end kind, const struct edtf_date *date)
{
    return kind == EDTF_END_DATE && date->precision >= EDTF_MINUTE;
}

static int take_zone(struct parser *p, char ret_zone[EDTF_ZONE_MAX])
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "_+-/";
    const char *name = p->at;
    size_t length = strspn(name, characters);
    struct err err = ERR_INIT;

    if (length == 0 || length >= EDTF_ZONE_MAX)
        return refuse(p, name, "a zone such as [Europe/Rome] expected");
    if (name[length] != ']')
        return refuse(p, name + length, "\"]\" expected behind the zone");
    memcpy(ret_zone, name, length);
    ret_zone[length] = '\0';
    if (edtf_zone_check(ret_zone, &err))
        return refuse(p, name, "%s", err.text);
    p->at += length + 1;
    return 0;
}

static int parse_zone(struct parser *p, struct edtf *value)
{
    const char *name = p->at;

    if (!is_clock_time(value->start_kind, &value->start) &&
        !(value->interval && is_clock_time(value->end_kind, &value->end)))
        return refuse(p, name - 1, "a zone needs a clock time: \"2019-06-30T10:30[Europe/Rome]\"");
    if (value->start.has_offset || value->end.has_offset)
        return refuse(p, name - 1, "a clock time has an offset or a zone, not both");
    int rc = take_zone(p, value->zone);
    if (rc)
        return rc;
    if (*p->at == '/')
        return refuse(p, p->at, "the zone stands once, at the end of the interval");
    if (*p->at)
        return refuse(p, p->at, "nothing follows the zone");
    return 0;
}

/* An end may lie within its start ("2019-06/2019"), so only one that is over before the start
 * begins is refused. Both are compared on the wall clock: zone rules change, and must not make a
 * stored value invalid. */
static int check_interval(struct parser *p, const struct edtf *value, const char *end_at)
{
    const struct edtf_date *start = &value->start;
    const struct edtf_date *end = &value->end;

    if (value->start_kind != EDTF_END_DATE && value->end_kind != EDTF_END_DATE)
        return refuse(p, p->text,
                      "an interval needs a date at one end at least: \"no date yet\" is no value");
    if (value->start_kind != EDTF_END_DATE || value->end_kind != EDTF_END_DATE)
        return 0;
    if (start->has_offset != end->has_offset)
        return refuse(p, end_at, "both ends have an offset or none has");
    int64_t start_s = edtf_bounds(start).start_s - start->offset_minutes * INT64_C(60);
    int64_t end_s = edtf_bounds(end).end_s - end->offset_minutes * INT64_C(60);
    if (end_s <= start_s)
        return refuse(p, end_at, "the end lies before the start");
    return 0;
}

static int parse_interval_end(struct parser *p, struct edtf *value)
{
    const char *end_at = p->at;
    int rc = parse_end(p, "[", &value->end_kind, &value->end);

    value->interval = true;
    if (!rc && value->end_kind == EDTF_END_OPEN && *p->at && *p->at != '[')
        rc = refuse(p, p->at, "nothing follows an open end");
    if (!rc && *p->at == '/')
        rc = refuse_here(p);
    if (!rc)
        rc = check_interval(p, value, end_at);
    return rc;
}

static int parse_value(struct parser *p, struct edtf *value)
{
    int rc = parse_end(p, "/", &value->start_kind, &value->start);

    if (rc)
        return rc;
    if (take(p, "/"))
        rc = parse_interval_end(p, value);
    else if (value->start_kind == EDTF_END_OPEN)
        rc = refuse(p, p->at, "an open start stands before a \"/\": \"../2019\"");
    if (!rc && take(p, "["))
        rc = parse_zone(p, value);
    return rc;
}

int edtf_parse(const char *text, struct edtf *ret_value, struct err *err)
{
    struct parser parser = {text, text, err};
    struct edtf value = {0};
    int rc;

    if (!*text)
        rc = refuse(&parser, text, "empty: \"no date yet\" is no value at all");
    else if (strlen(text) >= EDTF_TEXT_MAX)
        rc = refuse(&parser, text + EDTF_TEXT_MAX - 1, "a date has %d characters at most",
                    EDTF_TEXT_MAX - 1);
    else
        rc = parse_value(&parser, &value);
    if (!rc)
        *ret_value = value;
    return rc;
}

/* ---- text ---- */

/* Appends; the longest canonical text fits. */
static void put(char text[EDTF_TEXT_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(char text[EDTF_TEXT_MAX], const char *format, ...)
{
    size_t length = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + length, EDTF_TEXT_MAX - length, format, args);
    va_end(args);
}

static void put_day(char text[EDTF_TEXT_MAX], const struct edtf_date *date)
{
    if (date->precision == EDTF_CENTURY)
        put(text, "%02dXX", date->year / 100);
    else if (date->precision == EDTF_DECADE)
        put(text, "%03dX", date->year / 10);
    else
        put(text, "%04d", date->year);
    if (date->month_unspecified)
        put(text, "-XX");
    else if (date->month)
        put(text, "-%02d", date->month);
    if (date->day_unspecified)
        put(text, "-XX");
    else if (date->day)
        put(text, "-%02d", date->day);
}

static void put_offset(char text[EDTF_TEXT_MAX], int minutes)
{
    int size = minutes < 0 ? -minutes : minutes;

    if (minutes == 0)
        put(text, "Z");
    else
        put(text, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

static void put_date(char text[EDTF_TEXT_MAX], const struct edtf_date *date)
{
    put_day(text, date);
    if (date->precision >= EDTF_MINUTE)
        put(text, "T%02d:%02d", date->hour, date->minute);
    if (date->precision == EDTF_SECOND)
        put(text, ":%02d", date->second);
    if (date->has_offset)
        put_offset(text, date->offset_minutes);
    if (date->uncertain || date->approximate)
        put(text, "%c", !date->approximate ? '?' : date->uncertain ? '%' : '~');
}

static void put_end(char text[EDTF_TEXT_MAX], enum edtf_end kind, const struct edtf_date *date)
{
    if (kind == EDTF_END_DATE)
        put_date(text, date);
    else if (kind == EDTF_END_OPEN)
        put(text, "..");
}

void edtf_format(const struct edtf *value, char ret_text[EDTF_TEXT_MAX])
{
    ret_text[0] = '\0';
    put_end(ret_text, value->start_kind, &value->start);
    if (value->interval) {
        put(ret_text, "/");
        put_end(ret_text, value->end_kind, &value->end);
    }
    if (value->zone[0])
        put(ret_text, "[%s]", value->zone);
}

enum edtf_precision edtf_precision(const struct edtf *value)
{
    enum edtf_precision start = value->start.precision;
    enum edtf_precision end = value->end.precision;

    if (!value->interval || value->end_kind != EDTF_END_DATE)
        return start;
    if (value->start_kind != EDTF_END_DATE)
        return end;
    return start < end ? start : end;
}
