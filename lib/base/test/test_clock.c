/* The system's clock runs on, the fake one stands until it is moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void system_clock_never_goes_back(void **state)
{
    struct clock *clock = clock_system();
    int64_t start = clock_mono_us(clock);
    int64_t now = start;

    (void)state;
    while (now == start) { /* ends: a microsecond passes */
        now = clock_mono_us(clock);
        assert_true(now >= start);
    }
    assert_true(clock_real_us(clock) > INT64_C(1600000000) * 1000000);
    clock_destroy(clock);
    assert_true(clock_mono_us(clock_system()) >= now);
}

static void fake_clock_stands_until_it_is_moved(void **state)
{
    struct clock *clock = clock_fake_create(1000);

    (void)state;
    assert_non_null(clock);
    assert_int_equal(clock_real_us(clock), 1000);
    assert_int_equal(clock_mono_us(clock), 0);
    clock_fake_advance(clock, 5);
    assert_int_equal(clock_real_us(clock), 1005);
    assert_int_equal(clock_mono_us(clock), 5);
    clock_fake_set_real(clock, 7);
    assert_int_equal(clock_real_us(clock), 7);
    assert_int_equal(clock_mono_us(clock), 5);
    clock_destroy(clock);
    clock_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_clock_never_goes_back),
        cmocka_unit_test(fake_clock_stands_until_it_is_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
