/* The check of encoded bytes that has to come before protobuf-c decodes them: it has no limit of
 * depth, and a string with a NUL in it looks shorter afterwards. */
#ifndef UCAP_BUS_WIRE_H
#define UCAP_BUS_WIRE_H

#include "base/err.h"

#include <protobuf-c/protobuf-c.h>

#define WIRE_DEPTH_MAX 32 /* messages inside each other */

/* -ERR_INVALID_ARGUMENT with a sentence when the bytes are not well-formed, nest too deep, or a
 * string of the descriptor has a NUL. */
int wire_check(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
               struct err *err);

#endif
