/* Chains in an array of slots that doubles. SipHash: Aumasson and Bernstein, 2012. */
#include "map.h"

#include "base/err.h"
#include "base/id.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static uint64_t hash_of(const struct map *map, const void *key, size_t size)
{
    const unsigned char *at = key;
    uint64_t v[4] = {map->seed[0] ^ 0x736f6d6570736575, map->seed[1] ^ 0x646f72616e646f6d,
                     map->seed[0] ^ 0x6c7967656e657261, map->seed[1] ^ 0x7465646279746573};
    uint64_t word = 0;
    size_t left = size;

    for (; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        sip_word(v, word);
    }
    word = 0;
    if (left)
        memcpy(&word, at, left);
    sip_word(v, word | (uint64_t)size << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int map_init(struct map *map)
{
    *map =
        (struct map){.slots = calloc(FIRST_SLOTS, sizeof(*map->slots)), .slot_count = FIRST_SLOTS};
    random_bytes(map->seed, sizeof(map->seed));
    return map->slots ? 0 : -ERR_RESOURCE_EXHAUSTED;
}

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

static struct map_node **slot_of(const struct map *map, uint64_t hash)
{
    return &map->slots[hash & (map->slot_count - 1)];
}

struct map_node *map_find(const struct map *map, const void *key, size_t size)
{
    uint64_t hash = hash_of(map, key, size);

    for (struct map_node *node = *slot_of(map, hash); node; node = node->next)
        if (node->hash == hash && node->size == size && memcmp(node->key, key, size) == 0)
            return node;
    return NULL;
}

static void link_node(struct map *map, struct map_node *node)
{
    struct map_node **slot = slot_of(map, node->hash);

    node->next = *slot;
    *slot = node;
}

static void grow(struct map *map)
{
    struct map_node **old = map->slots;
    size_t old_count = map->slot_count;
    struct map_node **slots = calloc(old_count * 2, sizeof(*slots));

    if (!slots)
        return;
    map->slots = slots;
    map->slot_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        for (struct map_node *node = old[i], *next; node; node = next) {
            next = node->next;
            link_node(map, node);
        }
    }
    free(old);
}

void map_add(struct map *map, struct map_node *node, const void *key, size_t size)
{
    *node = (struct map_node){.key = key, .size = size, .hash = hash_of(map, key, size)};
    if (map->count >= map->slot_count)
        grow(map);
    link_node(map, node);
    map->count++;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_node **at = slot_of(map, node->hash);

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    map->count--;
}

void map_each(struct map *map, void (*visit)(struct map_node *node, void *arg), void *arg)
{
    for (size_t i = 0; i < map->slot_count; i++) {
        for (struct map_node *node = map->slots[i], *next; node; node = next) {
            next = node->next;
            visit(node, arg);
        }
    }
}
