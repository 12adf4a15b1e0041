/* Shutdown: close, so that nothing more comes from outside; for CANCEL end
 * what is queued and ask what runs; wait until the pool is quiet, when no task
 * is left that could submit; end what is not ready; end the threads. Any
 * number of threads may do this; one at a time joins. */
#include "core/lifecycle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/block.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/hold.h"
#include "core/limbo.h"
#include "core/quiet.h"
#include "core/room.h"
#include "core/worker.h"
#include "sync/park.h"

static void end_threads(futures_pool *pool)
{
    store_seq_cst(&pool->over, true);
    fut_quiet_notify(pool);
    fut_idle_wake_all(&pool->idle);
}

static void join_threads(futures_pool *pool, unsigned started)
{
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(pool->worker[i].thread, NULL);
    }
}

void fut_pool_stop_threads(futures_pool *pool, unsigned started)
{
    end_threads(pool);
    join_threads(pool, started);
}

void fut_pool_free_workers(futures_pool *pool, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fut_deque_destroy(&pool->worker[i].deque);
        fut_deque_destroy(&pool->worker[i].drawn);
    }
    fut_free(pool->worker);
}

void fut_pool_free(futures_pool *pool)
{
    (void)fut_limbo_is_over(pool); /* drops what has ended */
    fut_scope_remove_sweeper(&pool->sweeper);
    fut_sink_shut(pool->sink);
    fut_sink_release(pool->sink);
    fut_injector_destroy(&pool->injector);
    fut_hold_destroy(pool);
    (void)pthread_mutex_destroy(&pool->limbo_lock);
    (void)pthread_mutex_destroy(&pool->life_lock);
    fut_pool_free_workers(pool, pool->workers);
    fut_free(pool);
}

/* worker_stop hooks may take their time: only threads that have signed off are
 * joined, which does not block.
 * returns  false once the deadline has passed */
static bool await_threads(futures_pool *pool, futures_time deadline)
{
    bool in_time = true;
    uint32_t present;

    while ((present = load_seq_cst(&pool->present)) > 0) {
        if (!in_time) {
            return false;
        }
        in_time = fut_park(&pool->present, present, deadline);
    }
    return true;
}

static void join_once(futures_pool *pool)
{
    fut_lock(&pool->life_lock);
    if (!load_relaxed(&pool->joined)) {
        join_threads(pool, pool->workers);
        store_release(&pool->joined, true);
    }
    fut_unlock(&pool->life_lock);
}

static bool is_joined(const futures_pool *pool)
{
    return load_acquire(&pool->joined);
}

static void close_pool(futures_pool *pool, futures_shutdown how)
{
    store_seq_cst(&pool->closed, true);
    fut_injector_close(&pool->injector);
    fut_room_close(pool);
    if (how == FUTURES_SHUTDOWN_CANCEL) {
        fut_worker_condemn(pool, FUTURES_CANCELLED);
    }
}

/* Waits until nothing is left to run, and ends what is not ready then; what
 * becomes ready by that runs. Nothing begins to be held in a closed pool that
 * is quiet: so if all that ever were had left before it was, all is over.
 * returns  false once the deadline has passed */
static bool drain(futures_pool *pool, futures_time deadline)
{
    for (;;) {
        uint64_t left = fut_hold_left(pool, true);

        if (!fut_quiet_wait(pool, deadline)) {
            return false;
        }
        if (fut_hold_none_since(pool, true, left)) {
            return true;
        }
        if (!fut_hold_cancel_all(pool) &&
            !fut_hold_wait(pool, true, deadline)) {
            return false;
        }
    }
}

static bool is_inside(const futures_pool *pool)
{
    for (struct fut_run *run = fut_self.run; run != NULL; run = run->below) {
        if (run->future != NULL && run->future->pool == pool) {
            return true;
        }
    }
    return fut_pool_is_mine(pool);
}

futures_status futures_pool_shutdown(futures_pool *pool, futures_shutdown how,
                                     futures_time deadline)
{
    if (pool == NULL || (unsigned)how > FUTURES_SHUTDOWN_CANCEL) {
        return FUTURES_INVALID;
    }
    if (pool->generation != fut_fork_generation()) {
        return FUTURES_FORKED;
    }
    if (is_inside(pool)) {
        if (deadline != FUTURES_POLL) {
            return FUTURES_DEADLOCK;
        }
        close_pool(pool, how);
        return FUTURES_TIMEOUT;
    }
    if (is_joined(pool)) {
        return FUTURES_OK;
    }
    close_pool(pool, how);
    if (!drain(pool, deadline)) {
        return FUTURES_TIMEOUT;
    }
    end_threads(pool);
    if (!await_threads(pool, deadline)) {
        return FUTURES_TIMEOUT;
    }
    join_once(pool);
    return FUTURES_OK;
}

futures_status futures_pool_wait(futures_pool *pool, futures_time deadline)
{
    if (pool == NULL) {
        return FUTURES_INVALID;
    }
    if (pool->generation != fut_fork_generation()) {
        return FUTURES_FORKED;
    }
    if (is_inside(pool)) {
        return FUTURES_DEADLOCK;
    }
    if (!is_joined(pool) && !fut_quiet_now(pool) &&
        !fut_quiet_wait(pool, deadline)) {
        return FUTURES_TIMEOUT;
    }
    fut_block_trim();
    return FUTURES_OK;
}

void futures_pool_destroy(futures_pool *pool)
{
    if (pool == NULL || pool->generation != fut_fork_generation()) {
        return;
    }
    if (futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER) !=
        FUTURES_OK) {
        (void)fprintf(stderr, "futures: futures_pool_destroy in a task of "
                              "its own pool\n");
        abort();
    }
    fut_pool_free(pool);
    fut_block_trim();
}
