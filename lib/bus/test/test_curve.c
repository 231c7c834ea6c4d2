/* Key files: written once, read back, refused when they are not what they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/curve.h"

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[128];

static int dir_make(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/ucap-curve-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/key", dir);
    return 0;
}

static int dir_remove(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir); /* fails when a file was left behind */
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void key_is_read_as_written(void **state)
{
    struct curve_key made, got;
    struct err err = ERR_INIT;
    struct stat status;

    (void)state;
    assert_int_equal(curve_key_generate(&made, &err), 0);
    assert_true(curve_is_key(made.public_key));
    assert_int_equal(curve_key_write(path, &made, "key of a test\nsecond line", &err), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(curve_key_read(path, &got, &err), 0);
    assert_string_equal(got.public_key, made.public_key);
    assert_string_equal(got.secret_key, made.secret_key);
}

static void existing_file_is_never_overwritten(void **state)
{
    struct curve_key first, second, got;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(curve_key_generate(&first, &err), 0);
    assert_int_equal(curve_key_generate(&second, &err), 0);
    assert_int_equal(curve_key_write(path, &first, NULL, &err), 0);
    assert_int_equal(curve_key_write(path, &second, NULL, &err), -ERR_ALREADY_EXISTS);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(curve_key_read(path, &got, &err), 0);
    assert_string_equal(got.public_key, first.public_key);
}

static void missing_folder_is_said(void **state)
{
    struct curve_key key;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(curve_key_generate(&key, &err), 0);
    assert_true(curve_key_write("/nonexistent/key", &key, NULL, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/key"));
    assert_int_equal(curve_key_read("/nonexistent/key", &key, &err), -ERR_NOT_FOUND);
    assert_string_equal(err.text, "there is no key file \"/nonexistent/key\": `ucap key generate "
                                  "--out FILE` makes one");
}

static void open_file_is_refused(void **state)
{
    static const mode_t modes[] = {0644, 0604, 0620, 0660, 0602};
    struct curve_key key;
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file("x", modes[i]);
        assert_int_equal(curve_key_read(path, &key, &err), -ERR_FAILED_PRECONDITION);
        assert_non_null(strstr(err.text, "chmod 600"));
        unlink(path);
    }
}

static void group_may_read_a_file_of_root(void **state)
{
    struct curve_key key;
    struct err err = ERR_INIT;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(curve_key_generate(&key, &err), 0);
    assert_int_equal(curve_key_write(path, &key, NULL, &err), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(curve_key_read(path, &key, &err), 0);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(curve_key_read(path, &key, &err), -ERR_FAILED_PRECONDITION);
}

static void folder_is_no_key_file(void **state)
{
    struct curve_key key;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(curve_key_read(dir, &key, &err), -ERR_INVALID_ARGUMENT);
}

static void assert_bad_text(const char *says, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void assert_bad_text(const char *says, const char *format, ...)
{
    struct curve_key key = {"untouched", ""};
    struct err err = ERR_INIT;
    char text[8000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    write_file(text, 0600);
    assert_int_equal(curve_key_read(path, &key, &err), -ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, says));
    assert_string_equal(key.public_key, "untouched");
}

static void damaged_files_are_refused(void **state)
{
    struct curve_key one, two;
    char long_line[5000];

    (void)state;
    assert_int_equal(curve_key_generate(&one, NULL), 0);
    assert_int_equal(curve_key_generate(&two, NULL), 0);
    memset(long_line, '#', sizeof(long_line) - 1);
    long_line[sizeof(long_line) - 1] = '\0';
    const char *pub = one.public_key, *sec = one.secret_key;

    assert_bad_text("does not belong", "public-key = %s\nsecret-key = %s\n", two.public_key, sec);
    assert_bad_text("no secret key", "public-key = %s\n", pub);
    assert_bad_text("no public key", "secret-key = %s\n", sec);
    assert_bad_text("no public key", "\n");
    assert_bad_text("line 2", "public-key = %s\npublic-key = %s\n", pub, pub);
    assert_bad_text("line 3", "\n# x\npublic-key = %.39s\n", pub);
    assert_bad_text("line 1", "public-key = %sx\n", pub);
    assert_bad_text("line 1", "public-key %s\n", pub);
    assert_bad_text("line 1", "private-key = %s\n", sec);
    assert_bad_text("is not a key file", "%s", long_line);
}

static void secrets_stay_out_of_errors(void **state)
{
    struct curve_key key;
    struct err err = ERR_INIT;
    char text[200];

    (void)state;
    assert_int_equal(curve_key_generate(&key, NULL), 0);
    snprintf(text, sizeof(text), "secret-key %s\n", key.secret_key);
    write_file(text, 0600);
    assert_int_equal(curve_key_read(path, &key, &err), -ERR_INVALID_ARGUMENT);
    assert_null(strstr(err.text, key.secret_key));
}

static void only_z85_of_40_characters_is_a_key(void **state)
{
    (void)state;
    assert_false(curve_is_key(NULL));
    assert_false(curve_is_key(""));
    assert_false(curve_is_key("0123456789012345678901234567890123456789x"));
    assert_false(curve_is_key("012345678901234567890123456789012345678"));
    assert_false(curve_is_key("0123456789\"123456789012345678901234567890"));
    assert_false(curve_is_key("0123456789 12345678901234567890123456789"));
    assert_false(curve_is_key("0123456789\x80\x80\x80\x80\x80"
                              "1234567890123456789012345"));
    assert_false(curve_is_key("########################################"));
    assert_true(curve_is_key("0123456789012345678901234567890123456789"));
}

int main(void)
{
#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        WITH_DIR(key_is_read_as_written),
        WITH_DIR(existing_file_is_never_overwritten),
        WITH_DIR(missing_folder_is_said),
        WITH_DIR(open_file_is_refused),
        WITH_DIR(group_may_read_a_file_of_root),
        WITH_DIR(folder_is_no_key_file),
        WITH_DIR(damaged_files_are_refused),
        WITH_DIR(secrets_stay_out_of_errors),
        WITH_DIR(only_z85_of_40_characters_is_a_key),
    };
    return cmocka_run_group_tests_name("bus_curve", tests, NULL, NULL);
}
