/* Deadlines: absolute, so that a wait inside a loop does not start anew. */
#ifndef FUTURES_TIME_H
#define FUTURES_TIME_H

#include <stdint.h>

#include <futures/export.h>

FUTURES_BEGIN

/* A moment in nanoseconds of CLOCK_MONOTONIC. */
typedef int64_t futures_time;

#define FUTURES_NEVER \
    0                  /* no deadline: a zeroed option struct waits for ever */
#define FUTURES_POLL 1 /* a moment long past: look, do not wait */

/* The present moment.
 * returns  nanoseconds of CLOCK_MONOTONIC, above FUTURES_POLL
 * blocks   never    threads  any    owns  nothing */
FUTURES_API futures_time futures_now(void);

/* The deadline that is `ms` milliseconds away.
 * returns  now + ms, saturating; FUTURES_POLL where ms <= 0
 * blocks   never    threads  any    owns  nothing */
FUTURES_API futures_time futures_in_ms(int64_t ms);

FUTURES_END

#endif
