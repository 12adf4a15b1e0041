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
    bool own;   /* by the pool's own worker or task: also while it drains */
    bool timed; /* there is a deadline */
    bool extra; /* there is something for the extra line */
};

/* returns  OK; INVALID, FORKED, BROKEN or CLOSED: nothing is to be submitted,
 *          and options.arg_free is known as far as the options can be read */
futures_status fut_order_make(struct fut_order *order, futures_pool *pool,
                              futures_fn fn,
                              const futures_task_options *options);

/* Makes a block a future with a handle and an entry's pin. Where a deadline
 * is to be armed nobody can claim it before fut_future_open. */
void fut_order_fill(const struct fut_order *order, futures_future *future,
                    void *arg);

/* Whether a task without options can be queued there as it is: the pool takes
 * work and has no limit. */
bool fut_order_is_plain(const futures_pool *pool);

/* fut_order_fill for such a task. */
void fut_order_fill_plain(futures_pool *pool, futures_future *future,
                          futures_fn fn, void *arg);

/* Ends one that was filled, found no place and was not opened. Gives `pins`
 * back. */
void fut_order_refuse(futures_future *future, futures_status status,
                      uint64_t pins);

#endif
