#include "bus/link.h"

#include "base/id.h"
#include "bus/codec.h"
#include "bus/poll.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define HANDSHAKE_MS         2000
#define HEARTBEAT_MS         500
#define HEARTBEAT_TIMEOUT_MS 1500
#define ZAP_UNKNOWN          400 /* ZeroMQ RFC 27: the credentials are not valid */

#define EVENTS                                                                                     \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_CONNECT_RETRIED |                \
     ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |                               \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

struct socket_option {
    int name;
    int value;
};

static const struct socket_option options[] = {
    /* Not -1 (never), and not ZMQ_IMMEDIATE: with either, libzmq drops the replies that wait to be
     * read when the connection ends. Long before this the link is closed. */
    {ZMQ_RECONNECT_IVL, 3600000},
    {ZMQ_LINGER, 0},
    {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
    {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
    {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS},
    {ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS},
};

static int set_options(void *socket, struct err *err)
{
    int64_t largest = (int64_t)codec_default_limits.message_bytes;

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (zmq_setsockopt(socket, options[i].name, &options[i].value, sizeof(int)) < 0)
            return err_set(err, ERR_INTERNAL, "cannot set socket option %d: %s", options[i].name,
                           zmq_strerror(errno));
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof(largest)) < 0)
        return err_set(err, ERR_INTERNAL, "cannot bound the messages: %s", zmq_strerror(errno));
    return 0;
}

/* Before connect, or the first events are missed. */
static int open_monitor(struct link *link, void *zmq_context, struct err *err)
{
    char name[64];
    uint64_t number;
    int no_linger = 0;

    random_bytes(&number, sizeof(number));
    snprintf(name, sizeof(name), "inproc://ucap-link-%016llx", (unsigned long long)number);
    link->monitor = zmq_socket(zmq_context, ZMQ_PAIR);
    if (!link->monitor || zmq_socket_monitor(link->socket, name, EVENTS) < 0 ||
        zmq_setsockopt(link->monitor, ZMQ_LINGER, &no_linger, sizeof(no_linger)) < 0 ||
        zmq_connect(link->monitor, name) < 0)
        return err_set(err, ERR_INTERNAL, "cannot watch the connection: %s", zmq_strerror(errno));
    return 0;
}

static int connect_socket(struct link *link, const char *gateway_key, struct err *err)
{
    int rc = set_options(link->socket, err);

    if (rc == 0 && link->key)
        rc = curve_client(link->socket, link->key, gateway_key, err);
    if (rc == 0 && zmq_connect(link->socket, link->endpoint) < 0)
        rc = err_set(err, ERR_INVALID_ARGUMENT,
                     "gateway \"%s\" is no address such as tcp://HOST:PORT: %s", link->endpoint,
                     zmq_strerror(errno));
    return rc;
}

int link_open(struct link *link, void *zmq_context, const char *endpoint,
              const struct curve_key *key, const char *gateway_key, struct err *err)
{
    link->socket = zmq_socket(zmq_context, ZMQ_DEALER);
    link->endpoint = endpoint;
    link->key = key;
    if (!link->socket)
        return err_set(err, errno == ETERM ? ERR_CANCELLED : ERR_RESOURCE_EXHAUSTED,
                       "cannot make a socket: %s", zmq_strerror(errno));
    int rc = open_monitor(link, zmq_context, err);
    if (rc == 0)
        rc = connect_socket(link, gateway_key, err);
    if (rc < 0)
        link_close(link, 0);
    return rc;
}

void link_close(struct link *link, int linger_ms)
{
    if (link->socket) {
        zmq_setsockopt(link->socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
        zmq_socket_monitor(link->socket, NULL, 0);
        zmq_close(link->socket);
    }
    if (link->monitor)
        zmq_close(link->monitor);
    *link = (struct link){0};
}

/* ---- why it failed ---- */

static int auth_failed(const struct link *link, uint32_t status, struct err *err)
{
    if (status == ZAP_UNKNOWN)
        return err_set(err, ERR_UNAUTHENTICATED,
                       "gateway %s does not know the key \"%s\": have it added to the gateway's "
                       "principals",
                       link->endpoint, link->key ? link->key->public_key : "");
    return err_set(err, ERR_UNAVAILABLE, "gateway %s admits nobody now (status %u): try again",
                   link->endpoint, status);
}

static int event_cause(const struct link *link, uint16_t event, uint32_t value, struct err *err)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return auth_failed(link, value, err);
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        return err_set(err, ERR_UNAVAILABLE,
                       "gateway %s could not be spoken with: is it a gateway's address, and are "
                       "keys used on both sides?",
                       link->endpoint);
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        return err_set(err, ERR_UNAVAILABLE,
                       "gateway %s broke off the handshake: is the gateway key right?",
                       link->endpoint);
    case ZMQ_EVENT_CONNECT_RETRIED: /* before any other: there was no address to connect to */
        return err_set(err, ERR_UNAVAILABLE,
                       "gateway %s cannot be reached: no IPv4 address is known for its host",
                       link->endpoint);
    case ZMQ_EVENT_DISCONNECTED:
        return err_set(err, ERR_UNAVAILABLE, "the connection to gateway %s was lost",
                       link->endpoint);
    default:
        return err_set(err, ERR_UNAVAILABLE, "gateway %s cannot be reached: nobody listens there",
                       link->endpoint);
    }
}

/* An event is two frames: number and value, packed in the byte order of the machine; the endpoint.
 */
static int read_event(struct link *link, uint16_t *ret_event, uint32_t *ret_value)
{
    uint8_t packed[6];
    char endpoint[256];
    int size = zmq_recv(link->monitor, packed, sizeof(packed), ZMQ_DONTWAIT);

    if (size != (int)sizeof(packed) || zmq_recv(link->monitor, endpoint, sizeof(endpoint), 0) < 0)
        return size < 0 ? -errno : -EPROTO;
    memcpy(ret_event, packed, sizeof(*ret_event));
    memcpy(ret_value, packed + sizeof(*ret_event), sizeof(*ret_value));
    return 0;
}

/* Each event asked for but one means a failure; the first of a series says most. */
int link_check(struct link *link, struct err *err)
{
    uint16_t event = 0;
    uint32_t value = 0;
    int rc;

    do {
        rc = read_event(link, &event, &value);
        if (rc == 0 && event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            return event_cause(link, event, value, err);
        link->up = link->up || rc == 0;
    } while (rc == 0 || rc == -EINTR);
    if (rc == -EAGAIN)
        return 0;
    return err_set(err, ERR_CANCELLED, "the program ends its connections");
}

int link_await(struct link *link, int64_t until_us, struct err *err)
{
    zmq_pollitem_t item = {link->monitor, 0, ZMQ_POLLIN, 0};
    int polled = 1;

    for (;;) {
        int rc = link_check(link, err);
        if (rc < 0 || link->up)
            return rc;
        if (polled == 0)
            return err_set(err, ERR_DEADLINE_EXCEEDED, "gateway %s does not answer",
                           link->endpoint);
        polled = poll_until(&item, 1, until_us);
    }
}
