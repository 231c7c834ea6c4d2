/* The client library: a bus client, its proxies wrapped in retry, deadline and trace, and errors
 * without our types. */
#include "ucap/ucap.h"

#include "base/clock.h"
#include "base/id.h"
#include "bus/client.h"
#include "bus/codec.h"
#include "bus/decorate.h"
#include "ucap/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define TIMEOUT_MS 10000

/* One worker name, seen through the decorators. */
struct proxy {
    struct proxy *next;
    const ProtobufCServiceDescriptor *descriptor;
    char *worker;                               /* NULL: the descriptor's own */
    ProtobufCService *trace, *deadline, *retry; /* inner to outer; the innermost is the client's */
};

struct ucap {
    void *zmq;
    struct client *client;
    struct proxy *proxies;
    int64_t timeout_ms;
    char **languages; /* ends with NULL */
    size_t language_count;
    struct call last; /* whose violations and warnings are shown */
    struct ucap_finding *violations, *warnings;
};

static int give_error(const struct err *err, struct ucap_error *error)
{
    if (error) {
        error->code = (int)err->code;
        snprintf(error->text, sizeof(error->text), "%s", err->text);
    }
    return -(int)err->code;
}

static int give_nomem(struct ucap_error *error)
{
    struct err err = ERR_INIT;

    err_nomem(&err);
    return give_error(&err, error);
}

/* ---- opening ---- */

static void free_texts(char **texts)
{
    for (char **text = texts; text && *text; text++)
        free(*text);
    free(texts);
}

static int copy_languages(struct ucap *ucap, const char *const *languages, struct err *err)
{
    size_t count = 0;

    while (languages && languages[count])
        count++;
    ucap->languages = calloc(count + 1, sizeof(*ucap->languages));
    if (!ucap->languages)
        return err_nomem(err);
    for (; ucap->language_count < count; ucap->language_count++) {
        char *copy = strdup(languages[ucap->language_count]);
        if (!copy)
            return err_nomem(err);
        ucap->languages[ucap->language_count] = copy;
    }
    return 0;
}

static int check_config(const struct ucap_config *config, struct err *err)
{
    if (!config->gateways || !config->gateways[0])
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "no gateway is given: name one, such as tcp://127.0.0.1:7110");
    if (!config->gateway_key || !curve_is_key(config->gateway_key))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the gateway key is no key: it has 40 characters of Z85");
    if (!config->key_file)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "no key file is given: `ucap key generate` makes one");
    return 0;
}

static int connect_client(struct ucap *ucap, const struct ucap_config *config, struct err *err)
{
    struct curve_key key;
    int rc = curve_key_read(config->key_file, &key, err);

    if (rc < 0)
        return rc;
    const struct client_config client = {
        .gateways = config->gateways,
        .key = &key,
        .gateway_key = config->gateway_key,
        .call_timeout_ms = ucap->timeout_ms,
    };
    rc = client_create(ucap->zmq, &client, &ucap->client, err);
    explicit_bzero(&key, sizeof(key));
    return rc;
}

static int open_all(struct ucap *ucap, const struct ucap_config *config, struct err *err)
{
    int rc = check_config(config, err);

    call_init(&ucap->last);
    ucap->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    if (rc == 0)
        rc = copy_languages(ucap, config->languages, err);
    if (rc < 0)
        return rc;
    ucap->zmq = zmq_ctx_new();
    if (!ucap->zmq)
        return err_errno(err, ERR_RESOURCE_EXHAUSTED, "start ZeroMQ");
    return connect_client(ucap, config, err);
}

int ucap_open(const struct ucap_config *config, struct ucap **ret_ucap, struct ucap_error *error)
{
    struct ucap *ucap = calloc(1, sizeof(*ucap));
    struct err err = ERR_INIT;

    if (!ucap)
        return give_nomem(error);
    if (open_all(ucap, config, &err) < 0) {
        ucap_close(ucap);
        return give_error(&err, error);
    }
    *ret_ucap = ucap;
    return 0;
}

/* ---- proxies ---- */

static void proxy_destroy(struct proxy *proxy)
{
    if (proxy->retry)
        protobuf_c_service_destroy(proxy->retry);
    if (proxy->deadline)
        protobuf_c_service_destroy(proxy->deadline);
    if (proxy->trace)
        protobuf_c_service_destroy(proxy->trace);
    free(proxy->worker);
    free(proxy);
}

