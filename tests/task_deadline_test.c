/* A task's own deadline: it cancels what is queued, asks what runs, says
 * ETIMEDOUT, and leaves alone what ended before. */
/* Elsewhere, and here:
 * test_timeouts.py:
 *   test_timeout_basic -> task_deadline.asks_a_running_task_to_stop
 *   test_timeout_at_basic -> task_deadline.asks_a_running_task_to_stop
 *   test_waiter_cancelled -> sleep.ends_at_the_deadline_of_the_task
 *   test_timeout_not_called -> task_deadline.that_was_kept_leaves_the_value
 *   test_timeout_disabled
 *   -> time.a_zeroed_option_waits_for_ever_and_poll_is_long_past
 *   test_timeout_at_disabled
 *   -> time.a_zeroed_option_waits_for_ever_and_poll_is_long_past
 *   test_timeout_zero -> task_deadline.long_past_cancels_what_cannot_start
 *   test_timeout_zero_sleep_zero
 *   -> gather_timeout.poll_fills_what_has_ended_and_touches_nothing
 *   test_timeout_in_the_past_sleep_zero
 *   -> gather_timeout.in_the_past_cancels_and_joins
 *   test_foreign_exception_passed
 *   -> gather_timeout.does_not_hide_an_error_that_came_before
 *   test_foreign_exception_on_timeout
 *   -> gather_timeout.keeps_the_error_of_a_task_that_could_not_stop
 *   test_foreign_cancel_doesnt_timeout_if_not_expired
 *   -> task_deadline.that_has_not_come_is_no_reason_for_a_cancel
 *   test_outer_task_is_not_cancelled
 *   -> gather_timeout.inside_a_task_asks_only_the_set
 *   test_nested_timeouts
 *   -> task_deadline.and_that_of_a_gather_in_it_may_be_the_same
 *   test_nested_timeouts_concurrent
 *   -> task_deadline.that_came_while_it_was_busy_stops_its_next_gather
 *   test_nested_timeouts_loop_busy
 *   -> task_deadline.still_comes_after_that_of_a_gather_in_it
 *   test_nested_timeout_in_finally
 *   -> task_deadline.lets_a_cleanup_wait_with_one_of_its_own
 *   test_timeout_after_cancellation
 *   -> task_deadline.lets_a_cleanup_wait_with_one_of_its_own
 *   test_cancel_in_timeout_after_cancellation
 *   -> task_deadline.lets_a_cleanup_wait_with_one_of_its_own
 * test_waitfor.py:
 *   test_asyncio_wait_for_timeout
 *   -> gather_timeout.that_comes_while_it_waits_cancels_and_joins
 *   test_wait_for
 *   -> gather_timeout.that_comes_while_it_waits_cancels_and_joins
 *   test_wait_for_timeout_less_then_0_or_0
 *   -> gather_timeout.in_the_past_cancels_and_joins
 *   test_wait_for_timeout_less_then_0_or_0_future_done
 *   -> gather_timeout.poll_of_what_has_ended_is_no_timeout
 *   test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started
 *   -> task_deadline.long_past_cancels_what_cannot_start
 *   test_wait_for_blocking -> gather_timeout.that_never_comes_changes_nothing
 *   test_wait_for_race_condition
 *   -> gather_timeout.and_completion_together_are_one_or_the_other
 *   test_wait_for_cancellation_race_condition
 *   -> gather_timeout.after_which_all_end_ok_is_ok
 *   test_wait_for_waits_for_task_cancellation
 *   -> gather_timeout.that_comes_while_it_waits_cancels_and_joins
 *   test_wait_for_waits_for_task_cancellation_w_timeout_0
 *   -> gather_timeout.in_the_past_cancels_and_joins
 *   test_wait_for_reraises_exception_during_cancellation
 *   -> gather_timeout.keeps_the_error_of_a_task_that_could_not_stop
 * test_tasks.py:
 *   test_wait_concurrent_complete
 *   -> gather_timeout.and_completion_together_are_one_or_the_other
 *   test_run_coroutine_threadsafe_with_timeout
 *   -> gather_timeout.that_comes_while_it_waits_cancels_and_joins
 * test_wait.py:
 *   test_timeout -> gather_timeout.leave_asks_nothing_of_the_rest
 */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/helpers.h"

