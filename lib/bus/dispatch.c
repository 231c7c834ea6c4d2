/* One request, from its two frames to the two frames of its reply. A request goes through the steps
 * of a table until one refuses it; what is left is handled. Whatever happens, exactly one reply
 * comes out. Everything here belongs to the calling thread. */
#include "bus/server.h"

#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_ID_MAX 32
#define PRINCIPAL_MAX  64
#define LANGUAGES_MAX  16

static const struct codec_limits header_limits = {64u << 10, 1u << 20};

struct dispatch {
    struct call call; /* first: the closure is given its address, and gets back to the dispatch */
    const struct served *served;
    const struct served_request *request;
    Ucap__V1__RequestHeader *header; /* NULL until read */
    int method;                      /* index; -1 until found */
    const struct method_rule *rule;
    ProtobufCMessage *message;
    void *reply; /* packed */
    size_t reply_size;
};

/* ---- roles ---- */

static const char *const role_names[] = {
    [UCAP__V1__ROLE__VALUE__ROLE_UNSPECIFIED] = "none",
    [UCAP__V1__ROLE__VALUE__ROLE_VIEWER] = "viewer",
    [UCAP__V1__ROLE__VALUE__ROLE_EDITOR] = "editor",
    [UCAP__V1__ROLE__VALUE__ROLE_ADMIN] = "admin",
    [UCAP__V1__ROLE__VALUE__ROLE_SERVICE] = "service",
};

#define ROLE_COUNT ((int)(sizeof(role_names) / sizeof(role_names[0])))

static bool role_is_valid(int role)
{
    return role > UCAP__V1__ROLE__VALUE__ROLE_UNSPECIFIED && role < ROLE_COUNT;
}

/* The roles of a set as words: "editor or admin". */
static void roles_print(unsigned may, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (int role = 1; role < ROLE_COUNT; role++)
        if (may & (1u << role) && length < size)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? " or " : "",
                                       role_names[role]);
}

bool caller_may_see(const Ucap__V1__Caller *caller, const char *programme)
{
    for (size_t i = 0; i < caller->n_programmes; i++)
        if (strcmp(caller->programmes[i], "*") == 0 ||
            strcmp(caller->programmes[i], programme) == 0)
            return true;
    return false;
}

/* ---- rules ---- */

static const struct method_rule *rule_find(const struct method_rule *rules, const char *method)
{
    for (; rules->method; rules++)
        if (strcmp(rules->method, method) == 0)
            return rules;
    return NULL;
}

int served_check(const ProtobufCServiceDescriptor *descriptor, const struct method_rule *rules,
                 struct err *err)
{
    for (unsigned i = 0; i < descriptor->n_methods; i++)
        if (!rule_find(rules, descriptor->methods[i].name))
            return err_set(err, ERR_INTERNAL, "method %s of %s has no row in the table of rules",
                           descriptor->methods[i].name, descriptor->name);
    for (; rules->method; rules++)
        if (call_method_index(descriptor, rules->method) < 0)
            return err_set(err, ERR_INTERNAL,
                           "the table of rules has a row for %s, which %s has not", rules->method,
                           descriptor->name);
    return 0;
}

/* ---- the steps ---- */

/* From here on the log lines of this thread carry the trace, and calls made on for it are its
 * children. */
static void set_trace(struct dispatch *dispatch)
{
    char trace_id[TRACE_ID_SIZE];

    trace_child(dispatch->header->traceparent, trace_id, dispatch->call.traceparent);
    log_set_trace(trace_id);
}

static int read_header(struct dispatch *dispatch, struct err *err)
{
    ProtobufCMessage *message = NULL;
    int rc = codec_unpack(&ucap__v1__request_header__descriptor, dispatch->request->header,
                          dispatch->request->header_size, &header_limits, &message, err);

    if (rc < 0) {
        err_prefix(err, "request header");
        return rc;
    }
    dispatch->header = (Ucap__V1__RequestHeader *)message;
    set_trace(dispatch);
    size_t id_size = dispatch->header->request_id.len;
    if (id_size < 1 || id_size > REQUEST_ID_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "request header: request_id has %zu bytes; it must have 1 to %d", id_size,
                       REQUEST_ID_MAX);
    if (dispatch->header->n_languages > LANGUAGES_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "request header: %zu languages; %d are the most that can be asked for",
                       dispatch->header->n_languages, LANGUAGES_MAX);
    return 0;
}

