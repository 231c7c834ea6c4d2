/* The client side of Majordomo (ZeroMQ RFC 7 and 18), as far as one service needs it. */
#include "local.h"

#include "bus/mdp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define AT_ONCE     64 /* requests answered before the Control loop looks at other things */
#define MESSAGE_MAX (1 << 20)
#define LINGER_MS   200

struct local {
    void *socket;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of the file; empty: not made yet */
    const struct served *control;
    Ucap__V1__Caller caller;
};

static char *all_programmes[] = {(char *)"*"};

/* ---- the socket file ---- */

static int path_of(const char *endpoint, const char **ret_path, struct err *err)
{
    static const char scheme[] = "ipc://";
    const char *path = endpoint + sizeof(scheme) - 1;

    if (strncmp(endpoint, scheme, sizeof(scheme) - 1) != 0 || path[0] != '/')
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "--control \"%s\" is no local endpoint: write it as ipc:///PATH", endpoint);
    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "the path of --control \"%s\" is too long for a socket: %zu bytes are the "
                       "most",
                       endpoint, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    *ret_path = path;
    return 0;
}

/* True when a process accepts connections at the path. */
static bool is_alive(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    memcpy(address.sun_path, path, strlen(path));
    int rc = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    /* EAGAIN: its queue of connections is full, so there is one. */
    bool alive = rc == 0 || errno == EAGAIN;
    close(fd);
    return alive;
}

/* libzmq unlinks whatever stands at the path before it binds: so this has to look first. */
static int check_path(const char *path, struct err *err)
{
    struct stat file;

    if (lstat(path, &file) < 0)
        return 0; /* bind finds out what else may be wrong */
    if (!S_ISSOCK(file.st_mode))
        return err_set(err, ERR_FAILED_PRECONDITION,
                       "--control: \"%s\" is there and no socket: give another path", path);
    if (is_alive(path))
        return err_set(err, ERR_FAILED_PRECONDITION,
                       "--control: another process listens on \"%s\": end it, or give another path",
                       path);
    return 0;
}

static int bind_socket(void *socket, const char *endpoint, struct err *err)
{
    /* libzmq makes the file in this call, by this thread. */
    mode_t before = umask(0077);
    int rc = zmq_bind(socket, endpoint);
    int error = zmq_errno();

    umask(before);
    if (rc == 0)
        return 0;
    return err_set(err, ERR_FAILED_PRECONDITION, "--control: cannot listen on \"%s\": %s", endpoint,
                   zmq_strerror(error));
}

static void *make_socket(void *zmq_context)
{
    void *socket = zmq_socket(zmq_context, ZMQ_ROUTER);
    int64_t message_max = MESSAGE_MAX;
    int linger_ms = LINGER_MS;

    if (!socket)
        return NULL;
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max));
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    return socket;
}

int local_open(void *zmq_context, const char *endpoint, const struct served *control,
               struct local **ret_local, struct err *err)
{
    const char *path = NULL;

    int rc = path_of(endpoint, &path, err);
    if (rc == 0)
        rc = check_path(path, err);
    if (rc < 0)
        return rc;
    struct local *local = calloc(1, sizeof(*local));
    if (!local)
        return err_nomem(err);
    local->control = control;
    ucap__v1__caller__init(&local->caller);
    local->caller.principal = (char *)"local";
    local->caller.role = UCAP__V1__ROLE__VALUE__ROLE_ADMIN;
    local->caller.programmes = all_programmes;
    local->caller.n_programmes = 1;
    local->socket = make_socket(zmq_context);
    rc = local->socket ? bind_socket(local->socket, endpoint, err) : err_nomem(err);
    if (rc < 0) {
        local_close(local);
        return rc;
    }
    snprintf(local->path, sizeof(local->path), "%s", path);
    *ret_local = local;
    return 0;
}

void local_close(struct local *local)
{
    if (!local)
        return;
    if (local->path[0])
        unlink(local->path); /* libzmq leaves it */
    if (local->socket)
        zmq_close(local->socket);
    free(local);
}

void *local_socket(const struct local *local)
{
    return local->socket;
}

/* ---- requests ---- */

/* The service's own name, or that with an instance: who could be meant but this process. */
static bool is_control(const struct frames *request, size_t index)
{
    const char *name = ucap__v1__control__descriptor.name;
    size_t length = strlen(name);
    const char *asked = frames_data(request, index);
    size_t size = frames_size(request, index);

    return size >= length && memcmp(asked, name, length) == 0 &&
           (size == length || asked[length] == '@');
}

static int check_request(const struct frames *request, const struct mdp_message *message,
                         struct err *err)
{
    if (!is_control(request, message->service))
        return err_set(err, ERR_UNIMPLEMENTED, "this endpoint serves %s only",
                       ucap__v1__control__descriptor.name);
    if (request->count - message->body != 2)
        return err_set(err, ERR_INVALID_ARGUMENT,
                       "a request's body is two frames, header and message; this one has %zu",
                       request->count - message->body);
    return 0;
}

static void answer(struct local *local, const struct frames *frames,
                   const struct mdp_message *message, struct frames *out)
{
    struct err err = ERR_INIT;

    if (check_request(frames, message, &err) < 0) {
        served_refuse(&err, out);
        return;
    }
    struct served_request request = {
        .caller = &local->caller,
        .header = frames_data(frames, message->body),
        .header_size = frames_size(frames, message->body),
        .message = frames_data(frames, message->body + 1),
        .message_size = frames_size(frames, message->body + 1),
        .received_us = clock_mono_us(clock_system()),
    };
    served_dispatch(local->control, &request, out);
}

/* What is no request of a client gets no answer: there is no form to give one in. */
static void serve_one(struct local *local, struct frames *frames)
{
    struct frames out = {.count = 0};
    struct mdp_message message;

    if (mdp_parse(frames, 1, &message, NULL) < 0 || message.form.side != MDP_CLIENT ||
        message.command != MDP_REQUEST)
        return;
    frames_take(&out, &frames->list[0]);
    mdp_add_head(&out, &message.form, MDP_FINAL, frames_data(frames, message.service),
                 frames_size(frames, message.service));
    answer(local, frames, &message, &out);
    frames_send(local->socket, ZMQ_DONTWAIT, &out);
}

void local_serve(struct local *local)
{
    struct frames frames;

    for (int i = 0; i < AT_ONCE; i++) {
        int rc = frames_recv(local->socket, ZMQ_DONTWAIT, &frames);
        if (rc == -ERR_OUT_OF_RANGE)
            continue;
        if (rc < 0)
            return;
        serve_one(local, &frames);
        frames_clear(&frames);
    }
}
