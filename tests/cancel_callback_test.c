/* One call ends several futures, one after the other: the callback of any of
 * them may wait for the others. */
#include "support/test.h"

#include "support/helpers.h"

struct both {
    futures_pool *pool;
    struct gate gate;
    futures_future *futures[2];
    futures_hook hooks[2];
    futures_status seen[2];
};

static futures_time limit(void)
{
    return futures_in_ms(EVENTUALLY_MS);
}

static void wait_for_other(void *arg, futures_future *future)
{
    struct both *both = arg;
    int me = future == both->futures[1];
    both->seen[me] = futures_wait(both->futures[1 - me], limit());
}

/* Of which the pool has an end only once the other has ended. */
static void shut_down(void *arg, futures_future *future)
{
    struct both *both = arg;
    both->seen[future == both->futures[1]] =
        futures_pool_shutdown(both->pool, FUTURES_SHUTDOWN_DRAIN, limit());
}

static void wait_for_pool(void *arg, futures_future *future)
{
    struct both *both = arg;
    gate_open(&both->gate);
    both->seen[future == both->futures[1]] =
        futures_pool_wait(both->pool, limit());
}

static void watch(struct both *both, void (*fn)(void *, futures_future *))
{
    for (int i = 0; i < 2; i++)
        cr_assert_eq(
            futures_on_done(both->futures[i], &both->hooks[i], fn, both),
            FUTURES_OK);
}

static void check(struct both *both, futures_status status)
{
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(both->seen[i], status);
        cr_assert_eq(futures_poll(both->futures[i]), FUTURES_CANCELLED);
    }
    futures_release_all(both->futures, 2);
}

/* Two on the only worker's queue, beneath a token that fires. */
static void fire(void (*fn)(void *, futures_future *), futures_status status)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    struct both both = {.pool = pool_of(1)};
    gate_init(&both.gate);
    cr_assert(saturate(both.pool, &both.gate));
    cr_assert_eq(futures_token_create(&options.token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    for (int i = 0; i < 2; i++)
        both.futures[i] =
            futures_submit_with(both.pool, return_arg, NULL, &options);
    watch(&both, fn);
    futures_token_cancel(options.token, 0, NULL);
    check(&both, status);
    futures_token_release(options.token);
    gate_open(&both.gate);
    futures_pool_destroy(both.pool);
    gate_destroy(&both.gate);
}

Test(cancel_callback, waits_for_another_that_the_same_token_ends)
{
    fire(wait_for_other, FUTURES_CANCELLED);
}

Test(cancel_callback, waits_for_the_pool_of_others_that_the_same_token_ends)
{
    fire(wait_for_pool, FUTURES_OK);
}

/* Two that are not ready. */
Test(cancel_callback, shuts_the_pool_down_of_others_that_the_same_token_ends)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    struct both both = {.pool = pool_of(1)};
    futures_future *promise = futures_promise(NULL, NULL);
    cr_assert_eq(futures_token_create(&options.token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    for (int i = 0; i < 2; i++)
        both.futures[i] = futures_then_with(both.pool, &promise, 1, return_arg,
                                            NULL, &options);
    watch(&both, shut_down);
    futures_token_cancel(options.token, 0, NULL);
    check(&both, FUTURES_OK);
    futures_token_release(options.token);
    futures_release(promise);
    futures_pool_destroy(both.pool);
}

Test(cancel_callback, waits_for_another_that_the_same_shutdown_ends)
{
    struct both both = {.pool = pool_of(1)};
    futures_future *promise = futures_promise(NULL, NULL);
    for (int i = 0; i < 2; i++)
        both.futures[i] =
            futures_then(both.pool, &promise, 1, return_arg, NULL);
    watch(&both, wait_for_other);
    futures_pool_destroy(both.pool);
    check(&both, FUTURES_CANCELLED);
    futures_release(promise);
}