static int find_method(struct dispatch *dispatch, struct err *err)
{
    const ProtobufCService *service = dispatch->served->service;
    const char *name = dispatch->header->method;
    int index = call_method_index(service->descriptor, name);
    char shown[TEXT_SHOWN_SIZE];

    if (index < 0) {
        text_show(name, shown);
        return err_set(err, ERR_UNIMPLEMENTED, "service %s has no method %s",
                       service->descriptor->name, shown);
    }
    dispatch->method = index;
    dispatch->call.method = service->descriptor->methods[index].name;
    dispatch->rule = rule_find(dispatch->served->rules, name);
    if (!dispatch->rule)
        return err_set(err, ERR_UNIMPLEMENTED, "method %s of %s is not served here", name,
                       service->descriptor->name);
    return 0;
}

/* Whose rights count: the caller's own, or those of the person that a service calls on for. */
static int find_caller(struct dispatch *dispatch, struct err *err)
{
    const Ucap__V1__Caller *caller = dispatch->request->caller;
    const Ucap__V1__Caller *person = dispatch->header->on_behalf_of;

    if (!caller)
        return err_set(err, ERR_UNAUTHENTICATED, "the gateway did not say who asks");
    dispatch->call.caller = caller;
    if (!person)
        return 0;
    if (caller->role != UCAP__V1__ROLE__VALUE__ROLE_SERVICE)
        return err_set(err, ERR_PERMISSION_DENIED,
                       "%s may not ask on behalf of others: only role service may",
                       caller->principal);
    if (person->principal[0] == '\0' || strlen(person->principal) > PRINCIPAL_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "request header: on_behalf_of.principal must have 1 to %d characters",
                       PRINCIPAL_MAX);
    dispatch->call.caller = person;
    dispatch->call.via = caller;
    return 0;
}

static int check_role(struct dispatch *dispatch, struct err *err)
{
    const Ucap__V1__Caller *caller = dispatch->call.caller;
    char wanted[64];

    if (role_is_valid(caller->role) && dispatch->rule->may & (1u << caller->role))
        return 0;
    roles_print(dispatch->rule->may, wanted, sizeof(wanted));
    return err_set(err, ERR_PERMISSION_DENIED, "%s has role %s, but %s needs %s", caller->principal,
                   role_is_valid(caller->role) ? role_names[caller->role] : role_names[0],
                   dispatch->call.method, wanted);
}

static int64_t deadline_of(const struct dispatch *dispatch)
{
    uint32_t hop = dispatch->request->caller->timeout_ms;
    uint32_t asked = dispatch->header->timeout_ms;
    uint32_t least = hop == 0 || (asked != 0 && asked < hop) ? asked : hop;

    return least ? dispatch->request->received_us + (int64_t)least * 1000 : 0;
}

static int check_deadline(struct dispatch *dispatch, struct err *err)
{
    dispatch->call.deadline_us = deadline_of(dispatch);
    if (dispatch->call.deadline_us == 0 ||
        clock_mono_us(clock_system()) < dispatch->call.deadline_us)
        return 0;
    return err_set(err, ERR_DEADLINE_EXCEEDED,
                   "the time given for %s was over before it was begun: nothing was done",
                   dispatch->call.method);
}

static int check_key(struct dispatch *dispatch, struct err *err)
{
    const char *key = dispatch->header->idempotency_key;
    size_t length = strlen(key);

    if (length == 0 && !dispatch->rule->write)
        return 0;
    if (length == 0)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "%s is a write and needs an idempotency key in the request header",
                       dispatch->call.method);
    if (length > CALL_KEY_MAX)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the idempotency key has %zu characters; %d are the most", length,
                       CALL_KEY_MAX);
    for (const char *at = key; *at; at++)
        if (*at < 0x20 || *at > 0x7e)
            return err_set(err, ERR_INVALID_ARGUMENT,
                           "the idempotency key may only have printable ASCII characters");
    dispatch->call.idempotency_key = key;
    return 0;
}

