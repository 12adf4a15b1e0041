/* What becomes of a task whose handle is gone, and of errors that nobody looks
 * at: they reach the pool's `unhandled`, once, and only those. */
/* Elsewhere, and here:
 * test_futures.py:
 *   test_tb_logger_not_called_after_cancel
 *   -> unhandled.hears_nothing_of_the_cancelled
 *   test_tb_logger_result_unretrieved -> unhandled.hears_nothing_of_values
 *   test_tb_logger_result_retrieved -> unhandled.hears_nothing_of_values
 *   test_tb_logger_exception_unretrieved
 *   -> unhandled.hears_an_error_that_nobody_looked_at_once_at_its_release
 *   test_future_exception_never_retrieved
 *   -> unhandled.hears_an_error_that_nobody_looked_at_once_at_its_release
 *   test_tb_logger_exception_retrieved
 *   -> unhandled.hears_nothing_that_error_of_looked_at
 *   test_tb_logger_exception_result_retrieved
 *   -> unhandled.hears_nothing_that_a_gather_put_into_outcomes
 * spawn/test.rs:
 *   panic_fwd -> unhandled.hears_of_a_detached_task
 *   custom_panic_handler_and_spawn -> unhandled.hears_of_a_detached_task
 *   custom_panic_handler_and_nested_spawn
 *   -> unhandled.hears_of_what_a_detached_task_detaches
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"

struct heard {
    atomic_int count;
    int code;
    char message[32];
    char task[32];
};

static void hear(void *context, const futures_error *error)
{
    struct heard *heard = context;
    heard->code = error->code;
    strncpy(heard->message, error->message, sizeof heard->message - 1);
    strncpy(heard->task, error->task, sizeof heard->task - 1);
    atomic_fetch_add(&heard->count, 1);
}

static futures_pool *hearing_pool(struct heard *heard)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.unhandled = hear;
    options.context = heard;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

static void *throw_eio(void *arg)
{
    (void)arg;
    futures_throw(EIO, "no %s", "luck");
}

/* row 43 */
Test(released, a_queued_task_whose_handle_is_gone_still_runs)
{
    struct counted counted = {0};
    struct heard heard = {0};
    struct gate gate;
    gate_init(&gate);
    futures_task_options options = counted_options();
    futures_pool *pool = hearing_pool(&heard);
    cr_assert(saturate(pool, &gate));
    futures_release(
        futures_submit_with(pool, counted_run, &counted, &options));
    futures_release(futures_submit(pool, throw_eio, NULL));
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 1);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    cr_assert_eq(atomic_load(&heard.count), 1);
    gate_destroy(&gate);
}

/* row 44 */
Test(unhandled, hears_an_error_that_nobody_looked_at_once_at_its_release)
{
    struct heard heard = {0};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = "fetch";
    futures_pool *pool = hearing_pool(&heard);
    futures_future *future =
        futures_submit_with(pool, throw_eio, NULL, &options);
    futures_retain(future);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    futures_release(future);
    futures_pool_wait(pool, FUTURES_NEVER);
    cr_assert_eq(atomic_load(&heard.count), 0);
    futures_release(future);
    cr_assert_eq(atomic_load(&heard.count), 1);
    cr_assert_eq(heard.code, EIO);
    cr_assert_str_eq(heard.message, "no luck");
    cr_assert_str_eq(heard.task, "fetch");
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 1);
}

/* row 44 */
Test(unhandled, hears_of_a_detached_task)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    cr_assert_eq(futures_submit_detached(pool, throw_eio, NULL, NULL),
                 FUTURES_OK);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 1);
}

/* row 44 */
Test(unhandled, hears_nothing_that_error_of_looked_at)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    futures_future *future = futures_submit(pool, throw_eio, NULL);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(future)->code, EIO);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 0);
}

