/* The client: calls in flight over one link, and what becomes of them when it is lost.
 *
 * Whatever ends a call takes it out of the list of those in flight first, so that a reply that
 * comes later finds nobody and is dropped, and a closure may use the client. */
#include "bus/client.h"

#include "base/clock.h"
#include "bus/codec.h"
#include "bus/link.h"
#include "bus/poll.h"
#include "bus/request.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_DEFAULT_MS 2000
#define CALL_DEFAULT_MS    10000
#define LINGER_MS          500    /* for what was sent last before the client ends */
#define POKE_LIFE_US       100000 /* a poke unanswered for so long is forgotten */
#define POKE_PAUSE_US      20000
#define POKE_CONNECT_US    20000 /* a poke waits so long for a connection that it has just begun */
#define RECEIVE_MAX        2000  /* messages at once, before deadlines are looked at again */

struct proxy {
    ProtobufCService base; /* first: protobuf-c sees this */
    struct client *client;
    struct proxy *next;
    char name[];
};

/* A request on its way. */
struct flight {
    struct flight *next;
    uint8_t id[REQUEST_ID_SIZE];
    const struct proxy *proxy;
    unsigned method_index;
    ProtobufCClosure closure;
    struct call *call; /* NULL: a poke */
    int64_t sent_us;
    int64_t deadline_us;
};

