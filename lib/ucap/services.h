/* The gateway's answer to mmi.list, read. Not installed. */
#ifndef UCAP_UCAP_SERVICES_H
#define UCAP_UCAP_SERVICES_H

#include "bus/frames.h"
#include "ucap/ucap.h"

/* Frames: "200", then `NAME WORKERS FREE_CREDIT QUEUED`, one or more lines in each. *ret_rows is
 * malloc'ed, NULL for none. -ERR_INTERNAL names what does not read so. */
int services_parse(const struct frames *frames, struct ucap_service_row **ret_rows,
                   size_t *ret_count, struct err *err);

#endif
