/* How a gateway is reached: flags before the named context before the environment before the
 * current context. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static const char *const contexts = "# my ways to the office\n"
                                    "current: office   # the usual one\n"
                                    "contexts:\n"
                                    "  - name: office\n"
                                    "    gateways: [tcp://office:7110, tcp://spare:7110]\n"
                                    "    gateway_key: '" KEY_A "'\n"
                                    "    key_file: keys/me.key\n"
                                    "    programme: iuc-asia\n"
                                    "    languages: [zh-Hans, en]\n"
                                    "  - name: home\n"
                                    "    gateways: [tcp://home:7110]\n";

static void show_csv(struct scene *scene, const char *more, const char *value)
{
    scene_run(scene, "context", "show", "--format", "csv", more, value);
    assert_string_equal(scene->err, "");
    assert_int_equal(scene->code, 0);
}

static void begin(struct scene *scene)
{
    scene_write(scene, "context.yaml", contexts);
    setenv("UCAP_CONTEXT_FILE", scene_path(scene, "context.yaml"), 1);
}

static void end(void)
{
    unsetenv("UCAP_CONTEXT_FILE");
    unsetenv("UCAP_GATEWAYS");
}

static void the_current_context_is_used(void **state)
{
    struct scene *scene = *state;
    char want[512];

    begin(scene);
    show_csv(scene, NULL, NULL);
    scene_out_has(scene, "gateways,\"tcp://office:7110,tcp://spare:7110\",context office in ");
    snprintf(want, sizeof(want), "key_file,%s,context office", scene_path(scene, "keys/me.key"));
    scene_out_has(scene, want);
    scene_out_has(scene, "languages,\"zh-Hans,en\",");
    scene_out_has(scene, "programme,iuc-asia,");
    end();
}

static void the_environment_goes_before_the_current_context(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    setenv("UCAP_GATEWAYS", "tcp://env:1", 1);
    show_csv(scene, NULL, NULL);
    scene_out_has(scene, "gateways,tcp://env:1,UCAP_GATEWAYS\r\n");
    scene_out_has(scene, "gateway_key,rq:rM>");
    end();
}

static void a_named_context_goes_before_the_environment(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    setenv("UCAP_GATEWAYS", "tcp://env:1", 1);
    show_csv(scene, "--context", "home");
    scene_out_has(scene, "gateways,tcp://home:7110,context home in ");
    scene_out_has(scene, "gateway_key,,\r\n");
    scene_run(scene, "context", "show", "home", "--format", "yaml");
    scene_out_has(scene, "tcp://home:7110");
    end();
}

static void a_flag_goes_before_all(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    setenv("UCAP_GATEWAYS", "tcp://env:1", 1);
    scene_run(scene, "context", "show", "home", "--format", "csv", "--gateways", "tcp://flag:1");
    scene_out_has(scene, "gateways,tcp://flag:1,'--gateways\r\n");
    scene_run(scene, "context", "show", "--format", "csv", "--gateway", "tcp://flag:2");
    scene_out_has(scene, "gateways,tcp://flag:2,'--gateways\r\n");
    end();
}

static void the_gateway_key_may_stand_in_a_file(void **state)
{
    struct scene *scene = *state;

    scene_write(scene, "gateway.pub", KEY_A "\n");
    scene_run(scene, "context", "show", "--format", "csv", "--gateway-key-file",
              scene_path(scene, "gateway.pub"));
    scene_out_has(scene, "gateway_key," KEY_A ",'--gateway-key-file\r\n");
    setenv("UCAP_GATEWAY_KEY_FILE", scene_path(scene, "gateway.pub"), 1);
    scene_run(scene, "context", "show", "--format", "csv");
    scene_out_has(scene, "gateway_key," KEY_A ",UCAP_GATEWAY_KEY_FILE\r\n");
    setenv("UCAP_GATEWAY_KEY_FILE", "/nowhere.pub", 1);
    scene_run(scene, "context", "show");
    assert_int_equal(scene->code, 3);
    scene_err_has(scene, "UCAP_GATEWAY_KEY_FILE: cannot open \"/nowhere.pub\"");
    unsetenv("UCAP_GATEWAY_KEY_FILE");
}

static void where_the_file_is(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "context", "list");
    assert_int_equal(scene->code, 0);
    scene_err_has(scene, "/.config/ucap/context.yaml yet");

    setenv("XDG_CONFIG_HOME", scene_path(scene, "xdg"), 1);
    scene_run(scene, "context", "list");
    scene_err_has(scene, "/xdg/ucap/context.yaml yet");
    unsetenv("XDG_CONFIG_HOME");

    scene_run(scene, "context", "list", "--context-file", "/nowhere/c.yaml");
    assert_int_equal(scene->code, 3);
    scene_err_has(scene, "/nowhere/c.yaml");
}

static void list_marks_the_current_one(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    scene_run(scene, "context", "list");
    assert_string_equal(scene->out, "CURRENT  NAME    GATEWAY            KEY FILE     PROGRAMME\n"
                                    "yes      office  tcp://office:7110  keys/me.key  iuc-asia\n"
                                    "no       home    tcp://home:7110    —            —\n");
    end();
}

static void use_changes_one_line(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    scene_run(scene, "context", "use", "home");
    assert_int_equal(scene->code, 0);
    char *text = scene_read(scene, "context.yaml");
    const char *rest = strchr(strchr(contexts, '\n') + 1, '\n');
    assert_non_null(strstr(text, "# my ways to the office\ncurrent: 'home' # the usual one\n"));
    assert_string_equal(strstr(text, "\ncontexts:"), rest);
    free(text);

    scene_write(scene, "context.yaml", strstr(contexts, "contexts:"));
    scene_run(scene, "context", "use", "office");
    assert_int_equal(scene->code, 0);
    show_csv(scene, NULL, NULL);
    scene_out_has(scene, "tcp://office:7110");
    end();
}

static void slips_are_named(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    scene_run(scene, "context", "use", "ofice");
    assert_int_equal(scene->code, 3);
    scene_err_has(scene, "context \"ofice\" not found in ");
    scene_err_has(scene, "(did you mean \"office\"?)");
    scene_run(scene, "city", "list", "--context", "hme");
    assert_int_equal(scene->code, 3);
    scene_err_has(scene, "(did you mean \"home\"?)");

    scene_write(scene, "context.yaml", "contexts:\n  - nme: x\n");
    scene_run(scene, "city", "list");
    assert_int_equal(scene->code, 7);
    scene_err_has(scene, "context.yaml");
    scene_err_has(scene, "2:");
    end();
}

static void nothing_set_is_one_clear_sentence(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "city", "list");
    assert_int_equal(scene->code, 2);
    assert_string_equal(scene->out, "");
    scene_err_has(scene, "it is not set which gateway to ask: give --gateways, --gateway-key and "
                         "--key-file, or set UCAP_GATEWAYS, UCAP_GATEWAY_KEY and UCAP_KEY_FILE, "
                         "or write a context file");

    scene_run(scene, "city", "list", "--gateways", "tcp://127.0.0.1:1");
    assert_int_equal(scene->code, 2);
    scene_err_has(scene, "no gateway key is set: give --gateway-key, set UCAP_GATEWAY_KEY");

    scene_run(scene, "city", "list", "--gateways", "tcp://127.0.0.1:1", "--gateway-key", KEY_A);
    assert_int_equal(scene->code, 2);
    scene_err_has(scene, "no key file is set");

    scene_run(scene, "city", "list", "--gateways", "tcp://127.0.0.1:1", "--gateway-key", "x",
              "--key-file", "x");
    assert_int_equal(scene->code, 2);
    scene_err_has(scene, "the gateway key \"x\" (from --gateway-key) is no key");

    scene_run(scene, "city", "list", "--gateways", "tcp://127.0.0.1:1", "--gateway-key", KEY_A,
              "--key-file", scene_path(scene, "none.key"));
    assert_int_equal(scene->code, 3);
    scene_err_has(scene, "none.key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_current_context_is_used, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(the_environment_goes_before_the_current_context,
                                        scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(a_named_context_goes_before_the_environment, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(a_flag_goes_before_all, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(the_gateway_key_may_stand_in_a_file, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(where_the_file_is, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(list_marks_the_current_one, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(use_changes_one_line, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(slips_are_named, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(nothing_set_is_one_clear_sentence, scene_begin, scene_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
