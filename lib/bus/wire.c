/* The wire format of Protocol Buffers, read as strictly as protobuf-c reads it: whatever passes
 * here is cut into the same fields there. */
#include "bus/wire.h"

#include <limits.h>
#include <string.h>

#define VARINT_MAX       10 /* bytes of 64 bits */
#define SHORT_VARINT_MAX 5  /* bytes of a tag or a length */
#define FIELD_NUMBER_MAX ((1u << 29) - 1)

struct wire {
    const uint8_t *at, *end;
};

struct wire_field {
    uint32_t number;
    ProtobufCWireType type;
    struct wire content; /* of a length-prefixed field */
};

static int read_varint(struct wire *wire, int longest, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (int i = 0; i < longest && wire->at < wire->end; i++) {
        uint8_t byte = *wire->at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            *ret_value = value;
            return 0;
        }
    }
    return -ERR_INVALID_ARGUMENT;
}

static int skip(struct wire *wire, uint64_t size)
{
    if (size > INT_MAX || size > (uint64_t)(wire->end - wire->at))
        return -ERR_INVALID_ARGUMENT;
    wire->at += size;
    return 0;
}

static int read_content(struct wire *wire, struct wire_field *field)
{
    uint64_t value = 0;

    switch (field->type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return read_varint(wire, VARINT_MAX, &value);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return skip(wire, 8);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return skip(wire, 4);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (read_varint(wire, SHORT_VARINT_MAX, &value) < 0)
            return -ERR_INVALID_ARGUMENT;
        field->content.at = wire->at;
        if (skip(wire, value) < 0)
            return -ERR_INVALID_ARGUMENT;
        field->content.end = wire->at;
        return 0;
    default:
        return -ERR_INVALID_ARGUMENT; /* groups, and numbers that are no type */
    }
}

static int read_field(struct wire *wire, struct wire_field *ret_field)
{
    uint64_t tag;

    if (read_varint(wire, SHORT_VARINT_MAX, &tag) < 0)
        return -ERR_INVALID_ARGUMENT;
    if (tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
        return -ERR_INVALID_ARGUMENT;
    ret_field->number = (uint32_t)(tag >> 3);
    ret_field->type = (ProtobufCWireType)(tag & 7);
    return read_content(wire, ret_field);
}

static int check_message(const ProtobufCMessageDescriptor *descriptor, struct wire wire,
                         unsigned depth, struct err *err);

static int check_known(const ProtobufCMessageDescriptor *parent,
                       const ProtobufCFieldDescriptor *field, struct wire content, unsigned depth,
                       struct err *err)
{
    size_t size = (size_t)(content.end - content.at);

    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(field->descriptor, content, depth + 1, err);
    if (field->type == PROTOBUF_C_TYPE_STRING && memchr(content.at, 0, size))
        return err_set(err, ERR_INVALID_ARGUMENT, "%s: %s has a NUL character", parent->name,
                       field->name);
    return 0;
}

static int check_message(const ProtobufCMessageDescriptor *descriptor, struct wire wire,
                         unsigned depth, struct err *err)
{
    if (depth > WIRE_DEPTH_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT, "%s: more than %d messages inside each other",
                       descriptor->name, WIRE_DEPTH_MAX);
    while (wire.at < wire.end) {
        struct wire_field got;
        if (read_field(&wire, &got) < 0)
            return err_set(err, ERR_INVALID_ARGUMENT, "%s: the bytes are not a well-formed message",
                           descriptor->name);
        if (got.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, got.number);
        int rc = field ? check_known(descriptor, field, got.content, depth, err) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

int wire_check(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
               struct err *err)
{
    static const uint8_t nothing[1];
    const uint8_t *start = size ? bytes : nothing;

    return check_message(descriptor, (struct wire){start, start + size}, 1, err);
}