/* row 44 */
Test(unhandled, hears_nothing_that_a_gather_put_into_outcomes)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *futures[2] = {futures_submit(pool, throw_eio, NULL),
                                  futures_submit(pool, throw_eio, NULL)};
    futures_outcome outcomes[2];
    cr_assert_eq(futures_gather(futures, 2, outcomes, &options),
                 FUTURES_FAILED);
    cr_assert_eq(outcomes[1].error->code, EIO);
    futures_release_all(futures, 2);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 0);
}

/* row 44 */
Test(unhandled, hears_what_a_gather_without_outcomes_did_not_show)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    futures_future *future = futures_submit(pool, throw_eio, NULL);
    cr_assert_eq(futures_gather(&future, 1, NULL, NULL), FUTURES_FAILED);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 1);
}

/* row 44 */
Test(unhandled, hears_nothing_of_the_cancelled)
{
    struct heard heard = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = hearing_pool(&heard);
    futures_token *token;
    cr_assert_eq(futures_token_create(&token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.token = token;
    futures_future *by_hand = futures_submit(pool, throw_eio, NULL);
    futures_future *by_token =
        futures_submit_with(pool, throw_eio, NULL, &options);
    cr_assert_eq(futures_cancel(by_hand), FUTURES_CANCELLED);
    futures_token_cancel(token, ECANCELED, "not wanted");
    cr_assert_eq(futures_poll(by_token), FUTURES_CANCELLED);
    futures_release(by_hand);
    futures_release(by_token);
    futures_token_release(token);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 0);
    gate_destroy(&gate);
}

/* row 44 */
Test(unhandled, is_never_called_after_destroy_has_returned)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    futures_future *future = futures_submit(pool, throw_eio, NULL);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(future), FUTURES_FAILED);
    futures_release(future);
    cr_assert_eq(atomic_load(&heard.count), 0);
}

struct slow_ear {
    struct gate gate;
    atomic_int left;
    pthread_t opener;
};

static void hear_slowly(void *context, const futures_error *error)
{
    struct slow_ear *ear = context;
    (void)error;
    gate_pass(&ear->gate);
    atomic_fetch_add(&ear->left, 1);
}

static void *release_it(void *future)
{
    futures_release(future);
    return NULL;
}

static void *open_later(void *gate)
{
    nap_ms(10);
    gate_open(gate);
    return NULL;
}

/* row 44 */
Test(unhandled, that_is_under_way_is_waited_for_by_destroy)
{
    struct slow_ear ear = {.left = 0};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.unhandled = hear_slowly;
    options.context = &ear;
    gate_init(&ear.gate);
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    futures_future *future = futures_submit(pool, throw_eio, NULL);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    pthread_t releaser;
    pthread_create(&releaser, NULL, release_it, future);
    cr_assert(gate_await_arrivals(&ear.gate, 1));
    pthread_create(&ear.opener, NULL, open_later, &ear.gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&ear.left), 1);
    pthread_join(releaser, NULL);
    pthread_join(ear.opener, NULL);
    gate_destroy(&ear.gate);
}

Test(unhandled, none_is_silent)
{
    futures_pool *pool = pool_of(1);
    futures_release(futures_submit(pool, throw_eio, NULL));
    futures_pool_destroy(pool);
}

/* row 44 */
Test(unhandled, hears_nothing_of_values)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    futures_future *seen = futures_submit(pool, return_arg, &heard);
    futures_future *unseen = futures_submit(pool, return_arg, &heard);
    cr_assert_eq(futures_wait(seen, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(seen), (void *)&heard);
    futures_release(seen);
    futures_release(unseen);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 0);
}

static void *detach_one_that_throws(void *arg)
{
    futures_submit_detached(futures_current_pool(), throw_eio, NULL, NULL);
    return arg;
}

/* row 44 */
Test(unhandled, hears_of_what_a_detached_task_detaches)
{
    struct heard heard = {0};
    futures_pool *pool = hearing_pool(&heard);
    futures_submit_detached(pool, detach_one_that_throws, NULL, NULL);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard.count), 1);
    cr_assert_eq(heard.code, EIO);
}
