/* From a function and an argument to a queued future. A submit either queues,
 * runs the task here where the pool is full and says so, or hands out a static
 * future that has ended with the reason; arg_free runs exactly once on each of
 * these ways.
 *
 * Nothing a cancel must reach is missed: the entry is published first, then
 * the epoch is read; a cancel moves the epoch first and then looks through the
 * queues. */
#include <futures/task.h>

#include "base/clock.h"
#include "base/thread.h"
#include "core/cancel.h"
#include "core/limbo.h"
#include "core/order.h"
#include "core/pool.h"
#include "core/room.h"
#include "core/run.h"

/* After the publishing: what was cancelled before, or in between, or was too
 * late when its timer found it closed. */
static void check_cancelled(const struct fut_order *order,
                            futures_future *future, uint32_t seen)
{
    unsigned verdict;

    if (order->timed && fut_clock_passed(order->options.deadline)) {
        fut_cancel_late(future);
    }
    if ((uint32_t)load_seq_cst(&fut_scope_epoch) == seen) {
        return;
    }
    verdict = load_seq_cst(&order->pool->verdict);
    if ((verdict != FUTURES_OK || fut_scope_stops(future)) &&
        fut_future_claim_end(future)) {
        fut_cancel_claimed(future,
                           verdict != FUTURES_OK ? (futures_status)verdict
                                                 : FUTURES_CANCELLED,
                           fut_scope_reason_for(future));
    }
}

static void open_all(const struct fut_order *order, futures_future *first,
                     size_t count)
{
    for (size_t i = 0; order->timed && i < count; i++) {
        fut_future_open(&first[i]);
    }
}

/* Into the worker's own deque, where the newest is taken first.
 * returns  how many: fewer without memory */
static size_t push_own(const struct fut_order *order, futures_future *first,
                       size_t count)
{
    size_t pushed = 0;

    if (order->options.priority != FUTURES_PRIORITY_NORMAL ||
        !fut_pool_is_mine(order->pool)) {
        return 0;
    }
    open_all(order, first, count);
    while (pushed < count &&
           fut_deque_push(&fut_self.worker->deque, &first[pushed])) {
        pushed++;
    }
    return pushed;
}

static struct fut_chain link_all(futures_future *first, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        first[i].link.next = &first[i + 1].link;
    }
    return (struct fut_chain){&first->link, &first[count - 1].link, count};
}

/* returns  false where the pool has closed meanwhile: nothing was changed */
static bool inject(const struct fut_order *order, futures_future *first,
                   size_t count, bool opened)
{
    struct fut_injector *injector = &order->pool->injector;
    struct fut_chain chain = link_all(first, count);

    if (!fut_injector_begin(injector, order->own)) {
        return false;
    }
    if (!opened) {
        open_all(order, first, count);
    }
    fut_injector_append(injector, (int)order->options.priority, chain);
    return true;
}

/* Queues filled futures, of which the caller has handles, and which have their
 * places.
 * returns  false where the pool has closed meanwhile: nothing was changed */
static bool enqueue(const struct fut_order *order, futures_future *first,
                    size_t count)
{
    futures_pool *pool = order->pool;
    uint32_t seen = first->work.seen_epoch;
    size_t pushed;

    FUT_COUNT(pool, submitted, count);
    pushed = push_own(order, first, count);
    if (pushed < count &&
        !inject(order, &first[pushed], count - pushed, pushed > 0)) {
        FUT_COUNT(pool, submitted, 0 - (uint64_t)count);
        return false;
    }
    fut_idle_notify(&pool->idle);
    for (size_t i = 0; i < count; i++) {
        check_cancelled(order, &first[i], seen);
    }
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

/* Runs it here. It has no entry in a queue: limbo takes that pin, so that the
 * pool waits for it; if it has not waited, it was closed before.
 * returns  false: it has ended CLOSED */
static bool run_here(const struct fut_order *order, futures_future *future)
{
    futures_pool *pool = order->pool;

    fut_limbo_put(pool, future);
    if (!order->own && load_seq_cst(&pool->closed)) {
        fut_room_give(pool, 1);
        fut_order_refuse(future, FUTURES_CLOSED, 0);
        return false;
    }
    FUT_COUNT(pool, submitted, 1);
    open_all(order, future, 1);
    if (fut_future_claim_run(future, false)) {
        fut_run_claimed(future);
    }
    return true;
}

/* Takes a place over the limit: runs it here or, for want of stack, queues it.
 * returns  how many were dealt with: 1, or 0: *status says why */
static size_t run_or_queue(const struct fut_order *order,
                           futures_future *future, futures_status *status)
{
    fut_room_force(order->pool, 1);
    if (!fut_thread_stack_low()) {
        /* Dealt with either way: a refused one has ended already. */
        (void)run_here(order, future);
        return 1;
    }
    if (!enqueue(order, future, 1)) {
        fut_room_give(order->pool, 1);
        *status = FUTURES_CLOSED;
        return 0;
    }
    return 1;
}

/* Where the queue is full.
 * returns  how many were dealt with; 0: *status says why none */
static size_t overflow(const struct fut_order *order, futures_future *first,
                       futures_status *status)
{
    switch (policy_of(order)) {
    case FUTURES_OVERFLOW_REFUSE:
        *status = FUTURES_FULL;
        return 0;
    case FUTURES_OVERFLOW_RUN:
        return run_or_queue(order, first, status);
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
        fut_order_refuse(&first[i], *status, 1);
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
