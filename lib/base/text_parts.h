/* Inside the text: what its files share. Not for other libraries. */
#ifndef UCAP_BASE_TEXT_PARTS_H
#define UCAP_BASE_TEXT_PARTS_H

#include "base/err.h"

#include <unicode/utypes.h>

/* The character at *at, which is moved behind it; negative for a bad byte. */
UChar32 text_next(const char *text, size_t length, size_t *at);

/* The sentence for a failure of ICU: "cannot WHAT: ICU says NAME". Returns -code. */
int text_icu_failed(struct err *err, const char *what, UErrorCode status);

#endif
