/* futures_then and the end of pools, long chains, figures, and fork: what is
 * not ready never keeps a pool from ending, and ends with it. */
#include "support/test.h"

#include <pthread.h>
#include <stdlib.h>

#include "support/helpers.h"

enum { LINKS = SLICE(100000), SMALL_STACK = 512 * 1024 };

/* Tasks in a row, each after the one before; the first after a promise. */
struct chain {
    futures_pool *pool;
    futures_future *promise;
    futures_future *links[LINKS];
    atomic_int ran;
    void (*act)(struct chain *chain);
};

static struct chain *chain_make(void)
{
    struct chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL)
        abort();
    chain->pool = pool_of(1);
    chain->promise = futures_promise(NULL, NULL);
    for (int i = 0; i < LINKS; i++)
        chain->links[i] = futures_then(
            chain->pool, i > 0 ? &chain->links[i - 1] : &chain->promise, 1,
            count_task, &chain->ran);
    return chain;
}

static void *act_in_thread(void *arg)
{
    struct chain *chain = arg;
    chain->act(chain);
    return NULL;
}

/* On a thread with a small stack: whatever recursed would not come back. */
static void act_on(struct chain *chain, void (*act)(struct chain *))
{
    pthread_attr_t attributes;
    pthread_t thread;
    chain->act = act;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    cr_assert_eq(pthread_create(&thread, &attributes, act_in_thread, chain),
                 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

static void chain_end(struct chain *chain)
{
    futures_release(chain->promise);
    futures_release_all(chain->links, LINKS);
    free(chain);
}

static void keep(struct chain *chain)
{
    futures_resolve(chain->promise, NULL);
    futures_wait(chain->links[LINKS - 1], FUTURES_NEVER);
}

static void cancel_first(struct chain *chain)
{
    futures_cancel(chain->links[0]);
    futures_wait(chain->links[LINKS - 1], FUTURES_NEVER);
}

static void cancel_each(struct chain *chain)
{
    for (int i = 0; i < LINKS; i++)
        futures_cancel(chain->links[i]);
}

static void shut_down(struct chain *chain)
{
    futures_pool_shutdown(chain->pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
}

static void let_go(struct chain *chain)
{
    futures_release_all(chain->links, LINKS);
    for (int i = 0; i < LINKS; i++)
        chain->links[i] = NULL;
    shut_down(chain);
}

/* row 29a */
Test(then_pool, a_long_chain_runs_link_by_link)
{
    struct chain *chain = chain_make();
    act_on(chain, keep);
    futures_pool_destroy(chain->pool);
    cr_assert_eq(chain->ran, LINKS);
    chain_end(chain);
}

static void *wait_for_last(void *arg)
{
    struct chain *chain = arg;
    futures_wait(chain->links[LINKS - 1], FUTURES_NEVER);
    return arg;
}

/* The worker runs all of it: time that grows with the square would show. */
Test(then_pool, a_long_chain_runs_in_a_task_that_waits_for_it)
{
    struct chain *chain = chain_make();
    futures_future *task = futures_submit(chain->pool, wait_for_last, chain);
    futures_resolve(chain->promise, NULL);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(chain->ran, LINKS);
    futures_pool_destroy(chain->pool);
    futures_release(task);
    chain_end(chain);
}

/* row 29a */
Test(then_pool, a_long_chain_runs_on_behind_a_cancelled_link)
{
    struct chain *chain = chain_make();
    act_on(chain, cancel_first);
    futures_pool_destroy(chain->pool);
    cr_assert_eq(chain->ran, LINKS - 1);
    chain_end(chain);
}

/* row 29a */
Test(then_pool, a_long_chain_that_is_cancelled_needs_no_stack)
{
    struct chain *chain = chain_make();
    struct gate gate;
    gate_init(&gate);
    cr_assert(saturate(chain->pool, &gate));
    act_on(chain, cancel_each);
    gate_open(&gate);
    futures_pool_destroy(chain->pool);
    cr_assert_eq(chain->ran, 0);
    chain_end(chain);
    gate_destroy(&gate);
}

/* row 29a */
Test(then_pool, a_long_chain_ends_with_its_pool)
{
    struct chain *chain = chain_make();
    act_on(chain, shut_down);
    for (int i = 0; i < LINKS; i++)
        cr_assert_eq(futures_poll(chain->links[i]), FUTURES_CANCELLED);
    futures_pool_destroy(chain->pool);
    cr_assert_eq(chain->ran, 0);
    chain_end(chain);
}

/* row 29a */
Test(then_pool, a_long_chain_that_nobody_holds_ends_with_its_pool)
{
    struct chain *chain = chain_make();
    act_on(chain, let_go);
    futures_pool_destroy(chain->pool);
    chain_end(chain);
}

Test(then_pool, what_becomes_ready_while_it_drains_runs)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    futures_future *running = futures_submit(pool, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *first = futures_then(pool, &running, 1, return_arg, pool);
    futures_future *second = futures_then(pool, &first, 1, return_arg, pool);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(second), FUTURES_PENDING);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(first), FUTURES_OK);
    cr_assert_eq(futures_poll(second), FUTURES_OK);
    futures_release(running);
    futures_release(first);
    futures_release(second);
    gate_destroy(&gate);
}

/* A task that adds another behind itself while its pool drains. */
struct adder {
    futures_pool *pool;
    futures_future *promise;
    futures_future *added;
    futures_future *stuck;
    struct gate gate;
};

static void *add(void *arg)
{
    struct adder *adder = arg;
    gate_pass(&adder->gate);
    adder->added = futures_then(adder->pool, NULL, 0, return_arg, arg);
    adder->stuck =
        futures_then(adder->pool, &adder->promise, 1, return_arg, arg);
    return arg;
}

Test(then_pool, what_its_tasks_add_while_it_drains_runs_or_ends)
{
    struct adder adder = {.pool = pool_of(1),
                          .promise = futures_promise(NULL, NULL)};
    gate_init(&adder.gate);
    cr_assert_eq(futures_submit_detached(adder.pool, add, &adder, NULL),
                 FUTURES_OK);
    cr_assert(gate_await_arrivals(&adder.gate, 1));
    cr_assert_eq(futures_pool_shutdown(adder.pool, FUTURES_SHUTDOWN_DRAIN,
                                       FUTURES_POLL),
                 FUTURES_TIMEOUT);
    gate_open(&adder.gate);
    futures_pool_destroy(adder.pool);
    cr_assert_eq(futures_poll(adder.added), FUTURES_OK);
    cr_assert_eq(futures_poll(adder.stuck), FUTURES_CANCELLED);
    futures_release(adder.added);
    futures_release(adder.stuck);
    futures_release(adder.promise);
    gate_destroy(&adder.gate);
}

/* What waits for another pool's task is not waited for. */
Test(then_pool, ends_without_waiting_for_another_pool)
{
    futures_pool *other = pool_of(1);
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    futures_future *running = futures_submit(other, gate_task, &gate);
    futures_future *then = futures_then(pool, &running, 1, return_arg, pool);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(then), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(running), FUTURES_PENDING);
    gate_open(&gate);
    futures_pool_destroy(other);
    futures_release(running);
    futures_release(then);
    gate_destroy(&gate);
}

