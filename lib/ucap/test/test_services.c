/* The gateway's list of services, as it should be and as it might come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ucap/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    struct ucap_service_row *rows;
    size_t count;
    struct err err;
    int rc;
};

static struct answer parse(const char *first, const char *second, const char *third)
{
    const char *texts[] = {first, second, third};
    struct frames frames = {.count = 0};
    struct answer answer = {.err = ERR_INIT};

    for (size_t i = 0; i < 3 && texts[i]; i++)
        assert_int_equal(frames_add_text(&frames, texts[i]), 0);
    answer.rc = services_parse(&frames, &answer.rows, &answer.count, &answer.err);
    frames_clear(&frames);
    return answer;
}

static void reads_a_frame_per_service(void **state)
{
    (void)state;
    struct answer answer =
        parse("200", "ucap.v1.Registry 2 8 0", "ucap.v1.Control@registry-1 1 4 17");

    assert_int_equal(answer.rc, 0);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.rows[0].name, "ucap.v1.Registry");
    assert_int_equal(answer.rows[0].workers, 2);
    assert_int_equal(answer.rows[0].free_credit, 8);
    assert_int_equal(answer.rows[0].queued, 0);
    assert_string_equal(answer.rows[1].name, "ucap.v1.Control@registry-1");
    assert_int_equal(answer.rows[1].queued, 17);
    free(answer.rows);
}

static void reads_many_lines_in_one_frame(void **state)
{
    (void)state;
    struct answer answer = parse("200", "a 1 1 0\nb 2 3 4\n", NULL);

    assert_int_equal(answer.rc, 0);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.rows[1].name, "b");
    assert_int_equal(answer.rows[1].free_credit, 3);
    free(answer.rows);
}

/* As long as the gateway takes one: any client may ask for it, and it must not hide the others. */
static void the_longest_name_is_read(void **state)
{
    char line[300];

    (void)state;
    snprintf(line, sizeof(line), "%0128d 1 1 0", 7);
    struct answer answer = parse("200", line, NULL);
    assert_int_equal(answer.rc, 0);
    assert_int_equal(strlen(answer.rows[0].name), 128);
    free(answer.rows);
}

static void no_service_is_no_row(void **state)
{
    (void)state;
    struct answer answer = parse("200", NULL, NULL);

    assert_int_equal(answer.rc, 0);
    assert_int_equal(answer.count, 0);
    assert_null(answer.rows);
}

static void refuses_what_does_not_read_so(void **state)
{
    static const char *const lines[] = {
        "name",          "name 1", "name 1 2",    "name 1 2 3 4", "name 1 2 x",
        "name  1 2 3",   " 1 2 3", "name 1 2 -3", "name 1 2 3 ",  "name 1 2 10000000000",
        "name 1 2 3\nx",
    };
    char long_name[300];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct answer answer = parse("200", lines[i], NULL);
        if (answer.rc != -ERR_INTERNAL)
            fail_msg("accepted \"%s\"", lines[i]);
    }
    memset(long_name, 'n', sizeof(long_name));
    strcpy(long_name + sizeof(long_name) - 7, " 1 2 3");
    assert_int_equal(parse("200", long_name, NULL).rc, -ERR_INTERNAL);
}

static void an_old_gateway_is_named(void **state)
{
    (void)state;
    assert_int_equal(parse("501", NULL, NULL).rc, -ERR_UNIMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_frame_per_service),
        cmocka_unit_test(reads_many_lines_in_one_frame),
        cmocka_unit_test(the_longest_name_is_read),
        cmocka_unit_test(no_service_is_no_row),
        cmocka_unit_test(refuses_what_does_not_read_so),
        cmocka_unit_test(an_old_gateway_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
