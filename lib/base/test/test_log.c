/* Lines of the log, caught from stderr through a pipe. All that a test logs fits into the pipe's 64
 * KiB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CAUGHT_SIZE 65536

static int pipe_ends[2];
static int stderr_before;
static char caught[CAUGHT_SIZE];

static void catch_begin(void)
{
    assert_int_equal(pipe(pipe_ends), 0);
    stderr_before = dup(STDERR_FILENO);
    dup2(pipe_ends[1], STDERR_FILENO);
    close(pipe_ends[1]);
}

/* What was written to stderr since catch_begin. */
static const char *catch_end(void)
{
    size_t size = 0;
    ssize_t got;

    dup2(stderr_before, STDERR_FILENO); /* closes the last writing end */
    close(stderr_before);
    while ((got = read(pipe_ends[0], caught + size, sizeof(caught) - 1 - size)) > 0)
        size += (size_t)got;
    close(pipe_ends[0]);
    caught[size] = '\0';
    return caught;
}

/* A line without its time, which is checked for its form. */
static const char *after_time(const char *line)
{
    int read = 0;

    sscanf(line, "time=%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*6dZ %n", &read);
    assert_int_equal(read, strlen("time=2026-03-01T12:00:00.123456Z "));
    return line + read;
}

static void line_has_level_message_and_fields(void **state)
{
    (void)state;
    catch_begin();
    log_info("city created", log_str("city", "barcelona"), log_int("version", 3));
    assert_string_equal(after_time(catch_end()),
                        "level=info msg=\"city created\" city=barcelona version=3\n");
}

static void process_and_trace_are_in_every_line(void **state)
{
    (void)state;
    log_set_process("ucap-registry");
    log_set_trace("4bf92f3577b34da6a3ce929d0e0e4736");
    catch_begin();
    log_warning("slow");
    assert_string_equal(after_time(catch_end()), "level=warning process=ucap-registry msg=slow "
                                                 "trace=4bf92f3577b34da6a3ce929d0e0e4736\n");
    log_set_trace(NULL);
    log_set_process("");
    catch_begin();
    log_error("x");
    assert_string_equal(after_time(catch_end()), "level=error msg=x\n");
}

static void values_are_quoted_and_escaped(void **state)
{
    static const struct {
        const char *value, *written;
    } rows[] = {
        {"plain", "plain"},
        {"", "\"\""},
        {NULL, "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nlevel=error", "\"line\\nlevel=error\""},
        {"\x1b[2J\x7f", "\"\\x1b[2J\\x7f\""},
        {"巴塞罗那", "巴塞罗那"},
        {"clear\xc2\x9b"
         "2J",
         "\"clear\\xc2\\x9b2J\""},
    };
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        catch_begin();
        log_info("m", log_str("v", rows[i].value));
        snprintf(line, sizeof(line), "level=info msg=m v=%s\n", rows[i].written);
        assert_string_equal(after_time(catch_end()), line);
    }
}

static void level_decides_what_is_written(void **state)
{
    (void)state;
    assert_int_equal(log_set_level(LOG_ERROR), LOG_INFO);
    catch_begin();
    log_warning("not written");
    log_error("written");
    assert_string_equal(after_time(catch_end()), "level=error msg=written\n");
    assert_int_equal(log_set_level(LOG_DEBUG), LOG_ERROR);
    catch_begin();
    log_debug("seen");
    assert_string_equal(after_time(catch_end()), "level=debug msg=seen\n");
    log_set_level(LOG_INFO);
}

static void levels_have_names(void **state)
{
    enum log_level level;

    (void)state;
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        assert_int_equal(log_level_parse(log_level_name((enum log_level)i), &level), 0);
        assert_int_equal(level, i);
    }
    assert_int_equal(log_level_parse("loud", &level), -ERR_INVALID_ARGUMENT);
    assert_int_equal(level, LOG_DEBUG);
}

/* Logs a value longer than a line: `shift` bytes, then the piece again and again. */
static const char *log_cut(size_t shift, const char *piece)
{
    char value[6000];

    memset(value, 'a', shift);
    value[shift] = '\0';
    while (strlen(value) + strlen(piece) < sizeof(value))
        strcat(value, piece);
    catch_begin();
    log_info("long", log_str("value", value), log_str("lost", "x"));
    return catch_end();
}

static void long_line_is_cut_and_marked(void **state)
{
    static const char *const pieces[] = {"x", "é", "巴", "🌍", " x", "巴 ", "\n", "\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        for (size_t shift = 0; shift < 8; shift++) {
            const char *line = log_cut(shift, pieces[i]);
            size_t length = strlen(line);
            const char *mark = i < 4 ? "...\n" : "...\"\n";
            size_t head = length - strlen(mark);
            assert_true(length <= 4096 && length > 4096 - 8);
            assert_string_equal(line + head, mark);
            assert_true(text_is_utf8(line, length));
            assert_int_not_equal(line[head - 1], '"');
            assert_true(i >= 4 || line[head - 1] != ' '); /* nothing follows what was cut */
            assert_null(strstr(line, "lost="));
            assert_ptr_equal(strchr(line, '\n'), line + length - 1);
        }
    }
}

static void *set_trace(void *arg)
{
    log_set_trace("4bf92f3577b34da6a3ce929d0e0e4736");
    return arg;
}

static void trace_belongs_to_its_thread(void **state)
{
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, set_trace, NULL);
    pthread_join(thread, NULL);
    catch_begin();
    log_info("mine");
    assert_string_equal(after_time(catch_end()), "level=info msg=mine\n");
}

#define THREADS 4
#define LINES   50

static void *log_many(void *arg)
{
    for (int i = 0; i < LINES; i++)
        log_info("from a thread", log_str("mark", arg), log_int("number", i));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    static char marks[THREADS][101];
    pthread_t threads[THREADS];
    char mark[101];
    int lines = 0, number;

    (void)state;
    catch_begin();
    for (int i = 0; i < THREADS; i++) {
        memset(marks[i], 'a' + i, 100);
        pthread_create(&threads[i], NULL, log_many, marks[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (const char *line = catch_end(); *line; line = strchr(line, '\n') + 1, lines++) {
        assert_int_equal(sscanf(after_time(line),
                                "level=info msg=\"from a thread\" mark=%100s number=%d\n", mark,
                                &number),
                         2);
        assert_string_equal(mark, marks[mark[0] - 'a']);
    }
    assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_level_message_and_fields),
        cmocka_unit_test(process_and_trace_are_in_every_line),
        cmocka_unit_test(values_are_quoted_and_escaped),
        cmocka_unit_test(level_decides_what_is_written),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(long_line_is_cut_and_marked),
        cmocka_unit_test(trace_belongs_to_its_thread),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
