/* Identifiers. The only state is the last UUID's time and counter, shared by all threads. */
#include "base/id.h"

#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *bytes, size_t size)
{
    unsigned char *at = bytes;

    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            abort(); /* an identifier that can be guessed is worse than no process */
        at += got;
        size -= (size_t)got;
    }
}

static void hex_put(char *text, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* ---- UUIDv7 ---- */

/* RFC 9562, section 6.2, method 1: 26 bits of counter follow the milliseconds (12 in rand_a, 14 at
 * the top of rand_b). Each millisecond starts it at a random value below half its range, so that it
 * has room to count; when it runs over all the same, or the clock went back, the time of the last
 * UUID is carried on. */
#define COUNTER_BITS 26

static pthread_mutex_t uuid_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t uuid_ms;
static uint32_t uuid_counter;

static void uuid_step(uint64_t now_ms, uint32_t start, uint64_t *ret_ms, uint32_t *ret_counter)
{
    pthread_mutex_lock(&uuid_lock);
    if (now_ms > uuid_ms) {
        uuid_ms = now_ms;
        uuid_counter = start;
    } else if (++uuid_counter >> COUNTER_BITS) {
        uuid_ms++;
        uuid_counter = start;
    }
    *ret_ms = uuid_ms;
    *ret_counter = uuid_counter;
    pthread_mutex_unlock(&uuid_lock);
}

void uuid_v7(int64_t real_us, char ret_text[UUID_TEXT_SIZE])
{
    unsigned char uuid[16];
    uint32_t start, counter;
    uint64_t ms;

    random_bytes(uuid, sizeof(uuid));
    memcpy(&start, uuid, sizeof(start));
    uuid_step(real_us > 0 ? (uint64_t)real_us / 1000 : 0, start >> (32 - COUNTER_BITS + 1), &ms,
              &counter);
    for (int i = 0; i < 6; i++)
        uuid[i] = (unsigned char)(ms >> (40 - 8 * i));
    uuid[6] = (unsigned char)(0x70 | (counter >> 22)); /* version 7, then rand_a */
    uuid[7] = (unsigned char)(counter >> 14);
    uuid[8] = (unsigned char)(0x80 | ((counter >> 8) & 0x3f)); /* variant 10, then rand_b */
    uuid[9] = (unsigned char)counter;

    char digits[32];
    hex_put(digits, uuid, sizeof(uuid));
    snprintf(ret_text, UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12,
             digits + 16, digits + 20);
}

/* ---- trace context ---- */

#define TRACE_DIGITS 32
#define SPAN_DIGITS  16

/* The places of version 00: "00-" trace id "-" span id "-" flags. */
enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53 };

/* Random lower-case hex digits, not all zero: that value is invalid for both kinds of id. */
static void hex_random(char *text, size_t digits)
{
    unsigned char bytes[TRACE_DIGITS / 2];

    do
        random_bytes(bytes, digits / 2);
    while (memcmp(bytes, (const unsigned char[sizeof(bytes)]){0}, digits / 2) == 0);
    hex_put(text, bytes, digits / 2);
}

static int is_hex(const char *text, size_t digits)
{
    return strspn(text, "0123456789abcdef") >= digits;
}

static int is_id(const char *text, size_t digits)
{
    return is_hex(text, digits) && strspn(text, "0") < digits;
}

static int traceparent_valid(const char *text)
{
    return text && strlen(text) == TRACEPARENT_SIZE - 1 && strncmp(text, "00-", TRACE_AT) == 0 &&
           is_id(text + TRACE_AT, TRACE_DIGITS) && text[SPAN_AT - 1] == '-' &&
           is_id(text + SPAN_AT, SPAN_DIGITS) && text[FLAGS_AT - 1] == '-' &&
           is_hex(text + FLAGS_AT, 2);
}

void trace_new(char ret_traceparent[TRACEPARENT_SIZE])
{
    static const char blank[TRACEPARENT_SIZE] =
        "00-00000000000000000000000000000000-0000000000000000-01";

    memcpy(ret_traceparent, blank, sizeof(blank));
    hex_random(ret_traceparent + TRACE_AT, TRACE_DIGITS);
    hex_random(ret_traceparent + SPAN_AT, SPAN_DIGITS);
}

void trace_child(const char *traceparent, char ret_trace_id[TRACE_ID_SIZE],
                 char ret_child[TRACEPARENT_SIZE])
{
    char child[TRACEPARENT_SIZE]; /* the caller may give the same buffer in and out */

    trace_new(child);
    if (traceparent_valid(traceparent)) {
        memcpy(child + TRACE_AT, traceparent + TRACE_AT, TRACE_DIGITS);
        /* Of the flags only "sampled" is known; the standard has the others sent as 0. */
        child[FLAGS_AT + 1] = strchr("13579bdf", traceparent[FLAGS_AT + 1]) ? '1' : '0';
    }
    memcpy(ret_trace_id, child + TRACE_AT, TRACE_DIGITS);
    ret_trace_id[TRACE_DIGITS] = '\0';
    memcpy(ret_child, child, sizeof(child));
}

/* ---- slugs ---- */

static int slug_valid(const char *slug)
{
    size_t length = strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return length > 0 && length <= SLUG_MAX && slug[length] == '\0' && slug[0] != '-' &&
           slug[length - 1] != '-' && !strstr(slug, "--");
}

int slug_check(const char *what, const char *slug, struct err *err)
{
    char shown[TEXT_SHOWN_SIZE];

    if (slug_valid(slug))
        return 0;
    text_show(slug, shown);
    return err_set(
        err, ERR_INVALID_ARGUMENT,
        "%s %s is not a slug: use 1 to 64 of a-z, 0-9 and single hyphens, none at either "
        "end",
        what, shown);
}
