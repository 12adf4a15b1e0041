/* Queues, or runs the task here where the pool is full and says so, or
 * refuses.
 *
 * Nothing a cancel must reach is missed: the entry is published first, then
 * the epoch is read; a cancel moves the epoch first and then, behind a heavy
 * barrier, looks through the queues. */
#include "core/enqueue.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/thread.h"
#include "core/cancel.h"
#include "core/limbo.h"
#include "core/quiet.h"
#include "core/room.h"
#include "core/run.h"

void fut_enqueue_look(futures_pool *pool, futures_future *future)
{
    unsigned verdict = load_seq_cst(&pool->verdict);

    if (verdict == FUTURES_BROKEN) {
        fut_quiet_notify(pool); /* who waits there may have to pop it */
    }
    if ((verdict != FUTURES_OK || fut_scope_stops(future)) &&
        fut_future_claim_end(future)) {
        fut_cancel_claimed(future,
                           verdict != FUTURES_OK ? (futures_status)verdict
                                                 : FUTURES_CANCELLED,
                           fut_scope_reason_for(future));
    }
}

static void open_one(const struct fut_order *order, futures_future *future)
{
    if (order->timed) {
        fut_future_open(future);
    }
}

/* The opposite, for one that found no place.
 * returns  false where its timer has claimed it meanwhile: it has had its
 *          place, as far as anybody can tell */
static bool shut_one(const struct fut_order *order, futures_future *future)
{
    if (order->timed && !fut_future_claim_end(future)) {
        fut_limbo_put(order->pool, future);
        return false;
    }
    if (order->timed) {
        futures_release(future);
        fut_future_drop(future, 1);
    }
    return true;
}

/* Whether the worker's own deque is the place. */
static bool goes_own(const struct fut_order *order)
{
    return order->options.priority == FUTURES_PRIORITY_NORMAL &&
           fut_pool_is_mine(order->pool);
}

/* Into the worker's own deque, where the newest is taken first.
 * returns  how many: fewer without memory, and the next one is open, too */
static size_t push_own(const struct fut_order *order,
                       futures_future *const futures[], size_t count)
{
    size_t pushed = 0;
    bool more = true;

    /* Counted before they can be done. */
    FUT_COUNT(order->pool, submitted, count);
    while (more && pushed < count) {
        open_one(order, futures[pushed]);
        more = fut_deque_push(&fut_self.worker->deque, futures[pushed]);
        pushed += more;
    }
    FUT_COUNT(order->pool, submitted, (uint64_t)pushed - (uint64_t)count);
    return pushed;
}

static struct fut_queue *queue_of(const struct fut_order *order)
{
    return fut_injector_queue(&order->pool->injector, order->options.priority,
                              fut_self_number());
}

/* What one producer has begun to append to and not used is the next one's. */
futures_status fut_enqueue_reserve(const struct fut_order *order, size_t count)
{
    struct fut_queue *queue = queue_of(order);
    futures_status status = FUTURES_OK;

    if (!goes_own(order)) {
        status = fut_queue_begin(queue, count, order->own);
        if (status == FUTURES_OK) {
            fut_queue_end(queue);
        }
    }
    return status;
}

/* `open`: how many of the first are.
 * returns  OK; CLOSED, NOMEM: nothing was changed */
static futures_status inject(const struct fut_order *order,
                             futures_future *const futures[], size_t count,
                             size_t open)
{
    struct fut_queue *queue = queue_of(order);
    futures_status status = fut_queue_begin(queue, count, order->own);

    if (status != FUTURES_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (i >= open) {
            open_one(order, futures[i]);
        }
        fut_queue_append(queue, futures[i]);
    }
    fut_queue_end(queue);
    return FUTURES_OK;
}

/* returns  how many found a place; fewer: *status says why */
static size_t distribute(const struct fut_order *order,
                         futures_future *const futures[], size_t count,
                         futures_status *status)
{
    bool own = goes_own(order);
    size_t pushed = own ? push_own(order, futures, count) : 0;

    if (pushed == count) {
        return count;
    }
    *status = inject(order, &futures[pushed], count - pushed, own);
    if (*status == FUTURES_OK) {
        return count;
    }
    if (own && !shut_one(order, futures[pushed])) {
        FUT_COUNT(order->pool, submitted, 1);
        pushed++;
    }
    return pushed;
}

bool fut_enqueue_ready(futures_future *future)
{
    const struct fut_order order = {.pool = future->pool,
                                    .options.priority =
                                        (futures_priority)future->lane,
                                    .own = true};
    futures_status status;

    return distribute(&order, &future, 1, &status) == 1;
}

/* Queues filled futures, of which the caller has handles, and which have their
 * places in the room.
 * returns  how many; fewer: *status says why, and nothing was changed for the
 *          others */
static size_t enqueue(const struct fut_order *order,
                      futures_future *const futures[], size_t count,
                      futures_status *status)
{
    futures_pool *pool = order->pool;
    uint32_t seen = futures[0]->seen_epoch;
    size_t queued;

    queued = distribute(order, futures, count, status);
    if (queued > 0) {
        fut_idle_notify(&pool->idle);
    }
    for (size_t i = 0; i < queued; i++) {
        if (order->timed && fut_clock_passed(order->options.deadline)) {
            fut_cancel_late(futures[i]);
        }
        fut_enqueue_check(pool, futures[i], seen);
    }
    return queued;
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

static void lose_handle(void *future)
{
    futures_release(future);
}

/* Where the thread exits in it nobody gets the handle. */
static void run_inline(const struct fut_order *order, futures_future *future)
{
    pthread_cleanup_push(lose_handle, order->alone ? future : NULL);
    fut_run_one(future, false);
    pthread_cleanup_pop(0);
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
    open_one(order, future);
    if (fut_future_claim_run(future, false)) {
        run_inline(order, future);
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
    if (enqueue(order, &future, 1, status) == 0) {
        fut_room_give(order->pool, 1);
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
        } else {
            size_t queued = enqueue(order, &futures[placed], taken, status);

            fut_room_give(order->pool, taken - queued);
            placed += queued;
        }
    }
    return placed;
}

futures_status fut_enqueue_take(const struct fut_order *order, bool wait)
{
    while (fut_room_take(order->pool, 1) == 0) {
        futures_overflow policy = policy_of(order);

        if (policy == FUTURES_OVERFLOW_REFUSE) {
            return FUTURES_FULL;
        }
        if (policy == FUTURES_OVERFLOW_RUN && !wait) {
            return FUTURES_PENDING;
        }
        if (!fut_room_wait(order->pool)) {
            return FUTURES_CLOSED;
        }
    }
    return FUTURES_OK;
}

futures_status fut_enqueue_one(const struct fut_order *order,
                               futures_future *future)
{
    futures_status status = FUTURES_OK;

    (void)enqueue(order, &future, 1, &status);
    return status;
}
