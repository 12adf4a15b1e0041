/* futures_then: a task begins when others have ended. */
/* Elsewhere, and here:
 * test_future.py:
 *   test_done_callback_with_result -> then.runs_once_all_have_ended
 *   test_done_callback_with_exception -> then.runs_however_they_ended
 *   test_done_callback_with_cancel -> then.runs_however_they_ended
 *   test_done_callback_raises -> then.a_throw_in_it_is_its_own
 *   test_done_callback_already_successful -> then.of_ended_ones_runs_at_once
 *   test_done_callback_already_failed -> then.of_ended_ones_runs_at_once
 *   test_done_callback_already_cancelled -> then.of_ended_ones_runs_at_once
 */
#include "support/test.h"

#include <errno.h>

#include "support/helpers.h"

/* What a task after others sees of them. */
struct seen {
    futures_future *of[3];
    futures_status statuses[3];
};

static void *look(void *arg)
{
    struct seen *seen = arg;
    for (int i = 0; i < 3; i++)
        seen->statuses[i] = futures_poll(seen->of[i]);
    return arg;
}

static void *fail(void *arg)
{
    (void)arg;
    futures_throw(5, "failed");
}

Test(then, runs_once_all_have_ended)
{
    futures_pool *pool = pool_of(2);
    struct gate gates[2];
    struct seen seen = {0};
    for (int i = 0; i < 2; i++) {
        gate_init(&gates[i]);
        seen.of[i] = futures_submit(pool, gate_task, &gates[i]);
    }
    seen.of[2] = futures_promise(NULL, NULL);
    futures_future *then = futures_then(pool, seen.of, 3, look, &seen);
    gate_open(&gates[1]);
    cr_assert_eq(futures_wait(seen.of[1], FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_resolve(seen.of[2], NULL), FUTURES_OK);
    cr_assert_eq(futures_poll(then), FUTURES_PENDING);
    gate_open(&gates[0]);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(then), (void *)&seen);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(seen.statuses[i], FUTURES_OK);
    futures_release(then);
    futures_release_all(seen.of, 3);
    futures_pool_destroy(pool);
    gate_destroy(&gates[0]);
    gate_destroy(&gates[1]);
}

Test(then, runs_however_they_ended)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    struct seen seen = {0};
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    seen.of[0] = futures_submit(pool, fail, NULL);
    seen.of[1] = futures_submit(pool, return_arg, NULL);
    seen.of[2] = futures_promise(NULL, NULL);
    futures_future *then = futures_then(pool, seen.of, 3, look, &seen);
    cr_assert_eq(futures_cancel(seen.of[1]), FUTURES_CANCELLED);
    cr_assert_eq(futures_reject(seen.of[2], 6, "no"), FUTURES_OK);
    gate_open(&gate);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(seen.statuses[0], FUTURES_FAILED);
    cr_assert_eq(seen.statuses[1], FUTURES_CANCELLED);
    cr_assert_eq(seen.statuses[2], FUTURES_FAILED);
    futures_release(then);
    futures_release_all(seen.of, 3);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(then, of_ended_ones_runs_at_once)
{
    futures_pool *pool = pool_of(1);
    struct seen seen = {0};
    seen.of[0] = futures_submit(pool, fail, NULL);
    seen.of[1] = futures_submit(pool, return_arg, NULL);
    seen.of[2] = futures_promise(NULL, NULL);
    cr_assert_eq(futures_cancel(seen.of[2]), FUTURES_CANCELLED);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    futures_future *then = futures_then(pool, seen.of, 3, look, &seen);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(seen.statuses[0], FUTURES_FAILED);
    cr_assert_eq(seen.statuses[1], FUTURES_OK);
    cr_assert_eq(seen.statuses[2], FUTURES_CANCELLED);
    futures_release(then);
    futures_release_all(seen.of, 3);
    futures_pool_destroy(pool);
}

Test(then, a_throw_in_it_is_its_own)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *then = futures_then(pool, &promise, 1, fail, NULL);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(then)->code, 5);
    cr_assert_eq(futures_poll(promise), FUTURES_OK);
    futures_release(then);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(then, of_nothing_is_queued_at_once)
{
    futures_pool *pool = pool_of(1);
    int value = 0;
    futures_future *then = futures_then(pool, NULL, 0, return_arg, &value);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(then), (void *)&value);
    futures_release(then);
    futures_pool_destroy(pool);
}

Test(then, the_same_one_may_come_twice)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *twice[] = {promise, promise};
    futures_future *then = futures_then(pool, twice, 2, return_arg, NULL);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    futures_release(then);
    futures_release(promise);
    futures_pool_destroy(pool);
}