struct client {
    void *zmq_context;
    char **gateways; /* ends with NULL */
    size_t gateway_count;
    size_t gateway;  /* the one in use, or to be tried next */
    size_t refusals; /* gateways in a row that did not know the key */
    struct curve_key key;
    bool has_key;
    char gateway_key[CURVE_KEY_SIZE];
    int64_t connect_timeout_us;
    int64_t call_timeout_us;
    struct link link;
    int64_t link_until_us; /* given up then, if it is not up */
    struct proxy *proxies;
    struct flight *flights; /* none without a link */
    uint64_t ended;         /* calls */
    unsigned mmi_asked;     /* questions to the broker; it answers in order and with no id */
    unsigned mmi_answered;
    struct frames mmi_answer; /* to the last question */
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* ---- calls in flight ---- */

static bool id_equals(const struct flight *flight, const ProtobufCBinaryData *id)
{
    return id->len == REQUEST_ID_SIZE && memcmp(id->data, flight->id, REQUEST_ID_SIZE) == 0;
}

static bool name_equals(const struct flight *flight, const struct frames *frames, size_t index)
{
    const char *name = flight->proxy->name;

    return frames_equal(frames, index, name, strlen(name));
}

static void flight_take(struct client *client, const struct flight *flight)
{
    struct flight **at = &client->flights;

    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
}

/* Takes the call out, ends it with the failure, and frees the record. */
static void flight_fail(struct client *client, struct flight *flight, const struct err *err)
{
    flight_take(client, flight);
    if (flight->call) {
        call_fail(flight->call, err);
        client->ended++;
    }
    free(flight);
}

static void fail_all(struct client *client, const struct err *err)
{
    while (client->flights)
        flight_fail(client, client->flights, err);
}

static void fail_expired(struct client *client)
{
    int64_t now = now_us();
    struct flight *next;

    for (struct flight *at = client->flights; at; at = next) {
        struct err err = ERR_INIT;
        next = at->next;
        if (at->deadline_us > now)
            continue;
        err_set(&err, ERR_DEADLINE_EXCEEDED, "%s did not answer within %lld ms", at->proxy->name,
                (long long)((at->deadline_us - at->sent_us) / 1000));
        flight_fail(client, at, &err);
    }
}

static int64_t next_deadline(const struct client *client, int64_t until_us)
{
    for (const struct flight *at = client->flights; at; at = at->next)
        if (at->deadline_us < until_us)
            until_us = at->deadline_us;
    return until_us;
}

/* ---- the link ---- */

/* The next call goes to the next gateway. Only when none of them knows the key is there no use in
 * trying again. */
static void leave_gateway(struct client *client, struct err *err)
{
    link_close(&client->link, 0);
    client->mmi_asked = client->mmi_answered = 0;
    client->gateway = (client->gateway + 1) % client->gateway_count;
    client->refusals = err->code == ERR_UNAUTHENTICATED ? client->refusals + 1 : 0;
    if (err->code == ERR_UNAUTHENTICATED && client->refusals < client->gateway_count)
        err->code = ERR_UNAVAILABLE;
}

static void lose_gateway(struct client *client, struct err *err)
{
    struct err loss = *err;

    leave_gateway(client, err);
    if (err->code == ERR_UNAVAILABLE)
        err_set(&loss, ERR_UNAVAILABLE,
                "%s while the call waited: whether it took effect is not known, try again with the "
                "same idempotency key",
                err->text);
    fail_all(client, &loss);
}

/* A link that was lost while nobody used it is nobody's failure. */
static int open_link(struct client *client, struct err *err)
{
    if (client->link.socket && link_check(&client->link, err) < 0)
        lose_gateway(client, err);
    if (client->link.socket)
        return 0;
    int rc = link_open(&client->link, client->zmq_context, client->gateways[client->gateway],
                       client->has_key ? &client->key : NULL, client->gateway_key, err);
    if (rc < 0)
        leave_gateway(client, err);
    client->link_until_us = now_us() + client->connect_timeout_us;
    return rc;
}

/* Waits for a link at most until `until_us`, and gives the gateway up once its own time is over. */
static int await_link(struct client *client, int64_t until_us, struct err *err)
{
    int rc = open_link(client, err);

    if (rc < 0 || client->link.up)
        return rc;
    bool hurried = until_us < client->link_until_us;
    rc = link_await(&client->link, hurried ? until_us : client->link_until_us, err);
    if (rc == 0) {
        client->refusals = 0;
        return 0;
    }
    if (rc == -ERR_DEADLINE_EXCEEDED && hurried)
        return rc;
    if (rc == -ERR_DEADLINE_EXCEEDED)
        err->code = ERR_UNAVAILABLE;
    lose_gateway(client, err);
    return -(int)err->code;
}

/* ---- receiving ---- */

static struct flight *find_flight(struct client *client, const struct frames *frames,
                                  const struct reply *reply)
{
    struct flight *flight = client->flights;

    while (flight && !(id_equals(flight, &reply->header->request_id) &&
                       name_equals(flight, frames, reply->service)))
        flight = flight->next;
    return flight;
}

static void flight_end(struct client *client, struct flight *flight, const struct frames *frames,
                       const struct reply *reply)
{
    const ProtobufCServiceDescriptor *descriptor = flight->proxy->base.descriptor;

    flight_take(client, flight);
    if (flight->call) {
        client->ended++;
        reply_end(reply, frames, descriptor->methods[flight->method_index].output, flight->closure,
                  flight->call);
    }
    free(flight);
}

static void receive_reply(struct client *client, const struct frames *frames)
{
    struct reply reply;

    if (reply_read(frames, &reply) < 0)
        return;
    struct flight *flight = find_flight(client, frames, &reply);
    if (flight && reply.final)
        flight_end(client, flight, frames, &reply);
    else if (flight && flight->call && flight->call->on_progress && reply.header->progress)
        flight->call->on_progress(reply.header->progress, flight->call->progress_arg);
    reply_clear(&reply);
}

/* Answers to questions that nobody waits for any more come first; the last one stays. */
static bool receive_mmi(struct client *client, struct frames *frames)
{
    size_t body = mmi_reply_body(frames);

    if (body == 0)
        return false;
    if (client->mmi_answered < client->mmi_asked) {
        client->mmi_answered++;
        frames_clear(&client->mmi_answer);
        for (size_t i = body; i < frames->count; i++)
            frames_take(&client->mmi_answer, &frames->list[i]);
    }
    return true;
}

/* A closure may have closed the link meanwhile. */
static void receive_all(struct client *client)
{
    for (int i = 0; i < RECEIVE_MAX && client->link.socket; i++) {
        struct frames frames;
        int rc = frames_recv(client->link.socket, ZMQ_DONTWAIT, &frames);
        if (rc == -ERR_OUT_OF_RANGE)
            continue;
        if (rc < 0)
            break;
        if (!receive_mmi(client, &frames))
            receive_reply(client, &frames);
        frames_clear(&frames);
    }
}

/* What came before the loss counts: the socket is read to its end once more after the monitor told
 * of it. */
static void receive(struct client *client)
{
    struct err err = ERR_INIT;

    receive_all(client);
    if (client->link.socket && link_check(&client->link, &err) < 0) {
        receive_all(client);
        lose_gateway(client, &err);
    }
    fail_expired(client);
}

static void drive(struct client *client, int64_t until_us)
{
    zmq_pollitem_t items[] = {{client->link.socket, 0, ZMQ_POLLIN, 0},
                              {client->link.monitor, 0, ZMQ_POLLIN, 0}};

    poll_until(items, 2, next_deadline(client, until_us));
    receive(client);
}

/* ---- sending ---- */

static int send_request(struct client *client, struct flight *flight,
                        const ProtobufCMessage *message, struct err *err)
{
    const ProtobufCServiceDescriptor *descriptor = flight->proxy->base.descriptor;
    struct request request = {
        .service = flight->proxy->name,
        .method = descriptor->methods[flight->method_index].name,
        .left_us = flight->deadline_us - now_us(),
        .call = flight->call,
        .message = message,
    };
    struct frames frames;

    if (request.left_us <= 0)
        return err_set(err, ERR_DEADLINE_EXCEEDED,
                       "the deadline had passed before the request could be sent");
    random_bytes(flight->id, sizeof(flight->id));
    memcpy(request.id, flight->id, sizeof(request.id));
    int rc = request_frames(&request, &frames, err);
    if (rc < 0)
        return rc;
    if (frames_send(client->link.socket, ZMQ_DONTWAIT, &frames) < 0)
        return err_set(err, ERR_UNAVAILABLE, "gateway %s takes no more requests now",
                       client->link.endpoint);
    return 0;
}

static struct flight *flight_create(ProtobufCService *service, unsigned method_index)
{
    struct flight *flight = calloc(1, sizeof(*flight));

