/* Fields and enum values by the names that persons write. */
#ifndef UCAP_FORM_NAMES_H
#define UCAP_FORM_NAMES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#define FORM_WORDS_MAX 400 /* bytes of a list of names in a sentence, with the 0 */

/* The field named so in the .proto, or so in lowerCamelCase; NULL when there is none. */
const ProtobufCFieldDescriptor *form_field_find(const ProtobufCMessageDescriptor *descriptor,
                                                const char *name);

/* What may help who wrote an unknown field: ` (did you mean "title"?)`, or the fields there are.
 * Returns ret_text. */
const char *form_field_hint(const ProtobufCMessageDescriptor *descriptor, const char *name,
                            char ret_text[FORM_WORDS_MAX]);

/* The value of this name, with or without the prefix of the enum, in any case. */
bool form_enum_find(const ProtobufCEnumDescriptor *descriptor, const char *name, int *ret_value);

/* The same for a value: `one of A, B, C`, and a guess. Returns ret_text. */
const char *form_enum_hint(const ProtobufCEnumDescriptor *descriptor, const char *name,
                           char ret_text[FORM_WORDS_MAX]);

#endif
