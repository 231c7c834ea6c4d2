/* The tree's memory is a chain of chunks, freed at once. */
#include "form/tree.h"

#include "form/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 16384

struct tree_chunk {
    struct tree_chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

static struct tree_chunk *chunk_add(struct form_tree *tree, size_t least)
{
    size_t size = least > CHUNK_BYTES ? least : CHUNK_BYTES;
    struct tree_chunk *chunk = malloc(sizeof(*chunk) + size);

    if (chunk) {
        *chunk = (struct tree_chunk){tree->chunks, 0, size};
        tree->chunks = chunk;
    }
    return chunk;
}

void *form_tree_alloc(struct form_tree *tree, size_t size)
{
    size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct tree_chunk *chunk = tree->chunks;

    if (!chunk || chunk->size - chunk->used < rounded)
        chunk = chunk_add(tree, rounded);
    if (!chunk)
        return NULL;
    void *at = (char *)chunk->bytes + chunk->used;
    chunk->used += rounded;
    return at;
}

void form_tree_clear(struct form_tree *tree)
{
    while (tree->chunks) {
        struct tree_chunk *next = tree->chunks->next;
        free(tree->chunks);
        tree->chunks = next;
    }
    tree->root = NULL;
}

static void append_child(struct node *parent, struct node *node)
{
    node->index = parent->count++;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
}

struct node *form_tree_add(struct form_tree *tree, struct node *parent, const struct node_text *key,
                           enum node_kind kind)
{
    struct node *node = form_tree_alloc(tree, sizeof(*node));

    if (!node)
        return NULL;
    *node = (struct node){.kind = kind, .parent = parent, .depth = parent ? parent->depth + 1 : 1};
    if (key)
        node->key = *key;
    if (parent)
        append_child(parent, node);
    else
        tree->root = node;
    return node;
}

bool form_tree_is_full(const struct form_tree *tree, const struct node *parent)
{
    return parent && parent->depth >= tree->max_depth;
}

const char *form_tree_copy(struct form_tree *tree, const char *bytes, size_t size)
{
    char *copy = form_tree_alloc(tree, size + 1);

    if (copy) {
        memcpy(copy, bytes, size);
        copy[size] = '\0';
    }
    return copy;
}

static void write_step(FILE *out, const struct node *node)
{
    char shown[FORM_SHOWN_MAX];

    if (node->parent->kind == NODE_LIST) {
        fprintf(out, "[%zu]", node->index);
        return;
    }
    fprintf(out, "%s%s", node->parent->parent ? "." : "",
            form_show(node->key.bytes, node->key.size, shown));
}

static void write_path(FILE *out, const struct node *node)
{
    if (!node->parent)
        return;
    write_path(out, node->parent);
    write_step(out, node);
}

char *form_node_path(const struct node *node)
{
    char *path = NULL;
    size_t size;
    FILE *out = open_memstream(&path, &size);

    if (!out)
        return NULL;
    if (node)
        write_path(out, node);
    return fclose(out) == 0 ? path : NULL;
}

const char *form_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_NULL] = "null",     [NODE_BOOL] = "a boolean", [NODE_NUMBER] = "a number",
        [NODE_WIDE] = "a number", [NODE_TEXT] = "a text",    [NODE_PLAIN] = "a text",
        [NODE_LIST] = "a list",   [NODE_MAP] = "a map",      [NODE_BAD] = "an error",
    };

    return names[kind];
}
