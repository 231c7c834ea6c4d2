/* An MDP worker as a state machine:
 *
 *   CLOSED --back-off over--> OPEN --worker_drain--> DRAINING --answered, quiet--> ENDED
 *     ^                        |                        |
 *     +---- silent gateway, ---+                        +-- silent gateway, DISCONNECT --> ENDED
 *           DISCONNECT
 *
 * After DISCONNECT nothing more is sent by that socket (rule 5): it is closed, and a new one made.
 */
#include "bus/worker.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define SILENT_HEARTBEATS   4
#define BACK_OFF_FIRST_US   100000
#define BACK_OFF_LONGEST_US 5000000
#define QUIET_LONGEST_US    1000000
#define LINGER_DRAINED_MS   250
#define HANDSHAKE_MS        2000
#define MESSAGE_MAX         (8 << 20) /* of a frame: above every codec limit */

enum worker_state { WORKER_CLOSED, WORKER_OPEN, WORKER_DRAINING, WORKER_ENDED };

struct worker {
    struct worker_config config;
    void *zmq;
    void *socket; /* in OPEN and DRAINING */
    enum worker_state state;
    unsigned generation;
    unsigned held;       /* requests received and not answered, of this connection */
    int64_t heard_us;    /* the gateway's last command */
    int64_t sent_us;     /* our last command */
    int64_t open_us;     /* CLOSED: when to connect again */
    int64_t back_off_us; /* the last one; 0: none since the gateway was last heard */
    int64_t quiet_us;    /* DRAINING: since when no request has come */
    bool credit_taken;   /* DRAINING: the gateway has confirmed credit 0 */
};

static const struct mdp_form form = {.side = MDP_WORKER, .version = 2, .empty_first = false};

static void close_socket(struct worker *worker, int linger_ms)
{
    if (!worker->socket)
        return;
    zmq_setsockopt(worker->socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    zmq_close(worker->socket);
    worker->socket = NULL;
    worker->held = 0;
}

/* The connection is gone, and what was held with it. */
static void lose(struct worker *worker, int64_t open_us)
{
    close_socket(worker, 0);
    worker->state = worker->state == WORKER_DRAINING ? WORKER_ENDED : WORKER_CLOSED;
    worker->open_us = open_us;
}

static int64_t next_back_off(struct worker *worker)
{
    worker->back_off_us = worker->back_off_us ? worker->back_off_us * 2 : BACK_OFF_FIRST_US;
    if (worker->back_off_us > BACK_OFF_LONGEST_US)
        worker->back_off_us = BACK_OFF_LONGEST_US;
    return worker->back_off_us;
}

/* Sends and empties the frames. A gateway that cannot take a command now is as good as lost: at
 * most `credit` replies are ever under way. */
static void send_frames(struct worker *worker, struct frames *frames, int64_t now_us)
{
    if (frames_send(worker->socket, ZMQ_DONTWAIT, frames) == 0)
        worker->sent_us = now_us;
    else
        lose(worker, now_us + next_back_off(worker));
}

static void send_ready(struct worker *worker, int64_t now_us)
{
    struct frames frames = {.count = 0};
    char credit[16];

    snprintf(credit, sizeof(credit), "%u", worker->config.credit);
    mdp_add_head(&frames, &form, MDP_READY, worker->config.name, strlen(worker->config.name));
    frames_add_text(&frames, credit);
    frames_add_text(&frames, worker->config.instance);
    send_frames(worker, &frames, now_us);
}

static void send_heartbeat(struct worker *worker, int64_t now_us)
{
    struct frames frames = {.count = 0};

    mdp_add_head(&frames, &form, MDP_HEARTBEAT, NULL, 0);
    if (worker->state == WORKER_DRAINING)
        frames_add_text(&frames, "0");
    send_frames(worker, &frames, now_us);
}

/* ---- connecting ---- */

static int set_options(const struct worker *worker, struct err *err)
{
    static const struct {
        int option, value;
    } rows[] = {{ZMQ_LINGER, 0}, {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS}};
    int64_t message_max = MESSAGE_MAX;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        zmq_setsockopt(worker->socket, rows[i].option, &rows[i].value, sizeof(rows[i].value));
    zmq_setsockopt(worker->socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max));
    if (!worker->config.key)
        return 0;
    return curve_client(worker->socket, worker->config.key, worker->config.gateway_key, err);
}

