/* When a pool has nothing queued and nothing running: also what a thread that
 * is no worker still does with its tasks counts, since the pool must not be
 * gone before that has ended. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

struct outsider {
    struct gate workers;
    struct gate outside;
    futures_pool *pool;
    futures_future *future;
    pthread_t thread;
};

/* Every worker is held, so that only the outsider can end the future. */
static void outsider_init(struct outsider *outsider)
{
    gate_init(&outsider->workers);
    gate_init(&outsider->outside);
    outsider->pool = pool_of(1);
    cr_assert(saturate(outsider->pool, &outsider->workers));
}

/* The workers have nothing left to do, the outsider has. */
static void check_only_the_outsider_is_awaited(struct outsider *outsider)
{
    futures_pool *pool = outsider->pool;
    cr_assert(gate_await_arrivals(&outsider->outside, 1));
    gate_open(&outsider->workers);
    futures_stats stats = FUTURES_STATS_INIT;
    eventually((futures_pool_stats(pool, &stats), stats.ok == 1));
    cr_assert_eq(futures_pool_wait(pool, FUTURES_POLL), FUTURES_TIMEOUT);
    cr_assert_eq(futures_pool_wait(pool, futures_in_ms(5)), FUTURES_TIMEOUT);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    gate_open(&outsider->outside);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
}

static void outsider_end(struct outsider *outsider)
{
    pthread_join(outsider->thread, NULL);
    futures_release(outsider->future);
    futures_pool_destroy(outsider->pool);
    gate_destroy(&outsider->workers);
    gate_destroy(&outsider->outside);
}

static void *gather_with_help(void *arg)
{
    struct outsider *outsider = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = true;
    futures_gather(&outsider->future, 1, NULL, &options);
    return NULL;
}

Test(quiet, is_no_pool_whose_task_runs_on_a_helper_outside)
{
    struct outsider outsider;
    outsider_init(&outsider);
    outsider.future =
        futures_submit(outsider.pool, gate_task, &outsider.outside);
    pthread_create(&outsider.thread, NULL, gather_with_help, &outsider);
    check_only_the_outsider_is_awaited(&outsider);
    cr_assert_eq(futures_poll(outsider.future), FUTURES_OK);
    outsider_end(&outsider);
}

static void *cancel_it(void *arg)
{
    futures_cancel(((struct outsider *)arg)->future);
    return NULL;
}

static void pass_gate(void *gate)
{
    gate_pass(gate);
}

Test(quiet, is_no_pool_whose_tasks_argument_is_still_being_freed)
{
    struct outsider outsider;
    outsider_init(&outsider);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = pass_gate;
    outsider.future = futures_submit_with(outsider.pool, return_arg,
                                          &outsider.outside, &options);
    pthread_create(&outsider.thread, NULL, cancel_it, &outsider);
    check_only_the_outsider_is_awaited(&outsider);
    cr_assert_eq(futures_poll(outsider.future), FUTURES_CANCELLED);
    outsider_end(&outsider);
}

static void *wait_for_pool(void *pool)
{
    futures_status status = futures_pool_wait(pool, FUTURES_NEVER);
    return status == FUTURES_OK ? pool : NULL;
}

Test(quiet, is_told_to_everyone_who_waits_for_it)
{
    enum { WAITERS = 4 };
    struct gate gate;
    pthread_t waiters[WAITERS];
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    for (int round = 0; round < 50; round++) {
        unsigned long arrived = gate_shut(&gate);
        cr_assert_eq(futures_submit_detached(pool, gate_task, &gate, NULL),
                     FUTURES_OK);
        cr_assert(gate_await_arrivals(&gate, arrived + 1));
        for (int i = 0; i < WAITERS; i++)
            pthread_create(&waiters[i], NULL, wait_for_pool, pool);
        gate_open(&gate);
        for (int i = 0; i < WAITERS; i++) {
            void *quiet;
            pthread_join(waiters[i], &quiet);
            cr_assert_eq(quiet, (void *)pool);
        }
    }
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* What a cancel from above has ended leaves its queue later. */
Test(quiet, is_a_pool_whose_queues_were_cancelled)
{
    enum { QUEUED = 1000 };
    struct gate gate;
    futures_token *token;
    futures_future *futures[QUEUED];
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    cr_assert(saturate(pool, &gate));
    futures_token_create(&token, NULL, FUTURES_NEVER);
    options.token = token;
    for (int i = 0; i < QUEUED; i++) {
        options.priority = (futures_priority)(i % 3);
        futures[i] = futures_submit_with(pool, return_arg, NULL, &options);
    }
    futures_token_cancel(token, 0, NULL);
    for (int i = 0; i < QUEUED; i++)
        cr_assert_eq(futures_poll(futures[i]), FUTURES_CANCELLED);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_POLL), FUTURES_TIMEOUT);
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    futures_release_all(futures, QUEUED);
    futures_token_release(token);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(quiet, needs_no_promise_to_be_kept)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(futures_poll(promise), FUTURES_PENDING);
    futures_release(promise);
    futures_pool_destroy(pool);
}
