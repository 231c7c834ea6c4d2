/* Identifiers: UUID version 7 (RFC 9562, section 5.7), trace context (W3C, level 1), random bytes,
 * slugs. */
#ifndef UCAP_BASE_ID_H
#define UCAP_BASE_ID_H

#include "base/err.h"

#include <stdint.h>

#define UUID_TEXT_SIZE   37 /* 36 characters and the terminating 0 */
#define TRACE_ID_SIZE    33 /* 32 hex digits and the terminating 0 */
#define TRACEPARENT_SIZE 56 /* 55 characters and the terminating 0 */
#define SLUG_MAX         64 /* characters of a slug */

/* Fills bytes from the system's random source. It cannot fail on a running Linux; ends the process
 * if it does. */
void random_bytes(void *bytes, size_t size);

/* A new UUIDv7 for the time `real_us` (clock_real_us). Within a process later ones sort after
 * earlier ones of the same millisecond as well. Any thread. */
void uuid_v7(int64_t real_us, char ret_text[UUID_TEXT_SIZE]);

/* A new traceparent "00-TRACEID-SPANID-01". */
void trace_new(char ret_traceparent[TRACEPARENT_SIZE]);

/* Checks a traceparent of version 00 and gives its trace id and a child with a new span id. An
 * invalid or empty one gives a new trace, as the standard demands. Never fails. */
void trace_child(const char *traceparent, char ret_trace_id[TRACE_ID_SIZE],
                 char ret_child[TRACEPARENT_SIZE]);

/* A slug: 1 to 64 of a-z, 0-9 and single hyphens, none at either end. 0 or -ERR_INVALID_ARGUMENT
 * with a sentence that names `what` and the value. */
int slug_check(const char *what, const char *slug, struct err *err);

#endif
