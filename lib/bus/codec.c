/* Decoding in three steps, each of which relies on the one before: the bytes (wire.c), protobuf-c
 * with a budget, the walk.
 *
 * Fields that this build does not know are thrown away: nobody has checked them, so they must not
 * be stored or passed on. Messages are plain malloc'ed memory, so those of other makers are freed
 * and checked in the same way. */
#include "bus/codec.h"

#include "base/text.h"
#include "bus/wire.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_ROOM       256            /* bytes of a place's name; a longer one is cut */
#define SECONDS_FIRST   (-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_LAST    253402300799   /* 9999-12-31T23:59:59Z */
#define NANOS_OF_SECOND 1000000000

const struct codec_limits codec_default_limits = {4u << 20, 64u << 20};

/* ---- memory ---- */

/* What is freed again counts all the same: it bounds the work, too. */
struct budget {
    ProtobufCAllocator allocator; /* first: protobuf-c hands its address back as allocator_data */
    size_t left;
    bool met;
};

static void *budget_alloc(void *arg, size_t size)
{
    struct budget *budget = arg;
    void *memory = size <= budget->left ? malloc(size ? size : 1) : NULL;

    if (memory)
        budget->left -= size;
    else
        budget->met = true;
    return memory;
}

static void budget_free(void *arg, void *memory)
{
    (void)arg;
    free(memory);
}

/* ---- the walk ---- */

struct walk {
    char path[PATH_ROOM];
    size_t length;
    unsigned depth;
    bool strip; /* throw unknown fields away; else the message is only read */
    const char *type;
    struct err *err;
};

static int walk_message(struct walk *walk, ProtobufCMessage *message);

static int refuse(const struct walk *walk, const char *why)
{
    return err_set(walk->err, ERR_INVALID_ARGUMENT, "%s: %s %s", walk->type,
                   walk->length ? walk->path : "it", why);
}

/* Goes to a place; the return value leads back, to walk_leave. index < 0: not in a list. */
static size_t walk_enter(struct walk *walk, const char *name, long index)
{
    size_t before = walk->length;
    char *end = walk->path + before;
    size_t room = sizeof(walk->path) - before;
    const char *dot = before ? "." : "";
    int length = index < 0 ? snprintf(end, room, "%s%s", dot, name)
                           : snprintf(end, room, "%s%s[%ld]", dot, name, index);

    if (length > 0)
        walk->length += (size_t)length < room ? (size_t)length : room - 1;
    return before;
}

static void walk_leave(struct walk *walk, size_t before)
{
    walk->length = before;
    walk->path[before] = '\0';
}

static int check_text(const struct walk *walk, const char *text)
{
    if (!text)
        return 0;
    if (!text_is_utf8(text, strlen(text)))
        return refuse(walk, "is not UTF-8");
    if (text_has_control(text))
        return refuse(walk, "has a control character");
    return 0;
}

static int check_enum(const struct walk *walk, const ProtobufCEnumDescriptor *descriptor, int value)
{
    if (protobuf_c_enum_descriptor_get_value(descriptor, value))
        return 0;
    return err_set(walk->err, ERR_INVALID_ARGUMENT, "%s: %s is %d, which is no %s", walk->type,
                   walk->path, value, descriptor->name);
}

static int check_time(const struct walk *walk, const Google__Protobuf__Timestamp *time)
{
    if (time->seconds < SECONDS_FIRST || time->seconds > SECONDS_LAST)
        return refuse(walk, "is a time outside of the years 0001 to 9999");
    if (time->nanos < 0 || time->nanos >= NANOS_OF_SECOND)
        return refuse(walk, "is a time whose nanoseconds are not 0 to 999999999");
    return 0;
}

