/* For: a loop over indices on the workers of a pool, without a future for each
 * of them.
 * Elsewhere: OpenMP's parallel for and taskloop, oneTBB's parallel_for,
 * rayon's par_iter, dispatch_apply, Parallel.For. */
#ifndef FUTURES_FOR_H
#define FUTURES_FOR_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/export.h>
#include <futures/gather.h>
#include <futures/pool.h>
#include <futures/status.h>
#include <futures/time.h>
#include <futures/token.h>

FUTURES_BEGIN

/* Calls body(context, from, to) for parts [from, to) of [begin, end) until
 * each index was in exactly one of them; begin >= end: OK at once. A part has
 * `grain` indices, but for the last; grain 0: as many as take some
 * microseconds, one at first. As many tasks as there are workers, or fewer,
 * share the range: each runs from the lower end of what it has, and one that
 * has nothing left takes the upper half of what another has; so one worker
 * goes upwards, and no other order is promised.
 *
 * body runs inside those tasks, so all that tasks may do may be done in it:
 * throw, fail, checkpoint, gather, another loop. Each of them is a task of the
 * caller's (see futures_submit), and the first error cancels the rest, as in
 * futures_gather: no further part begins, what runs is asked to stop. The
 * errors themselves go to the pool's `unhandled`. Inside a task it is also
 * cancelled with that task.
 * returns  OK if body has returned from all parts; else as futures_gather and
 *          futures_submit: FAILED or CANCELLED, and CLOSED, FULL (not even one
 *          task found room), BROKEN, FORKED, NOMEM, INVALID (no pool or body):
 *          body was not called; DEADLOCK as futures_gather. When it returns,
 *          none of the parts runs, whatever the status
 * blocks   until all parts have ended; on a full pool as futures_submit; a
 *          worker runs parts itself
 * threads  any, any number at once, workers and bodies included
 * owns     borrows context */
FUTURES_API futures_status futures_for(
    futures_pool *pool, size_t begin, size_t end, size_t grain,
    void (*body)(void *context, size_t begin, size_t end), void *context);

typedef struct futures_for_options {
    size_t size;
    size_t grain; /* 0: chosen */
    /* LEAVE: as CANCEL; COLLECT: parts run on after an error. */
    futures_on_error on_error;
    futures_time deadline; /* when it passes the rest is cancelled */
    futures_token *token;  /* cancels it */
    bool help;             /* a caller that is no worker runs parts, too */
    /* Nullable: what came of the first part that was not OK, or, where all
     * that began were, of those that did not; else OK. It is owed a
     * futures_outcomes_free, unless INVALID is returned. */
    futures_outcome *first_error;
} futures_for_options;

#define FUTURES_FOR_OPTIONS_INIT                                 \
    {                                                            \
        sizeof(futures_for_options), 0, FUTURES_ON_ERROR_CANCEL, \
            FUTURES_NEVER, NULL, false, NULL                     \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_for_options_init(futures_for_options *options,
                                          size_t size);

/* The same with options (nullable). With `first_error` that error does not go
 * to `unhandled`.
 * returns  as futures_for; INVALID for a bad option, too; TIMEOUT; CANCELLED
 *          by the token; under COLLECT, where neither stopped it, the status
 *          of the first error
 * blocks, threads, owns: as futures_for */
FUTURES_API futures_status
futures_for_with(futures_pool *pool, size_t begin, size_t end,
                 void (*body)(void *context, size_t begin, size_t end),
                 void *context, const futures_for_options *options);

FUTURES_END

#endif
