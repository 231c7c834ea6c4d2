/* Values of messages in words for a person. Texts returned are malloc'ed; NULL when out of memory,
 * or where said. */
#ifndef UCAP_CLI_WORDS_H
#define UCAP_CLI_WORDS_H

#include "command.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <ucap/v1/common.pb-c.h>

/* The text in the first wanted language there is ("zh" is satisfied by "zh-Hans"), else the first;
 * NULL: no text. */
const char *words_local(const struct run *run, Ucap__V1__LocalText *const *texts, size_t count);

/* The figure of a kind to show: the preferred one, else the first; NULL: not known. */
const Ucap__V1__Figure *words_figure_of(Ucap__V1__Figure *const *figures, size_t count,
                                        const char *kind);

/* "1,620,809", "over 70", "100 to 120", "101.3 km2": the value alone. */
char *words_value(const struct run *run, const Ucap__V1__Figure *figure);
/* The same with what else is known: printed words, territory, as of, sources. */
char *words_figure(const struct run *run, const Ucap__V1__Figure *figure);

/* An EDTF date or interval in words; the text itself where it is none. NULL for an empty one. */
char *words_date(const struct run *run, const char *edtf);

/* "2026-03-01 12:00:00 UTC"; NULL when there is none. */
char *words_time(const Google__Protobuf__Timestamp *time);

/* "en, zh-Hans"; NULL where there is none. */
char *words_list(char *const *items, size_t count);

char *words_count(const struct run *run, uint64_t count); /* "1,203" */
char *words_duration(uint64_t seconds);                   /* "5 h 12 min" */
char *words_latency(uint64_t microseconds);               /* "850 µs", "1.2 ms", "2.50 s" */

#endif
