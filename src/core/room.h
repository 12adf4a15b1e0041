/* The places of a pool with a queue_limit: one for each QUEUED future. */
#ifndef FUT_CORE_ROOM_H
#define FUT_CORE_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/pool.h"

/* Takes up to `wanted` places at once. returns how many */
size_t fut_room_take(futures_pool *pool, size_t wanted);

/* Takes them whether they are there or not. */
void fut_room_force(futures_pool *pool, size_t count);

void fut_room_free(futures_pool *pool, size_t count);

/* A QUEUED future was claimed, or found no queue. */
static inline void fut_room_give(futures_pool *pool, size_t count)
{
    if (pool->queue_limit != 0 && count > 0) {
        fut_room_free(pool, count);
    }
}

/* Waits until a place may be free.
 * returns  false once the pool is closed */
bool fut_room_wait(futures_pool *pool);

/* Wakes all who wait: the pool is closed. */
void fut_room_close(futures_pool *pool);

#endif