static void *wait_in_cancelled_pool(void *arg)
{
    struct adder *adder = arg;
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    gate_pass(&adder->gate);
    options.token = futures_token_none();
    adder->stuck = futures_then_with(adder->pool, &adder->promise, 1,
                                     return_arg, arg, &options);
    return futures_wait(adder->stuck, futures_in_ms(EVENTUALLY_MS)) ==
                   FUTURES_CANCELLED
               ? arg
               : NULL;
}

/* Nothing that is not cancelled with the task that adds it either. */
Test(then_pool, what_its_tasks_add_while_it_cancels_ends_at_once)
{
    struct adder adder = {.pool = pool_of(1),
                          .promise = futures_promise(NULL, NULL)};
    gate_init(&adder.gate);
    futures_future *task =
        futures_submit(adder.pool, wait_in_cancelled_pool, &adder);
    cr_assert(gate_await_arrivals(&adder.gate, 1));
    cr_assert_eq(futures_pool_shutdown(adder.pool, FUTURES_SHUTDOWN_CANCEL,
                                       FUTURES_POLL),
                 FUTURES_TIMEOUT);
    gate_open(&adder.gate);
    futures_pool_destroy(adder.pool);
    cr_assert_eq(futures_value(task), (void *)&adder);
    futures_release(task);
    futures_release(adder.stuck);
    futures_release(adder.promise);
    gate_destroy(&adder.gate);
}

static int never_start(void *context, unsigned worker, void **data)
{
    (void)context;
    (void)worker;
    (void)data;
    return 1;
}

Test(then_pool, a_pool_that_breaks_ends_it_broken)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_future *promise = futures_promise(NULL, NULL);
    struct counted counted = {0};
    futures_task_options counts = counted_options();
    futures_pool *pool;
    options.workers = 1;
    options.worker_start = never_start;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    futures_future *then =
        futures_then_with(pool, &promise, 1, counted_run, &counted, &counts);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_BROKEN);
    cr_assert_eq(counted.arg_freed, 1);
    futures_release(then);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(then_pool, figures_count_it_once_it_is_ready_or_has_ended)
{
    futures_pool *pool = pool_of(1);
    futures_stats stats = FUTURES_STATS_INIT;
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *thens[3];
    for (int i = 0; i < 3; i++)
        thens[i] = futures_then(pool, &promise, 1, return_arg, NULL);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_POLL), FUTURES_OK);
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    cr_assert_eq(stats.submitted, 0);
    cr_assert_eq(futures_cancel(thens[0]), FUTURES_CANCELLED);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(thens[1], FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_wait(thens[2], FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    cr_assert_eq(stats.submitted, 3);
    cr_assert_eq(stats.ok, 2);
    cr_assert_eq(stats.cancelled, 1);
    cr_assert_eq(stats.queued, 0);
    cr_assert_eq(stats.running, 0);
    futures_release_all(thens, 3);
    futures_release(promise);
    futures_pool_destroy(pool);
}
