/* Submitting one task: what runs, what is refused and how that is told, and
 * that argument and value are freed once on every path. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_create_task_with_noncoroutine
 *   -> task.without_a_pool_or_a_function_is_invalid_and_frees_its_argument
 *   test_run_coroutine_threadsafe
 *   -> task.runs_with_its_argument_and_its_return_is_the_value
 * executor.py:
 *   test_submit -> task.runs_with_its_argument_and_its_return_is_the_value
 *   test_no_stale_references
 *   -> task.argument_is_freed_before_its_future_has_ended
 * test_shutdown.py:
 *   test_run_after_shutdown
 *   -> task.submitted_to_a_closed_pool_ends_closed_and_frees_its_argument
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/helpers.h"

Test(task, runs_with_its_argument_and_its_return_is_the_value)
{
    int argument = 0;
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, return_arg, &argument);
    cr_assert_not_null(future);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)&argument);
    futures_future *nothing = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(futures_wait(nothing, FUTURES_NEVER), FUTURES_OK);
    cr_assert_null(futures_value(nothing));
    futures_release(future);
    futures_release(nothing);
    futures_pool_destroy(pool);
}

Test(task, of_no_options_is_the_plain_submit)
{
    atomic_int ran = 0;
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit_with(pool, count_task, &ran, NULL);
    cr_assert_eq(futures_submit_detached(pool, count_task, &ran, NULL),
                 FUTURES_OK);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&ran), 2);
}

static void *note_thread(void *thread)
{
    *(pthread_t *)thread = pthread_self();
    return thread;
}

Test(task, runs_on_a_worker_and_not_on_who_waits_for_it_outside)
{
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < 200; i++) {
        pthread_t ran_on = pthread_self();
        futures_future *future = futures_submit(pool, note_thread, &ran_on);
        cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
        cr_assert(!pthread_equal(ran_on, pthread_self()));
        futures_release(future);
    }
    futures_pool_destroy(pool);
}

struct blocker {
    pthread_mutex_t mutex;
    atomic_int ran;
};

static void *take_the_lock(void *arg)
{
    struct blocker *blocker = arg;
    pthread_mutex_lock(&blocker->mutex);
    atomic_fetch_add(&blocker->ran, 1);
    pthread_mutex_unlock(&blocker->mutex);
    return NULL;
}

Test(task, may_take_a_lock_that_its_submitter_holds_while_submitting)
{
    enum { MANY = 100 };
    struct blocker blocker = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    futures_pool *pool = pool_of(2);
    pthread_mutex_lock(&blocker.mutex);
    for (int i = 0; i < MANY; i++)
        futures_release(futures_submit(pool, take_the_lock, &blocker));
    cr_assert_eq(atomic_load(&blocker.ran), 0);
    pthread_mutex_unlock(&blocker.mutex);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&blocker.ran), MANY);
}

/* A refused submit: how its future ended, with the argument freed or not. */
static void check_refused(futures_future *future, futures_status status)
{
    cr_assert_not_null(future);
    cr_assert_eq(futures_poll(future), status);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), status);
    cr_assert_eq(futures_cancel(future), status);
    cr_assert_null(futures_value(future));
    cr_assert_null(futures_take(future));
    futures_release(future);
}

Test(task, without_a_pool_or_a_function_is_invalid_and_frees_its_argument)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    check_refused(futures_submit(NULL, return_arg, NULL), FUTURES_INVALID);
    check_refused(futures_submit(pool, NULL, NULL), FUTURES_INVALID);
    check_refused(futures_submit_with(NULL, counted_run, &counted, &options),
                  FUTURES_INVALID);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    check_refused(futures_submit_with(pool, NULL, &counted, &options),
                  FUTURES_INVALID);
    cr_assert_eq(atomic_load(&counted.arg_freed), 2);
    cr_assert_eq(
        futures_submit_detached(NULL, counted_run, &counted, &options),
        FUTURES_INVALID);
    cr_assert_eq(futures_submit_detached(pool, NULL, &counted, &options),
                 FUTURES_INVALID);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 4);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

