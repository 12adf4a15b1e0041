/* Whatever a future came to, its block has forgotten it when it is free: the
 * second line of a block is used without being cleared. */
#include "support/test.h"

#include <futures/futures.h>

#include "base/block.h"

#include "support/gathering.h"
#include "support/helpers.h"

/* Blocks that this thread frees are the next that it gets. */
static void check_next_block(void)
{
    void *block = fut_block_get();
    cr_assert_not_null(block);
    cr_assert(fut_block_is_clean(block));
    fut_block_put(block);
}

static futures_promise_options promise_options(void)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.name = "a promise";
    options.value_free = count_one;
    options.deadline = futures_in_ms(1000000);
    return options;
}

Test(block, forgets_promises_with_options)
{
    atomic_int freed = 0;
    futures_promise_options options = promise_options();
    for (int how = 0; how < 4; how++) {
        futures_future *promise = futures_promise_with(&options);
        if (how == 0)
            futures_resolve(promise, &freed);
        else if (how == 1)
            futures_reject(promise, 5, "rejected");
        else if (how == 2)
            futures_cancel(promise);
        futures_release(promise);
        check_next_block();
    }
    cr_assert_eq(atomic_load(&freed), 1);
}

Test(block, forgets_promises_without_options)
{
    futures_release(cancelled());
    check_next_block();
    futures_release(rejected(5));
    check_next_block();
    futures_release(resolved(NULL));
    check_next_block();
    futures_release(futures_promise(NULL, NULL));
    check_next_block();
}

static void *throw_it(void *arg)
{
    (void)arg;
    futures_throw(3, "thrown");
}

static void *stop_itself(void *arg)
{
    futures_token_cancel(futures_current_token(), 4, "enough");
    futures_checkpoint();
    return arg;
}

static void *stop_itself_and_go_on(void *arg)
{
    futures_token_cancel(futures_current_token(), 4, "enough");
    return arg;
}

static void run_and_check(futures_fn fn, const futures_task_options *options,
                          futures_status status)
{
    atomic_int freed = 0;
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit_with(pool, fn, &freed, options);
    futures_pool_destroy(pool); /* no other thread has a pin any more */
    assert_status(futures_poll(task), status);
    futures_release(task);
    check_next_block();
}

static void run_all_and_check(const futures_task_options *options)
{
    run_and_check(return_arg, options, FUTURES_OK);
    run_and_check(throw_it, options, FUTURES_FAILED);
    run_and_check(stop_itself, options, FUTURES_CANCELLED);
    run_and_check(stop_itself_and_go_on, options, FUTURES_OK);
}

Test(block, forgets_tasks_without_options)
{
    run_all_and_check(NULL);
}

Test(block, forgets_tasks_with_options)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = "a task";
    options.arg_free = count_one;
    options.value_free = count_one;
    options.deadline = futures_in_ms(1000000);
    run_all_and_check(&options);
}

Test(block, forgets_a_task_that_is_cancelled_before_it_starts)
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    futures_token *token = new_token(NULL);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    options.token = token;
    futures_future *task =
        futures_submit_with(pool, return_arg, NULL, &options);
    futures_token_cancel(token, 6, "from above");
    gate_open(&gate);
    futures_pool_destroy(pool);
    assert_status(futures_poll(task), FUTURES_CANCELLED);
    futures_release(task);
    check_next_block();
    futures_token_release(token);
    gate_destroy(&gate);
}
