/* The row of an event, in the one outbox of all services (migrations/events). */
#include "db/db.h"

static const struct db_statement add_statement = {
    "db_outbox_add",
    "INSERT INTO events.outbox (type, subject, programme_id, audience, principal, via,"
    "    traceparent, message, data, record_version)"
    "  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    DB_NONE,
};

int db_outbox_add(struct db *db, const struct db_event *event, struct err *err)
{
    struct db_param params[] = {
        db_text(event->type),
        db_text(event->subject),
        db_text(event->programme_id),
        db_text(event->audience),
        db_text(event->principal),
        db_text(event->via),
        db_text(event->traceparent),
        db_text(event->message),
        db_bytes(event->data, event->size),
        db_int(event->record_version),
    };

    return db_post(db, &add_statement, params, sizeof(params) / sizeof(params[0]), err);
}
