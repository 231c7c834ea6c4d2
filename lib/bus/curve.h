/* CURVE keys (ZeroMQ RFC 25/26; Z85 text, RFC 32): made, read, written, put on sockets. */
#ifndef UCAP_BUS_CURVE_H
#define UCAP_BUS_CURVE_H

#include "base/err.h"

#include <stdbool.h>

#define CURVE_KEY_SIZE 41 /* 40 characters of Z85 and the terminating 0 */

struct curve_key {
    char public_key[CURVE_KEY_SIZE];
    char secret_key[CURVE_KEY_SIZE];
};

int curve_key_generate(struct curve_key *ret_key, struct err *err);

/* The key file: comment lines with '#', then `public-key = Z85` and `secret-key = Z85`. Written
 * with mode 0600, whole or not at all; an existing one is refused (-ERR_ALREADY_EXISTS) and never
 * overwritten. Reading checks that the two belong together and that nobody but the owner (or root
 * and a group) can read the file. */
int curve_key_read(const char *path, struct curve_key *ret_key, struct err *err);
int curve_key_write(const char *path, const struct curve_key *key, const char *comment,
                    struct err *err);

/* True for 40 characters that are a Z85 key. */
bool curve_is_key(const char *text);

/* Options of a socket before bind or connect. A server's socket needs a ZAP handler, or every key
 * is admitted. */
int curve_client(void *socket, const struct curve_key *own, const char *server_key,
                 struct err *err);
int curve_server(void *socket, const struct curve_key *own, const char *zap_domain,
                 struct err *err);

#endif
