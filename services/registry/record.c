/* Records by descriptor: the few fields that all kinds share, comparison and replacement of the
 * rest. */
#include "record.h"

#include "base/text.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdlib.h>
#include <string.h>

static const char *const kept_by_service[] = {"slug", "version", "created_at", "updated_at",
                                              "archived_at"};

static bool is_kept(const char *field)
{
    for (size_t i = 0; i < sizeof(kept_by_service) / sizeof(kept_by_service[0]); i++)
        if (strcmp(field, kept_by_service[i]) == 0)
            return true;
    return false;
}

/* That a record was archived is a change of it, although not by an update. */
static bool is_compared(const char *field)
{
    return !is_kept(field) || strcmp(field, "archived_at") == 0;
}

static void *member(const ProtobufCMessage *record, const char *field)
{
    const ProtobufCFieldDescriptor *row =
        protobuf_c_message_descriptor_get_field_by_name(record->descriptor, field);

    return (char *)record + row->offset;
}

const char *record_slug(const ProtobufCMessage *record)
{
    return *(char **)member(record, "slug");
}

void record_set_slug(ProtobufCMessage *record, char *slug)
{
    *(char **)member(record, "slug") = slug;
}

uint64_t record_version(const ProtobufCMessage *record)
{
    return *(uint64_t *)member(record, "version");
}

void record_set_version(ProtobufCMessage *record, uint64_t version)
{
    *(uint64_t *)member(record, "version") = version;
}

int record_set_time(Google__Protobuf__Timestamp **member, int64_t us, struct err *err)
{
    if (!*member)
        *member = malloc(sizeof(**member));
    if (!*member)
        return err_nomem(err);
    google__protobuf__timestamp__init(*member);
    (*member)->seconds = us / 1000000;
    (*member)->nanos = (int32_t)(us % 1000000) * 1000;
    return 0;
}

int record_set_times(ProtobufCMessage *record, const struct record_times *times, struct err *err)
{
    int rc = record_set_time(member(record, "created_at"), times->created_us, err);

    if (rc == 0)
        rc = record_set_time(member(record, "updated_at"), times->updated_us, err);
    if (rc == 0 && times->archived_us > 0)
        rc = record_set_time(member(record, "archived_at"), times->archived_us, err);
    return rc;
}

bool record_is_archived(const ProtobufCMessage *record)
{
    return *(void **)member(record, "archived_at") != NULL;
}

int record_bare(const ProtobufCMessage *record, ProtobufCMessage **ret_bare, struct err *err)
{
    ProtobufCMessage *bare = malloc(record->descriptor->sizeof_message);

    if (!bare)
        return err_nomem(err);
    memcpy(bare, record, record->descriptor->sizeof_message);
    record_set_slug(bare, (char *)protobuf_c_empty_string);
    record_set_version(bare, 0);
    *(void **)member(bare, "created_at") = NULL;
    *(void **)member(bare, "updated_at") = NULL;
    *(void **)member(bare, "archived_at") = NULL;
    bare->n_unknown_fields = 0;
    *ret_bare = bare;
    return 0;
}

int record_refuse(const char *what, const struct findings *violations, struct err *err)
{
    size_t count = violations->count + violations->dropped;

    if (count == 0)
        return 0;
    if (count == 1)
        return err_set(err, ERR_INVALID_ARGUMENT, "the %s has a mistake", what);
    return err_set(err, ERR_INVALID_ARGUMENT, "the %s has %zu mistakes", what, count);
}

void record_check(const struct record_kind *kind, const ProtobufCMessage *record,
                  struct findings *violations, struct findings *warnings)
{
    size_t size = protobuf_c_message_get_packed_size(record);

    if (size > RECORD_SIZE_MAX)
        findings_add(violations, kind->name, "%zu bytes: at most %d are kept", size,
                     RECORD_SIZE_MAX);
    else
        kind->check(record, violations, warnings);
}

/* The name in the kind's message nearest to `word`, of those that may be changed. */
static const char *nearest_field(const struct record_kind *kind, const char *word)
{
    const char *names[RECORD_FIELDS_MAX + 1] = {NULL};
    size_t count = 0;

    for (unsigned i = 0; i < kind->message->n_fields && count < RECORD_FIELDS_MAX; i++)
        if (!is_kept(kind->message->fields[i].name))
            names[count++] = kind->message->fields[i].name;
    return text_nearest(word, names);
}

