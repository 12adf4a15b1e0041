/* row 51: malloc fails at the k-th call, for every k, in the functions that
 * make something: pools, tasks, promises, tokens. The answer is NOMEM, nothing
 * has changed, nothing leaks, and what was there before goes on working. */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

static void expect_pool_works(futures_pool *pool)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    expect(futures_wait(future, FUTURES_NEVER) == FUTURES_OK);
    futures_release(future);
    expect(atomic_load(&counted.arg_freed) == 1);
    expect(atomic_load(&counted.value_freed) == 1);
}

static int start(void *context, unsigned worker, void **data)
{
    (void)worker;
    *data = context;
    return 0;
}

static void hear(void *context, const futures_error *error)
{
    (void)error;
    count_one(context);
}

static void create_pool(void)
{
    atomic_int heard = 0;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 3;
    options.name = "fault";
    options.worker_start = start;
    options.unhandled = hear;
    options.context = &heard;
    futures_pool *pool = (futures_pool *)(void *)&options;
    sweep_begin();
    futures_status status = futures_pool_create(&pool, &options);
    bool met = sweep_end();
    expect(status == (met ? FUTURES_NOMEM : FUTURES_OK));
    expect(pool != NULL || met);
    expect(pool == NULL || !met);
    expect(met || futures_pool_workers(pool) == 3);
    if (met)
        expect(futures_pool_create(&pool, &options) == FUTURES_OK);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_pool)
{
    cr_assert_gt(sweep(FAULT_MEMORY, create_pool), 0);
}

enum { MANY = 600 };

struct tally {
    int ok;
    int no_memory;
    int other;
};

static struct tally wait_for_all(futures_future *futures[], int count)
{
    struct tally tally = {0, 0, 0};
    for (int i = 0; i < count; i++) {
        futures_status status = futures_wait(futures[i], FUTURES_NEVER);
        tally.ok += status == FUTURES_OK;
        tally.no_memory += status == FUTURES_NOMEM;
        tally.other += status != FUTURES_OK && status != FUTURES_NOMEM;
    }
    futures_release_all(futures, (size_t)count);
    return tally;
}

static void submit_many(void)
{
    static futures_future *futures[MANY];
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(2);
    expect(pool != NULL);
    sweep_begin();
    for (int i = 0; i < MANY; i++)
        futures[i] =
            futures_submit_with(pool, counted_run, &counted, &options);
    bool met = sweep_end();
    struct tally tally = wait_for_all(futures, MANY);
    expect(tally.other == 0);
    expect(met || tally.no_memory == 0);
    expect(atomic_load(&counted.ran) == tally.ok);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
    expect(atomic_load(&counted.arg_freed) == MANY);
    expect(atomic_load(&counted.value_freed) == tally.ok);
}

/* row 51 */
Test(no_memory, for_a_task_from_outside)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_many), 0);
}

static void *submit_many_from_a_task(void *arg)
{
    static futures_future *futures[MANY];
    struct counted *counted = arg;
    futures_task_options options = counted_options();
    sweep_begin();
    for (int i = 0; i < MANY; i++)
        futures[i] = futures_submit_with(futures_current_pool(), counted_run,
                                         counted, &options);
    bool met = sweep_end();
    struct tally tally = wait_for_all(futures, MANY);
    expect(tally.other == 0);
    expect(met || tally.no_memory == 0);
    expect(atomic_load(&counted->ran) == tally.ok);
    return arg;
}

static void submit_from_a_task(void)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, submit_many_from_a_task, &counted);
    expect(futures_wait(future, FUTURES_NEVER) == FUTURES_OK);
    futures_release(future);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
    expect(atomic_load(&counted.arg_freed) == MANY);
}

/* row 51 */
Test(no_memory, for_a_task_from_a_task)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_from_a_task), 0);
}

static void submit_detached(void)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    sweep_begin();
    futures_status status =
        futures_submit_detached(pool, counted_run, &counted, &options);
    bool met = sweep_end();
    expect(status == (met ? FUTURES_NOMEM : FUTURES_OK));
    expect_pool_works(pool);
    futures_pool_destroy(pool);
    expect(atomic_load(&counted.ran) == (met ? 0 : 1));
    expect(atomic_load(&counted.arg_freed) == 1);
}

/* row 51 */
Test(no_memory, for_a_detached_task)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_detached), 0);
}

static void submit_batch(void)
{
    static futures_future *futures[MANY];
    static void *args[MANY];
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    for (int i = 0; i < MANY; i++)
        args[i] = &counted;
    sweep_begin();
    futures_status status =
        futures_submit_all(pool, counted_run, args, MANY, futures, &options);
    bool met = sweep_end();
    expect(status == (met ? FUTURES_NOMEM : FUTURES_OK));
    for (int i = 0; i < MANY; i++)
        expect((futures[i] == NULL) == met);
    if (!met)
        expect(wait_for_all(futures, MANY).ok == MANY);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
    expect(atomic_load(&counted.ran) == (met ? 0 : MANY));
    expect(atomic_load(&counted.arg_freed) == MANY);
}

