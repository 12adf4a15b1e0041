/* One status type for the whole library: how a future ended, and what came of
 * a call. Elsewhere: std::future_status, concurrent.futures' states. */
#ifndef FUTURES_STATUS_H
#define FUTURES_STATUS_H

#include <futures/export.h>

FUTURES_BEGIN

/* X(NAME, "text"): the enum, its names and its texts are made of this list. */
#define FUTURES_STATUS_MAP(X)                                            \
    X(OK, "finished with a value")                                       \
    X(PENDING, "not finished: queued, running, or a promise not kept")   \
    X(FAILED, "the task threw or failed; see its error")                 \
    X(CANCELLED, "never ran, or gave up at a cancellation point")        \
    X(TIMEOUT, "the deadline passed first")                              \
    X(CLOSED, "the pool or group takes no more work")                    \
    X(FULL, "a bounded queue is full and the policy is to refuse")       \
    X(DEADLOCK, "the wait could never end: self-wait or a cycle")        \
    X(BROKEN, "a worker's start hook failed: the pool cannot run tasks") \
    X(FORKED, "the pool belongs to the parent process")                  \
    X(NOMEM, "out of memory; nothing was changed")                       \
    X(SYSTEM, "an operating-system call failed; errno says which way")   \
    X(INVALID, "a bad argument; nothing was changed")

#define FUTURES_STATUS_ENUMERATOR(name, text) FUTURES_##name,
typedef enum futures_status {
    FUTURES_STATUS_MAP(FUTURES_STATUS_ENUMERATOR)
} futures_status;
#undef FUTURES_STATUS_ENUMERATOR

/* The enumerator's name, such as "FUTURES_TIMEOUT".
 * returns  a constant string; "FUTURES_?" for a number that is none
 * blocks   never    threads  any    owns  nothing */
FUTURES_API const char *futures_status_name(futures_status status);

/* What it means, in a few words without a full stop.
 * returns  a constant string; "unknown status" for a number that is none
 * blocks   never    threads  any    owns  nothing */
FUTURES_API const char *futures_status_text(futures_status status);

FUTURES_END

#endif
