/* Records in PostgreSQL. A record's row holds its slug, version, times and, as JSON, the rest; its
 * history and its event are posted beside it, so that all three commit together or not at all. */
#include "store.h"

#include "base/id.h"
#include "base/text.h"
#include "form/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- statements: the same for every kind, over its table; a new kind is a row ---- */

#define COLUMNS                                                                                    \
    "slug, version, body, (extract(epoch FROM created_at) * 1000000)::bigint, "                    \
    "(extract(epoch FROM updated_at) * 1000000)::bigint"
enum { COLUMN_SLUG, COLUMN_VERSION, COLUMN_BODY, COLUMN_CREATED, COLUMN_UPDATED };

struct statements {
    const struct record_kind *kind;
    struct db_statement get, lock, list, list_filtered, nearest, insert, update;
};

#define STATEMENTS(kind_row, table, filter)                                                        \
    {                                                                                              \
        .kind = &(kind_row),                                                                       \
        .get = {table "_get", "SELECT " COLUMNS " FROM " table " WHERE slug = $1", DB_MAYBE},      \
        .lock = {table "_lock", "SELECT " COLUMNS " FROM " table " WHERE slug = $1 FOR UPDATE",    \
                 DB_MAYBE},                                                                        \
        .list = {table "_list",                                                                    \
                 "SELECT " COLUMNS " FROM " table " WHERE slug > $1 ORDER BY slug LIMIT $2",       \
                 DB_MANY},                                                                         \
        .list_filtered = {table "_list_filtered",                                                  \
                          "SELECT " COLUMNS " FROM " table " WHERE slug > $1 AND " filter          \
                          " ORDER BY slug LIMIT $2",                                               \
                          DB_MANY},                                                                \
        .nearest = {table "_nearest",                                                              \
                    "SELECT slug FROM " table                                                      \
                    " WHERE slug % $1 ORDER BY similarity(slug, $1) DESC, slug LIMIT 20",          \
                    DB_MANY},                                                                      \
        .insert = {table "_insert",                                                                \
                   "INSERT INTO " table " (slug, version, body) VALUES ($1, 1, $2) "               \
                   "ON CONFLICT DO NOTHING RETURNING " COLUMNS,                                    \
                   DB_MAYBE},                                                                      \
        .update = {table "_update",                                                                \
                   "UPDATE " table                                                                 \
                   " SET version = version + 1, body = $2, updated_at = ucap_now() "               \
                   "WHERE slug = $1 RETURNING " COLUMNS,                                           \
                   DB_ONE},                                                                        \
    }

static const struct statements statements[] = {
    STATEMENTS(city_kind, "city", "country = $3"),
    STATEMENTS(programme_kind, "programme", "slug = ANY ($3::text[])"),
};

static const struct db_statement history_add = {
    "history_add",
    "INSERT INTO history (kind, slug, version, principal, via, fields, reason, body) "
    "VALUES ($1, $2, $3, $4, $5, $6::text[], $7, $8)",
    DB_AFFECTS_1};

static const struct db_statement history_since = {
    "history_since",
    "SELECT string_agg(DISTINCT field, ', ' ORDER BY field) FROM history, unnest(fields) AS field "
    "WHERE kind = $1 AND slug = $2 AND version > $3",
    DB_ONE};

static const struct statements *statements_of(const struct record_kind *kind)
{
    const struct statements *row = statements;

    while (row->kind != kind)
        row++;
    return row;
}

/* ---- rows and records ---- */

static void free_record(ProtobufCMessage *record)
{
    if (record)
        protobuf_c_message_free_unpacked(record, NULL);
}

static int read_row(const struct record_kind *kind, const struct db_result *rows, size_t row,
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
        free_record(record);
        return err_nomem(err);
    }
    record_set_slug(record, slug);
    record_set_version(record, (uint64_t)db_value_int(rows, row, COLUMN_VERSION));
    rc = record_set_times(record, db_value_int(rows, row, COLUMN_CREATED),
                          db_value_int(rows, row, COLUMN_UPDATED), err);
    if (rc < 0)
        free_record(record);
    else
        *ret_record = record;
    return rc;
}

static int write_body(const ProtobufCMessage *record, char **ret_body, struct err *err)
{
    ProtobufCMessage *bare = NULL;

    int rc = record_bare(record, &bare, err);
    if (rc == 0)
        rc = form_to_json(bare, FORM_COMPACT, ret_body, err);
    free(bare);
    return rc;
}

/* A text array as PostgreSQL reads it. Slugs and field names have nothing to escape; what is no
 * such name is left out. */
