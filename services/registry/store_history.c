/* Reading the history of a record. Who may not see the record does not see its history. */
#include "store_sql.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES ((size_t)2 * RECORD_SIZE_MAX) /* a page that has them takes no further entry */

static const struct db_statement history_page = {
    "history_page",
    "SELECT version, principal, via, (extract(epoch FROM changed_at) * 1000000)::bigint, "
    "array_to_string(fields, ' '), reason FROM history "
    "WHERE kind = $1 AND slug = $2 AND ($3::bigint = 0 OR version < $3) ORDER BY version DESC "
    "LIMIT $4",
    DB_MANY};
enum { COLUMN_VERSION, COLUMN_PRINCIPAL, COLUMN_VIA, COLUMN_CHANGED, COLUMN_FIELDS, COLUMN_REASON };

static void free_entry(Ucap__V1__HistoryEntry *entry)
{
    if (entry)
        protobuf_c_message_free_unpacked(&entry->base, NULL);
}

void store_free_history(Ucap__V1__HistoryEntry **entries, size_t count)
{
    for (size_t i = 0; entries && i < count; i++)
        free_entry(entries[i]);
    free(entries);
}

/* Names between single blanks. On failure what is there stays with the entry. */
static int read_fields(Ucap__V1__HistoryEntry *entry, const char *names, struct err *err)
{
    entry->fields = calloc(RECORD_FIELDS_MAX, sizeof(*entry->fields));
    if (!entry->fields)
        return err_nomem(err);
    while (*names && entry->n_fields < RECORD_FIELDS_MAX) {
        size_t length = strcspn(names, " ");
        char *name = strndup(names, length);
        if (!name)
            return err_nomem(err);
        entry->fields[entry->n_fields++] = name;
        names += length + (names[length] == ' ');
    }
    return 0;
}

/* An empty text stays the static one of an empty message. */
static int read_text(const struct db_result *rows, size_t row, size_t column, char **member,
                     struct err *err)
{
    const char *text = db_value(rows, row, column);

    if (!*text)
        return 0;
    char *copy = strdup(text);
    if (!copy)
        return err_nomem(err);
    *member = copy;
    return 0;
}

static int read_entry(const struct db_result *rows, size_t row, Ucap__V1__HistoryEntry **ret_entry,
                      struct err *err)
{
    Ucap__V1__HistoryEntry *entry = malloc(sizeof(*entry));

    if (!entry)
        return err_nomem(err);
    ucap__v1__history_entry__init(entry);
    entry->version = (uint64_t)db_value_int(rows, row, COLUMN_VERSION);
    int rc = record_set_time(&entry->changed_at, db_value_int(rows, row, COLUMN_CHANGED), err);
    if (rc == 0)
        rc = read_text(rows, row, COLUMN_PRINCIPAL, &entry->principal, err);
    if (rc == 0)
        rc = read_text(rows, row, COLUMN_VIA, &entry->via, err);
    if (rc == 0)
        rc = read_text(rows, row, COLUMN_REASON, &entry->reason, err);
    if (rc == 0)
        rc = read_fields(entry, db_value(rows, row, COLUMN_FIELDS), err);
    if (rc < 0)
        free_entry(entry);
    else
        *ret_entry = entry;
    return rc;
}

/* Of at most `most` rows as many as go into one page. */
static int read_entries(const struct db_result *rows, size_t most,
                        Ucap__V1__HistoryEntry ***ret_entries, size_t *ret_count, struct err *err)
{
    Ucap__V1__HistoryEntry **entries = calloc(most + 1, sizeof(*entries));
    size_t count = 0;

    if (!entries)
        return err_nomem(err);
    for (size_t bytes = 0; count < most && bytes < PAGE_BYTES; count++) {
        int rc = read_entry(rows, count, &entries[count], err);
        if (rc < 0) {
            store_free_history(entries, count);
            return rc;
        }
        bytes += ucap__v1__history_entry__get_packed_size(entries[count]);
    }
    *ret_entries = entries;
    *ret_count = count;
    return 0;
}

int store_history(struct db *db, const struct record_kind *kind, const struct store_view *view,
                  const char *slug, const struct store_history_page *page,
                  Ucap__V1__HistoryEntry ***ret_entries, size_t *ret_count, bool *ret_more,
                  struct err *err)
{
    const struct db_param params[] = {db_text(kind->name), db_text(slug),
                                      db_int((int64_t)page->before), db_int(page->size + 1)};
    struct db_result *rows = NULL;

    if (!store_in_view(view, slug))
        return sql_not_found(db, kind, view, slug, err);
    int rc = db_query(db, &history_page, params, 4, &rows, err);
    if (rc < 0)
        return rc;
    size_t found = db_rows(rows);
    if (found == 0 && page->before == 0) /* what exists has the version that created it */
        rc = sql_not_found(db, kind, view, slug, err);
    else
        rc = read_entries(rows, found < page->size ? found : page->size, ret_entries, ret_count,
                          err);
    if (rc == 0)
        *ret_more = found > *ret_count;
    db_result_free(rows);
    return rc;
}
