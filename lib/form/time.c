/* google.protobuf.Timestamp as RFC 3339. */
#include "form/scalar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST_SECOND (-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND  253402300799   /* 9999-12-31T23:59:59Z */
#define NANOS        1000000000

#define WRONG_FORM "is not a time such as 2026-03-01T12:00:00Z (RFC 3339)"

/* Takes exactly `count` digits. */
static bool take_number(const char **at, int count, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    *ret_value = value;
    return true;
}

static bool take_character(const char **at, const char *allowed)
{
    if (**at == '\0' || !strchr(allowed, **at))
        return false;
    ++*at;
    return true;
}

/* ".5" and the like: 1 to 9 digits; nothing at all is 0. */
static bool take_fraction(const char **at, int32_t *ret_nanos)
{
    int32_t unit = NANOS;

    *ret_nanos = 0;
    if (!take_character(at, "."))
        return true;
    for (; **at >= '0' && **at <= '9' && unit > 1; ++*at) {
        unit /= 10;
        *ret_nanos += (**at - '0') * unit;
    }
    return unit < NANOS;
}

static bool take_offset(const char **at, int *ret_seconds)
{
    int hours, minutes;
    bool west = **at == '-';

    if (take_character(at, "Zz")) {
        *ret_seconds = 0;
        return true;
    }
    if (!take_character(at, "+-") || !take_number(at, 2, &hours) || !take_character(at, ":") ||
        !take_number(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool take_date_and_time(const char **at, struct tm *tm)
{
    return take_number(at, 4, &tm->tm_year) && take_character(at, "-") &&
           take_number(at, 2, &tm->tm_mon) && take_character(at, "-") &&
           take_number(at, 2, &tm->tm_mday) && take_character(at, "Tt") &&
           take_number(at, 2, &tm->tm_hour) && take_character(at, ":") &&
           take_number(at, 2, &tm->tm_min) && take_character(at, ":") &&
           take_number(at, 2, &tm->tm_sec);
}

static const char *check_fields(const struct tm *tm)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (tm->tm_year % 4 == 0 && tm->tm_year % 100 != 0) || tm->tm_year % 400 == 0;

    if (tm->tm_mon < 1 || tm->tm_mon > 12)
        return "has a month that is not 01 to 12";
    if (tm->tm_mday < 1 || tm->tm_mday > days[tm->tm_mon - 1] - (tm->tm_mon == 2 && !leap))
        return "has a day that its month does not have";
    if (tm->tm_sec == 60)
        return "is a leap second, which cannot be kept: write 59 seconds";
    if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 59)
        return "has a time of day that is not 00:00:00 to 23:59:59";
    return NULL;
}

const char *form_parse_time(const char *text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    struct tm tm = {0};
    int32_t nanos;
    int offset;

    if (!take_date_and_time(&text, &tm) || !take_fraction(&text, &nanos))
        return WRONG_FORM;
    if (*text == '\0')
        return "has no offset: end it with Z for UTC, or with one such as +02:00";
    if (!take_offset(&text, &offset) || *text != '\0')
        return WRONG_FORM;
    const char *problem = check_fields(&tm);
    if (problem)
        return problem;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t seconds = (int64_t)timegm(&tm) - offset;
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
        return "is out of range (0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z)";
    *ret_seconds = seconds;
    *ret_nanos = nanos;
    return NULL;
}

bool form_print_time(int64_t seconds, int32_t nanos, char ret_text[FORM_TIME_MAX])
{
    time_t time = seconds;
    char fraction[12] = "";
    struct tm tm;

    if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos >= NANOS)
        return false;
    gmtime_r(&time, &tm);
    if (nanos % 1000)
        snprintf(fraction, sizeof(fraction), ".%09d", (int)nanos);
    else if (nanos % 1000000)
        snprintf(fraction, sizeof(fraction), ".%06d", (int)nanos / 1000);
    else if (nanos)
        snprintf(fraction, sizeof(fraction), ".%03d", (int)nanos / 1000000);
    snprintf(ret_text, FORM_TIME_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
    return true;
}
