/* What records of every kind have in common, by descriptor: a slug, a version, times, and
 * fields that are compared and replaced by name. Pure. */
#ifndef UCAP_REGISTRY_RECORD_H
#define UCAP_REGISTRY_RECORD_H

#include "base/err.h"
#include "base/findings.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#define RECORD_FIELDS_MAX 64
#define RECORD_SIZE_MAX   (1 << 20) /* bytes, packed: an event carries two, and must fit a frame */

/* A kind of record: a message with the fields slug, version, created_at, updated_at and
 * archived_at. */
struct record_kind {
    const char *name; /* "city": in sentences, in the history, in event types */
    const ProtobufCMessageDescriptor *message;
    const ProtobufCMessageDescriptor *event; /* with before, after, fields and reason */
    const char *event_name;                  /* its full name */
    bool is_programme; /* its slug is a programme: a caller sees only its own */
    /* Says what is wrong with a record (paths begin with the kind's name), and what should be
     * looked at. */
    void (*check)(const ProtobufCMessage *record, struct findings *violations,
                  struct findings *warnings);
};

extern const struct record_kind city_kind;
extern const struct record_kind programme_kind;

const char *record_slug(const ProtobufCMessage *record);
void record_set_slug(ProtobufCMessage *record, char *slug); /* the pointer is kept */
uint64_t record_version(const ProtobufCMessage *record);
void record_set_version(ProtobufCMessage *record, uint64_t version);

/* Sets a time (microseconds since 1970), allocated as unpacked messages are. */
int record_set_time(Google__Protobuf__Timestamp **member, int64_t us, struct err *err);

/* Microseconds since 1970. */
struct record_times {
    int64_t created_us, updated_us;
    int64_t archived_us; /* 0: not archived */
};

int record_set_times(ProtobufCMessage *record, const struct record_times *times, struct err *err);
bool record_is_archived(const ProtobufCMessage *record);

/* A copy of the struct without slug, version and times, for storage. It shares all memory: never
 * free its members. */
int record_bare(const ProtobufCMessage *record, ProtobufCMessage **ret_bare, struct err *err);

/* Says all that is wrong with a record, or that it is too large to look at. */
void record_check(const struct record_kind *kind, const ProtobufCMessage *record,
                  struct findings *violations, struct findings *warnings);
/* 0 when there is no violation; else -ERR_INVALID_ARGUMENT: "the WHAT has 2 mistakes". */
int record_refuse(const char *what, const struct findings *violations, struct err *err);

/* Fields of an update: each must be the name of a field that may be changed, once. */
void record_check_fields(const struct record_kind *kind, char *const *fields, size_t count,
                         struct findings *violations);

/* Exchanges the values of the named fields between two records of a kind. */
void record_swap_fields(ProtobufCMessage *a, ProtobufCMessage *b, char *const *fields,
                        size_t count);

/* Names of the fields that differ (slug, version and the times of creation and update apart; before
 * NULL: that are set), static strings in an array of the caller's with room for RECORD_FIELDS_MAX.
 * Returns how many, or a negative code. */
int record_changed_fields(const ProtobufCMessage *before, const ProtobufCMessage *after,
                          const char **ret_fields, struct err *err);

#endif
