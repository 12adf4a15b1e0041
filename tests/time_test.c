/* Deadlines: absolute moments of the monotonic clock, saturating. */
#include "support/test.h"

#include <stdint.h>
#include <time.h>

#include <futures/futures.h>

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

Test(time, now_is_the_monotonic_clock_in_nanoseconds)
{
    int64_t before = monotonic_ns();
    futures_time now = futures_now();
    int64_t after = monotonic_ns();
    cr_assert_leq(before, now);
    cr_assert_leq(now, after);
    cr_assert_gt(now, FUTURES_POLL);
}

Test(time, a_deadline_is_now_and_the_milliseconds)
{
    futures_time before = futures_now();
    futures_time deadline = futures_in_ms(1500);
    futures_time after = futures_now();
    cr_assert_leq(before + 1500000000, deadline);
    cr_assert_leq(deadline, after + 1500000000);
}

Test(time, no_time_left_polls)
{
    cr_assert_eq(futures_in_ms(0), FUTURES_POLL);
    cr_assert_eq(futures_in_ms(-1), FUTURES_POLL);
    cr_assert_eq(futures_in_ms(INT64_MIN), FUTURES_POLL);
}

Test(time, a_deadline_too_far_to_count_saturates)
{
    cr_assert_eq(futures_in_ms(INT64_MAX), INT64_MAX);
    cr_assert_eq(futures_in_ms(INT64_MAX / 1000000), INT64_MAX);
    cr_assert_gt(futures_in_ms(INT64_MAX / 2000000), futures_now());
}

Test(time, a_zeroed_option_waits_for_ever_and_poll_is_long_past)
{
    cr_assert_eq(FUTURES_NEVER, 0);
    cr_assert_eq(FUTURES_POLL, 1);
}
