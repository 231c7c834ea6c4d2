/* What stands in the tables, and records read from and written to it. */
#include "store_sql.h"

#include "form/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- statements: the same for every kind, over its table; a new kind is a row ---- */

#define COLUMNS                                                                                    \
    "slug, version, body, (extract(epoch FROM created_at) * 1000000)::bigint, "                    \
    "(extract(epoch FROM updated_at) * 1000000)::bigint, "                                         \
    "coalesce((extract(epoch FROM archived_at) * 1000000)::bigint, 0)"
enum { COLUMN_SLUG, COLUMN_VERSION, COLUMN_BODY, COLUMN_CREATED, COLUMN_UPDATED, COLUMN_ARCHIVED };

#define CHANGE(table, name, also)                                                                  \
    {                                                                                              \
        table name,                                                                                \
            "UPDATE " table " SET version = version + 1, body = $2, " also                         \
            "updated_at = ucap_now() WHERE slug = $1 RETURNING " COLUMNS,                          \
            DB_ONE                                                                                 \
    }
#define LISTED " AND ($3::boolean OR archived_at IS NULL) "

#define STATEMENTS(kind_row, table, filter, ...)                                                   \
    {                                                                                              \
        .kind = &(kind_row),                                                                       \
        .get = {table "_get", "SELECT " COLUMNS " FROM " table " WHERE slug = $1", DB_MAYBE},      \
        .lock = {table "_lock", "SELECT " COLUMNS " FROM " table " WHERE slug = $1 FOR UPDATE",    \
                 DB_MAYBE},                                                                        \
        .list = {table "_list",                                                                    \
                 "SELECT " COLUMNS " FROM " table " WHERE slug > $1" LISTED                        \
                 "ORDER BY slug LIMIT $2",                                                         \
                 DB_MANY},                                                                         \
        .list_filtered = {table "_list_filtered",                                                  \
                          "SELECT " COLUMNS " FROM " table " WHERE slug > $1 AND " filter LISTED   \
                          "ORDER BY slug LIMIT $2",                                                \
                          DB_MANY},                                                                \
        .nearest = {table "_nearest",                                                              \
                    "SELECT slug FROM " table                                                      \
                    " WHERE slug % $1 ORDER BY similarity(slug, $1) DESC, slug LIMIT 20",          \
                    DB_MANY},                                                                      \
        .insert = {table "_insert",                                                                \
                   "INSERT INTO " table " (slug, version, body) VALUES ($1, 1, $2) "               \
                   "ON CONFLICT DO NOTHING RETURNING " COLUMNS,                                    \
                   DB_MAYBE},                                                                      \
        .update = CHANGE(table, "_update", ""),                                                    \
        .archive = CHANGE(table, "_archive", "archived_at = ucap_now(), "),                        \
        .restore = CHANGE(table, "_restore", "archived_at = NULL, "), __VA_ARGS__                  \
    }

static const struct sql kinds[] = {
    STATEMENTS(city_kind, "city", "country = $4",
               .previous = {"city_previous",
                            "SELECT " COLUMNS " FROM city WHERE body -> 'previous_ids' ? $1 "
                            "ORDER BY slug LIMIT 1",
                            DB_MAYBE},
               .check = sql_check_city),
    STATEMENTS(programme_kind, "programme", "slug = ANY ($4::text[])", .check = NULL),
};

const struct sql *sql_of(const struct record_kind *kind)
{
    const struct sql *row = kinds;

    while (row->kind != kind)
        row++;
    return row;
}

/* ---- rows and records ---- */

void sql_free_record(ProtobufCMessage *record)
{
    if (record)
        protobuf_c_message_free_unpacked(record, NULL);
}

int sql_read_row(const struct record_kind *kind, const struct db_result *rows, size_t row,
                 ProtobufCMessage **ret_record, struct err *err)
{
    const char *body = db_value(rows, row, COLUMN_BODY);
    ProtobufCMessage *record = NULL;
    char *slug;

    int rc = form_from_json(kind->message, body, strlen(body), NULL, &record, NULL, err);
    if (rc < 0) {
        char cause[ERR_TEXT_MAX / 2];
        snprintf(cause, sizeof(cause), "%.*s", (int)sizeof(cause) - 1, err->text);
        return err_set(err, ERR_DATA_LOSS, "the stored %s \"%s\" cannot be read: %s", kind->name,
                       db_value(rows, row, COLUMN_SLUG), cause);
    }
    slug = strdup(db_value(rows, row, COLUMN_SLUG));
    if (!slug) {
        sql_free_record(record);
        return err_nomem(err);
    }
    record_set_slug(record, slug);
    record_set_version(record, (uint64_t)db_value_int(rows, row, COLUMN_VERSION));
    const struct record_times times = {
        .created_us = db_value_int(rows, row, COLUMN_CREATED),
        .updated_us = db_value_int(rows, row, COLUMN_UPDATED),
        .archived_us = db_value_int(rows, row, COLUMN_ARCHIVED),
    };
    rc = record_set_times(record, &times, err);
    if (rc < 0)
        sql_free_record(record);
    else
        *ret_record = record;
    return rc;
}

int sql_write_body(const ProtobufCMessage *record, char **ret_body, struct err *err)
{
    ProtobufCMessage *bare = NULL;

    int rc = record_bare(record, &bare, err);
    if (rc == 0)
        rc = form_to_json(bare, FORM_COMPACT, ret_body, err);
    free(bare);
    return rc;
}

char *sql_array(const char *const *items, size_t count)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t size = 3;

    for (size_t i = 0; i < count; i++)
        size += strlen(items[i]) + 1;
    char *text = malloc(size);
    if (!text)
        return NULL;
    char *end = text;
    *end++ = '{';
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(items[i]);
        if (length == 0 || strspn(items[i], plain) != length)
            continue;
        if (end > text + 1)
            *end++ = ',';
        memcpy(end, items[i], length);
        end += length;
    }
    memcpy(end, "}", 2);
    return text;
}
