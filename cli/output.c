/* Tables, CSV, JSON and YAML. Widths are those of a terminal (CJK takes two columns), cuts are
 * between graphemes. */
#include "output.h"

#include "base/text.h"
#include "form/form.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP          2 /* blanks between columns */
#define NARROWEST    8 /* a column is not cut below this */
#define ELLIPSIS     "\u2026"
#define REPLACEMENT  "\ufffd"
#define WIDTH_LOWEST 20

struct table {
    struct column *columns;
    size_t count;
    char **cells; /* row by row; an empty text is not known */
    size_t rows, room;
};

const char *const output_format_names[] = {"table", "json", "yaml", "csv", NULL};

enum output_format output_format_of(const char *name)
{
    static const enum output_format formats[] = {OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML,
                                                 OUTPUT_CSV};

    for (size_t i = 0; output_format_names[i]; i++)
        if (strcmp(name, output_format_names[i]) == 0)
            return formats[i];
    return OUTPUT_DEFAULT;
}

/* ---- text that nobody vouches for ---- */

/* Bytes of the character at `text`, by its first byte. */
static size_t character_size(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

    return strnlen(text, want);
}

static unsigned code_point(const char *character, size_t size)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned value = (unsigned char)character[0] & lead_bits[size];

    for (size_t i = 1; i < size; i++)
        value = value << 6 | ((unsigned char)character[i] & 0x3f);
    return value;
}

void output_text(FILE *out, const char *text)
{
    size_t size;

    for (; *text; text += size) {
        char character[5] = {0};
        size = character_size(text);
        memcpy(character, text, size);
        if (!text_is_utf8(character, size)) {
            fputs(REPLACEMENT, out);
            size = 1;
        } else if (text_has_control(character)) {
            fprintf(out, "\\u%04x", code_point(character, size));
        } else {
            fputs(character, out);
        }
    }
}

/* A cell as it may be shown: in a table it is one line. */
static char *clean_cell(const char *text, bool one_line)
{
    char *clean = NULL;
    size_t size;
    FILE *out = open_memstream(&clean, &size);

    if (!out)
        return NULL;
    output_text(out, text);
    if (fclose(out) != 0) {
        free(clean);
        return NULL;
    }
    for (char *at = clean; one_line && (at = strpbrk(at, "\t\n")) != NULL;)
        *at = ' ';
    return clean;
}

/* ---- the table ---- */

struct table *table_create(const struct column *columns, size_t count)
{
    struct table *table = calloc(1, sizeof(*table));

    if (!table || !(table->columns = calloc(count, sizeof(*columns)))) {
        free(table);
        return NULL;
    }
    memcpy(table->columns, columns, count * sizeof(*columns));
    table->count = count;
    return table;
}

void table_destroy(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->rows * table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->columns);
    free(table);
}

static int make_room(struct table *table)
{
    size_t room = table->room ? table->room * 2 : 16;

    if (table->rows < table->room)
        return 0;
    char **cells = reallocarray(table->cells, room * table->count, sizeof(*cells));
    if (!cells)
        return -1;
    table->cells = cells;
    table->room = room;
    return 0;
}

int table_add(struct table *table, const char *const *cells, struct err *err)
{
    if (make_room(table) < 0)
        return err_nomem(err);
    char **row = table->cells + table->rows * table->count;
    for (size_t i = 0; i < table->count; i++) {
        row[i] = strdup(cells[i] ? cells[i] : "");
        if (!row[i]) {
            while (i > 0)
                free(row[--i]);
            return err_nomem(err);
        }
    }
    table->rows++;
    return 0;
}

size_t table_rows(const struct table *table)
{
    return table->rows;
}

static const char *cell_at(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->count + column];
}

/* ---- as text ---- */

static void column_title(const struct column *column, char *title, size_t size)
{
    size_t i = 0;

    for (; column->name[i] && i + 1 < size; i++)
        title[i] = (char)toupper((unsigned char)column->name[i]);
    title[i] = '\0';
    while ((title = strchr(title, '_')) != NULL)
        *title = ' ';
}

/* The text to show for a cell: malloc'ed; NULL when out of memory. */
static char *shown(const struct table *table, size_t row, size_t column)
{
    const char *cell = cell_at(table, row, column);

    return cell[0] ? clean_cell(cell, true) : strdup(OUTPUT_UNKNOWN);
}

static size_t natural_width(const struct table *table, size_t column)
{
    size_t widest = text_width(table->columns[column].name);

    for (size_t row = 0; row < table->rows; row++) {
        char *text = shown(table, row, column);
        size_t width = text ? text_width(text) : 0;
        free(text);
        if (width > widest)
            widest = width;
    }
    return widest;
}

/* The column to take a place from: the widest that may be cut, those that people copy last. */
static size_t column_to_cut(const struct table *table, const size_t *widths)
{
    for (int keep = 0; keep < 2; keep++) {
        size_t best = table->count;
        for (size_t i = 0; i < table->count; i++) {
            const struct column *column = &table->columns[i];
            if (column->right || column->keep != keep || widths[i] <= NARROWEST)
                continue;
            if (best == table->count || widths[i] > widths[best])
                best = i;
        }
        if (best < table->count)
            return best;
    }
    return table->count;
}

