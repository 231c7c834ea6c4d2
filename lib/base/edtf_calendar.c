/* The calendar under EDTF: which days a year, a month or a part of the year covers. Pure arithmetic
 * of the Gregorian calendar; zones come later, in edtf_span.c. */
#include "base/edtf_parts.h"

#define SUB_YEAR_FIRST 21
#define SUB_YEAR_LAST  41
#define DAY_S          86400

/* Codes 21-41 of ISO 8601-2. Seasons are whole months, as meteorologists count them, so that a
 * winter begins in December and ends in the year after. */
static const struct edtf_sub_year sub_years[] = {
    {EDTF_SEASON, 3, 3},  {EDTF_SEASON, 6, 3},   /* 21, 22: spring, summer, in northern months */
    {EDTF_SEASON, 9, 3},  {EDTF_SEASON, 12, 3},  /* 23, 24: autumn, winter */
    {EDTF_SEASON, 3, 3},  {EDTF_SEASON, 6, 3},   /* 25, 26: the same, of the north by name */
    {EDTF_SEASON, 9, 3},  {EDTF_SEASON, 12, 3},  /* 27, 28 */
    {EDTF_SEASON, 9, 3},  {EDTF_SEASON, 12, 3},  /* 29, 30: spring, summer of the south */
    {EDTF_SEASON, 3, 3},  {EDTF_SEASON, 6, 3},   /* 31, 32: autumn, winter */
    {EDTF_QUARTER, 1, 3}, {EDTF_QUARTER, 4, 3},  /* 33, 34 */
    {EDTF_QUARTER, 7, 3}, {EDTF_QUARTER, 10, 3}, /* 35, 36 */
    {EDTF_THIRD, 1, 4},   {EDTF_THIRD, 5, 4},    /* 37, 38 */
    {EDTF_THIRD, 9, 4},                          /* 39 */
    {EDTF_HALF, 1, 6},    {EDTF_HALF, 7, 6},     /* 40, 41 */
};

static const char *const month_names[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};

const struct edtf_sub_year *edtf_sub_year(int code)
{
    if (code < SUB_YEAR_FIRST || code > SUB_YEAR_LAST)
        return 0;
    return &sub_years[code - SUB_YEAR_FIRST];
}

int edtf_days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

const char *edtf_month_name(int month)
{
    return month_names[month - 1];
}

/* Days from 1970-01-01 to the first of a month; the month may be above 12. Counted in years that
 * begin in March, so that the leap day is the last of its year. */
static int64_t days_to_month(int year, int month)
{
    int64_t months = (int64_t)year * 12 + month - 1 - 2;
    int64_t march_year = months / 12;
    int64_t march_month = months % 12;
    int64_t leap_days = march_year / 4 - march_year / 100 + march_year / 400;

    return march_year * 365 + leap_days + (march_month * 153 + 2) / 5 - 719468;
}

/* Months a date covers; 0 when it is a day or finer. */
static int months_covered(const struct edtf_date *date)
{
    const struct edtf_sub_year *part = edtf_sub_year(date->month);

    if (part)
        return part->months;
    switch (date->precision) {
    case EDTF_CENTURY:
        return 1200;
    case EDTF_DECADE:
        return 120;
    case EDTF_YEAR:
        return 12;
    case EDTF_MONTH:
        return 1;
    default:
        return 0;
    }
}

struct edtf_bounds edtf_bounds(const struct edtf_date *date)
{
    const struct edtf_sub_year *part = edtf_sub_year(date->month);
    int month = part ? part->first_month : date->month ? date->month : 1;
    int day = date->day ? date->day : 1;
    int months = months_covered(date);
    struct edtf_bounds bounds;

    bounds.start_s = (days_to_month(date->year, month) + day - 1) * DAY_S +
                     date->hour * INT64_C(3600) + date->minute * INT64_C(60) + date->second;
    if (months)
        bounds.end_s = days_to_month(date->year, month + months) * DAY_S;
    else if (date->precision == EDTF_DAY)
        bounds.end_s = bounds.start_s + DAY_S;
    else
        bounds.end_s = bounds.start_s + (date->precision == EDTF_MINUTE ? 60 : 1);
    return bounds;
}
