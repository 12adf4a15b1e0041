/* A futures_for that does not come to its end: errors, cancels, threads that
 * exit. When it returns nothing of it runs any more. */
/* Elsewhere, and here:
 * iter_panic.rs:
 *   iter_panic -> for_error.thrown_ends_the_loop_and_is_heard
 *   iter_panic_fuse -> for_error.asks_the_other_parts_to_stop
 */
#include "support/test.h"

#include <pthread.h>

#include <futures/futures.h>

#include "support/loops.h"

enum { BAD = 7 };

static void throw_at_bad(void *context, size_t begin, size_t end)
{
    count_indices(context, begin, end);
    if (begin <= BAD && BAD < end)
        futures_throw(BAD, "index %d", (int)BAD);
}

static void fail_at_bad(void *context, size_t begin, size_t end)
{
    count_indices(context, begin, end);
    if (begin <= BAD && BAD < end)
        futures_fail(BAD, "index %d", (int)BAD);
}

static void check_stops(void (*body)(void *, size_t, size_t))
{
    atomic_int heard = 0;
    futures_pool *pool = hearing_pool(1, &heard);
    for (size_t grain = 1; grain < 4; grain++) {
        struct counts counts = {0};
        size_t stop = (BAD / grain + 1) * grain;
        assert_status(futures_for(pool, 0, INDICES, grain, body, &counts),
                      FUTURES_FAILED);
        cr_assert_eq(counted_times(&counts, stop, 1), stop);
        cr_assert_eq(counted_times(&counts, INDICES, 0), INDICES - stop);
    }
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard), 3);
}

Test(for_error, thrown_ends_the_loop_and_is_heard)
{
    check_stops(throw_at_bad);
}

Test(for_error, given_by_fail_ends_the_loop_too)
{
    check_stops(fail_at_bad);
}

static void throw_or_wait(void *context, size_t begin, size_t end)
{
    (void)end;
    if (begin == 0) {
        gate_pass(context);
        futures_throw(3, "the first part");
    }
    gate_open(context);
    run_until_cancelled(NULL);
}

Test(for_error, asks_the_other_parts_to_stop)
{
    struct gate gate;
    futures_pool *pool = pool_of(2);
    gate_init(&gate);
    assert_status(futures_for(pool, 0, 2, 1, throw_or_wait, &gate),
                  FUTURES_FAILED);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* A loop as a task. */
struct task_loop {
    futures_pool *pool;
    size_t count;
    void (*body)(void *, size_t, size_t);
    struct gate gate;
    futures_status status;
};

static void *loop_run(void *arg)
{
    struct task_loop *loop = arg;
    loop->status =
        futures_for(loop->pool, 0, loop->count, 1, loop->body, &loop->gate);
    return arg;
}

static void arrive_and_stop(void *gate, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    gate_pass(gate);
    run_until_cancelled(NULL);
}

static void arrive(void *gate, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    gate_pass(gate);
}

/* Cancels the task while a part of its loop runs. */
static futures_status cancel_loop(size_t count,
                                  void (*body)(void *, size_t, size_t),
                                  unsigned workers)
{
    struct task_loop loop = {pool_of(workers), count, body, .status = 0};
    gate_init(&loop.gate);
    futures_future *task = futures_submit(loop.pool, loop_run, &loop);
    cr_assert(gate_await_arrivals(&loop.gate, 1));
    futures_cancel(task);
    gate_open(&loop.gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    futures_release(task);
    futures_pool_destroy(loop.pool);
    unsigned long arrived = gate_shut(&loop.gate);
    cr_assert_leq(arrived, workers);
    gate_destroy(&loop.gate);
    return loop.status;
}

Test(for_cancel, reaches_a_loop_from_its_task)
{
    for (unsigned workers = 1; workers <= 3; workers++)
        assert_status(cancel_loop(INDICES, arrive_and_stop, workers),
                      FUTURES_CANCELLED);
}

Test(for_cancel, is_noticed_between_two_parts)
{
    assert_status(cancel_loop(INDICES, arrive, 1), FUTURES_CANCELLED);
}

Test(for_cancel, comes_too_late_where_all_parts_ran) /* row 12 */
{
    assert_status(cancel_loop(1, arrive, 1), FUTURES_OK);
    assert_status(cancel_loop(1, arrive, 2), FUTURES_OK);
}

static void *run_loop_here(void *arg)
{
    loop_run(arg);
    return NULL;
}

Test(for_cancel, by_a_shutdown_of_the_pool) /* row 39 */
{
    struct task_loop loop = {pool_of(2), INDICES, arrive_and_stop,
                             .status = 0};
    pthread_t thread;
    gate_init(&loop.gate);
    gate_open(&loop.gate);
    pthread_create(&thread, NULL, run_loop_here, &loop);
    cr_assert(gate_await_arrivals(&loop.gate, 1));
    futures_pool_shutdown(loop.pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER);
    pthread_join(thread, NULL);
    assert_status(loop.status, FUTURES_CANCELLED);
    futures_pool_destroy(loop.pool);
    gate_destroy(&loop.gate);
}

static void exit_at_bad(void *context, size_t begin, size_t end)
{
    count_indices(context, begin, end);
    if (begin <= BAD && BAD < end)
        pthread_exit(NULL);
}

Test(for_exit, of_a_thread_in_a_body_fails_the_loop) /* row 47 */
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct counts counts = {0};
        futures_pool *pool = pool_of(workers);
        assert_status(futures_for(pool, 0, INDICES, 1, exit_at_bad, &counts),
                      FUTURES_FAILED);
        cr_assert_eq(counted_times(&counts, INDICES, 0) +
                         counted_times(&counts, INDICES, 1),
                     INDICES);
        assert_status(futures_for(pool, 0, INDICES, 1, count_indices, &counts),
                      FUTURES_OK);
        futures_pool_destroy(pool);
    }
}

/* On the thread that called the loop it exits; the other part runs meanwhile,
 * and is waited for before the caller's stack is gone. */
struct exiting {
    futures_pool *pool;
    pthread_t caller;
    struct gate both;
    atomic_uint parts;
    atomic_int stopped;
};

static void exit_in_the_caller(void *context, size_t begin, size_t end)
{
    struct exiting *exiting = context;
    (void)begin;
    (void)end;
    if (atomic_fetch_add(&exiting->parts, 1) == 1)
        gate_open(&exiting->both);
    gate_pass(&exiting->both);
    if (pthread_equal(pthread_self(), exiting->caller))
        pthread_exit(NULL);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    count_one(&exiting->stopped);
}

static void *exiting_run(void *arg)
{
    struct exiting *exiting = arg;
    exiting->caller = pthread_self();
    futures_for(exiting->pool, 0, 2, 1, exit_in_the_caller, exiting);
    return arg;
}

Test(for_exit, of_the_calling_thread_leaves_nothing_behind) /* row 47 */
{
    struct exiting exiting = {.pool = pool_of(2)};
    gate_init(&exiting.both);
    futures_future *task = futures_submit(exiting.pool, exiting_run, &exiting);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(atomic_load(&exiting.stopped), 1);
    futures_release(task);
    futures_pool_destroy(exiting.pool);
    gate_destroy(&exiting.both);
}
