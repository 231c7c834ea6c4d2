/* A connection to the gateway, and services seen through it.
 *
 * A client holds one DEALER to one of its gateways; when that one cannot be reached, refuses, or is
 * lost while a call waits, the call ends UNAVAILABLE (with a sentence that says which) and the next
 * one goes to the next gateway; when all of them in a row did not know the key, UNAUTHENTICATED. It
 * belongs to one thread at a time. Several calls may be in flight. */
#ifndef UCAP_BUS_CLIENT_H
#define UCAP_BUS_CLIENT_H

#include "bus/call.h"
#include "bus/curve.h"
#include "bus/frames.h"

struct client;

struct client_config {
    const char *const *gateways; /* endpoints in order of preference; ends with NULL */
    const struct curve_key *key; /* NULL: no CURVE, for ipc endpoints only */
    const char *gateway_key;     /* Z85; NULL with key NULL */
    int64_t connect_timeout_ms;  /* per gateway; 0: 2000 */
    int64_t call_timeout_ms;     /* of calls without deadline; 0: 10000 */
};

/* Connects lazily, with the first call. The config is copied. `zmq_context` is the caller's and
 * outlives the client. */
int client_create(void *zmq_context, const struct client_config *config, struct client **ret_client,
                  struct err *err);
void client_destroy(struct client *client); /* calls in flight end CANCELLED */

/* A proxy: a ProtobufCService for `descriptor`, whose invoke sends to the worker name `name` (NULL:
 * the descriptor's own) and waits for the answer. It belongs to the client and lives as long. NULL
 * when out of memory. */
ProtobufCService *client_service(struct client *client,
                                 const ProtobufCServiceDescriptor *descriptor, const char *name);

/* Several in flight: client_start sends and returns (0, or the negative code of a call that has
 * ended); it waits only for a connection that is not there yet. client_wait drives the connection
 * until `call` is done (NULL: until any is) or `until_us` on the monotonic clock has passed
 * (-ERR_DEADLINE_EXCEEDED; nothing is ended by that); -ERR_FAILED_PRECONDITION when there is no
 * such call in flight. The closure runs inside client_wait (or client_mmi). `request` is packed at
 * once. */
int client_start(ProtobufCService *proxy, unsigned method_index, const ProtobufCMessage *request,
                 ProtobufCClosure closure, struct call *call);
int client_wait(struct client *client, struct call *call, int64_t until_us);

/* Sends and forgets: no reply is waited for, a failure is nobody's concern. For the poke after a
 * commit: while one to the same method is unanswered and younger than 20 ms, nothing is sent. */
void client_poke(ProtobufCService *proxy, unsigned method_index, const ProtobufCMessage *request);

/* Asks the broker itself (`mmi.service`, `mmi.list`), of each gateway in turn until one answers:
 * the frames of the answer. */
int client_mmi(struct client *client, const char *name, const char *argument,
               struct frames *ret_frames, struct err *err);

#endif
