/* A task's own deadline: it cancels what is queued, asks what runs, says
 * ETIMEDOUT, and leaves alone what ended before. */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

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