static void expect_refused(futures_pool *pool, futures_future *const after[],
                           size_t count, futures_fn fn, futures_status status)
{
    futures_task_options options = counted_options();
    struct counted counted = {0};
    futures_future *then =
        futures_then_with(pool, after, count, fn, &counted, &options);
    cr_assert_eq(futures_poll(then), status);
    cr_assert_eq(counted.arg_freed, 1);
    cr_assert_eq(counted.ran, 0);
    futures_release(then);
}

Test(then, bad_arguments_are_an_ended_future)
{
    futures_pool *pool = pool_of(1);
    futures_future *none = NULL;
    expect_refused(NULL, NULL, 0, return_arg, FUTURES_INVALID);
    expect_refused(pool, NULL, 0, NULL, FUTURES_INVALID);
    expect_refused(pool, NULL, 1, return_arg, FUTURES_INVALID);
    expect_refused(pool, &none, 1, return_arg, FUTURES_INVALID);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    expect_refused(pool, NULL, 0, return_arg, FUTURES_CLOSED);
    futures_pool_destroy(pool);
}

static void *current_pool(void *arg)
{
    (void)arg;
    return futures_current_pool();
}

static void *read_value(void *future)
{
    return futures_value(future);
}

/* The caller lets go of everything but the last: what a task waits for is
 * there until it is ready, and it runs though nobody holds it. */
Test(then, handles_may_go_before_it_is_ready)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = counted_options();
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_future *first = futures_submit(pool, gate_task, &gate);
    futures_release(
        futures_then_with(pool, &first, 1, counted_run, &counted, &options));
    futures_release(first);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(counted.ran, 1);
    cr_assert_eq(counted.arg_freed, 1);
    cr_assert_eq(counted.value_freed, 1);
    gate_destroy(&gate);
}

Test(then, the_value_before_it_can_be_read_in_it)
{
    futures_pool *pool = pool_of(2);
    int value = 0;
    futures_future *first = futures_submit(pool, return_arg, &value);
    futures_future *then = futures_then(pool, &first, 1, read_value, first);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(then), (void *)&value);
    futures_release(then);
    futures_release(first);
    futures_pool_destroy(pool);
}

/* The future before it is another pool's: both go on by themselves. */
Test(then, runs_in_its_own_pool)
{
    futures_pool *before = pool_of(1);
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    futures_future *first = futures_submit(before, gate_task, &gate);
    futures_future *then = futures_then(pool, &first, 1, current_pool, NULL);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    gate_open(&gate);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    futures_pool_destroy(before);
    cr_assert_eq(futures_value(then), (void *)pool);
    futures_release(then);
    futures_release(first);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(then, a_pipeline_goes_on_stage_by_stage)
{
    enum { STAGES = 5 };
    futures_pool *pool = pool_of(1);
    atomic_int done = 0;
    futures_future *stages[STAGES];
    struct gate gate;
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    stages[0] = futures_submit(pool, count_task, &done);
    for (int i = 1; i < STAGES; i++)
        stages[i] = futures_then(pool, &stages[i - 1], 1, count_task, &done);
    gate_open(&gate);
    cr_assert_eq(futures_gather(stages, STAGES, NULL, NULL), FUTURES_OK);
    cr_assert_eq(done, STAGES);
    futures_release_all(stages, STAGES);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(then, a_full_pool_never_blocks_or_refuses_it)
{
    futures_pool_options limited = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    atomic_int done = 0;
    struct gate gate;
    gate_init(&gate);
    limited.workers = 1;
    limited.queue_limit = 1;
    limited.overflow = FUTURES_OVERFLOW_BLOCK;
    cr_assert_eq(futures_pool_create(&pool, &limited), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_future *first = futures_submit(pool, count_task, &done);
    futures_future *thens[3];
    for (int i = 0; i < 2; i++)
        thens[i] = futures_then(pool, NULL, 0, count_task, &done);
    thens[2] = futures_then(pool, &first, 1, count_task, &done);
    gate_open(&gate);
    cr_assert_eq(futures_gather(thens, 3, NULL, NULL), FUTURES_OK);
    cr_assert_eq(done, 4);
    futures_release_all(thens, 3);
    futures_release(first);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(then, priorities_count_once_it_is_ready)
{
    futures_pool *pool = pool_of(1);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_future *promise = futures_promise(NULL, NULL);
    struct seen seen = {0};
    struct gate gate;
    gate_init(&gate);
    options.priority = FUTURES_PRIORITY_HIGH;
    cr_assert(saturate(pool, &gate));
    seen.of[0] = futures_submit(pool, return_arg, NULL);
    seen.of[1] = seen.of[2] = promise;
    futures_future *then =
        futures_then_with(pool, &promise, 1, look, &seen, &options);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    gate_open(&gate);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(seen.statuses[0], FUTURES_PENDING);
    futures_release(then);
    futures_release(seen.of[0]);
    futures_release(promise);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
