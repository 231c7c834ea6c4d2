/* Writing records. A record's row holds its slug, version, times and, as JSON, the rest; its
 * history and its event are posted beside it, so that all three commit together or not at all. */
#include "store_sql.h"

#include <stdio.h>
#include <stdlib.h>

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

struct write;

/* Changes a stored record, which no other writer has until the end of the transaction. */
typedef int (*change_f)(struct db *db, const struct write *write, const ProtobufCMessage *stored,
                        struct db_answer *ret_answer, struct err *err);

/* What a write carries through its transaction. */
struct write {
    const struct store_change *change;
    const char *act; /* "created", "updated", "archived" or "restored" */
    change_f apply;  /* NULL: created */
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
    char *names = sql_array(outcome->fields, outcome->field_count);

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

    int rc = sql_write_body(wanted, &body, err);
    if (rc < 0)
        return rc;
    const struct db_param params[] = {db_text(slug), db_text(body)};
    rc = db_query(db, statement, params, 2, &rows, err);
    if (rc == 0 && db_rows(rows) == 0)
        rc = err_set(err, ERR_ALREADY_EXISTS,
                     "%s \"%s\" exists already: update it, or choose another slug", kind->name,
                     slug);
    if (rc == 0)
        rc = sql_read_row(kind, rows, 0, &after, err);
    if (rc == 0)
        rc = record_changed_fields(before, after, outcome.fields, err);
    if (rc >= 0) {
        outcome.field_count = (size_t)rc;
        outcome.after = after;
        outcome.body = body;
        rc = finish(db, write, &outcome, ret_answer, err);
    }
    sql_free_record(after);
    db_result_free(rows);
    free(body);
    return rc;
}

/* A correct record, with what is beside it. */
static int check_beside(struct db *db, const struct store_change *change,
                        const ProtobufCMessage *wanted, struct err *err)
{
    const struct sql *sql = sql_of(change->kind);

    findings_clear(change->violations); /* of the try before */
    int rc = sql->check ? sql->check(db, wanted, change->violations, err) : 0;
    return rc < 0 ? rc : record_refuse(change->kind->name, change->violations, err);
}

static int create(struct db *db, void *arg, struct db_answer *ret_answer, struct err *err)
{
    const struct write *write = arg;
    const struct store_change *change = write->change;

    int rc = check_beside(db, change, change->record, err);

    if (rc < 0)
        return rc;
    return save(db, write, &sql_of(change->kind)->insert, NULL, change->record, ret_answer, err);
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
    sql_free_record(given);
    sql_free_record(wanted);
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

    if (record_is_archived(stored))
        return err_set(err, ERR_FAILED_PRECONDITION,
                       "%s \"%s\" is archived: restore it before you change it", change->kind->name,
                       record_slug(stored));
    int rc = check_version(db, change, stored, err);
    if (rc == 0)
        rc = apply_fields(change, stored, &wanted, err);
    if (rc < 0)
        return rc;
    rc = check_whole(change, wanted, err);
    if (rc == 0)
        rc = check_beside(db, change, wanted, err);
    if (rc == 0)
        rc = record_changed_fields(stored, wanted, fields, err);
    if (rc == 0)
        rc = pack(stored, ret_answer, err);
    else if (rc > 0)
        rc = save(db, write, &sql_of(change->kind)->update, stored, wanted, ret_answer, err);
    sql_free_record(wanted);
    return rc;
}

/* Sets a record aside or takes it back by `statement`, unless that is done already. */
static int move_stored(struct db *db, const struct write *write,
                       const struct db_statement *statement, bool done,
                       const ProtobufCMessage *stored, struct db_answer *ret_answer,
                       struct err *err)
{
    int rc = check_version(db, write->change, stored, err);

    if (rc < 0)
        return rc;
    if (done)
        return pack(stored, ret_answer, err);
    return save(db, write, statement, stored, stored, ret_answer, err);
}

static int archive_stored(struct db *db, const struct write *write, const ProtobufCMessage *stored,
                          struct db_answer *ret_answer, struct err *err)
{
    return move_stored(db, write, &sql_of(write->change->kind)->archive, record_is_archived(stored),
                       stored, ret_answer, err);
}

static int restore_stored(struct db *db, const struct write *write, const ProtobufCMessage *stored,
                          struct db_answer *ret_answer, struct err *err)
{
    return move_stored(db, write, &sql_of(write->change->kind)->restore,
                       !record_is_archived(stored), stored, ret_answer, err);
}

static int change_stored(struct db *db, void *arg, struct db_answer *ret_answer, struct err *err)
{
    const struct write *write = arg;
    const struct store_change *change = write->change;
    const char *slug = record_slug(change->record);
    ProtobufCMessage *stored = NULL;
    struct db_result *rows = NULL;
    const struct db_param params[] = {db_text(slug)};

    int rc = db_query(db, &sql_of(change->kind)->lock, params, 1, &rows, err);
    if (rc == 0 && db_rows(rows) == 0)
        rc = sql_not_found(db, change->kind, change->view, slug, err);
    if (rc == 0)
        rc = sql_read_row(change->kind, rows, 0, &stored, err);
    db_result_free(rows);
    if (rc < 0)
        return rc;
    rc = write->apply(db, write, stored, ret_answer, err);
    sql_free_record(stored);
    return rc;
}

static int run(struct db *db, const struct store_change *change, const char *act, change_f apply,
               ProtobufCMessage **ret_record, bool *ret_fresh, struct err *err)
{
    struct write write = {change, act, apply};
    struct db_answer answer = {NULL, 0};

    int rc = db_write(db, &change->once, apply ? change_stored : create, &write, &answer, ret_fresh,
                      err);
    if (rc < 0)
        return rc;
    *ret_record = protobuf_c_message_unpack(change->kind->message, NULL, answer.size, answer.bytes);
    free(answer.bytes);
    return *ret_record ? 0 : err_nomem(err);
}

int store_create(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                 bool *ret_fresh, struct err *err)
{
    return run(db, change, "created", NULL, ret_record, ret_fresh, err);
}

/* What is outside of the view is not there. */
static int run_in_view(struct db *db, const struct store_change *change, const char *act,
                       change_f apply, ProtobufCMessage **ret_record, bool *ret_fresh,
                       struct err *err)
{
    const char *slug = record_slug(change->record);

    if (!store_in_view(change->view, slug))
        return sql_not_found(db, change->kind, change->view, slug, err);
    return run(db, change, act, apply, ret_record, ret_fresh, err);
}

int store_update(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                 bool *ret_fresh, struct err *err)
{
    return run_in_view(db, change, "updated", update_stored, ret_record, ret_fresh, err);
}

int store_archive(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                  bool *ret_fresh, struct err *err)
{
    return run_in_view(db, change, "archived", archive_stored, ret_record, ret_fresh, err);
}

int store_restore(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                  bool *ret_fresh, struct err *err)
{
    return run_in_view(db, change, "restored", restore_stored, ret_record, ret_fresh, err);
}
