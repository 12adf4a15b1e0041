/* A pool's life: created, used, waited for, destroyed; which pool a task sees;
 * and the arguments that are refused. Shutdown has a file of its own. */
/* Elsewhere, and here:
 * test_shutdown.py:
 *   test_hang_issue12364 -> shutdown.drain_runs_what_is_queued
 *   test_cancel_futures
 *   -> shutdown.cancel_ends_the_queued_and_asks_the_running_and_waiters_wake
 *   test_cancel_futures_wait_false
 *   -> destroy.after_a_cancelling_shutdown_leaves_cancelled_futures_readable
 *   test_threads_terminate -> pool.starts_and_ends_at_any_width
 *   test_context_manager_shutdown
 *   -> pool.many_live_and_die_one_after_the_other
 *   test_del_shutdown
 *   -> destroy.leaves_futures_readable_after_it_ran_what_was_queued
 *   test_shutdown_no_wait
 *   -> pool.shutdown_that_only_polls_closes_it_and_what_is_queued_runs
 *   test_hang_gh94440 -> pool.whose_last_task_was_cancelled_at_once_shuts_down
 *   test_thread_names_assigned
 *   -> worker.threads_carry_the_pools_name_and_their_number
 *   test_thread_names_default
 *   -> worker.threads_carry_the_pools_name_and_their_number
 * executor.py:
 *   test_shutdown_race_issue12456
 *   -> shutdown_race.draining_meets_submit_and_cancel
 * test_thread_pool.py:
 *   test_default_workers -> cpu.a_pool_of_no_stated_width_has_as_many_workers
 *   test_saturation -> pool.has_its_workers_and_no_more_however_much_is_queued
 *   test_hang_global_shutdown_lock -> fork_stress
 *   test_process_fork_from_a_threadpool
 *   -> forked.a_task_may_fork_and_the_child_runs_nothing_of_its_parents
 * spawn/test.rs:
 *   termination_while_things_are_executing
 *   -> pool.wait_and_destroy_see_what_tasks_still_submit
 * thread_pool/test.rs:
 *   failed_thread_stack
 *   -> pool.whose_stacks_cannot_be_had_says_system_and_leaves_no_thread
 */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/child.h"
#include "support/helpers.h"

Test(pool, starts_and_ends_at_any_width)
{
    static const unsigned widths[] = {1, 2, 3, 8, 64};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        futures_pool *pool = pool_of(widths[i]);
        cr_assert_not_null(pool);
        cr_assert_eq(futures_pool_workers(pool), widths[i]);
        futures_pool_destroy(pool);
    }
}

Test(pool, of_default_options_works)
{
    atomic_int ran = 0;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, NULL), FUTURES_OK);
    futures_future *future = futures_submit(pool, count_task, &ran);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 1);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(pool, destroying_nothing_is_fine_and_nothing_has_no_workers)
{
    futures_pool_destroy(NULL);
    cr_assert_eq(futures_pool_workers(NULL), 0);
}

Test(pool, create_refuses_bad_arguments_and_leaves_no_thread)
{
    unsigned threads = test_threads();
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = (futures_pool *)&options;
    cr_assert_eq(futures_pool_create(NULL, NULL), FUTURES_INVALID);
    options.size = 0;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_INVALID);
    cr_assert_null(pool);
    options.size = sizeof options;
    options.overflow = (futures_overflow)3;
    pool = (futures_pool *)&options;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_INVALID);
    cr_assert_null(pool);
    options.overflow = (futures_overflow)-1;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_INVALID);
    cr_assert_eq(test_threads(), threads);
}

Test(pool, whose_stacks_cannot_be_had_says_system_and_leaves_no_thread)
{
    unsigned threads = test_threads();
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.stack_size = SIZE_MAX;
    futures_pool *pool = (futures_pool *)&options;
    errno = 0;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_SYSTEM);
    cr_assert_neq(errno, 0);
    cr_assert_null(pool);
    cr_assert(test_threads_are_back_to(threads));
}

Test(pool, every_call_refuses_a_missing_or_wrong_argument)
{
    futures_pool *pool = pool_of(1);
    futures_stats stats = FUTURES_STATS_INIT;
    cr_assert_eq(
        futures_pool_shutdown(NULL, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_INVALID);
    cr_assert_eq(
        futures_pool_shutdown(pool, (futures_shutdown)2, FUTURES_NEVER),
        FUTURES_INVALID);
    cr_assert_eq(futures_pool_wait(NULL, FUTURES_NEVER), FUTURES_INVALID);
    cr_assert_eq(futures_pool_stats(NULL, &stats), FUTURES_INVALID);
    cr_assert_eq(futures_pool_stats(pool, NULL), FUTURES_INVALID);
    stats.size = 0;
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_INVALID);

    futures_future *future = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK,
                 "a refused shutdown changes nothing");
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(pool, many_live_and_die_one_after_the_other)
{
    for (int i = 0; i < 200; i++) {
        futures_pool *pool = pool_of(2);
        futures_future *future = futures_submit(pool, return_arg, &i);
        futures_pool_destroy(pool);
        cr_assert_eq(futures_poll(future), FUTURES_OK);
        cr_assert_eq(futures_value(future), (void *)&i);
        futures_release(future);
    }
}

Test(pool, wait_on_an_idle_one_returns_at_once)
{
    futures_pool *pool = pool_of(2);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_POLL), FUTURES_OK);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    futures_pool_destroy(pool);
}

