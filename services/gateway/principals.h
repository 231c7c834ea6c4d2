/* The principals: who may connect, by public key. A table is made from the file
 * (ucap.v1.PrincipalsFile, YAML) and never changes; a changed file makes a new table. The User-Id
 * that ZAP gives to libzmq is the key, not the name: what the table says now counts for each
 * message, so a new name or role takes effect at once. */
#ifndef GATEWAY_PRINCIPALS_H
#define GATEWAY_PRINCIPALS_H

#include "base/err.h"
#include "bus/curve.h"

#include <stdbool.h>
#include <stddef.h>
#include <ucap/v1/config.pb-c.h>

struct principals;

/* Reads and checks the file, and adds `own` (copied; or NULL): the gateway itself, which is in no
 * file. The sentence names the file, and line and column where the YAML is wrong, or the place
 * (`principals[2].name`) where the content is. */
int principals_read(const char *path, const Ucap__V1__Principal *own,
                    struct principals **ret_principals, struct err *err);
void principals_destroy(struct principals *principals); /* NULL is left alone */

/* The principal of a key (Z85 text), or NULL; valid as long as the table. */
const Ucap__V1__Principal *principals_find(const struct principals *principals, const char *key);
size_t principals_count(const struct principals *principals);

/* True when `before` has a key that `after` has not. */
bool principals_lost_key(const struct principals *before, const struct principals *after);

/* True for role SERVICE with an entry for that name; an entry's trailing `*` stands for any end. */
bool principal_may_register(const Ucap__V1__Principal *principal, const char *service, size_t size);

#endif
