/* After a commit the registry pokes the relay: a stand-in of the relay, served by this test, hears
 * of it. */
#include "bus/server.h"
#include "caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ucap/v1/relay.pb-c.h>

static _Atomic int heard;

static void hear(Ucap__V1__Relay_Service *service, const Ucap__V1__PokeRequest *in,
                 Ucap__V1__PokeReply_Closure closure, void *call)
{
    const Ucap__V1__PokeReply reply = UCAP__V1__POKE_REPLY__INIT;
    (void)service;
    (void)in;

    atomic_fetch_add(&heard, 1);
    closure(&reply, call);
}

static Ucap__V1__Relay_Service relay = {
    .base = {&ucap__v1__relay__descriptor, protobuf_c_service_invoke_internal, NULL},
    .poke = hear,
};

static const struct method_rule rules[] = {{"Poke", MAY_SERVICE, false, "hears"}, {0}};

static int start(void *arg, const struct server_thread *thread, ProtobufCService **ret_service,
                 struct err *err)
{
    (void)arg;
    (void)thread;
    (void)err;
    *ret_service = &relay.base;
    return 0;
}

static void stop(void *arg, ProtobufCService *service)
{
    (void)arg;
    (void)service;
}

/* A poke waits for nothing: one that finds no connection yet is lost, and the next write tells. */
static bool is_heard(void *arg)
{
    static int written;
    struct caller *editor = arg;
    char slug[32];

    if (atomic_load(&heard) > 0)
        return true;
    snprintf(slug, sizeof(slug), "city-%d", ++written);
    assert_int_equal(caller_create_city(editor, slug, slug), 0);
    return false;
}

static void a_write_is_told(void **state)
{
    struct kit *kit = kit_begin();
    struct kit_system system;
    struct server *server = NULL;
    void *zmq = zmq_ctx_new();
    (void)state;

    kit_system_start(kit, true, &system);
    const char *const gateways[] = {system.requests, NULL};
    const struct server_spec spec = {
        .descriptor = &ucap__v1__relay__descriptor, .rules = rules, .start = start, .stop = stop};
    const struct server_config config = {
        .gateways = {.gateways = gateways,
                     .key = kit_system_key(&system, "relay"),
                     .gateway_key = system.gateway_key.public_key},
        .instance = "relay-1",
        .threads = 1,
        .credit = 4,
        .heartbeat_ms = 400,
    };
    assert_int_equal(server_start(zmq, &spec, &config, &server, NULL), 0);
    struct caller *editor = caller_create(zmq, &system, "editor", false);

    assert_int_equal(caller_get_city(editor, "rome"), -ERR_NOT_FOUND);
    kit_wait("the relay to hear of a write", 10000, is_heard, editor);

    caller_destroy(editor);
    server_drain(server);
    assert_int_equal(server_join(server, INT64_MAX), 0);
    server_destroy(server);
    zmq_ctx_term(zmq);
    kit_end(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_write_is_told)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
