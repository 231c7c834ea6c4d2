/* Message -> tree, by descriptor: fields in the order of their numbers, those with default values
 * left out. */
#ifndef UCAP_FORM_ENCODE_H
#define UCAP_FORM_ENCODE_H

#include "form/fault.h"

/* Fills an empty tree, and reports what has no text: bad UTF-8, times out of range, nesting beyond
 * max_depth. False when out of memory. Strings of the tree may point into the message. */
bool form_encode(const ProtobufCMessage *message, struct form_tree *tree,
                 struct form_faults *faults);

#endif
