/* The gateway: sockets, and one thread that moves what comes in through the broker, the ZAP handler
 * and the events. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "settings.h"
#include "shell/shell.h"

struct gateway;

/* Nothing is opened yet. The settings outlive the gateway. */
int gateway_create(const struct gateway_settings *settings, struct gateway **ret_gateway,
                   struct err *err);
void gateway_destroy(struct gateway *gateway); /* one that was not started, or joined */

/* Reads key and principals, binds, tests itself, starts the thread. */
int gateway_start(struct gateway *gateway, struct shell *shell, struct err *err);

/* These only tell the thread, and may come before it runs: any thread. */
void gateway_drain(struct gateway *gateway);
void gateway_reread(struct gateway *gateway);

/* Waits until all is answered, at most until_us on the monotonic clock: then the rest is answered
 * UNAVAILABLE and -ERR_DEADLINE_EXCEEDED returned. The sockets are closed. */
int gateway_join(struct gateway *gateway, int64_t until_us);

#endif
