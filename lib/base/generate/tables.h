/* The tables of base/codes_parts.h, while they are made. Texts are kept once. */
#ifndef UCAP_GENERATE_TABLES_H
#define UCAP_GENERATE_TABLES_H

#include <stddef.h>
#include <stdio.h>

/* All texts. */
struct pool;

struct pool *pool_create(void);
void pool_destroy(struct pool *pool);
void pool_write(FILE *out, const struct pool *pool);

/* Codes with their names. First all codes are added, then names: the first name sorts the codes. */
struct list;

struct list *list_create(struct pool *pool);
void list_destroy(struct list *list);
void list_add(struct list *list, const char *code, unsigned rank);
/* Dies when the list has no such code. */
size_t list_place(struct list *list, const char *code);
size_t list_count(const struct list *list);
const char *list_code(struct list *list, size_t place);
void list_rank(struct list *list, size_t place, unsigned rank);
/* In place of an earlier name in this language; NULL and "": nothing is done. */
void list_name(struct list *list, size_t place, const char *language, const char *name);
/* NULL: it has none. */
const char *list_named(struct list *list, size_t place, const char *language);
/* As `const struct codes_list SYMBOL`. */
void list_write(FILE *out, struct list *list, const char *symbol);

#endif
