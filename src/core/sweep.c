/* What is stopped is claimed where it lies. Its entry stays there and is
 * dropped when it is popped, like any whose future somebody else has claimed.
 *
 * First those that are not ready, then the injector, then the deques: what
 * becomes ready, and what a worker draws, moves in that direction. What has
 * left a deque runs next, and looks for itself. */
#include "core/sweep.h"

#include <futures/task.h>

#include "core/hold.h"
#include "core/job.h"

struct sweep {
    futures_pool *pool;
    struct fut_swept *swept;
};

static void claim(void *context, void *entry)
{
    struct sweep *sweep = context;
    futures_future *future = entry;

    if (fut_job_is(entry)) {
        return; /* its submitter asks before it runs it */
    }
    if (fut_future_state(future) != FUT_QUEUED ||
        (load_relaxed(&sweep->pool->verdict) == FUTURES_OK &&
         !fut_scope_stops(future)) ||
        !fut_future_claim_end(future)) {
        return;
    }
    store_relaxed(&future->chain, sweep->swept->claimed);
    sweep->swept->claimed = future;
}

void fut_sweep_collect(struct fut_sweeper *sweeper, struct fut_swept *swept)
{
    futures_pool *pool =
        (void *)((char *)sweeper - offsetof(futures_pool, sweeper));
    struct sweep sweep = {.pool = pool, .swept = swept};

    fut_hold_scan(pool, claim, &sweep);
    fut_injector_scan(&pool->injector, claim, &sweep);
    for (unsigned i = 0; i < pool->workers; i++) {
        fut_deque_scan(&pool->worker[i].drawn, claim, &sweep);
        fut_deque_scan(&pool->worker[i].deque, claim, &sweep);
    }
}
