/* Methods of the contract by the names people type: "Registry/GetCity", "ucap.v1.Registry/GetCity",
 * "Control@registry-1/Ping". */
#ifndef UCAP_CLI_METHOD_H
#define UCAP_CLI_METHOD_H

#include "base/err.h"

#include <protobuf-c/protobuf-c.h>

#define METHOD_WORKER_MAX 256

struct method {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
    /* "ucap.v1.Control@registry-1"; empty: the service's own name. */
    char worker[METHOD_WORKER_MAX];
};

/* -ERR_INVALID_ARGUMENT: the sentence has the nearest name. */
int method_find(const char *target, struct method *ret_method, struct err *err);

#endif
