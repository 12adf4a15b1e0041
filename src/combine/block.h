/* Blocking until a set is over: a worker helps first, and then parks. */
#ifndef FUT_COMBINE_BLOCK_H
#define FUT_COMBINE_BLOCK_H

#include <futures/pool.h>

#include "combine/set.h"

/* Runs a future (nullable) here and now if it is the newest in the calling
 * worker's own deque, and beneath the running task, in its pool and in no part
 * with a brake: then nobody else can have it, and a stop of the task reaches
 * it by itself, so nobody need know of the wait.
 * returns  whether it did */
bool fut_block_run_own(futures_future *future);

/* Whether the calling thread may run tasks of that pool while it waits. */
bool fut_block_may_help(const futures_pool *pool);

/* Runs a future of such a pool here if it is queued and not held.
 * returns  whether it did */
bool fut_block_help(futures_future *future);

/* Waits for an attached set, helps where it may, carries out the deadline, and
 * leaves the set. */
void fut_block_on(struct fut_set *set);

/* The same without leaving it. */
void fut_block_until_over(struct fut_set *set);

#endif
