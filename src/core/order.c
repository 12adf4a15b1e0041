/* Options in, futures out. A task's scope is the token that its options name,
 * else the submitting task, pinned from that task's own stock: no shared word
 * is written on the way. */
#include "core/order.h"

#include <string.h>

#include "base/fork.h"
#include "core/cancel.h"
#include "core/life.h"
#include "core/options.h"
#include "core/pool.h"
#include "core/token.h"

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
    order->extra = false;
    order->held = false;
    order->counted = false;
    order->alone = false;
    memset(&order->options, 0, sizeof order->options);
    if (options == NULL) {
        return check(order);
    }
    if (!fut_options_read(&order->options, sizeof order->options, options)) {
        /* Extra bytes that are not zero: arg_free is known all the same. */
        return FUTURES_INVALID;
    }
    order->timed = order->options.deadline != FUTURES_NEVER;
    order->extra = order->options.name != NULL ||
                   order->options.arg_free != NULL ||
                   order->options.value_free != NULL;
    return check(order);
}

static void adopt_by_token(futures_future *future, futures_token *token)
{
    uint64_t epoch = load_acquire(&fut_scope_epoch);

    if (token == futures_token_none()) {
        atomic_init(&future->scope, NULL);
    } else {
        atomic_init(&future->scope, fut_scope_retain(token));
        epoch -= fut_scope_is_stopped(token);
    }
    future->seen_epoch = (uint32_t)epoch;
}

static void fill_extra(futures_future *future,
                       const futures_task_options *options)
{
    struct fut_extra *extra = fut_future_extra(future);

    future->options = true;
    extra->name = options->name;
    extra->arg_free = options->arg_free;
    extra->value_free = options->value_free;
}

void fut_order_fill(const struct fut_order *order, futures_future *future,
                    void *arg)
{
    uint64_t word = order->timed
                        ? fut_future_word(FUT_ENDING, 1, order->pool->marks)
                        : order->pool->word;

    fut_future_init(future, order->held ? word | FUT_HELD : word);
    future->counted = order->counted;
    future->pool = order->pool;
    future->fn = order->fn;
    future->arg = arg;
    future->lane = (uint8_t)order->options.priority;
    if (order->options.token == NULL) {
        fut_order_adopt(future);
    } else {
        adopt_by_token(future, order->options.token);
    }
    if (order->extra) {
        fill_extra(future, &order->options);
    }
}

void fut_order_refuse(futures_future *future, futures_status status,
                      uint64_t pins)
{
    (void)futures_retain(future);
    fut_future_free_arg(future);
    fut_future_disarm(future);
    fut_future_publish(future, status, pins);
}
