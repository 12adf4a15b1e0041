/* No wake-up is lost: one who waits counts itself and then looks for a place,
 * one who frees a place does so and then looks for those who wait; all
 * seq_cst. */
#include "core/room.h"

#include "sync/park.h"

size_t fut_room_take(futures_pool *pool, size_t wanted)
{
    size_t queued;

    if (pool->queue_limit == 0) {
        return wanted;
    }
    queued = load_seq_cst(&pool->queued);
    while (queued < pool->queue_limit) {
        size_t left = pool->queue_limit - queued;
        size_t taken = wanted < left ? wanted : left;

        if (cas_seq_cst(&pool->queued, &queued, queued + taken)) {
            return taken;
        }
    }
    return 0;
}

void fut_room_force(futures_pool *pool, size_t count)
{
    if (pool->queue_limit != 0) {
        add_seq_cst(&pool->queued, count);
    }
}

static void wake(futures_pool *pool, int count)
{
    if (load_seq_cst(&pool->room_waits) > 0) {
        add_seq_cst(&pool->room, 1);
        fut_unpark(&pool->room, count);
    }
}

void fut_room_free(futures_pool *pool, size_t count)
{
    sub_seq_cst(&pool->queued, count);
    wake(pool, count == 1 ? 1 : FUT_PARK_ALL);
}

bool fut_room_wait(futures_pool *pool)
{
    uint32_t seen = load_seq_cst(&pool->room);

    add_seq_cst(&pool->room_waits, 1);
    if (!load_seq_cst(&pool->closed) &&
        load_seq_cst(&pool->queued) >= pool->queue_limit) {
        (void)fut_park(&pool->room, seen, FUTURES_NEVER);
    }
    sub_seq_cst(&pool->room_waits, 1);
    return !load_seq_cst(&pool->closed);
}

void fut_room_close(futures_pool *pool)
{
    wake(pool, FUT_PARK_ALL);
}
