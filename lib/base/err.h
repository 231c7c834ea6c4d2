/* Errors: a code for programs, a sentence for persons.
 *
 * A function that can fail returns 0 or a negative code (-ERR_NOT_FOUND) and writes the sentence to
 * its last parameter, a struct err the caller owns. Outputs named ret_x are untouched on failure. A
 * library returns its errors; it never logs them. Sentences are lower case, without full stop: the
 * thing, the value, what to do. */
#ifndef UCAP_BASE_ERR_H
#define UCAP_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* The status codes of gRPC, with their numbers; the same as ucap.v1.Status. */
enum err_code {
    ERR_OK = 0,
    ERR_CANCELLED = 1,
    ERR_UNKNOWN = 2,
    ERR_INVALID_ARGUMENT = 3,
    ERR_DEADLINE_EXCEEDED = 4,
    ERR_NOT_FOUND = 5,
    ERR_ALREADY_EXISTS = 6,
    ERR_PERMISSION_DENIED = 7,
    ERR_RESOURCE_EXHAUSTED = 8,
    ERR_FAILED_PRECONDITION = 9,
    ERR_ABORTED = 10,
    ERR_OUT_OF_RANGE = 11,
    ERR_UNIMPLEMENTED = 12,
    ERR_INTERNAL = 13,
    ERR_UNAVAILABLE = 14,
    ERR_DATA_LOSS = 15,
    ERR_UNAUTHENTICATED = 16,
    ERR_COUNT
};

/* Bytes of a sentence with the terminating 0; a longer one is cut at a character. */
#define ERR_TEXT_MAX 1024

struct err {
    enum err_code code; /* ERR_OK: nothing went wrong yet */
    char text[ERR_TEXT_MAX];
};

/* A struct err with nothing in it. */
#define ERR_INIT                                                                                   \
    {                                                                                              \
        ERR_OK, ""                                                                                 \
    }

/* What a function returns that failed with `code`. */
static inline int err_result(enum err_code code)
{
    return -(int)code;
}

/* Writes code and the formatted sentence to err (may be NULL: only the code is wanted). The value
 * is -code, in sight of the compiler, which so knows that a failure is never 0. `code` is evaluated
 * twice. */
#define err_set(err, code, ...) (err_write((err), (code), __VA_ARGS__), err_result(code))
void err_write(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum err_code code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Puts the formatted text and ": " before the sentence that stands in err, keeping its code.
 * Returns -err->code. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The sentence for a failed allocation. The value is -ERR_RESOURCE_EXHAUSTED. */
#define err_nomem(err) err_set((err), ERR_RESOURCE_EXHAUSTED, "out of memory")

/* The sentence for errno of a failed system call: "cannot WHAT: strerror". The value is -code. */
#define err_errno(err, code, ...) (err_write_errno((err), (code), __VA_ARGS__), err_result(code))
void err_write_errno(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The name of a code without prefix, such as "NOT_FOUND"; "UNKNOWN" for a number that is none.
 * Static. */
const char *err_code_name(int code);

#endif