Test(task, of_an_unknown_priority_is_invalid_and_frees_its_argument)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    options.priority = (futures_priority)3;
    check_refused(futures_submit_with(pool, counted_run, &counted, &options),
                  FUTURES_INVALID);
    options.priority = (futures_priority)-1;
    cr_assert_eq(
        futures_submit_detached(pool, counted_run, &counted, &options),
        FUTURES_INVALID);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 2);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

Test(task, of_options_that_cannot_be_read_is_invalid_and_frees_nothing)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    options.size = 0;
    check_refused(futures_submit_with(pool, counted_run, &counted, &options),
                  FUTURES_INVALID);
    cr_assert_eq(
        futures_submit_detached(pool, counted_run, &counted, &options),
        FUTURES_INVALID);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 0);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

/* row 30 */
Test(task, submitted_to_a_closed_pool_ends_closed_and_frees_its_argument)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    check_refused(futures_submit(pool, return_arg, NULL), FUTURES_CLOSED);
    check_refused(futures_submit_with(pool, counted_run, &counted, &options),
                  FUTURES_CLOSED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(
        futures_submit_detached(pool, counted_run, &counted, &options),
        FUTURES_CLOSED);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 2);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

/* row 30 */
Test(task, submitted_to_a_pool_that_still_drains_ends_closed)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(2);
    cr_assert(saturate(pool, &gate));
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    check_refused(futures_submit_with(pool, counted_run, &counted, &options),
                  FUTURES_CLOSED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_destroy(&gate);
}

Test(task, detached_frees_argument_and_value_by_itself)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(
            futures_submit_detached(pool, counted_run, &counted, &options),
            FUTURES_OK);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 100);
    cr_assert_eq(atomic_load(&counted.arg_freed), 100);
    cr_assert_eq(atomic_load(&counted.value_freed), 100);
}

static void *throw_it(void *arg)
{
    (void)arg;
    futures_throw(EIO, "thrown");
}

static void *fail_with_value(void *arg)
{
    futures_fail(EIO, "failed");
    return arg;
}

static void *stop_at_checkpoint(void *arg)
{
    futures_token_cancel(futures_current_token(), ECANCELED, NULL);
    futures_checkpoint();
    return arg;
}

static struct counted run_to_its_end(futures_fn fn, futures_status status)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit_with(pool, fn, &counted, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), status);
    futures_release(future);
    futures_pool_destroy(pool);
    return counted;
}

Test(task, argument_is_freed_once_however_it_ends)
{
    struct counted ran = run_to_its_end(counted_run, FUTURES_OK);
    struct counted threw = run_to_its_end(throw_it, FUTURES_FAILED);
    struct counted failed = run_to_its_end(fail_with_value, FUTURES_FAILED);
    struct counted gave_up =
        run_to_its_end(stop_at_checkpoint, FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&ran.arg_freed), 1);
    cr_assert_eq(atomic_load(&threw.arg_freed), 1);
    cr_assert_eq(atomic_load(&failed.arg_freed), 1);
    cr_assert_eq(atomic_load(&gave_up.arg_freed), 1);
}

Test(task, value_is_freed_once_where_there_is_one)
{
    struct counted ran = run_to_its_end(counted_run, FUTURES_OK);
    struct counted threw = run_to_its_end(throw_it, FUTURES_FAILED);
    struct counted failed = run_to_its_end(fail_with_value, FUTURES_FAILED);
    cr_assert_eq(atomic_load(&ran.value_freed), 1);
    cr_assert_eq(atomic_load(&threw.value_freed), 0);
    cr_assert_eq(atomic_load(&failed.value_freed), 1,
                 "what a failed task returns has no other owner");
}

static void refuse_null(void *value)
{
    if (value == NULL)
        abort();
}

Test(task, value_that_is_null_is_no_value_to_free)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.value_free = refuse_null;
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit_with(pool, return_arg, NULL, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(task, argument_is_freed_before_its_future_has_ended)
{
    enum { MANY = 500 };
    static struct counted counted[MANY];
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < MANY; i++) {
        futures_future *future =
            futures_submit_with(pool, counted_run, &counted[i], &options);
        cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq(atomic_load(&counted[i].arg_freed), 1);
        futures_release(future);
    }
    futures_pool_destroy(pool);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(atomic_load(&counted[i].value_freed), 1);
}
