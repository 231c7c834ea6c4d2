/* Time, as something a test can set. Pure code takes a time as an argument; code that must ask has
 * a struct clock. */
#ifndef UCAP_BASE_CLOCK_H
#define UCAP_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds. Real: since 1970-01-01T00:00:00Z, may jump. Mono: since some start, never goes
 * back: for deadlines. */
struct clock;

/* The clock of the system. Static, never destroyed. */
struct clock *clock_system(void);

/* A clock that stands still until a test moves it; real and mono start at `real_us` and 0. NULL
 * when out of memory. */
struct clock *clock_fake_create(int64_t real_us);
void clock_fake_advance(struct clock *clock, int64_t us);       /* moves both; us >= 0 */
void clock_fake_set_real(struct clock *clock, int64_t real_us); /* as an administrator would */
void clock_destroy(struct clock *clock); /* NULL and the system clock are left alone */

int64_t clock_real_us(const struct clock *clock);
int64_t clock_mono_us(const struct clock *clock);

#endif
