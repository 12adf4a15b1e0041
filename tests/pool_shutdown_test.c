/* How a pool ends: both manners of shutdown, called twice, from two threads,
 * from a worker, in the middle of traffic; what becomes of futures that are
 * queued, running, or outlive the pool. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

/* row 38 */
Test(shutdown, twice_is_once)
{
    atomic_int ran = 0;
    futures_pool *pool = pool_of(2);
    futures_release(futures_submit(pool, count_task, &ran));
    for (int i = 0; i < 3; i++)
        cr_assert_eq(
            futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
            FUTURES_OK);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_POLL),
        FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 1);
    futures_pool_destroy(pool);
}

struct closer {
    futures_pool *pool;
    futures_shutdown how;
    futures_status status;
    pthread_t thread;
};

static void *close_pool(void *arg)
{
    struct closer *closer = arg;
    closer->status =
        futures_pool_shutdown(closer->pool, closer->how, FUTURES_NEVER);
    return NULL;
}

/* row 38 */
Test(shutdown, from_several_threads_ends_for_each_of_them)
{
    enum { CLOSERS = 4 };
    for (int round = 0; round < 50; round++) {
        struct closer closers[CLOSERS];
        futures_pool *pool = pool_of(2);
        atomic_int ran = 0;
        for (int i = 0; i < 10; i++)
            futures_submit_detached(pool, count_task, &ran, NULL);
        for (int i = 0; i < CLOSERS; i++) {
            closers[i] = (struct closer){pool, FUTURES_SHUTDOWN_DRAIN,
                                         FUTURES_PENDING, pthread_self()};
            pthread_create(&closers[i].thread, NULL, close_pool, &closers[i]);
        }
        for (int i = 0; i < CLOSERS; i++) {
            pthread_join(closers[i].thread, NULL);
            cr_assert_eq(closers[i].status, FUTURES_OK);
        }
        cr_assert_eq(atomic_load(&ran), 10);
        futures_pool_destroy(pool);
    }
}

struct on_worker {
    futures_status for_ever;
    futures_status soon;
    futures_future *between;
    futures_status poll;
    futures_future *after;
};

static void *shut_down_own_pool(void *arg)
{
    struct on_worker *on_worker = arg;
    futures_pool *pool = futures_current_pool();
    on_worker->for_ever =
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER);
    on_worker->soon = futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL,
                                            futures_in_ms(10000));
    on_worker->between = futures_submit(pool, return_arg, arg);
    on_worker->poll =
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL);
    on_worker->after = futures_submit(pool, return_arg, arg);
    return futures_cancelled() ? NULL : arg;
}

/* row 38 */
Test(shutdown, on_a_worker_is_a_deadlock_that_changes_nothing_and_poll_closes)
{
    struct on_worker seen;
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, shut_down_own_pool, &seen);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)&seen, "was not cancelled");
    cr_assert_eq(seen.for_ever, FUTURES_DEADLOCK);
    cr_assert_eq(seen.soon, FUTURES_DEADLOCK);
    cr_assert_eq(seen.poll, FUTURES_TIMEOUT);
    futures_future *outside = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(futures_poll(outside), FUTURES_CLOSED);
    cr_assert_eq(futures_wait(seen.between, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_wait(seen.after, FUTURES_NEVER), FUTURES_OK,
                 "a draining pool runs what its own tasks submit");
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    futures_release(outside);
    futures_release(seen.between);
    futures_release(seen.after);
    futures_release(future);
    futures_pool_destroy(pool);
}

static void *shut_down_other_pool(void *pool)
{
    futures_status status =
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
    return status == FUTURES_OK ? pool : NULL;
}

Test(shutdown, on_another_pools_worker_waits_as_outside)
{
    futures_pool *pool = pool_of(1);
    futures_pool *other = pool_of(1);
    futures_future *future = futures_submit(pool, shut_down_other_pool, other);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)other);
    futures_release(future);
    futures_pool_destroy(other);
    futures_pool_destroy(pool);
}

Test(shutdown, drain_runs_what_is_queued)
{
    enum { QUEUED = 500 };
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_task_options options = counted_options();
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < QUEUED; i++)
        futures_submit_detached(pool, counted_run, &counted, &options);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_open(&gate);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran), QUEUED);
    cr_assert_eq(atomic_load(&counted.arg_freed), QUEUED);
    cr_assert_eq(atomic_load(&counted.value_freed), QUEUED);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *wait_outside(void *future)
{
    return (void *)(futures_wait(future, FUTURES_NEVER) == FUTURES_CANCELLED
                        ? future
                        : NULL);
}

