/* Tasks that are not ready: they wait for other futures, for a moment or for a
 * place, and hold no thread and no queue entry meanwhile. Such a future is
 * QUEUED and FUT_HELD: nobody runs it, anybody may cancel it. */
#ifndef FUT_CORE_HOLD_H
#define FUT_CORE_HOLD_H

#include <stdbool.h>

#include "core/order.h"
#include "core/pool.h"

/* In the storage of whoever made it, from fut_hold_begin to fut_hold_end. */
struct fut_hold {
    futures_future *future;    /* the pool's hold lock writes: pinned; NULL
                                  once it is not held any more */
    futures_pool *pool;        /* const */
    const char *why;           /* const; for people */
    bool counted;              /* const */
    struct fut_hold *next;     /* the pool's hold lock */
    struct fut_hold *previous; /* the pool's hold lock */
};

/* Makes a future known to its pool that was filled by fut_order_fill with
 * order->held: cancels, deadlines and shutdowns reach it. From now on it may
 * end at any time; its maker learns that by waiting for it, and calls
 * fut_hold_end then, too. Where order->counted is set it counts as queued, it
 * has its place in the pool's room (see room.h) already, and the pool waits
 * for it; else a pool that has nothing else left to run ends it when it
 * closes. The caller has a handle, and keeps its scope alive meanwhile.
 * returns  OK; CLOSED, NOMEM, SYSTEM: nobody knows of it, refuse it */
futures_status fut_hold_begin(struct fut_hold *hold,
                              const struct fut_order *order,
                              futures_future *future, const char *why);

/* Once: queues it, if it is still held, over the pool's limit if need be;
 * forgets it in any case. Any thread; blocks never. Afterwards the hold is its
 * maker's again, and the pool may be gone. */
void fut_hold_end(struct fut_hold *hold);

/* The two parts of fut_hold_end: between them the pool is certainly alive.
 * returns  whether it was queued; either way the pin on the future is gone */
bool fut_hold_queue(struct fut_hold *hold);
void fut_hold_forget(struct fut_hold *hold);

/* Claims it for the calling thread though it is not ready: fut_run_one(future,
 * false) follows. Its fut_hold_end is still owed.
 * returns  false where it is not held any more */
bool fut_hold_claim(struct fut_hold *hold);

/* By whoever has claimed a held future to end it: what the pool counts. */
void fut_hold_cancelled(futures_future *future);

/* The pool's list; see struct fut_holds. */
void fut_hold_init(futures_pool *pool);
void fut_hold_destroy(futures_pool *pool);

/* Visits all that are held, under the hold lock: `visit` is short and takes no
 * lock. */
void fut_hold_scan(futures_pool *pool,
                   void (*visit)(void *context, void *entry), void *context);

/* How many have left, of all or of those that count as queued; and whether
 * that many ever came: then there was none in between. */
uint64_t fut_hold_left(futures_pool *pool, bool all);
bool fut_hold_none_since(futures_pool *pool, bool all, uint64_t left);

/* Waits until one leaves; returns at once if there is none.
 * returns  false once the deadline has passed */
bool fut_hold_wait(futures_pool *pool, bool all, futures_time deadline);

/* Ends all that are held. Their makers' code runs, with no lock held.
 * returns  whether there were any */
bool fut_hold_cancel_all(futures_pool *pool);

#endif
