/* From a filled future to a queued one. */
#ifndef FUT_CORE_ENQUEUE_H
#define FUT_CORE_ENQUEUE_H

#include "core/order.h"
#include "core/pool.h"

/* Gives filled futures, of which the caller has handles, their places, in
 * order.
 * returns  how many got one; fewer than count: *status says why */
size_t fut_enqueue_all(const struct fut_order *order,
                       futures_future *const futures[], size_t count,
                       futures_status *status);

/* One that needs no place and has no deadline.
 * returns  false where it found no queue: nothing was changed */
bool fut_enqueue_plain(futures_pool *pool, futures_future *future);

#endif
