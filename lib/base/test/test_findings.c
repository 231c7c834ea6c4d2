/* Findings are copies; what is over the limit is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_strings_are_copied),
        cmocka_unit_test(more_than_the_limit_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
