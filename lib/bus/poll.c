#include "bus/poll.h"

#include "base/clock.h"

#define LONGEST_MS 3600000

int poll_until(zmq_pollitem_t *items, int count, int64_t until_us)
{
    int rc;
    int64_t left_us;

    do {
        left_us = until_us - clock_mono_us(clock_system());
        /* Rounded up: a deadline has passed when the poll is over, so nobody spins before it. */
        int64_t left_ms = left_us <= 0 ? 0 : left_us / 1000 + 1;
        rc = zmq_poll(items, count, left_ms < LONGEST_MS ? (long)left_ms : LONGEST_MS);
    } while (rc == 0 && left_us / 1000 >= LONGEST_MS);
    return rc;
}
