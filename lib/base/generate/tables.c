#include "tables.h"

#include "die.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define POOL_BYTES (8u << 20)
#define POOL_SLOTS (1u << 18) /* of a hash table with open addressing: a power of 2 */
#define CODES_MAX  8192
#define NAMES_MAX  512
#define TAG_SIZE   32

/* ---- texts ---- */

struct pool {
    char *bytes;
    size_t used;
    uint32_t *slots; /* offsets; 0: free */
    size_t count;
};

struct pool *pool_create(void)
{
    struct pool *pool = need(calloc(1, sizeof(*pool)));

    pool->bytes = need(malloc(POOL_BYTES));
    pool->slots = need(calloc(POOL_SLOTS, sizeof(*pool->slots)));
    pool->bytes[0] = '\0';
    pool->used = 1;
    return pool;
}

void pool_destroy(struct pool *pool)
{
    free(pool->bytes);
    free(pool->slots);
    free(pool);
}

/* FNV-1a. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static uint32_t pool_add(struct pool *pool, const char *text)
{
    size_t size = strlen(text) + 1;
    uint32_t slot = hash_of(text) % POOL_SLOTS;

    while (pool->slots[slot] && strcmp(pool->bytes + pool->slots[slot], text) != 0)
        slot = (slot + 1) % POOL_SLOTS;
    if (pool->slots[slot])
        return pool->slots[slot];
    if (size > POOL_BYTES - pool->used || ++pool->count > POOL_SLOTS / 2)
        die("more text than the tables are made for");
    pool->slots[slot] = (uint32_t)pool->used;
    memcpy(pool->bytes + pool->used, text, size);
    pool->used += size;
    return pool->slots[slot];
}

/* A literal per text; '?' escaped because of trigraphs. */
void pool_write(FILE *out, const struct pool *pool)
{
    fputs("const char codes_text[] =\n    \"\\0\"", out);
    for (size_t at = 1; at < pool->used; at++) {
        fputs("\n    \"", out);
        for (; pool->bytes[at]; at++) {
            if (strchr("\"\\?", pool->bytes[at]))
                fputc('\\', out);
            fputc(pool->bytes[at], out);
        }
        fputs("\\0\"", out);
    }
    fputs(";\n", out);
}

/* ---- lists ---- */

struct code {
    uint32_t text;
    unsigned rank;
};

struct names {
    char language[TAG_SIZE];
    uint32_t *at; /* CODES_MAX */
};

struct list {
    struct pool *pool;
    struct code codes[CODES_MAX];
    size_t count;
    struct names names[NAMES_MAX];
    size_t languages;
    bool sorted;
};

struct list *list_create(struct pool *pool)
{
    struct list *list = need(calloc(1, sizeof(*list)));

    list->pool = pool;
    return list;
}

void list_destroy(struct list *list)
{
    for (size_t n = 0; n < list->languages; n++)
        free(list->names[n].at);
    free(list);
}

void list_add(struct list *list, const char *code, unsigned rank)
{
    if (list->count == CODES_MAX || list->sorted)
        die("code %s comes too late for its list", code);
    list->codes[list->count++] = (struct code){pool_add(list->pool, code), rank};
}

static int compare_codes(const void *a, const void *b, void *user)
{
    const struct pool *pool = user;
    const struct code *x = a, *y = b;

    return strcmp(pool->bytes + x->text, pool->bytes + y->text);
}

static void sort(struct list *list)
{
    if (list->sorted)
        return;
    list->sorted = true;
    qsort_r(list->codes, list->count, sizeof(list->codes[0]), compare_codes, list->pool);
    for (size_t i = 1; i < list->count; i++)
        if (list->codes[i].text == list->codes[i - 1].text)
            die("code %s stands in its list twice", list_code(list, i));
}

size_t list_count(const struct list *list)
{
    return list->count;
}

const char *list_code(struct list *list, size_t place)
{
    sort(list);
    return list->pool->bytes + list->codes[place].text;
}

size_t list_place(struct list *list, const char *code)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list_code(list, middle), code);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    die("code %s is not in its list", code);
}

void list_rank(struct list *list, size_t place, unsigned rank)
{
    list->codes[place].rank = rank;
}

static struct names *names_in(struct list *list, const char *language)
{
    for (size_t n = 0; n < list->languages; n++)
        if (strcmp(list->names[n].language, language) == 0)
            return &list->names[n];
    return NULL;
}

static struct names *names_add(struct list *list, const char *language)
{
    struct names *names = &list->names[list->languages];

    if (list->languages == NAMES_MAX || strlen(language) >= TAG_SIZE)
        die("no room for language %s", language);
    list->languages++;
    memcpy(names->language, language, strlen(language) + 1);
    names->at = need(calloc(CODES_MAX, sizeof(*names->at)));
    return names;
}

void list_name(struct list *list, size_t place, const char *language, const char *name)
{
    struct names *names;

    if (!name || !*name)
        return;
    sort(list);
    names = names_in(list, language);
    if (!names)
        names = names_add(list, language);
    names->at[place] = pool_add(list->pool, name);
}

const char *list_named(struct list *list, size_t place, const char *language)
{
    const struct names *names = names_in(list, language);

    return names && names->at[place] ? list->pool->bytes + names->at[place] : NULL;
}

static int compare_names(const void *a, const void *b)
{
    const struct names *x = a, *y = b;

    return strcmp(x->language, y->language);
}

static void write_names(FILE *out, const struct list *list, const char *symbol, size_t n)
{
    fprintf(out, "static const uint32_t %s_names_%zu[] = {", symbol, n);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s%u,", i % 12 ? " " : "\n    ", list->names[n].at[i]);
    fputs("\n};\n", out);
}

void list_write(FILE *out, struct list *list, const char *symbol)
{
    sort(list);
    qsort(list->names, list->languages, sizeof(list->names[0]), compare_names);
    fprintf(out, "\nstatic const uint32_t %s_at[] = {", symbol);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s%u,", i % 12 ? " " : "\n    ", list->codes[i].text);
    fprintf(out, "\n};\nstatic const unsigned char %s_ranks[] = {", symbol);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s%u,", i % 32 ? " " : "\n    ", list->codes[i].rank);
    fputs("\n};\n", out);
    for (size_t n = 0; n < list->languages; n++)
        write_names(out, list, symbol, n);
    fprintf(out, "static const struct codes_names %s_names[] = {\n", symbol);
    for (size_t n = 0; n < list->languages; n++)
        fprintf(out, "    {\"%s\", %s_names_%zu},\n", list->names[n].language, symbol, n);
    fprintf(out, "};\nconst struct codes_list %s = {%zu, %s_at, %s_ranks, %zu, %s_names};\n",
            symbol, list->count, symbol, symbol, list->languages, symbol);
}
