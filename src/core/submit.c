/* From a function and an argument to a queued future. A submit either queues,
 * runs the task here where the pool is full and says so, or hands out a static
 * future that has ended with the reason; arg_free runs exactly once on each of
 * these ways.
 *
 * Nothing a cancel must reach is missed: the entry is published first, then
 * the epoch is read; a cancel moves the epoch first and then looks through the
 * queues. */
#include <futures/task.h>

#include "base/thread.h"
#include "core/cancel.h"
#include "core/limbo.h"
#include "core/order.h"
#include "core/pool.h"
#include "core/room.h"
#include "core/run.h"

/* After the publishing: what was cancelled before, or in between. */
static void check_cancelled(futures_future *future, uint32_t seen)
{
    unsigned verdict;

    if ((uint32_t)load_seq_cst(&fut_scope_epoch) == seen) {
        return;
    }
    verdict = load_seq_cst(&future->pool->verdict);
    if (verdict != FUTURES_OK ||
        fut_scope_is_stopped(load_relaxed(&future->scope))) {
        if (fut_future_claim_end(future)) {
            fut_cancel_claimed(future,
                               verdict != FUTURES_OK ? (futures_status)verdict
                                                     : FUTURES_CANCELLED,
                               fut_scope_reason(load_relaxed(&future->scope)));
        }
    }
}

/* Into the worker's own deque, newest first, or through the injector.
 * returns  false where the pool has closed meanwhile */
static bool publish(const struct fut_order *order, struct fut_chain chain)
{
    futures_pool *pool = order->pool;
    struct fut_link *link = chain.first;

    if (order->options.priority == FUTURES_PRIORITY_NORMAL &&
        fut_pool_is_mine(pool)) {
        while (chain.count > 0) {
            struct fut_link *next = link->next; /* gone once it is pushed */

            if (!fut_deque_push(&fut_self.worker->deque,
                                fut_future_of_link(link))) {
                break;
            }
            chain.count--;
            link = next;
        }
        chain.first = link;
        if (chain.count == 0) {
            return true;
        }
    }
    return fut_injector_put(&pool->injector, (int)order->options.priority,
                            chain, order->own);
}

/* Queues a run of filled futures, of which the caller has handles, and
 * which have their places.
 * returns  false where the pool has closed meanwhile: nothing was changed */
