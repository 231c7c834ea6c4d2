/* Brings a database to the state the services need: roles, schemas, migrations, grants. Running it
 * again changes nothing but the roles' passwords, which are those of the files. */
#ifndef UCAP_MIGRATE_MIGRATE_H
#define UCAP_MIGRATE_MIGRATE_H

#include "db/db.h"

struct migrate_settings {
    struct db_settings db;
    char *password_dir; /* --role-password-dir */
};

extern const struct setting migrate_settings_table[];

/* A service with migrations: its name is its schema's; its role is ucap_NAME. */
struct migrate_service {
    const char *name; /* NULL ends a table */
    const struct migration_set *migrations;
};

/* Those of services/services.list; made by CMake. */
extern const struct migrate_service migrate_services[];

/* Several of these may run at once: they take turns. `applied` is told each migration. */
int migrate_run(struct db *db, const char *password_dir, const struct migrate_service *services,
                void (*applied)(const char *schema, const struct migration *row), struct err *err);

#endif
