/* Multi-frame messages. libzmq delivers and takes a message whole, but frame by frame; the struct
 * keeps that from the callers. */
#include "bus/frames.h"

#include <errno.h>
#include <string.h>

static int recv_code(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
        return -ERR_UNAVAILABLE;
    case ETERM:
        return -ERR_CANCELLED;
    default:
        return -ERR_INTERNAL;
    }
}

/* The frames after the first are there already; only a signal or the end of the context comes
 * between. */
static int recv_rest(void *socket, zmq_msg_t *message)
{
    int rc;

    do
        rc = zmq_msg_recv(message, socket, 0);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? recv_code(errno) : 0;
}

/* Takes what is left of a message that is too long, or it would be read as the next one. */
static int drop_rest(void *socket)
{
    zmq_msg_t message;
    int rc = 0;
    bool more = true;

    while (rc == 0 && more) {
        zmq_msg_init(&message);
        rc = recv_rest(socket, &message);
        more = zmq_msg_more(&message) != 0;
        zmq_msg_close(&message);
    }
    return rc < 0 ? rc : -ERR_OUT_OF_RANGE;
}

static int recv_all(void *socket, int flags, struct frames *got)
{
    bool more = true;

    while (more) {
        if (got->count == FRAMES_MAX)
            return drop_rest(socket);
        zmq_msg_t *message = &got->list[got->count++];
        zmq_msg_init(message);
        if (got->count > 1) {
            int rc = recv_rest(socket, message);
            if (rc < 0)
                return rc;
        } else if (zmq_msg_recv(message, socket, flags) < 0) {
            return recv_code(errno);
        }
        more = zmq_msg_more(message) != 0;
    }
    return 0;
}

int frames_recv_cut(void *socket, int flags, struct frames *ret_frames)
{
    ret_frames->count = 0;
    int rc = recv_all(socket, flags, ret_frames);
    if (rc < 0 && rc != -ERR_OUT_OF_RANGE)
        frames_clear(ret_frames);
    return rc;
}

int frames_recv(void *socket, int flags, struct frames *ret_frames)
{
    int rc = frames_recv_cut(socket, flags, ret_frames);

    if (rc < 0)
        frames_clear(ret_frames);
    return rc;
}

static int send_one(void *socket, int flags, zmq_msg_t *message)
{
    int rc;

    do
        rc = zmq_msg_send(message, socket, flags);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}

int frames_send(void *socket, int flags, struct frames *frames)
{
    int rc = 0;

    for (size_t i = 0; i < frames->count; i++) {
        int more = i + 1 < frames->count ? ZMQ_SNDMORE : 0;
        int sent = send_one(socket, flags | more, &frames->list[i]);
        if (sent < 0 && rc == 0)
            rc = sent;
        if (rc < 0 && i == 0)
            break;
        /* When the peer goes away in the middle, libzmq drops the rest as it comes: it must come
         * all the same, or the next message would be taken for that rest. */
    }
    frames_clear(frames);
    if (rc == 0)
        return 0;
    return rc == -ETERM ? -ERR_CANCELLED : -ERR_UNAVAILABLE;
}

int frames_add(struct frames *frames, const void *bytes, size_t size)
{
    if (frames->count == FRAMES_MAX || zmq_msg_init_size(&frames->list[frames->count], size) < 0)
        return -ERR_RESOURCE_EXHAUSTED;
    if (size)
        memcpy(zmq_msg_data(&frames->list[frames->count]), bytes, size);
    frames->count++;
    return 0;
}

int frames_add_text(struct frames *frames, const char *text)
{
    return frames_add(frames, text, strlen(text));
}

int frames_take(struct frames *frames, zmq_msg_t *message)
{
    if (frames->count == FRAMES_MAX)
        return -ERR_RESOURCE_EXHAUSTED;
    zmq_msg_init(&frames->list[frames->count]);
    zmq_msg_move(&frames->list[frames->count++], message);
    return 0;
}

/* libzmq's readers take a message that is not const, and only read. */
const void *frames_data(const struct frames *frames, size_t index)
{
    return zmq_msg_data((zmq_msg_t *)&frames->list[index]);
}

size_t frames_size(const struct frames *frames, size_t index)
{
    return zmq_msg_size(&frames->list[index]);
}

bool frames_equal(const struct frames *frames, size_t index, const void *bytes, size_t size)
{
    return index < frames->count && frames_size(frames, index) == size &&
           (size == 0 || memcmp(frames_data(frames, index), bytes, size) == 0);
}

void frames_clear(struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        zmq_msg_close(&frames->list[i]);
    frames->count = 0;
}
