/* A client of a whole system, as tests want it: one call in one line. */
#ifndef UCAP_TESTS_CALLER_H
#define UCAP_TESTS_CALLER_H

#include "testkit/testkit.h"

#include <ucap/v1/registry.pb-c.h>

/* A connection of one user of the system; belongs to one thread. */
struct caller;

/* `zmq` is a context of the test's. `patient`: UNAVAILABLE is tried again, with the same key. */
struct caller *caller_create(void *zmq, struct kit_system *system, const char *user, bool patient);
void caller_destroy(struct caller *caller);

/* From now on a service's calls are made for this person (NULL: for itself). */
void caller_act_for(struct caller *caller, const Ucap__V1__Caller *person);

/* Calls a method of ucap.v1.Registry with the idempotency key (NULL: none). Returns 0 or a negative
 * code. The outcome is in caller_last until the next call. */
int caller_registry(struct caller *caller, const char *method, const ProtobufCMessage *request,
                    const char *key);
struct call *caller_last(struct caller *caller);

/* Shorter still. */
int caller_create_city(struct caller *caller, const char *slug, const char *key);
int caller_get_city(struct caller *caller, const char *slug);
const Ucap__V1__City *caller_city(struct caller *caller); /* the reply of the last call */

#endif
