/* What the owner does to the database, as SQL. Each inside a transaction that holds the migrators'
 * lock. */
#ifndef UCAP_MIGRATE_STORE_H
#define UCAP_MIGRATE_STORE_H

#include "db/db.h"

/* Nothing for PUBLIC; the schema of the outbox. */
int store_prepare(struct db *db, struct err *err);

/* The role ucap_SERVICE with LOGIN and this SCRAM verifier, its schema and its search path. */
int store_add_service(struct db *db, const char *service, const char *verifier, struct err *err);

/* What the service may do: all with the rows of its own schema, insert into the outbox, nothing
 * else. */
int store_grant_service(struct db *db, const char *service, struct err *err);

#endif
