/* Map: one function over many arguments, an outcome for each, in order.
 * Elsewhere: Pool.map and Executor.map, rayon's par_iter().map().collect(),
 * Parallel.ForEach, mapConcurrently, std::transform with std::execution::par.
 */
#ifndef FUTURES_MAP_H
#define FUTURES_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/export.h>
#include <futures/gather.h>
#include <futures/pool.h>
#include <futures/status.h>
#include <futures/task.h>
#include <futures/time.h>
#include <futures/token.h>

FUTURES_BEGIN

/* Those of futures_gather_options, with the same meaning, for items in the
 * place of futures. */
typedef struct futures_map_options {
    size_t size;
    futures_on_error on_error;
    futures_time deadline;
    futures_on_timeout on_timeout;
    futures_token *token;
    /* The outcome's value and error are only lent to it. */
    void (*on_done)(void *context, size_t index,
                    const futures_outcome *outcome);
    void *context;
    bool help;
    size_t window; /* items begun and not ended, at most; 0: no bound */
    /* Gives the items in the place of `args`, which is NULL then: true and the
     * next one, or false: there are no more. On the calling thread, when the
     * window has room for it (0: 4 for each worker). It is a callback: it may
     * block, submit and gather, and it is not safe to throw in. */
    bool (*next)(void *next_context, void **arg);
    void *next_context;
    size_t *taken; /* nullable: how many `next` gave; 0 without it */
} futures_map_options;

#define FUTURES_MAP_OPTIONS_INIT                                             \
    {                                                                        \
        sizeof(futures_map_options), FUTURES_ON_ERROR_CANCEL, FUTURES_NEVER, \
            FUTURES_ON_TIMEOUT_CANCEL, NULL, NULL, NULL, false, 0, NULL,     \
            NULL, NULL                                                       \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_map_options_init(futures_map_options *options,
                                          size_t size);

/* Calls fn(args[i]) once for each i, on the pool's workers; outcomes[i] says
 * what came of it. Each call may do what a task may, and ends like one: with
 * its value; FAILED with its error, after its cleanups; CANCELLED at a
 * checkpoint. What never began is CANCELLED, with the reason. The first error
 * cancels the rest, or as on_error says. Items share tasks of the caller's, as
 * the parts of a futures_for do: futures_current_token() is theirs, and an
 * item that cancels it cancels the map. What an item returns after
 * futures_fail is dropped. After pthread_exit in an item others run those that
 * its thread had still to run.
 *
 * With on_done, FUTURES_ON_ERROR_LEAVE, or an on_timeout that returns early,
 * each item is a task with a future of its own, at ten times the cost; what
 * has not ended at the return is PENDING in its slot and runs on: the args
 * must last as long, late values are lost and late errors go to the pool's
 * `unhandled`. So it is with a window or `next`, but that items are submitted
 * as others end: what was never submitted is CANCELLED when an error, a token
 * or the deadline stops the map, and under LEAVE or ABANDON as well. A worker
 * runs the oldest in flight itself. Memory is used for the window alone, but
 * that what a caller with `help` runs leaves some 70 bytes in the queue until
 * a worker comes by. Under FUTURES_OVERFLOW_REFUSE an item that finds no room
 * waits for one in flight to end. A submit that is refused ends the map, under
 * COLLECT too.
 *
 * With `next`, count is how many it may give at most (SIZE_MAX with outcomes
 * NULL: no bound), and slots that it gave no item for are not touched. Then
 * on_done is where the values are seen.
 *
 * outcomes may be NULL: then values are lost, and the pool's `unhandled` gets
 * the errors that on_done did not. An error for which there is no memory keeps
 * its code if that is below 144, as all of errno are; else the code is ENOMEM.
 * returns  OK if all slots are OK; else as futures_gather, but that DEADLOCK
 *          cancels the items; CLOSED, FULL (not even one task found room),
 *          BROKEN, FORKED, NOMEM, SYSTEM: slots without an item that began say
 *          the same; INVALID (a NULL, a bad option, both args and `next`, more
 *          than 4,294,967,295 items): nothing is touched
 * blocks   until all items have ended, but for LEAVE and ABANDON; on a full
 *          pool as futures_submit, past the deadline too
 * threads  any, any number at once, workers and items included
 * owns     borrows args; values are the caller's, and the outcomes are owed a
 *          futures_outcomes_free, unless INVALID is returned */
FUTURES_API futures_status futures_map(futures_pool *pool, futures_fn fn,
                                       void *const args[], size_t count,
                                       futures_outcome outcomes[],
                                       const futures_map_options *options);

/* Frees the errors of outcomes that futures_map gave, and sets them to NULL;
 * not the values. Not for those of futures_gather, which only borrows.
 * returns  nothing                     blocks   never
 * threads  any                         owns     takes the errors; NULL is fine
 */
FUTURES_API void futures_outcomes_free(futures_outcome outcomes[],
                                       size_t count);

FUTURES_END

#endif
