/* Dates that say no more than is known: EDTF (ISO 8601-2, Library of Congress) levels 0 and 1
 * within the years 1900 to 2200, the sub-year codes 21-41 of level 2, and, added by us, local times
 * to the minute with an IANA zone in brackets: "2018-10-06T10:30[Europe/Rome]". "No date yet" is no
 * value, never a made-up one. docs/dates.md has the whole profile. */
#ifndef UCAP_BASE_EDTF_H
#define UCAP_BASE_EDTF_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Coarser is smaller, so that precisions can be compared. */
enum edtf_precision {
    EDTF_CENTURY = 1, /* 20XX */
    EDTF_DECADE,      /* 201X */
    EDTF_YEAR,
    EDTF_HALF,    /* 40, 41 */
    EDTF_THIRD,   /* 37-39 */
    EDTF_SEASON,  /* 21-32 */
    EDTF_QUARTER, /* 33-36 */
    EDTF_MONTH,
    EDTF_DAY,
    EDTF_MINUTE,
    EDTF_SECOND
};

enum edtf_end { EDTF_END_DATE, EDTF_END_OPEN /* ".." */, EDTF_END_UNKNOWN /* empty */ };

/* One date, or one end of an interval. */
struct edtf_date {
    enum edtf_precision precision;
    int year;                                /* the first year for a decade or century */
    int month;                               /* 1-12, a sub-year code 21-41, or 0 */
    int day;                                 /* 1-31 or 0 */
    int hour, minute, second;                /* where precision is EDTF_MINUTE or finer */
    bool month_unspecified, day_unspecified; /* XX in that place */
    bool uncertain;                          /* ? or % */
    bool approximate;                        /* ~ or % */
    bool has_offset;                         /* Z or +hh:mm: no zone rules */
    int offset_minutes;
};

#define EDTF_TEXT_MAX 160 /* bytes of the longest canonical text with the terminating 0 */
#define EDTF_ZONE_MAX 64

/* A value. Plain data: copy it as you like, nothing to free. */
struct edtf {
    bool interval;
    enum edtf_end start_kind, end_kind; /* EDTF_END_DATE both, unless an interval says otherwise */
    struct edtf_date start;             /* the date itself when not an interval */
    struct edtf_date end;               /* of an interval */
    char zone[EDTF_ZONE_MAX];           /* IANA zone in brackets by its present name, or empty */
};

/* An instant span in microseconds since 1970-01-01T00:00:00Z. latest is the last microsecond
 * inside, never before earliest. An unknown end has no bound, as an open one. */
struct edtf_span {
    int64_t earliest_us; /* INT64_MIN: no bound */
    int64_t latest_us;   /* INT64_MAX: no bound */
    /* a local time (or a whole day) its zone does not have: moved by the length of the gap */
    bool gap;
    bool fold; /* a local time its zone has twice: earliest is the first, latest the second */
};

/* Parses text. -ERR_INVALID_ARGUMENT with a sentence that names the value, the position (from 1)
 * and the form expected: `date "2019-02-30": February 2019 has 28 days (position 9)`. */
int edtf_parse(const char *text, struct edtf *ret_value, struct err *err);

/* The canonical text; parsing it again gives the same value. */
void edtf_format(const struct edtf *value, char ret_text[EDTF_TEXT_MAX]);

/* The coarser precision of both ends. */
enum edtf_precision edtf_precision(const struct edtf *value);

/* Earliest and latest instant. `zone`: IANA zone used where the value has none of its own and no
 * offset; NULL: UTC. -ERR_INVALID_ARGUMENT when the zone is not known. */
int edtf_span(const struct edtf *value, const char *zone, struct edtf_span *ret_span,
              struct err *err);

/* Order: earliest instant; then the coarser precision first. The position as typed decides the
 * rest, by a stable sort. Spans are compared for zone `zone`; one not known counts as UTC. Returns
 * <0, 0, >0. */
int edtf_compare(const struct edtf *a, const struct edtf *b, const char *zone);

/* In words, in the language (BCP 47; English and Chinese are known, others and NULL get English):
 * "June 2019", "2019年6月", "9-15 June 2019" (with an en dash where typography wants one), "since
 * 2019", "December 2019 (day not known)". ret_text is malloc'ed and the caller's. */
int edtf_words(const struct edtf *value, const char *language, char **ret_text, struct err *err);

#endif
