/* One walk over a message; what is present follows proto3: a field that is not its default, or a
 * oneof's chosen member. */
#include "form/encode.h"

#include "form/decode.h"
#include "form/scalar.h"
#include "form/utf8.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct encoder {
    struct form_tree *tree;
    struct form_faults *faults;
};

/* Where a value goes: below `parent`, in a map with its field's name as key. */
struct place {
    struct node *parent;
    const struct node_text *key; /* NULL: in a list, or the root */
};

static bool encode_message(struct encoder *e, struct place place, const ProtobufCMessage *message);

/* ---- scalars: false when out of memory ---- */

/* Adds a scalar whose text lives as long as the tree does. */
static bool add_static(struct encoder *e, struct place place, enum node_kind kind, const char *text,
                       size_t size)
{
    struct node *node = form_tree_add(e->tree, place.parent, place.key, kind);

    if (node)
        node->value = (struct node_text){text, size, 0, 0};
    return node != NULL;
}

static bool add_copy(struct encoder *e, struct place place, enum node_kind kind, const char *text)
{
    const char *copy = form_tree_copy(e->tree, text, strlen(text));

    return copy && add_static(e, place, kind, copy, strlen(copy));
}

static bool encode_signed(struct encoder *e, struct place place, enum node_kind kind, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    return add_copy(e, place, kind, text);
}

static bool encode_unsigned(struct encoder *e, struct place place, enum node_kind kind,
                            uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return add_copy(e, place, kind, text);
}

static bool encode_real(struct encoder *e, struct place place, double value, bool single)
{
    char text[FORM_REAL_MAX];

    form_print_real(value, single, text);
    /* "NaN" and the infinities are no numbers of JSON. */
    return add_copy(e, place, strpbrk(text, "NI") ? NODE_TEXT : NODE_NUMBER, text);
}

static bool encode_bool(struct encoder *e, struct place place, bool value)
{
    return value ? add_static(e, place, NODE_BOOL, "true", 4)
                 : add_static(e, place, NODE_BOOL, "false", 5);
}

static bool encode_enum(struct encoder *e, struct place place,
                        const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(descriptor, value);

    return row ? add_static(e, place, NODE_TEXT, row->name, strlen(row->name))
               : encode_signed(e, place, NODE_NUMBER, value);
}

static bool encode_string(struct encoder *e, struct place place, const char *text)
{
    size_t size = text ? strlen(text) : 0;

    if (!add_static(e, place, NODE_TEXT, text ? text : "", size))
        return false;
    size_t bad = form_utf8_bad(text, size);
    if (bad < size)
        form_fault(e->faults, place.parent->last, "byte %zu (0x%02x) is not UTF-8", bad + 1,
                   (unsigned char)text[bad]);
    return true;
}

static bool encode_bytes(struct encoder *e, struct place place, const ProtobufCBinaryData *bytes)
{
    char *text = form_tree_alloc(e->tree, (bytes->len + 2) / 3 * 4 + 1);

    if (!text)
        return false;
    form_print_base64(bytes->data, bytes->len, text);
    return add_static(e, place, NODE_TEXT, text, strlen(text));
}

/* ---- messages ---- */

static bool encode_value(struct encoder *e, struct place place,
                         const ProtobufCFieldDescriptor *field, const void *slot)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return encode_signed(e, place, NODE_NUMBER, *(const int32_t *)slot);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return encode_signed(e, place, NODE_WIDE, *(const int64_t *)slot);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return encode_unsigned(e, place, NODE_NUMBER, *(const uint32_t *)slot);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return encode_unsigned(e, place, NODE_WIDE, *(const uint64_t *)slot);
    case PROTOBUF_C_TYPE_FLOAT:
        return encode_real(e, place, (double)*(const float *)slot, true);
    case PROTOBUF_C_TYPE_DOUBLE:
        return encode_real(e, place, *(const double *)slot, false);
    case PROTOBUF_C_TYPE_BOOL:
        return encode_bool(e, place, *(const protobuf_c_boolean *)slot);
    case PROTOBUF_C_TYPE_ENUM:
        return encode_enum(e, place, field->descriptor, *(const int *)slot);
    case PROTOBUF_C_TYPE_STRING:
        return encode_string(e, place, *(char *const *)slot);
    case PROTOBUF_C_TYPE_BYTES:
        return encode_bytes(e, place, slot);
    case PROTOBUF_C_TYPE_MESSAGE:
        return encode_message(e, place, *(ProtobufCMessage *const *)slot);
    }
    return false;
}

/* A list or map; NULL when out of memory or, reported, too deep. */
static struct node *add_container(struct encoder *e, struct place place, enum node_kind kind)
{
    if (form_tree_is_full(e->tree, place.parent)) {
        form_fault(e->faults, place.parent, "is nested deeper than %zu levels", e->tree->max_depth);
        return NULL;
    }
    return form_tree_add(e->tree, place.parent, place.key, kind);
}

static bool encode_list(struct encoder *e, struct place place,
                        const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    const char *base = (const char *)message;
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const char *items = *(char *const *)(const void *)(base + field->offset);
    size_t size = form_value_size(field->type);

    if (count == 0)
        return true;
    struct node *list = add_container(e, place, NODE_LIST);
    if (!list)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!encode_value(e, (struct place){list, NULL}, field, items + i * size))
            return false;
    return true;
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *slot)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return !*(char *const *)slot || !**(char *const *)slot;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)slot)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(ProtobufCMessage *const *)slot;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)slot == 0;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)slot == 0;
    default:
        return form_value_size(field->type) == sizeof(int64_t) ? *(const int64_t *)slot == 0
                                                               : *(const int32_t *)slot == 0;
    }
}

static bool is_present(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    const char *base = (const char *)message;
    const void *slot = base + field->offset;

    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return !is_default(field, slot);
    if (*(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id)
        return false;
    return field->type != PROTOBUF_C_TYPE_MESSAGE || !is_default(field, slot);
}

static bool encode_field(struct encoder *e, struct node *map, const ProtobufCFieldDescriptor *field,
                         const ProtobufCMessage *message)
{
    struct node_text key = {field->name, strlen(field->name), 0, 0};
    struct place place = {map, &key};

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return encode_list(e, place, field, message);
    return !is_present(field, message) ||
           encode_value(e, place, field, (const char *)message + field->offset);
}

static bool encode_timestamp(struct encoder *e, struct place place,
                             const Google__Protobuf__Timestamp *time)
{
    char text[FORM_TIME_MAX] = "";
    bool in_range = form_print_time(time->seconds, time->nanos, text);

    if (!add_copy(e, place, NODE_TEXT, text))
        return false;
    if (!in_range)
        form_fault(e->faults, place.parent ? place.parent->last : e->tree->root,
                   "%" PRId64 " s and %" PRId32 " ns is no time of the years 1 to 9999",
                   time->seconds, time->nanos);
    return true;
}

static bool encode_message(struct encoder *e, struct place place, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    if (strcmp(descriptor->name, FORM_TIMESTAMP) == 0)
        return encode_timestamp(e, place, (const Google__Protobuf__Timestamp *)message);
    struct node *map = add_container(e, place, NODE_MAP);
    if (!map)
        return false;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (!encode_field(e, map, &descriptor->fields[i], message))
            return false;
    return true;
}

bool form_encode(const ProtobufCMessage *message, struct form_tree *tree,
                 struct form_faults *faults)
{
    struct encoder e = {tree, faults};

    return encode_message(&e, (struct place){NULL, NULL}, message);
}
