/* Settings that every process has. */
#include "options.h"

#include "base/id.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX    8 /* of the process */
#define INSTANCE_MAX 64

#define AT(member) offsetof(struct shell_settings, member)

const struct setting shell_settings_table[] = {
    {"key-file", SETTING_TEXT, AT(key_file), "", 0, 0,
     "file with this process's key, written by `ucap key generate`"},
    {"instance", SETTING_TEXT, AT(instance), "", 0, 0,
     "name of this process among all of its kind; default: its kind and 8 random digits"},
    {"control", SETTING_TEXT, AT(control), "", 0, 0,
     "local endpoint for health checks, such as ipc:///run/ucap/registry.ctl; empty: none"},
    {"log-level", SETTING_TEXT, AT(log_level), "info", 0, 0,
     "which log lines are written: error, warning, info or debug"},
    {"drain-limit", SETTING_DURATION, AT(drain_ms), "10s", 0, 3600000,
     "how long the process may take to answer what it holds when it is told to end"},
    {"heartbeat", SETTING_DURATION, AT(heartbeat_ms), "400ms", 10, 60000,
     "interval of heartbeats, the same for gateways and services; four missed ones are the end"},
    {"health", SETTING_BOOL, AT(health), "false", 0, 0,
     "ask the running process at --control for its state, print it and end"},
    {0},
};

const struct setting shell_worker_settings_table[] = {
    {"gateways", SETTING_LIST, AT(gateways), "tcp://127.0.0.1:7110", 0, 0,
     "endpoints of the gateways, all of which this process serves"},
    {"gateway-key", SETTING_SECRET, AT(gateway_key), "", 0, 0,
     "public key of the gateways (40 characters of Z85)"},
    {"threads", SETTING_INT, AT(threads), "2", 1, 64, "worker threads"},
    {"credit", SETTING_INT, AT(credit), "4", 1, 64,
     "requests that a worker thread takes at once from each gateway"},
    {0},
};

/* With `own_only` the process's own settings are left out: a health check need not give what only
 * the work needs. */
static void make_parts(const struct shell_spec *spec, struct shell_settings *settings,
                       bool own_only, struct settings_part parts[PARTS_MAX + 3])
{
    size_t count = 0;

    parts[count++] = (struct settings_part){shell_settings_table, settings};
    if (spec->server)
        parts[count++] = (struct settings_part){shell_worker_settings_table, settings};
    for (const struct settings_part *part = own_only ? NULL : spec->parts; part && part->table;
         part++) {
        assert(count <= PARTS_MAX + 1);
        parts[count++] = *part;
    }
    parts[count] = (struct settings_part){NULL, NULL};
}

static int name_instance(const char *process, struct shell_settings *settings, struct err *err)
{
    uint32_t number;
    char *name = NULL;

    if (settings->instance[0])
        return 0;
    random_bytes(&number, sizeof(number));
    if (strncmp(process, "ucap-", 5) == 0)
        process += 5;
    if (asprintf(&name, "%s-%08x", process, number) < 0)
        return err_nomem(err);
    free(settings->instance);
    settings->instance = name;
    return 0;
}

/* It stands in the name of a service, ucap.v1.Control@INSTANCE, and in log lines. */
static int check_instance(const char *instance, struct err *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

    if (strlen(instance) <= INSTANCE_MAX && instance[strspn(instance, allowed)] == '\0')
        return 0;
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "--instance \"%s\" must be 1 to %d letters, digits and - . _", instance,
                   INSTANCE_MAX);
}

static int check_log_level(const char *name, struct err *err)
{
    enum log_level level;

    if (log_level_parse(name, &level) == 0)
        return 0;
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "--log-level \"%s\" is none of error, warning, info, debug", name);
}

static int check_health(const struct shell_settings *settings, struct err *err)
{
    if (!settings->health || settings->control[0])
        return 0;
    return err_set(err, ERR_INVALID_ARGUMENT,
                   "--health asks the endpoint that --control names: give --control ipc:///PATH");
}

/* The rows that dispatch goes by, as people read them. */
static void print_methods(const struct server_spec *server)
{
    static const struct {
        unsigned bit;
        const char *name;
    } roles[] = {{MAY_VIEWER, "viewer"},
                 {MAY_EDITOR, "editor"},
                 {MAY_ADMIN, "admin"},
                 {MAY_SERVICE, "service"}};

    printf("\nMethods of %s, and the roles that may call them:\n", server->descriptor->name);
    for (const struct method_rule *rule = server->rules; rule->method; rule++) {
        const char *separator = "";
        printf("  %-26s  %s\n  %26s  ", rule->method, rule->help, "");
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
            if (!(rule->may & roles[i].bit))
                continue;
            printf("%s%s", separator, roles[i].name);
            separator = ", ";
        }
        putchar('\n');
    }
}

static bool asks_health(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--health") == 0)
            return true;
    return false;
}

int options_load(const struct shell_spec *spec, struct shell_settings *settings, int argc,
                 char **argv, enum settings_result *ret_result, struct err *err)
{
    struct settings_part parts[PARTS_MAX + 3];
    enum settings_result result;

    make_parts(spec, settings, asks_health(argc, argv), parts);
    int rc = settings_load(spec->process, spec->purpose, parts, argc, argv, &result, err);
    if (rc < 0)
        return rc;
    if (result == SETTINGS_HELP_PRINTED && spec->server)
        print_methods(spec->server);
    if (result == SETTINGS_RUN) {
        rc = name_instance(spec->process, settings, err);
        if (rc == 0)
            rc = check_instance(settings->instance, err);
        if (rc == 0)
            rc = check_log_level(settings->log_level, err);
        if (rc == 0)
            rc = check_health(settings, err);
    }
    if (rc == 0)
        *ret_result = result;
    return rc;
}

void options_free(const struct shell_spec *spec, struct shell_settings *settings)
{
    struct settings_part parts[PARTS_MAX + 3];

    make_parts(spec, settings, false, parts);
    settings_free(parts);
}