static int read_message(struct dispatch *dispatch, struct err *err)
{
    const ProtobufCServiceDescriptor *descriptor = dispatch->served->service->descriptor;
    const struct served_request *request = dispatch->request;

    dispatch->call.request = request->message;
    dispatch->call.request_size = request->message_size;
    return codec_unpack(descriptor->methods[dispatch->method].input, request->message,
                        request->message_size, dispatch->served->limits, &dispatch->message, err);
}

/* In this order: what is asked, who asks, whether there is time, whether it can be read. */
static int (*const steps[])(struct dispatch *dispatch, struct err *err) = {
    read_header, find_method, find_caller, check_role, check_deadline, check_key, read_message,
};

/* ---- the reply ---- */

/* Findings for the wire, in one block for free(). NULL: none, or no memory: then the sentence has
 * to do. */
static Ucap__V1__Finding **findings_for_wire(const struct findings *findings, size_t *ret_count)
{
    size_t count = findings->count;
    Ucap__V1__Finding **list = count ? malloc(count * (sizeof(*list) + sizeof(**list))) : NULL;

    *ret_count = list ? count : 0;
    for (size_t i = 0; i < *ret_count; i++) {
        Ucap__V1__Finding *row = (Ucap__V1__Finding *)(list + count) + i;
        ucap__v1__finding__init(row);
        row->path = findings->rows[i].path;
        row->sentence = findings->rows[i].sentence;
        list[i] = row;
    }
    return list;
}

static void set_request_id(const struct dispatch *dispatch, Ucap__V1__ReplyHeader *header)
{
    if (dispatch->header && dispatch->header->request_id.len <= REQUEST_ID_MAX)
        header->request_id = dispatch->header->request_id;
}

/* Appends a header that is small enough for the stack. */
static void append_small_header(const Ucap__V1__ReplyHeader *header, struct frames *out)
{
    uint8_t bytes[256];

    if (ucap__v1__reply_header__get_packed_size(header) <= sizeof(bytes))
        frames_add(out, bytes, ucap__v1__reply_header__pack(header, bytes));
}

static void append_out_of_memory(const struct dispatch *dispatch, struct frames *out)
{
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;

    set_request_id(dispatch, &header);
    header.status = (Ucap__V1__Status__Code)ERR_RESOURCE_EXHAUSTED;
    header.message = (char *)"the service is out of memory";
    append_small_header(&header, out);
    frames_add(out, NULL, 0);
}

static int append_header(const Ucap__V1__ReplyHeader *header, struct frames *out)
{
    void *bytes = NULL;
    size_t size = 0;
    int rc = codec_pack(&header->base, &bytes, &size, NULL);

    if (rc == 0)
        rc = frames_add(out, bytes, size);
    free(bytes);
    return rc;
}

static void append_reply(struct dispatch *dispatch, struct frames *out)
{
    struct call *call = &dispatch->call;
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    size_t before = out->count;

    set_request_id(dispatch, &header);
    header.status = (Ucap__V1__Status__Code)call->err.code;
    header.message = call->err.text;
    header.violations = findings_for_wire(&call->violations, &header.n_violations);
    header.warnings = findings_for_wire(&call->warnings, &header.n_warnings);
    int rc = append_header(&header, out);
    if (rc == 0)
        rc = frames_add(out, dispatch->reply, dispatch->reply_size);
    free(header.violations);
    free(header.warnings);
    if (rc == 0)
        return;
    while (out->count > before)
        zmq_msg_close(&out->list[--out->count]);
    append_out_of_memory(dispatch, out);
}

static size_t reply_limit(const struct served *served)
{
    return (served->limits ? served->limits : &codec_default_limits)->message_bytes;
}

