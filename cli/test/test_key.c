/* Keys and the principals file, on real files. */
#include "scene.h"

#include "bus/curve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

static const char *const file_text = "# Who may connect. Ask the office before you add anybody.\n"
                                     "principals:\n"
                                     "    # the registry\n"
                                     "    - name: registry   # a process\n"
                                     "      public_key: '" KEY_A "'\n"
                                     "      role: service\n"
                                     "      programmes: ['*']\n"
                                     "# end of the list";

static void generate_and_show(void **state)
{
    struct scene *scene = *state;
    struct stat status;

    scene_run(scene, "key", "generate", "--out", scene_path(scene, "my.key"));
    assert_int_equal(scene->code, 0);
    assert_int_equal(strlen(scene->out), 41);
    scene_err_has(scene, "ucap key authorize NAME --key");
    assert_int_equal(stat(scene_path(scene, "my.key"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);

    char *public_key = strdup(scene->out);
    scene_run(scene, "key", "show", scene_path(scene, "my.key"));
    assert_string_equal(scene->out, public_key);
    assert_string_equal(scene->err, "");

    char *text = scene_read(scene, "my.key");
    const char *secret = strstr(text, "secret-key = ");
    assert_non_null(secret);
    scene_run(scene, "key", "show", scene_path(scene, "my.key"), "--format", "json");
    scene_out_has(scene, "\"public_key\"");
    char secret_key[41];
    snprintf(secret_key, sizeof(secret_key), "%s", secret + strlen("secret-key = "));
    assert_null(strstr(scene->out, secret_key));

    scene_run(scene, "key", "generate", "--out", scene_path(scene, "my.key"));
    assert_int_equal(scene->code, 5);
    scene_err_has(scene, "never overwritten");
    char *again = scene_read(scene, "my.key");
    assert_string_equal(again, text);
    free(again);
    free(text);
    free(public_key);
}

static void a_key_needs_a_file(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "key", "generate", "--out", "");
    assert_int_equal(scene->code, 2);
    assert_string_equal(scene->out, "");
    scene_err_has(scene, "option --out names no file");
}

static void the_default_place_is_found_again(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "key", "generate");
    assert_int_equal(scene->code, 0);
    assert_int_equal(access(scene_path(scene, ".config/ucap/user.key"), F_OK), 0);
    char *public_key = strdup(scene->out);
    scene_run(scene, "key", "show");
    assert_string_equal(scene->out, public_key);
    free(public_key);
}

static void show_of_what_is_no_key(void **state)
{
    struct scene *scene = *state;

    scene_run(scene, "key", "show", scene_path(scene, "absent.key"));
    assert_int_equal(scene->code, 3);
    scene_write(scene, "bad.key", "hello\n");
    chmod(scene_path(scene, "bad.key"), 0600);
    scene_run(scene, "key", "show", scene_path(scene, "bad.key"));
    assert_int_equal(scene->code, 7);
}

