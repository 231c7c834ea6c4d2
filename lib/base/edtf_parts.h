/* What the files edtf*.c share. Not for callers of the library. */
#ifndef UCAP_BASE_EDTF_PARTS_H
#define UCAP_BASE_EDTF_PARTS_H

#include "base/edtf.h"

/* A season, quarter, third or half. first_month + months may run into the next year. */
struct edtf_sub_year {
    enum edtf_precision precision;
    int first_month;
    int months;
};

/* The row of a sub-year code (21-41); NULL for any other number. */
const struct edtf_sub_year *edtf_sub_year(int code);

int edtf_days_in_month(int year, int month);

/* "January" for 1. */
const char *edtf_month_name(int month);

/* A span of wall clock time, in seconds since 1970-01-01T00:00 on that clock. The end lies
 * outside. */
struct edtf_bounds {
    int64_t start_s;
    int64_t end_s;
};

/* What the date covers on its own wall clock: no zone and no offset is applied. */
struct edtf_bounds edtf_bounds(const struct edtf_date *date);

/* 0 for a zone of the tz database by its present name, "Area/Place" or "UTC". Else
 * -ERR_INVALID_ARGUMENT and a sentence with the name to write instead, where there is one. */
int edtf_zone_check(const char *zone, struct err *err);

#endif
