/* The monotonic clock. */
#ifndef FUT_BASE_CLOCK_H
#define FUT_BASE_CLOCK_H

#include <stdbool.h>
#include <time.h>

#include <futures/time.h>

/* A cheaper clock of some milliseconds' resolution on the same scale. */
futures_time fut_clock_coarse(void);

/* Whether the deadline has passed; FUTURES_NEVER never does. */
bool fut_clock_passed(futures_time deadline);

/* A positive deadline as the system wants it, even one with 32-bit seconds:
 * 68 years are as good as for ever. */
struct timespec fut_clock_timespec(futures_time deadline);

#endif
