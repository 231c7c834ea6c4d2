/* logfmt on stderr. A line is composed in a buffer of the thread and written with one write(2), so
 * lines of several threads never mix; a line longer than the buffer is cut and marked. */
#include "base/log.h"

#include "base/err.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct line {
    char text[LINE_MAX_BYTES];
    size_t length;
};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static _Atomic int threshold = LOG_INFO;
static char process_name[64];
static _Thread_local char trace[33];

static void put(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof(line->text) - 1 - line->length; /* one byte stays for the newline */

    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static int is_plain(const char *value)
{
    for (const char *at = value; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=' || *at == '\\' || *at == 0x7f)
            return 0;
    return *value != '\0';
}

static void put_value(struct line *line, const char *value)
{
    if (is_plain(value)) {
        put(line, value, strlen(value));
        return;
    }
    put(line, "\"", 1);
    for (const char *at = value; *at; at++) {
        unsigned char c = (unsigned char)*at;
        char escaped[16];
        if (c == '"' || c == '\\')
            put(line, (char[]){'\\', *at}, 2);
        else if (c == '\n')
            put(line, "\\n", 2);
        else if (c < 0x20 || c == 0x7f)
            put(line, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\x%02x", c));
        else
            put(line, at, 1);
    }
    put(line, "\"", 1);
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
    if (line.length >= sizeof(line.text) - 1)
        memcpy(line.text + sizeof(line.text) - 5, "...\"", 4);
    line.text[line.length++] = '\n';
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
