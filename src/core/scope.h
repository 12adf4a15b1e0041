/* What cancels a task: its scope, upwards. A scope is a token, real or the
 * submitting task; each has one above it. A cancel marks one, moves the epoch,
 * and only then do those beneath look: nobody keeps a list of children. Those
 * that sleep or queue cannot look for themselves: watchers are hooks to call,
 * sweepers are queues to search.
 *
 * Order: mark, then epoch, then a heavy barrier, then sweep and call. Whoever
 * puts something beneath a scope publishes it first, by store_light or under a
 * lock, and then reads the epoch by load_light: so either it sees the epoch
 * moved and looks at the marks, or the sweep sees what it published. */
#ifndef FUT_CORE_SCOPE_H
#define FUT_CORE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include <futures/pool.h>

#include "core/future.h"

extern _Atomic uint64_t fut_scope_epoch;

/* Whether it, or one above it, was cancelled; false for NULL. The caller pins
 * it. */
bool fut_scope_is_stopped(const futures_token *scope);

/* returns  why, with a reference; NULL without a reason */
futures_error *fut_scope_reason(const futures_token *scope);

/* The same for what is above a task, which pins that. */
bool fut_scope_stops(const futures_future *task);
futures_error *fut_scope_reason_for(const futures_future *task);

/* Pins any token; NULL is fine. fut_future_unpin gives it back. */
futures_token *fut_scope_retain(futures_token *scope);

/* Waits until nobody walks who began before: for a reason that is taken away.
 * Walks are short and call nobody. */
void fut_scope_await_walkers(void);

/* Takes tasks that have ended unasked out of the chain above the running task,
 * so that their blocks need not stay: one that submits its successor for ever
 * must not keep all its ancestors. May leave it for another time. */
void fut_scope_shorten(futures_future *task);

/* Asks those to stop who are parts of a task together, beside the task's own
 * scope; see combine/join.c. */
struct fut_brake {
    _Atomic bool set;
    const struct fut_brake *outer; /* const; nullable */
};

/* Sets it, has all running tasks look, and calls the watchers. */
void fut_scope_stop(struct fut_brake *brake);

/* Whether it, or one outside it, is set; false for NULL. */
bool fut_scope_is_set(const struct fut_brake *brake);

/* What a watcher waits for: any of them. */
struct fut_watched {
    futures_token *scope;
    const futures_pool *pool;      /* nullable, only compared */
    const struct fut_brake *brake; /* nullable; outlives the watching */
};

/* Has fn(arg) called when one of these is stopped. The hook pins the scope.
 * returns  false: one is stopped already, fn will not be called */
bool fut_scope_watch(const struct fut_watched *watched, futures_hook *hook,
                     void (*fn)(void *), void *arg);

/* Afterwards fn is not running, except on this very thread. */
void fut_scope_unwatch(futures_hook *hook);

/* The same without waiting.
 * returns  false: fn has been called, or is just being called */
bool fut_scope_unhook(futures_hook *hook);

/* What a sweep claimed in the queues: to be dealt with outside the lock. */
struct fut_swept {
    futures_future *claimed; /* through `chain`; to be ended */
    struct fut_swept *below; /* of another one on the same stack */
};

/* A pool's queues. `collect` claims what is queued there and stopped. It calls
 * no caller's code. */
struct fut_sweeper {
    struct fut_sweeper *next; /* sweep lock */
    void (*collect)(struct fut_sweeper *sweeper, struct fut_swept *swept);
};

void fut_scope_add_sweeper(struct fut_sweeper *sweeper);
void fut_scope_remove_sweeper(struct fut_sweeper *sweeper);

/* After a mark: moves the epoch and collects from all queues. */
struct fut_swept fut_scope_sweep(void);

/* Calls the watchers of what is stopped, and of the pool (nullable). */
void fut_scope_call(const futures_pool *pool);

/* Before the first scope: prepares for forks. */
void fut_scope_watch_forks(void);

#endif
