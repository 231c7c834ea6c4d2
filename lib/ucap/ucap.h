/* libucap: a C program's way to U-CAP. Connect, call.
 *
 * A struct ucap is one connection; it belongs to one thread at a time; open one per thread.
 * Functions return 0 or a negative status code of gRPC (-5: NOT_FOUND); the sentence for a person
 * is in struct ucap_error. */
#ifndef UCAP_UCAP_H
#define UCAP_UCAP_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ucap;

struct ucap_error {
    int code;        /* gRPC status number; 0: none */
    char text[1024]; /* UTF-8 sentence */
};

/* One remark on a place of a request. */
struct ucap_finding {
    const char *path;
    const char *sentence;
};

/* How to reach an installation. Strings are copied. */
struct ucap_config {
    const char *const *gateways;  /* ZeroMQ endpoints in order of preference; ends with NULL */
    const char *gateway_key;      /* public key of the gateways, Z85 */
    const char *key_file;         /* this program's key, as `ucap key generate` writes it */
    int64_t timeout_ms;           /* of a call, tries included; 0: 10000 */
    const char *const *languages; /* BCP 47, best first; ends with NULL. NULL: the record's own */
};

/* Opens a connection. Nothing is sent before the first call, so a wrong address shows there. */
int ucap_open(const struct ucap_config *config, struct ucap **ret_ucap, struct ucap_error *error);
void ucap_close(struct ucap *ucap);

/* What a call may be given beside its request. Zero-initialised: all defaults. */
struct ucap_options {
    /* Worker name instead of the service's own, such as "ucap.v1.Control@registry-1". */
    const char *worker;
    /* NULL: a new one. Give your own to be sure over a restart of your program. */
    const char *idempotency_key;
    /* 0: that of the connection. */
    int64_t timeout_ms;
};

/* Calls `method` of `service` (a descriptor from the generated code) with `request`. A lost or busy
 * gateway or service is tried again, with the same idempotency key, until the timeout: a write
 * takes effect once. *ret_reply is freed with ucap_reply_free. `options` may be NULL. */
int ucap_call(struct ucap *ucap, const ProtobufCServiceDescriptor *service, const char *method,
              const ProtobufCMessage *request, const struct ucap_options *options,
              ProtobufCMessage **ret_reply, struct ucap_error *error);
void ucap_reply_free(ProtobufCMessage *reply);

/* Violations and warnings of the last call; valid until the next one. */
size_t ucap_violations(const struct ucap *ucap, const struct ucap_finding **ret_rows);
size_t ucap_warnings(const struct ucap *ucap, const struct ucap_finding **ret_rows);

/* A worker name as the gateway sees it. */
struct ucap_service_row {
    char name[129]; /* 128 characters at most */
    unsigned workers;
    unsigned free_credit; /* requests they would take at once */
    unsigned queued;      /* requests that wait */
};

/* What the gateway routes to. *ret_rows is freed with free(). */
int ucap_services(struct ucap *ucap, struct ucap_service_row **ret_rows, size_t *ret_count,
                  struct ucap_error *error);

#ifdef __cplusplus
}
#endif

#endif