Test(task_deadline, cancels_a_queued_task_though_no_worker_is_free)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(5);
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_wait(future, futures_in_ms(EVENTUALLY_MS)),
                 FUTURES_CANCELLED);
    cr_assert_geq(futures_now(), options.deadline);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    const futures_error *error = futures_error_of(future);
    cr_assert_not_null(error);
    cr_assert_eq(error->code, ETIMEDOUT);
    gate_open(&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    gate_destroy(&gate);
}

Test(task_deadline, long_past_cancels_what_cannot_start)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_task_options options = counted_options();
    options.deadline = FUTURES_POLL;
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_wait(future, futures_in_ms(EVENTUALLY_MS)),
                 FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(future)->code, ETIMEDOUT);
    gate_open(&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_destroy(&gate);
}

static void *sleep_until_asked(void *arg)
{
    futures_status status = futures_sleep(FUTURES_NEVER);
    bool asked = futures_cancelled();
    futures_checkpoint();
    return status == FUTURES_CANCELLED && asked ? arg : NULL;
}

Test(task_deadline, asks_a_running_task_to_stop)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(30);
    futures_future *future =
        futures_submit_with(pool, sleep_until_asked, &counted, &options);
    cr_assert_eq(futures_wait(future, futures_in_ms(EVENTUALLY_MS)),
                 FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(future)->code, ETIMEDOUT);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(task_deadline, that_was_kept_leaves_the_value)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(10000000);
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_null(futures_error_of(future));
    futures_release(future);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    futures_pool_destroy(pool);
}

Test(task_deadline, may_lie_behind_the_release_of_the_future)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(5);
    futures_release(
        futures_submit_with(pool, counted_run, &counted, &options));
    eventually(atomic_load(&counted.arg_freed) == 1);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_destroy(&gate);
}

Test(task_deadline, of_many_tasks_fires_for_each_in_its_turn)
{
    enum { MANY = 200 };
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *futures[MANY];
    futures_time last = futures_in_ms(30);
    for (int i = 0; i < MANY; i++) {
        futures_task_options options = counted_options();
        options.deadline = last - (futures_time)i * 100000;
        futures[i] =
            futures_submit_with(pool, counted_run, &counted, &options);
    }
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(futures_wait(futures[i], futures_in_ms(EVENTUALLY_MS)),
                     FUTURES_CANCELLED);
        cr_assert_eq(futures_error_of(futures[i])->code, ETIMEDOUT);
    }
    cr_assert_eq(atomic_load(&counted.arg_freed), MANY);
    gate_open(&gate);
    futures_release_all(futures, MANY);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(task_deadline, of_a_batch_holds_for_each_of_it)
{
    enum { BATCH = 8 };
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    void *args[BATCH];
    futures_future *futures[BATCH];
    for (int i = 0; i < BATCH; i++)
        args[i] = &counted;
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(5);
    cr_assert_eq(
        futures_submit_all(pool, counted_run, args, BATCH, futures, &options),
        FUTURES_OK);
    for (int i = 0; i < BATCH; i++)
        cr_assert_eq(futures_wait(futures[i], futures_in_ms(EVENTUALLY_MS)),
                     FUTURES_CANCELLED);
    gate_open(&gate);
    futures_release_all(futures, BATCH);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), BATCH);
    gate_destroy(&gate);
}