static char *array_literal(const char *const *items, size_t count)
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

/* ---- reading ---- */

#define PAGE_BYTES (2 * RECORD_SIZE_MAX) /* a page that has them takes no further record */

bool store_in_view(const struct store_view *view, const char *slug)
{
    if (view->all)
        return true;
    for (size_t i = 0; i < view->count; i++)
        if (strcmp(view->slugs[i], slug) == 0)
            return true;
    return false;
}

/* "city "barcelna" not found", with a guess among what the caller may see. A word longer than any
 * slug is near none. */
static int not_found(struct db *db, const struct record_kind *kind, const struct store_view *view,
                     const char *slug, struct err *err)
{
    struct db_result *rows = NULL;
    const struct db_param params[] = {db_text(slug)};
    const char *guess = NULL;
    char shown[TEXT_SHOWN_SIZE];

    if (strlen(slug) <= SLUG_MAX &&
        db_query(db, &statements_of(kind)->nearest, params, 1, &rows, err) == 0)
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

int store_get(struct db *db, const struct record_kind *kind, const struct store_view *view,
              const char *slug, ProtobufCMessage **ret_record, struct err *err)
{
    struct db_result *rows = NULL;
    const struct db_param params[] = {db_text(slug)};

    if (!store_in_view(view, slug))
        return not_found(db, kind, view, slug, err);
    int rc = db_query(db, &statements_of(kind)->get, params, 1, &rows, err);
    if (rc < 0)
        return rc;
    if (db_rows(rows) == 0)
        rc = not_found(db, kind, view, slug, err);
    else
        rc = read_row(kind, rows, 0, ret_record, err);
    db_result_free(rows);
    return rc;
}

void store_free_list(ProtobufCMessage **records, size_t count)
{
    for (size_t i = 0; records && i < count; i++)
        free_record(records[i]);
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
        int rc = read_row(kind, rows, count, &records[count], err);
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
    const struct statements *sql = statements_of(kind);
    struct db_result *rows = NULL;
    char *visible = NULL;
    struct db_param params[] = {db_text(page->after), db_int((int64_t)page->size + 1), db_null()};
    int rc;

    if (*page->country) {
        params[2] = db_text(page->country);
    } else if (!view->all) {
        visible = array_literal((const char *const *)view->slugs, view->count);
        if (!visible)
            return err_nomem(err);
        params[2] = db_text(visible);
    }
    if (params[2].text)
        rc = db_query(db, &sql->list_filtered, params, 3, &rows, err);
    else
        rc = db_query(db, &sql->list, params, 2, &rows, err);
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

/* ---- writing: work of db_write ---- */

/* What a write carries through its transaction. */
struct write {
    const struct store_change *change;
    const char *act; /* "created" or "updated" */
};

/* What it did to a record. */
struct outcome {
    const ProtobufCMessage *before; /* NULL: there was none */
    const ProtobufCMessage *after;
    const char *body;                      /* `after` as stored */
    const char *fields[RECORD_FIELDS_MAX]; /* that differ */
    size_t field_count;
};

static int pack(const ProtobufCMessage *message, struct db_answer *ret_answer, struct err *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size + 1);

    if (!bytes)
        return err_nomem(err);
    protobuf_c_message_pack(message, bytes);
    *ret_answer = (struct db_answer){bytes, size};
    return 0;
}

static void *event_member(ProtobufCMessage *event, const char *field)
{
    return (char *)event +
           protobuf_c_message_descriptor_get_field_by_name(event->descriptor, field)->offset;
}

static size_t *event_quantifier(ProtobufCMessage *event, const char *field)
{
    return (size_t *)((char *)event +
                      protobuf_c_message_descriptor_get_field_by_name(event->descriptor, field)
                          ->quantifier_offset);
}

/* The event's data, packed. All kinds' event messages have before, after, fields and reason. */
static int pack_event(const struct store_change *change, const struct outcome *outcome,
                      struct db_answer *ret_data, struct err *err)
{
    ProtobufCMessage *event = malloc(change->kind->event->sizeof_message);

    if (!event)
        return err_nomem(err);
    change->kind->event->message_init(event);
    *(const ProtobufCMessage **)event_member(event, "before") = outcome->before;
    *(const ProtobufCMessage **)event_member(event, "after") = outcome->after;
    *(const char *const **)event_member(event, "fields") = outcome->fields;
    *event_quantifier(event, "fields") = outcome->field_count;
    *(const char **)event_member(event, "reason") = change->reason;
    int rc = pack(event, ret_data, err);
    free(event);
    return rc;
}

static int post_history(struct db *db, const struct store_change *change,
                        const struct outcome *outcome, struct err *err)
{
    char *names = array_literal(outcome->fields, outcome->field_count);

    if (!names)
        return err_nomem(err);
    const struct db_param params[] = {
        db_text(change->kind->name),
        db_text(record_slug(outcome->after)),
        db_int((int64_t)record_version(outcome->after)),
        db_text(change->once.principal),
        db_text(change->via),
        db_text(names),
        db_text(change->reason),
        db_text(outcome->body),
    };
    int rc = db_post(db, &history_add, params, sizeof(params) / sizeof(params[0]), err);
    free(names);
    return rc;
}

static int post_event(struct db *db, const struct write *write, const struct outcome *outcome,
                      struct err *err)
{
    const struct store_change *change = write->change;
    const char *slug = record_slug(outcome->after);
    struct db_answer data = {NULL, 0};
    char type[64], subject[128];

    int rc = pack_event(change, outcome, &data, err);
    if (rc < 0)
        return rc;
    snprintf(type, sizeof(type), "registry.%s.%s", change->kind->name, write->act);
    snprintf(subject, sizeof(subject), "%s/%s", change->kind->name, slug);
    const struct db_event event = {
        .type = type,
        .subject = subject,
        .programme_id = change->kind->is_programme ? slug : NULL,
        .audience = "public",
        .principal = change->once.principal,
        .via = change->via,
        .traceparent = change->traceparent,
        .message = change->kind->event_name,
        .data = data.bytes,
        .size = data.size,
        .record_version = (int64_t)record_version(outcome->after),
    };
    rc = db_outbox_add(db, &event, err);
    free(data.bytes);
    return rc;
}

/* Leaves history, event and answer. */
static int finish(struct db *db, const struct write *write, const struct outcome *outcome,
                  struct db_answer *ret_answer, struct err *err)
{
    int rc = post_history(db, write->change, outcome, err);

    if (rc == 0)
        rc = post_event(db, write, outcome, err);
    return rc < 0 ? rc : pack(outcome->after, ret_answer, err);
}

/* Writes a record by its kind's insert or update, and leaves what comes of it. Only an insert may
 * find its place taken. `before` is NULL for a new record. */
static int save(struct db *db, const struct write *write, const struct db_statement *statement,
                const ProtobufCMessage *before, const ProtobufCMessage *wanted,
                struct db_answer *ret_answer, struct err *err)
{
    const struct record_kind *kind = write->change->kind;
    const char *slug = record_slug(wanted);
    struct outcome outcome = {.before = before};
    ProtobufCMessage *after = NULL;
    struct db_result *rows = NULL;
    char *body = NULL;

    int rc = write_body(wanted, &body, err);
    if (rc < 0)
        return rc;
    const struct db_param params[] = {db_text(slug), db_text(body)};
    rc = db_query(db, statement, params, 2, &rows, err);
    if (rc == 0 && db_rows(rows) == 0)
        rc = err_set(err, ERR_ALREADY_EXISTS,
                     "%s \"%s\" exists already: update it, or choose another slug", kind->name,
                     slug);
    if (rc == 0)
        rc = read_row(kind, rows, 0, &after, err);
    if (rc == 0)
        rc = record_changed_fields(before, after, outcome.fields, err);
    if (rc >= 0) {
        outcome.field_count = (size_t)rc;
        outcome.after = after;
        outcome.body = body;
        rc = finish(db, write, &outcome, ret_answer, err);
    }
    free_record(after);
    db_result_free(rows);
    free(body);
    return rc;
}

static int create(struct db *db, void *arg, struct db_answer *ret_answer, struct err *err)
{
    const struct write *write = arg;
    const struct store_change *change = write->change;

    return save(db, write, &statements_of(change->kind)->insert, NULL, change->record, ret_answer,
                err);
}

static int check_version(struct db *db, const struct store_change *change,
                         const ProtobufCMessage *stored, struct err *err)
{
    struct db_result *rows = NULL;
    uint64_t have = record_version(change->record);
    const char *slug = record_slug(stored);

    if (have == record_version(stored))
        return 0;
    if (have > record_version(stored))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s \"%s\" has no version %llu: the stored one is %llu", change->kind->name,
                       slug, (unsigned long long)have, (unsigned long long)record_version(stored));
    const struct db_param params[] = {db_text(change->kind->name), db_text(slug),
                                      db_int((int64_t)have)};
    int rc = db_query(db, &history_since, params, 3, &rows, err);
    if (rc == 0)
        rc = err_set(err, ERR_ABORTED,
                     "%s \"%s\" changed meanwhile: version %llu is stored, yours is %llu; "
                     "changed since: %s; read it again",
                     change->kind->name, slug, (unsigned long long)record_version(stored),
                     (unsigned long long)have, db_value(rows, 0, 0));
    db_result_free(rows);
    return rc;
}

