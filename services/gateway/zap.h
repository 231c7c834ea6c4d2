/* ZAP (ZeroMQ RFC 27): who may connect. libzmq asks over inproc://zeromq.zap.01 during each CURVE
 * handshake; without a handler it would admit every key. */
#ifndef GATEWAY_ZAP_H
#define GATEWAY_ZAP_H

#include "bus/frames.h"
#include "principals.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"

/* Domains of the three sockets. Any listed key may connect to the first two; the third wants
 * `publish: true`. */
#define ZAP_REQUESTS "requests"
#define ZAP_EVENTS   "events"
#define ZAP_PUBLISH  "publish"

/* What was answered; 400 is final for the peer (libzmq never asks again), 300 lets it come back. */
enum zap_status { ZAP_WELCOME = 200, ZAP_LATER = 300, ZAP_REFUSED = 400, ZAP_BROKEN = 500 };

/* Appends the answer to one request (version first, no envelope) to *reply. The User-Id of an
 * admitted peer is its public key in Z85. Principals NULL: not read yet, 300. Returns the status.
 */
enum zap_status zap_answer(const struct frames *request, const struct principals *principals,
                           struct frames *reply);

#endif
