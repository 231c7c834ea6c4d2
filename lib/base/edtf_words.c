/* Dates in words. A language is a row of connecting words and a function that writes one day or
 * longer span; what both ends of an interval share is written once: "9–15 June 2019",
 * "2019年6月9日至15日". */
#include "base/edtf_parts.h"
#include "base/text_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/ustring.h>

#define PLACE_MAX      256
#define PART_FIRST     21 /* the first sub-year code */
#define PART_NORTHERN  25 /* 25-32 name a hemisphere */
#define PART_QUARTER_1 33 /* the first that is no season */

/* What the ends of an interval have in common, so that one of them leaves it out. Finer is greater.
 */
enum shared { SHARED_NOTHING, SHARED_YEAR, SHARED_MONTH, SHARED_DAY };

/* Words before and behind a date. */
struct frame {
    const char *before;
    const char *behind;
};

struct language {
    const char *tag; /* BCP 47, and a locale of ICU */
    void (*put_day)(FILE *out, const struct edtf_date *date, enum shared omitted);
    bool first_omits;          /* the first end leaves out what is shared, not the second */
    const char *before_clock;  /* between the day and the clock time */
    const char *between;       /* the two ends of an interval */
    const char *between_words; /* the same where both are single words or numbers */
    const char *about;
    struct frame open_end, open_start, unknown_end, unknown_start;
    struct frame note; /* brackets */
    const char *comma; /* between two notes */
    const char *year_unknown, *month_unknown, *month_day_unknown, *day_unknown, *uncertain;
    const char *place_time; /* behind the name of a city: the time of its zone */
};

/* Where a value is written to, and what all its parts need. */
struct writer {
    FILE *out;
    const struct language *language;
    char place[PLACE_MAX]; /* the zone of the value in words, or empty */
};

/* ---- one day or longer ---- */

static void put_english_part(FILE *out, int code)
{
    static const char *const names[] = {
        "spring",          "summer",          "autumn",          "winter",
        "northern spring", "northern summer", "northern autumn", "northern winter",
        "southern spring", "southern summer", "southern autumn", "southern winter",
        "first quarter",   "second quarter",  "third quarter",   "fourth quarter",
        "first third",     "second third",    "last third",      "first half",
        "second half",
    };

    fputs(names[code - PART_FIRST], out);
}

static void put_english(FILE *out, const struct edtf_date *date, enum shared omitted)
{
    const char *before_year = date->month >= PART_QUARTER_1 ? " of " : " ";

    if (date->precision == EDTF_CENTURY) {
        fprintf(out, "%d–%d", date->year, date->year + 99);
    } else if (date->precision <= EDTF_YEAR) {
        fprintf(out, "%d%s", date->year, date->precision == EDTF_DECADE ? "s" : "");
    } else {
        if (date->day)
            fprintf(out, "%d", date->day);
        if (date->day && omitted < SHARED_MONTH)
            fputc(' ', out);
        if (edtf_sub_year(date->month))
            put_english_part(out, date->month);
        else if (omitted < SHARED_MONTH)
            fputs(edtf_month_name(date->month), out);
        if (omitted < SHARED_YEAR)
            fprintf(out, "%s%d", before_year, date->year);
    }
}

static void put_chinese_part(FILE *out, int code)
{
    static const char *const names[] = {
        "春季",       "夏季",       "秋季",       "冬季",       "北半球春季", "北半球夏季",
        "北半球秋季", "北半球冬季", "南半球春季", "南半球夏季", "南半球秋季", "南半球冬季",
        "第一季度",   "第二季度",   "第三季度",   "第四季度",   "前四个月",   "中间四个月",
        "最后四个月", "上半年",     "下半年",
    };

    fputs(names[code - PART_FIRST], out);
}

static void put_chinese(FILE *out, const struct edtf_date *date, enum shared omitted)
{
    if (date->precision == EDTF_CENTURY)
        fprintf(out, "%d–%d年", date->year, date->year + 99);
    else if (date->precision == EDTF_DECADE)
        fprintf(out, "%d年代", date->year);
    else if (omitted < SHARED_YEAR)
        fprintf(out, "%d年", date->year);
    if (edtf_sub_year(date->month))
        put_chinese_part(out, date->month);
    else if (date->month && omitted < SHARED_MONTH)
        fprintf(out, "%d月", date->month);
    if (date->day)
        fprintf(out, "%d日", date->day);
}

/* ---- languages ---- */

