/* What was meant by a text that is not a code. */
#include "base/codes_parts.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* No longer code is written in capitals; longer ones are words. */
#define CODE_BYTES 8

static bool is_english(const struct codes_names *names)
{
    return strcmp(names->language, "en") == 0;
}

static bool is_private(const struct codes_names *names)
{
    return strncmp(names->language, "x-", 2) == 0;
}

/* ---- by a name ---- */

static size_t named_in(struct codes_range range, const struct codes_names *names, const char *text)
{
    const unsigned char *ranks = range.list->ranks;
    size_t found = CODES_NONE;

    for (size_t i = range.begin; i < range.end; i++)
        if (names->at[i] && strcasecmp(codes_text + names->at[i], text) == 0 &&
            (found == CODES_NONE || ranks[i] < ranks[found]))
            found = i;
    return found;
}

/* English first: a word may be another place's name elsewhere. */
size_t codes_named(struct codes_range range, const char *text)
{
    const struct codes_list *list = range.list;
    size_t found = CODES_NONE;

    for (size_t n = 0; n < list->languages && found == CODES_NONE; n++)
        if (is_english(&list->names[n]))
            found = named_in(range, &list->names[n], text);
    for (size_t n = 0; n < list->languages && found == CODES_NONE; n++)
        found = named_in(range, &list->names[n], text);
    return found;
}

/* English and private names of a range, its codes where they are words, and NULL. The array is
 * malloc'ed. */
static const char **words_of(struct codes_range range)
{
    const struct codes_list *list = range.list;
    size_t most = (range.end - range.begin) * (list->languages + 1);
    const char **words = malloc((most + 1) * sizeof(*words));
    size_t count = 0;

    if (!words)
        return NULL;
    for (size_t i = range.begin; i < range.end; i++)
        if (strlen(codes_at(list, i)) > CODE_BYTES)
            words[count++] = codes_at(list, i);
    for (size_t n = 0; n < list->languages; n++)
        if (is_english(&list->names[n]) || is_private(&list->names[n]))
            for (size_t i = range.begin; i < range.end; i++)
                if (list->names[n].at[i])
                    words[count++] = codes_text + list->names[n].at[i];
    words[count] = NULL;
    return words;
}

size_t codes_near_name(struct codes_range range, const char *text)
{
    const char **words = words_of(range);
    const char *nearest = words ? text_nearest(text, words) : NULL;
    size_t found = CODES_NONE;

    free(words);
    if (nearest)
        found = codes_find(range.list, nearest);
    if (nearest && found == CODES_NONE)
        found = codes_named(range, nearest);
    return found;
}

/* ---- by a code ---- */

/* How far a code is from what was written. The first member that differs decides between two, the
 * smaller being nearer. */
struct nearness {
    size_t distance;
    size_t rank;
    size_t unlike; /* letters from the first one that differs */
};

static struct nearness nearness_of(const struct codes_list *list, size_t place, const char *text)
{
    const char *code = codes_at(list, place);
    size_t same = 0;

    while (code[same] && code[same] == text[same])
        same++;
    return (struct nearness){text_distance(text, code), list->ranks[place], CODE_BYTES - same};
}

static bool is_nearer(const struct nearness *a, const struct nearness *b)
{
    if (a->distance != b->distance)
        return a->distance < b->distance;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return a->unlike < b->unlike;
}

size_t codes_near_code(struct codes_range range, const char *text)
{
    struct nearness best = {2, 0, 0};
    size_t length = strlen(text), found = CODES_NONE;
    char capitals[CODE_BYTES + 1] = "";

    if (length < 2 || length > CODE_BYTES)
        return CODES_NONE;
    for (size_t i = 0; i < length; i++)
        capitals[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
    for (size_t i = range.begin; i < range.end; i++) {
        struct nearness near = nearness_of(range.list, i, capitals);
        if (!is_nearer(&near, &best))
            continue;
        best = near;
        found = i;
    }
    return found;
}
