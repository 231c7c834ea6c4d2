/* The local ipc endpoint: Control for whoever may open the socket file, which is the owner only. It
 * takes requests as a gateway does (MDP/0.1 and 0.2), without CURVE, and gives each caller the role
 * of an admin. */
#ifndef UCAP_SHELL_LOCAL_H
#define UCAP_SHELL_LOCAL_H

#include "bus/server.h"

struct local;

/* `endpoint`: "ipc://PATH". The file that a dead process left is replaced; one that a living
 * process listens on is refused, and so is one that is no socket. `control` outlives the endpoint.
 */
int local_open(void *zmq_context, const char *endpoint, const struct served *control,
               struct local **ret_local, struct err *err);
void local_close(struct local *local); /* NULL is left alone */

void *local_socket(const struct local *local);

/* Answers what has come, a bounded number at a time. */
void local_serve(struct local *local);

#endif
