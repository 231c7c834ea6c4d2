/* A client of a whole system: a connection, a proxy, the decorators that the CLI uses too. */
#include "caller.h"

#include "base/clock.h"
#include "bus/decorate.h"

#include <stdlib.h>

#define CALL_LIMIT_US 20000000

struct caller {
    struct client *client;
    ProtobufCService *retry;
    const Ucap__V1__Caller *person;
    struct call call;
};

struct caller *caller_create(void *zmq, struct kit_system *system, const char *user, bool patient)
{
    struct caller *caller = calloc(1, sizeof(*caller));
    const char *const gateways[] = {system->requests, NULL};
    const struct client_config config = {
        .gateways = gateways,
        .key = kit_system_key(system, user),
        .gateway_key = system->gateway_key.public_key,
    };

    if (!caller || client_create(zmq, &config, &caller->client, NULL) < 0)
        abort();
    call_init(&caller->call);
    caller->retry =
        retry_wrap(client_service(caller->client, &ucap__v1__registry__descriptor, NULL),
                   patient ? &retry_patient : &retry_never);
    return caller;
}

void caller_destroy(struct caller *caller)
{
    call_clear(&caller->call);
    protobuf_c_service_destroy(caller->retry);
    client_destroy(caller->client);
    free(caller);
}

void caller_act_for(struct caller *caller, const Ucap__V1__Caller *person)
{
    caller->person = person;
}

int caller_registry(struct caller *caller, const char *method, const ProtobufCMessage *request,
                    const char *key)
{
    call_clear(&caller->call);
    call_init(&caller->call);
    caller->call.deadline_us = clock_mono_us(clock_system()) + CALL_LIMIT_US;
    caller->call.idempotency_key = key;
    caller->call.on_behalf_of = caller->person;
    return call_run(caller->retry, method, request, &caller->call);
}

struct call *caller_last(struct caller *caller)
{
    return &caller->call;
}

int caller_create_city(struct caller *caller, const char *slug, const char *key)
{
    Ucap__V1__LocalText name = UCAP__V1__LOCAL_TEXT__INIT;
    Ucap__V1__LocalText *names[] = {&name};
    Ucap__V1__City city = UCAP__V1__CITY__INIT;
    Ucap__V1__CreateCityRequest request = UCAP__V1__CREATE_CITY_REQUEST__INIT;

    name.language = (char *)"en";
    name.text = (char *)slug;
    city.slug = (char *)slug;
    city.names = names;
    city.n_names = 1;
    city.country = (char *)"ES";
    request.city = &city;
    return caller_registry(caller, "CreateCity", &request.base, key);
}

int caller_get_city(struct caller *caller, const char *slug)
{
    Ucap__V1__GetCityRequest request = UCAP__V1__GET_CITY_REQUEST__INIT;

    request.slug = (char *)slug;
    return caller_registry(caller, "GetCity", &request.base, NULL);
}

const Ucap__V1__City *caller_city(struct caller *caller)
{
    return (const Ucap__V1__City *)caller->call.reply;
}
