/* A process for the tests of the shell: it serves ucap.v1.Relay. Files tell it what to do, so that
 * a test decides when: start waits while --start-hold exists, Poke while --poke-hold does. */
#include "shell/shell.h"

#include "base/log.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <ucap/v1/relay.pb-c.h>
#include <unistd.h>

static struct demo_settings {
    char *start_hold;
    char *start_fails;
    char *poke_hold;
    bool own; /* no service: start, drain and join of its own */
    char *own_gateway;
    char *own_gateway_key;
} settings;

#define AT(member) offsetof(struct demo_settings, member)

static const struct setting table[] = {
    {"start-hold", SETTING_TEXT, AT(start_hold), "", 0, 0, "start waits while this file is there"},
    {"start-fails", SETTING_TEXT, AT(start_fails), "", 0, 0, "start fails with this sentence"},
    {"poke-hold", SETTING_TEXT, AT(poke_hold), "", 0, 0, "Poke waits while this file is there"},
    {"own", SETTING_BOOL, AT(own), "false", 0, 0, "serves no service"},
    {"own-gateway", SETTING_TEXT, AT(own_gateway), "", 0, 0, "where Control connects then"},
    {"own-gateway-key", SETTING_TEXT, AT(own_gateway_key), "", 0, 0, "and with which key"},
    {0},
};

/* False when told to end meanwhile. */
static bool wait_gone(const char *path, bool (*ending)(void *arg), void *arg)
{
    while (path[0] && access(path, F_OK) == 0) {
        if (ending && ending(arg))
            return false;
        zmq_poll(NULL, 0, 2);
    }
    return true;
}

static int begin(void (*waits_for)(void *arg, const char *sentence), bool (*ending)(void *arg),
                 void *arg, struct err *err)
{
    if (settings.start_fails[0])
        return err_set(err, ERR_FAILED_PRECONDITION, "%s", settings.start_fails);
    waits_for(arg, "waits for its file");
    if (!wait_gone(settings.start_hold, ending, arg))
        return err_set(err, ERR_CANCELLED, "told to end");
    waits_for(arg, "");
    return 0;
}

/* ---- a service ---- */

static void relay_poke(Ucap__V1__Relay_Service *service, const Ucap__V1__PokeRequest *input,
                       Ucap__V1__PokeReply_Closure closure, void *arg)
{
    Ucap__V1__PokeReply reply = UCAP__V1__POKE_REPLY__INIT;

    (void)service;
    (void)input;
    log_info("poked");
    wait_gone(settings.poke_hold, NULL, NULL);
    closure(&reply, arg);
}

static int server_start_one(void *arg, const struct server_thread *thread,
                            ProtobufCService **ret_service, struct err *err)
{
    static Ucap__V1__Relay_Service service = UCAP__V1__RELAY__INIT(relay_);

    (void)arg;
    int rc = begin(thread->waits_for, thread->ending, thread->server, err);
    if (rc == 0)
        *ret_service = &service.base;
    return rc;
}

static void server_stop_one(void *arg, ProtobufCService *service)
{
    (void)arg;
    (void)service;
}

/* ---- or none ---- */

static int own_start(struct shell *shell, void *arg, struct err *err)
{
    struct curve_key key;
    (void)arg;

    int rc = begin(shell_waits_for, shell_is_ending, shell, err);
    if (rc == 0)
        rc = shell_add_endpoint(shell, "requests", "tcp://127.0.0.1:7110", err);
    if (rc < 0 || !settings.own_gateway[0])
        return rc;
    rc = curve_key_read(shell_settings_of(shell)->key_file, &key, err);
    return rc < 0 ? rc
                  : shell_set_gateways(shell, settings.own_gateway, &key, settings.own_gateway_key,
                                       err);
}

static void own_drain(struct shell *shell, void *arg)
{
    (void)shell;
    (void)arg;
    log_info("own drain");
}

static int own_join(struct shell *shell, void *arg, int64_t until_us)
{
    (void)shell;
    (void)arg;
    (void)until_us;
    return 0;
}

static void reread(struct shell *shell, void *arg)
{
    (void)shell;
    (void)arg;
    log_info("reread");
}

int main(int argc, char **argv)
{
    static const struct method_rule rules[] = {{"Poke", MAY_READ, false, "waits"}, {0}};
    const struct settings_part parts[] = {{table, &settings}, {0}};
    const struct server_spec server = {
        .descriptor = &ucap__v1__relay__descriptor,
        .rules = rules,
        .start = server_start_one,
        .stop = server_stop_one,
    };
    struct shell_spec spec = {
        .process = "ucap-demo",
        .purpose = "is there for tests",
        .parts = parts,
        .server = &server,
        .start = own_start,
        .drain = own_drain,
        .join = own_join,
        .reread = reread,
    };

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--own") == 0)
            spec.server = NULL;
    return shell_main(&spec, argc, argv);
}
