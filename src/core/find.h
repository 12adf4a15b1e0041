/* Where a worker looks for its next task, and in which order. */
#ifndef FUT_CORE_FIND_H
#define FUT_CORE_FIND_H

#include "core/pool.h"

/* Looks everywhere once.
 * returns  an entry, which the caller now holds: a future, or a job; NULL
 *          where there is none */
void *fut_find_entry(struct fut_worker *worker);

/* For a pool without a worker; anyone.
 * returns  an entry, which the caller now holds; NULL where there is none, or
 *          where somebody else is at it */
void *fut_find_left(futures_pool *pool);

/* Whether any queue of the pool holds an entry. With fut_idle_announce and
 * fut_barrier_heavy before it no wake-up is lost. */
bool fut_find_any(const futures_pool *pool);

#endif
