/* Inside the codes: the tables, which lib/base/generate writes while building, and what all lists
 * have in common. Not for other libraries. */
#ifndef UCAP_BASE_CODES_PARTS_H
#define UCAP_BASE_CODES_PARTS_H

#include <stddef.h>
#include <stdint.h>

/* All texts, each with a 0 behind it. Tables hold offsets instead of pointers: half the size, and
 * pages that all processes share since no loader writes to them. At 0 stands "": none. */
extern const char codes_text[];

/* What the codes of a list are called in one language. A private tag ("x-alpha-3", "x-alias-1")
 * has what else is said for a code: a guess knows it, nobody is shown it. */
struct codes_names {
    const char *language;
    const uint32_t *at; /* one per code */
};

struct codes_list {
    size_t count;
    const uint32_t *codes;      /* in the order of strcmp */
    const unsigned char *ranks; /* of codes equally near to a text, the lowest is guessed */
    size_t languages;
    const struct codes_names *names; /* by language, in the order of strcmp */
};

extern const struct codes_list codes_countries, codes_subdivisions, codes_currencies, codes_goals,
    codes_agenda;

/* Of each goal, in the order of codes_goals: its targets are numbered from 1, then lettered from
 * "a". */
struct codes_targets {
    unsigned char numbers, letters;
};
extern const struct codes_targets codes_targets[];

extern const unsigned short codes_agenda_since[]; /* years, in the order of codes_agenda */

/* Codes of a list that may be meant: those from begin up to end. */
struct codes_range {
    const struct codes_list *list;
    size_t begin, end;
};

#define CODES_NONE ((size_t)-1)

struct codes_range codes_all(const struct codes_list *list);
/* Codes that begin with `prefix`. */
struct codes_range codes_beginning(const struct codes_list *list, const char *prefix);

/* These return the place in the list, or CODES_NONE. */
size_t codes_find(const struct codes_list *list, const char *code);
/* The code that has the text as a name in some language, without regard to the case of a-z. */
size_t codes_named(struct codes_range range, const char *text);
/* The code that differs from the text in one letter, and in case. */
size_t codes_near_code(struct codes_range range, const char *text);
/* The code whose English or private name, or that itself, is nearest to the text, if near enough.
 */
size_t codes_near_name(struct codes_range range, const char *text);

const char *codes_at(const struct codes_list *list, size_t place);
/* NULL when the code of that place has no name, which English ones have. */
const char *codes_name(const struct codes_list *list, size_t place, const char *language);

#endif
