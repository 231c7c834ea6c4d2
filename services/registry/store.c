/* Reading records, within what the caller sees. */
#include "store_sql.h"

#include "base/id.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A page that has them takes no further record. */
#define PAGE_BYTES ((size_t)2 * RECORD_SIZE_MAX)

bool store_in_view(const struct store_view *view, const char *slug)
{
    if (view->all)
        return true;
    for (size_t i = 0; i < view->count; i++)
        if (strcmp(view->slugs[i], slug) == 0)
            return true;
    return false;
}

int sql_not_found(struct db *db, const struct record_kind *kind, const struct store_view *view,
                  const char *slug, struct err *err)
{
    struct db_result *rows = NULL;
    const struct db_param params[] = {db_text(slug)};
    const char *guess = NULL;
    char shown[TEXT_SHOWN_SIZE];

    if (strlen(slug) <= SLUG_MAX &&
        db_query(db, &sql_of(kind)->nearest, params, 1, &rows, err) == 0)
        for (size_t i = 0; i < db_rows(rows) && !guess; i++)
            if (store_in_view(view, db_value(rows, i, 0)))
                guess = db_value(rows, i, 0);
    text_show(slug, shown);
    int rc = guess ? err_set(err, ERR_NOT_FOUND, "%s %s not found (did you mean \"%s\"?)",
                             kind->name, shown, guess)
                   : err_set(err, ERR_NOT_FOUND, "%s %s not found", kind->name, shown);
    db_result_free(rows);
    return rc;
}

/* *ret_record stays NULL where none has it. */
static int find(struct db *db, const struct record_kind *kind, const struct db_statement *statement,
                const char *slug, ProtobufCMessage **ret_record, struct err *err)
{
    struct db_result *rows = NULL;
    const struct db_param params[] = {db_text(slug)};

    int rc = db_query(db, statement, params, 1, &rows, err);
    if (rc == 0 && db_rows(rows) > 0)
        rc = sql_read_row(kind, rows, 0, ret_record, err);
    db_result_free(rows);
    return rc;
}

int store_get(struct db *db, const struct record_kind *kind, const struct store_view *view,
              const char *slug, ProtobufCMessage **ret_record, struct err *err)
{
    const struct sql *sql = sql_of(kind);
    ProtobufCMessage *record = NULL;

    if (!store_in_view(view, slug))
        return sql_not_found(db, kind, view, slug, err);
    int rc = find(db, kind, &sql->get, slug, &record, err);
    if (rc == 0 && !record && sql->previous.name)
        rc = find(db, kind, &sql->previous, slug, &record, err);
    if (rc < 0)
        return rc;
    if (!record)
        return sql_not_found(db, kind, view, slug, err);
    *ret_record = record;
    return 0;
}

void store_free_list(ProtobufCMessage **records, size_t count)
{
    for (size_t i = 0; records && i < count; i++)
        sql_free_record(records[i]);
    free(records);
}

/* Of at most `most` rows as many as go into one page. */
static int read_rows(const struct record_kind *kind, const struct db_result *rows, size_t most,
                     ProtobufCMessage ***ret_records, size_t *ret_count, struct err *err)
{
    ProtobufCMessage **records = calloc(most + 1, sizeof(*records));
    size_t count = 0;

    if (!records)
        return err_nomem(err);
    for (size_t bytes = 0; count < most && bytes < PAGE_BYTES; count++) {
        int rc = sql_read_row(kind, rows, count, &records[count], err);
        if (rc < 0) {
            store_free_list(records, count);
            return rc;
        }
        bytes += protobuf_c_message_get_packed_size(records[count]);
    }
    *ret_records = records;
    *ret_count = count;
    return 0;
}

int store_list(struct db *db, const struct record_kind *kind, const struct store_view *view,
               const struct store_page *page, ProtobufCMessage ***ret_records, size_t *ret_count,
               bool *ret_more, struct err *err)
{
    const struct sql *sql = sql_of(kind);
    struct db_result *rows = NULL;
    char *visible = NULL;
    struct db_param params[] = {db_text(page->after), db_int((int64_t)page->size + 1),
                                db_text(page->archived ? "true" : "false"), db_null()};
    int rc;

    if (*page->country) {
        params[3] = db_text(page->country);
    } else if (!view->all) {
        visible = sql_array((const char *const *)view->slugs, view->count);
        if (!visible)
            return err_nomem(err);
        params[3] = db_text(visible);
    }
    if (params[3].text)
        rc = db_query(db, &sql->list_filtered, params, 4, &rows, err);
    else
        rc = db_query(db, &sql->list, params, 3, &rows, err);
    free(visible);
    if (rc < 0)
        return rc;
    size_t found = db_rows(rows);
    rc =
        read_rows(kind, rows, found < page->size ? found : page->size, ret_records, ret_count, err);
    if (rc == 0)
        *ret_more = found > *ret_count;
    db_result_free(rows);
    return rc;
}
