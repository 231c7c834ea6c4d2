/* Messages are built as protobuf_c_message_unpack builds them, by malloc, so that its free function
 * frees them. A value is stored only when it is whole: a message half done can be freed at any
 * point. */
#include "form/decode.h"

#include "form/names.h"
#include "form/scalar.h"
#include "form/utf8.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ucap/v1/common.pb-c.h>

struct decoder {
    const char *default_language; /* or NULL */
    struct form_faults *faults;
};

size_t form_value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_FLOAT:
        return sizeof(float);
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(double);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage *);
    default: /* integers of 32 bits, enums */
        return sizeof(int32_t);
    }
}

static bool out_of_memory(struct decoder *d)
{
    d->faults->out_of_memory = true;
    return false;
}

/* ---- scalars: true when *slot was written ---- */

/* True for a scalar that `what` can be read from: written as a text or, `number`, as a number. */
static bool expect_scalar(struct decoder *d, const struct node *node, const char *what, bool number)
{
    char quoted[FORM_SHOWN_MAX];

    if (node->kind == NODE_BAD)
        return false;
    if (node->kind == NODE_NUMBER ? !number : node->kind != NODE_TEXT && node->kind != NODE_PLAIN) {
        form_fault(d->faults, node, "expected %s, found %s", what, form_kind_name(node->kind));
        return false;
    }
    if (memchr(node->value.bytes, 0, node->value.size)) {
        form_fault(d->faults, node, "%s has the character U+0000, which no field takes: remove it",
                   form_quote(node->value.bytes, node->value.size, quoted));
        return false;
    }
    return true;
}

static bool accept_number(struct decoder *d, const struct node *node, enum form_number result,
                          const char *what, const char *range)
{
    char quoted[FORM_SHOWN_MAX];

    if (result == FORM_NUMBER_OK)
        return true;
    form_quote(node->value.bytes, node->value.size, quoted);
    if (result == FORM_NUMBER_RANGE)
        form_fault(d->faults, node, "%s is out of range (%s)", quoted, range);
    else
        form_fault(d->faults, node, "%s is not %s", quoted, what);
    return false;
}

static bool decode_signed(struct decoder *d, const struct node *node, bool wide, void *slot)
{
    int64_t value;

    if (!expect_scalar(d, node, "a whole number", true) ||
        !accept_number(d, node,
                       form_parse_signed(node->value.bytes, wide ? INT64_MIN : INT32_MIN,
                                         wide ? INT64_MAX : INT32_MAX, &value),
                       "a whole number such as 42",
                       wide ? "-9223372036854775808 to 9223372036854775807"
                            : "-2147483648 to 2147483647"))
        return false;
    if (wide)
        *(int64_t *)slot = value;
    else
        *(int32_t *)slot = (int32_t)value;
    return true;
}

static bool decode_unsigned(struct decoder *d, const struct node *node, bool wide, void *slot)
{
    uint64_t value;

    if (!expect_scalar(d, node, "a whole number", true) ||
        !accept_number(
            d, node, form_parse_unsigned(node->value.bytes, wide ? UINT64_MAX : UINT32_MAX, &value),
            "a whole number such as 42", wide ? "0 to 18446744073709551615" : "0 to 4294967295"))
        return false;
    if (wide)
        *(uint64_t *)slot = value;
    else
        *(uint32_t *)slot = (uint32_t)value;
    return true;
}

static bool decode_real(struct decoder *d, const struct node *node, bool single, void *slot)
{
    double value;

    if (!expect_scalar(d, node, "a number", true) ||
        !accept_number(d, node, form_parse_real(node->value.bytes, single, &value),
                       "a number such as 0.5", single ? "at most 3.4e38" : "at most 1.7e308"))
        return false;
    if (single)
        *(float *)slot = (float)value;
    else
        *(double *)slot = value;
    return true;
}

