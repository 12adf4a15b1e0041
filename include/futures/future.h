/* The future: the handle of a result that may not be there yet. It is counted:
 * each retain wants its release. It outlives its pool.
 * Elsewhere: asyncio.Future, concurrent.futures.Future, std::shared_future,
 * java.util.concurrent.Future. */
#ifndef FUTURES_FUTURE_H
#define FUTURES_FUTURE_H

#include <stddef.h>
#include <stdint.h>

#include <futures/error.h>
#include <futures/export.h>
#include <futures/status.h>
#include <futures/time.h>

FUTURES_BEGIN

typedef struct futures_future futures_future;

/* Storage for one callback; the fields are private. It may be freed or used
 * again inside its own fn. */
typedef struct futures_hook {
    uintptr_t next;
    struct futures_hook *previous;
    void *owner;
    void (*fn)(void);
    void *arg;
    uintptr_t index;
    uintptr_t linked;
    void *spare;
} futures_hook;

/* One more reference; at most 8 million at a time.
 * returns  future (NULL gives NULL)    blocks   never
 * threads  any                         owns     the caller owes a release */
FUTURES_API futures_future *futures_retain(futures_future *future);

/* Gives one reference back; NULL is fine. A queued task still runs. The last
 * one frees value (value_free) and error; an error that nobody looked at goes
 * to the pool's `unhandled`. The last release of a promise that is not kept
 * ends it CANCELLED.
 * returns  nothing                     blocks   never, but for value_free
 * threads  any                         owns     takes the reference */
FUTURES_API void futures_release(futures_future *future);

/* Releases each; NULLs among them are fine.
 * returns  nothing                     blocks   never, but for value_free
 * threads  any                         owns     takes the references */
FUTURES_API void futures_release_all(futures_future *const futures[],
                                     size_t count);

/* How it ended, or PENDING.
 * returns  the status; INVALID for NULL
 * blocks   never    threads  any    owns  borrows future */
FUTURES_API futures_status futures_poll(const futures_future *future);

/* Waits until it has ended. It is not interrupted when the waiting task itself
 * is asked to stop.
 * returns  how it ended; TIMEOUT (poll says PENDING); DEADLOCK where the
 *          waiting task waits for itself or for one beneath it on its stack,
 *          or would close a circle, see futures_gather; FORKED where it
 *          belongs to the parent process; INVALID for NULL
 * blocks   yes; a worker runs what it waits for
 * threads  any, any number at once     owns     borrows future */
FUTURES_API futures_status futures_wait(futures_future *future,
                                        futures_time deadline);

/* The value, any number of times.
 * returns  the value, borrowed; NULL unless it ended OK and was not taken
 * blocks   never    threads  any    owns  borrows future */
FUTURES_API void *futures_value(const futures_future *future);

/* Moves the value out: value_free will not get it. Of several takers one gets
 * it. Copies in outcomes are then the taker's too.
 * returns  the value, once; NULL afterwards, and for a gather_async or shield
 * blocks   never    threads  any    owns  gives the value to the caller */
FUTURES_API void *futures_take(futures_future *future);

/* Why it failed, or the reason given to the token that cancelled it. Counts as
 * having looked at the error.
 * returns  the error, borrowed from the future; NULL if there is none (yet)
 * blocks   never    threads  any    owns  borrows future */
FUTURES_API const futures_error *futures_error_of(
    const futures_future *future);

/* Asks it to stop. A queued task never runs and ends CANCELLED here: arg_free
 * has returned and whoever waits for it is woken before this returns. A
 * running one is asked. A promise ends CANCELLED after its on_cancel. Ran or
 * cancelled, never both.
 * returns  CANCELLED: it will never run; PENDING: it runs and has been asked;
 *          else how it had ended; INVALID for NULL; FORKED for a pending one
 *          of the parent process
 * blocks   never, but for callbacks    threads  any
 * owns     borrows future */
FUTURES_API futures_status futures_cancel(futures_future *future);

/* Calls `fn(arg, future)` once it has ended, on the thread that ends it and
 * before that call (resolve, cancel ...) returns; inside another such callback
 * after that one has returned; if it has ended already: at once, here. Not
 * safe to throw in. Elsewhere: add_done_callback, thenAccept.
 * returns  OK; INVALID for NULL; FORKED for a pending one of the parent
 * blocks   never, but for fn           threads  any
 * owns     borrows hook until fn is called or off_done has returned */
FUTURES_API futures_status
futures_on_done(futures_future *future, futures_hook *hook,
                void (*fn)(void *arg, futures_future *future), void *arg);

/* Takes the callback back: afterwards fn is not running and will not run.
 * Inside fn itself it returns at once; elsewhere hold no lock that fn takes.
 * Only for a hook that was given to this future's on_done.
 * returns  nothing                     blocks   while fn runs elsewhere
 * threads  any                         owns     gives hook back */
FUTURES_API void futures_off_done(futures_future *future, futures_hook *hook);

FUTURES_END

#endif