/* row 51 */
Test(no_memory, for_a_batch_refuses_it_as_a_whole)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_batch), 0);
}

static void submit_batch_with_deadline(void)
{
    enum { FEW = 5 };
    futures_future *futures[FEW];
    void *args[FEW];
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    for (int i = 0; i < FEW; i++)
        args[i] = &counted;
    options.deadline = futures_in_ms(100000);
    sweep_begin();
    futures_status status =
        futures_submit_all(pool, counted_run, args, FEW, futures, &options);
    bool met = sweep_end();
    expect(status == (met ? FUTURES_NOMEM : FUTURES_OK));
    if (!met)
        expect(wait_for_all(futures, FEW).ok == FEW);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
    expect(atomic_load(&counted.ran) == (met ? 0 : FEW));
    expect(atomic_load(&counted.arg_freed) == FEW);
}

/* row 51 */
Test(no_memory, for_the_deadlines_of_a_batch)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_batch_with_deadline), 0);
}

/* More than the worker's own queue has room for at first. What finds no memory
 * behind those that are queued ends with that. */
static void *submit_batch_in_task(void *arg)
{
    enum { SOME = 100 };
    static futures_future *futures[SOME];
    void *args[SOME];
    struct counted *counted = arg;
    futures_task_options options = counted_options();
    struct tally tally = {0, SOME, 0};
    for (int i = 0; i < SOME; i++)
        args[i] = counted;
    options.deadline = futures_in_ms(100000);
    sweep_begin();
    futures_status status = futures_submit_all(
        futures_current_pool(), counted_run, args, SOME, futures, &options);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    for (int i = 0; i < SOME; i++)
        expect((futures[i] == NULL) == (status != FUTURES_OK));
    if (status == FUTURES_OK)
        tally = wait_for_all(futures, SOME);
    expect(tally.ok + tally.no_memory == SOME);
    expect(met || tally.no_memory == 0);
    expect(status != FUTURES_OK || tally.ok > 0);
    expect(atomic_load(&counted->ran) == tally.ok);
    expect(atomic_load(&counted->arg_freed) == SOME);
    return arg;
}

static void submit_batch_from_a_task(void)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, submit_batch_in_task, &counted);
    expect(futures_wait(future, FUTURES_NEVER) == FUTURES_OK);
    futures_release(future);
    expect(futures_pool_wait(pool, FUTURES_NEVER) == FUTURES_OK);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_batch_from_a_task_leaves_the_rest_of_it_out)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_batch_from_a_task), 0);
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
           (met ? FUTURES_NOMEM : FUTURES_OK));
    futures_release(future);
    expect_pool_works(pool);
    futures_pool_destroy(pool);
    expect(atomic_load(&counted.ran) == (met ? 0 : 1));
    expect(atomic_load(&counted.arg_freed) == 1);
}

/* row 51 */
Test(no_memory, for_a_tasks_deadline)
{
    cr_assert_gt(sweep(FAULT_MEMORY, submit_with_deadline), 0);
}

static void make_promise(void)
{
    struct counted counted = {0};
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.on_cancel = counted_arg_free;
    options.arg = &counted;
    options.value_free = counted_value_free;
    options.deadline = futures_in_ms(100000);
    sweep_begin();
    futures_future *promise = futures_promise_with(&options);
    bool met = sweep_end();
    expect(promise != NULL);
    expect(futures_poll(promise) == (met ? FUTURES_NOMEM : FUTURES_PENDING));
    expect(futures_resolve(promise, &counted) ==
           (met ? FUTURES_INVALID : FUTURES_OK));
    futures_release(promise);
    expect(atomic_load(&counted.value_freed) == (met ? 0 : 1));
    expect(atomic_load(&counted.arg_freed) == 0);
}

/* row 51 */
Test(no_memory, for_a_promise)
{
    cr_assert_gt(sweep(FAULT_MEMORY, make_promise), 0);
}

static void make_token(void)
{
    futures_token *parent;
    futures_token *token = futures_token_none();
    expect(futures_token_create(&parent, NULL, FUTURES_NEVER) == FUTURES_OK);
    sweep_begin();
    futures_status status =
        futures_token_create(&token, parent, futures_in_ms(100000));
    bool met = sweep_end();
    expect(status == (met ? FUTURES_NOMEM : FUTURES_OK));
    expect((token == NULL) == met);
    futures_token_cancel(parent, ECANCELED, NULL);
    expect(met || futures_token_cancelled(token));
    futures_token_release(token);
    futures_token_release(parent);
}

/* row 51 */
Test(no_memory, for_a_token)
{
    cr_assert_gt(sweep(FAULT_MEMORY, make_token), 0);
}