static bool decode_bool(struct decoder *d, const struct node *node, protobuf_c_boolean *slot)
{
    const char *text = node->value.bytes;
    char quoted[FORM_SHOWN_MAX];

    if (node->kind != NODE_BOOL && node->kind != NODE_PLAIN) {
        if (node->kind != NODE_BAD)
            form_fault(d->faults, node, "expected true or false, found %s",
                       form_kind_name(node->kind));
        return false;
    }
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0) {
        form_fault(d->faults, node, "%s is not true or false",
                   form_quote(text, node->value.size, quoted));
        return false;
    }
    *slot = strcasecmp(text, "true") == 0;
    return true;
}

static bool is_known_number(const ProtobufCEnumDescriptor *descriptor, int64_t number)
{
    return number >= INT_MIN && number <= INT_MAX &&
           protobuf_c_enum_descriptor_get_value(descriptor, (int)number);
}

static bool decode_enum(struct decoder *d, const struct node *node,
                        const ProtobufCEnumDescriptor *descriptor, int *slot)
{
    const char *text = node->value.bytes;
    char quoted[FORM_SHOWN_MAX];
    char hint[FORM_WORDS_MAX];
    int64_t number;

    if (!expect_scalar(d, node, "a name", true))
        return false;
    if (form_enum_find(descriptor, text, slot))
        return true;
    if (form_parse_signed(text, INT_MIN, INT_MAX, &number) == FORM_NUMBER_OK &&
        is_known_number(descriptor, number)) {
        *slot = (int)number;
        return true;
    }
    form_fault(d->faults, node, "%s is not %s", form_quote(text, node->value.size, quoted),
               form_enum_hint(descriptor, text, hint));
    return false;
}

static bool decode_string(struct decoder *d, const struct node *node, char **slot)
{
    if (node->kind == NODE_NUMBER || node->kind == NODE_BOOL) {
        form_fault(d->faults, node, "expected a text, found %s: write it in quotes",
                   form_kind_name(node->kind));
        return false;
    }
    if (!expect_scalar(d, node, "a text", false))
        return false;
    char *copy = strdup(node->value.bytes);
    if (!copy)
        return out_of_memory(d);
    *slot = copy;
    return true;
}

static bool decode_bytes(struct decoder *d, const struct node *node, ProtobufCBinaryData *slot)
{
    char quoted[FORM_SHOWN_MAX];

    if (!expect_scalar(d, node, "base64", false))
        return false;
    uint8_t *data = malloc(node->value.size / 4 * 3 + 2);
    if (!data)
        return out_of_memory(d);
    size_t size = form_parse_base64(node->value.bytes, node->value.size, data);
    if (size == SIZE_MAX) {
        free(data);
        form_fault(d->faults, node, "%s is not base64 (RFC 4648)",
                   form_quote(node->value.bytes, node->value.size, quoted));
        return false;
    }
    *slot = (ProtobufCBinaryData){size, data};
    return true;
}

/* ---- messages ---- */

static ProtobufCMessage *decode_message(struct decoder *d, const struct node *node,
                                        const ProtobufCMessageDescriptor *descriptor);

static ProtobufCMessage *create_message(struct decoder *d,
                                        const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = malloc(descriptor->sizeof_message);

    if (message)
        protobuf_c_message_init(descriptor, message);
    else
        out_of_memory(d);
    return message;
}

static bool decode_value(struct decoder *d, const struct node *node,
                         const ProtobufCFieldDescriptor *field, void *slot)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return decode_signed(d, node, false, slot);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return decode_signed(d, node, true, slot);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return decode_unsigned(d, node, false, slot);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return decode_unsigned(d, node, true, slot);
    case PROTOBUF_C_TYPE_FLOAT:
        return decode_real(d, node, true, slot);
    case PROTOBUF_C_TYPE_DOUBLE:
        return decode_real(d, node, false, slot);
    case PROTOBUF_C_TYPE_BOOL:
        return decode_bool(d, node, slot);
    case PROTOBUF_C_TYPE_ENUM:
        return decode_enum(d, node, field->descriptor, slot);
    case PROTOBUF_C_TYPE_STRING:
        return decode_string(d, node, slot);
    case PROTOBUF_C_TYPE_BYTES:
        return decode_bytes(d, node, slot);
    case PROTOBUF_C_TYPE_MESSAGE: {
        ProtobufCMessage *message = decode_message(d, node, field->descriptor);
        if (message)
            *(ProtobufCMessage **)slot = message;
        return message != NULL;
    }
    }
    return false;
}