/* row 39 */
Test(shutdown, cancel_ends_the_queued_and_asks_the_running_and_waiters_wake)
{
    enum { QUEUED = 20 };
    struct counted counted = {0};
    futures_pool *pool = pool_of(2);
    futures_task_options options = counted_options();
    futures_future *running[2];
    futures_future *queued[QUEUED];
    for (int i = 0; i < 2; i++)
        running[i] = futures_submit(pool, run_until_cancelled, NULL);
    futures_stats stats = FUTURES_STATS_INIT;
    eventually((futures_pool_stats(pool, &stats), stats.running == 2));
    for (int i = 0; i < QUEUED; i++)
        queued[i] = futures_submit_with(pool, counted_run, &counted, &options);
    pthread_t waiter;
    pthread_create(&waiter, NULL, wait_outside, queued[QUEUED - 1]);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    void *woke;
    pthread_join(waiter, &woke);
    cr_assert_not_null(woke);
    for (int i = 0; i < QUEUED; i++)
        cr_assert_eq(futures_poll(queued[i]), FUTURES_CANCELLED);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(futures_poll(running[i]), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), QUEUED);
    futures_release_all(queued, QUEUED);
    futures_release_all(running, 2);
    futures_pool_destroy(pool);
}

/* row 39 */
Test(shutdown, cancel_after_a_drain_that_timed_out_cancels)
{
    futures_pool *pool = pool_of(1);
    futures_future *running = futures_submit(pool, run_until_cancelled, NULL);
    futures_stats stats = FUTURES_STATS_INIT;
    eventually((futures_pool_stats(pool, &stats), stats.running == 1));
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(queued), FUTURES_PENDING);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(futures_poll(queued), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(running), FUTURES_CANCELLED);
    futures_release(queued);
    futures_release(running);
    futures_pool_destroy(pool);
}

struct late {
    struct gate gate;
    struct counted counted;
    futures_future *child;
};

static void *submit_after_the_gate(void *arg)
{
    struct late *late = arg;
    futures_task_options options = counted_options();
    options.token = futures_token_none();
    gate_pass(&late->gate);
    late->child = futures_submit_with(futures_current_pool(), counted_run,
                                      &late->counted, &options);
    return arg;
}

/* row 39 */
Test(shutdown, cancel_also_ends_what_a_running_task_submits_afterwards)
{
    struct late late = {.child = NULL};
    gate_init(&late.gate);
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, submit_after_the_gate, &late);
    cr_assert(gate_await_arrivals(&late.gate, 1));
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_POLL),
        FUTURES_TIMEOUT);
    gate_open(&late.gate);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    futures_status end = futures_wait(late.child, FUTURES_NEVER);
    cr_assert(end == FUTURES_CANCELLED || end == FUTURES_CLOSED);
    futures_release(late.child);
    futures_release(task);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&late.counted.ran), 0);
    cr_assert_eq(atomic_load(&late.counted.arg_freed), 1);
    gate_destroy(&late.gate);
}

/* row 40 */
Test(shutdown, with_a_deadline_gives_up_and_the_stats_name_the_stuck_task)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = "stuck";
    futures_future *stuck =
        futures_submit_with(pool, gate_task, &gate, &options);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_time deadline = futures_in_ms(50);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, deadline),
        FUTURES_TIMEOUT);
    cr_assert_geq(futures_now(), deadline);
    futures_stats stats = FUTURES_STATS_INIT;
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    cr_assert_eq(stats.running, 1);
    cr_assert_str_eq(stats.longest_name, "stuck");
    cr_assert_gt(stats.longest_ns, 20000000);
    gate_open(&gate);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(futures_poll(stuck), FUTURES_OK, "its value stands");
    futures_release(stuck);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* row 42 */
Test(destroy, leaves_futures_readable_after_it_ran_what_was_queued)
{
    enum { QUEUED = 100 };
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_future *futures[QUEUED];
    futures_task_options options = counted_options();
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < QUEUED; i++)
        futures[i] =
            futures_submit_with(pool, counted_run, &counted, &options);
    gate_open(&gate);
    futures_pool_destroy(pool);
    for (int i = 0; i < QUEUED; i++) {
        cr_assert_eq(futures_poll(futures[i]), FUTURES_OK);
        cr_assert_eq(futures_wait(futures[i], FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq(futures_value(futures[i]), (void *)&counted);
        cr_assert_eq(futures_cancel(futures[i]), FUTURES_OK);
    }
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    futures_release_all(futures, QUEUED);
    cr_assert_eq(atomic_load(&counted.value_freed), QUEUED);
    cr_assert_eq(atomic_load(&counted.arg_freed), QUEUED);
    gate_destroy(&gate);
}

/* row 42 */
Test(destroy, after_a_cancelling_shutdown_leaves_cancelled_futures_readable)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, return_arg, &gate);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_POLL),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(future), FUTURES_CANCELLED,
                 "though the only worker is busy");
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_null(futures_value(future));
    futures_release(future);
    gate_destroy(&gate);
}
