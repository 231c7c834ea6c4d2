/* A request from its arrival to its one final answer.
 *
 * Names that start with "ucap." speak our protocol: what fails is answered with a ReplyHeader.
 * Others are opaque: MDP has no failure, so what fails is a counted drop and the client's own
 * timeout tells it. */
#include "state.h"

#include "base/id.h"
#include "bus/codec.h"

#include <stdlib.h>
#include <string.h>
#include <ucap/v1/bus.pb-c.h>

#define HEADER_MEMORY 8 /* times its size is what decoding a header may allocate */

/* ---- made and freed ---- */

static void take_frame(zmq_msg_t *to, zmq_msg_t *from)
{
    zmq_msg_init(to);
    zmq_msg_move(to, from);
}

static struct request *request_make(struct broker *broker, struct frames *message,
                                    const struct mdp_message *parsed, const char *key)
{
    size_t body = message->count - parsed->body;
    struct request *request = calloc(1, sizeof(*request) + body * sizeof(request->body[0]));

    if (!request)
        return NULL;
    request->form = parsed->form;
    request->arrived_us = broker->now_us;
    strncpy(request->key, key, sizeof(request->key) - 1);
    request->speaks = broker_has_prefix(frames_data(message, parsed->service),
                                        frames_size(message, parsed->service), "ucap.");
    take_frame(&request->reply_to, &message->list[0]);
    take_frame(&request->service_name, &message->list[parsed->service]);
    for (size_t i = 0; i < body; i++) {
        request->bytes += frames_size(message, parsed->body + i);
        take_frame(&request->body[request->body_count++], &message->list[parsed->body + i]);
    }
    return request;
}

static void leave_worker(struct broker *broker, struct request *request)
{
    map_remove(&broker->tokens, &request->by_token);
    TAILQ_REMOVE(&request->worker->requests, request, link);
    request->worker->held--;
    count_level(COUNT_IN_FLIGHT, -1);
}

static void leave_queue(struct broker *broker, struct request *request)
{
    struct service *service = request->lane->service;

    service_unqueue(broker, request);
    service_settle(broker, service);
}

void request_free(struct broker *broker, struct request *request)
{
    if (request->client)
        peer_remove_request(broker, request);
    if (request->state == REQUEST_QUEUED)
        leave_queue(broker, request);
    else if (request->worker)
        leave_worker(broker, request);
    zmq_msg_close(&request->reply_to);
    zmq_msg_close(&request->service_name);
    for (size_t i = 0; i < request->body_count; i++)
        zmq_msg_close(&request->body[i]);
    free(request);
}

/* One system call fills the pool for many tokens. */
void request_new_token(struct broker *broker, struct request *request)
{
    if (broker->tokens_left == 0) {
        random_bytes(broker->token_pool, sizeof(broker->token_pool));
        broker->tokens_left = TOKEN_POOL;
    }
    broker->tokens_left--;
    memcpy(request->token, broker->token_pool + broker->tokens_left * TOKEN_SIZE, TOKEN_SIZE);
    map_add(&broker->tokens, &request->by_token, request->token, TOKEN_SIZE);
}

/* ---- answers ---- */

static int begin_answer(struct frames *out, const struct request *request, enum mdp_command command)
{
    zmq_msg_t *to = (zmq_msg_t *)&request->reply_to; /* libzmq's readers want it not const */
    zmq_msg_t *name = (zmq_msg_t *)&request->service_name;
    int rc = frames_add(out, zmq_msg_data(to), zmq_msg_size(to));

    if (rc < 0)
        return rc;
    return mdp_add_head(out, &request->form, command, zmq_msg_data(name), zmq_msg_size(name));
}

static int add_packed(struct frames *out, const ProtobufCMessage *message)
{
    zmq_msg_t frame;

    if (zmq_msg_init_size(&frame, protobuf_c_message_get_packed_size(message)) < 0)
        return -ERR_RESOURCE_EXHAUSTED;
    protobuf_c_message_pack(message, zmq_msg_data(&frame));
    int rc = frames_take(out, &frame);
    zmq_msg_close(&frame);
    return rc;
}

