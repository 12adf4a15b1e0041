/* A throw where there is no task to end prints its message and aborts: outside
 * of a task, and in every callback, also where a task happens to run on that
 * thread: the callback is not the task's. Each case is a child process. */
#include "support/test.h"

#include <string.h>

#include <futures/futures.h>

#include "support/child.h"
#include "support/gathering.h"
#include "support/helpers.h"

#define MESSAGE "nobody can catch this"

static void throw_it(void *arg)
{
    (void)arg;
    futures_throw(1, MESSAGE);
}

static void assert_aborts(void (*fn)(void *), void *arg)
{
    struct child child = child_run(fn, arg);
    cr_assert(child_aborted(&child), "status %x, printed \"%s\"",
              (unsigned)child.status, child.printed);
    cr_assert(strstr(child.printed, MESSAGE) != NULL, "printed \"%s\"",
              child.printed);
}

static void fail_it(void *arg)
{
    (void)arg;
    futures_fail(1, MESSAGE);
}

Test(error_abort, outside_a_task)
{
    assert_aborts(throw_it, NULL);
    assert_aborts(fail_it, NULL);
}

/* One pool of one worker; runs `fn` as its only task. */
static void in_a_task(futures_fn fn)
{
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, fn, pool);
    futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    futures_pool_destroy(pool);
}

static void *run_a_case(void *arg)
{
    void (*const *fn)(void *) = arg;
    (*fn)(NULL);
    return NULL;
}

static void case_in_a_task(void *fn)
{
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, run_a_case, fn);
    futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    futures_pool_destroy(pool);
}

/* In the test's own thread, and in a task that acts on its own behalf. */
static void assert_aborts_here_and_in_a_task(void (*fn)(void *))
{
    assert_aborts(fn, NULL);
    assert_aborts(case_in_a_task, &fn);
}

static void throw_in_hook(void *arg, futures_future *future)
{
    (void)future;
    throw_it(arg);
}

static void resolve_what_has_a_hook(void *arg)
{
    futures_hook hook;
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &hook, throw_in_hook, NULL);
    futures_resolve(promise, arg);
}

static void hook_what_has_ended(void *arg)
{
    futures_hook hook;
    futures_on_done(resolved(arg), &hook, throw_in_hook, NULL);
}

static void end_a_task_that_has_a_hook(void *arg)
{
    struct gate gate;
    futures_hook hook;
    futures_pool *pool = pool_of(1);
    (void)arg;
    gate_init(&gate);
    futures_future *future = futures_submit(pool, gate_task, &gate);
    futures_on_done(future, &hook, throw_in_hook, NULL);
    gate_open(&gate);
    futures_pool_destroy(pool);
}

Test(error_abort, in_a_hook)
{
    assert_aborts_here_and_in_a_task(resolve_what_has_a_hook);
    assert_aborts_here_and_in_a_task(hook_what_has_ended);
    assert_aborts(end_a_task_that_has_a_hook, NULL);
}

static void throw_in_on_done(void *context, size_t index,
                             const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    throw_it(context);
}

static void gather_with_on_done(void *arg)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *future = resolved(arg);
    options.on_done = throw_in_on_done;
    futures_gather(&future, 1, NULL, &options);
}

static void *gather_child_with_on_done(void *pool)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *future = futures_submit(pool, return_arg, NULL);
    options.on_done = throw_in_on_done;
    futures_gather(&future, 1, NULL, &options);
    return NULL;
}

static void gather_in_a_task_with_on_done(void *arg)
{
    (void)arg;
    in_a_task(gather_child_with_on_done);
}

Test(error_abort, in_on_done_of_a_gather)
{
    assert_aborts_here_and_in_a_task(gather_with_on_done);
    assert_aborts(gather_in_a_task_with_on_done, NULL);
}

static void *submit_with_arg_free(void *pool)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = throw_it;
    futures_future *future =
        futures_submit_with(pool, return_arg, NULL, &options);
    futures_cancel(future);
    futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    return NULL;
}

static void run_with_arg_free(void *arg)
{
    (void)arg;
    futures_pool *pool = pool_of(1);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = throw_it;
    futures_submit_detached(pool, return_arg, NULL, &options);
    futures_pool_destroy(pool);
}

static void cancel_in_a_task_with_arg_free(void *arg)
{
    (void)arg;
    in_a_task(submit_with_arg_free);
}

static void refuse_with_arg_free(void *arg)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = throw_it;
    futures_submit_with(NULL, return_arg, arg, &options);
}

