/* A whole system: keys and a principals file, a gateway on free ports, and with a database migrate
 * and a registry. Every process has its local Control endpoint in the kit's folder, at
 * INSTANCE.ctl. */
#include "testkit/kit.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/control.pb-c.h>

#define READY_LIMIT_MS 60000
#define ASK_LIMIT_MS   1000
#define ARGUMENTS_MAX  48

/* Who may connect: a row becomes a key file NAME.key and an entry of the principals file. */
static const struct user {
    const char *name, *role, *programmes, *services;
} users[KIT_USERS] = {
    {"gateway", NULL, NULL, NULL}, /* a key only: the gateway itself is no principal */
    {"registry", "service", "'*'", "ucap.v1.Registry, 'ucap.v1.Control@registry*'"},
    {"relay", "service", "'*'", "ucap.v1.Relay, 'ucap.v1.Control@relay*'"},
    {"viewer", "viewer", "'*'", ""},
    {"narrow", "editor", "alpha", ""},
    {"editor", "editor", "'*'", ""},
    {"admin", "admin", "'*'", ""},
};

static struct curve_key *find_key(struct kit_system *system, const char *user)
{
    for (size_t i = 0; i < KIT_USERS; i++)
        if (strcmp(users[i].name, user) == 0)
            return &system->keys[i];
    kit_fail("the test's system has no user \"%s\"", user);
}

const struct curve_key *kit_system_key(struct kit_system *system, const char *user)
{
    return find_key(system, user);
}

const char *kit_system_key_file(struct kit_system *system, const char *user)
{
    return kit_path(system->kit, "%s.key", user);
}

static void make_keys(struct kit_system *system)
{
    struct err err = ERR_INIT;
    char text[4096] = "principals:\n";

    for (size_t i = 0; i < KIT_USERS; i++) {
        size_t length = strlen(text);
        struct curve_key *key = &system->keys[i];
        if (curve_key_generate(key, &err) < 0 ||
            curve_key_write(kit_system_key_file(system, users[i].name), key, "of a test", &err) < 0)
            kit_fail("cannot make the key of %s: %s", users[i].name, err.text);
        if (users[i].role)
            snprintf(text + length, sizeof(text) - length,
                     "  - name: %s\n    public_key: '%s'\n    role: %s\n    programmes: [%s]\n"
                     "    services: [%s]\n",
                     users[i].name, key->public_key, users[i].role, users[i].programmes,
                     users[i].services);
    }
    system->gateway_key = *find_key(system, "gateway");
    system->principals = kit_path(system->kit, "principals.yaml");
    kit_write_file(system->principals, text, 0600);
}

/* ---- readiness ---- */

struct readiness {
    struct kit_process *process;
    const char *control, *name;
    char *address;
    size_t size;
};

static void take_address(const struct readiness *ready, const Ucap__V1__PingReply *reply)
{
    for (size_t i = 0; ready->size > 0 && i < reply->n_endpoints; i++)
        if (strcmp(reply->endpoints[i]->name, ready->name) == 0)
            snprintf(ready->address, ready->size, "%s", reply->endpoints[i]->address);
}

static bool is_ready(void *arg)
{
    const struct readiness *ready = arg;
    if (!kit_is_running(ready->process))
        return true;
    const char *const gateways[] = {ready->control, NULL};
    const struct client_config config = {
        .gateways = gateways,
        .connect_timeout_ms = ASK_LIMIT_MS,
        .call_timeout_ms = ASK_LIMIT_MS,
    };
    const Ucap__V1__PingRequest ping = UCAP__V1__PING_REQUEST__INIT;
    struct client *client = NULL;
    void *zmq = zmq_ctx_new();
    struct call call;
    bool answer = false;

    call_init(&call);
    if (client_create(zmq, &config, &client, NULL) == 0 &&
        call_run(client_service(client, &ucap__v1__control__descriptor, NULL), "Ping", &ping.base,
                 &call) == 0) {
        const Ucap__V1__PingReply *reply = (const Ucap__V1__PingReply *)call.reply;
        answer = reply->state == UCAP__V1__PING_REPLY__STATE__STATE_READY;
        take_address(ready, reply);
    }
    call_clear(&call);
    client_destroy(client);
    zmq_ctx_term(zmq);
    return answer;
}

