/* JSON (RFC 8259), with all control characters escaped, so that it may be shown in a terminal. */
#include "form/write.h"

#include "form/utf8.h"

#include <string.h>

#define INDENT 2

struct writer {
    FILE *out;
    bool pretty;
};

static void put_escaped(FILE *out, uint32_t character)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* character, letter, ... */

    for (const char *at = letters; *at; at += 2) {
        if (character == (unsigned char)*at) {
            fprintf(out, "\\%c", at[1]);
            return;
        }
    }
    fprintf(out, "\\u%04x", (unsigned)character);
}

static void put_string(FILE *out, const struct node_text *text)
{
    const char *end = text->bytes + text->size;
    const char *plain = text->bytes; /* start of what is written as it is */
    uint32_t character;

    putc('"', out);
    for (const char *at = plain; at < end;) {
        size_t step = form_utf8_next(at, end, &character);
        if (character == '"' || character == '\\' || !form_utf8_is_printable(character)) {
            fwrite(plain, 1, (size_t)(at - plain), out);
            put_escaped(out, character);
            plain = at + step;
        }
        at += step;
    }
    fwrite(plain, 1, (size_t)(end - plain), out);
    putc('"', out);
}

static void put_line(const struct writer *writer, int indent)
{
    if (writer->pretty)
        fprintf(writer->out, "\n%*s", indent, "");
}

static void put_node(const struct writer *writer, const struct node *node, int indent);

static void put_children(const struct writer *writer, const struct node *parent, int indent)
{
    for (const struct node *node = parent->first; node; node = node->next) {
        put_line(writer, indent);
        if (parent->kind == NODE_MAP) {
            put_string(writer->out, &node->key);
            fputs(writer->pretty ? ": " : ":", writer->out);
        }
        put_node(writer, node, indent);
        if (node->next)
            putc(',', writer->out);
    }
}

static void put_node(const struct writer *writer, const struct node *node, int indent)
{
    bool map = node->kind == NODE_MAP;

    if (node->kind == NODE_NUMBER || node->kind == NODE_BOOL) {
        fwrite(node->value.bytes, 1, node->value.size, writer->out);
        return;
    }
    if (!map && node->kind != NODE_LIST) {
        put_string(writer->out, &node->value);
        return;
    }
    putc(map ? '{' : '[', writer->out);
    put_children(writer, node, indent + INDENT);
    if (node->count)
        put_line(writer, indent);
    putc(map ? '}' : ']', writer->out);
}

void form_write_json(FILE *out, const struct node *root, enum form_style style)
{
    struct writer writer = {out, style == FORM_PRETTY};

    put_node(&writer, root, 0);
    if (writer.pretty)
        putc('\n', out);
}
