/* Queues, or runs the task here where the pool is full and says so, or refuses.
 *
 * Nothing a cancel must reach is missed: the entry is published first, then
 * the epoch is read; a cancel moves the epoch first and then, behind a heavy
 * barrier, looks through the queues. */
#include "core/enqueue.h"

#include "base/clock.h"
#include "base/thread.h"
#include "core/cancel.h"
#include "core/limbo.h"
#include "core/room.h"
#include "core/run.h"

void fut_enqueue_look(futures_pool *pool, futures_future *future)
{
    unsigned verdict = load_seq_cst(&pool->verdict);

    if ((verdict != FUTURES_OK || fut_scope_stops(future)) &&
        fut_future_claim_end(future)) {
        fut_cancel_claimed(future,
                           verdict != FUTURES_OK ? (futures_status)verdict
                                                 : FUTURES_CANCELLED,
                           fut_scope_reason_for(future));
    }
}

static void open_all(const struct fut_order *order,
                     futures_future *const futures[], size_t count)
{
    for (size_t i = 0; order->timed && i < count; i++) {
        fut_future_open(futures[i]);
    }
}

/* Into the worker's own deque, where the newest is taken first.
 * returns  how many: fewer without memory */
static size_t push_own(const struct fut_order *order,
                       futures_future *const futures[], size_t count)
{
    size_t pushed = 0;

    if (order->options.priority != FUTURES_PRIORITY_NORMAL ||
        !fut_pool_is_mine(order->pool)) {
        return 0;
    }
    open_all(order, futures, count);
    while (pushed < count &&
           fut_deque_push(&fut_self.worker->deque, futures[pushed])) {
        pushed++;
    }
    return pushed;
}

static struct fut_chain link_all(futures_future *const futures[], size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        futures[i]->link.next = &futures[i + 1]->link;
    }
    return (struct fut_chain){&futures[0]->link, &futures[count - 1]->link,
                              count};
}

/* returns  false where the pool has closed meanwhile: nothing was changed */
static bool inject(const struct fut_order *order,
                   futures_future *const futures[], size_t count, bool opened)
{
    struct fut_injector *injector = &order->pool->injector;
    struct fut_chain chain = link_all(futures, count);

    if (!fut_injector_begin(injector, order->own)) {
        return false;
    }
    if (!opened) {
        open_all(order, futures, count);
    }
    fut_injector_append(injector, (int)order->options.priority, chain);
    return true;
}

/* Queues filled futures, of which the caller has handles, and which have their
 * places.
 * returns  false where the pool has closed meanwhile: nothing was changed */
static bool enqueue(const struct fut_order *order,
                    futures_future *const futures[], size_t count)
{
    futures_pool *pool = order->pool;
    uint32_t seen = futures[0]->seen_epoch;
    size_t pushed;

    FUT_COUNT(pool, submitted, count);
    pushed = push_own(order, futures, count);
    if (pushed < count &&
        !inject(order, &futures[pushed], count - pushed, pushed > 0)) {
        FUT_COUNT(pool, submitted, 0 - (uint64_t)count);
        return false;
    }
    fut_idle_notify(&pool->idle);
    for (size_t i = 0; i < count; i++) {
        if (order->timed && fut_clock_passed(order->options.deadline)) {
            fut_cancel_late(futures[i]);
        }
        fut_enqueue_check(pool, futures[i], seen);
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
    open_all(order, &future, 1);
    if (fut_future_claim_run(future, false)) {
        fut_run_one(future, false);
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
    if (!enqueue(order, &future, 1)) {
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

size_t fut_enqueue_all(const struct fut_order *order,
                       futures_future *const futures[], size_t count,
                       futures_status *status)
{
    size_t placed = 0;

    *status = FUTURES_OK;
    while (placed < count && *status == FUTURES_OK) {
        size_t taken = fut_room_take(order->pool, count - placed);

        if (taken == 0) {
            placed += overflow(order, futures[placed], status);
        } else if (taken < count && placed == 0 &&
                   policy_of(order) == FUTURES_OVERFLOW_REFUSE) {
            fut_room_give(order->pool, taken);
            *status = FUTURES_FULL;
        } else if (enqueue(order, &futures[placed], taken)) {
            placed += taken;
        } else {
            fut_room_give(order->pool, taken);
            *status = FUTURES_CLOSED;
        }
    }
    return placed;
}