    if (flight) {
        flight->proxy = (struct proxy *)service;
        flight->method_index = method_index;
        flight->sent_us = now_us();
    }
    return flight;
}

static int start(struct flight **flight, const ProtobufCMessage *message, int64_t until_us,
                 struct err *err)
{
    struct client *client = (*flight)->proxy->client;
    int rc = await_link(client, until_us, err);

    if (rc == 0)
        rc = send_request(client, *flight, message, err);
    if (rc == 0) {
        (*flight)->next = client->flights;
        client->flights = *flight;
        *flight = NULL;
    }
    return rc;
}

int client_start(ProtobufCService *proxy, unsigned method_index, const ProtobufCMessage *request,
                 ProtobufCClosure closure, struct call *call)
{
    struct flight *flight = NULL;
    struct err err = ERR_INIT;
    int rc;

    if (method_index >= proxy->descriptor->n_methods)
        rc = err_set(&err, ERR_UNIMPLEMENTED, "%s has no method number %u", proxy->descriptor->name,
                     method_index);
    else if (!(flight = flight_create(proxy, method_index)))
        rc = err_nomem(&err);
    else {
        flight->closure = closure;
        flight->call = call;
        flight->deadline_us = call->deadline_us
                                  ? call->deadline_us
                                  : flight->sent_us + flight->proxy->client->call_timeout_us;
        rc = start(&flight, request, flight->deadline_us, &err);
    }
    free(flight);
    if (rc < 0)
        call_fail(call, &err);
    return rc;
}

/* ---- waiting ---- */

/* `call`, or any where it is NULL. */
static bool is_in_flight(const struct client *client, const struct call *call)
{
    for (const struct flight *at = client->flights; at; at = at->next)
        if (call ? at->call == call : at->call != NULL)
            return true;
    return false;
}

int client_wait(struct client *client, struct call *call, int64_t until_us)
{
    uint64_t ended = client->ended;

    if (call && call->done)
        return 0;
    if (!is_in_flight(client, call))
        return -ERR_FAILED_PRECONDITION;
    while (call ? !call->done : client->ended == ended) {
        if (now_us() >= until_us)
            return -ERR_DEADLINE_EXCEEDED;
        drive(client, until_us);
    }
    return 0;
}

static void proxy_invoke(ProtobufCService *service, unsigned method_index,
                         const ProtobufCMessage *request, ProtobufCClosure closure, void *data)
{
    struct call *call = data;

    if (client_start(service, method_index, request, closure, call) == 0)
        client_wait(((struct proxy *)service)->client, call, INT64_MAX);
}

/* ---- pokes ---- */

static bool poked_just_now(const struct client *client, const ProtobufCService *proxy,
                           unsigned method_index)
{
    int64_t since = now_us() - POKE_PAUSE_US;

    for (const struct flight *at = client->flights; at; at = at->next)
        if (!at->call && &at->proxy->base == proxy && at->method_index == method_index &&
            at->sent_us > since)
            return true;
    return false;
}

void client_poke(ProtobufCService *proxy, unsigned method_index, const ProtobufCMessage *request)
{
    struct client *client = ((struct proxy *)proxy)->client;
    struct err err = ERR_INIT;

    /* Closures run in client_wait only: with calls in flight, replies stay where they are. */
    if (!is_in_flight(client, NULL))
        receive(client);
    if (poked_just_now(client, proxy, method_index))
        return;
    struct flight *flight = flight_create(proxy, method_index);
    if (!flight)
        return;
    flight->deadline_us = flight->sent_us + POKE_LIFE_US;
    /* Who pokes has work to do, and waits for nothing but a connection that it has just begun. */
    int64_t until = flight->sent_us + (client->link.socket ? 0 : POKE_CONNECT_US);
    start(&flight, request, until, &err);
    free(flight);
}

/* ---- the broker's own services (ZeroMQ RFC 8) ---- */

static int ask_broker(struct client *client, const char *name, const char *argument,
                      struct err *err)
{
    struct frames frames;