Test(pool, wait_ends_when_nothing_is_queued_or_running_and_leaves_it_open)
{
    struct gate gate;
    atomic_int ran = 0;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    cr_assert(saturate(pool, &gate));
    cr_assert_eq(futures_submit_detached(pool, count_task, &ran, NULL),
                 FUTURES_OK);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_POLL), FUTURES_TIMEOUT);
    cr_assert_eq(futures_pool_wait(pool, futures_in_ms(5)), FUTURES_TIMEOUT);
    cr_assert_eq(atomic_load(&ran), 0);
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 1);
    cr_assert_eq(futures_submit_detached(pool, count_task, &ran, NULL),
                 FUTURES_OK);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct spawner {
    atomic_int ran;
    int left;
};

/* Each submits the next, so the pool is idle only after the last. */
static void *spawn_next(void *arg)
{
    struct spawner *spawner = arg;
    atomic_fetch_add(&spawner->ran, 1);
    if (--spawner->left > 0)
        futures_submit_detached(futures_current_pool(), spawn_next, arg, NULL);
    return NULL;
}

Test(pool, wait_and_destroy_see_what_tasks_still_submit)
{
    struct spawner spawner = {.left = 1000};
    futures_pool *pool = pool_of(2);
    futures_submit_detached(pool, spawn_next, &spawner, NULL);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&spawner.ran), 1000);
    spawner.left = 1000;
    futures_submit_detached(pool, spawn_next, &spawner, NULL);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&spawner.ran), 2000);
}

static void *wait_for_pool(void *pool)
{
    futures_status now = futures_pool_wait(pool, FUTURES_POLL);
    futures_status ever = futures_pool_wait(pool, FUTURES_NEVER);
    if (pool != (void *)futures_current_pool())
        return ever == FUTURES_OK ? pool : NULL;
    return now == FUTURES_DEADLOCK && ever == FUTURES_DEADLOCK ? pool : NULL;
}

Test(pool, wait_in_its_own_task_is_a_deadlock_and_in_another_pools_is_not)
{
    futures_pool *pool = pool_of(1);
    futures_pool *other = pool_of(1);
    futures_future *own = futures_submit(pool, wait_for_pool, pool);
    cr_assert_eq(futures_wait(own, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(own), (void *)pool);
    futures_future *cross = futures_submit(pool, wait_for_pool, other);
    cr_assert_eq(futures_wait(cross, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(cross), (void *)other);
    futures_release(own);
    futures_release(cross);
    futures_pool_destroy(other);
    futures_pool_destroy(pool);
}

static void *current_pool(void *arg)
{
    (void)arg;
    return futures_current_pool();
}

Test(current_pool, is_that_of_the_task_and_none_outside)
{
    futures_pool *pool = pool_of(1);
    futures_pool *other = pool_of(1);
    cr_assert_null(futures_current_pool());
    futures_future *futures[2] = {futures_submit(pool, current_pool, NULL),
                                  futures_submit(other, current_pool, NULL)};
    cr_assert_eq(futures_gather(futures, 2, NULL, NULL), FUTURES_OK);
    cr_assert_eq(futures_value(futures[0]), (void *)pool);
    cr_assert_eq(futures_value(futures[1]), (void *)other);
    cr_assert_null(futures_current_pool());
    futures_release_all(futures, 2);
    futures_pool_destroy(other);
    futures_pool_destroy(pool);
}

Test(current_pool, of_a_task_that_a_helper_runs_is_the_tasks)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, current_pool, NULL);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = true;
    cr_assert_eq(futures_gather(&future, 1, NULL, &options), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)pool);
    cr_assert_null(futures_current_pool());
    gate_open(&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *destroy_own_pool(void *pool)
{
    futures_pool_destroy(pool);
    return NULL;
}

static void run_a_task_that_destroys_its_pool(void *arg)
{
    (void)arg;
    futures_pool *pool = pool_of(1);
    futures_wait(futures_submit(pool, destroy_own_pool, pool), FUTURES_NEVER);
}

Test(pool, destroyed_in_its_own_task_says_so_and_aborts)
{
    struct child child = child_run(run_a_task_that_destroys_its_pool, NULL);
    cr_assert(child_aborted(&child));
    cr_assert_neq(child.printed[0], '\0');
}

Test(pool, has_its_workers_and_no_more_however_much_is_queued)
{
    enum { WORKERS = 4, TASKS = 15 * WORKERS };
    struct gate gate;
    futures_stats stats = FUTURES_STATS_INIT;
    unsigned threads = test_threads();
    gate_init(&gate);
    futures_pool *pool = pool_of(WORKERS);
    for (int i = 0; i < TASKS; i++)
        futures_submit_detached(pool, gate_task, &gate, NULL);
    cr_assert(gate_await_arrivals(&gate, WORKERS));
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    cr_assert_eq(stats.running, WORKERS);
    cr_assert_eq(stats.queued, TASKS - WORKERS);
    cr_assert_eq(test_threads(), threads + WORKERS);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(gate_arrivals(&gate), TASKS);
    gate_destroy(&gate);
}

Test(pool, shutdown_that_only_polls_closes_it_and_what_is_queued_runs)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, counted_run, &counted);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_submit_detached(pool, counted_run, &counted, NULL),
                 FUTURES_CLOSED);
    cr_assert_eq(futures_poll(future), FUTURES_PENDING);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(future), FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran), 1);
    futures_release(future);
    gate_destroy(&gate);
}

Test(pool, whose_last_task_was_cancelled_at_once_shuts_down)
{
    for (int i = 0; i < SLICE(1000); i++) {
        futures_pool *pool = pool_of(1);
        futures_future *future = futures_submit(pool, return_arg, NULL);
        futures_status status = futures_cancel(future);
        cr_assert_eq(
            futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
            FUTURES_OK);
        futures_status end = futures_poll(future);
        cr_assert(end == (status == FUTURES_CANCELLED ? FUTURES_CANCELLED
                                                      : FUTURES_OK));
        futures_release(future);
        futures_pool_destroy(pool);
    }
}
