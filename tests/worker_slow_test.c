/* Hooks of workers that take their time: they hold back their own worker and
 * nobody else, and a deadline is a deadline while they run. */
#include "support/test.h"

#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

/* Which hook of which worker passes the gate. */
struct slow {
    struct gate gate;
    unsigned starts;
    unsigned stops;
};

enum { NONE = 99 };

static int start(void *context, unsigned worker, void **data)
{
    struct slow *slow = context;
    *data = context;
    if (worker == slow->starts)
        gate_pass(&slow->gate);
    return 0;
}

static void stop(void *context, unsigned worker, void *data)
{
    struct slow *slow = context;
    if (data == context && worker == slow->stops)
        gate_pass(&slow->gate);
}

static futures_pool *slow_pool(struct slow *slow, unsigned workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.worker_start = start;
    options.worker_stop = stop;
    options.context = slow;
    futures_pool *pool = NULL;
    gate_init(&slow->gate);
    futures_pool_create(&pool, &options);
    return pool;
}

static void slow_end(struct slow *slow, futures_pool *pool)
{
    gate_open(&slow->gate);
    futures_pool_destroy(pool);
    gate_destroy(&slow->gate);
}

Test(slow_start, of_one_worker_leaves_the_tasks_to_the_others)
{
    struct slow slow = {.starts = 0, .stops = NONE};
    futures_pool *pool = slow_pool(&slow, 2);
    cr_assert(gate_await_arrivals(&slow.gate, 1));
    for (int i = 0; i < 100; i++) {
        futures_future *future = futures_submit(pool, return_arg, NULL);
        cr_assert_eq(futures_wait(future, futures_in_ms(EVENTUALLY_MS)),
                     FUTURES_OK);
        futures_release(future);
    }
    slow_end(&slow, pool);
}

/* row 40 */
Test(slow_start, makes_a_shutdown_with_a_deadline_give_up)
{
    struct slow slow = {.starts = 0, .stops = NONE};
    futures_pool *pool = slow_pool(&slow, 1);
    cr_assert(gate_await_arrivals(&slow.gate, 1));
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(queued), FUTURES_PENDING);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(queued), FUTURES_CANCELLED,
                 "no worker is needed for that");
    futures_release(queued);
    slow_end(&slow, pool);
}

/* row 40 */
Test(slow_stop, makes_a_shutdown_with_a_deadline_give_up)
{
    struct slow slow = {.starts = NONE, .stops = 0};
    futures_pool *pool = slow_pool(&slow, 2);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(50)),
        FUTURES_TIMEOUT);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    gate_open(&slow.gate);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    slow_end(&slow, pool);
}