/* The first is for all languages that have no row. */
static const struct language languages[] = {
    {
        .tag = "en",
        .put_day = put_english,
        .first_omits = true,
        .before_clock = ", ",
        .between = " – ",
        .between_words = "–",
        .about = "about ",
        .open_end = {"since ", ""},
        .open_start = {"until ", ""},
        .unknown_end = {"from ", ", end not known"},
        .unknown_start = {"until ", ", start not known"},
        .note = {" (", ")"},
        .comma = ", ",
        .year_unknown = "year not known",
        .month_unknown = "month not known",
        .month_day_unknown = "month and day not known",
        .day_unknown = "day not known",
        .uncertain = "uncertain",
        .place_time = " time",
    },
    {
        .tag = "zh",
        .put_day = put_chinese,
        .first_omits = false,
        .before_clock = "",
        .between = "至",
        .between_words = "至",
        .about = "约",
        .open_end = {"", "起"},
        .open_start = {"截至", ""},
        .unknown_end = {"", "起，结束日期不详"},
        .unknown_start = {"截至", "，开始日期不详"},
        .note = {"（", "）"},
        .comma = "，",
        .year_unknown = "年份不详",
        .month_unknown = "月份不详",
        .month_day_unknown = "月日不详",
        .day_unknown = "日期不详",
        .uncertain = "不确定",
        .place_time = "时间",
    },
};

/* By the first subtag: "zh-Hans-CN" is "zh". */
static const struct language *language_find(const char *tag)
{
    for (size_t i = 0; tag && i < sizeof(languages) / sizeof(languages[0]); i++)
        if (strncasecmp(tag, languages[i].tag, 2) == 0 && (!tag[2] || tag[2] == '-'))
            return &languages[i];
    return &languages[0];
}

/* ---- zones ---- */

/* The city of a zone in the language, by CLDR: "Rome", "罗马". */
static int zone_city(const char *zone, const char *locale, char ret_city[PLACE_MAX],
                     struct err *err)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[EDTF_ZONE_MAX];
    UChar city[PLACE_MAX];

    u_strFromUTF8(wide, EDTF_ZONE_MAX, NULL, zone, -1, &status);
    UDateFormat *format =
        udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, wide, -1, u"VVV", -1, &status);
    udat_format(format, 0, city, PLACE_MAX, NULL, &status);
    udat_close(format);
    u_strToUTF8(ret_city, PLACE_MAX, NULL, city, -1, &status);
    return U_FAILURE(status) ? text_icu_failed(err, "name the city of a time zone", status) : 0;
}

/* "Rome time"; a zone without a city stays its name. */
static int zone_place(const char *zone, const struct language *language, char ret_place[PLACE_MAX],
                      struct err *err)
{
    char city[PLACE_MAX];

    if (!strchr(zone, '/') || strncmp(zone, "Etc/", 4) == 0) {
        snprintf(ret_place, PLACE_MAX, "%s", zone);
        return 0;
    }
    int rc = zone_city(zone, language->tag, city, err);
    if (!rc && snprintf(ret_place, PLACE_MAX, "%s%s", city, language->place_time) >= PLACE_MAX)
        rc = err_set(err, ERR_INTERNAL, "the name of time zone \"%s\" is too long", zone);
    return rc;
}

static void put_offset(const struct writer *w, const struct edtf_date *date)
{
    int size = date->offset_minutes < 0 ? -date->offset_minutes : date->offset_minutes;

    if (!date->has_offset)
        return;
    fprintf(w->out, "%sUTC", w->language->note.before);
    if (size)
        fprintf(w->out, "%c%02d:%02d", date->offset_minutes < 0 ? '-' : '+', size / 60, size % 60);
    fputs(w->language->note.behind, w->out);
}

/* The zone of the value, or the offset of its last date. */
static void put_place(const struct writer *w, const struct edtf_date *date)
{
    if (w->place[0])
        fprintf(w->out, "%s%s%s", w->language->note.before, w->place, w->language->note.behind);
    else
        put_offset(w, date);
}

/* ---- one date ---- */

static const char *unknown_part(const struct language *language, const struct edtf_date *date)
{
    if (date->precision == EDTF_CENTURY)
        return language->year_unknown;
    if (date->month_unspecified)
        return date->day_unspecified ? language->month_day_unknown : language->month_unknown;
    return date->day_unspecified ? language->day_unknown : NULL;
}

static bool has_note(const struct edtf_date *date)
{
    return date->uncertain || unknown_part(&languages[0], date);
}

static void put_notes(const struct writer *w, const struct edtf_date *date)
{
    const char *unknown = unknown_part(w->language, date);

    if (!has_note(date))
        return;
    fprintf(w->out, "%s%s%s%s%s", w->language->note.before, unknown ? unknown : "",
            unknown && date->uncertain ? w->language->comma : "",
            date->uncertain ? w->language->uncertain : "", w->language->note.behind);
}