void kit_wait_ready(struct kit_process *process, const char *control, const char *name,
                    char *ret_address, size_t size)
{
    struct readiness ready = {.process = process, .control = control, .name = name, .size = size};

    ready.address = ret_address;
    kit_wait("a process to be ready or to end", READY_LIMIT_MS, is_ready, &ready);
    if (!kit_is_running(process))
        kit_fail("the process ended before it was ready: %s", kit_stderr(process));
}

/* ---- processes ---- */

/* Starts PROGRAM with its key, control endpoint and instance, and the arguments of `first` and
 * `more` (may be NULL), and waits until it is ready. */
static struct kit_process *start(struct kit_system *system, const char *program, const char *user,
                                 const char *instance, const char *const *first,
                                 const char *const *more, const char **ret_control)
{
    const char *argv[ARGUMENTS_MAX] = {"--key-file", kit_system_key_file(system, user),
                                       "--instance", instance, "--control"};
    size_t count = 5;
    char *control = kit_alloc(system->kit, 128);

    snprintf(control, 128, "ipc://%s/%s.ctl", kit_dir(system->kit), instance);
    argv[count++] = control;
    for (; first && *first && count < ARGUMENTS_MAX - 1; first++)
        argv[count++] = *first;
    for (; more && *more && count < ARGUMENTS_MAX - 1; more++)
        argv[count++] = *more;
    *ret_control = control;
    return kit_start(system->kit, program, argv, NULL);
}

static void start_gateway(struct kit_system *system)
{
    const char *const argv[] = {"--requests",        "tcp://127.0.0.1:*", "--events",
                                "tcp://127.0.0.1:*", "--publish",         "tcp://127.0.0.1:*",
                                "--principals",      system->principals,  NULL};
    const char *control;

    system->gateway = start(system, "ucap-gateway", "gateway", "gateway", argv, NULL, &control);
    kit_wait_ready(system->gateway, control, "requests", system->requests,
                   sizeof(system->requests));
    kit_wait_ready(system->gateway, control, "events", system->events, sizeof(system->events));
    kit_wait_ready(system->gateway, control, "publish", system->publish, sizeof(system->publish));
}

static void migrate(struct kit_system *system)
{
    const char *passwords = kit_path(system->kit, "registry.password");
    const char *const argv[] = {"--database",
                                kit_pg_conninfo(system->pg, "postgres", "ucap"),
                                "--database-password",
                                "test",
                                "--role-password-dir",
                                kit_dir(system->kit),
                                NULL};

    free(kit_pg_value(system->pg, "postgres",
                      "CREATE DATABASE ucap TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"));
    kit_write_file(passwords, "test", 0600);
    struct kit_process *process = kit_start(system->kit, "ucap-migrate", argv, NULL);
    if (kit_wait_exit(process, READY_LIMIT_MS) != 0)
        kit_fail("the migrations failed: %s", kit_stderr(process));
}

struct kit_process *kit_system_registry(struct kit_system *system, const char *instance,
                                        const char *const *more)
{
    const char *const argv[] = {"--gateways",
                                system->requests,
                                "--gateway-key",
                                system->gateway_key.public_key,
                                "--database",
                                kit_pg_conninfo(system->pg, "ucap_registry", "ucap"),
                                "--database-password",
                                "test",
                                NULL};
    const char *control;
    struct kit_process *registry =
        start(system, "ucap-registry", "registry", instance, argv, more, &control);

    kit_wait_ready(registry, control, "", NULL, 0);
    return registry;
}

void kit_system_start(struct kit *kit, bool with_registry, struct kit_system *ret_system)
{
    *ret_system = (struct kit_system){.kit = kit};
    make_keys(ret_system);
    start_gateway(ret_system);
    if (!with_registry)
        return;
    ret_system->pg = kit_pg_start(kit);
    migrate(ret_system);
    ret_system->registry = kit_system_registry(ret_system, "registry-1", NULL);
}
