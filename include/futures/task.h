/* Submitting: a function and its argument go to a pool and come back as a
 * future. Elsewhere: asyncio.create_task, Executor.submit, std::async.
 *
 * Work that could not be queued is a future that has already ended with the
 * reason (CLOSED, FULL, NOMEM, SYSTEM, INVALID, BROKEN, FORKED): the error
 * arrives where the result would. arg_free runs before such a submit returns,
 * unless the options cannot be read (size too small). */
#ifndef FUTURES_TASK_H
#define FUTURES_TASK_H

#include <stddef.h>

#include <futures/export.h>
#include <futures/future.h>
#include <futures/pool.h>
#include <futures/token.h>

FUTURES_BEGIN

/* The signature of a pthread start routine, on purpose. */
typedef void *(*futures_fn)(void *arg);

typedef enum futures_priority {
    FUTURES_PRIORITY_NORMAL,
    FUTURES_PRIORITY_HIGH, /* before all others that are queued */
    FUTURES_PRIORITY_LOW   /* when nothing else is, and now and then */
} futures_priority;

typedef struct futures_task_options {
    size_t size;
    const char *name; /* for errors and stats; borrowed, outlives the task */
    /* Cancelled with it. NULL: the submitting task's own, so that cancelling
     * the parent reaches what it submitted while it runs (once it has ended,
     * only what is above it does); futures_token_none(): with nothing. */
    futures_token *token;
    void (*arg_free)(void *arg);     /* once on every path: ran, cancelled,
                                    refused, shut down */
    void (*value_free)(void *value); /* once, if nobody took the value */
    futures_time deadline; /* when it passes the task is cancelled, with an
                              error of code ETIMEDOUT */
    futures_priority priority;
    const char *key; /* in a group with per_key: members with equal strings
                        share its places; copied; NULL: no limit */
} futures_task_options;

#define FUTURES_TASK_OPTIONS_INIT                                            \
    {                                                                        \
        sizeof(futures_task_options), NULL, NULL, NULL, NULL, FUTURES_NEVER, \
            FUTURES_PRIORITY_NORMAL, NULL                                    \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_task_options_init(futures_task_options *options,
                                           size_t size);

/* Queues `fn(arg)`.
 * returns  its future, never NULL
 * blocks   only on a full pool under FUTURES_OVERFLOW_BLOCK
 * threads  any, workers included
 * owns     the caller owes a release of the future */
FUTURES_API futures_future *futures_submit(futures_pool *pool, futures_fn fn,
                                           void *arg);

/* The same with options (nullable); arg is then arg_free's on every path.
 * returns, blocks, threads, owns: as futures_submit */
FUTURES_API futures_future *futures_submit_with(
    futures_pool *pool, futures_fn fn, void *arg,
    const futures_task_options *options);

/* Queues fn(args[i]) for each i, published in runs, with one wake-up for the
 * batch. All or nothing until the first is queued; then BLOCK waits for room
 * in pieces and RUN runs what does not fit; if the pool closes or memory runs
 * out meanwhile: OK, and those without a place have ended CLOSED or NOMEM.
 * returns  OK: futures[i] is args[i]'s; NOMEM, SYSTEM, INVALID, CLOSED, FULL,
 *          BROKEN, FORKED: arg_free has run for each, futures[] holds NULLs
 * blocks   as futures_submit           threads  any, workers included
 * owns     the caller owes a release of each */
FUTURES_API futures_status futures_submit_all(
    futures_pool *pool, futures_fn fn, void *const args[], size_t count,
    futures_future *futures[], const futures_task_options *options);

/* Queues fn(arg) and keeps no handle; its error goes to `unhandled`.
 * returns  OK: queued or run; else why not, and arg_free has run
 * blocks   as futures_submit           threads  any, workers included
 * owns     nothing to release */
FUTURES_API futures_status
futures_submit_detached(futures_pool *pool, futures_fn fn, void *arg,
                        const futures_task_options *options);

FUTURES_END

#endif