static void pack_reply(struct dispatch *dispatch, const ProtobufCMessage *reply)
{
    struct call *call = &dispatch->call;
    size_t size = protobuf_c_message_get_packed_size(reply);
    struct err err = ERR_INIT;

    if (size > reply_limit(dispatch->served))
        call_failf(call, ERR_RESOURCE_EXHAUSTED,
                   "the reply has %zu bytes, %zu are the most: ask for less at once", size,
                   reply_limit(dispatch->served));
    else if (codec_pack(reply, &dispatch->reply, &dispatch->reply_size, &err) < 0)
        call_fail(call, &err);
    else
        call->done = true;
}

/* The closure that handlers are given. */
static void on_reply(const ProtobufCMessage *reply, void *closure_data)
{
    struct call *call = closure_data;

    if (call->done)
        log_error("a handler ended its call twice: the first end counts",
                  log_str("method", call->method));
    else if (!reply)
        call_failf(call, ERR_INTERNAL, "%s ended without a reply", call->method);
    else
        pack_reply((struct dispatch *)call, reply);
}

static void send_progress(struct call *call, const Ucap__V1__Progress *progress)
{
    struct dispatch *dispatch = (struct dispatch *)call;
    Ucap__V1__ReplyHeader header = UCAP__V1__REPLY_HEADER__INIT;
    struct frames body = {.count = 0};

    set_request_id(dispatch, &header);
    header.progress = (Ucap__V1__Progress *)progress;
    if (append_header(&header, &body) == 0 && frames_add(&body, NULL, 0) == 0)
        dispatch->request->partial(&body, dispatch->request->partial_arg);
    frames_clear(&body);
}

/* ---- the whole ---- */

static void handle(struct dispatch *dispatch)
{
    ProtobufCService *service = dispatch->served->service;
    struct call *call = &dispatch->call;

    call->languages = (const char *const *)dispatch->header->languages;
    call->language_count = dispatch->header->n_languages;
    if (dispatch->request->partial)
        call->send_progress = send_progress;
    call_invoke(service, (unsigned)dispatch->method, dispatch->message, on_reply, call);
    if (!call->done)
        call_failf(call, ERR_INTERNAL, "%s ended without a reply", call->method);
}

static void run(struct dispatch *dispatch)
{
    struct err err = ERR_INIT;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i](dispatch, &err) < 0) {
            call_fail(&dispatch->call, &err);
            return;
        }
    }
    handle(dispatch);
}

static const char *principal_of(const Ucap__V1__Caller *caller)
{
    return caller ? caller->principal : NULL;
}

static void record(const struct dispatch *dispatch)
{
    const struct call *call = &dispatch->call;
    const ProtobufCServiceDescriptor *descriptor = dispatch->served->service->descriptor;
    int64_t took_us = clock_mono_us(clock_system()) - dispatch->request->received_us;

    if (dispatch->served->stats)
        stats_call(dispatch->served->stats, descriptor, dispatch->method, call->err.code, took_us);
    if (call->err.code == ERR_INTERNAL)
        log_error("request failed", log_str("method", call->method),
                  log_str("error", call->err.text));
    log_debug("request", log_str("service", descriptor->name), log_str("method", call->method),
              log_str("principal", principal_of(call->caller)),
              log_str("via", principal_of(call->via)),
              log_str("status", err_code_name((int)call->err.code)), log_int("took_us", took_us));
}

void served_dispatch(const struct served *served, const struct served_request *request,
                     struct frames *out)
{
    struct dispatch dispatch = {.served = served, .request = request, .method = -1};

    call_init(&dispatch.call);
    run(&dispatch);
    append_reply(&dispatch, out);
    record(&dispatch);
    log_set_trace(NULL);
    free(dispatch.reply);
    call_clear(&dispatch.call);
    codec_free(dispatch.message);
    if (dispatch.header)
        codec_free(&dispatch.header->base);
}

void served_refuse(const struct err *err, struct frames *out)
{
    struct dispatch dispatch = {.method = -1};

    call_init(&dispatch.call);
    call_fail(&dispatch.call, err);
    append_reply(&dispatch, out);
    call_clear(&dispatch.call);
}