/* A copy whose memory may be mixed with that of stored records. */
static ProtobufCMessage *copy_record(const ProtobufCMessage *record)
{
    struct db_answer packed;

    if (pack(record, &packed, NULL) < 0)
        return NULL;
    ProtobufCMessage *copy =
        protobuf_c_message_unpack(record->descriptor, NULL, packed.size, packed.bytes);
    free(packed.bytes);
    return copy;
}

/* The stored record with the change's fields in place of its own. */
static int apply_fields(const struct store_change *change, const ProtobufCMessage *stored,
                        ProtobufCMessage **ret_wanted, struct err *err)
{
    ProtobufCMessage *wanted = copy_record(stored);
    ProtobufCMessage *given = copy_record(change->record);
    int rc = 0;

    if (wanted && given) {
        record_swap_fields(wanted, given, change->fields, change->field_count);
        *ret_wanted = wanted;
        wanted = NULL;
    } else {
        rc = err_nomem(err);
    }
    free_record(given);
    free_record(wanted);
    return rc;
}

/* A record is checked whole, as it would be stored. */
static int check_whole(const struct store_change *change, const ProtobufCMessage *wanted,
                       struct err *err)
{
    struct findings warnings = {0};

    findings_clear(change->violations); /* of the try before */
    record_check(change->kind, wanted, change->violations, &warnings);
    findings_clear(&warnings);
    return record_refuse(change->kind->name, change->violations, err);
}

