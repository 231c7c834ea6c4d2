/* The table of settings, and the plain services cut from their list. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct gateway_settings, member)
#define MINUTE_MS  ((int64_t)60000)
#define HOUR_MS    (60 * MINUTE_MS)
#define MIB        ((int64_t)1 << 20)
#define GIB        ((int64_t)1 << 30)

const struct setting gateway_settings_table[] = {
    {"requests", SETTING_TEXT, AT(requests), "tcp://127.0.0.1:7110", 0, 0,
     "endpoint for clients and workers; port * takes a free one"},
    {"events", SETTING_TEXT, AT(events), "tcp://127.0.0.1:7111", 0, 0, "endpoint for subscribers"},
    {"publish", SETTING_TEXT, AT(publish), "tcp://127.0.0.1:7112", 0, 0,
     "endpoint where principals with publish: true send events"},
    {"principals", SETTING_TEXT, AT(principals), "", 0, 0,
     "YAML file of who may connect; reread on SIGHUP and when it changes"},
    {"plain-service", SETTING_LIST, AT(plain_service), "", 0, 0,
     "NAME=ROLE,...: the role that clients of a plain service need (others: admin)"},
    {"message-limit", SETTING_SIZE, AT(message_limit), "4MiB", 1024, GIB,
     "longest frame; a longer one ends its connection"},
    {"header-limit", SETTING_SIZE, AT(header_limit), "16KiB", 256, MIB, "longest RequestHeader"},
    {"subscription-limit", SETTING_SIZE, AT(subscription_limit), "1KiB", 64, MIB,
     "longest topic that a subscriber may ask for"},
    {"plain-frames", SETTING_INT, AT(plain_frames), "8", 1, 9,
     "most body frames of a request to a plain service"},
    {"queue-limit", SETTING_INT, AT(queue_limit), "1000", 1, 1000000,
     "most requests that wait for one service"},
    {"queue-bytes", SETTING_SIZE, AT(queue_bytes), "256MiB", 1024, 64 * GIB,
     "most bytes of all requests that wait"},
    {"client-limit", SETTING_INT, AT(client_limit), "256", 1, 1000000,
     "most unanswered requests of one connection"},
    {"peer-limit", SETTING_INT, AT(peer_limit), "10000", 16, 10000000,
     "most connections remembered; the one idle for longest is forgotten first"},
    {"worker-limit", SETTING_INT, AT(worker_limit), "1000", 1, 1000000, "most workers registered"},
    {"service-limit", SETTING_INT, AT(service_limit), "1000", 1, 1000000,
     "most services, served or asked for, until no other may be asked for"},
    {"default-timeout", SETTING_DURATION, AT(default_timeout_ms), "10s", 1, HOUR_MS,
     "deadline of requests that name none"},
    {"longest-timeout", SETTING_DURATION, AT(longest_timeout_ms), "5m", 1, 24 * HOUR_MS,
     "longest deadline that a request gets"},
    {"plain-expiry", SETTING_DURATION, AT(plain_expiry_ms), "30s", 1, 24 * HOUR_MS,
     "time after which a plain request is dropped"},
    {"service-wait", SETTING_DURATION, AT(service_wait_ms), "2s", 1, HOUR_MS,
     "how long a request waits for a service that has no worker"},
    {"refuse-chosen-ids", SETTING_BOOL, AT(refuse_chosen_ids), "true", 0, 0,
     "refuse peers that set ZMQ_ROUTING_ID: who takes the id later gets what is sent to it"},
    {"handshake-limit", SETTING_DURATION, AT(handshake_ms), "2s", 100, MINUTE_MS,
     "time a new connection has to prove its key"},
    {"transport-heartbeat", SETTING_DURATION, AT(transport_heartbeat_ms), "5s", 100, MINUTE_MS,
     "interval of ZMTP pings; a connection silent for three is closed"},
    {"linger", SETTING_DURATION, AT(linger_ms), "1s", 1, MINUTE_MS,
     "time for what is sent to leave at the end"},
    {"send-queue", SETTING_INT, AT(send_queue), "1000", 1, 1000000,
     "most messages that wait to be sent to one connection"},
    {"receive-queue", SETTING_INT, AT(receive_queue), "200", 1, 1000000,
     "most messages of one connection that wait to be read"},
    {"event-queue", SETTING_INT, AT(event_queue), "10000", 1, 10000000,
     "most events that wait for one subscriber; more are dropped, it replays"},
    {"backlog", SETTING_INT, AT(backlog), "1024", 1, 65535, "connections not yet accepted"},
    {"io-threads", SETTING_INT, AT(io_threads), "2", 1, 64, "threads that encrypt and decrypt"},
    {0},
};

struct broker_limits gateway_broker_limits(const struct gateway_settings *settings,
                                           int64_t heartbeat_ms)
{
    return (struct broker_limits){
        .heartbeat_us = heartbeat_ms * 1000,
        .service_wait_us = settings->service_wait_ms * 1000,
        .default_timeout_us = settings->default_timeout_ms * 1000,
        .longest_timeout_us = settings->longest_timeout_ms * 1000,
        .plain_expiry_us = settings->plain_expiry_ms * 1000,
        .queue = (size_t)settings->queue_limit,
        .queue_bytes = (size_t)settings->queue_bytes,
        .in_flight = (size_t)settings->client_limit,
        .peers = (size_t)settings->peer_limit,
        .workers = (size_t)settings->worker_limit,
        .services = (size_t)settings->service_limit,
        .plain_frames = (size_t)settings->plain_frames,
        .header_bytes = (size_t)settings->header_limit,
        .refuse_chosen_ids = settings->refuse_chosen_ids,
    };
}

/* ---- plain services ---- */

