/* Lines of label and value, of messages of any kind. */
#include "record.h"

#include <stdlib.h>

static const struct column columns[] = {{.name = "label"}, {.name = "value"}};

void record_begin(struct record *record, struct err *err)
{
    record->table = table_create(columns, 2);
    record->err = err;
    record->rc = record->table ? 0 : err_nomem(err);
}

void record_add(struct record *record, const char *label, const char *value)
{
    const char *cells[] = {label, value};

    if (record->rc == 0)
        record->rc = table_add(record->table, cells, record->err);
}

void record_take(struct record *record, const char *label, char *value)
{
    record_add(record, label, value);
    free(value);
}

void record_add_code(struct record *record, const char *label, const char *name, const char *code)
{
    char *value = NULL;

    if (!name)
        record_add(record, label, code);
    else if (asprintf(&value, "%s (%s)", name, code) < 0)
        record->rc = err_nomem(record->err);
    else
        record_take(record, label, value);
}

void record_add_texts(struct record *record, const char *label, Ucap__V1__LocalText *const *texts,
                      size_t count)
{
    char line[96];

    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "%s (%.40s)", label, texts[i]->language);
        record_add(record, line, texts[i]->text);
    }
}

void record_add_sources(struct record *record, Ucap__V1__Source *const *sources, size_t count)
{
    for (size_t i = 0; i < count; i++)
        record_add(record, "Source", sources[i]->title[0] ? sources[i]->title : sources[i]->link);
}

int record_end(struct record *record, const struct run *run)
{
    if (record->rc == 0)
        table_print_record(run->out, record->table, run->width);
    table_destroy(record->table);
    return record->rc;
}
