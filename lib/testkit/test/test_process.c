/* Folders, processes and waiting of the testkit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testkit/testkit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set_up(void **state)
{
    *state = kit_begin();
    return 0;
}

static int tear_down(void **state)
{
    kit_end(*state);
    return 0;
}

static struct kit_process *shell(struct kit *kit, const char *script, const char *const *env)
{
    return kit_start(kit, "/bin/sh", (const char *const[]){"-c", script, NULL}, env);
}

static void keeps_output_and_exit_code(void **state)
{
    struct kit_process *process = shell(*state, "echo out; echo err >&2; exit 3", NULL);

    assert_int_equal(kit_wait_exit(process, 10000), 3);
    assert_false(kit_is_running(process));
    char *out = kit_stdout(process);
    char *err = kit_stderr(process);
    assert_string_equal(out, "out\n");
    assert_string_equal(err, "err\n");
    free(out);
    free(err);
}

static void environment_is_clean(void **state)
{
    setenv("UCAP_LOG_LEVEL", "debug", 1);
    setenv("KIT_TEST", "old", 1);
    struct kit_process *process = shell(*state, "echo \"$UCAP_LOG_LEVEL:$KIT_TEST:$UCAP_NEW\"",
                                        (const char *const[]){"KIT_TEST=new", "UCAP_NEW=1", NULL});

    assert_int_equal(kit_wait_exit(process, 10000), 0);
    char *out = kit_stdout(process);
    assert_string_equal(out, ":new:1\n");
    free(out);
    unsetenv("UCAP_LOG_LEVEL");
    unsetenv("KIT_TEST");
}

static void signals_end_a_process(void **state)
{
    struct kit_process *process =
        kit_start(*state, "/bin/sleep", (const char *const[]){"1000", NULL}, NULL);

    assert_true(kit_is_running(process));
    kit_signal(process, SIGKILL);
    assert_int_equal(kit_wait_exit(process, 10000), 128 + SIGKILL);
}

static void unknown_program_says_so(void **state)
{
    struct kit_process *process = kit_start(*state, "no-such-program", NULL, NULL);

    assert_int_equal(kit_wait_exit(process, 10000), 127);
    char *err = kit_stderr(process);
    assert_non_null(strstr(err, "no-such-program: No such file"));
    free(err);
}

static void end_leaves_nothing(void **state)
{
    struct kit *kit = kit_begin();
    char *dir = strdup(kit_dir(kit));
    struct kit_process *process =
        kit_start(kit, "/bin/sleep", (const char *const[]){"1000", NULL}, NULL);
    pid_t pid = kit_pid(process);

    (void)state;
    kit_write_file(kit_path(kit, "%s", "a"), "text", 0600);
    char *text = kit_read_file(kit_path(kit, "a"));
    assert_string_equal(text, "text");
    kit_end(kit);
    assert_int_equal(access(dir, F_OK), -1);
    assert_int_equal(kill(pid, 0), -1);
    free(text);
    free(dir);
}

/* What main does when it is told to: a test program that ends without kit_end, as after a failure.
 */
static int fail_in_the_middle(void)
{
    struct kit *kit = kit_begin();
    struct kit_process *process =
        kit_start(kit, "/bin/sleep", (const char *const[]){"1000", NULL}, NULL);

    printf("%s %d", kit_dir(kit), (int)kit_pid(process));
    return 1;
}

static void failure_leaves_nothing(void **state)
{
    struct kit_process *process =
        kit_start(*state, "/proc/self/exe", (const char *const[]){"fail", NULL}, NULL);
    char dir[64];
    int pid;

    assert_int_equal(kit_wait_exit(process, 20000), 1);
    char *out = kit_stdout(process);
    assert_int_equal(sscanf(out, "%63s %d", dir, &pid), 2);
    assert_int_equal(access(dir, F_OK), -1);
    assert_int_equal(kill(pid, 0), -1);
    free(out);
}

static bool third_look(void *arg)
{
    return ++*(int *)arg == 3;
}

static void waits_for_a_condition(void **state)
{
    int looks = 0;

    (void)state;
    kit_wait("the third look", 10000, third_look, &looks);
    assert_int_equal(looks, 3);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return fail_in_the_middle();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_output_and_exit_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(environment_is_clean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals_end_a_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_program_says_so, set_up, tear_down),
        cmocka_unit_test(end_leaves_nothing),
        cmocka_unit_test_setup_teardown(failure_leaves_nothing, set_up, tear_down),
        cmocka_unit_test(waits_for_a_condition),
    };

    return cmocka_run_group_tests_name("testkit_process", tests, NULL, NULL);
}
