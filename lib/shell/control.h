/* ucap.v1.Control of this process, as a service object. */
#ifndef UCAP_SHELL_CONTROL_H
#define UCAP_SHELL_CONTROL_H

#include "bus/server.h"
#include "bus/stats.h"
#include "status.h"

extern const struct method_rule control_rules[];

/* Status and stats outlive the service. Drain gives the process `drain_ms`. NULL: out of memory. */
ProtobufCService *control_create(struct status *status, struct stats *stats, int64_t drain_ms);
void control_destroy(ProtobufCService *service); /* NULL is left alone */

#endif
