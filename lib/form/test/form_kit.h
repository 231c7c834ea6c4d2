/* What the tests of lib/form share. Include after cmocka.h. */
#ifndef UCAP_FORM_KIT_H
#define UCAP_FORM_KIT_H

#include "form/form.h"

#include <form_test.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum kit_format { KIT_JSON, KIT_YAML };

/* A text and what becomes of it: the message as compact JSON, or "!" and the error. */
struct kit_row {
    const char *text;
    const char *expected;
};

/* Checks a row for form.test.Everything. */
void kit_check(enum kit_format format, const struct kit_row *row,
               const struct form_options *options);

/* The same for any message and bytes; the result as above, malloc'ed. */
char *kit_convert(const ProtobufCMessageDescriptor *descriptor, enum kit_format format,
                  const char *text, size_t size, const struct form_options *options);

/* Reads a text that must be right. */
ProtobufCMessage *kit_read(const ProtobufCMessageDescriptor *descriptor, enum kit_format format,
                           const char *text, size_t size);

/* Writes the message as JSON, both styles, and YAML, reads each back, and compares the packed
 * bytes. */
void kit_check_round_trip(const ProtobufCMessage *message);

#endif
