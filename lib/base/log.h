/* Logs: one line of logfmt per event on stderr, such as
 *
 *   time=2026-03-01T12:00:00.123456Z level=info process=ucap-registry msg="city created" city=rome
 *
 * Values are quoted where they need it, control characters escaped, so that one event is always one
 * line. Libraries do not log; processes do. Any thread may log; a line is written whole. */
#ifndef UCAP_BASE_LOG_H
#define UCAP_BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* One key with its value. Made with log_str and log_int only. */
struct log_field {
    const char *key;  /* NULL ends a list */
    const char *text; /* NULL: the number counts */
    int64_t number;
};

/* NULL text is written as empty. */
static inline struct log_field log_str(const char *key, const char *text)
{
    return (struct log_field){key, text ? text : "", 0};
}
#define log_int(key, value) ((struct log_field){(key), 0, (int64_t)(value)})

/* log_info("city created", log_str("city", slug), log_int("version", 3)); */
#define log_error(...)   log_at(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_DEBUG, __VA_ARGS__)

#define log_at(level, ...)       log_at_(level, __VA_ARGS__, ((struct log_field){0, 0, 0}))
#define log_at_(level, msg, ...) log_write((level), (msg), (const struct log_field[]){__VA_ARGS__})

void log_write(enum log_level level, const char *msg, const struct log_field *fields);

/* Names this process in every line. `name` is copied (63 bytes at most). Default: no process
 * field. */
void log_set_process(const char *name);

/* Lines above `level` are not written. Returns the level before. Default: LOG_INFO. */
enum log_level log_set_level(enum log_level level);

/* "error", "warning", "info", "debug" <-> level. Parse returns 0 or -ERR_INVALID_ARGUMENT. */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name, enum log_level *ret_level);

/* Adds trace=ID to the lines of this thread until it is called with NULL. `trace_id` is copied (32
 * hex digits). */
void log_set_trace(const char *trace_id);

/* This thread's trace id, or "". */
const char *log_trace(void);

#endif
