/* The registry as a service object of the contract: handlers over a store. */
#ifndef UCAP_REGISTRY_RPC_H
#define UCAP_REGISTRY_RPC_H

#include "bus/server.h"
#include "db/db.h"

extern const struct method_rule registry_rules[];

/* Takes the connection on success. `poke` is a proxy of ucap.v1.Relay, told after each commit; or
 * NULL. */
int registry_create(struct db **db, ProtobufCService *poke, ProtobufCService **ret_service,
                    struct err *err);
void registry_idle(void *unused, ProtobufCService *service); /* removes expired answers to writes */
void registry_destroy(ProtobufCService *service); /* closes the connection; NULL is left alone */

#endif
