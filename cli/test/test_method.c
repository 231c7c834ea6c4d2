/* Names of methods as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "method.h"

#include <string.h>

static void finds_short_long_and_instance_names(void **state)
{
    struct method method;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(method_find("Registry/GetCity", &method, &err), 0);
    assert_string_equal(method.service->name, "ucap.v1.Registry");
    assert_string_equal(method.method->name, "GetCity");
    assert_string_equal(method.worker, "");

    assert_int_equal(method_find("ucap.v1.Registry/GetCity", &method, &err), 0);
    assert_string_equal(method.method->name, "GetCity");

    assert_int_equal(method_find("Control@registry-1/Ping", &method, &err), 0);
    assert_string_equal(method.worker, "ucap.v1.Control@registry-1");
    assert_string_equal(method.method->name, "Ping");
}

static void slips_get_the_nearest(void **state)
{
    static const char *const slips[][2] = {
        {"Registry/GetCitty", "(did you mean \"Registry/GetCity\"?)"},
        {"registry/getcity", "(did you mean \"Registry\"?)"},
        {"Regitsry/GetCity", "(did you mean \"Registry\"?)"},
        {"Registry/Ping", "(did you mean \"Control/Ping\"?)"},
        {"GetCity", "(did you mean \"Registry/GetCity\"?)"},
        {"Registry", "is not SERVICE/METHOD, such as Registry/GetCity"},
        {"Frobnicator/Run", "unknown service \"Frobnicator\": `ucap call` lists all methods"},
        {"Registry/", "Registry has no method \"\""},
        {"/GetCity", "unknown service \"\""},
        {"Control@/Ping", "names no instance"},
    };
    struct method method;

    (void)state;
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        struct err err = ERR_INIT;
        if (method_find(slips[i][0], &method, &err) != -ERR_INVALID_ARGUMENT)
            fail_msg("\"%s\" was taken", slips[i][0]);
        if (!strstr(err.text, slips[i][1]))
            fail_msg("\"%s\" got \"%s\"", slips[i][0], err.text);
    }
}

static void long_names_are_refused(void **state)
{
    char name[2000];
    struct method method;
    struct err err = ERR_INIT;

    (void)state;
    memset(name, 'x', sizeof(name));
    strcpy(name + sizeof(name) - 6, "/Ping");
    assert_int_equal(method_find(name, &method, &err), -ERR_INVALID_ARGUMENT);
    memcpy(name, "Control@", 8);
    assert_int_equal(method_find(name, &method, &err), -ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_short_long_and_instance_names),
        cmocka_unit_test(slips_get_the_nearest),
        cmocka_unit_test(long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
