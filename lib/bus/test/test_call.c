/* Calls of a service in the same process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/call.h"
#include "bus/codec.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/control.pb-c.h>

static void ping(Ucap__V1__Control_Service *service, const Ucap__V1__PingRequest *request,
                 Ucap__V1__PingReply_Closure closure, void *arg)
{
    Ucap__V1__PingReply reply = UCAP__V1__PING_REPLY__INIT;

    (void)service;
    (void)request;
    reply.process = (char *)"here";
    closure(&reply, arg);
}

static void set_log_level(Ucap__V1__Control_Service *service,
                          const Ucap__V1__SetLogLevelRequest *request,
                          Ucap__V1__SetLogLevelReply_Closure closure, void *arg)
{
    struct call *call = arg;

    (void)service;
    (void)closure;
    findings_add(&call->violations, "level", "\"%s\" is none", request->level);
    call_failf(call, ERR_INVALID_ARGUMENT, "no level \"%s\"", request->level);
}

static void drain(Ucap__V1__Control_Service *service, const Ucap__V1__DrainRequest *request,
                  Ucap__V1__DrainReply_Closure closure, void *arg)
{
    (void)service;
    (void)request;
    (void)closure;
    (void)arg;
}

static Ucap__V1__Control_Service service = {
    .base = {&ucap__v1__control__descriptor, protobuf_c_service_invoke_internal, NULL},
    .ping = ping,
    .set_log_level = set_log_level,
    .drain = drain, /* neither replies nor fails */
};

static void reply_is_kept(void **state)
{
    Ucap__V1__PingRequest request = UCAP__V1__PING_REQUEST__INIT;
    struct call call;

    (void)state;
    call_init(&call);
    assert_int_equal(call_run(&service.base, "Ping", &request.base, &call), 0);
    assert_true(call.done);
    assert_string_equal(((Ucap__V1__PingReply *)call.reply)->process, "here");
    ProtobufCMessage *reply = call_steal_reply(&call);
    assert_null(call.reply);
    call_clear(&call);
    codec_free(reply);
}

static void cleared_call_can_be_tried_again(void **state)
{
    Ucap__V1__SetLogLevelRequest wrong = UCAP__V1__SET_LOG_LEVEL_REQUEST__INIT;
    Ucap__V1__PingRequest request = UCAP__V1__PING_REQUEST__INIT;
    struct call call;

    (void)state;
    call_init(&call);
    call.idempotency_key = "k";
    call.deadline_us = 5;
    wrong.level = (char *)"loud";
    assert_int_equal(call_run(&service.base, "SetLogLevel", &wrong.base, &call),
                     -ERR_INVALID_ARGUMENT);
    assert_string_equal(call.err.text, "no level \"loud\"");
    assert_int_equal(call.violations.count, 1);
    call_clear(&call);
    assert_false(call.done);
    assert_int_equal(call.violations.count, 0);
    assert_string_equal(call.idempotency_key, "k");
    assert_int_equal(call.deadline_us, 5);
    assert_int_equal(call_run(&service.base, "Ping", &request.base, &call), 0);
    call_clear(&call);
}

static void what_is_not_served_is_unimplemented(void **state)
{
    Ucap__V1__GetStatsRequest request = UCAP__V1__GET_STATS_REQUEST__INIT;
    struct call call;

    (void)state;
    call_init(&call);
    assert_int_equal(call_run(&service.base, "GetStats", &request.base, &call), -ERR_UNIMPLEMENTED);
    call_clear(&call);
    assert_int_equal(call_run(&service.base, "Explode", &request.base, &call), -ERR_UNIMPLEMENTED);
    assert_non_null(strstr(call.err.text, "Explode"));
    call_clear(&call);
    call_invoke(&service.base, 99, &request.base, call_keep_reply, &call);
    assert_int_equal(call.err.code, ERR_UNIMPLEMENTED);
    call_clear(&call);
}

static void request_of_another_type_is_refused(void **state)
{
    Ucap__V1__DrainRequest request = UCAP__V1__DRAIN_REQUEST__INIT;
    struct call call;

    (void)state;
    call_init(&call);
    assert_int_equal(call_run(&service.base, "Ping", &request.base, &call), -ERR_INTERNAL);
    call_clear(&call);
}

static void handler_without_end_is_an_internal_failure(void **state)
{
    Ucap__V1__DrainRequest request = UCAP__V1__DRAIN_REQUEST__INIT;
    struct call call;

    (void)state;
    call_init(&call);
    assert_int_equal(call_run(&service.base, "Drain", &request.base, &call), -ERR_INTERNAL);
    assert_true(call.done);
    call_clear(&call);
}

static void reply_given_away_is_not_copied(void **state)
{
    struct call call;
    Ucap__V1__PingReply *reply = malloc(sizeof(*reply));

    (void)state;
    ucap__v1__ping_reply__init(reply);
    call_init(&call);
    call.reply = &reply->base;
    call_keep_reply(&reply->base, &call);
    assert_ptr_equal(call.reply, reply);
    assert_true(call.done);
    call_clear(&call);
}

static void index_is_that_of_the_descriptor(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ucap__v1__control__descriptor.n_methods; i++)
        assert_int_equal(call_method_index(&ucap__v1__control__descriptor,
                                           ucap__v1__control__descriptor.methods[i].name),
                         i);
    assert_int_equal(call_method_index(&ucap__v1__control__descriptor, "ping"), -1);
    assert_int_equal(call_method_index(&ucap__v1__control__descriptor, ""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_is_kept),
        cmocka_unit_test(cleared_call_can_be_tried_again),
        cmocka_unit_test(what_is_not_served_is_unimplemented),
        cmocka_unit_test(request_of_another_type_is_refused),
        cmocka_unit_test(handler_without_end_is_an_internal_failure),
        cmocka_unit_test(reply_given_away_is_not_copied),
        cmocka_unit_test(index_is_that_of_the_descriptor),
    };
    return cmocka_run_group_tests_name("bus_call", tests, NULL, NULL);
}
