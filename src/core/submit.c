/* From a function and an argument to a queued future. A submit either queues,
 * runs the task here where the pool is full and says so, or hands out a static
 * future that has ended with the reason; arg_free runs exactly once on each of
 * these ways. */
#include <futures/task.h>

#include "core/cancel.h"
#include "core/enqueue.h"

enum { RUN = 128 };

static futures_status arm_all(const struct fut_order *order,
                              futures_future *const futures[], size_t count)
{
    futures_status status = FUTURES_OK;

    if (!order->timed) {
        return FUTURES_OK;
    }
    for (size_t i = 0; i < count && status == FUTURES_OK; i++) {
        status = fut_cancel_at(futures[i], order->options.deadline);
    }
    return status;
}

/* Makes blocks futures and gives them places.
 * returns  how many got one; fewer: *status says why */
static size_t submit_run(const struct fut_order *order,
                         futures_future *const futures[], void *const args[],
                         size_t count, futures_status *status)
{
    for (size_t i = 0; i < count; i++) {
        fut_order_fill(order, futures[i], args[i]);
    }
    *status = arm_all(order, futures, count);
    return *status == FUTURES_OK
               ? fut_enqueue_all(order, futures, count, status)
               : 0;
}

/* How many at once: where nothing but memory or a close can refuse them, runs
 * that are still in the cache when they are queued, and that others begin with
 * while the next is made. */
static size_t run_length(const struct fut_order *order, size_t count)
{
    bool together = order->timed || order->pool->queue_limit != 0;

    return together || count < RUN ? count : RUN;
}

/* The same, in runs. What got no place ends with the reason. */
static size_t submit(const struct fut_order *order,
                     futures_future *const futures[], void *const args[],
                     size_t count, futures_status *status)
{
    size_t placed = 0;
    size_t filled = 0;

    *status = count > RUN ? fut_enqueue_reserve(order, count) : FUTURES_OK;
    while (*status == FUTURES_OK && filled < count) {
        size_t run = run_length(order, count - filled);

        placed +=
            submit_run(order, &futures[filled], &args[filled], run, status);
        filled += run;
    }
    for (size_t i = placed; i < count; i++) {
        if (i >= filled) {
            fut_order_fill(order, futures[i], args[i]);
        }
        fut_order_refuse(futures[i], *status, 1);
    }
    return placed;
}

/* returns  the future, which may have ended with the reason */
static futures_future *submit_one(futures_pool *pool, futures_fn fn, void *arg,
                                  const futures_task_options *options,
                                  bool *accepted)
{
    struct fut_order order;
    futures_status status = fut_order_make(&order, pool, fn, options);
    futures_future *future = NULL;

    *accepted = false;
    if (status == FUTURES_OK) {
        future = fut_block_get();
        status = FUTURES_NOMEM;
    }
    if (future == NULL) {
        fut_self_call(order.options.arg_free, arg);
        return fut_future_ended(status);
    }
    order.alone = true;
    *accepted = submit(&order, &future, &arg, 1, &status) == 1;
    return future;
}

futures_future *futures_submit_with(futures_pool *pool, futures_fn fn,
                                    void *arg,
                                    const futures_task_options *options)
{
    bool accepted;

    return submit_one(pool, fn, arg, options, &accepted);
}

futures_status futures_submit_detached(futures_pool *pool, futures_fn fn,
                                       void *arg,
                                       const futures_task_options *options)
{
    bool accepted;
    futures_future *future = submit_one(pool, fn, arg, options, &accepted);
    futures_status status = futures_poll(future);

    futures_release(future);
    /* A pool may close as it was about to be run here. */
    return accepted && status != FUTURES_CLOSED ? FUTURES_OK : status;
}

static futures_status refuse_all(const struct fut_order *order,
                                 void *const args[], size_t count,
                                 futures_status status)
{
    for (size_t i = 0; args != NULL && i < count; i++) {
        fut_self_call(order->options.arg_free, args[i]);
    }
    return status;
}

/* returns  whether there was memory for all */
static bool get_blocks(futures_future *futures[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        futures[i] = fut_block_get();
        if (futures[i] == NULL) {
            while (i-- > 0) {
                fut_block_put(futures[i]);
                futures[i] = NULL;
            }
            return false;
        }
    }
    return true;
}

static futures_status submit_batch(const struct fut_order *order,
                                   void *const args[], size_t count,
                                   futures_future *futures[])
{
    futures_status status;

    if (!get_blocks(futures, count)) {
        return refuse_all(order, args, count, FUTURES_NOMEM);
    }
    if (submit(order, futures, args, count, &status) > 0) {
        return FUTURES_OK;
    }
    for (size_t i = 0; i < count; i++) {
        futures_release(futures[i]);
        futures[i] = NULL;
    }
    return status;
}

futures_status futures_submit_all(futures_pool *pool, futures_fn fn,
                                  void *const args[], size_t count,
                                  futures_future *futures[],
                                  const futures_task_options *options)
{
    struct fut_order order;
    futures_status status = fut_order_make(&order, pool, fn, options);

    for (size_t i = 0; futures != NULL && i < count; i++) {
        futures[i] = NULL;
    }
    if (count > 0 && (args == NULL || futures == NULL)) {
        status = FUTURES_INVALID;
    }
    if (status != FUTURES_OK || count == 0) {
        return refuse_all(&order, args, count, status);
    }
    return submit_batch(&order, args, count, futures);
}
