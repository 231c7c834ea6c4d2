/* Two gateways, one registry at both: when the gateway a client speaks with is killed, its next
 * call goes through the other one. */
#include "../system/caller.h"

#include "base/clock.h"
#include "bus/decorate.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

struct world {
    struct kit *kit;
    struct kit_system system;
    char second[128]; /* requests endpoint of the other gateway */
};

static void start_second_gateway(struct world *w)
{
    char control[160];
    const char *const argv[] = {"--key-file",
                                kit_system_key_file(&w->system, "gateway"),
                                "--principals",
                                w->system.principals,
                                "--requests",
                                "tcp://127.0.0.1:*",
                                "--events",
                                "tcp://127.0.0.1:*",
                                "--publish",
                                "tcp://127.0.0.1:*",
                                "--control",
                                control,
                                NULL};

    snprintf(control, sizeof(control), "ipc://%s/second.ctl", kit_dir(w->kit));
    struct kit_process *gateway = kit_start(w->kit, "ucap-gateway", argv, NULL);
    kit_wait_ready(gateway, control, "requests", w->second, sizeof(w->second));
}

static int get_city(ProtobufCService *registry, const char *slug)
{
    Ucap__V1__GetCityRequest request = UCAP__V1__GET_CITY_REQUEST__INIT;
    struct call call;

    call_init(&call);
    call.idempotency_key = "get";
    call.deadline_us = clock_mono_us(clock_system()) + 20000000;
    request.slug = (char *)slug;
    int rc = call_run(registry, "GetCity", &request.base, &call);
    call_clear(&call);
    return rc;
}

static void the_other_gateway_takes_over(void **state)
{
    struct world w = {.kit = kit_begin()};
    struct client *client = NULL;
    void *zmq = zmq_ctx_new();
    char both[300];
    (void)state;

    kit_system_start(w.kit, true, &w.system);
    start_second_gateway(&w);
    snprintf(both, sizeof(both), "%s,%s", w.system.requests, w.second);
    const char *const more[] = {"--gateways", both, NULL};
    kit_system_registry(&w.system, "registry-both", more);

    const char *const gateways[] = {w.system.requests, w.second, NULL};
    const struct client_config config = {
        .gateways = gateways,
        .key = kit_system_key(&w.system, "viewer"),
        .gateway_key = w.system.gateway_key.public_key,
    };
    assert_int_equal(client_create(zmq, &config, &client, NULL), 0);
    ProtobufCService *registry =
        retry_wrap(client_service(client, &ucap__v1__registry__descriptor, NULL), &retry_patient);
    assert_int_equal(get_city(registry, "rome"), -ERR_NOT_FOUND);

    kit_signal(w.system.gateway, SIGKILL);
    assert_int_equal(kit_wait_exit(w.system.gateway, 5000), 128 + SIGKILL);
    assert_int_equal(get_city(registry, "rome"), -ERR_NOT_FOUND);

    protobuf_c_service_destroy(registry);
    client_destroy(client);
    zmq_ctx_term(zmq);
    kit_end(w.kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_other_gateway_takes_over)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