static struct proxy *proxy_create(struct ucap *ucap, const ProtobufCServiceDescriptor *descriptor,
                                  const char *worker)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    ProtobufCService *direct = client_service(ucap->client, descriptor, worker);

    if (!proxy)
        return NULL;
    proxy->descriptor = descriptor;
    proxy->worker = worker ? strdup(worker) : NULL;
    if (direct)
        proxy->trace = trace_wrap(direct);
    if (proxy->trace)
        proxy->deadline = deadline_wrap(proxy->trace, clock_system(), ucap->timeout_ms);
    if (proxy->deadline)
        proxy->retry = retry_wrap(proxy->deadline, &retry_patient);
    if (!proxy->retry || (worker && !proxy->worker)) {
        proxy_destroy(proxy);
        return NULL;
    }
    proxy->next = ucap->proxies;
    ucap->proxies = proxy;
    return proxy;
}

static bool same_worker(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct proxy *proxy_get(struct ucap *ucap, const ProtobufCServiceDescriptor *descriptor,
                               const char *worker)
{
    for (struct proxy *proxy = ucap->proxies; proxy; proxy = proxy->next)
        if (proxy->descriptor == descriptor && same_worker(proxy->worker, worker))
            return proxy;
    return proxy_create(ucap, descriptor, worker);
}

/* ---- calls ---- */

static void forget_last(struct ucap *ucap)
{
    call_clear(&ucap->last);
    free(ucap->violations);
    free(ucap->warnings);
    ucap->violations = NULL;
    ucap->warnings = NULL;
}

void ucap_close(struct ucap *ucap)
{
    if (!ucap)
        return;
    forget_last(ucap);
    while (ucap->proxies) {
        struct proxy *next = ucap->proxies->next;
        proxy_destroy(ucap->proxies);
        ucap->proxies = next;
    }
    client_destroy(ucap->client);
    if (ucap->zmq)
        zmq_ctx_term(ucap->zmq);
    free_texts(ucap->languages);
    free(ucap);
}

/* Findings in our public type. Out of memory they are not shown: the outcome of the call counts
 * more. */
static struct ucap_finding *view(const struct findings *findings)
{
    struct ucap_finding *rows = findings->count > 0 ? calloc(findings->count, sizeof(*rows)) : NULL;

    for (size_t i = 0; rows && i < findings->count; i++)
        rows[i] = (struct ucap_finding){findings->rows[i].path, findings->rows[i].sentence};
    return rows;
}

int ucap_call(struct ucap *ucap, const ProtobufCServiceDescriptor *service, const char *method,
              const ProtobufCMessage *request, const struct ucap_options *options,
              ProtobufCMessage **ret_reply, struct ucap_error *error)
{
    static const struct ucap_options defaults = {0};
    char key[UUID_TEXT_SIZE];
    struct call *call = &ucap->last;

    options = options ? options : &defaults;
    forget_last(ucap);
    call_init(call);
    struct proxy *proxy = proxy_get(ucap, service, options->worker);
    if (!proxy)
        return give_nomem(error);
    uuid_v7(clock_real_us(clock_system()), key);
    call->idempotency_key = options->idempotency_key ? options->idempotency_key : key;
    int64_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : ucap->timeout_ms;
    call->deadline_us = clock_mono_us(clock_system()) + timeout_ms * 1000;
    call->languages = (const char *const *)ucap->languages;
    call->language_count = ucap->language_count;
    int rc = call_run(proxy->retry, method, request, call);
    call->idempotency_key = NULL; /* it stands on this stack */
    ucap->violations = view(&call->violations);
    ucap->warnings = view(&call->warnings);
    if (rc < 0)
        return give_error(&call->err, error);
    *ret_reply = call_steal_reply(call);
    return 0;
}

void ucap_reply_free(ProtobufCMessage *reply)
{
    codec_free(reply);
}

size_t ucap_violations(const struct ucap *ucap, const struct ucap_finding **ret_rows)
{
    *ret_rows = ucap->violations;
    return ucap->violations ? ucap->last.violations.count : 0;
}

size_t ucap_warnings(const struct ucap *ucap, const struct ucap_finding **ret_rows)
{
    *ret_rows = ucap->warnings;
    return ucap->warnings ? ucap->last.warnings.count : 0;
}

/* ---- what the gateway routes to ---- */

int ucap_services(struct ucap *ucap, struct ucap_service_row **ret_rows, size_t *ret_count,
                  struct ucap_error *error)
{
    struct frames frames = {.count = 0};
    struct err err = ERR_INIT;
    int rc = client_mmi(ucap->client, "mmi.list", NULL, &frames, &err);

    if (rc == 0)
        rc = services_parse(&frames, ret_rows, ret_count, &err);
    frames_clear(&frames);
    return rc < 0 ? give_error(&err, error) : 0;
}
