/* Knowing that a pool has nothing to do, without a counter that every task
 * would touch. */
#ifndef FUT_CORE_QUIET_H
#define FUT_CORE_QUIET_H

#include "core/pool.h"

/* By a worker that was the last to announce its sleep. */
void fut_quiet_notify(futures_pool *pool);

/* Whether nothing was queued or ran at some moment during the call. What is
 * held counts as queued if it says so, see hold.h. */
bool fut_quiet_now(futures_pool *pool);

/* Waits until nothing is queued and nothing runs.
 * returns  false once the deadline has passed */
bool fut_quiet_wait(futures_pool *pool, futures_time deadline);

#endif