static const struct {
    const char *name;
    Ucap__V1__Role__Value role;
} roles[] = {
    {"viewer", UCAP__V1__ROLE__VALUE__ROLE_VIEWER},
    {"editor", UCAP__V1__ROLE__VALUE__ROLE_EDITOR},
    {"admin", UCAP__V1__ROLE__VALUE__ROLE_ADMIN},
    {"service", UCAP__V1__ROLE__VALUE__ROLE_SERVICE},
};

static int parse_role(const char *name, Ucap__V1__Role__Value *ret_role)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(name, roles[i].name) == 0) {
            *ret_role = roles[i].role;
            return 0;
        }
    }
    return -ERR_INVALID_ARGUMENT;
}

static int parse_rule(const char *item, struct plain_rule *rule, struct err *err)
{
    const char *equals = strchr(item, '=');

    if (!equals || equals == item || parse_role(equals + 1, &rule->role) < 0)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "setting plain-service: \"%s\" is not NAME=ROLE with role viewer, editor, "
                       "admin or service",
                       item);
    if (strncmp(item, "mmi.", 4) == 0)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "setting plain-service: \"%s\" is the gateway's own: remove it", item);
    rule->service = strndup(item, (size_t)(equals - item));
    return rule->service ? 0 : err_nomem(err);
}

static size_t count_items(char *const *items)
{
    size_t count = 0;

    while (items[count])
        count++;
    return count;
}

int plain_rules_parse(const char *text, struct plain_rule **ret_rules, size_t *ret_count,
                      struct err *err)
{
    char **items = NULL;
    int rc = settings_split(text, &items, err);

    if (rc < 0)
        return rc;
    size_t count = count_items(items);
    struct plain_rule *rules = calloc(count + 1, sizeof(*rules));
    if (!rules)
        rc = err_nomem(err);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = parse_rule(items[i], &rules[i], err);
    settings_split_free(items);
    if (rc < 0) {
        plain_rules_free(rules, count);
        return rc;
    }
    *ret_rules = rules;
    *ret_count = count;
    return 0;
}

void plain_rules_free(struct plain_rule *rules, size_t count)
{
    for (size_t i = 0; rules && i < count; i++)
        free(rules[i].service);
    free(rules);
}
