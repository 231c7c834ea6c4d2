/* ucap-gateway: the one door. Authenticates, bounds and routes requests; passes events on. */
#include "base/log.h"
#include "counters.h"
#include "gateway.h"
#include "settings.h"
#include "shell/shell.h"

static int start(struct shell *shell, void *gateway, struct err *err)
{
    return gateway_start(gateway, shell, err);
}

static void drain(struct shell *shell, void *gateway)
{
    (void)shell;
    gateway_drain(gateway);
}

static int join(struct shell *shell, void *gateway, int64_t until_us)
{
    (void)shell;
    return gateway_join(gateway, until_us);
}

static void reread(struct shell *shell, void *gateway)
{
    (void)shell;
    gateway_reread(gateway);
}

int main(int argc, char **argv)
{
    struct gateway_settings settings = {0};
    struct gateway *gateway = NULL;
    struct err err = ERR_INIT;
    const struct settings_part parts[] = {{gateway_settings_table, &settings}, {0}};

    if (gateway_create(&settings, &gateway, &err) < 0) {
        log_error("cannot start", log_str("why", err.text));
        return 1;
    }
    const struct shell_spec spec = {.process = "ucap-gateway",
                                    .purpose = "authenticates, bounds and routes requests",
                                    .parts = parts,
                                    .counters = gateway_counters,
                                    .start = start,
                                    .drain = drain,
                                    .join = join,
                                    .reread = reread,
                                    .arg = gateway};
    int code = shell_main(&spec, argc, argv);
    gateway_destroy(gateway);
    return code;
}
