/* The order of things: roles and schemas in one transaction, then each migration in its own, then
 * the grants in one. What fails leaves the steps before it done; the next run goes on from there.
 */
#include "migrate.h"

#include "store.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_MAX 1024
#define DAY_MS       (24LL * 3600 * 1000)

const struct setting migrate_settings_table[] = {
    {"database", SETTING_TEXT, offsetof(struct migrate_settings, db.conninfo), NULL, 0, 0,
     "libpq connection string of the database's owner, without password"},
    {"database-password", SETTING_SECRET, offsetof(struct migrate_settings, db.password), "", 0, 0,
     "password of the owner; empty: none is sent"},
    {"database-wait", SETTING_DURATION, offsetof(struct migrate_settings, db.wait_ms), "60s", 0,
     DAY_MS, "how long an unreachable database is waited for"},
    {"migration-timeout", SETTING_DURATION, offsetof(struct migrate_settings, db.statement_ms),
     "30m", 1000, DAY_MS, "limit of one migration, the wait for another migrator included"},
    {"role-password-dir", SETTING_TEXT, offsetof(struct migrate_settings, password_dir), NULL, 0, 0,
     "folder with one file SERVICE.password for each service: what its role logs in with"},
    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
};

/* What the two transactions work on. */
struct plan {
    const struct migrate_service *services;
    char **verifiers; /* of the services' passwords, in their order */
};

/* ---- passwords ---- */

static int read_line(const char *path, char ret_line[PASSWORD_MAX], struct err *err)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return err_errno(err, ERR_FAILED_PRECONDITION, "read the role's password from %s", path);
    char *line = fgets(ret_line, PASSWORD_MAX, file);
    fclose(file);
    if (!line)
        ret_line[0] = '\0';
    size_t length = strcspn(ret_line, "\r\n");
    bool too_long = ret_line[length] == '\0' && length == PASSWORD_MAX - 1;
    ret_line[length] = '\0';
    if (length > 0 && !too_long)
        return 0;
    return err_set(err, ERR_FAILED_PRECONDITION,
                   "%s has no password: its first line is %s (write one of 1 to %d characters)",
                   path, too_long ? "too long" : "empty", PASSWORD_MAX - 2);
}

static int make_verifier(struct db *db, const char *dir, const char *service, char **ret_verifier,
                         struct err *err)
{
    char password[PASSWORD_MAX];
    char role[80];
    char *path = NULL;

    if (asprintf(&path, "%s/%s.password", dir, service) < 0)
        return err_nomem(err);
    snprintf(role, sizeof(role), "ucap_%s", service);
    int rc = read_line(path, password, err);
    if (rc == 0)
        rc = db_password_verifier(db, role, password, ret_verifier, err);
    explicit_bzero(password, sizeof(password));
    free(path);
    return rc;
}

static size_t count_services(const struct migrate_service *services)
{
    size_t count = 0;

    while (services[count].name)
        count++;
    return count;
}

static void free_verifiers(const struct plan *plan)
{
    for (size_t i = 0; plan->verifiers && plan->services[i].name; i++)
        free(plan->verifiers[i]);
    free(plan->verifiers);
}

/* All files are read before anything is changed. */
static int make_verifiers(struct db *db, const char *dir, struct plan *plan, struct err *err)
{
    int rc = 0;

    plan->verifiers = calloc(count_services(plan->services) + 1, sizeof(*plan->verifiers));
    if (!plan->verifiers)
        return err_nomem(err);
    for (size_t i = 0; rc == 0 && plan->services[i].name; i++)
        rc = make_verifier(db, dir, plan->services[i].name, &plan->verifiers[i], err);
    return rc;
}

/* ---- steps ---- */

static int prepare(struct db *db, void *arg, struct err *err)
{
    const struct plan *plan = arg;
    int rc = migration_lock(db, err);

    if (rc == 0)
        rc = store_prepare(db, err);
    for (size_t i = 0; rc == 0 && plan->services[i].name; i++)
        rc = store_add_service(db, plan->services[i].name, plan->verifiers[i], err);
    return rc;
}

static int apply(struct db *db, const struct migrate_service *services,
                 void (*applied)(const char *schema, const struct migration *row), struct err *err)
{
    int rc = migration_apply(db, "events", &events_migrations, applied, err);

    for (; rc == 0 && services->name; services++) {
        rc = migration_apply(db, services->name, &service_migrations, applied, err);
        if (rc == 0)
            rc = migration_apply(db, services->name, services->migrations, applied, err);
    }
    return rc;
}

static int grant(struct db *db, void *arg, struct err *err)
{
    const struct plan *plan = arg;
    int rc = migration_lock(db, err);

    for (size_t i = 0; rc == 0 && plan->services[i].name; i++)
        rc = store_grant_service(db, plan->services[i].name, err);
    return rc;
}

int migrate_run(struct db *db, const char *password_dir, const struct migrate_service *services,
                void (*applied)(const char *schema, const struct migration *row), struct err *err)
{
    struct plan plan = {services, NULL};
    int rc = make_verifiers(db, password_dir, &plan, err);

    if (rc == 0)
        rc = db_transaction(db, &db_retry_never, prepare, &plan, err);
    if (rc == 0)
        rc = apply(db, services, applied, err);
    if (rc == 0)
        rc = db_transaction(db, &db_retry_never, grant, &plan, err);
    free_verifiers(&plan);
    return rc;
}
