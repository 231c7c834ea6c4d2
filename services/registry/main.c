/* ucap-registry: programmes and cities. */
#include "rpc.h"
#include "shell/shell.h"

#include <ucap/v1/registry.pb-c.h>
#include <ucap/v1/relay.pb-c.h>

extern const struct migration_set registry_migrations;

static struct db_settings settings;

/* One thread's service: its own connection, once the schema is there. */
static int start(void *arg, const struct server_thread *thread, ProtobufCService **ret_service,
                 struct err *err)
{
    struct db *db = NULL;
    (void)arg;

    int rc = db_open(&settings, "ucap-registry", thread->waits_for, thread->ending, thread->server,
                     &db, err);
    if (rc == 0)
        rc = migration_wait(db, "registry", &registry_migrations, settings.wait_ms,
                            thread->waits_for, thread->ending, thread->server, err);
    if (rc == 0)
        rc =
            registry_create(&db, client_service(thread->client, &ucap__v1__relay__descriptor, NULL),
                            ret_service, err);
    db_close(db);
    return rc;
}

static void stop(void *arg, ProtobufCService *service)
{
    (void)arg;
    registry_destroy(service);
}

int main(int argc, char **argv)
{
    const struct settings_part parts[] = {{db_settings_table, &settings}, {0}};
    const struct server_spec server = {
        .descriptor = &ucap__v1__registry__descriptor,
        .rules = registry_rules,
        .start = start,
        .stop = stop,
        .idle = registry_idle,
    };
    const struct shell_spec spec = {
        .process = "ucap-registry",
        .purpose = "keeps programmes and cities",
        .parts = parts,
        .server = &server,
    };

    return shell_main(&spec, argc, argv);
}
