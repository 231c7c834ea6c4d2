/* The clients in Python, of both versions of MDP, against a real system. */
#include "../system/caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PYTHON "/usr/bin/python3"

/* One folder of modules made by stock protoc, as an outsider would make it. */
static const char *compile_proto(struct kit *kit)
{
    const char *modules = kit_path(kit, "modules");
    const char *source = getenv("UCAP_TEST_SOURCE");
    char command[1024];

    assert_non_null(source);
    snprintf(command, sizeof(command),
             "mkdir -p '%s' && protoc -I'%s/proto' --python_out='%s' '%s'/proto/ucap/v1/*.proto",
             modules, source, modules, source);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): fixed words, quoted paths */
    return modules;
}

static void ask(struct kit_system *system, const char *modules, const char *client,
                const char *slug, int exit_code, const char *expected)
{
    const struct curve_key *key = kit_system_key(system, "viewer");
    char path[1024];

    snprintf(path, sizeof(path), "%s/tests/interop/%s", getenv("UCAP_TEST_SOURCE"), client);
    const char *const argv[] = {path,
                                modules,
                                system->requests,
                                system->gateway_key.public_key,
                                key->public_key,
                                key->secret_key,
                                slug,
                                NULL};
    struct kit_process *python = kit_start(system->kit, PYTHON, argv, NULL);
    assert_int_equal(kit_wait_exit(python, 30000), exit_code);
    char *out = exit_code == 0 ? kit_stdout(python) : kit_stderr(python);
    assert_non_null(strstr(out, expected));
    free(out);
}

static void both_versions(void **state)
{
    struct kit *kit = kit_begin();
    struct kit_system system;
    void *zmq = zmq_ctx_new();
    (void)state;

    kit_system_start(kit, true, &system);
    struct caller *editor = caller_create(zmq, &system, "editor", false);
    assert_int_equal(caller_create_city(editor, "liuzhou", "interop-1"), 0);
    caller_destroy(editor);
    const char *modules = compile_proto(kit);
    ask(&system, modules, "client_mdp01.py", "liuzhou", 0, "liuzhou\n");
    ask(&system, modules, "client_mdp02.py", "liuzhou", 0, "liuzhou\n");
    ask(&system, modules, "client_mdp01.py", "luizhou", 1, "STATUS_NOT_FOUND: city \"luizhou\"");
    ask(&system, modules, "client_mdp02.py", "luizhou", 1, "did you mean \"liuzhou\"?");
    zmq_ctx_term(zmq);
    kit_end(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_versions)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