    if (mmi_request_frames(name, argument, &frames) < 0)
        return err_nomem(err);
    if (frames_send(client->link.socket, ZMQ_DONTWAIT, &frames) < 0)
        return err_set(err, ERR_UNAVAILABLE, "gateway %s takes no more requests now",
                       client->link.endpoint);
    client->mmi_asked++;
    return 0;
}

/* A lost link forgets what was asked over it. */
static int await_answer(struct client *client, const char *name, int64_t until_us, struct err *err)
{
    const char *endpoint = client->link.endpoint;
    unsigned asked = client->mmi_asked;

    while (client->mmi_answered < asked) {
        if (now_us() >= until_us)
            return err_set(err, ERR_DEADLINE_EXCEEDED, "gateway %s did not answer %s", endpoint,
                           name);
        drive(client, until_us);
        if (client->mmi_asked != asked)
            return err_set(err, ERR_UNAVAILABLE, "gateway %s was lost while asked for %s", endpoint,
                           name);
    }
    return 0;
}

static int ask_and_await(struct client *client, const char *name, const char *argument,
                         int64_t until_us, struct err *err)
{
    int rc = await_link(client, until_us, err);

    if (rc == 0)
        rc = ask_broker(client, name, argument, err);
    if (rc == 0)
        rc = await_answer(client, name, until_us, err);
    return rc;
}

int client_mmi(struct client *client, const char *name, const char *argument,
               struct frames *ret_frames, struct err *err)
{
    int64_t until = now_us() + client->call_timeout_us;
    struct err unwanted = ERR_INIT;
    size_t tried = 0;
    int rc;

