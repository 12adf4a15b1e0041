/* What many tests need: a pool of n workers in one call, workers that are all
 * busy, things that count how often they were run and freed, and a bounded
 * wait for what another thread will do. Include support/test.h first where
 * `eventually` is used: it asserts. */
#ifndef FUTURES_TESTS_HELPERS_H
#define FUTURES_TESTS_HELPERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <futures/futures.h>

#include "support/gate.h"

#define EVENTUALLY_MS 20000

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

/* How many of `n` tries a test makes where each costs ten times as much. */
#define SLICE(n) (UNDER_TSAN ? (n) / 10 : (n))

static inline void nap_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0) {
    }
}

/* Asserts that `condition` becomes true, looking once a millisecond. Only for
 * what another thread is bound to do soon: the bound is there to end a hang,
 * and no test passes by reaching it. */
#define eventually(condition)                                     \
    do {                                                          \
        futures_time limit_ = futures_in_ms(EVENTUALLY_MS);       \
        while (!(condition)) {                                    \
            cr_assert(futures_now() < limit_, "never came true"); \
            nap_ms(1);                                            \
        }                                                         \
    } while (0)

/* NULL where none could be made. */
static inline futures_pool *pool_of(unsigned workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

/* Puts one task on each worker that blocks at `gate`: what is submitted next
 * is certainly queued until the gate opens. One at a time, so that a bounded
 * queue takes them too. False: a worker did not come. */
static inline bool saturate(futures_pool *pool, struct gate *gate)
{
    unsigned long base = gate_arrivals(gate);
    unsigned workers = futures_pool_workers(pool);
    for (unsigned i = 1; i <= workers; i++) {
        if (futures_submit_detached(pool, gate_task, gate, NULL) != FUTURES_OK)
            return false;
        if (!gate_await_arrivals(gate, base + i))
            return false;
    }
    return true;
}

/* An argument that counts what became of it. counted_run gives it back as the
 * value, so that the value's free counts at the same place. */
struct counted {
    atomic_int ran;
    atomic_int arg_freed;
    atomic_int value_freed;
};

static inline void *counted_run(void *counted)
{
    atomic_fetch_add(&((struct counted *)counted)->ran, 1);
    return counted;
}

static inline void counted_arg_free(void *counted)
{
    atomic_fetch_add(&((struct counted *)counted)->arg_freed, 1);
}

static inline void counted_value_free(void *counted)
{
    atomic_fetch_add(&((struct counted *)counted)->value_freed, 1);
}

/* The options that count both. */
static inline futures_task_options counted_options(void)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = counted_arg_free;
    options.value_free = counted_value_free;
    return options;
}

/* Adds one to the atomic_int that it is given: an arg_free, value_free or
 * token callback that counts. */
static inline void count_one(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

static inline void *count_task(void *counter)
{
    count_one(counter);
    return counter;
}

static inline void *return_arg(void *arg)
{
    return arg;
}

/* Runs until it is asked to stop; never polls faster than the library wakes
 * it. */
static inline void *run_until_cancelled(void *arg)
{
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    futures_checkpoint();
    return arg;
}

#endif
