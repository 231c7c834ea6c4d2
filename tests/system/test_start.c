/* What can be wrong at a start ends the process with exit code 1 and one line that names the thing
 * and says what to do. */
#include "testkit/testkit.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world {
    struct kit *kit;
    struct kit_system system;
};

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    w->kit = kit_begin();
    kit_system_start(w->kit, true, &w->system);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    kit_end(w->kit);
    free(w);
    return 0;
}

/* The process ends with `exit_code`; the last line it wrote has the words, and it wrote no other
 * but log lines. */
static void expect_end(struct kit_process *process, int exit_code, const char *words)
{
    assert_int_equal(kit_wait_exit(process, 30000), exit_code);
    char *text = kit_stderr(process);
    int plain = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, "time=", 5) != 0) {
            plain++;
            if (!strstr(line, words))
                fail_msg("\"%s\" has no \"%s\"", line, words);
        }
    assert_int_equal(plain, 1);
    free(text);
}

static struct kit_process *registry(struct world *w, const char *user, const char *database,
                                    const char *password, const char *wait)
{
    const char *const argv[] = {"--key-file",
                                kit_system_key_file(&w->system, "registry"),
                                "--gateways",
                                w->system.requests,
                                "--gateway-key",
                                w->system.gateway_key.public_key,
                                "--database",
                                kit_pg_conninfo(w->system.pg, user, database),
                                "--database-password",
                                password,
                                "--database-wait",
                                wait,
                                NULL};

    return kit_start(w->kit, "ucap-registry", argv, NULL);
}

static void wrong_password(void **state)
{
    struct world *w = *state;

    expect_end(registry(w, "ucap_registry", "ucap", "wrong", "10s"), 1, "password");
}

static void wrong_database(void **state)
{
    struct world *w = *state;

    expect_end(registry(w, "ucap_registry", "ucup", "test", "10s"), 1, "\"ucup\"");
}

static void unreachable_database(void **state)
{
    struct world *w = *state;
    char conninfo[256];
    const char *const argv[] = {"--key-file",
                                kit_system_key_file(&w->system, "registry"),
                                "--gateways",
                                w->system.requests,
                                "--gateway-key",
                                w->system.gateway_key.public_key,
                                "--database",
                                conninfo,
                                "--database-wait",
                                "300ms",
                                NULL};

    snprintf(conninfo, sizeof(conninfo), "host=%s dbname=ucap user=ucap_registry",
             kit_dir(w->kit)); /* a folder without a server's socket */
    expect_end(kit_start(w->kit, "ucap-registry", argv, NULL), 1, "database");
}

static struct kit_process *gateway(struct world *w, const char *key, const char *principals,
                                   const char *requests)
{
    const char *const argv[] = {
        "--key-file", key,        "--principals",      principals,  "--requests",
        requests,     "--events", "tcp://127.0.0.1:*", "--publish", "tcp://127.0.0.1:*",
        NULL};

    return kit_start(w->kit, "ucap-gateway", argv, NULL);
}

static void port_in_use(void **state)
{
    struct world *w = *state;

    expect_end(gateway(w, kit_system_key_file(&w->system, "gateway"), w->system.principals,
                       w->system.requests),
               1, w->system.requests);
}

static void unreadable_key(void **state)
{
    struct world *w = *state;
    const char *open_to_all = kit_path(w->kit, "open.key");
    char *text = kit_read_file(kit_system_key_file(&w->system, "gateway"));

    expect_end(gateway(w, kit_path(w->kit, "none.key"), w->system.principals, "tcp://127.0.0.1:*"),
               1, "none.key");
    kit_write_file(open_to_all, text, 0644);
    expect_end(gateway(w, open_to_all, w->system.principals, "tcp://127.0.0.1:*"), 1, "open.key");
    free(text);
}

static void broken_principals(void **state)
{
    struct world *w = *state;
    const char *broken = kit_path(w->kit, "broken.yaml");

    kit_write_file(broken, "principals:\n  - name: x\n    rol: viewer\n", 0600);
    expect_end(gateway(w, kit_system_key_file(&w->system, "gateway"), broken, "tcp://127.0.0.1:*"),
               1, "broken.yaml:3:");
}

static void wrong_usage(void **state)
{
    struct world *w = *state;
    const char *const argv[] = {"--databse", "x", NULL};

    expect_end(kit_start(w->kit, "ucap-registry", argv, NULL), 2, "--database");
}

static void help_has_settings_and_methods(void **state)
{
    struct world *w = *state;
    const char *const argv[] = {"--help", NULL};
    struct kit_process *process = kit_start(w->kit, "ucap-registry", argv, NULL);

    assert_int_equal(kit_wait_exit(process, 30000), 0);
    char *text = kit_stdout(process);
    assert_non_null(strstr(text, "--idempotency-retention DURATION"));
    assert_non_null(strstr(text, "Methods of ucap.v1.Registry"));
    assert_non_null(strstr(text, "  CreateProgramme             makes a programme known\n"
                                 "                              admin\n"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 0, 80);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_password),       cmocka_unit_test(wrong_database),
        cmocka_unit_test(unreachable_database), cmocka_unit_test(port_in_use),
        cmocka_unit_test(unreadable_key),       cmocka_unit_test(broken_principals),
        cmocka_unit_test(wrong_usage),          cmocka_unit_test(help_has_settings_and_methods),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