static void check_field(const struct record_kind *kind, const char *field,
                        struct findings *violations)
{
    char shown[TEXT_SHOWN_SIZE];

    text_show(field, shown);
    if (is_kept(field)) {
        findings_add(violations, "fields", "%s is kept by the service: leave it out", shown);
    } else if (!protobuf_c_message_descriptor_get_field_by_name(kind->message, field)) {
        const char *guess = nearest_field(kind, field);
        findings_add(violations, "fields", "%s is not a field of a %s%s%s%s", shown, kind->name,
                     guess ? " (did you mean \"" : "", guess ? guess : "", guess ? "\"?)" : "");
    }
}

void record_check_fields(const struct record_kind *kind, char *const *fields, size_t count,
                         struct findings *violations)
{
    if (count == 0)
        findings_add(violations, "fields", "name at least one field to change, such as \"names\"");
    if (count > kind->message->n_fields) {
        findings_add(violations, "fields", "%zu names: a %s has %u fields", count, kind->name,
                     kind->message->n_fields);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        check_field(kind, fields[i], violations);
        for (size_t j = 0; j < i; j++)
            if (strcmp(fields[i], fields[j]) == 0)
                findings_add(violations, "fields", "\"%s\" stands there twice", fields[i]);
    }
}

static size_t value_size(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return sizeof(void *);
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(uint32_t);
    }
}

static void swap_bytes(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void swap_field(ProtobufCMessage *a, ProtobufCMessage *b,
                       const ProtobufCFieldDescriptor *field)
{
    swap_bytes((char *)a + field->offset, (char *)b + field->offset, value_size(field));
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        swap_bytes((char *)a + field->quantifier_offset, (char *)b + field->quantifier_offset,
                   sizeof(size_t));
}

void record_swap_fields(ProtobufCMessage *a, ProtobufCMessage *b, char *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        swap_field(a, b, protobuf_c_message_descriptor_get_field_by_name(a->descriptor, fields[i]));
}

/* The bytes of one field alone: what makes two values of it equal. A field of no record (NULL) is
 * that of an empty one. */
static int pack_field(const ProtobufCMessageDescriptor *kind, const ProtobufCMessage *record,
                      const ProtobufCFieldDescriptor *field, uint8_t **ret_bytes, size_t *ret_size)
{
    ProtobufCMessage *alone = malloc(kind->sizeof_message);
    ProtobufCMessage *copy = malloc(kind->sizeof_message);
    uint8_t *bytes = NULL;

    if (alone && copy) {
        kind->message_init(alone);
        kind->message_init(copy);
        if (record)
            memcpy(copy, record, kind->sizeof_message);
        swap_field(alone, copy, field);
        *ret_size = protobuf_c_message_get_packed_size(alone);
        bytes = malloc(*ret_size + 1);
        if (bytes)
            protobuf_c_message_pack(alone, bytes);
    }
    free(alone);
    free(copy);
    *ret_bytes = bytes;
    return bytes ? 0 : -ERR_RESOURCE_EXHAUSTED;
}

static int field_differs(const ProtobufCMessage *before, const ProtobufCMessage *after,
                         const ProtobufCFieldDescriptor *field)
{
    uint8_t *old = NULL, *new = NULL;
    size_t old_size, new_size;
    int differs = -ERR_RESOURCE_EXHAUSTED;

    if (pack_field(after->descriptor, before, field, &old, &old_size) == 0 &&
        pack_field(after->descriptor, after, field, &new, &new_size) == 0)
        differs = old_size != new_size || memcmp(old, new, old_size) != 0;
    free(old);
    free(new);
    return differs;
}

int record_changed_fields(const ProtobufCMessage *before, const ProtobufCMessage *after,
                          const char **ret_fields, struct err *err)
{
    int count = 0;

    for (unsigned i = 0; i < after->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &after->descriptor->fields[i];
        int differs = is_compared(field->name) ? field_differs(before, after, field) : 0;
        if (differs < 0)
            return err_nomem(err);
        if (differs)
            ret_fields[count++] = field->name;
    }
    return count;
}
