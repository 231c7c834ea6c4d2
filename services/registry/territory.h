/* What a city says of itself as a territory: what it is, other names, place, previous ids. */
#ifndef UCAP_REGISTRY_TERRITORY_H
#define UCAP_REGISTRY_TERRITORY_H

#include "base/findings.h"

#include <ucap/v1/registry.pb-c.h>

/* Adds what is wrong with it by itself. Pure. */
void territory_check(const Ucap__V1__City *city, struct findings *violations);

#endif
