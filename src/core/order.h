/* What one submit is about, and futures made of it. */
#ifndef FUT_CORE_ORDER_H
#define FUT_CORE_ORDER_H

#include <stdbool.h>

#include <futures/task.h>

#include "core/cancel.h"
#include "core/future.h"
#include "core/scope.h"
#include "core/self.h"
#include "core/token.h"

struct fut_order {
    futures_pool *pool;
    futures_fn fn;
    futures_task_options options;
    bool own;     /* by the pool's own worker or task: also while it drains */
    bool timed;   /* there is a deadline */
    bool extra;   /* there is something for the extra line */
    bool held;    /* what is filled is not ready: see hold.h */
    bool counted; /* ... and counts as queued meanwhile */
    bool alone;   /* the submitter has the handle only after the submit */
};

/* One submit in so many looks at the chain above its task. */
enum { FUT_SHORTEN_EACH = 64 };

/* Pins the running task as a scope, from its stock of pins: no shared word is
 * written. */
static inline futures_token *fut_order_pin(struct fut_run *run)
{
    futures_future *task = run->future;

    if (++fut_self.pins % FUT_SHORTEN_EACH == 0) {
        fut_scope_shorten(task);
    }
    if (!run->borrowed && task->stock > 1) {
        task->stock--;
    } else {
        run->exposed = true;
        (void)fut_future_pin(task);
    }
    return fut_token_of_task(task);
}

/* Puts the future beneath the running task, if there is one. Its epoch is one
 * at which nothing above it was known to be stopped; where something is, one
 * that has passed. */
static inline void fut_order_adopt(futures_future *future)
{
    struct fut_run *run = fut_self_task();

    if (run != NULL) {
        atomic_init(&future->scope, fut_order_pin(run));
        future->seen_epoch = (uint32_t)(run->epoch - fut_cancel_is_asked(run));
    } else {
        atomic_init(&future->scope, NULL);
        future->seen_epoch = (uint32_t)load_acquire(&fut_scope_epoch);
    }
}

/* returns  OK; INVALID, FORKED, BROKEN or CLOSED: nothing is to be submitted,
 *          and options.arg_free is known as far as the options can be read */
futures_status fut_order_make(struct fut_order *order, futures_pool *pool,
                              futures_fn fn,
                              const futures_task_options *options);

/* Makes a block a future with a handle and an entry's pin. Where a deadline
 * is to be armed nobody can claim it before fut_future_open. */
void fut_order_fill(const struct fut_order *order, futures_future *future,
                    void *arg);

/* Ends one that was filled, found no place and was not opened. Gives `pins`
 * back. */
void fut_order_refuse(futures_future *future, futures_status status,
                      uint64_t pins);

#endif
