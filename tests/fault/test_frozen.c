/* A process that stands still (SIGSTOP, a paused machine) and goes on: the others notice that it is
 * away, and all is well again soon after. */
#include "../system/caller.h"

#include "base/clock.h"
#include "bus/decorate.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#define WAIT_US 20000000
#define LONG_US 3000000 /* more than the four heartbeats after which workers give a gateway up */

struct world {
    struct kit *kit;
    struct kit_system system;
    void *zmq;
    struct client *client;
    ProtobufCService *once;    /* the registry, a try for each call */
    ProtobufCService *patient; /* the same with retries */
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->kit = kit_begin();
    w->zmq = zmq_ctx_new();
    kit_system_start(w->kit, true, &w->system);
    const char *const gateways[] = {w->system.requests, NULL};
    const struct client_config config = {
        .gateways = gateways,
        .key = kit_system_key(&w->system, "viewer"),
        .gateway_key = w->system.gateway_key.public_key,
    };
    assert_int_equal(client_create(w->zmq, &config, &w->client, NULL), 0);
    w->once = client_service(w->client, &ucap__v1__registry__descriptor, NULL);
    w->patient = retry_wrap(w->once, &retry_patient);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    protobuf_c_service_destroy(w->patient);
    client_destroy(w->client);
    zmq_ctx_term(w->zmq);
    kit_end(w->kit);
    free(w);
    return 0;
}

/* No city is there: NOT_FOUND is the answer of a system that works. */
static int ask(ProtobufCService *registry, int64_t timeout_us)
{
    Ucap__V1__GetCityRequest request = UCAP__V1__GET_CITY_REQUEST__INIT;
    struct call call;

    call_init(&call);
    call.idempotency_key = "ask"; /* or nothing would be tried again */
    call.deadline_us = clock_mono_us(clock_system()) + timeout_us;
    request.slug = (char *)"rome";
    int rc = call_run(registry, "GetCity", &request.base, &call);
    call_clear(&call);
    return rc;
}

static void a_frozen_registry_is_noticed_and_comes_back(void **state)
{
    struct world *w = *state;

    assert_int_equal(ask(w->patient, WAIT_US), -ERR_NOT_FOUND);
    kit_signal(w->system.registry, SIGSTOP);
    assert_int_equal(ask(w->once, WAIT_US), -ERR_UNAVAILABLE); /* it held the request */
    assert_int_equal(ask(w->once, WAIT_US), -ERR_UNAVAILABLE); /* none is there */
    kit_signal(w->system.registry, SIGCONT);
    assert_int_equal(ask(w->patient, WAIT_US), -ERR_NOT_FOUND);
}

static void a_frozen_gateway_comes_back(void **state)
{
    struct world *w = *state;

    assert_int_equal(ask(w->patient, WAIT_US), -ERR_NOT_FOUND);
    kit_signal(w->system.gateway, SIGSTOP);
    assert_int_equal(ask(w->once, WAIT_US), -ERR_UNAVAILABLE); /* it hears no ping */
    assert_int_not_equal(ask(w->once, LONG_US), -ERR_NOT_FOUND);
    kit_signal(w->system.gateway, SIGCONT);
    assert_int_equal(ask(w->patient, WAIT_US), -ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frozen_registry_is_noticed_and_comes_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_frozen_gateway_comes_back, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
