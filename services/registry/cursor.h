/* Cursors of pages: where a page ended, as text for the caller to give back. Opaque to it; a digit
 * at the start says which kind it is. Pure. */
#ifndef UCAP_REGISTRY_CURSOR_H
#define UCAP_REGISTRY_CURSOR_H

#include "base/findings.h"
#include "base/id.h"

#include <stdint.h>

#define CURSOR_SIZE (2 * SLUG_MAX + 2)

/* Both give the start ("" and 0) for an empty cursor; one that is not ours is a violation. */
void cursor_read_slug(const char *cursor, char ret_slug[SLUG_MAX + 1], struct findings *violations);
void cursor_read_version(const char *cursor, uint64_t *ret_version, struct findings *violations);

void cursor_write_slug(const char *slug, char cursor[CURSOR_SIZE]);
void cursor_write_version(uint64_t version, char cursor[CURSOR_SIZE]);

#endif
