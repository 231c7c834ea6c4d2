/* ucap-migrate: the only holder of the owner role. Runs once, before the services. Prints a line
 * for each migration it applies; exit code 0 when the schema is up to date, 1 with a sentence on
 * stderr when not, 2 for wrong usage. */
#include "base/log.h"
#include "migrate.h"

#include <stdio.h>

static void say_waiting(void *arg, const char *sentence)
{
    (void)arg;
    if (*sentence)
        log_warning("waiting", log_str("for", sentence));
}

static void say_applied(const char *schema, const struct migration *row)
{
    printf("schema %s: applied %s\n", schema, row->name);
    fflush(stdout);
}

static int migrate(const struct migrate_settings *settings, struct err *err)
{
    struct db *db = NULL;
    int rc = db_open(&settings->db, "ucap-migrate", say_waiting, NULL, NULL, &db, err);

    if (rc == 0)
        rc = migrate_run(db, settings->password_dir, migrate_services, say_applied, err);
    db_close(db);
    return rc;
}

int main(int argc, char **argv)
{
    struct migrate_settings settings = {0};
    const struct settings_part parts[] = {{migrate_settings_table, &settings}, {0}};
    enum settings_result result;
    struct err err = ERR_INIT;

    log_set_process("ucap-migrate");
    if (settings_load("ucap-migrate", "applies all migrations, creates roles and grants", parts,
                      argc, argv, &result, &err) != 0) {
        log_error("wrong usage", log_str("why", err.text));
        return 2;
    }
    int rc = result == SETTINGS_RUN ? migrate(&settings, &err) : 0;
    if (rc != 0)
        log_error("cannot migrate", log_str("why", err.text));
    else if (result == SETTINGS_RUN)
        printf("schema is up to date\n");
    settings_free(parts);
    return rc != 0;
}
