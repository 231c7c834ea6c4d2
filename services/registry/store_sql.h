/* Statements of each kind of record, and rows as records. What store.c and store_change.c share;
 * nothing else includes this. */
#ifndef UCAP_REGISTRY_STORE_SQL_H
#define UCAP_REGISTRY_STORE_SQL_H

#include "store.h"

/* The same for every kind, over its table. Rows of all but `nearest` (slugs alone) are for
 * sql_read_row. */
struct sql {
    const struct record_kind *kind;
    struct db_statement get;  /* slug */
    struct db_statement lock; /* slug: get, and no other writer until the end of the transaction */
    struct db_statement list; /* slug it begins after, how many, whether archived ones too */
    struct db_statement list_filtered; /* the same, and the value of the kind's filter */
    struct db_statement nearest;       /* a word */
    struct db_statement previous;      /* a slug it had before; without name: the kind has none */
    struct db_statement insert;        /* slug, body: no row when the slug is taken */
    struct db_statement update;        /* slug, body */
    struct db_statement archive;       /* slug, body */
    struct db_statement restore;       /* slug, body */
    /* What must be so beside a record to be stored, in the transaction that stores it; or NULL. */
    int (*check)(struct db *db, const ProtobufCMessage *record, struct findings *violations,
                 struct err *err);
};

int sql_check_city(struct db *db, const ProtobufCMessage *record, struct findings *violations,
                   struct err *err);

const struct sql *sql_of(const struct record_kind *kind);

/* -ERR_DATA_LOSS: the row cannot be read. */
int sql_read_row(const struct record_kind *kind, const struct db_result *rows, size_t row,
                 ProtobufCMessage **ret_record, struct err *err);
void sql_free_record(ProtobufCMessage *record); /* NULL is left alone */

/* What is stored in `body`: JSON, malloc'ed. */
int sql_write_body(const ProtobufCMessage *record, char **ret_body, struct err *err);

/* A text array as PostgreSQL reads it, malloc'ed; NULL: no memory. Slugs and field names have
 * nothing to escape; what is no such name is left out. */
char *sql_array(const char *const *items, size_t count);

/* -ERR_NOT_FOUND: "city "barcelna" not found", with a guess among what the caller may see (of
 * store.c). A word longer than any slug is near none. */
int sql_not_found(struct db *db, const struct record_kind *kind, const struct store_view *view,
                  const char *slug, struct err *err);

#endif
