/* Who waits for a future: at most one wait without a node of its own, and any
 * number of hooks: those of waits, and those of callers with a callback. */
#ifndef FUT_CORE_WAITERS_H
#define FUT_CORE_WAITERS_H

#include <stdbool.h>

#include "core/future.h"

/* A wait for futures, on the waiter's stack: told of each end. `ended` runs on
 * the thread that ends the future and must end with the arrival at the wait's
 * latch: afterwards the wait may be gone. hook: the node by which it waited,
 * or NULL. */
struct fut_wait {
    void (*ended)(struct fut_wait *wait, futures_future *future,
                  futures_hook *hook);
    /* const: that may call the caller's code, which may wait until others are
     * told. So these are told first. */
    bool calls;
};

enum fut_attach {
    FUT_ATTACHED,
    FUT_ATTACH_ENDED, /* it has ended: nobody will be told */
    FUT_ATTACH_TAKEN  /* another waits there: use a hook */
};

enum fut_attach fut_waiters_attach(futures_future *future,
                                   struct fut_wait *wait);

/* returns  false where it has ended: it will not be told, or was */
bool fut_waiters_attach_hook(futures_future *future, futures_hook *hook,
                             struct fut_wait *wait);

/* With a callback instead. */
bool fut_waiters_attach_callback(futures_future *future, futures_hook *hook,
                                 void (*fn)(void *, futures_future *),
                                 void *arg);

/* returns  true: it was attached and will not be told; false: it has been
 *          told, or is being told */
bool fut_waiters_detach(futures_future *future, struct fut_wait *wait);
bool fut_waiters_detach_hook(futures_future *future, futures_hook *hook);

/* By the one who ended it: marks the list as ended and takes all waits out.
 * returns  whether callbacks are left to call */
bool fut_waiters_close(futures_future *future, uintptr_t *waits);

/* Tells those that were taken out. */
void fut_waiters_tell(futures_future *future, uintptr_t waits);

/* Calls the callbacks, oldest first. */
void fut_waiters_call(futures_future *future);

#endif
