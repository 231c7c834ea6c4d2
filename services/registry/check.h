/* Checks that kinds of records share. Each adds what is wrong to `violations`, with the path of the
 * place. Pure. */
#ifndef UCAP_REGISTRY_CHECK_H
#define UCAP_REGISTRY_CHECK_H

#include "base/findings.h"

#include <stdbool.h>
#include <ucap/v1/common.pb-c.h>

void check_slug(const char *path, const char *slug, struct findings *violations);

/* Why a record was changed: 10,000 characters at most. */
void check_reason(const char *reason, struct findings *violations);

/* One text per language, 1 to 10,000 characters each, known languages. */
void check_texts(const char *path, Ucap__V1__LocalText *const *texts, size_t count, bool required,
                 struct findings *violations);

/* The same, where a language may have several. */
void check_aliases(const char *path, Ucap__V1__LocalText *const *texts, size_t count,
                   struct findings *violations);

void check_language(const char *path, const char *tag, struct findings *violations);
void check_languages(const char *path, char *const *tags, size_t count,
                     struct findings *violations); /* each once */
/* A country of ISO 3166-1; true when it is one. */
bool check_country(const char *path, const char *code, struct findings *violations);
/* A subdivision of ISO 3166-2 in `country` (or "": in any), or empty. */
void check_subdivision(const char *path, const char *code, const char *country,
                       struct findings *violations);
void check_zone(const char *path, const char *zone, struct findings *violations); /* or empty */
void check_date(const char *path, const char *date, struct findings *violations); /* or empty */
void check_sources(const char *path, Ucap__V1__Source *const *sources, size_t count,
                   struct findings *violations);
/* A figure without source is a warning. */
void check_figures(const char *path, Ucap__V1__Figure *const *figures, size_t count,
                   struct findings *violations, struct findings *warnings);

#endif
