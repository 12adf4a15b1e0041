/* Threads that cannot be had: for a new pool (row 46), in place of a worker
 * whose task ended its thread (row 47), and for the timer. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

enum { WORKERS = 5 };

struct hooks {
    atomic_int started;
    atomic_int stopped;
};

static int start(void *context, unsigned worker, void **data)
{
    (void)worker;
    *data = context;
    atomic_fetch_add(&((struct hooks *)context)->started, 1);
    return 0;
}

static void stop(void *context, unsigned worker, void *data)
{
    (void)worker;
    (void)data;
    atomic_fetch_add(&((struct hooks *)context)->stopped, 1);
}

static void create_pool(void)
{
    struct hooks hooks = {.started = 0};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = WORKERS;
    options.worker_start = start;
    options.worker_stop = stop;
    options.context = &hooks;
    futures_pool *pool = (futures_pool *)(void *)&hooks;
    unsigned threads = test_threads();
    errno = 0;
    sweep_begin();
    futures_status status = futures_pool_create(&pool, &options);
    int error = errno;
    bool met = sweep_end();
    expect(status == (met ? FUTURES_SYSTEM : FUTURES_OK));
    expect(!met || error == EAGAIN);
    expect(!met || pool == NULL);
    expect(!met || test_threads_are_back_to(threads));
    expect(!met || atomic_load(&hooks.started) == atomic_load(&hooks.stopped));
    expect(pool != NULL || futures_pool_create(&pool, &options) == FUTURES_OK);
    futures_future *future = futures_submit(pool, return_arg, NULL);
    expect(futures_wait(future, FUTURES_NEVER) == FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
    expect(atomic_load(&hooks.started) == atomic_load(&hooks.stopped));
}

/* row 46 */
Test(no_thread, for_worker_k_of_n_joins_the_others_for_every_k)
{
    cr_assert_eq(sweep(FAULT_THREAD, create_pool), 2 * WORKERS);
}

static void *leave_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

static futures_status submit_and_wait(futures_pool *pool)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    futures_status status = futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    expect(atomic_load(&counted.arg_freed) == 1);
    expect(atomic_load(&counted.ran) == (status == FUTURES_OK));
    return status;
}

static void lose_the_only_worker(void)
{
    struct counted counted = {0};
    struct gate gate;
    futures_task_options options = counted_options();
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    expect(saturate(pool, &gate));
    futures_future *leaver = futures_submit(pool, leave_thread, NULL);
    futures_future *queued =
        futures_submit_with(pool, counted_run, &counted, &options);
    sweep_begin();
    gate_open(&gate);
    futures_status left = futures_wait(leaver, FUTURES_NEVER);
    futures_status behind = futures_wait(queued, FUTURES_NEVER);
    bool met = sweep_end();
    futures_status end = met ? FUTURES_BROKEN : FUTURES_OK;
    expect(left == FUTURES_FAILED);
    expect(behind == end);
    expect(submit_and_wait(pool) == end);
    futures_release(leaver);
    futures_release(queued);
    expect(atomic_load(&counted.arg_freed) == 1);
    expect(futures_pool_wait(pool, FUTURES_NEVER) == FUTURES_OK);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* row 47 */
Test(no_thread, in_place_of_the_last_worker_breaks_the_pool)
{
    cr_assert_gt(sweep(FAULT_THREAD, lose_the_only_worker), 0);
}

static void lose_one_of_two(void)
{
    futures_pool *pool = pool_of(2);
    sweep_begin();
    futures_future *leaver = futures_submit(pool, leave_thread, NULL);
    expect(futures_wait(leaver, FUTURES_NEVER) == FUTURES_FAILED);
    for (int i = 0; i < 50; i++)
        expect(submit_and_wait(pool) == FUTURES_OK);
    futures_release(leaver);
    futures_pool_destroy(pool);
    sweep_end();
}

/* row 47 */
Test(no_thread, in_place_of_one_of_two_leaves_the_pool_to_the_other)
{
    cr_assert_gt(sweep(FAULT_THREAD, lose_one_of_two), 0);
}

static void submit_with_deadline(void)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    options.deadline = futures_in_ms(100000);
    sweep_begin();
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    bool met = sweep_end();
    expect(futures_wait(future, FUTURES_NEVER) ==
           (met ? FUTURES_SYSTEM : FUTURES_OK));
    futures_release(future);
    expect(atomic_load(&counted.ran) == (met ? 0 : 1));
    expect(atomic_load(&counted.arg_freed) == 1);
    expect(submit_and_wait(pool) == FUTURES_OK);
    futures_pool_destroy(pool);
}

Test(no_thread, for_a_tasks_deadline_refuses_the_task)
{
    cr_assert_gt(sweep(FAULT_THREAD, submit_with_deadline), 0);
}

static void make_token(void)
{
    futures_token *token = futures_token_none();
    sweep_begin();
    futures_status status =
        futures_token_create(&token, NULL, futures_in_ms(100000));
    bool met = sweep_end();
    expect(status == (met ? FUTURES_SYSTEM : FUTURES_OK));
    expect((token == NULL) == met);
    futures_token_release(token);
}

Test(no_thread, for_a_tokens_deadline_refuses_the_token)
{
    cr_assert_gt(sweep(FAULT_THREAD, make_token), 0);
}

static void make_promise(void)
{
    struct counted counted = {0};
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.on_cancel = counted_arg_free;
    options.arg = &counted;
    options.deadline = futures_in_ms(100000);
    sweep_begin();
    futures_future *promise = futures_promise_with(&options);
    bool met = sweep_end();
    expect(futures_poll(promise) == (met ? FUTURES_SYSTEM : FUTURES_PENDING));
    expect(futures_resolve(promise, NULL) ==
           (met ? FUTURES_INVALID : FUTURES_OK));
    futures_release(promise);
    expect(atomic_load(&counted.arg_freed) == 0);
}

Test(no_thread, for_a_promises_deadline_refuses_the_promise)
{
    cr_assert_gt(sweep(FAULT_THREAD, make_promise), 0);
}

/* Whoever waits in its own thread needs nobody to watch the clock. */
static void wait_with_deadlines(void)
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = futures_in_ms(2);
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    sweep_begin();
    expect(futures_wait(promise, futures_in_ms(2)) == FUTURES_TIMEOUT);
    expect(futures_gather(&promise, 1, NULL, &options) == FUTURES_TIMEOUT);
    expect(futures_sleep(futures_in_ms(2)) == FUTURES_OK);
    expect(!sweep_end());
    futures_release(promise);
}

Test(no_thread, is_needed_for_the_deadline_of_a_wait_outside)
{
    cr_assert_eq(sweep(FAULT_THREAD, wait_with_deadlines), 0);
}
