/* The gateway's settings beside those of every process: where it listens, and every bound. */
#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include "base/settings.h"
#include "broker.h"

struct gateway_settings {
    char *requests, *events, *publish; /* endpoints */
    char *principals;                  /* path */
    char *plain_service;               /* NAME=ROLE,... */
    bool refuse_chosen_ids;
    int64_t message_limit, header_limit, subscription_limit, queue_bytes;
    int64_t plain_frames, queue_limit, client_limit, peer_limit, worker_limit, service_limit;
    int64_t default_timeout_ms, longest_timeout_ms, plain_expiry_ms, service_wait_ms;
    int64_t handshake_ms, transport_heartbeat_ms, linger_ms;
    int64_t send_queue, receive_queue, event_queue, backlog, io_threads;
};

extern const struct setting gateway_settings_table[];

/* Those of them that are the broker's; `heartbeat_ms` is the shell's. */
struct broker_limits gateway_broker_limits(const struct gateway_settings *settings,
                                           int64_t heartbeat_ms);

/* Cuts "echo=viewer,files=editor". *ret_rules is freed with plain_rules_free. */
int plain_rules_parse(const char *text, struct plain_rule **ret_rules, size_t *ret_count,
                      struct err *err);
void plain_rules_free(struct plain_rule *rules, size_t count);

#endif