    if (!err)
        err = &unwanted;
    do
        rc = ask_and_await(client, name, argument, until, err);
    while (rc == -ERR_UNAVAILABLE && ++tried < client->gateway_count);
    if (rc < 0)
        return rc;
    ret_frames->count = 0;
    for (size_t i = 0; i < client->mmi_answer.count; i++)
        frames_take(ret_frames, &client->mmi_answer.list[i]);
    frames_clear(&client->mmi_answer);
    return 0;
}

/* ---- create, destroy ---- */

static void proxy_keep(ProtobufCService *service)
{
    (void)service; /* the client's */
}

ProtobufCService *client_service(struct client *client,
                                 const ProtobufCServiceDescriptor *descriptor, const char *name)
{
    if (!name)
        name = descriptor->name;
    size_t size = strlen(name) + 1;
    struct proxy *proxy = calloc(1, sizeof(*proxy) + size);
    if (!proxy)
        return NULL;
    proxy->base = (ProtobufCService){descriptor, proxy_invoke, proxy_keep};
    proxy->client = client;
    memcpy(proxy->name, name, size);
    proxy->next = client->proxies;
    client->proxies = proxy;
    return &proxy->base;
}

static int copy_gateways(struct client *client, const char *const *gateways)
{
    while (gateways[client->gateway_count])
        client->gateway_count++;
    client->gateways = calloc(client->gateway_count + 1, sizeof(*client->gateways));
    for (size_t i = 0; client->gateways && i < client->gateway_count; i++) {
        client->gateways[i] = strdup(gateways[i]);
        if (!client->gateways[i])
            return -1;
    }
    return client->gateways ? 0 : -1;
}

static int check_config(const struct client_config *config, struct err *err)
{
    if (!config->gateways || !config->gateways[0])
        return err_set(err, ERR_INVALID_ARGUMENT, "no gateway is given");
    if (config->key && !curve_is_key(config->gateway_key))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "gateway key \"%s\" is not 40 characters of Z85: give the gateway's public "
                       "key",
                       config->gateway_key ? config->gateway_key : "");
    for (size_t i = 0; !config->key && config->gateways[i]; i++)
        if (strncmp(config->gateways[i], "ipc://", 6) != 0)
            return err_set(err, ERR_INVALID_ARGUMENT,
                           "gateway \"%s\" is not a local ipc:// one and wants a key",
                           config->gateways[i]);
    return 0;
}

int client_create(void *zmq_context, const struct client_config *config, struct client **ret_client,
                  struct err *err)
{
    int rc = check_config(config, err);
    struct client *client = rc == 0 ? calloc(1, sizeof(*client)) : NULL;
    int64_t connect_ms = config->connect_timeout_ms, call_ms = config->call_timeout_ms;

    if (rc < 0)
        return rc;
    if (!client || copy_gateways(client, config->gateways) < 0) {
        client_destroy(client);
        return err_nomem(err);
    }
    client->zmq_context = zmq_context;
    client->connect_timeout_us = (connect_ms ? connect_ms : CONNECT_DEFAULT_MS) * 1000;
    client->call_timeout_us = (call_ms ? call_ms : CALL_DEFAULT_MS) * 1000;
    client->has_key = config->key != NULL;
    if (client->has_key) {
        client->key = *config->key;
        memcpy(client->gateway_key, config->gateway_key, CURVE_KEY_SIZE);
    }
    *ret_client = client;
    return 0;
}

void client_destroy(struct client *client)
{
    struct err err = ERR_INIT;

    if (!client)
        return;
    err_set(&err, ERR_CANCELLED, "the client was ended while the call waited");
    fail_all(client, &err);
    link_close(&client->link, LINGER_MS);
    frames_clear(&client->mmi_answer);
    while (client->proxies) {
        struct proxy *next = client->proxies->next;
        free(client->proxies);
        client->proxies = next;
    }
    for (size_t i = 0; client->gateways && i < client->gateway_count; i++)
        free(client->gateways[i]);
    free(client->gateways);
    explicit_bzero(&client->key, sizeof(client->key));
    free(client);
}