/* `en: Barcelona`, or a plain text in the default language, as one item of a list of LocalText. */
static bool decode_local_text(struct decoder *d, const struct node *node, const char *language,
                              ProtobufCMessage **slot)
{
    ProtobufCMessage *message = create_message(d, &ucap__v1__local_text__descriptor);
    Ucap__V1__LocalText *local = (Ucap__V1__LocalText *)message;

    if (!message)
        return false;
    if (!decode_string(d, node, &local->text)) {
        protobuf_c_message_free_unpacked(message, NULL);
        return false;
    }
    local->language = strdup(language);
    if (!local->language) {
        local->language = (char *)protobuf_c_empty_string;
        protobuf_c_message_free_unpacked(message, NULL);
        return out_of_memory(d);
    }
    *slot = message;
    return true;
}

/* One item of a list, which a map of languages is as well. */
static bool decode_item(struct decoder *d, const struct node *item,
                        const ProtobufCFieldDescriptor *field, void *slot)
{
    bool in_map = item->parent->kind == NODE_MAP;

    if (item->kind == NODE_NULL) {
        if (!in_map)
            form_fault(d->faults, item, "null cannot be an item of a list: leave it out");
        return false;
    }
    if (!in_map)
        return decode_value(d, item, field, slot);
    if (strcmp(item->key.bytes, "language") == 0 || strcmp(item->key.bytes, "text") == 0) {
        form_fault_key(d->faults, item,
                       "expected a language as key, such as \"en: ...\", or a list of maps with "
                       "language and text");
        return false;
    }
    return item->kind != NODE_BAD && decode_local_text(d, item, item->key.bytes, slot);
}

static void decode_items(struct decoder *d, const struct node *list,
                         const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    size_t size = form_value_size(field->type);
    size_t *count = (size_t *)(void *)((char *)message + field->quantifier_offset);

    if (list->count == 0)
        return;
    char *items = calloc(list->count, size);
    if (!items) {
        out_of_memory(d);
        return;
    }
    *(void **)(void *)((char *)message + field->offset) = items;
    for (const struct node *item = list->first; item; item = item->next)
        if (decode_item(d, item, field, items + *count * size))
            ++*count;
}

static bool is_local_text(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           strcmp(((const ProtobufCMessageDescriptor *)field->descriptor)->name, FORM_LOCAL_TEXT) ==
               0;
}

static void decode_plain_local_text(struct decoder *d, const struct node *node,
                                    const ProtobufCFieldDescriptor *field,
                                    ProtobufCMessage *message)
{
    ProtobufCMessage **items;

    if (!d->default_language) {
        form_fault(d->faults, node,
                   "expected texts by language, such as \"en: ...\", found %s without one",
                   form_kind_name(node->kind));
        return;
    }
    items = calloc(1, sizeof(ProtobufCMessage *));
    if (!items) {
        out_of_memory(d);
        return;
    }
    *(void **)(void *)((char *)message + field->offset) = items;
    if (decode_local_text(d, node, d->default_language, items))
        *(size_t *)(void *)((char *)message + field->quantifier_offset) = 1;
}

static void decode_list(struct decoder *d, const struct node *node,
                        const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    bool local = is_local_text(field);

    if (node->kind == NODE_LIST || (local && node->kind == NODE_MAP))
        decode_items(d, node, field, message);
    else if (local)
        decode_plain_local_text(d, node, field, message);
    else
        form_fault(d->faults, node, "expected a list, found %s", form_kind_name(node->kind));
}