static void fit(const struct table *table, size_t *widths, size_t width)
{
    size_t total = GAP * (table->count - 1);
    size_t column;

    for (size_t i = 0; i < table->count; i++)
        total += widths[i];
    while (total > width && (column = column_to_cut(table, widths)) < table->count) {
        widths[column]--;
        total--;
    }
}

static void pad(FILE *out, size_t blanks)
{
    while (blanks-- > 0)
        fputc(' ', out);
}

/* One cell in its width. *blanks are owed before it, and owed after it: a line never ends in
 * blanks. */
static void print_cell(FILE *out, const char *text, size_t width, bool right, size_t *blanks)
{
    size_t taken = text_width(text);
    size_t bytes = strlen(text);
    const char *end = "";

    if (taken > width) {
        bytes = text_cut(text, width - 1);
        end = ELLIPSIS;
        char *start = strndup(text, bytes);
        taken = (start ? text_width(start) : width - 1) + 1;
        free(start);
    }
    size_t rest = width > taken ? width - taken : 0;
    pad(out, *blanks + (right ? rest : 0));
    fprintf(out, "%.*s%s", (int)bytes, text, end);
    *blanks = (right ? 0 : rest) + GAP;
}

static void print_titles(FILE *out, const struct table *table, const size_t *widths)
{
    size_t blanks = 0;
    char title[64];

    for (size_t i = 0; i < table->count; i++) {
        column_title(&table->columns[i], title, sizeof(title));
        print_cell(out, title, widths[i], table->columns[i].right, &blanks);
    }
    fputc('\n', out);
}

void table_print(FILE *out, const struct table *table, size_t width)
{
    size_t *widths = calloc(table->count, sizeof(*widths));

    if (!widths || table->rows == 0) {
        free(widths);
        return;
    }
    for (size_t i = 0; i < table->count; i++)
        widths[i] = natural_width(table, i);
    fit(table, widths, width);
    print_titles(out, table, widths);
    for (size_t row = 0; row < table->rows; row++) {
        size_t blanks = 0;
        for (size_t i = 0; i < table->count; i++) {
            char *text = shown(table, row, i);
            print_cell(out, text ? text : "", widths[i], table->columns[i].right, &blanks);
            free(text);
        }
        fputc('\n', out);
    }
    free(widths);
}

void table_print_record(FILE *out, const struct table *table, size_t width)
{
    size_t labels = 0;

    for (size_t row = 0; row < table->rows; row++) {
        size_t label = text_width(cell_at(table, row, 0));
        labels = label > labels ? label : labels;
    }
    for (size_t row = 0; row < table->rows; row++) {
        const char *label = cell_at(table, row, 0);
        char *value = shown(table, row, 1);
        size_t blanks = 0;
        print_cell(out, label, labels, false, &blanks);
        text_wrap(out, value ? value : "", labels + GAP - blanks, labels + GAP, width);
        free(value);
    }
}

/* ---- CSV ---- */

static void print_csv_cell(FILE *out, const char *cell)
{
    char *text = clean_cell(cell, false);
    const char *at = text ? text : "";
    bool formula = cell[0] && strchr("=+-@\t\r", cell[0]);

    if (!strpbrk(at, ",\"\r\n")) {
        fprintf(out, "%s%s", formula ? "'" : "", at);
        free(text);
        return;
    }
    fputs(formula ? "\"'" : "\"", out);
    for (; *at; at++) {
        if (*at == '"')
            fputc('"', out);
        fputc(*at, out);
    }
    fputc('"', out);
    free(text);
}

void table_print_csv(FILE *out, const struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        fprintf(out, "%s%s", i ? "," : "", table->columns[i].name);
    fputs("\r\n", out);
    for (size_t row = 0; row < table->rows; row++) {
        for (size_t i = 0; i < table->count; i++) {
            if (i)
                fputc(',', out);
            print_csv_cell(out, cell_at(table, row, i));
        }
        fputs("\r\n", out);
    }
}

/* ---- where it goes ---- */

size_t output_width(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);
    const char *columns = getenv("COLUMNS");
    long width = 0;

    if (fd < 0 || !isatty(fd))
        return OUTPUT_UNCUT;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width == 0 && columns)
        width = strtol(columns, NULL, 10);
    if (width <= 0)
        width = 80;
    return width < WIDTH_LOWEST ? WIDTH_LOWEST : (size_t)width;
}

int output_message(FILE *out, enum output_format format, const ProtobufCMessage *message,
                   struct err *err)
{
    char *text;
    int rc = format == OUTPUT_YAML ? form_to_yaml(message, &text, err)
                                   : form_to_json(message, FORM_PRETTY, &text, err);

    if (rc < 0)
        return rc;
    output_text(out, text);
    free(text);
    return 0;
}

int output_send(FILE *out, const char *text, size_t size, struct err *err)
{
    errno = 0;
    if (fwrite(text, 1, size, out) == size && fflush(out) == 0)
        return 0;
    if (errno == EPIPE)
        return err_set(err, ERR_CANCELLED, "the reader of the result has gone away");
    return err_errno(err, ERR_DATA_LOSS, "write the result");
}
