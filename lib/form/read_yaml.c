/* YAML by libyaml's events. Only what JSON has as well is read: no anchors, aliases, tags or second
 * document. What an unquoted scalar is stays open for the field that takes it.
 *
 * Lines and columns of libyaml count from 0, in characters. */
#include "form/read.h"

#include "form/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    const char *text;
    size_t size;
    struct form_tree *tree;
    struct form_faults *faults;
    struct node *open;        /* the list or map that is being filled; NULL: none */
    struct node_text key;     /* read, its value not yet; bytes NULL: none */
    yaml_mark_t quote_opened; /* of the last quoted text that goes over lines, */
    yaml_mark_t quote_closed; /* and its end; line 0: none */
};

enum step { STEP_NEXT, STEP_DONE, STEP_FAILED };

/* ---- what is wrong with the syntax ---- */

static void fault_at_mark(struct reader *r, const yaml_mark_t *mark, const char *sentence)
{
    form_fault_at(r->faults, NULL, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "%s",
                  sentence);
}

static enum step out_of_memory(struct reader *r)
{
    r->faults->out_of_memory = true;
    return STEP_FAILED;
}

/* A character that YAML does not allow; the reader of libyaml runs ahead of its scanner and knows
 * bytes only. */
static void fault_character(struct reader *r)
{
    unsigned line, column;
    size_t offset = r->parser.problem_offset < r->size ? r->parser.problem_offset : r->size;

    form_utf8_place(r->text, offset, &line, &column);
    form_fault_at(r->faults, NULL, line, column,
                  "the character U+%04X is not allowed: remove it, or escape it in double quotes",
                  (unsigned)r->parser.problem_value);
}

static bool is_tab_at(const struct reader *r, const yaml_mark_t *mark)
{
    const char *line = r->text;

    for (size_t i = 0; i < mark->line && line; i++) {
        line = memchr(line, '\n', (size_t)(r->text + r->size - line));
        line = line ? line + 1 : NULL;
    }
    /* Before a tab that indents there are only spaces, so that characters are bytes. */
    return line && mark->column < (size_t)(r->text + r->size - line) && line[mark->column] == '\t';
}

/* Problems that persons meet often, in words that name the cause and the place to mend. */
static bool fault_known_problem(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;

    if (p->context && strcmp(p->context, "while scanning a quoted scalar") == 0) {
        fault_at_mark(r, &p->context_mark, "the quoted text that opens here is not closed");
        return true;
    }
    if (is_tab_at(r, &p->problem_mark)) {
        fault_at_mark(r, &p->problem_mark, "a tab stands here: indent with spaces");
        return true;
    }
    if (r->quote_closed.line > 0 && r->quote_closed.line == p->problem_mark.line) {
        form_fault_at(
            r->faults, NULL, (unsigned)r->quote_opened.line + 1,
            (unsigned)r->quote_opened.column + 1,
            "the quoted text that opens here ends in line %zu, where more follows: is its "
            "closing quote missing?",
            r->quote_closed.line + 1);
        return true;
    }
    return false;
}

static enum step fault_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;

    if (p->error == YAML_MEMORY_ERROR)
        return out_of_memory(r);
    if (p->error == YAML_READER_ERROR)
        fault_character(r);
    else if (!fault_known_problem(r))
        form_fault_at(r->faults, NULL, (unsigned)p->problem_mark.line + 1,
                      (unsigned)p->problem_mark.column + 1, "%s%s%s", p->context ? p->context : "",
                      p->context ? ": " : "", p->problem);
    return STEP_FAILED;
}

/* ---- events ---- */

static bool expects_key(const struct reader *r)
{
    return r->open && r->open->kind == NODE_MAP && !r->key.bytes;
}

/* Adds a node in the open list or map, with the key that waits for its value. */
static struct node *add_node(struct reader *r, enum node_kind kind, const yaml_event_t *event)
{
    struct node *node = form_tree_add(r->tree, r->open, r->key.bytes ? &r->key : NULL, kind);

    r->key.bytes = NULL;
    if (!node)
        return NULL;
    node->value.line = (unsigned)event->start_mark.line + 1;
    node->value.column = (unsigned)event->start_mark.column + 1;
    return node;
}

static enum step on_container(struct reader *r, const yaml_event_t *event, enum node_kind kind)
{
    if (expects_key(r)) {
        fault_at_mark(r, &event->start_mark, "a key must be a text, not a list or a map");
        return STEP_FAILED;
    }
    if (form_tree_is_full(r->tree, r->open)) {
        form_fault_at(r->faults, r->open, (unsigned)event->start_mark.line + 1,
                      (unsigned)event->start_mark.column + 1, "nested deeper than %zu levels",
                      r->tree->max_depth);
        return STEP_FAILED;
    }
    struct node *node = add_node(r, kind, event);
    if (!node)
        return out_of_memory(r);
    r->open = node;
    return STEP_NEXT;
}

static int compare_keys(const void *a, const void *b)
{
    const struct node *left = *(const struct node *const *)a;
    const struct node *right = *(const struct node *const *)b;
    int order = strcmp(left->key.bytes, right->key.bytes);

    return order ? order : (left->index > right->index) - (left->index < right->index);
}

