/* Errors: code and sentence. Nothing here allocates. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[ERR_COUNT] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

/* A sentence cut in the middle of a UTF-8 character loses that character whole. */
static void cut_at_character(char *text)
{
    size_t length = strlen(text);
    size_t start = length;

    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (length - start + 1 < want)
        text[start - 1] = '\0';
}

int err_vset(struct err *err, enum err_code code, const char *format, va_list args)
{
    if (err) {
        err->code = code;
        if (vsnprintf(err->text, sizeof(err->text), format, args) >= (int)sizeof(err->text))
            cut_at_character(err->text);
    }
    return -(int)code;
}

void err_write(struct err *err, enum err_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_vset(err, code, format, args);
    va_end(args);
}

int err_prefix(struct err *err, const char *format, ...)
{
    char old[ERR_TEXT_MAX];
    char prefix[ERR_TEXT_MAX];
    va_list args;

    if (!err)
        return -ERR_UNKNOWN;
    memcpy(old, err->text, sizeof(old));
    va_start(args, format);
    vsnprintf(prefix, sizeof(prefix), format, args);
    va_end(args);
    return err_set(err, err->code, "%s: %s", prefix, old);
}

void err_write_errno(struct err *err, enum err_code code, const char *format, ...)
{
    int saved = errno;
    char what[ERR_TEXT_MAX / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    err_write(err, code, "cannot %s: %s", what, strerror(saved));
}

const char *err_code_name(int code)
{
    return code >= 0 && code < ERR_COUNT ? names[code] : names[ERR_UNKNOWN];
}
