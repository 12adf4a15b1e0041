/* Gather: wait for many futures, get their outcomes in order.
 * Elsewhere: asyncio.gather, Promise.all / allSettled, folly::collectAll,
 * ExecutorService.invokeAll, concurrent.futures.wait, errgroup. */
#ifndef FUTURES_GATHER_H
#define FUTURES_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/error.h>
#include <futures/export.h>
#include <futures/future.h>
#include <futures/status.h>
#include <futures/time.h>
#include <futures/token.h>

FUTURES_BEGIN

/* The same shape in every mode; it never changes. */
typedef struct futures_outcome {
    futures_status status; /* PENDING where it had not ended at the return */
    void *value;           /* borrowed from the future */
    const futures_error *error; /* borrowed from the future */
} futures_outcome;

typedef enum futures_on_error {
    FUTURES_ON_ERROR_CANCEL,  /* the first error cancels the rest; returns when
                                all have ended */
    FUTURES_ON_ERROR_COLLECT, /* wait for all, errors stay in their slots */
    FUTURES_ON_ERROR_LEAVE    /* return at the first error, the rest runs on */
} futures_on_error;

typedef enum futures_on_timeout {
    FUTURES_ON_TIMEOUT_CANCEL, /* cancel the rest and wait for it to stop */
    FUTURES_ON_TIMEOUT_LEAVE,  /* return now, the rest runs on */
    FUTURES_ON_TIMEOUT_ABANDON /* ask the rest to stop and return now */
} futures_on_timeout;

typedef struct futures_gather_options {
    size_t size;
    futures_on_error on_error;
    futures_time deadline; /* FUTURES_NEVER: none */
    futures_on_timeout on_timeout;
    /* Cancelling it cancels every unfinished future, under any on_error;
     * gather waits for the running ones and returns CANCELLED. */
    futures_token *token;
    /* Once per slot that ended before gather returned, in order of ending, on
     * the gathering thread while it waits: it needs no lock of its own. */
    void (*on_done)(void *context, size_t index,
                    const futures_outcome *outcome);
    void *context;
    bool help; /* a caller that is no worker also runs queued futures of the
                  set itself (not of a pool with worker_start) */
} futures_gather_options;

#define FUTURES_GATHER_OPTIONS_INIT                                           \
    {                                                                         \
        sizeof(futures_gather_options), FUTURES_ON_ERROR_CANCEL,              \
            FUTURES_NEVER, FUTURES_ON_TIMEOUT_CANCEL, NULL, NULL, NULL, false \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_gather_options_init(futures_gather_options *options,
                                             size_t size);

/* Waits for all; outcomes[i] (nullable array) belongs to futures[i], whatever
 * order they ended in. Futures of several pools, and promises, mix freely; one
 * may be given twice. Inside a task it is also cancelled with that task, as if
 * by its token, unless that is futures_token_none(). Safe on a worker at any
 * depth, with one worker: it runs queued futures of the set itself, and those
 * that other members are not ready without, never a stranger's. So a promise
 * that only another queued task would keep is the caller's to arrange: if all
 * workers wait for such, they wait for ever, or until their deadlines. Errors
 * that reach `outcomes` count as looked at.
 * returns  OK if all slots are OK; else why it ended: TIMEOUT or CANCELLED (by
 *          token) if that stopped it, else the status of the first error to
 *          reach this gather (those ended on entry first, by index); INVALID
 *          (a NULL, a bad option), FORKED, or DEADLOCK for a set that holds
 *          the waiting task or one beneath it on its stack: on entry, nothing
 *          touched; DEADLOCK for tasks that wait for each other in a circle,
 *          in the last one to come, and where nobody is left who could run
 *          the set (past the stack check; or all workers of its pools wait
 *          for each other): what has ended stays ended, nothing is cancelled.
 *          A wait that has a deadline or may leave early closes no circle.
 *          NOMEM (on_done, or futures that others wait for too), nothing
 *          touched
 * blocks   on a countdown latch, until the deadline
 * threads  any, any number at once     owns     borrows the futures */
FUTURES_API futures_status futures_gather(
    futures_future *const futures[], size_t count, futures_outcome outcomes[],
    const futures_gather_options *options);

/* A gather that holds no thread: a future that ends when futures_gather would
 * return, with the status that it would return; its error is the first one, or
 * the reason of what cancelled it. Its value is its array of outcomes, which
 * cannot be taken; see futures_outcomes. Nobody can resolve it, and the last
 * release does not end it. Cancelling it cancels its futures, and it ends when
 * they have. Who waits for it runs its futures as if they were those of the
 * wait. `on_done` is called on the threads that end the futures, for one slot
 * at a time; `help` means nothing. Inside a task it is beneath that task,
 * unless its token is futures_token_none(). Errors in the outcomes count as
 * looked at; its own, if nobody looks at that, goes to `unhandled` of the pool
 * that it came from.
 * returns  the future, never NULL; one that has ended INVALID, NOMEM, SYSTEM
 *          (no timer thread) or FORKED where it could not be made: nothing was
 *          touched
 * blocks   never, but for callbacks    threads  any
 * owns     retains futures until it is freed; the caller owes a release */
FUTURES_API futures_future *futures_gather_async(
    futures_future *const futures[], size_t count,
    const futures_gather_options *options);

/* The outcomes of a gather_async, however it ended; its error counts as looked
 * at.
 * returns  *count of them, borrowed from it; NULL and 0 while it is pending,
 *          and for other futures
 * blocks   never    threads  any    owns  borrowed from gathered */
FUTURES_API const futures_outcome *futures_outcomes(
    const futures_future *gathered, size_t *count);

/* A future that ends as `future` does, with its value (borrowed from
 * `future`) or error, but can be cancelled alone: so a gather that holds it in
 * the place of `future` can be stopped without stopping that. Nobody can
 * resolve it, its value cannot be taken, and the last release does not end it.
 * Looking at its error is looking at that of `future`.
 * Elsewhere: asyncio.shield, Promise.race with a signal.
 * returns  the future, never NULL; one that has ended INVALID, NOMEM, SYSTEM
 *          or FORKED where it could not be made
 * blocks   never                       threads  any
 * owns     retains future until it is freed; the caller owes a release */
FUTURES_API futures_future *futures_shield(futures_future *future);

/* The lowest index that is not OK.
 * returns  the index; count if there is none
 * blocks   never    threads  any    owns  borrows outcomes */
FUTURES_API size_t futures_first_error(const futures_outcome outcomes[],
                                       size_t count);

/* Writes what went wrong, such as "2 of 50 failed, 1 cancelled: [7] fetch:
 * connection refused (111, download.c:88); [9] ...". Cut at capacity and
 * always ended by a zero byte if capacity > 0.
 * returns  the length that it wanted, like snprintf
 * blocks   never    threads  any    owns  borrows both */
FUTURES_API size_t futures_describe(const futures_outcome outcomes[],
                                    size_t count, char *buffer,
                                    size_t capacity);

FUTURES_END

#endif
