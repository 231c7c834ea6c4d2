/* Codes of public lists: which are valid, what they are called, and what was meant by one that is
 * not.
 *
 * The lists are read when the program is built and are constants in it: countries, subdivisions and
 * currencies of Debian's package iso-codes (ISO 3166-1, 3166-2, 4217) with its translations, and
 * the files of lib/base/data (names of subdivisions that people use, the Sustainable Development
 * Goals, the themes of the Urban Agenda for the EU). No function keeps anything; all may be called
 * by any thread. Strings returned are static. Codes and languages given are of any length and
 * content.
 *
 * A check returns 0, or -ERR_INVALID_ARGUMENT with a sentence that has the value and, where one is
 * near, the code that was probably meant: nearest is a code with a letter wrong, or the code of a
 * name, of any language exactly or of English nearly.
 *
 * A name is given in the language of a BCP 47 tag, or else in English; NULL and what is no tag mean
 * English. "zh", "zh-Hans" and "zh-CN" are the same; "zh-Hant" and "zh-TW" are traditional, and
 * simplified where there is no traditional name. NULL is returned for a code that is not valid. */
#ifndef UCAP_BASE_CODES_H
#define UCAP_BASE_CODES_H

#include "base/err.h"

#include <stddef.h>

/* Countries: ISO 3166-1 alpha-2, such as "ES". Names in all languages of iso-codes, by the common
 * name where there is one ("Bolivia", not "Bolivia, Plurinational State of"). */
int codes_country_check(const char *code, struct err *err);
const char *codes_country_name(const char *code, const char *language);

/* Subdivisions of all levels: ISO 3166-2, such as "ES-CT". `country` is the valid code of the
 * country it must lie in, or "" for any. Names in English, simplified and traditional Chinese;
 * where people use no other, the official name of the place. */
int codes_subdivision_check(const char *code, const char *country, struct err *err);
const char *codes_subdivision_name(const char *code, const char *language);

/* Currencies: ISO 4217, such as "EUR". Names in English and Chinese. */
int codes_currency_check(const char *code, struct err *err);
const char *codes_currency_name(const char *code, const char *language);

/* Sustainable Development Goals, "1" to "17", and their 169 targets, such as "11.2" and "11.a".
 * Goals have names in English and simplified Chinese, targets have none. */
int codes_goal_check(const char *goal, struct err *err);
int codes_target_check(const char *target, struct err *err);
const char *codes_goal_name(const char *goal, const char *language);

/* Themes of the Urban Agenda for the EU, such as "air-quality". Found by code, or by a name or an
 * alias in any case; the canonical code and the year in which the theme was agreed are returned
 * (each may be NULL: not wanted). */
int codes_agenda_find(const char *theme, const char **ret_code, int *ret_since, struct err *err);
const char *codes_agenda_name(const char *code, const char *language);

#endif
