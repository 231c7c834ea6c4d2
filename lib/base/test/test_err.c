/* Sentences: cut at a character, prefixed, from errno. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

static void set_gives_code_and_sentence(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(err_set(&err, ERR_NOT_FOUND, "city \"%s\" not found", "barcelna"), -5);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.text, "city \"barcelna\" not found");
    assert_int_equal(err_set(NULL, ERR_ABORTED, "nobody listens"), -ERR_ABORTED);
}

/* Whatever byte the limit falls on, what is left is whole characters and as many of them as fit. */
static void long_sentence_is_cut_at_a_character(void **state)
{
    static const char *const characters[] = {"x", "é", "巴", "🌍"};
    char text[2 * ERR_TEXT_MAX];
    struct err err = ERR_INIT;

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        size_t size = strlen(characters[c]);
        for (size_t shift = 0; shift < size; shift++) {
            memset(text, 'a', shift);
            text[shift] = '\0';
            while (strlen(text) < sizeof(text) - 8)
                strcat(text, characters[c]);
            err_set(&err, ERR_INTERNAL, "%s", text);
            size_t length = strlen(err.text);
            assert_true(text_is_utf8(err.text, length));
            assert_true(length < ERR_TEXT_MAX && length + size >= ERR_TEXT_MAX);
            assert_memory_equal(err.text, text, length);
        }
    }
}

static void prefix_keeps_the_code(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    err_set(&err, ERR_INVALID_ARGUMENT, "no such field");
    assert_int_equal(err_prefix(&err, "children[%d]", 1), -ERR_INVALID_ARGUMENT);
    assert_string_equal(err.text, "children[1]: no such field");
    assert_int_equal(err_prefix(NULL, "x"), -ERR_UNKNOWN);
}

static void errno_is_said_in_words(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    errno = ENOENT;
    assert_int_equal(err_errno(&err, ERR_FAILED_PRECONDITION, "read %s", "x.key"),
                     -ERR_FAILED_PRECONDITION);
    assert_string_equal(err.text, "cannot read x.key: No such file or directory");
    assert_int_equal(err_nomem(&err), -ERR_RESOURCE_EXHAUSTED);
    assert_string_equal(err.text, "out of memory");
}

static void codes_have_the_names_of_grpc(void **state)
{
    (void)state;
    assert_string_equal(err_code_name(ERR_OK), "OK");
    assert_string_equal(err_code_name(5), "NOT_FOUND");
    assert_string_equal(err_code_name(16), "UNAUTHENTICATED");
    assert_string_equal(err_code_name(17), "UNKNOWN");
    assert_string_equal(err_code_name(-1), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_gives_code_and_sentence),
        cmocka_unit_test(long_sentence_is_cut_at_a_character),
        cmocka_unit_test(prefix_keeps_the_code),
        cmocka_unit_test(errno_is_said_in_words),
        cmocka_unit_test(codes_have_the_names_of_grpc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
