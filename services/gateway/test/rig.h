/* A broker on a bench: peers are names, time is a number, and what the broker sends lies in a tray.
 * Each function ends the test with what it expected when it does not find it. */
#ifndef GATEWAY_TEST_RIG_H
#define GATEWAY_TEST_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker.h"
#include "counters.h"

#include <ucap/v1/bus.pb-c.h>

#define REGISTRY  "ucap.v1.Registry"
#define HEARTBEAT 400 /* milliseconds */

/* Who sits behind a connection: principals of the rig's file, and one that is not in it. */
enum user { VIEWER, EDITOR, ADMIN, SERVICE, OTHER_SERVICE, STRANGER, USERS };

#define TRAY 4096

struct rig {
    struct broker *broker;
    struct broker_config config;
    struct principals *principals;
    struct curve_key keys[USERS];
    int64_t now_us;
    struct frames *tray[TRAY]; /* what was sent, oldest first */
    size_t tray_count;
    const char *unreachable;   /* sends to this peer fail */
    int64_t counted[COUNTERS]; /* at the start */
};

/* Limits as the settings have them by default; `change` (or NULL) alters them before the broker is
 * made. */
struct rig *rig_begin(void (*change)(struct broker_config *config));
void rig_end(struct rig *rig);

/* Puts another list in force: rows of YAML in which %N stands for the key of user N. */
void rig_principals(struct rig *rig, const char *yaml);
extern const char rig_default_principals[];

/* `peer` sends text frames (ends with NULL); "" is an empty one. */
void rig_say(struct rig *rig, const char *peer, enum user user, ...);
void rig_say_frames(struct rig *rig, const char *peer, enum user user, struct frames *frames);

/* The next message to `peer` is exactly these text frames (ends with NULL); "*" stands for any
 * frame. */
void rig_expect(struct rig *rig, const char *peer, ...);
void rig_expect_nothing(struct rig *rig, const char *peer);
/* The next message to `peer`, or NULL; the caller frees with rig_drop. Routing id first. */
struct frames *rig_take(struct rig *rig, const char *peer);
void rig_drop(struct frames *frames);
void rig_forget_tray(struct rig *rig);

/* Time goes by in steps of 20 ms, with a tick at each. */
void rig_pass(struct rig *rig, int64_t ms);
/* The same while `peers` (ends with NULL) send heartbeats of MDP/0.2 as SERVICE. */
void rig_pass_alive(struct rig *rig, int64_t ms, ...);

/* How much a counter rose since the start. */
int64_t rig_count(const struct rig *rig, enum counter counter);

/* ---- our protocol ---- */

/* A RequestHeader as a frame. timeout_ms 0: none. */
void rig_add_header(struct frames *frames, const char *request_id, uint32_t timeout_ms);
/* MDP/0.2 request to `service` with header and body "message". */
void rig_ask(struct rig *rig, const char *peer, enum user user, const char *service,
             const char *request_id, uint32_t timeout_ms);
/* The next message to `peer` is a FINAL of MDP/0.2 with this status and request id, whose sentence
 * contains `words`. */
void rig_expect_status(struct rig *rig, const char *peer, const char *request_id, int status,
                       const char *words);
/* READY of MDP/0.2 with credit and instance (each may be NULL), as SERVICE. */
void rig_register(struct rig *rig, const char *peer, const char *service, const char *credit,
                  const char *instance);
/* The next message to `peer` is a REQUEST of MDP/0.2: its token is copied to ret_token (17 bytes,
 * ends with 0 byte). */
struct frames *rig_expect_request(struct rig *rig, const char *peer, unsigned char ret_token[16]);
/* The worker answers: FINAL or PARTIAL ("\x04" or "\x03") with two text frames. */
void rig_answer(struct rig *rig, const char *peer, const unsigned char token[16],
                const char *command, const char *header, const char *message);
/* Takes a request and answers it. */
void rig_serve(struct rig *rig, const char *peer);

#endif
