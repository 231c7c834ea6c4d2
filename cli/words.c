/* Figures, dates and times as a person reads them. */
#include "words.h"

#include "base/edtf.h"
#include "base/text.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "zh" wants "zh-Hans" as well; "zh-Hans" is content with "zh". */
static bool language_fits(const char *wanted, const char *tag)
{
    size_t a = strcspn(wanted, "-");
    size_t b = strcspn(tag, "-");

    if (strcasecmp(wanted, tag) == 0)
        return true;
    return a == b && strncasecmp(wanted, tag, a) == 0 && (!wanted[a] || !tag[b]);
}

const char *words_local(const struct run *run, Ucap__V1__LocalText *const *texts, size_t count)
{
    for (size_t w = 0; run->languages && run->languages[w]; w++)
        for (size_t i = 0; i < count; i++)
            if (language_fits(run->languages[w], texts[i]->language))
                return texts[i]->text;
    return count > 0 ? texts[0]->text : NULL;
}

const Ucap__V1__Figure *words_figure_of(Ucap__V1__Figure *const *figures, size_t count,
                                        const char *kind)
{
    const Ucap__V1__Figure *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(figures[i]->kind, kind) != 0)
            continue;
        if (figures[i]->preferred)
            return figures[i];
        if (!first)
            first = figures[i];
    }
    return first;
}

/* ---- figures ---- */

/* A decimal grouped as the language does it; as it is where it is none. */
static char *number(const struct run *run, const char *decimal)
{
    char *grouped;

    return text_number(decimal, run_language(run), &grouped, NULL) == 0 ? grouped : strdup(decimal);
}

static const char *qualifier(const Ucap__V1__Figure *figure)
{
    switch (figure->qualifier) {
    case UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_ABOUT:
        return "about ";
    case UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_OVER:
        return "over ";
    case UCAP__V1__FIGURE__QUALIFIER__QUALIFIER_UNDER:
        return "under ";
    default:
        return "";
    }
}

static void put_number(FILE *out, const struct run *run, const char *before, const char *decimal)
{
    char *grouped = number(run, decimal);

    fprintf(out, "%s%s", before, grouped ? grouped : decimal);
    free(grouped);
}

static void put_value(FILE *out, const struct run *run, const Ucap__V1__Figure *figure)
{
    if (figure->value[0]) {
        put_number(out, run, qualifier(figure), figure->value);
    } else if (figure->lower[0] && figure->upper[0]) {
        put_number(out, run, "", figure->lower);
        put_number(out, run, " to ", figure->upper);
    } else if (figure->lower[0]) {
        put_number(out, run, "at least ", figure->lower);
    } else if (figure->upper[0]) {
        put_number(out, run, "at most ", figure->upper);
    } else {
        fputs(OUTPUT_UNKNOWN, out);
    }
    if (figure->unit[0])
        fprintf(out, " %s", figure->unit);
}

static void put_source(FILE *out, const struct run *run, const Ucap__V1__Source *source)
{
    char *date = words_date(run, source->date);

    fprintf(out, "; source: %s", source->title[0] ? source->title : source->link);
    if (source->title[0] && source->link[0])
        fprintf(out, " <%s>", source->link);
    if (date)
        fprintf(out, " (%s)", date);
    if (source->says[0])
        fprintf(out, ", which says: %s", source->says);
    free(date);
}

/* What a stream into memory holds; NULL when memory ran out on the way. */
static char *finish(FILE *out, char **text)
{
    bool bad = ferror(out);

    if (fclose(out) == 0 && !bad)
        return *text;
    free(*text);
    return NULL;
}

char *words_value(const struct run *run, const Ucap__V1__Figure *figure)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    put_value(out, run, figure);
    return finish(out, &text);
}

char *words_figure(const struct run *run, const Ucap__V1__Figure *figure)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    char *as_of = words_date(run, figure->as_of);

    if (out) {
        put_value(out, run, figure);
        if (figure->words[0])
            fprintf(out, " (\"%s\")", figure->words);
        if (figure->territory[0])
            fprintf(out, "; counted for %s", figure->territory);
        if (as_of)
            fprintf(out, "; as of %s", as_of);
        for (size_t i = 0; i < figure->n_sources; i++)
            put_source(out, run, figure->sources[i]);
        text = finish(out, &text);
    }
    free(as_of);
    return text;
}

/* ---- dates and times ---- */

char *words_date(const struct run *run, const char *edtf)
{
    struct edtf value;
    char *words;

    if (!edtf[0])
        return NULL;
    if (edtf_parse(edtf, &value, NULL) < 0 ||
        edtf_words(&value, run_language(run), &words, NULL) < 0)
        return strdup(edtf);
    return words;
}

char *words_time(const Google__Protobuf__Timestamp *time)
{
    char text[64];
    struct tm utc;

    if (!time)
        return NULL;
    time_t seconds = (time_t)time->seconds;
    if (!gmtime_r(&seconds, &utc) || strftime(text, sizeof(text), "%F %T UTC", &utc) == 0)
        return NULL;
    return strdup(text);
}

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *pattern, ...)
{
    char *text;
    va_list args;

    va_start(args, pattern);
    int size = vasprintf(&text, pattern, args);
    va_end(args);
    return size < 0 ? NULL : text;
}

char *words_count(const struct run *run, uint64_t count)
{
    char decimal[24];

    snprintf(decimal, sizeof(decimal), "%llu", (unsigned long long)count);
    return number(run, decimal);
}

char *words_duration(uint64_t seconds)
{
    static const struct {
        uint64_t seconds;
        const char *name, *part_name;
        uint64_t part;
    } units[] = {
        {86400, "d", "h", 3600},
        {3600, "h", "min", 60},
        {60, "min", "s", 1},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (seconds >= units[i].seconds)
            return format("%llu %s %llu %s", (unsigned long long)(seconds / units[i].seconds),
                          units[i].name,
                          (unsigned long long)(seconds % units[i].seconds / units[i].part),
                          units[i].part_name);
    return format("%llu s", (unsigned long long)seconds);
}

char *words_latency(uint64_t microseconds)
{
    if (microseconds < 1000)
        return format("%llu \u00b5s", (unsigned long long)microseconds);
    if (microseconds < 1000000)
        return format("%.1f ms", (double)microseconds / 1e3);
    return format("%.2f s", (double)microseconds / 1e6);
}

char *words_list(char *const *items, size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *out = count > 0 ? open_memstream(&text, &size) : NULL;

    if (!out)
        return NULL;
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i ? ", " : "", items[i]);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
