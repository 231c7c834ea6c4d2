/* logfmt on stderr. A line is composed in a buffer of the thread and written with one write(2), so
 * lines of several threads never mix; a line longer than the buffer is cut and marked. */
#include "base/log.h"

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unicode/utf8.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct line {
    char text[LINE_MAX_BYTES];
    size_t length;
    bool quoted; /* a quote is open */
    bool cut;    /* something did not fit; nothing is added any more */
};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static _Atomic int threshold = LOG_INFO;
static char process_name[64];
static _Thread_local char trace[33];

static void put(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof(line->text) - strlen("...\"\n") - line->length;

    if (line->cut)
        return;
    if (length > room) {
        line->cut = true;
        for (length = room; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--; /* not in the middle of a character */
    }
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void put_end(struct line *line)
{
    const char *end = !line->cut ? "\n" : line->quoted ? "...\"\n" : "...\n";

    memcpy(line->text + line->length, end, strlen(end));
    line->length += strlen(end);
}

/* Bytes of the character at `at`. *ret_safe: no control character, and well-formed. */
static size_t character_size(const char *at, bool *ret_safe)
{
    size_t size = 0;
    UChar32 c;

    U8_NEXT(at, size, (size_t)-1, c);
    *ret_safe = c >= 0x20 && (c < 0x7f || c > 0x9f);
    return c < 0 ? 1 : size;
}

static bool is_plain(const char *value)
{
    bool safe = *value != '\0';

    for (const char *at = value; safe && *at; at += character_size(at, &safe))
        if (strchr(" \"=\\", *at))
            return false;
    return safe;
}

static void put_escaped(struct line *line, const char *bytes, size_t size)
{
    char escaped[8];

    for (size_t i = 0; i < size; i++)
        put(line, escaped,
            (size_t)snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)bytes[i]));
}

static void put_quoted(struct line *line, const char *value)
{
    size_t size;
    bool safe;

    put(line, "\"", 1);
    line->quoted = true;
    for (const char *at = value; *at; at += size) {
        size = character_size(at, &safe);
        if (*at == '"' || *at == '\\')
            put(line, (char[]){'\\', *at}, 2);
        else if (*at == '\n')
            put(line, "\\n", 2);
        else if (safe)
            put(line, at, size);
        else
            put_escaped(line, at, size);
    }
    put(line, "\"", 1);
    line->quoted = line->cut;
}

static void put_value(struct line *line, const char *value)
{
    if (is_plain(value))
        put(line, value, strlen(value));
    else
        put_quoted(line, value);
}

static void put_field(struct line *line, const char *key, const char *value)
{
    if (line->length)
        put(line, " ", 1);
    put(line, key, strlen(key));
    put(line, "=", 1);
    put_value(line, value);
}

static void put_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char date[24];
    char text[64];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof(text), "%s.%06dZ", date, (int)(now.tv_nsec / 1000));
    put_field(line, "time", text);
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields)
{
    struct line line = {.length = 0};
    char number[24];

    if ((int)level > threshold)
        return;
    put_time(&line);
    put_field(&line, "level", level_names[level]);
    if (process_name[0])
        put_field(&line, "process", process_name);
    put_field(&line, "msg", msg);
    for (; fields->key; fields++) {
        snprintf(number, sizeof(number), "%lld", (long long)fields->number);
        put_field(&line, fields->key, fields->text ? fields->text : number);
    }
    if (trace[0])
        put_field(&line, "trace", trace);
    put_end(&line);
    /* There is nowhere to tell that stderr is gone. */
    if (write(STDERR_FILENO, line.text, line.length) < 0)
        return;
}

void log_set_process(const char *name)
{
    snprintf(process_name, sizeof(process_name), "%s", name);
}

enum log_level log_set_level(enum log_level level)
{
    return (enum log_level)atomic_exchange(&threshold, (int)level);
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

int log_level_parse(const char *name, enum log_level *ret_level)
{
    for (int i = 0; i < (int)(sizeof(level_names) / sizeof(level_names[0])); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    return -ERR_INVALID_ARGUMENT;
}

void log_set_trace(const char *trace_id)
{
    snprintf(trace, sizeof(trace), "%s", trace_id ? trace_id : "");
}

const char *log_trace(void)
{
    return trace;
}
