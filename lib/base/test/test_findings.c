/* Findings are copies; what is over the limit is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/findings.h"

#include <string.h>

static void both_strings_are_copied(void **state)
{
    struct findings findings = {0};
    char path[] = "city.names[0]";

    (void)state;
    findings_add(&findings, path, "\"%s\" is %d too many", "x", 1);
    memset(path, 'z', sizeof(path) - 1);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.rows[0].path, "city.names[0]");
    assert_string_equal(findings.rows[0].sentence, "\"x\" is 1 too many");
    findings_clear(&findings);
    assert_null(findings.rows);
    assert_int_equal(findings.count, 0);
    findings_clear(&findings);
}

static void more_than_the_limit_is_counted(void **state)
{
    struct findings findings = {0};

    (void)state;
    for (int i = 0; i < FINDINGS_MAX + 3; i++)
        findings_add(&findings, "path", "number %d", i);
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_int_equal(findings.dropped, 3);
    assert_string_equal(findings.rows[FINDINGS_MAX - 1].sentence, "number 99");
    findings_clear(&findings);
    assert_int_equal(findings.dropped, 0);
}

/* A sentence that quotes a value of any length. */
static void a_long_sentence_is_cut_at_a_character(void **state)
{
    struct findings findings = {0};
    char value[3 * ERR_TEXT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < ERR_TEXT_MAX; i++)
        memcpy(value + 3 * i, "\u67f3", 4);
    findings_add(&findings, "path", "%s", value);
    assert_int_equal(strlen(findings.rows[0].sentence), (ERR_TEXT_MAX - 1) / 3 * 3);
    findings_clear(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_strings_are_copied),
        cmocka_unit_test(more_than_the_limit_is_counted),
        cmocka_unit_test(a_long_sentence_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
