/* CLOCK_MONOTONIC in nanoseconds. It starts near zero at boot on some
 * systems, so the few values with a meaning of their own are stepped over. */
#include "base/clock.h"

static futures_time read_clock(clockid_t clock)
{
    struct timespec now;
    futures_time time;

    (void)clock_gettime(clock, &now);
    time = (futures_time)now.tv_sec * 1000000000 + now.tv_nsec;
    return time > FUTURES_POLL ? time : FUTURES_POLL + 1;
}

futures_time futures_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

futures_time fut_clock_coarse(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    return read_clock(CLOCK_MONOTONIC_COARSE);
#else
    return read_clock(CLOCK_MONOTONIC);
#endif
}

futures_time futures_in_ms(int64_t ms)
{
    futures_time now = futures_now();

    if (ms <= 0) {
        return FUTURES_POLL;
    }
    if (ms > (INT64_MAX - now) / 1000000) {
        return INT64_MAX;
    }
    return now + ms * 1000000;
}

bool fut_clock_passed(futures_time deadline)
{
    return deadline != FUTURES_NEVER &&
           (deadline <= FUTURES_POLL || futures_now() >= deadline);
}

struct timespec fut_clock_timespec(futures_time deadline)
{
    static const futures_time latest = (futures_time)INT32_MAX * 1000000000;
    futures_time near = deadline < latest ? deadline : latest;
    struct timespec at = {.tv_sec = (time_t)(near / 1000000000),
                          .tv_nsec = (long)(near % 1000000000)};

    return at;
}
