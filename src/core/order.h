/* What one submit is about, and futures made of it. */
#ifndef FUT_CORE_ORDER_H
#define FUT_CORE_ORDER_H

#include <stdbool.h>

#include <futures/task.h>

#include "core/future.h"

struct fut_order {
    futures_pool *pool;
    futures_fn fn;
    futures_task_options options;
    bool own; /* by the pool's own worker or task: also while it drains */
};

/* returns  OK; INVALID, FORKED, BROKEN or CLOSED: nothing is to be submitted,
 *          and options.arg_free is known as far as the options can be read */
futures_status fut_order_make(struct fut_order *order, futures_pool *pool,
                              futures_fn fn,
                              const futures_task_options *options);

/* Makes a block a QUEUED future with a handle and an entry's pin. */
void fut_order_fill(const struct fut_order *order, futures_future *future,
                    void *arg);

/* Ends one that was filled and found no place. Its timer may have ended it
 * before. Gives the entry's pin back. */
void fut_order_refuse(futures_future *future, futures_status status);

#endif