/* Reports keys that were there before; by sorting, as a map may have very many. */
static enum step check_duplicates(struct reader *r, const struct node *map)
{
    struct node **sorted;
    size_t count = 0;

    if (map->count < 2)
        return STEP_NEXT;
    sorted = calloc(map->count, sizeof(struct node *));
    if (!sorted)
        return out_of_memory(r);
    for (struct node *node = map->first; node; node = node->next)
        sorted[count++] = node;
    qsort(sorted, count, sizeof(struct node *), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->key.bytes, sorted[i]->key.bytes) != 0)
            continue;
        sorted[i]->kind = NODE_BAD;
        form_fault_key(r->faults, sorted[i], "the key is given twice, first in line %u",
                       sorted[i - 1]->key.line);
    }
    free(sorted);
    return STEP_NEXT;
}

static enum step on_container_end(struct reader *r)
{
    struct node *closed = r->open;

    r->open = closed->parent;
    return closed->kind == NODE_MAP ? check_duplicates(r, closed) : STEP_NEXT;
}

static bool is_null(const char *text, size_t size)
{
    return size == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static enum step on_key(struct reader *r, const yaml_event_t *event, const struct node_text *text)
{
    if (memchr(text->bytes, 0, text->size)) {
        fault_at_mark(r, &event->start_mark, "a key cannot have the character U+0000");
        return STEP_FAILED;
    }
    r->key = *text;
    return STEP_NEXT;
}

static enum step on_scalar(struct reader *r, const yaml_event_t *event)
{
    size_t size = event->data.scalar.length;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct node_text text = {form_tree_copy(r->tree, (const char *)event->data.scalar.value, size),
                             size, (unsigned)event->start_mark.line + 1,
                             (unsigned)event->start_mark.column + 1};

    if (!text.bytes)
        return out_of_memory(r);
    if (event->data.scalar.style != YAML_LITERAL_SCALAR_STYLE && !plain &&
        event->end_mark.line > event->start_mark.line) {
        r->quote_opened = event->start_mark;
        r->quote_closed = event->end_mark;
    }
    if (expects_key(r))
        return on_key(r, event, &text);
    struct node *node = add_node(r, plain ? NODE_PLAIN : NODE_TEXT, event);
    if (!node)
        return out_of_memory(r);
    node->value = text;
    if (plain && is_null(text.bytes, size))
        node->kind = NODE_NULL;
    return STEP_NEXT;
}

static enum step on_alias(struct reader *r, const yaml_event_t *event)
{
    fault_at_mark(r, &event->start_mark,
                  "aliases (*name) are not read: write the value out, or put the text in quotes");
    if (expects_key(r))
        return STEP_FAILED;
    return add_node(r, NODE_BAD, event) ? STEP_NEXT : out_of_memory(r);
}

static enum step on_document(struct reader *r, const yaml_event_t *event)
{
    if (!r->tree->root)
        return STEP_NEXT;
    fault_at_mark(r, &event->start_mark, "a second document begins here: only one is read");
    return STEP_FAILED;
}

static void check_properties(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                             const yaml_char_t *tag)
{
    if (anchor)
        fault_at_mark(r, &event->start_mark,
                      "anchors (&name) are not read: remove it, or put the text in quotes");
    if (tag)
        fault_at_mark(r, &event->start_mark,
                      "tags (!name) are not read: remove it, or put the text in quotes");
}

static enum step on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(r, event);
    case YAML_ALIAS_EVENT:
        return on_alias(r, event);
    case YAML_SCALAR_EVENT:
        check_properties(r, event, event->data.scalar.anchor, event->data.scalar.tag);
        return on_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        check_properties(r, event, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag);
        return on_container(r, event, NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        check_properties(r, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        return on_container(r, event, NODE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_container_end(r);
    case YAML_STREAM_END_EVENT:
        return STEP_DONE;
    default:
        return STEP_NEXT;
    }
}

static enum step read_event(struct reader *r)
{
    yaml_event_t event;

    if (!yaml_parser_parse(&r->parser, &event))
        return fault_syntax(r);
    enum step step = on_event(r, &event);
    yaml_event_delete(&event);
    return step;
}

/* libyaml compares each %TAG with all before it, so that a file of them takes hours. Tags are not
 * read anyway. */
static bool refuse_tag_directives(struct reader *r)
{
    unsigned line = 1;

    for (const char *at = r->text; at; line++) {
        size_t left = (size_t)(r->text + r->size - at);
        if (left >= 4 && memcmp(at, "%TAG", 4) == 0) {
            form_fault_at(r->faults, NULL, line, 1, "tags (%%TAG) are not read: remove the line");
            return false;
        }
        at = memchr(at, '\n', left);
        at = at ? at + 1 : NULL;
    }
    return true;
}

bool form_read_yaml(const char *text, size_t size, struct form_tree *tree,
                    struct form_faults *faults)
{
    struct reader r = {.text = text, .size = size, .tree = tree, .faults = faults};
    enum step step = STEP_NEXT;

    if (!refuse_tag_directives(&r))
        return false;
    if (!yaml_parser_initialize(&r.parser)) {
        faults->out_of_memory = true;
        return false;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
    while (step == STEP_NEXT)
        step = read_event(&r);
    yaml_parser_delete(&r.parser);
    return step == STEP_DONE;
}
