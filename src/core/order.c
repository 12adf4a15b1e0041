/* Options in, futures out. A task's scope is the token that its options name,
 * else the submitting task, pinned from that task's own stock: no shared word
 * is written on the way. */
#include "core/order.h"

#include <string.h>

#include "base/fork.h"
#include "core/cancel.h"
#include "core/options.h"
#include "core/pool.h"
#include "core/token.h"

/* One submit in so many looks at the chain above its task. */
enum { SHORTEN_EACH = 16 };

static futures_status check(const struct fut_order *order)
{
    const futures_pool *pool = order->pool;

    if (pool == NULL || order->fn == NULL ||
        (unsigned)order->options.priority > FUTURES_PRIORITY_LOW) {
        return FUTURES_INVALID;
    }
    if (pool->generation != fut_fork_generation()) {
        return FUTURES_FORKED;
    }
    if (load_acquire(&pool->verdict) == FUTURES_BROKEN) {
        return FUTURES_BROKEN;
    }
    if (load_acquire(order->own ? &pool->over : &pool->closed)) {
        return FUTURES_CLOSED;
    }
    return FUTURES_OK;
}

futures_status fut_order_make(struct fut_order *order, futures_pool *pool,
                              futures_fn fn,
                              const futures_task_options *options)
{
    order->pool = pool;
    order->fn = fn;
    order->own =
        pool != NULL && (fut_pool_is_mine(pool) || fut_pool_runs_here(pool));
    order->timed = false;
    memset(&order->options, 0, sizeof order->options);
    if (options == NULL) {
        return check(order);
    }
    if (!fut_options_read(&order->options, sizeof order->options, options)) {
        /* Extra bytes that are not zero: arg_free is known all the same. */
        return FUTURES_INVALID;
    }
    order->timed = order->options.deadline != FUTURES_NEVER;
    return check(order);
}

/* Pins the running task as a scope, from its stock of pins. */
static futures_token *pin_task(struct fut_run *run)
{
    futures_future *task = run->future;

    if (++fut_self.pins % SHORTEN_EACH == 0) {
        fut_scope_shorten(task);
    }
    run->exposed = true;
    if (task->work.stock > 1) {
        task->work.stock--;
    } else {
        (void)fut_future_pin(task);
    }
    return fut_token_of_task(task);
}

static futures_token *scope_of(const struct fut_order *order)
{
    struct fut_run *run = fut_self_task();

    if (order->options.token == futures_token_none()) {
        return NULL;
    }
    if (order->options.token != NULL) {
        return fut_scope_retain(order->options.token);
    }
    return run != NULL ? pin_task(run) : NULL;
}

static uint64_t known_epoch(const struct fut_order *order)
{
    struct fut_run *run = fut_self_task();
    uint64_t epoch;

    if (order->options.token == NULL && run != NULL) {
        return fut_cancel_is_asked(run) ? run->epoch - 1 : run->epoch;
    }
    epoch = load_acquire(&fut_scope_epoch);
    return fut_scope_is_stopped(order->options.token) ? epoch - 1 : epoch;
}

void fut_order_fill(const struct fut_order *order, futures_future *future,
                    void *arg)
{
    fut_future_init(future, order->timed ? FUT_ENDING : FUT_QUEUED, 1,
                    order->pool->worker_start != NULL ? FUT_BOUND : 0);
    future->pool = order->pool;
    atomic_init(&future->scope, scope_of(order));
    future->work.fn = order->fn;
    future->work.arg = arg;
    future->work.name = order->options.name;
    future->work.arg_free = order->options.arg_free;
    future->work.value_free = order->options.value_free;
    future->work.lane = (uint8_t)order->options.priority;
    future->work.seen_epoch = (uint32_t)known_epoch(order);
}

void fut_order_refuse(futures_future *future, futures_status status,
                      uint64_t pins)
{
    (void)futures_retain(future);
    fut_future_call(future->work.arg_free, future->work.arg);
    fut_future_disarm(future);
    fut_future_publish(future, status, pins);
}
