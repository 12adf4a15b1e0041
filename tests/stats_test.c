/* What a pool says about itself. The counts are exact while nothing moves:
 * with every worker at a gate, or after the pool has become idle. */
#include "support/test.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"

static futures_stats stats_of(futures_pool *pool)
{
    futures_stats stats = FUTURES_STATS_INIT;
    futures_status status = futures_pool_stats(pool, &stats);
    cr_assert_eq(status, FUTURES_OK);
    return stats;
}

Test(stats, of_a_new_pool_are_zero)
{
    futures_pool *pool = pool_of(3);
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.workers, 3);
    cr_assert_eq(stats.queued, 0);
    cr_assert_eq(stats.running, 0);
    cr_assert_eq(stats.waiting, 0);
    cr_assert_eq(stats.submitted, 0);
    cr_assert_eq(stats.ok + stats.failed + stats.cancelled, 0);
    cr_assert_eq(stats.longest_ns, 0);
    cr_assert_str_eq(stats.longest_name, "");
    futures_pool_destroy(pool);
}

Test(stats, tell_the_queued_from_the_running)
{
    enum { QUEUED = 100 };
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < QUEUED; i++)
        futures_submit_detached(pool, return_arg, NULL, NULL);
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.running, 2);
    cr_assert_eq(stats.queued, QUEUED);
    cr_assert_eq(stats.submitted, QUEUED + 2);
    cr_assert_eq(stats.ok, 0);
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    stats = stats_of(pool);
    cr_assert_eq(stats.running, 0);
    cr_assert_eq(stats.queued, 0);
    cr_assert_eq(stats.ok, QUEUED + 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(stats, a_cancelled_task_is_queued_no_longer)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *one = futures_submit(pool, return_arg, NULL);
    futures_future *two = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(futures_cancel(one), FUTURES_CANCELLED);
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.queued, 1);
    cr_assert_eq(stats.cancelled, 1);
    cr_assert_eq(stats.submitted, 3);
    gate_open(&gate);
    cr_assert_eq(futures_wait(two, FUTURES_NEVER), FUTURES_OK);
    futures_release(one);
    futures_release(two);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *fail(void *arg)
{
    (void)arg;
    return futures_fail(EIO, "on purpose");
}

Test(stats, count_each_way_to_end)
{
    enum { EACH = 50 };
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < EACH; i++) {
        futures_release(futures_submit(pool, return_arg, NULL));
        futures_release(futures_submit(pool, fail, NULL));
        futures_future *future = futures_submit(pool, return_arg, NULL);
        futures_cancel(future);
        futures_release(future);
    }
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.submitted, 3 * EACH + 1);
    cr_assert_eq(stats.ok, EACH + 1);
    cr_assert_eq(stats.failed, EACH);
    cr_assert_eq(stats.cancelled, EACH);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(stats, what_was_refused_was_not_submitted)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.queue_limit = 1;
    options.overflow = FUTURES_OVERFLOW_REFUSE;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_release(futures_submit(pool, return_arg, NULL));
    futures_release(futures_submit(pool, return_arg, NULL));
    futures_stats stats = stats_of(pool);
    cr_assert_eq(stats.submitted, 2);
    cr_assert_eq(stats.queued, 1);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *wait_for(void *future)
{
    futures_wait(future, FUTURES_NEVER);
    return NULL;
}

Test(stats, a_task_parked_in_a_wait_is_running_and_waiting)
{
    futures_pool *pool = pool_of(2);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *future = futures_submit(pool, wait_for, promise);
    eventually(stats_of(pool).waiting == 1);
    cr_assert_eq(stats_of(pool).running, 1);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    eventually(stats_of(pool).waiting == 0);
    futures_release(future);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(stats, name_the_longest_running_task)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = "the elder";
    futures_submit_detached(pool, gate_task, &gate, &options);
    cr_assert(gate_await_arrivals(&gate, 1));
    eventually(stats_of(pool).longest_ns > 20000000);
    options.name = "the younger";
    futures_submit_detached(pool, gate_task, &gate, &options);
    cr_assert(gate_await_arrivals(&gate, 2));
    futures_stats stats = stats_of(pool);
    cr_assert_str_eq(stats.longest_name, "the elder");
    cr_assert_gt(stats.longest_ns, 20000000);
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    stats = stats_of(pool);
    cr_assert_eq(stats.longest_ns, 0);
    cr_assert_str_eq(stats.longest_name, "");
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(stats, a_long_name_is_cut)
{
    char name[200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = name;
    futures_submit_detached(pool, gate_task, &gate, &options);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_stats stats = stats_of(pool);
    cr_assert_eq(strlen(stats.longest_name), sizeof stats.longest_name - 1);
    cr_assert_eq(
        strncmp(stats.longest_name, name, sizeof stats.longest_name - 1), 0);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* row 56 */
Test(stats, an_older_callers_struct_is_filled_as_far_as_it_goes)
{
    futures_pool *pool = pool_of(2);
    futures_stats stats;
    memset(&stats, 0x5a, sizeof stats);
    stats.size = offsetof(futures_stats, queued);
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    cr_assert_eq(stats.workers, 2);
    const unsigned char *rest = (const unsigned char *)&stats.queued;
    for (size_t i = 0; i < sizeof stats - stats.size; i++)
        cr_assert_eq(rest[i], 0x5a);
    futures_pool_destroy(pool);
}

Test(stats, are_readable_while_tasks_come_and_go)
{
    enum { ROUNDS = 2000 };
    futures_pool *pool = pool_of(2);
    uint64_t ended = 0;
    for (int i = 0; i < ROUNDS; i++) {
        futures_submit_detached(pool, return_arg, NULL, NULL);
        futures_stats stats = stats_of(pool);
        cr_assert_leq(stats.ok, (uint64_t)i + 1);
        cr_assert_geq(stats.ok, ended, "a count never falls");
        ended = stats.ok;
    }
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(stats_of(pool).ok, ROUNDS);
    futures_pool_destroy(pool);
}
