/* JSON by jansson. It reads the whole text first, at most 2048 levels deep, and keeps no places:
 * only syntax errors have one. */
#include "form/read.h"

#include "form/scalar.h"
#include "form/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct form_tree *tree;
    struct form_faults *faults;
};

static bool out_of_memory(struct reader *r)
{
    r->faults->out_of_memory = true;
    return false;
}

/* What jansson says, in our words where its own are about its flags. */
static const char *explain(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "\\u0000 is not allowed: remove it";
    case json_error_numeric_overflow:
        return "the number is too large: write it in quotes";
    case json_error_stack_overflow:
        return "nested too deep";
    default:
        return error->text;
    }
}

static void fault_syntax(struct reader *r, const json_error_t *error)
{
    char shown[FORM_SHOWN_MAX];
    const char *sentence = explain(error);

    if (json_error_code(error) == json_error_out_of_memory) {
        out_of_memory(r);
        return;
    }
    /* jansson cuts its text at a byte and quotes the input as it is. */
    form_fault_at(r->faults, NULL, error->line > 0 ? (unsigned)error->line : 1,
                  error->column > 0 ? (unsigned)error->column : 1, "%s",
                  form_show(sentence, strlen(sentence), shown));
}

static bool add_text(struct reader *r, struct node *node, const char *bytes, size_t size)
{
    node->value.bytes = form_tree_copy(r->tree, bytes, size);
    node->value.size = size;
    return node->value.bytes || out_of_memory(r);
}

static bool add_number(struct reader *r, struct node *node, const json_t *json)
{
    char text[FORM_REAL_MAX];

    if (json_is_integer(json))
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
    else
        form_print_real(json_real_value(json), false, text);
    return add_text(r, node, text, strlen(text));
}

static bool add_node(struct reader *r, struct node *parent, const struct node_text *key,
                     json_t *json);

static bool add_items(struct reader *r, struct node *list, json_t *json)
{
    for (size_t i = 0; i < json_array_size(json); i++)
        if (!add_node(r, list, NULL, json_array_get(json, i)))
            return false;
    return true;
}

static bool add_members(struct reader *r, struct node *map, json_t *json)
{
    for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at)) {
        struct node_text key = {NULL, json_object_iter_key_len(at), 0, 0};
        key.bytes = form_tree_copy(r->tree, json_object_iter_key(at), key.size);
        if (!key.bytes)
            return out_of_memory(r);
        if (!add_node(r, map, &key, json_object_iter_value(at)))
            return false;
    }
    return true;
}

static enum node_kind kind_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return NODE_MAP;
    case JSON_ARRAY:
        return NODE_LIST;
    case JSON_STRING:
        return NODE_TEXT;
    case JSON_INTEGER:
    case JSON_REAL:
        return NODE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return NODE_BOOL;
    case JSON_NULL:
        break;
    }
    return NODE_NULL;
}

static bool add_node(struct reader *r, struct node *parent, const struct node_text *key,
                     json_t *json)
{
    enum node_kind kind = kind_of(json);

    if ((kind == NODE_MAP || kind == NODE_LIST) && form_tree_is_full(r->tree, parent)) {
        form_fault(r->faults, parent, "nested deeper than %zu levels", r->tree->max_depth);
        return false;
    }
    struct node *node = form_tree_add(r->tree, parent, key, kind);
    if (!node)
        return out_of_memory(r);
    switch (kind) {
    case NODE_MAP:
        return add_members(r, node, json);
    case NODE_LIST:
        return add_items(r, node, json);
    case NODE_TEXT:
        return add_text(r, node, json_string_value(json), json_string_length(json));
    case NODE_NUMBER:
        return add_number(r, node, json);
    case NODE_BOOL:
        return json_is_true(json) ? add_text(r, node, "true", 4) : add_text(r, node, "false", 5);
    default:
        return true;
    }
}

bool form_read_json(const char *text, size_t size, struct form_tree *tree,
                    struct form_faults *faults)
{
    struct reader reader = {tree, faults};
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (!json) {
        fault_syntax(&reader, &error);
        return false;
    }
    bool complete = add_node(&reader, NULL, NULL, json);
    json_decref(json);
    return complete;
}