Test(task_deadline, that_has_not_come_is_no_reason_for_a_cancel)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    options.deadline = futures_in_ms(10000000);
    futures_future *future =
        futures_submit_with(pool, sleep_until_asked, &counted, &options);
    futures_cancel(future);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    const futures_error *error = futures_error_of(future);
    cr_assert(error == NULL || error->code != ETIMEDOUT);
    futures_release(future);
    futures_pool_destroy(pool);
}

/* What a task does that its deadline finds running. Where that came before it
 * began, it is tried again with one that is further away. */
struct late {
    futures_time deadline; /* of the task */
    bool began;
    futures_cleanup cleanup;
    futures_future *promises[2];
    futures_status gathered[2];
};

static futures_future *run_late(futures_fn fn, struct late *late)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    for (int64_t ms = 10;; ms *= 2) {
        futures_pool *pool = pool_of(1);
        late->deadline = options.deadline = futures_in_ms(ms);
        futures_future *future = futures_submit_with(pool, fn, late, &options);
        futures_pool_destroy(pool);
        if (late->began)
            return future;
        futures_release(future);
    }
}

static void check_late(futures_fn fn, struct late *late)
{
    late->promises[0] = futures_promise(NULL, NULL);
    late->promises[1] = futures_promise(NULL, NULL);
    futures_future *future = run_late(fn, late);
    cr_assert_eq(futures_poll(future), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(future)->code, ETIMEDOUT);
    cr_assert_eq(futures_poll(late->promises[0]), FUTURES_CANCELLED);
    futures_release(future);
    futures_release_all(late->promises, 2);
}

static futures_status gather_until(futures_future *promise,
                                   futures_time deadline, futures_token *token)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = deadline;
    options.token = token;
    return futures_gather(&promise, 1, NULL, &options);
}

static void *gather_until_its_own(void *arg)
{
    struct late *late = arg;
    late->began = true;
    late->gathered[0] = gather_until(late->promises[0], late->deadline, NULL);
    return sleep_until_asked(arg);
}

Test(task_deadline, and_that_of_a_gather_in_it_may_be_the_same)
{
    struct late late = {.began = false};
    check_late(gather_until_its_own, &late);
    cr_assert(late.gathered[0] == FUTURES_TIMEOUT ||
              late.gathered[0] == FUTURES_CANCELLED);
}

static void *be_busy_then_gather(void *arg)
{
    struct late *late = arg;
    late->began = true;
    while (!futures_cancelled()) {
    }
    late->gathered[0] =
        gather_until(late->promises[0], futures_in_ms(10000000), NULL);
    return sleep_until_asked(arg);
}

Test(task_deadline, that_came_while_it_was_busy_stops_its_next_gather)
{
    struct late late = {.began = false};
    check_late(be_busy_then_gather, &late);
    cr_assert_eq(late.gathered[0], FUTURES_CANCELLED);
}

static void *gather_then_sleep(void *arg)
{
    struct late *late = arg;
    late->began = true;
    gather_until(late->promises[0], FUTURES_POLL, NULL);
    return sleep_until_asked(arg);
}

Test(task_deadline, still_comes_after_that_of_a_gather_in_it)
{
    struct late late = {.began = false};
    check_late(gather_then_sleep, &late);
}

static void gather_in_two_ways(void *arg)
{
    struct late *late = arg;
    late->gathered[0] = gather_until(late->promises[0], FUTURES_NEVER, NULL);
    late->gathered[1] = gather_until(late->promises[1], futures_in_ms(1),
                                     futures_token_none());
}

static void *clean_up_when_asked(void *arg)
{
    struct late *late = arg;
    late->began = true;
    futures_defer(&late->cleanup, gather_in_two_ways, late);
    return sleep_until_asked(arg);
}

Test(task_deadline, lets_a_cleanup_wait_with_one_of_its_own)
{
    struct late late = {.began = false};
    check_late(clean_up_when_asked, &late);
    cr_assert_eq(late.gathered[0], FUTURES_CANCELLED);
    cr_assert_eq(late.gathered[1], FUTURES_TIMEOUT);
}
