/* How far words are apart, and which is the nearest: for "did you mean". */
#include "base/text.h"
#include "base/text_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DISTANCE_CHARACTERS 256

struct characters {
    UChar32 at[DISTANCE_CHARACTERS];
    size_t count;
    size_t rest; /* bytes that were not looked at */
};

static void characters_of(const char *text, struct characters *ret)
{
    size_t length = strlen(text);
    size_t at = 0;

    for (ret->count = 0; at < length && ret->count < DISTANCE_CHARACTERS; ret->count++)
        ret->at[ret->count] = text_next(text, length, &at);
    ret->rest = length - at;
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b)
{
    size_t rows[3][DISTANCE_CHARACTERS + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    struct characters x, y;

    characters_of(a, &x);
    characters_of(b, &y);
    for (size_t j = 0; j <= y.count; j++)
        last[j] = j;
    for (size_t i = 1; i <= x.count; i++) {
        row[0] = i;
        for (size_t j = 1; j <= y.count; j++) {
            row[j] =
                min_of(min_of(last[j], row[j - 1]) + 1, last[j - 1] + (x.at[i - 1] != y.at[j - 1]));
            if (i > 1 && j > 1 && x.at[i - 1] == y.at[j - 2] && x.at[i - 2] == y.at[j - 1])
                row[j] = min_of(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[y.count] + (x.rest > y.rest ? x.rest : y.rest);
}

static size_t characters_in(const char *text)
{
    size_t length = strlen(text);
    size_t count = 0;

    for (size_t at = 0; at < length; count++)
        text_next(text, length, &at);
    return count;
}

const char *text_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    char *wanted = NULL;

    text_fold(word, &wanted, NULL);
    if (!wanted)
        return NULL;
    size_t within = min_of(characters_in(wanted) / 3, 3);
    for (; *words; words++) {
        char *candidate = NULL;
        text_fold(*words, &candidate, NULL);
        size_t distance = candidate ? text_distance(wanted, candidate) : SIZE_MAX;
        free(candidate);
        if (distance > within || (nearest && distance == within))
            continue;
        nearest = *words;
        within = distance;
    }
    free(wanted);
    return nearest;
}
