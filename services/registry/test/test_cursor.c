/* Cursors: written ones are read again, all else is refused. */
#include "cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void what_is_written_is_read(void **state)
{
    struct findings violations = {0};
    char cursor[CURSOR_SIZE], slug[SLUG_MAX + 1], longest[SLUG_MAX + 1];
    uint64_t version;
    (void)state;

    memset(longest, 'z', SLUG_MAX);
    longest[SLUG_MAX] = '\0';
    cursor_write_slug(longest, cursor);
    cursor_read_slug(cursor, slug, &violations);
    assert_string_equal(slug, longest);
    cursor_write_version(999999999999999999, cursor);
    cursor_read_version(cursor, &version, &violations);
    assert_int_equal(version, 999999999999999999);
    assert_int_equal(violations.count, 0);
}

static void an_empty_one_is_the_start(void **state)
{
    struct findings violations = {0};
    char slug[SLUG_MAX + 1];
    uint64_t version = 7;
    (void)state;

    cursor_read_slug("", slug, &violations);
    assert_string_equal(slug, "");
    cursor_read_version("", &version, &violations);
    assert_int_equal(version, 0);
    assert_int_equal(violations.count, 0);
}

static void others_are_refused(void **state)
{
    static const char *const versions[] = {
        "2", "20", "2-1", "2 1", "21x", "161", "\xff\033", "21000000000000000000",
    };
    static const char *const slugs[] = {"1", "16", "21", "1FF", "100", "12d61", "\xff"};
    char slug[SLUG_MAX + 1];
    uint64_t version;
    (void)state;

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct findings violations = {0};
        cursor_read_version(versions[i], &version, &violations);
        assert_int_equal(violations.count, 1);
        findings_clear(&violations);
    }
    for (size_t i = 0; i < sizeof(slugs) / sizeof(slugs[0]); i++) {
        struct findings violations = {0};
        cursor_read_slug(slugs[i], slug, &violations);
        assert_int_equal(violations.count, 1);
        assert_string_equal(violations.rows[0].path, "cursor");
        findings_clear(&violations);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(an_empty_one_is_the_start),
        cmocka_unit_test(others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
