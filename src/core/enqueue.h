/* From a filled future to a queued one. */
#ifndef FUT_CORE_ENQUEUE_H
#define FUT_CORE_ENQUEUE_H

#include "base/barrier.h"
#include "core/order.h"
#include "core/pool.h"

/* Sees to it that there is memory for the entries of so many, as far as others
 * do not use it up.
 * returns  OK; CLOSED, NOMEM */
futures_status fut_enqueue_reserve(const struct fut_order *order,
                                   size_t count);

/* Gives filled futures, of which the caller has handles, their places, in
 * order.
 * returns  how many got one; fewer than count: *status says why */
size_t fut_enqueue_all(const struct fut_order *order,
                       futures_future *const futures[], size_t count,
                       futures_status *status);

/* Queues one that was held and has its place in the room, closed or not.
 * fut_idle_notify follows.
 * returns  false without memory: nothing was changed */
bool fut_enqueue_ready(futures_future *future);

/* Takes a place in the room for one, as the policy says; where that has the
 * submitter run it: waits if `wait`.
 * returns  OK; CLOSED, FULL; PENDING: it is to be run here without a place */
futures_status fut_enqueue_take(const struct fut_order *order, bool wait);

/* Queues one that was filled, has its place in the room and may be timed.
 * returns  OK; CLOSED, NOMEM: nothing was changed */
futures_status fut_enqueue_one(const struct fut_order *order,
                               futures_future *future);

void fut_enqueue_look(futures_pool *pool, futures_future *future);

/* After the publishing: ends what was cancelled before or in between. seen:
 * the future's epoch before. */
static inline void fut_enqueue_check(futures_pool *pool,
                                     futures_future *future, uint32_t seen)
{
    if ((uint32_t)load_light(&fut_scope_epoch) != seen) {
        fut_enqueue_look(pool, future);
    }
}

#endif
