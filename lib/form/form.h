/* Messages of proto/ to and from JSON (the proto3 JSON mapping) and YAML, by descriptor: no code
 * per message.
 *
 * Names in files are those of the .proto (snake_case); lowerCamelCase is read as well. Unknown
 * fields are errors with a guess, duplicates are errors. 64-bit integers are printed as JSON
 * strings and read as either. bytes are base64. Timestamps are RFC 3339. Enums are their names; in
 * files the prefix may be left out and case does not matter ("viewer" for ROLE_VIEWER). YAML
 * scalars are typed by the field, so `no` stays text; null (also `~` and nothing at all) is as if
 * the field were not there. A list of LocalText may be written as a map (`en: Barcelona`), or as a
 * plain string in the default language given. */
#ifndef UCAP_FORM_FORM_H
#define UCAP_FORM_FORM_H

#include "base/err.h"

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* What was wrong, and where. */
struct form_error {
    char *path; /* "cities[2].names[0].language"; "" for the whole */
    char *sentence;
    unsigned line, column; /* from 1; 0: not known (JSON: only for syntax errors) */
};

#define FORM_ERRORS_MAX 1000 /* rows kept; the last one then says how many more there are */

/* All errors of one text, not only the first, in the order of their places. Zero-initialised is
 * empty. */
struct form_errors {
    struct form_error *rows;
    size_t count;
};

void form_errors_clear(struct form_errors *errors);

struct form_options {
    const char *default_language; /* of a plain string for a list of LocalText; NULL: an error */
    size_t max_bytes; /* of the text; 0: 16 MiB. Reading takes up to 100 times that in memory */
    size_t max_depth; /* of maps and lists in each other; 0: 32; at most 1000 */
};

/* Text -> message. *ret_message is freed with protobuf_c_message_free_unpacked(m, NULL). On failure
 * all errors are in *errors (may be NULL) and the first in err as "line:column: path: sentence".
 * options may be NULL. */
int form_from_json(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
                   const struct form_options *options, ProtobufCMessage **ret_message,
                   struct form_errors *errors, struct err *err);
int form_from_yaml(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
                   const struct form_options *options, ProtobufCMessage **ret_message,
                   struct form_errors *errors, struct err *err);

/* The same from a file; err is prefixed with "PATH:". */
int form_read_yaml_file(const char *path, const ProtobufCMessageDescriptor *descriptor,
                        const struct form_options *options, ProtobufCMessage **ret_message,
                        struct err *err);

enum form_style {
    FORM_COMPACT, /* JSON in one line, no spaces: for storage */
    FORM_PRETTY   /* JSON indented by 2, and a newline at the end */
};

/* Message -> text, malloc'ed and the caller's. Fields with default values are left out. The order
 * is that of the field numbers: the same message gives the same bytes. */
int form_to_json(const ProtobufCMessage *message, enum form_style style, char **ret_text,
                 struct err *err);
int form_to_yaml(const ProtobufCMessage *message, char **ret_text, struct err *err);

#endif
