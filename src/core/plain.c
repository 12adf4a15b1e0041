/* The short way of a task without options into a pool without a limit: one
 * line is written, one entry is published. Whatever is out of the ordinary
 * goes the way of futures_submit_with. */
#include <futures/task.h>

#include "core/enqueue.h"

/* Whether the pool takes work from this thread as it is. */
static inline bool is_open(const futures_pool *pool,
                           const struct fut_worker *worker)
{
    return pool->queue_limit == 0 &&
           pool->generation == fut_fork_generation() &&
           load_acquire(&pool->verdict) == FUTURES_OK &&
           !load_acquire(worker != NULL ? &pool->over : &pool->closed);
}

static inline void fill(futures_pool *pool, futures_future *future,
                        futures_fn fn, void *arg)
{
    fut_future_init(future, pool->word);
    future->pool = pool;
    future->fn = fn;
    future->arg = arg;
    fut_order_adopt(future);
}

/* returns  false where the pool has closed meanwhile, or for want of memory */
static bool inject(futures_pool *pool, futures_future *future)
{
    struct fut_queue *queue = fut_injector_queue(
        &pool->injector, FUT_STRIPED_LANE, fut_self_number());

    if (fut_queue_begin(queue, 1, false) != FUTURES_OK) {
        return false;
    }
    fut_queue_append(queue, future);
    fut_queue_end(queue);
    return true;
}

static bool push_own(struct fut_worker *worker, futures_future *future)
{
    /* Before it can be done. */
    bump_owned(&worker->counts.submitted, 1);
    if (!fut_deque_push(&worker->deque, future)) {
        bump_owned(&worker->counts.submitted, UINT64_MAX);
        return false;
    }
    return true;
}

static void discard(futures_future *future)
{
    fut_future_unpin(load_relaxed(&future->scope));
    fut_block_put(future);
}

/* returns  NULL where it cannot be queued so: nothing was changed */
static inline futures_future *submit(futures_pool *pool, futures_fn fn,
                                     void *arg)
{
    struct fut_worker *worker = fut_pool_worker(pool);
    futures_future *future = is_open(pool, worker) ? fut_block_get() : NULL;
    uint32_t seen;

    if (future == NULL) {
        return NULL;
    }
    fill(pool, future, fn, arg);
    seen = future->seen_epoch;
    if (!(worker != NULL ? push_own(worker, future) : inject(pool, future))) {
        discard(future);
        return NULL;
    }
    fut_idle_notify(&pool->idle);
    fut_enqueue_check(pool, future, seen);
    return future;
}

futures_future *futures_submit(futures_pool *pool, futures_fn fn, void *arg)
{
    futures_future *future = NULL;

    if (pool != NULL && fn != NULL) {
        future = submit(pool, fn, arg);
    }
    return future != NULL ? future : futures_submit_with(pool, fn, arg, NULL);
}