static int connect_socket(struct worker *worker, struct err *err)
{
    worker->socket = zmq_socket(worker->zmq, ZMQ_DEALER);
    if (!worker->socket)
        return err_set(err, ERR_RESOURCE_EXHAUSTED, "cannot make a socket: %s",
                       zmq_strerror(zmq_errno()));
    int rc = set_options(worker, err);
    if (rc == 0 && zmq_connect(worker->socket, worker->config.endpoint) < 0)
        rc = err_set(err, ERR_INVALID_ARGUMENT,
                     "cannot connect to gateway \"%s\": %s; write it as tcp://HOST:PORT",
                     worker->config.endpoint, zmq_strerror(zmq_errno()));
    if (rc < 0)
        close_socket(worker, 0);
    return rc;
}

static int open_connection(struct worker *worker, int64_t now_us, struct err *err)
{
    int rc = connect_socket(worker, err);

    if (rc < 0)
        return rc;
    worker->generation++;
    worker->held = 0;
    worker->heard_us = now_us;
    worker->state = WORKER_OPEN;
    send_ready(worker, now_us);
    return 0;
}

int worker_create(void *zmq_context, const struct worker_config *config, int64_t now_us,
                  struct worker **ret_worker, struct err *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (!worker)
        return err_nomem(err);
    worker->zmq = zmq_context;
    worker->config = *config;
    int rc = open_connection(worker, now_us, err);
    if (rc < 0) {
        worker_destroy(worker);
        return rc;
    }
    *ret_worker = worker;
    return 0;
}

void worker_destroy(struct worker *worker)
{
    if (!worker)
        return;
    close_socket(worker, 0);
    free(worker);
}

void *worker_socket(const struct worker *worker)
{
    return worker->socket;
}

unsigned worker_generation(const struct worker *worker)
{
    return worker->generation;
}

bool worker_is_connected(const struct worker *worker, unsigned generation)
{
    return worker->socket && worker->generation == generation;
}

/* ---- commands of the gateway ---- */

static void on_disconnect(struct worker *worker, int64_t now_us)
{
    int64_t back_off_us = next_back_off(worker);

    log_warning("a gateway disconnected this worker", log_str("gateway", worker->config.endpoint),
                log_str("service", worker->config.name), log_int("again_in_us", back_off_us));
    lose(worker, now_us + back_off_us);
}

/* A gateway that echoes our credit 0 has handed out nothing since it read it. */
static void on_heartbeat(struct worker *worker, const struct frames *frames,
                         const struct mdp_message *message)
{
    unsigned credit = 1;

    if (message->body < frames->count)
        mdp_credit_parse(frames_data(frames, message->body), frames_size(frames, message->body),
                         &credit);
    if (worker->state == WORKER_DRAINING && credit == 0)
        worker->credit_taken = true;
}

/* True for a request. */
static bool on_command(struct worker *worker, const struct frames *frames,
                       const struct mdp_message *message, int64_t now_us)
{
    worker->heard_us = now_us;
    if (message->command == MDP_DISCONNECT) {
        on_disconnect(worker, now_us);
        return false;
    }
    worker->back_off_us = 0;
    if (message->command == MDP_HEARTBEAT) {
        on_heartbeat(worker, frames, message);
    } else if (message->command == MDP_REQUEST) {
        worker->held++;
        worker->quiet_us = now_us;
        return true;
    }
    return false;
}

static bool is_from_gateway(const struct frames *frames, struct mdp_message *ret_message)
{
    return mdp_parse(frames, 0, ret_message, NULL) == 0 && ret_message->form.side == MDP_WORKER;
}

bool worker_recv(struct worker *worker, int64_t now_us, struct frames *ret_frames,
                 struct mdp_message *ret_message)
{
    while (worker->socket && worker->held < worker->config.credit) {
        int rc = frames_recv(worker->socket, ZMQ_DONTWAIT, ret_frames);
        if (rc == -ERR_OUT_OF_RANGE)
            continue;
        if (rc < 0)
            return false;
        if (is_from_gateway(ret_frames, ret_message) &&
            on_command(worker, ret_frames, ret_message, now_us))
            return true;
        frames_clear(ret_frames);
    }
    return false;
}

/* ---- answers ---- */