static void send_failure(struct broker *broker, struct request *request, const struct err *err)
{
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    struct frames out = {.count = 0};

    header.request_id = (ProtobufCBinaryData){request->id_size, request->id};
    header.status = (Ucap__V1__Status__Code)err->code;
    header.message = (char *)err->text;
    int rc = begin_answer(&out, request, MDP_FINAL);
    if (rc == 0)
        rc = add_packed(&out, &header.base);
    if (rc == 0)
        rc = frames_add(&out, NULL, 0);
    if (rc == 0)
        broker_send(broker, &out);
    frames_clear(&out);
}

static enum counter plain_drop(enum err_code code)
{
    switch (code) {
    case ERR_DEADLINE_EXCEEDED:
        return COUNT_DROPPED_PLAIN_EXPIRED;
    case ERR_UNAVAILABLE:
        return COUNT_DROPPED_PLAIN_LOST;
    default:
        return COUNT_DROPPED_PLAIN_REFUSED;
    }
}

static void tell_failure(struct broker *broker, struct request *request, const struct err *err)
{
    if (request->speaks) {
        count(COUNT_FAILURES);
        send_failure(broker, request, err);
    } else {
        count(plain_drop(err->code));
    }
}

void request_fail(struct broker *broker, struct request *request, const struct err *err)
{
    tell_failure(broker, request, err);
    if (request->state != REQUEST_SENT) {
        request_free(broker, request);
        return;
    }
    request->state = REQUEST_ABANDONED;
    peer_remove_request(broker, request);
}

static const char *name_of(const struct request *request, size_t *ret_size)
{
    zmq_msg_t *name = (zmq_msg_t *)&request->service_name;

    *ret_size = zmq_msg_size(name);
    return zmq_msg_data(name);
}

static int refuse_draining(struct err *err)
{
    return err_set(err, ERR_UNAVAILABLE, "this gateway is draining: ask another one");
}

static void queued_too_long(struct broker *broker, struct request *request)
{
    struct service *service = request->lane->service;
    struct err err = ERR_INIT;

    if (!service->live && broker->draining)
        refuse_draining(&err);
    else if (broker->now_us < request->deadline_us)
        service_unknown(broker, service, &err);
    else
        err_set(&err, ERR_DEADLINE_EXCEEDED,
                "no worker of service \"%s\" was free within %lld ms: nothing was done",
                service->name, (long long)request->timeout_ms);
    request_fail(broker, request, &err);
}

void request_due(struct broker *broker, struct request *request)
{
    struct err err = ERR_INIT;

    if (request->state == REQUEST_QUEUED) {
        queued_too_long(broker, request);
        return;
    }
    err_set(&err, ERR_DEADLINE_EXCEEDED,
            "service \"%s\" did not answer within %lld ms: it may still finish",
            request->worker->service->name, (long long)request->timeout_ms);
    request_fail(broker, request, &err);
}

/* ---- accepted or refused ---- */

/* The longest that the client wants, within what the gateway allows. */
static void set_deadline(struct broker *broker, struct request *request, uint32_t wanted_ms)
{
    const struct broker_limits *limits = broker_limits_of(broker);
    int64_t timeout_us = wanted_ms ? (int64_t)wanted_ms * 1000 : limits->default_timeout_us;

    if (timeout_us > limits->longest_timeout_us)
        timeout_us = limits->longest_timeout_us;
    if (!request->speaks)
        timeout_us = limits->plain_expiry_us;
    request->deadline_us = broker->now_us + timeout_us;
    request->timeout_ms = timeout_us / 1000;
}

static int decode_header(const struct broker *broker, struct request *request,
                         Ucap__V1__RequestHeader **ret_header, struct err *err)
{
    size_t bytes = broker_limits_of(broker)->header_bytes;
    struct codec_limits limits = {bytes, bytes * HEADER_MEMORY};
    ProtobufCMessage *message = NULL;
    int rc = codec_unpack(&ucap__v1__request_header__descriptor, zmq_msg_data(&request->body[0]),
                          zmq_msg_size(&request->body[0]), &limits, &message, err);

    if (rc < 0) {
        err->code = ERR_INVALID_ARGUMENT;
        err_prefix(err, "the first body frame is no RequestHeader");
        return -ERR_INVALID_ARGUMENT;
    }
    *ret_header = (Ucap__V1__RequestHeader *)message;
    return 0;
}

