/* Entries whose future somebody else has claimed and not ended yet: a waiter
 * that helps, a canceller that frees the argument. The pool must not be gone
 * before they have ended, and it is not quiet before. */
#ifndef FUT_CORE_LIMBO_H
#define FUT_CORE_LIMBO_H

#include <stdbool.h>

#include "core/pool.h"

/* Takes over one pin on a future that is not QUEUED. */
void fut_limbo_put(futures_pool *pool, futures_future *future);

/* Lets go of those that have ended. */
void fut_limbo_trim(futures_pool *pool);

/* Whether all in it have ended. */
bool fut_limbo_is_over(futures_pool *pool);

/* Waits for one that has not ended; returns at once if there is none.
 * returns  false once the deadline has passed */
bool fut_limbo_wait(futures_pool *pool, futures_time deadline);

#endif
