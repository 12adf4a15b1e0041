/* A worker's thread: finds work, runs it, sleeps. */
#ifndef FUT_CORE_WORKER_H
#define FUT_CORE_WORKER_H

#include "core/pool.h"

/* Starts the worker's thread.
 * returns  0 or an errno value */
int fut_worker_start(struct fut_worker *worker);

/* From now on tasks that have not started end with `verdict`; what is queued
 * ends here, and for CANCELLED what runs is asked to stop. The first verdict
 * stands. */
void fut_worker_condemn(futures_pool *pool, futures_status verdict);

#endif
