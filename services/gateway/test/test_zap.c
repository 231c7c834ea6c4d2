/* ZAP requests as libzmq sends them, and as it never would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "zap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct principals *principals;
    struct curve_key viewer, relay, stranger;
};

static int bench_begin(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    char path[] = "/tmp/gateway-zap-XXXXXX";
    struct err err = ERR_INIT;

    assert_non_null(bench);
    assert_int_equal(curve_key_generate(&bench->viewer, &err), 0);
    assert_int_equal(curve_key_generate(&bench->relay, &err), 0);
    assert_int_equal(curve_key_generate(&bench->stranger, &err), 0);
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fprintf(file,
            "principals:\n- {name: viewer, public_key: '%s', role: viewer}\n"
            "- {name: relay, public_key: '%s', role: service, publish: true}\n",
            bench->viewer.public_key, bench->relay.public_key);
    fclose(file);
    assert_int_equal(principals_read(path, NULL, &bench->principals, &err), 0);
    unlink(path);
    *state = bench;
    return 0;
}

static int bench_end(void **state)
{
    struct bench *bench = *state;

    principals_destroy(bench->principals);
    free(bench);
    return 0;
}

static void make_request(struct frames *request, const char *domain, const char *mechanism,
                         const struct curve_key *key)
{
    uint8_t bytes[32];

    zmq_z85_decode(bytes, key->public_key);
    frames_add_text(request, "1.0");
    frames_add_text(request, "17");
    frames_add_text(request, domain);
    frames_add_text(request, "127.0.0.1");
    frames_add_text(request, "");
    frames_add_text(request, mechanism);
    frames_add(request, bytes, sizeof(bytes));
}

static void expect(struct frames *request, const struct principals *principals, const char *code,
                   const char *user)
{
    struct frames reply = {.count = 0};

    assert_int_equal(zap_answer(request, principals, &reply), atoi(code));
    assert_int_equal(reply.count, 6);
    assert_true(frames_equal(&reply, 0, "1.0", 3));
    assert_true(frames_equal(&reply, 2, code, 3));
    assert_true(frames_equal(&reply, 4, user, strlen(user)));
    assert_int_equal(frames_size(&reply, 5), 0);
    frames_clear(&reply);
    frames_clear(request);
}

static void a_listed_key_is_welcome_under_its_key(void **state)
{
    struct bench *bench = *state;
    struct frames request = {.count = 0};

    make_request(&request, "requests", "CURVE", &bench->viewer);
    expect(&request, bench->principals, "200", bench->viewer.public_key);
    make_request(&request, "events", "CURVE", &bench->viewer);
    expect(&request, bench->principals, "200", bench->viewer.public_key);
}

static void an_unknown_key_is_refused(void **state)
{
    struct bench *bench = *state;
    struct frames request = {.count = 0};

    make_request(&request, "requests", "CURVE", &bench->stranger);
    expect(&request, bench->principals, "400", "");
}

static void only_publishers_may_publish(void **state)
{
    struct bench *bench = *state;
    struct frames request = {.count = 0};

    make_request(&request, "publish", "CURVE", &bench->viewer);
    expect(&request, bench->principals, "400", "");
    make_request(&request, "publish", "CURVE", &bench->relay);
    expect(&request, bench->principals, "200", bench->relay.public_key);
    make_request(&request, "elsewhere", "CURVE", &bench->relay);
    expect(&request, bench->principals, "400", "");
}

static void other_mechanisms_are_refused(void **state)
{
    struct bench *bench = *state;
    struct frames request = {.count = 0};

    make_request(&request, "requests", "NULL", &bench->viewer);
    expect(&request, bench->principals, "400", "");
    make_request(&request, "requests", "PLAIN", &bench->viewer);
    expect(&request, bench->principals, "400", "");
}

static void before_the_principals_are_read_it_is_later(void **state)
{
    struct bench *bench = *state;
    struct frames request = {.count = 0};

    make_request(&request, "requests", "CURVE", &bench->viewer);
    expect(&request, NULL, "300", "");
}

static void broken_requests_are_answered_500(void **state)
{
    struct bench *bench = *state;
    struct frames request = {.count = 0};

    expect(&request, bench->principals, "500", "");
    frames_add_text(&request, "1.0");
    expect(&request, bench->principals, "500", "");
    make_request(&request, "requests", "CURVE", &bench->viewer);
    frames_add_text(&request, "one more");
    expect(&request, bench->principals, "500", "");
    make_request(&request, "requests", "CURVE", &bench->viewer);
    zmq_msg_close(&request.list[6]);
    request.count = 6;
    frames_add_text(&request, "short key");
    expect(&request, bench->principals, "500", "");
    make_request(&request, "requests", "CURVE", &bench->viewer);
    zmq_msg_close(&request.list[0]);
    zmq_msg_init_size(&request.list[0], 3);
    memcpy(zmq_msg_data(&request.list[0]), "2.0", 3);
    expect(&request, bench->principals, "500", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_key_is_welcome_under_its_key),
        cmocka_unit_test(an_unknown_key_is_refused),
        cmocka_unit_test(only_publishers_may_publish),
        cmocka_unit_test(other_mechanisms_are_refused),
        cmocka_unit_test(before_the_principals_are_read_it_is_later),
        cmocka_unit_test(broken_requests_are_answered_500),
    };

    return cmocka_run_group_tests(tests, bench_begin, bench_end);
}