static void authorize_appends_and_touches_nothing_else(void **state)
{
    struct scene *scene = *state;
    struct stat status;

    scene_write(scene, "p.yaml", file_text);
    chmod(scene_path(scene, "p.yaml"), 0640);
    scene_run(scene, "key", "authorize", "li", "--key", KEY_B, "--role", "editor", "--programmes",
              "iuc-asia,eu-asia", "--party", "liuzhou", "--principals",
              scene_path(scene, "p.yaml"));
    assert_string_equal(scene->out, "");
    scene_err_has(scene, "\"li\" may now use the gateway as editor");
    assert_int_equal(scene->code, 0);
    char *text = scene_read(scene, "p.yaml");
    assert_int_equal(strncmp(text, file_text, strlen(file_text)), 0);
    assert_string_equal(text + strlen(file_text), "\n    - name: li\n"
                                                  "      public_key: '" KEY_B "'\n"
                                                  "      role: editor\n"
                                                  "      programmes: [iuc-asia, eu-asia]\n"
                                                  "      party: liuzhou\n");
    free(text);
    assert_int_equal(stat(scene_path(scene, "p.yaml"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

static void authorize_a_process_by_its_key_file(void **state)
{
    struct scene *scene = *state;
    char want[512];

    scene_run(scene, "key", "generate", "--out", scene_path(scene, "relay.key"));
    snprintf(want, sizeof(want),
             "principals:\n"
             "  - name: relay\n"
             "    public_key: '%.40s'\n"
             "    role: service\n"
             "    programmes: ['*']\n"
             "    services: ['ucap.v1.Relay', 'ucap.v1.Control@relay-*']\n"
             "    publish: true\n",
             scene->out);
    scene_write(scene, "p.yaml", "principals:\n");
    scene_run(scene, "key", "authorize", "relay", "--key-file", scene_path(scene, "relay.key"),
              "--role", "service", "--service", "ucap.v1.Relay", "--service",
              "ucap.v1.Control@relay-*", "--publish", "--principals", scene_path(scene, "p.yaml"));
    assert_int_equal(scene->code, 0);
    char *text = scene_read(scene, "p.yaml");
    assert_string_equal(text, want);
    free(text);
}

/* A list may be empty in several ways, or not there at all. */
static void authorize_the_first(void **state)
{
    static const char *const texts[] = {
        "",
        "# nobody yet\n",
        "principals:\n",
        "principals: [] # nobody yet\n",
        "principals:\n# nobody yet",
        "---\nprincipals: []\n",
        "# principals: [] is nobody\nprincipals:\n",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        scene_write(scene, "p.yaml", texts[i]);
        scene_run(scene, "key", "authorize", "a", "--key", KEY_A, "--role", "viewer",
                  "--programmes", "*", "--principals", scene_path(scene, "p.yaml"));
        if (scene->code != 0)
            fail_msg("\"%s\": %s", texts[i], scene->err);
        scene_run(scene, "key", "authorize", "b", "--key", KEY_B, "--role", "admin", "--principals",
                  scene_path(scene, "p.yaml"));
        if (scene->code != 0)
            fail_msg("\"%s\", the second: %s", texts[i], scene->err);
        char *text = scene_read(scene, "p.yaml");
        assert_int_equal(strncmp(text, texts[i], strcspn(texts[i], "\n[")), 0);
        assert_int_equal(strstr(texts[i], "is nobody") != NULL,
                         strstr(text, "[] is nobody") != NULL);
        free(text);
    }
    scene_run(scene, "key", "authorize", "a", "--key", KEY_A, "--role", "viewer", "--principals",
              scene_path(scene, "new.yaml"));
    assert_int_equal(scene->code, 0);
    scene_err_has(scene, "\"a\" sees no programme yet");
}

struct refused {
    const char *name, *key, *role, *more, *value;
    int code;
    const char *sentence;
};

static void authorize_refuses(void **state)
{
    static const struct refused rows[] = {
        {"registry", KEY_B, "viewer", 0, 0, 5, "principal \"registry\" is in "},
        {"li", KEY_A, "viewer", 0, 0, 5, "as principal \"registry\""},
        {"Li", KEY_B, "viewer", 0, 0, 7, "name \"Li\" is no name of a principal"},
        {"li", "short", "viewer", 0, 0, 7, "\"short\" is no public key"},
        {"li", KEY_B KEY_B, "viewer", 0, 0, 7, "is no public key"},
        {"li", KEY_B, "viewer", "--service", "x", 7, "--service and --publish are for processes"},
        {"li", KEY_B, "viewer", "--programmes", "Not A Slug", 7, "Not A Slug"},
        {"li", KEY_B, "viewer", "--programmes", "a,*", 7, "*"},
        {"li", KEY_B, "viewer", "--party", "a'b", 7, "a'b"},
        {"li", KEY_B, "service", "--service", "a'b", 7, "is no worker name"},
        {"li", KEY_B, "service", "--service", "*a", 7, "is no worker name"},
        {"li", KEY_B, "viewer", "--key-file", "x", 2, "either --key PUBLIC or --key-file FILE"},
    };
    struct scene *scene = *state;

    scene_write(scene, "p.yaml", file_text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct refused *row = &rows[i];
        scene_run(scene, "key", "authorize", row->name, "--key", row->key, "--role", row->role,
                  "--principals", scene_path(scene, "p.yaml"), row->more, row->value);
        if (scene->code != row->code)
            fail_msg("row %zu: exit code %d: %s", i, scene->code, scene->err);
        scene_err_has(scene, row->sentence);
    }
    char *text = scene_read(scene, "p.yaml");
    assert_string_equal(text, file_text);
    free(text);
}

/* What cannot be appended to, or does not parse, is left as it is. */
static void authorize_never_damages(void **state)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        {"principals: [{name: a, public_key: '" KEY_A "', role: viewer}]\n", 5},
        {"{principals: []}\n", 5},
        {"principals:\n  - name: a\n    public_key: '" KEY_A "'\n    role: viewer\n...\n", 5},
        {"principals:\n  - nme: a\n", 7},
        {"principals: [\n", 7},
        {"\x01", 7},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_write(scene, "p.yaml", rows[i].text);
        scene_run(scene, "key", "authorize", "b", "--key", KEY_B, "--role", "viewer",
                  "--principals", scene_path(scene, "p.yaml"));
        if (scene->code != rows[i].code)
            fail_msg("row %zu: exit code %d: %s", i, scene->code, scene->err);
        scene_err_has(scene, "p.yaml");
        char *text = scene_read(scene, "p.yaml");
        assert_string_equal(text, rows[i].text);
        free(text);
    }
}

static void a_symbolic_link_stays_one(void **state)
{
    struct scene *scene = *state;
    struct stat status;

    scene_write(scene, "real.yaml", file_text);
    assert_int_equal(symlink("real.yaml", scene_path(scene, "link.yaml")), 0);
    scene_run(scene, "key", "authorize", "li", "--key", KEY_B, "--role", "viewer", "--principals",
              scene_path(scene, "link.yaml"));
    assert_int_equal(scene->code, 0);
    assert_int_equal(lstat(scene_path(scene, "link.yaml"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    char *text = scene_read(scene, "real.yaml");
    assert_non_null(strstr(text, "name: li"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(generate_and_show, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(a_key_needs_a_file, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(the_default_place_is_found_again, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(show_of_what_is_no_key, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(authorize_appends_and_touches_nothing_else, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(authorize_a_process_by_its_key_file, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(authorize_the_first, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(authorize_refuses, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(authorize_never_damages, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(a_symbolic_link_stays_one, scene_begin, scene_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
