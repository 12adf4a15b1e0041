/* Nothing is queued or runs where all workers sleep, no queue holds an entry
 * and limbo is over: what runs elsewhere was claimed from an entry, which is
 * in a queue or in limbo until it has ended. The stamp shows that no worker
 * woke while we looked.
 *
 * No wake-up is lost: one who waits counts itself and then looks whether all
 * sleep; the last to fall asleep says so and then looks for those who wait. */
#include "core/quiet.h"

#include "base/clock.h"
#include "core/cancel.h"
#include "core/find.h"
#include "core/hold.h"
#include "core/limbo.h"
#include "core/stats.h"
#include "sync/park.h"

static bool all_sleep(const futures_pool *pool, uint64_t *stamp)
{
    return fut_idle_asleep(&pool->idle, stamp) == load_seq_cst(&pool->living);
}

/* *stamp: of that moment; 0 once the pool is over. */
static bool workers_are_quiet(futures_pool *pool, uint64_t *stamp)
{
    uint64_t after;
    bool quiet;

    *stamp = 0;
    if (load_seq_cst(&pool->over)) {
        return true; /* it was quiet, and nothing came since */
    }
    quiet = all_sleep(pool, stamp) && !fut_find_any(pool) &&
            all_sleep(pool, &after) && *stamp == after;
    return quiet;
}

void fut_quiet_notify(futures_pool *pool)
{
    if (load_seq_cst(&pool->quiet_waits) > 0) {
        add_seq_cst(&pool->quiet, 1);
        fut_unpark(&pool->quiet, FUT_PARK_ALL);
    }
}

/* Without a worker nobody else takes the entries of a broken pool. Two who do
 * may each find the other at it: who has done something wakes the other. */
static void drop_left(futures_pool *pool)
{
    futures_future *future;
    bool some = false;

    if (load_seq_cst(&pool->living) > 0) {
        return;
    }
    while ((future = fut_find_left(pool)) != NULL) {
        fut_cancel_entry(future);
        some = true;
    }
    if (some) {
        fut_quiet_notify(pool);
    }
}

/* returns  false once the deadline has passed */
static bool wait_for_workers(futures_pool *pool, futures_time deadline,
                             uint64_t *stamp)
{
    bool in_time = true;
    bool quiet;

    add_seq_cst(&pool->quiet_waits, 1);
    for (;;) {
        uint32_t seen = load_seq_cst(&pool->quiet);

        drop_left(pool);
        quiet = workers_are_quiet(pool, stamp);
        if (quiet || !in_time) {
            break;
        }
        in_time = fut_park(&pool->quiet, seen, deadline);
    }
    sub_seq_cst(&pool->quiet_waits, 1);
    return quiet;
}

/* Without waiting for the workers to fall asleep. What other threads end was
 * claimed from an entry in a queue or in limbo. What just becomes ready may
 * have ended before it is counted: then nothing is said, see hold.c. */
bool fut_quiet_now(futures_pool *pool)
{
    uint64_t left = fut_hold_left(pool, false);
    bool empty = !fut_find_any(pool);

    return empty && fut_limbo_is_over(pool) && fut_stats_all_done(pool) &&
           fut_hold_none_since(pool, false, left);
}

/* What ends in limbo may have submitted before it ended, and a worker may have
 * put that into limbo: so limbo is looked at between two looks at the workers,
 * and none may have woken between these. What is held and counts leaves for a
 * queue or for limbo: so there must have been none all the while. */
bool fut_quiet_wait(futures_pool *pool, futures_time deadline)
{
    uint64_t before;
    uint64_t after;

    fut_cancel_all_swept();
    for (;;) {
        uint64_t left = fut_hold_left(pool, false);

        if (!wait_for_workers(pool, deadline, &before)) {
            return false;
        }
        if (fut_limbo_is_over(pool) && workers_are_quiet(pool, &after) &&
            (before == after || after == 0) &&
            fut_hold_none_since(pool, false, left)) {
            return true;
        }
        if (!fut_limbo_wait(pool, deadline) ||
            !fut_hold_wait(pool, false, deadline)) {
            return false;
        }
    }
}
