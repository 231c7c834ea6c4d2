/* Messages from bytes that nobody vouches for: a size limit, an allocator with a budget, then one
 * walk by descriptor that refuses bad UTF-8, NUL and control characters, unknown enum numbers and
 * times out of range. */
#ifndef UCAP_BUS_CODEC_H
#define UCAP_BUS_CODEC_H

#include "base/err.h"

#include <protobuf-c/protobuf-c.h>

struct codec_limits {
    size_t message_bytes; /* encoded size */
    size_t memory_bytes;  /* what decoding may allocate */
};

extern const struct codec_limits codec_default_limits; /* 4 MiB encoded, 64 MiB decoded */

/* Decodes. *ret_message is freed with codec_free. -ERR_INVALID_ARGUMENT names type, place and
 * fault; -ERR_RESOURCE_EXHAUSTED: over a limit. NULL limits: the default. */
int codec_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
                 const struct codec_limits *limits, ProtobufCMessage **ret_message,
                 struct err *err);

/* The walk alone, for a message made by other means (JSON, YAML). */
int codec_check(const ProtobufCMessage *message, struct err *err);

/* Encodes into malloc'ed bytes of the caller. */
int codec_pack(const ProtobufCMessage *message, void **ret_bytes, size_t *ret_size,
               struct err *err);

void codec_free(ProtobufCMessage *message); /* NULL is left alone */

#endif