static bool enqueue(const struct fut_order *order, futures_future *first,
                    size_t count)
{
    futures_pool *pool = order->pool;
    uint32_t seen = first->work.seen_epoch;

    for (size_t i = 0; i + 1 < count; i++) {
        first[i].link.next = &first[i + 1].link;
    }
    FUT_COUNT(pool, submitted, count);
    if (!publish(order, (struct fut_chain){&first->link,
                                           &first[count - 1].link, count})) {
        FUT_COUNT(pool, submitted, 0 - (uint64_t)count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        check_cancelled(&first[i], seen);
    }
    fut_idle_notify(&pool->idle);
    return true;
}

/* What the pool's policy says for this thread, with the queue full. */
static futures_overflow policy_of(const struct fut_order *order)
{
    const futures_pool *pool = order->pool;

    if (order->own) {
        return FUTURES_OVERFLOW_RUN;
    }
    if (pool->overflow == FUTURES_OVERFLOW_RUN && pool->worker_start != NULL) {
        return FUTURES_OVERFLOW_BLOCK;
    }
    return pool->overflow;
}

/* Runs it here. It has no entry in a queue: limbo takes that pin, so
 * that the pool waits for it. */
static void run_here(futures_future *future)
{
    bool claimed = fut_future_claim_run(future, false);

    FUT_COUNT(future->pool, submitted, 1);
    fut_limbo_put(future->pool, future);
    if (claimed) {
        fut_run_claimed(future);
    }
}

/* Where the queue is full.
 * returns  how many were dealt with; 0: *status says why none */
static size_t overflow(const struct fut_order *order, futures_future *first,
                       futures_status *status)
{
    *status = FUTURES_OK;
    switch (policy_of(order)) {
    case FUTURES_OVERFLOW_REFUSE:
        *status = FUTURES_FULL;
        return 0;
    case FUTURES_OVERFLOW_RUN:
        fut_room_force(order->pool, 1);
        if (!fut_thread_stack_low()) {
            run_here(first);
            return 1;
        }
        if (!enqueue(order, first, 1)) {
            fut_room_give(order->pool, 1);
            *status = FUTURES_CLOSED;
            return 0;
        }
        return 1;
    default:
        if (!fut_room_wait(order->pool)) {
            *status = FUTURES_CLOSED;
        }
        return 0;
    }
}

/* Gives filled futures their places, in order.
 * returns  how many got one; fewer than count: *status says why */
static size_t place(const struct fut_order *order, futures_future *first,
                    size_t count, futures_status *status)
{
    size_t placed = 0;

    *status = FUTURES_OK;
    while (placed < count && *status == FUTURES_OK) {
        size_t taken = fut_room_take(order->pool, count - placed);

        if (taken == 0) {
            placed += overflow(order, &first[placed], status);
        } else if (taken < count && placed == 0 &&
                   policy_of(order) == FUTURES_OVERFLOW_REFUSE) {
            fut_room_give(order->pool, taken);
            *status = FUTURES_FULL;
        } else if (enqueue(order, &first[placed], taken)) {
            placed += taken;
        } else {
            fut_room_give(order->pool, taken);
            *status = FUTURES_CLOSED;
        }
    }
    return placed;
}

static futures_status arm_all(const struct fut_order *order,
                              futures_future *first, size_t count)
{
    futures_status status = FUTURES_OK;

    if (order->options.deadline == FUTURES_NEVER) {
        return FUTURES_OK;
    }
    for (size_t i = 0; i < count && status == FUTURES_OK; i++) {
        status = fut_cancel_at(&first[i], order->options.deadline);
    }
    return status;
}

/* Submits futures that lie side by side. What got no place ends with the
 * reason.
 * returns  how many got one; fewer: *status says why */
static size_t submit(const struct fut_order *order, futures_future *first,
                     void *const args[], size_t count, futures_status *status)
{
    size_t placed = 0;

    for (size_t i = 0; i < count; i++) {
        fut_order_fill(order, &first[i], args[i]);
    }
    *status = arm_all(order, first, count);
    if (*status == FUTURES_OK) {
        placed = place(order, first, count, status);
    }
    for (size_t i = placed; i < count; i++) {
        fut_order_refuse(&first[i], *status);
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
        future = fut_future_alloc();
        status = FUTURES_NOMEM;
    }
    if (future == NULL) {
        fut_future_call(order.options.arg_free, arg);
        return fut_future_ended(status);
    }
    *accepted = submit(&order, future, &arg, 1, &status) == 1;
    return future;
}

futures_future *futures_submit_with(futures_pool *pool, futures_fn fn,
                                    void *arg,
                                    const futures_task_options *options)
{
    bool accepted;

    return submit_one(pool, fn, arg, options, &accepted);
}

futures_future *futures_submit(futures_pool *pool, futures_fn fn, void *arg)
{
    return futures_submit_with(pool, fn, arg, NULL);
}

futures_status futures_submit_detached(futures_pool *pool, futures_fn fn,
                                       void *arg,
                                       const futures_task_options *options)
{
    bool accepted;
    futures_future *future = submit_one(pool, fn, arg, options, &accepted);
    futures_status status = accepted ? FUTURES_OK : futures_poll(future);

    futures_release(future);
    return status;
}

static futures_status refuse_all(const struct fut_order *order,
                                 void *const args[], size_t count,
                                 futures_status status)
{
    for (size_t i = 0; args != NULL && i < count; i++) {
        fut_future_call(order->options.arg_free, args[i]);
    }
    return status;
}

static futures_status submit_batch(const struct fut_order *order,
                                   void *const args[], size_t count,
                                   futures_future *futures[])
{
    futures_future *first = fut_future_alloc_all(count);
    futures_status status;
    bool some;

    if (first == NULL) {
        return refuse_all(order, args, count, FUTURES_NOMEM);
    }
    some = submit(order, first, args, count, &status) > 0;
    for (size_t i = 0; i < count; i++) {
        if (some) {
            futures[i] = &first[i];
        } else {
            futures_release(&first[i]);
        }
    }
    return some ? FUTURES_OK : status;
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