/* `at` is where the value stands: in the message, or in the array of a repeated field. */
static int check_value(struct walk *walk, const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return check_text(walk, *(char *const *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return check_enum(walk, field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)at ? walk_message(walk, *(ProtobufCMessage *const *)at)
                                              : 0;
    default:
        return 0;
    }
}

static size_t value_size(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
}

static int walk_list(struct walk *walk, const ProtobufCFieldDescriptor *field, const char *message)
{
    size_t count = *(const size_t *)(message + field->quantifier_offset);
    const char *array = *(char *const *)(message + field->offset);
    size_t size = value_size(field->type);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        size_t before = walk_enter(walk, field->name, (long)i);
        rc = check_value(walk, field, array + i * size);
        walk_leave(walk, before);
    }
    return rc;
}

static bool is_checked(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM ||
           field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* Members of a oneof share their memory: only the one that is set may be looked at. */
static bool is_set(const ProtobufCFieldDescriptor *field, const char *message)
{
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return true;
    return *(const uint32_t *)(message + field->quantifier_offset) == field->id;
}

static int walk_field(struct walk *walk, const ProtobufCFieldDescriptor *field, const char *message)
{
    if (!is_checked(field) || !is_set(field, message))
        return 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return walk_list(walk, field, message);
    size_t before = walk_enter(walk, field->name, -1);
    int rc = check_value(walk, field, message + field->offset);
    walk_leave(walk, before);
    return rc;
}

static void drop_unknown(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->n_unknown_fields; i++)
        free(message->unknown_fields[i].data);
    free(message->unknown_fields);
    message->unknown_fields = NULL;
    message->n_unknown_fields = 0;
}

static int walk_message(struct walk *walk, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    int rc = 0;

    if (walk->depth == WIRE_DEPTH_MAX)
        return refuse(walk, "has too many messages inside each other");
    if (walk->strip)
        drop_unknown(message);
    if (descriptor == &google__protobuf__timestamp__descriptor)
        return check_time(walk, (const Google__Protobuf__Timestamp *)message);
    walk->depth++;
    for (unsigned i = 0; rc == 0 && i < descriptor->n_fields; i++)
        rc = walk_field(walk, &descriptor->fields[i], (const char *)message);
    walk->depth--;
    return rc;
}

static int walk_all(ProtobufCMessage *message, bool strip, struct err *err)
{
    struct walk walk = {.strip = strip, .type = message->descriptor->name, .err = err};

    return walk_message(&walk, message);
}

int codec_check(const ProtobufCMessage *message, struct err *err)
{
    return walk_all((ProtobufCMessage *)message, false, err); /* without strip it only reads */
}

/* ---- decode, encode ---- */

static int decode(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
                  size_t memory_bytes, ProtobufCMessage **ret_message, struct err *err)
{
    struct budget budget = {.allocator = {budget_alloc, budget_free, &budget},
                            .left = memory_bytes};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, &budget.allocator, size, bytes);

    if (message) {
        *ret_message = message;
        return 0;
    }
    if (budget.met)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "%s: decoding takes more than %zu bytes of memory: send less at once",
                       descriptor->name, memory_bytes);
    return err_set(err, ERR_INVALID_ARGUMENT, "%s: the bytes are not a message of this type",
                   descriptor->name);
}

int codec_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
                 const struct codec_limits *limits, ProtobufCMessage **ret_message, struct err *err)
{
    ProtobufCMessage *message = NULL;

    if (!limits)
        limits = &codec_default_limits;
    if (size > limits->message_bytes)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "%s: %zu bytes are more than the %zu allowed: send less at once",
                       descriptor->name, size, limits->message_bytes);
    int rc = wire_check(descriptor, bytes, size, err);
    if (rc == 0)
        rc = decode(descriptor, bytes, size, limits->memory_bytes, &message, err);
    if (rc == 0)
        rc = walk_all(message, true, err);
    if (rc < 0)
        codec_free(message);
    else
        *ret_message = message;
    return rc;
}

int codec_pack(const ProtobufCMessage *message, void **ret_bytes, size_t *ret_size, struct err *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    void *bytes = malloc(size ? size : 1);

    if (!bytes)
        return err_nomem(err);
    *ret_size = protobuf_c_message_pack(message, bytes);
    *ret_bytes = bytes;
    return 0;
}

void codec_free(ProtobufCMessage *message)
{
    if (message)
        protobuf_c_message_free_unpacked(message, NULL);
}