static void decode_single(struct decoder *d, const struct node *node,
                          const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    void *slot = (char *)message + field->offset;
    uint32_t *chosen = NULL;

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        chosen = (uint32_t *)(void *)((char *)message + field->quantifier_offset);
        if (*chosen) {
            const ProtobufCFieldDescriptor *other =
                protobuf_c_message_descriptor_get_field(message->descriptor, *chosen);
            form_fault_key(d->faults, node, "only one of \"%s\" and \"%s\" may be given",
                           other->name, field->name);
            return;
        }
    }
    if (decode_value(d, node, field, slot) && chosen)
        *chosen = field->id;
}

/* The field a key stands for, marked in `seen`; NULL when there is none or it was seen: reported.
 */
static const ProtobufCFieldDescriptor *take_field(struct decoder *d, const struct node *node,
                                                  const ProtobufCMessageDescriptor *descriptor,
                                                  bool *seen)
{
    const struct node_text *key = &node->key;
    const ProtobufCFieldDescriptor *field = form_field_find(descriptor, key->bytes);
    char hint[FORM_WORDS_MAX] = "";

    if (!field) {
        if (form_faults_has_room(d->faults))
            form_field_hint(descriptor, key->bytes, hint);
        form_fault_key(d->faults, node, "unknown field%s", hint);
        return NULL;
    }
    size_t index = (size_t)(field - descriptor->fields);
    if (seen[index]) {
        form_fault_key(d->faults, node, "field \"%s\" is given twice", field->name);
        return NULL;
    }
    seen[index] = true;
    return field;
}

static void decode_fields(struct decoder *d, const struct node *map, bool *seen,
                          ProtobufCMessage *message)
{
    for (const struct node *node = map->first; node; node = node->next) {
        const ProtobufCFieldDescriptor *field;
        if (node->kind == NODE_BAD)
            continue;
        field = take_field(d, node, message->descriptor, seen);
        if (!field || node->kind == NODE_NULL)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            decode_list(d, node, field, message);
        else
            decode_single(d, node, field, message);
    }
}

static ProtobufCMessage *decode_timestamp(struct decoder *d, const struct node *node,
                                          const ProtobufCMessageDescriptor *descriptor)
{
    char quoted[FORM_SHOWN_MAX];
    int64_t seconds;
    int32_t nanos;

    if (!expect_scalar(d, node, "a time such as 2026-03-01T12:00:00Z", false))
        return NULL;
    const char *problem = form_parse_time(node->value.bytes, &seconds, &nanos);
    if (problem) {
        form_fault(d->faults, node, "%s %s",
                   form_quote(node->value.bytes, node->value.size, quoted), problem);
        return NULL;
    }
    ProtobufCMessage *message = create_message(d, descriptor);
    if (message) {
        ((Google__Protobuf__Timestamp *)message)->seconds = seconds;
        ((Google__Protobuf__Timestamp *)message)->nanos = nanos;
    }
    return message;
}

static ProtobufCMessage *decode_message(struct decoder *d, const struct node *node,
                                        const ProtobufCMessageDescriptor *descriptor)
{
    if (strcmp(descriptor->name, FORM_TIMESTAMP) == 0)
        return decode_timestamp(d, node, descriptor);
    if (node->kind == NODE_BAD)
        return NULL;
    if (node->kind != NODE_MAP) {
        form_fault(d->faults, node, "expected a map with the fields of %s, found %s",
                   descriptor->short_name, form_kind_name(node->kind));
        return NULL;
    }
    ProtobufCMessage *message = create_message(d, descriptor);
    bool *seen = calloc(descriptor->n_fields + 1, sizeof(*seen));
    if (message && seen)
        decode_fields(d, node, seen, message);
    else
        out_of_memory(d);
    free(seen);
    return message;
}

ProtobufCMessage *form_decode(const ProtobufCMessageDescriptor *descriptor, const struct node *root,
                              const struct form_options *options, struct form_faults *faults)
{
    struct decoder d = {options ? options->default_language : NULL, faults};

    return decode_message(&d, root, descriptor);
}