/* Takes from the header what the gateway needs. The rest is the service's to judge. */
static int read_header(struct broker *broker, struct request *request, struct err *err)
{
    Ucap__V1__RequestHeader *header = NULL;

    if (request->body_count != 2)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the body has %zu frames: send two, the RequestHeader and the message",
                       request->body_count);
    int rc = decode_header(broker, request, &header, err);
    if (rc < 0)
        return rc;
    if (header->request_id.len >= 1 && header->request_id.len <= REQUEST_ID_MAX) {
        request->id_size = header->request_id.len;
        memcpy(request->id, header->request_id.data, request->id_size);
        set_deadline(broker, request, header->timeout_ms);
    } else {
        rc = err_set(err, ERR_INVALID_ARGUMENT, "the request_id has %zu bytes: make it 1 to %d",
                     header->request_id.len, REQUEST_ID_MAX);
    }
    codec_free(&header->base);
    return rc;
}

static const struct plain_rule *find_rule(const struct broker *broker, const char *service,
                                          size_t size)
{
    for (size_t i = 0; i < broker->config.plain_count; i++) {
        const struct plain_rule *rule = &broker->config.plain[i];
        if (strlen(rule->service) == size && memcmp(rule->service, service, size) == 0)
            return rule;
    }
    return NULL;
}

/* Later roles include the earlier ones, except SERVICE, which stands for itself. */
bool request_role_allowed(const struct broker *broker, const char *service, size_t size,
                          Ucap__V1__Role__Value role)
{
    const struct plain_rule *rule = find_rule(broker, service, size);
    Ucap__V1__Role__Value needed = rule ? rule->role : UCAP__V1__ROLE__VALUE__ROLE_ADMIN;

    if (role == UCAP__V1__ROLE__VALUE__ROLE_SERVICE ||
        needed == UCAP__V1__ROLE__VALUE__ROLE_SERVICE)
        return role == needed;
    return role >= needed;
}

static int check_plain(struct broker *broker, struct request *request,
                       const Ucap__V1__Principal *principal, struct err *err)
{
    size_t size;
    const char *name = name_of(request, &size);

    set_deadline(broker, request, 0);
    if (!request_role_allowed(broker, name, size, principal->role))
        return err_set(err, ERR_PERMISSION_DENIED, "the role may not use this plain service");
    if (request->body_count > broker_limits_of(broker)->plain_frames) {
        count(COUNT_DROPPED_FRAMES);
        return err_set(err, ERR_INVALID_ARGUMENT, "too many frames");
    }
    return 0;
}

/* The header goes first, so that every refusal can carry the request's id. */
static int check_request(struct broker *broker, struct request *request, struct err *err)
{
    const Ucap__V1__Principal *principal = broker_principal(broker, request->key);
    size_t size;
    const char *name = name_of(request, &size);
    int rc = request->speaks ? read_header(broker, request, err) : 0;

    if (!principal) {
        count(COUNT_UNAUTHENTICATED);
        return err_set(err, ERR_UNAUTHENTICATED,
                       "your key is not in the list of principals: ask an administrator");
    }
    if (rc < 0)
        return rc;
    if (!broker_is_name(name, size))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the service name has %zu bytes or one that is not printable: write 1 to "
                       "%d characters of ASCII",
                       size, SERVICE_NAME_MAX);
    if (broker_limits_of(broker)->refuse_chosen_ids &&
        peer_chose_id(zmq_msg_data(&request->reply_to), zmq_msg_size(&request->reply_to)))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the connection chose its own routing id: leave ZMQ_ROUTING_ID unset");
    if (broker->draining)
        return refuse_draining(err);
    return request->speaks ? 0 : check_plain(broker, request, principal, err);
}