Test(error_abort, in_arg_free)
{
    assert_aborts(run_with_arg_free, NULL);
    assert_aborts(cancel_in_a_task_with_arg_free, NULL);
    assert_aborts_here_and_in_a_task(refuse_with_arg_free);
}

static void release_with_value_free(void *arg)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.value_free = throw_it;
    futures_future *promise = futures_promise_with(&options);
    futures_resolve(promise, &options);
    (void)arg;
    futures_release(promise);
}

static void *fail_and_return(void *arg)
{
    futures_fail(2, "so that the value is freed");
    return arg;
}

static void fail_with_value_free(void *arg)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    (void)arg;
    options.value_free = throw_it;
    futures_submit_detached(pool, fail_and_return, &options, &options);
    futures_pool_destroy(pool);
}

Test(error_abort, in_value_free)
{
    assert_aborts_here_and_in_a_task(release_with_value_free);
    assert_aborts(fail_with_value_free, NULL);
}

static void cancel_promise(void *arg)
{
    futures_cancel(futures_promise(throw_it, arg));
}

static void cancel_token(void *arg)
{
    futures_hook hook;
    futures_token *token = NULL;
    futures_token_create(&token, NULL, FUTURES_NEVER);
    futures_token_on_cancel(token, &hook, throw_it, arg);
    futures_token_cancel(token, 0, NULL);
}

static void watch_fired_token(void *arg)
{
    futures_hook hook;
    futures_token *token = NULL;
    futures_token_create(&token, NULL, FUTURES_NEVER);
    futures_token_cancel(token, 0, NULL);
    futures_token_on_cancel(token, &hook, throw_it, arg);
}

static void cancel_by_the_clock(void *arg)
{
    futures_hook hook;
    futures_token *token = NULL;
    futures_token_create(&token, NULL, futures_in_ms(1));
    futures_token_on_cancel(token, &hook, throw_it, arg);
    futures_sleep(futures_in_ms(EVENTUALLY_MS));
}

Test(error_abort, in_on_cancel)
{
    assert_aborts_here_and_in_a_task(cancel_promise);
    assert_aborts_here_and_in_a_task(cancel_token);
    assert_aborts_here_and_in_a_task(watch_fired_token);
    assert_aborts(cancel_by_the_clock, NULL);
}

static int throw_in_start(void *context, unsigned worker, void **data)
{
    (void)worker;
    (void)data;
    throw_it(context);
    return 0;
}

static void throw_in_stop(void *context, unsigned worker, void *data)
{
    (void)worker;
    (void)data;
    throw_it(context);
}

static void throw_unhandled(void *context, const futures_error *error)
{
    (void)error;
    throw_it(context);
}

static int start_well(void *context, unsigned worker, void **data)
{
    (void)worker;
    *data = context;
    return 0;
}

/* Runs one task that fails, whose error nobody looks at. */
static void run_in_pool_with(const futures_pool_options *options)
{
    futures_pool *pool = NULL;
    int one = 1;
    if (futures_pool_create(&pool, options) != FUTURES_OK)
        return;
    futures_submit_detached(pool, throw_code, &one, NULL);
    futures_pool_destroy(pool);
}

static void start_badly(void *arg)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    (void)arg;
    options.worker_start = throw_in_start;
    run_in_pool_with(&options);
}

static void stop_badly(void *arg)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    (void)arg;
    options.worker_start = start_well;
    options.worker_stop = throw_in_stop;
    run_in_pool_with(&options);
}

static void handle_badly(void *arg)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    (void)arg;
    options.unhandled = throw_unhandled;
    run_in_pool_with(&options);
}

Test(error_abort, in_hooks_of_a_pool)
{
    assert_aborts(start_badly, NULL);
    assert_aborts(stop_badly, NULL);
    assert_aborts(handle_badly, NULL);
}

static void checkpoint(void *arg)
{
    (void)arg;
    futures_checkpoint();
}

static void *cancel_token_that_checkpoints(void *arg)
{
    futures_hook hook;
    futures_token *token = NULL;
    if (futures_token_create(&token, NULL, FUTURES_NEVER) != FUTURES_OK)
        return futures_fail(1, "no token");
    futures_token_on_cancel(token, &hook, checkpoint, NULL);
    futures_token_cancel(futures_current_token(), 0, NULL);
    futures_token_cancel(token, 0, NULL);
    futures_token_release(token);
    return arg;
}

Test(error_abort, is_not_for_a_checkpoint_in_a_hook)
{
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, cancel_token_that_checkpoints, pool);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_checkpoint();
    futures_release(future);
    futures_pool_destroy(pool);
}
