/* Then: tasks that begin when other futures have ended, or at a time. Until
 * then they hold no thread and have no place in a queue.
 * Elsewhere: thenApplyAsync, folly's via().then, add_done_callback,
 * loop.call_at, ScheduledExecutorService. */
#ifndef FUTURES_THEN_H
#define FUTURES_THEN_H

#include <stddef.h>

#include <futures/export.h>
#include <futures/future.h>
#include <futures/pool.h>
#include <futures/task.h>
#include <futures/time.h>

FUTURES_BEGIN

/* Queues `fn(arg)` once all of `after` have ended, however they did; count 0:
 * at once. It is a task like any that is submitted here and now: beneath the
 * running task, cancelled with it or alone, before it begins too; cancelling
 * it does not touch `after`. Once ready it is queued, over the pool's limit if
 * need be. A waiter runs what it waits for. A pool that is shut down cancels
 * those that have not become ready when nothing else is left to run.
 * returns  its future, never NULL; one that has ended INVALID, NOMEM, CLOSED,
 *          BROKEN, SYSTEM or FORKED where it could not be made
 * blocks   never                       threads  any
 * owns     retains `after` until it is ready; the caller owes a release */
FUTURES_API futures_future *futures_then(futures_pool *pool,
                                         futures_future *const after[],
                                         size_t count, futures_fn fn,
                                         void *arg);

/* The same with options (nullable); arg is then arg_free's on every path. Its
 * deadline counts from now on, not from when it is ready.
 * returns, blocks, threads, owns: as futures_then */
FUTURES_API futures_future *futures_then_with(
    futures_pool *pool, futures_future *const after[], size_t count,
    futures_fn fn, void *arg, const futures_task_options *options);

/* Queues `fn(arg)` when the time has come, as futures_then; without fn it just
 * ends OK then, with the value `arg`: pool may be NULL, and only
 * futures_cancel or its last release ends it before. One that has come already
 * is queued, or has ended, at once; FUTURES_NEVER is INVALID.
 * returns  its future, never NULL, as futures_then
 * blocks   never                       threads  any
 * owns     the caller owes a release */
FUTURES_API futures_future *futures_after(futures_pool *pool,
                                          futures_time when, futures_fn fn,
                                          void *arg);

FUTURES_END

#endif
