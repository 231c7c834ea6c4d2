/* Tree -> message, by descriptor: the one place that knows what may stand in which field. */
#ifndef UCAP_FORM_DECODE_H
#define UCAP_FORM_DECODE_H

#include "form/fault.h"

/* Decodes the whole tree and reports everything that is wrong with it. Returns a message, freed
 * with protobuf_c_message_free_unpacked(m, NULL), which is only whole when nothing was reported;
 * NULL when nothing could be made of it or memory is out. */
ProtobufCMessage *form_decode(const ProtobufCMessageDescriptor *descriptor, const struct node *root,
                              const struct form_options *options, struct form_faults *faults);

/* Bytes of one value of this type in a message. */
size_t form_value_size(ProtobufCType type);

#define FORM_TIMESTAMP                                                                             \
    "google.protobuf.Timestamp" /* names of the messages that are written as text */
#define FORM_LOCAL_TEXT "ucap.v1.LocalText"

#endif
