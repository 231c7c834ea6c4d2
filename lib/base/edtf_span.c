/* From dates on a wall clock to instants, by the zone rules of ICU; and the order of dates.
 *
 * Where a zone changes its offset the clock skips a part of the day (gap) or shows it twice (fold).
 * ICU gives the offset before the change (former) and after it (latter) for such times, and one and
 * the same for all others. */
#include "base/edtf_parts.h"
#include "base/text_parts.h"

#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define S_US  1000000
#define S_MS  1000
#define MS_US 1000

struct offsets {
    int64_t former_us;
    int64_t latter_us;
};

/* ICU takes a zone it does not know for GMT and names it Etc/Unknown. */
static int calendar_open(const char *zone, UCalendar **ret_calendar, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[EDTF_ZONE_MAX];
    UChar found[EDTF_ZONE_MAX];

    u_strFromUTF8(wide, EDTF_ZONE_MAX, 0, zone, -1, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        return err_set(err, ERR_INVALID_ARGUMENT, "time zone \"%.64s\" is not known", zone);
    UCalendar *calendar = ucal_open(wide, -1, "en", UCAL_GREGORIAN, &status);
    ucal_getTimeZoneID(calendar, found, EDTF_ZONE_MAX, &status);
    if (U_FAILURE(status)) {
        ucal_close(calendar);
        return text_icu_failed(err, "open the calendar of a zone", status);
    }
    if (u_strcmp(found, u"" UCAL_UNKNOWN_ZONE_ID) == 0) {
        ucal_close(calendar);
        return err_set(err, ERR_INVALID_ARGUMENT, "time zone \"%s\" is not known", zone);
    }
    *ret_calendar = calendar;
    return 0;
}

static int offset_at(UCalendar *calendar, UTimeZoneLocalOption side, int64_t *ret_us,
                     struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t raw = 0;
    int32_t saving = 0;

    ucal_getTimeZoneOffsetFromLocal(calendar, side, side, &raw, &saving, &status);
    if (U_FAILURE(status))
        return text_icu_failed(err, "ask the offset of a zone", status);
    *ret_us = ((int64_t)raw + saving) * MS_US;
    return 0;
}

/* former < latter: the time lies in a gap; former > latter: in a fold. */
static int offsets_at(UCalendar *calendar, int64_t local_s, struct offsets *ret_offsets,
                      struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    struct offsets offsets = {0};

    ucal_setMillis(calendar, (double)(local_s * S_MS), &status);
    if (U_FAILURE(status))
        return text_icu_failed(err, "set the calendar of a zone", status);
    int rc = offset_at(calendar, UCAL_TZ_LOCAL_FORMER, &offsets.former_us, err);
    if (!rc)
        rc = offset_at(calendar, UCAL_TZ_LOCAL_LATTER, &offsets.latter_us, err);
    if (!rc)
        *ret_offsets = offsets;
    return rc;
}

/* The last change of offset at or before an instant. */
static int change_before(UCalendar *calendar, int64_t instant_us, int64_t *ret_us, struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    UDate change = 0;
    int64_t instant_ms = instant_us / MS_US;

    ucal_setMillis(calendar, (double)instant_ms, &status);
    if (!ucal_getTimeZoneTransitionDate(calendar, UCAL_TZ_TRANSITION_PREVIOUS_INCLUSIVE, &change,
                                        &status) ||
        U_FAILURE(status))
        return text_icu_failed(err, "find the change of a zone", status);
    *ret_us = (int64_t)change * MS_US;
    return 0;
}

/* The instant at which a day begins, or (is_end) the one before it ends. A midnight in a gap is the
 * change itself; one that comes twice begins its day the first time and ends the day before the
 * second time. */
static int midnight_instant(UCalendar *calendar, int64_t local_s, bool is_end, int64_t *ret_us,
                            struct err *err)
{
    struct offsets offsets = {0};
    int64_t local_us = local_s * S_US;
    int rc = offsets_at(calendar, local_s, &offsets, err);

    if (rc)
        return rc;
    if (offsets.former_us < offsets.latter_us)
        return change_before(calendar, local_us - offsets.former_us, ret_us, err);
    *ret_us = local_us - (is_end ? offsets.latter_us : offsets.former_us);
    return 0;
}

static int days_span(UCalendar *calendar, struct edtf_bounds bounds, struct edtf_span *ret_span,
                     struct err *err)
{
    struct edtf_span span = {0};
    int64_t end_us = 0;
    int rc = midnight_instant(calendar, bounds.start_s, false, &span.earliest_us, err);

    if (!rc)
        rc = midnight_instant(calendar, bounds.end_s, true, &end_us, err);
    if (rc)
        return rc;
    /* Samoa has no 30 December 2011: a day that falls into a gap whole is moved like a time. */
    if (end_us <= span.earliest_us) {
        span.gap = true;
        end_us = span.earliest_us + (bounds.end_s - bounds.start_s) * S_US;
    }
    span.latest_us = end_us - 1;
    *ret_span = span;
    return 0;
}

static int clock_span(UCalendar *calendar, struct edtf_bounds bounds, struct edtf_span *ret_span,
                      struct err *err)
{
    struct offsets offsets = {0};
    int rc = offsets_at(calendar, bounds.start_s, &offsets, err);

    if (rc)
        return rc;
    bool fold = offsets.former_us > offsets.latter_us;
    *ret_span = (struct edtf_span){
        .earliest_us = bounds.start_s * S_US - offsets.former_us,
        .latest_us = bounds.end_s * S_US - (fold ? offsets.latter_us : offsets.former_us) - 1,
        .gap = offsets.former_us < offsets.latter_us,
        .fold = fold,
    };
    return 0;
}

/* calendar NULL: UTC. */
static int date_span(UCalendar *calendar, const struct edtf_date *date, struct edtf_span *ret_span,
                     struct err *err)
{
    struct edtf_bounds bounds = edtf_bounds(date);

    if (calendar && !date->has_offset && date->precision >= EDTF_MINUTE)
        return clock_span(calendar, bounds, ret_span, err);
    if (calendar && !date->has_offset)
        return days_span(calendar, bounds, ret_span, err);
    int64_t offset_s = date->has_offset ? date->offset_minutes * 60 : 0;
    *ret_span = (struct edtf_span){
        .earliest_us = (bounds.start_s - offset_s) * S_US,
        .latest_us = (bounds.end_s - offset_s) * S_US - 1,
    };
    return 0;
}

static int interval_span(UCalendar *calendar, const struct edtf *value, struct edtf_span *ret_span,
                         struct err *err)
{
    struct edtf_span start = {INT64_MIN, INT64_MIN, false, false};
    struct edtf_span end = {INT64_MAX, INT64_MAX, false, false};
    int rc = 0;

    if (value->start_kind == EDTF_END_DATE)
        rc = date_span(calendar, &value->start, &start, err);
    if (!rc && value->end_kind == EDTF_END_DATE)
        rc = date_span(calendar, &value->end, &end, err);
    if (rc)
        return rc;
    /* A start moved out of a gap can pass an end that stands just behind the gap. */
    bool passed = start.gap && end.latest_us < start.earliest_us;
    *ret_span = (struct edtf_span){
        .earliest_us = start.earliest_us,
        .latest_us = passed ? start.latest_us : end.latest_us,
        .gap = start.gap || end.gap,
        .fold = start.fold || end.fold,
    };
    return 0;
}

int edtf_span(const struct edtf *value, const char *zone, struct edtf_span *ret_span,
              struct err *err)
{
    UCalendar *calendar = NULL;
    const char *name = value->zone[0] ? value->zone : zone;
    int rc = 0;

    if (name && strcmp(name, "UTC") != 0)
        rc = calendar_open(name, &calendar, err);
    if (!rc && value->interval)
        rc = interval_span(calendar, value, ret_span, err);
    else if (!rc)
        rc = date_span(calendar, &value->start, ret_span, err);
    ucal_close(calendar);
    return rc;
}

/* A comparison cannot fail: a zone that is not known counts as UTC. */
static struct edtf_span span_or_utc(const struct edtf *value, const char *zone)
{
    struct edtf_span span = {0};

    if (edtf_span(value, zone, &span, NULL))
        edtf_span(value, NULL, &span, NULL);
    return span;
}

int edtf_compare(const struct edtf *a, const struct edtf *b, const char *zone)
{
    int64_t a_us = span_or_utc(a, zone).earliest_us;
    int64_t b_us = span_or_utc(b, zone).earliest_us;

    if (a_us != b_us)
        return a_us < b_us ? -1 : 1;
    return (int)edtf_precision(a) - (int)edtf_precision(b);
}
