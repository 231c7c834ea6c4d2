/* The services of the contract by name. The table is generated from proto/ at build. */
#ifndef UCAP_CONTRACT_H
#define UCAP_CONTRACT_H

#include <protobuf-c/protobuf-c.h>

/* All services of proto/, in the order of their files; ends with NULL. Static, never freed. */
extern const ProtobufCServiceDescriptor *const contract_services[];

#endif