static void put_date(const struct writer *w, const struct edtf_date *date, enum shared omitted)
{
    if (date->approximate)
        fputs(w->language->about, w->out);
    if (omitted < SHARED_DAY)
        w->language->put_day(w->out, date, omitted);
    if (date->precision >= EDTF_MINUTE) {
        fprintf(w->out, "%s%02d:%02d", omitted < SHARED_DAY ? w->language->before_clock : "",
                date->hour, date->minute);
        if (date->precision == EDTF_SECOND)
            fprintf(w->out, ":%02d", date->second);
    }
    put_notes(w, date);
}

/* ---- intervals ---- */

static bool is_plain(const struct edtf_date *date)
{
    return !has_note(date) && !date->approximate;
}

static enum shared shared_by(const struct edtf_date *a, const struct edtf_date *b)
{
    bool clock_a = a->precision >= EDTF_MINUTE;
    bool clock_b = b->precision >= EDTF_MINUTE;
    bool same_month = a->day && b->day && a->month == b->month;

    if (a->year != b->year || !a->month || !b->month || !is_plain(a) || !is_plain(b))
        return SHARED_NOTHING;
    if (clock_a && clock_b && same_month && a->day == b->day &&
        a->offset_minutes == b->offset_minutes)
        return SHARED_DAY;
    if (clock_a || clock_b)
        return SHARED_NOTHING;
    return same_month ? SHARED_MONTH : SHARED_YEAR;
}

/* Years, months and seasons that are one word: joined by a dash without spaces. */
static bool is_word(const struct edtf_date *date)
{
    return is_plain(date) && !date->day && date->month < PART_NORTHERN;
}

static bool joins_words(const struct edtf_date *a, const struct edtf_date *b, enum shared shared)
{
    if (shared >= SHARED_MONTH)
        return true;
    return is_word(a) && is_word(b) && (shared == SHARED_YEAR || (!a->month && !b->month));
}

static bool is_same(const struct edtf_date *a, const struct edtf_date *b)
{
    struct edtf_bounds bounds_a = edtf_bounds(a);
    struct edtf_bounds bounds_b = edtf_bounds(b);

    return is_plain(a) && is_plain(b) && a->precision == b->precision && a->month == b->month &&
           bounds_a.start_s == bounds_b.start_s && bounds_a.end_s == bounds_b.end_s &&
           a->offset_minutes == b->offset_minutes;
}

static void put_closed(const struct writer *w, const struct edtf *value)
{
    enum shared shared = shared_by(&value->start, &value->end);
    bool first = w->language->first_omits && shared != SHARED_DAY;

    if (!is_same(&value->start, &value->end)) {
        put_date(w, &value->start, first ? shared : SHARED_NOTHING);
        if (value->start.offset_minutes != value->end.offset_minutes)
            put_offset(w, &value->start);
        fputs(joins_words(&value->start, &value->end, shared) ? w->language->between_words
                                                              : w->language->between,
              w->out);
        put_date(w, &value->end, first ? SHARED_NOTHING : shared);
    } else {
        put_date(w, &value->end, SHARED_NOTHING);
    }
    put_place(w, &value->end);
}

static void put_framed(const struct writer *w, struct frame frame, const struct edtf_date *date)
{
    fputs(frame.before, w->out);
    put_date(w, date, SHARED_NOTHING);
    put_place(w, date);
    fputs(frame.behind, w->out);
}

static void put_value(const struct writer *w, const struct edtf *value)
{
    const struct language *language = w->language;

    if (!value->interval)
        put_framed(w, (struct frame){"", ""}, &value->start);
    else if (value->end_kind == EDTF_END_OPEN)
        put_framed(w, language->open_end, &value->start);
    else if (value->end_kind == EDTF_END_UNKNOWN)
        put_framed(w, language->unknown_end, &value->start);
    else if (value->start_kind == EDTF_END_OPEN)
        put_framed(w, language->open_start, &value->end);
    else if (value->start_kind == EDTF_END_UNKNOWN)
        put_framed(w, language->unknown_start, &value->end);
    else
        put_closed(w, value);
}

int edtf_words(const struct edtf *value, const char *language, char **ret_text, struct err *err)
{
    struct writer writer = {.language = language_find(language)};
    char *text = NULL;
    size_t size = 0;
    int rc = 0;

    if (value->zone[0])
        rc = zone_place(value->zone, writer.language, writer.place, err);
    if (rc)
        return rc;
    writer.out = open_memstream(&text, &size);
    if (!writer.out)
        return err_nomem(err);
    put_value(&writer, value);
    bool failed = ferror(writer.out);
    if (fclose(writer.out) != 0 || failed) {
        free(text);
        return err_nomem(err);
    }
    *ret_text = text;
    return 0;
}
