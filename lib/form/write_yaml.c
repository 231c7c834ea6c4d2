/* YAML in block style. Texts stand without quotes where every reader, of YAML 1.1 or 1.2, takes
 * them for the same text; as literal blocks where they have lines; else in double quotes. */
#include "form/write.h"

#include "form/utf8.h"

#include <string.h>
#include <strings.h>

#define INDENT 2

/* What some reader takes for a boolean, null or a number that does not begin like one. */
static const char *const typed_words[] = {
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", NULL,
};

static bool is_typed_word(const struct node_text *text)
{
    for (const char *const *word = typed_words; *word; word++)
        if (text->size == strlen(*word) && strncasecmp(text->bytes, *word, text->size) == 0)
            return true;
    return false;
}

/* True when it begins with a digit and has only what numbers (hexadecimal, with exponent,
 * separators, in base 60) and dates are made of. */
static bool is_like_number(const struct node_text *text)
{
    static const char made_of[] = "0123456789abcdefABCDEFxXoO_:.,+-tTzZ ";

    return text->bytes[0] >= '0' && text->bytes[0] <= '9' &&
           strspn(text->bytes, made_of) == text->size;
}

static bool is_letter_or_digit(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static bool is_all_printable(const struct node_text *text, bool lines)
{
    const char *end = text->bytes + text->size;
    uint32_t character;

    for (const char *at = text->bytes; at < end;) {
        at += form_utf8_next(at, end, &character);
        if (!form_utf8_is_printable(character) && !(lines && character == '\n'))
            return false;
    }
    return true;
}

static bool is_plain(const struct node_text *text)
{
    const char *bytes = text->bytes;

    if (text->size == 0 || !(is_letter_or_digit((unsigned char)*bytes) || strchr("/(_", *bytes)))
        return false;
    return bytes[text->size - 1] != ' ' && bytes[text->size - 1] != ':' && !strstr(bytes, ": ") &&
           !strstr(bytes, " #") && is_all_printable(text, false) && !is_typed_word(text) &&
           !is_like_number(text);
}

/* A block shows every character of the text only where no line begins or ends with a space that a
 * person cannot see, and one newline at most ends it. */
static bool is_block(const struct node_text *text)
{
    const char *newline = strchr(text->bytes, '\n');

    return newline && *text->bytes != ' ' && *text->bytes != '\n' && !strstr(text->bytes, " \n") &&
           text->bytes[text->size - 1] != ' ' &&
           !(text->size > 1 && strcmp(text->bytes + text->size - 2, "\n\n") == 0) &&
           is_all_printable(text, true);
}

static void put_escaped(FILE *out, uint32_t character)
{
    if (character == '"' || character == '\\')
        fprintf(out, "\\%c", (int)character);
    else if (character == '\n')
        fputs("\\n", out);
    else if (character == '\t')
        fputs("\\t", out);
    else
        fprintf(out, character < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)character);
}

static void put_quoted(FILE *out, const struct node_text *text)
{
    const char *end = text->bytes + text->size;
    uint32_t character;

    putc('"', out);
    for (const char *at = text->bytes; at < end;) {
        size_t step = form_utf8_next(at, end, &character);
        if (character == '"' || character == '\\' || !form_utf8_is_printable(character))
            put_escaped(out, character);
        else
            fwrite(at, 1, step, out);
        at += step;
    }
    putc('"', out);
}

/* Without the newline after the last line: the caller ends each scalar with one. */
static void put_block(FILE *out, const struct node_text *text, int indent)
{
    const char *end = text->bytes + text->size;
    bool ended = end[-1] == '\n';

    fputs(ended ? "|" : "|-", out);
    if (ended)
        end--;
    for (const char *at = text->bytes; at <= end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop ? stop : end) - at);
        fprintf(out, "\n%*s", size ? indent : 0, "");
        fwrite(at, 1, size, out);
        at += size + 1;
    }
}

static void put_scalar(FILE *out, const struct node *node, int indent)
{
    const struct node_text *text = &node->value;

    if (node->kind != NODE_TEXT || is_plain(text))
        fwrite(text->bytes, 1, text->size, out);
    else if (is_block(text))
        put_block(out, text, indent);
    else
        put_quoted(out, text);
    putc('\n', out);
}

static void put_key(FILE *out, const struct node_text *key)
{
    if (is_plain(key))
        fwrite(key->bytes, 1, key->size, out);
    else
        put_quoted(out, key);
    putc(':', out);
}

/* Children of a list or map, the first of them on the line that is begun. `indent`: of the
 * children. */
static void put_children(FILE *out, const struct node *parent, int indent)
{
    for (const struct node *node = parent->first; node; node = node->next) {
        bool nested = node->count > 0;
        bool own_line = parent->kind == NODE_MAP && nested;

        if (node != parent->first)
            fprintf(out, "%*s", indent, "");
        if (parent->kind == NODE_MAP)
            put_key(out, &node->key);
        else
            putc('-', out);
        if (own_line)
            fprintf(out, "\n%*s", indent + INDENT, "");
        else
            putc(' ', out);
        if (nested)
            put_children(out, node, indent + INDENT);
        else if (node->kind == NODE_MAP)
            fputs("{}\n", out);
        else
            put_scalar(out, node, indent + INDENT);
    }
}

void form_write_yaml(FILE *out, const struct node *root)
{
    if (root->count)
        put_children(out, root, 0);
    else if (root->kind == NODE_MAP)
        fputs("{}\n", out);
    else
        put_scalar(out, root, INDENT);
}
