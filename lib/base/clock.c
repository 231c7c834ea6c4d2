/* The system's clock and a clock for tests, behind one handle. */
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

struct clock {
    int fake;
    int64_t real_us;
    int64_t mono_us;
};

static struct clock system_clock;

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct clock *clock_system(void)
{
    return &system_clock;
}

struct clock *clock_fake_create(int64_t real_us)
{
    struct clock *clock = calloc(1, sizeof(*clock));

    if (clock) {
        clock->fake = 1;
        clock->real_us = real_us;
    }
    return clock;
}

void clock_fake_advance(struct clock *clock, int64_t us)
{
    clock->real_us += us;
    clock->mono_us += us;
}

void clock_fake_set_real(struct clock *clock, int64_t real_us)
{
    clock->real_us = real_us;
}

void clock_destroy(struct clock *clock)
{
    if (clock != &system_clock)
        free(clock);
}

int64_t clock_real_us(const struct clock *clock)
{
    return clock->fake ? clock->real_us : read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(const struct clock *clock)
{
    return clock->fake ? clock->mono_us : read_us(CLOCK_MONOTONIC);
}
