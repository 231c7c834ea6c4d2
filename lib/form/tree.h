/* The neutral tree between texts and messages: what JSON and YAML have in common, each node with
 * its place. Nodes live as long as their tree. Depth is limited when a node is added, so that
 * everything that walks a tree may recurse. */
#ifndef UCAP_FORM_TREE_H
#define UCAP_FORM_TREE_H

#include "form/form.h"

#include <stdbool.h>

enum node_kind {
    NODE_NULL,
    NODE_BOOL,   /* text is "true" or "false" */
    NODE_NUMBER, /* text is a JSON number */
    NODE_WIDE,   /* an integer of 64 bits, which JSON writes as a string; never read */
    NODE_TEXT,
    NODE_PLAIN, /* a YAML scalar without quotes: the field that takes it decides what it is */
    NODE_LIST,
    NODE_MAP,
    NODE_BAD /* its error is reported already */
};

/* A scalar or key as it stands in the text; ends with a 0 that `size` does not count. */
struct node_text {
    const char *bytes;
    size_t size;
    unsigned line, column; /* from 1; 0: not known */
};

struct node {
    enum node_kind kind;
    unsigned depth;         /* of lists and maps; the root's is 1 */
    struct node *parent;    /* NULL: the root */
    struct node_text key;   /* in a map */
    size_t index;           /* among the parent's children */
    struct node_text value; /* bytes of a scalar; the place of any node */
    struct node *first, *last, *next;
    size_t count; /* of children */
};

struct form_tree {
    struct node *root; /* NULL: nothing added yet */
    struct tree_chunk *chunks;
    size_t max_depth;
};

/* Zero-initialised, with max_depth set, is an empty tree. */
void form_tree_clear(struct form_tree *tree);

/* Adds a node below `parent` (NULL: as the root) with `key` (NULL: none); its bytes must already
 * live in the tree or be static. NULL when out of memory. */
struct node *form_tree_add(struct form_tree *tree, struct node *parent, const struct node_text *key,
                           enum node_kind kind);

/* True when a list or map below `parent` would be too deep. */
bool form_tree_is_full(const struct form_tree *tree, const struct node *parent);

/* Memory that lives as long as the tree, aligned for anything. NULL when out of memory. */
void *form_tree_alloc(struct form_tree *tree, size_t size);

/* Copies bytes into the tree, with a 0 behind. NULL when out of memory. */
const char *form_tree_copy(struct form_tree *tree, const char *bytes, size_t size);

/* The path of a node, such as "cities[2].names[0].language"; "" for the root. malloc'ed; NULL when
 * out of memory. */
char *form_node_path(const struct node *node);

/* "a list", "a map", "a number", ... */
const char *form_kind_name(enum node_kind kind);

#endif
