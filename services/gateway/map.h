/* A hash table whose nodes stand in what they find, keyed by bytes. Keys may be chosen by peers, so
 * the hash is keyed with random bytes (SipHash-1-3): nobody can aim for one chain. */
#ifndef GATEWAY_MAP_H
#define GATEWAY_MAP_H

#include <stddef.h>
#include <stdint.h>

/* Stands in the thing; `key` points into the same thing and does not change while it is in the map.
 */
struct map_node {
    struct map_node *next;
    const void *key;
    size_t size;
    uint64_t hash;
};

struct map {
    struct map_node **slots;
    size_t slot_count; /* a power of two */
    size_t count;
    uint64_t seed[2];
};

/* The thing that holds a node. */
#define map_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

int map_init(struct map *map);  /* -ERR_RESOURCE_EXHAUSTED: out of memory */
void map_free(struct map *map); /* the table alone; the things are their owners' */

/* NULL: not there. */
struct map_node *map_find(const struct map *map, const void *key, size_t size);

/* The key must not be there yet. It never fails: when the table cannot grow, chains do. */
void map_add(struct map *map, struct map_node *node, const void *key, size_t size);
void map_remove(struct map *map, struct map_node *node);

/* Calls visit for each; visit may remove and free the one it is given, and no other. */
void map_each(struct map *map, void (*visit)(struct map_node *node, void *arg), void *arg);

#endif