/* A change that changes nothing makes no version and no event. */
static int update_stored(struct db *db, const struct write *write, const ProtobufCMessage *stored,
                         struct db_answer *ret_answer, struct err *err)
{
    const struct store_change *change = write->change;
    const char *fields[RECORD_FIELDS_MAX];
    ProtobufCMessage *wanted = NULL;

    int rc = check_version(db, change, stored, err);
    if (rc == 0)
        rc = apply_fields(change, stored, &wanted, err);
    if (rc < 0)
        return rc;
    rc = check_whole(change, wanted, err);
    if (rc == 0)
        rc = record_changed_fields(stored, wanted, fields, err);
    if (rc == 0)
        rc = pack(stored, ret_answer, err);
    else if (rc > 0)
        rc = save(db, write, &statements_of(change->kind)->update, stored, wanted, ret_answer, err);
    free_record(wanted);
    return rc;
}

static int update(struct db *db, void *arg, struct db_answer *ret_answer, struct err *err)
{
    const struct write *write = arg;
    const struct store_change *change = write->change;
    const char *slug = record_slug(change->record);
    ProtobufCMessage *stored = NULL;
    struct db_result *rows = NULL;
    const struct db_param params[] = {db_text(slug)};

    int rc = db_query(db, &statements_of(change->kind)->lock, params, 1, &rows, err);
    if (rc == 0 && db_rows(rows) == 0)
        rc = not_found(db, change->kind, change->view, slug, err);
    if (rc == 0)
        rc = read_row(change->kind, rows, 0, &stored, err);
    db_result_free(rows);
    if (rc < 0)
        return rc;
    rc = update_stored(db, write, stored, ret_answer, err);
    free_record(stored);
    return rc;
}

static int run(struct db *db, const struct store_change *change, const char *act, db_write_f work,
               ProtobufCMessage **ret_record, bool *ret_fresh, struct err *err)
{
    struct write write = {change, act};
    struct db_answer answer = {NULL, 0};

    int rc = db_write(db, &change->once, work, &write, &answer, ret_fresh, err);
    if (rc < 0)
        return rc;
    *ret_record = protobuf_c_message_unpack(change->kind->message, NULL, answer.size, answer.bytes);
    free(answer.bytes);
    return *ret_record ? 0 : err_nomem(err);
}

int store_create(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                 bool *ret_fresh, struct err *err)
{
    return run(db, change, "created", create, ret_record, ret_fresh, err);
}

int store_update(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                 bool *ret_fresh, struct err *err)
{
    const char *slug = record_slug(change->record);

    if (!store_in_view(change->view, slug))
        return not_found(db, change->kind, change->view, slug, err);
    return run(db, change, "updated", update, ret_record, ret_fresh, err);
}
