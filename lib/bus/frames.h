/* A message of several ZeroMQ frames, received and sent whole. */
#ifndef UCAP_BUS_FRAMES_H
#define UCAP_BUS_FRAMES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>

/* Frames of one message, routing id included; a longer one is dropped and counted. */
#define FRAMES_MAX 16

/* Zero-initialised is empty. Initialised messages are list[0..count). */
struct frames {
    zmq_msg_t list[FRAMES_MAX];
    size_t count;
};

/* Receives one whole message. Returns 0; -ERR_UNAVAILABLE when there is none (EAGAIN) or the call
 * was interrupted; -ERR_OUT_OF_RANGE when it had too many frames (all were taken from the socket
 * and dropped); -ERR_CANCELLED when the context ends. `flags`: 0 or ZMQ_DONTWAIT. */
int frames_recv(void *socket, int flags, struct frames *ret_frames);

/* The same, but with -ERR_OUT_OF_RANGE the first FRAMES_MAX frames are left in *ret_frames: a
 * ROUTER sees there who sent too many. */
int frames_recv_cut(void *socket, int flags, struct frames *ret_frames);

/* Sends all and leaves the struct empty, whether it succeeds or not. `flags`: 0 or ZMQ_DONTWAIT.
 * -ERR_UNAVAILABLE: the peer is gone or its queue is full. */
int frames_send(void *socket, int flags, struct frames *frames);

/* Appends a copy of bytes, text without its 0, an empty frame, or a message that is taken (left
 * initialised, empty). -ERR_RESOURCE_EXHAUSTED: no room or no memory. */
int frames_add(struct frames *frames, const void *bytes, size_t size);
int frames_add_text(struct frames *frames, const char *text);
int frames_take(struct frames *frames, zmq_msg_t *message);

const void *frames_data(const struct frames *frames, size_t index);
size_t frames_size(const struct frames *frames, size_t index);
bool frames_equal(const struct frames *frames, size_t index, const void *bytes, size_t size);
void frames_clear(struct frames *frames);

#endif
