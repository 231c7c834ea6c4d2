/* Migrations: SQL files embedded at build (ucap_migrations in cmake/Verbs.cmake), applied in order,
 * once, checksummed. */
#ifndef UCAP_DB_MIGRATION_H
#define UCAP_DB_MIGRATION_H

/* One file NNNN_name.sql. */
struct migration {
    int number;       /* from 1, no gaps; 0 ends a table */
    const char *name; /* file name without .sql */
    const char *sql;  /* several statements; run in one transaction */
};

/* The migrations of one set: "events" (lib/db: the outbox), "service" (lib/db: what every service's
 * schema has), or a service. */
struct migration_set {
    const char *name;
    const struct migration *rows;
};

/* The number of the last row. */
int migration_set_version(const struct migration_set *set);

#endif
