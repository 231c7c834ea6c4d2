/* Records in PostgreSQL: all SQL of the registry. Each change leaves a row in the history and one
 * in events.outbox, in the transaction of the change. Records returned are freed with
 * protobuf_c_message_free_unpacked(record, NULL). */
#ifndef UCAP_REGISTRY_STORE_H
#define UCAP_REGISTRY_STORE_H

#include "db/db.h"
#include "record.h"

#include <ucap/v1/registry.pb-c.h>

/* Which records of a kind a caller sees: slugs, or all. Bounds programmes; other kinds are shared.
 */
struct store_view {
    bool all;
    char *const *slugs;
    size_t count;
};

bool store_in_view(const struct store_view *view, const char *slug);

/* -ERR_NOT_FOUND names the nearest slug that the view has. */
int store_get(struct db *db, const struct record_kind *kind, const struct store_view *view,
              const char *slug, ProtobufCMessage **ret_record, struct err *err);

/* One page in the order of slugs. It ends early where its records are large: it holds at least one,
 * and at most 3 MiB. */
struct store_page {
    const char *after;   /* slug of the last record of the page before, or "" */
    const char *country; /* cities only: ISO 3166-1 alpha-2; or "" for all */
    unsigned size;       /* 1 to 1000 records */
    bool archived;       /* archived ones too */
};

/* *ret_records is an array of *ret_count records: store_free_list. *ret_more: another page follows.
 */
int store_list(struct db *db, const struct record_kind *kind, const struct store_view *view,
               const struct store_page *page, ProtobufCMessage ***ret_records, size_t *ret_count,
               bool *ret_more, struct err *err);
void store_free_list(ProtobufCMessage **records, size_t count);

/* One page of a record's history, the newest first. It ends early where its reasons are long: it
 * holds at least one entry, and at most 3 MiB. */
struct store_history_page {
    uint64_t before; /* version of the last entry of the page before, or 0 */
    unsigned size;   /* 1 to 1000 entries */
};

/* *ret_entries is an array of *ret_count entries: store_free_history. *ret_more: another page
 * follows. -ERR_NOT_FOUND as store_get. */
int store_history(struct db *db, const struct record_kind *kind, const struct store_view *view,
                  const char *slug, const struct store_history_page *page,
                  Ucap__V1__HistoryEntry ***ret_entries, size_t *ret_count, bool *ret_more,
                  struct err *err);
void store_free_history(Ucap__V1__HistoryEntry **entries, size_t count);

/* A write: what, by whom, why. */
struct store_change {
    const struct record_kind *kind;
    const ProtobufCMessage *record; /* the new values, checked */
    char *const *fields;            /* of an update: names of those to replace */
    size_t field_count;
    const char *reason;
    const char *via; /* service that acts for the person, or NULL */
    const char *traceparent;
    struct db_once once; /* once.principal is the person */
    const struct store_view *view;
    struct findings *violations; /* gets what is wrong with a record as an update would leave it */
};

/* All give the record as it stood afterwards; *ret_fresh: it was done now, not before under the
 * same key. What is outside of the view is not there for an update, with a key known from before as
 * well; a create is not bounded. What changes nothing makes no version. -ERR_ALREADY_EXISTS,
 * -ERR_NOT_FOUND, -ERR_ABORTED (changed meanwhile: says which fields), and those of db_write. */
int store_create(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                 bool *ret_fresh, struct err *err);
/* -ERR_FAILED_PRECONDITION: the record is archived. */
int store_update(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                 bool *ret_fresh, struct err *err);
/* Of change->record the slug and the version count. */
int store_archive(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                  bool *ret_fresh, struct err *err);
int store_restore(struct db *db, const struct store_change *change, ProtobufCMessage **ret_record,
                  bool *ret_fresh, struct err *err);

#endif