static int move_body(struct frames *from, struct frames *to)
{
    int rc = 0;

    for (size_t i = 0; i < from->count && rc == 0; i++)
        rc = frames_take(to, &from->list[i]);
    frames_clear(from);
    return rc;
}

void worker_reply(struct worker *worker, unsigned generation, enum mdp_command command,
                  const void *token, size_t token_size, struct frames *body, int64_t now_us)
{
    struct frames frames = {.count = 0};

    if (!worker_is_connected(worker, generation)) {
        frames_clear(body);
        return;
    }
    if (command == MDP_FINAL)
        worker->held--;
    mdp_add_head(&frames, &form, command, token, token_size);
    if (move_body(body, &frames) == 0)
        send_frames(worker, &frames, now_us);
    frames_clear(&frames);
}

/* ---- time ---- */

static int64_t silent_at(const struct worker *worker)
{
    return worker->heard_us + SILENT_HEARTBEATS * worker->config.heartbeat_us;
}

/* While as many requests are held as may be, nobody reads: that is not the gateway's silence. */
static void check_silence(struct worker *worker, int64_t now_us)
{
    if (worker->held >= worker->config.credit)
        worker->heard_us = now_us;
    if (now_us < silent_at(worker))
        return;
    log_warning("a gateway is silent: this connection is given up",
                log_str("gateway", worker->config.endpoint),
                log_str("service", worker->config.name));
    lose(worker, now_us);
}

static void reopen(struct worker *worker, int64_t now_us)
{
    struct err err = ERR_INIT;

    if (now_us < worker->open_us || open_connection(worker, now_us, &err) == 0)
        return;
    worker->open_us = now_us + next_back_off(worker);
    log_warning("cannot connect to a gateway", log_str("gateway", worker->config.endpoint),
                log_str("error", err.text));
}

/* No request has come for so long that none can be under way: a heartbeat, or a second where
 * heartbeats are far apart. */
static int64_t quiet_until(const struct worker *worker)
{
    int64_t heartbeat_us = worker->config.heartbeat_us;

    return worker->quiet_us + (heartbeat_us < QUIET_LONGEST_US ? heartbeat_us : QUIET_LONGEST_US);
}

/* All is answered, and the gateway has nothing more under way for us: it confirmed credit 0, or is
 * quiet. Should a request be under way all the same, the gateway answers its client UNAVAILABLE
 * when it reads our DISCONNECT: nothing was executed. */
static void check_drained(struct worker *worker, int64_t now_us)
{
    struct frames frames = {.count = 0};

    if (worker->held || !(worker->credit_taken || now_us >= quiet_until(worker)))
        return;
    mdp_add_head(&frames, &form, MDP_DISCONNECT, NULL, 0);
    frames_send(worker->socket, ZMQ_DONTWAIT, &frames);
    close_socket(worker, LINGER_DRAINED_MS);
    worker->state = WORKER_ENDED;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_due(const struct worker *worker)
{
    int64_t due = earlier(worker->sent_us + worker->config.heartbeat_us, silent_at(worker));

    if (worker->state == WORKER_CLOSED)
        return worker->open_us;
    if (worker->state == WORKER_ENDED)
        return INT64_MAX;
    if (worker->state == WORKER_DRAINING && !worker->held)
        return earlier(due, quiet_until(worker));
    return due;
}

int64_t worker_tick(struct worker *worker, int64_t now_us)
{
    if (worker->socket)
        check_silence(worker, now_us);
    if (worker->state == WORKER_CLOSED)
        reopen(worker, now_us);
    if (worker->state == WORKER_DRAINING)
        check_drained(worker, now_us);
    if (worker->socket && now_us >= worker->sent_us + worker->config.heartbeat_us)
        send_heartbeat(worker, now_us);
    return next_due(worker);
}

void worker_resume(struct worker *worker, int64_t now_us)
{
    worker->heard_us = now_us;
}

void worker_drain(struct worker *worker, int64_t now_us)
{
    if (worker->state == WORKER_CLOSED)
        worker->state = WORKER_ENDED;
    if (worker->state != WORKER_OPEN)
        return;
    worker->state = WORKER_DRAINING;
    worker->quiet_us = now_us;
    send_heartbeat(worker, now_us);
}

bool worker_ended(const struct worker *worker)
{
    return worker->state == WORKER_ENDED;
}
