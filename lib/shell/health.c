/* A client of the local endpoint, for health checks and scripts. */
#include "health.h"

#include "bus/codec.h"

#include <stdio.h>
#include <ucap/v1/control.pb-c.h>

#define HEALTH_TIMEOUT_MS 2000

static const char *const state_names[] = {
    [UCAP__V1__PING_REPLY__STATE__STATE_UNSPECIFIED] = "unknown",
    [UCAP__V1__PING_REPLY__STATE__STATE_STARTING] = "starting",
    [UCAP__V1__PING_REPLY__STATE__STATE_READY] = "ready",
    [UCAP__V1__PING_REPLY__STATE__STATE_DRAINING] = "draining",
};

static void print_ping(const char *process, const Ucap__V1__PingReply *ping)
{
    puts(state_names[ping->state]);
    for (size_t i = 0; i < ping->n_endpoints; i++)
        printf("%s %s\n", ping->endpoints[i]->name, ping->endpoints[i]->address);
    if (ping->waits_for[0])
        fprintf(stderr, "%s: %s\n", process, ping->waits_for);
}

/* The codec has checked that the state is one of its enum. */
static int ask(const char *process, struct client *client, struct err *err)
{
    Ucap__V1__PingRequest request = UCAP__V1__PING_REQUEST__INIT;
    ProtobufCService *control = client_service(client, &ucap__v1__control__descriptor, NULL);
    struct call call;
    bool ready = false;

    if (!control)
        return err_nomem(err);
    call_init(&call);
    int rc = call_run(control, "Ping", &request.base, &call);
    if (rc == 0) {
        const Ucap__V1__PingReply *ping = (const Ucap__V1__PingReply *)call.reply;
        ready = ping->state == UCAP__V1__PING_REPLY__STATE__STATE_READY;
        print_ping(process, ping);
    } else {
        *err = call.err;
    }
    call_clear(&call);
    return rc < 0 ? rc : ready ? 0 : HEALTH_NOT_READY;
}

int health_ask(const char *process, const struct shell_settings *settings)
{
    const char *const gateways[] = {settings->control, NULL};
    struct client_config config = {
        .gateways = gateways,
        .connect_timeout_ms = HEALTH_TIMEOUT_MS,
        .call_timeout_ms = HEALTH_TIMEOUT_MS,
    };
    struct client *client = NULL;
    struct err err = ERR_INIT;
    void *zmq = zmq_ctx_new();

    int rc = zmq ? client_create(zmq, &config, &client, &err) : err_nomem(&err);
    if (rc == 0)
        rc = ask(process, client, &err);
    if (rc < 0)
        fprintf(stderr, "%s: %s\n", process, err.text);
    client_destroy(client);
    if (zmq)
        zmq_ctx_term(zmq);
    return rc == 0 ? 0 : HEALTH_NOT_READY;
}