static int queue_request(struct broker *broker, struct request *request, struct err *err)
{
    const struct broker_limits *limits = broker_limits_of(broker);
    struct peer *client = peer_get(broker, zmq_msg_data(&request->reply_to),
                                   zmq_msg_size(&request->reply_to), request->key);
    size_t size;
    const char *name = name_of(request, &size);

    if (!client)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "this gateway serves %zu connections at most: try again later",
                       limits->peers);
    if (client->in_flight >= limits->in_flight)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "%zu requests of this connection wait for an answer already: wait for one",
                       client->in_flight);
    struct service *service = service_ask(broker, name, size);
    if (!service)
        return err_set(err, ERR_RESOURCE_EXHAUSTED,
                       "%zu services are served or asked for already: try again later",
                       limits->services);
    int rc = service_queue(broker, service, client, request, err);
    if (rc < 0) {
        service_settle(broker, service);
        return rc;
    }
    count(COUNT_REQUESTS);
    service_pump(broker, service);
    return 0;
}

void request_receive(struct broker *broker, struct frames *message,
                     const struct mdp_message *parsed, const char *key)
{
    struct request *request = request_make(broker, message, parsed, key);
    struct err err = ERR_INIT;

    if (!request)
        return;
    int rc = check_request(broker, request, &err);
    if (rc == 0)
        rc = queue_request(broker, request, &err);
    if (rc < 0)
        request_fail(broker, request, &err);
}

/* ---- to the worker and back ---- */

int request_add_caller(const struct broker *broker, const struct request *request,
                       const Ucap__V1__Principal *principal, struct frames *out)
{
    Ucap__V1__Caller caller = UCAP__V1__CALLER__INIT;
    int64_t left_us = request->deadline_us - broker->now_us;

    caller.principal = principal->name;
    caller.role = principal->role;
    caller.n_programmes = principal->n_programmes;
    caller.programmes = principal->programmes;
    caller.party = principal->party;
    caller.timeout_ms = left_us > 1000 ? (uint32_t)(left_us / 1000) : 1;
    return add_packed(out, &caller.base);
}

static void pass_on(struct broker *broker, struct request *request, enum mdp_command command,
                    struct frames *message, const struct mdp_message *parsed)
{
    struct frames out = {.count = 0};
    int rc = begin_answer(&out, request, command);

    for (size_t i = parsed->body; i < message->count && rc == 0; i++)
        rc = frames_take(&out, &message->list[i]);
    if (rc == 0)
        broker_send(broker, &out);
    frames_clear(&out);
}

/* What forbids to pass the answer on: a client whose key is gone, or a worker that breaks the
 * protocol. */
static int check_reply(struct broker *broker, const struct request *request,
                       const struct frames *message, const struct mdp_message *parsed,
                       struct err *err)
{
    size_t body = message->count - parsed->body;

    if (!broker_principal(broker, request->key)) {
        count(COUNT_UNAUTHENTICATED);
        return err_set(err, ERR_UNAUTHENTICATED,
                       "your key is no longer in the list of principals: ask an administrator");
    }
    if (request->speaks && body != 2)
        return err_set(err, ERR_INTERNAL,
                       "a worker of service \"%s\" answered with %zu frames instead of two",
                       request->worker->service->name, body);
    return 0;
}

static void take_final(struct broker *broker, struct request *request, struct frames *message,
                       const struct mdp_message *parsed)
{
    struct err err = ERR_INIT;

    if (request->state == REQUEST_ABANDONED) {
        count(COUNT_DROPPED_LATE);
    } else if (check_reply(broker, request, message, parsed, &err) < 0) {
        tell_failure(broker, request, &err);
    } else {
        count(COUNT_REPLIES);
        pass_on(broker, request, MDP_FINAL, message, parsed);
    }
    request_free(broker, request);
}

/* MDP/0.1 has no partial replies: its clients get the final one alone. */
static void take_partial(struct broker *broker, struct request *request, struct frames *message,
                         const struct mdp_message *parsed)
{
    if (request->state == REQUEST_ABANDONED) {
        count(COUNT_DROPPED_LATE);
        return;
    }
    if (request->form.version == 1 || check_reply(broker, request, message, parsed, NULL) < 0)
        return;
    count(COUNT_PARTIALS);
    pass_on(broker, request, MDP_PARTIAL, message, parsed);
}

void request_reply(struct broker *broker, struct request *request, struct frames *message,
                   const struct mdp_message *parsed)
{
    if (parsed->command == MDP_FINAL)
        take_final(broker, request, message, parsed);
    else
        take_partial(broker, request, message, parsed);
}
