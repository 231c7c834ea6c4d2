/* The principals file: what is refused, with which words; and who is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "principals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_A     "0000000000000000000000000000000000000001"
#define KEY_B     "0000000000000000000000000000000000000002"
#define KEY_C     "0000000000000000000000000000000000000003"
#define ROW(more) "principals:\n- {name: a, public_key: '" KEY_A "', " more "}\n"

static int read_text(const char *yaml, struct principals **ret, struct err *err)
{
    char path[] = "/tmp/gateway-principals-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");

    assert_non_null(file);
    fputs(yaml, file);
    fclose(file);
    int rc = principals_read(path, NULL, ret, err);
    unlink(path);
    return rc;
}

static void expect_refused(const char *yaml, const char *words)
{
    struct principals *principals = NULL;
    struct err err = ERR_INIT;

    if (read_text(yaml, &principals, &err) == 0)
        fail_msg("admitted, without \"%s\"", words);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    assert_null(principals);
    assert_non_null(strstr(err.text, "/tmp/gateway-principals-"));
}

static struct principals *expect_read(const char *yaml)
{
    struct principals *principals = NULL;
    struct err err = ERR_INIT;

    if (read_text(yaml, &principals, &err) < 0)
        fail_msg("%s", err.text);
    return principals;
}

static void yaml_faults_have_line_and_column(void **state)
{
    (void)state;
    expect_refused("principals:\n- {name: a, public_key: 'x', rol: viewer}\n", ":2:");
    expect_refused("principals:\n- {name: a, public_key: 'x', role: boss}\n", "boss");
    expect_refused("principals: [\n", ":");
    expect_refused("principals:\n- {name: a, name: b}\n", ":2:");
    expect_refused("people: []\n", "people");
}

static void a_missing_file_is_named(void **state)
{
    struct principals *principals = NULL;
    struct err err = ERR_INIT;
    (void)state;

    assert_true(principals_read("/nonexistent/principals.yaml", NULL, &principals, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/principals.yaml"));
}

static void wrong_content_names_its_place(void **state)
{
    (void)state;
    expect_refused("principals:\n- {name: 'A b', public_key: '" KEY_A "', role: viewer}\n",
                   "principals[0].name: \"A b\"");
    expect_refused("principals:\n- {public_key: '" KEY_A "', role: viewer}\n", "is no name");
    expect_refused("principals:\n- {name: a, public_key: 'short', role: viewer}\n",
                   "principals[0].public_key");
    expect_refused("principals:\n- {name: a, public_key: '" KEY_A "', role: viewer}\n"
                   "- {name: a, public_key: '" KEY_B "', role: viewer}\n",
                   "principals[1].name: \"a\" is there twice");
    expect_refused("principals:\n- {name: a, public_key: '" KEY_A "', role: viewer}\n"
                   "- {name: b, public_key: '" KEY_A "', role: viewer}\n",
                   "principals[1].public_key");
    expect_refused("principals:\n- {name: a, public_key: '" KEY_A "'}\n", "role");
    expect_refused(ROW("role: admin, services: [echo]"), "services");
    expect_refused(ROW("role: admin, publish: true"), "publish");
    expect_refused(ROW("role: viewer, programmes: ['*', med]"), "stands for all");
    expect_refused(ROW("role: viewer, programmes: ['Med Cities']"), "is no slug");
    expect_refused(ROW("role: viewer, party: '-x'"), "is no slug");
    expect_refused(ROW("role: service, services: ['a*b']"), "is no worker name");
    expect_refused(ROW("role: service, services: ['']"), "is no worker name");
    expect_refused(ROW("role: service, services: ['mmi.service']"), "the gateway's own");
}

static void an_empty_list_admits_nobody(void **state)
{
    struct principals *principals = expect_read("principals:\n");
    (void)state;

    assert_int_equal(principals_count(principals), 0);
    assert_null(principals_find(principals, KEY_A));
    principals_destroy(principals);
}

static void principals_are_found_by_key(void **state)
{
    struct principals *principals =
        expect_read("principals:\n- {name: a, public_key: '" KEY_A "', role: viewer}\n"
                    "- {name: b, public_key: '" KEY_B "', role: ADMIN, party: barcelona}\n");
    (void)state;

    assert_int_equal(principals_count(principals), 2);
    assert_string_equal(principals_find(principals, KEY_B)->name, "b");
    assert_int_equal(principals_find(principals, KEY_B)->role, UCAP__V1__ROLE__VALUE__ROLE_ADMIN);
    assert_null(principals_find(principals, KEY_C));
    assert_null(principals_find(principals, ""));
    principals_destroy(principals);
}

static void the_gateways_own_is_added(void **state)
{
    char path[] = "/tmp/gateway-principals-XXXXXX";
    char name[] = "gateway";
    char key[] = KEY_C;
    Ucap__V1__Principal own = UCAP__V1__PRINCIPAL__INIT;
    struct principals *principals = NULL;
    struct err err = ERR_INIT;
    FILE *file = fdopen(mkstemp(path), "w");
    (void)state;

    assert_non_null(file);
    fputs(ROW("role: viewer"), file);
    fclose(file);
    own.name = name;
    own.public_key = key;
    own.role = UCAP__V1__ROLE__VALUE__ROLE_SERVICE;
    assert_int_equal(principals_read(path, &own, &principals, &err), 0);
    assert_string_equal(principals_find(principals, KEY_C)->name, "gateway");
    assert_int_equal(principals_count(principals), 2);
    principals_destroy(principals);
    unlink(path);
}

static void a_lost_key_is_noticed(void **state)
{
    struct principals *two =
        expect_read("principals:\n- {name: a, public_key: '" KEY_A "', role: viewer}\n"
                    "- {name: b, public_key: '" KEY_B "', role: viewer}\n");
    struct principals *renamed =
        expect_read("principals:\n- {name: x, public_key: '" KEY_B "', role: admin}\n"
                    "- {name: y, public_key: '" KEY_A "', role: viewer}\n");
    struct principals *one = expect_read(ROW("role: viewer"));
    (void)state;

    assert_false(principals_lost_key(two, renamed));
    assert_true(principals_lost_key(two, one));
    assert_false(principals_lost_key(one, two));
    principals_destroy(two);
    principals_destroy(renamed);
    principals_destroy(one);
}

static void who_may_register_what(void **state)
{
    struct principals *principals =
        expect_read(ROW("role: service, services: [ucap.v1.Registry, 'ucap.v1.Control@a-*']"));
    const Ucap__V1__Principal *principal = principals_find(principals, KEY_A);
    static const struct {
        const char *service;
        bool allowed;
    } cases[] = {{"ucap.v1.Registry", true},     {"ucap.v1.Registr", false},
                 {"ucap.v1.Registry2", false},   {"ucap.v1.Control@a-1", true},
                 {"ucap.v1.Control@a-", true},   {"ucap.v1.Control@a", false},
                 {"ucap.v1.Control@b-1", false}, {"", false}};
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            principal_may_register(principal, cases[i].service, strlen(cases[i].service)),
            cases[i].allowed);
    principals_destroy(principals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_faults_have_line_and_column),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(wrong_content_names_its_place),
        cmocka_unit_test(an_empty_list_admits_nobody),
        cmocka_unit_test(principals_are_found_by_key),
        cmocka_unit_test(the_gateways_own_is_added),
        cmocka_unit_test(a_lost_key_is_noticed),
        cmocka_unit_test(who_may_register_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
