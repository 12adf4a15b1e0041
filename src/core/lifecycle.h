/* A pool's end. */
#ifndef FUT_CORE_LIFECYCLE_H
#define FUT_CORE_LIFECYCLE_H

#include "core/pool.h"

/* Ends and joins the first `started` workers, which are or will be idle. */
void fut_pool_stop_threads(futures_pool *pool, unsigned started);

/* Frees the first `count` workers, which have no threads. */
void fut_pool_free_workers(futures_pool *pool, unsigned count);

/* Frees a pool that has no threads and nothing queued. */
void fut_pool_free(futures_pool *pool);

#endif
