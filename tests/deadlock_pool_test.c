/* Pools whose workers all wait for what is queued in each other: the last one
 * to come is told; and nobody, where that may still be run or end. */
#include "support/test.h"

#include "support/waiters.h"

/* The only worker of either pool waits for what is queued in the other. */
struct crossing {
    futures_pool *pools[2];
    struct waiter waiters[2];
    futures_future *queued[2];
};

static void crossing_begin(struct crossing *crossing, futures_time deadline)
{
    for (int i = 0; i < 2; i++) {
        futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
        crossing->pools[i] = pool_of(1);
        waiter_start(&crossing->waiters[i], crossing->pools[i]);
        if (i == 0)
            options.deadline = deadline;
        crossing->queued[i] = futures_submit_with(crossing->pools[i],
                                                  return_arg, NULL, &options);
    }
    for (int i = 0; i < 2; i++)
        waiter_wants(&crossing->waiters[i], crossing->queued[1 - i]);
}

static void crossing_end(struct crossing *crossing)
{
    for (int i = 0; i < 2; i++)
        waiter_end(&crossing->waiters[i]);
    futures_release_all(crossing->queued, 2);
    futures_pool_destroy(crossing->pools[0]);
    futures_pool_destroy(crossing->pools[1]);
}

Test(deadlock, pools_that_wait_for_each_others_queues)
{
    struct crossing crossing;
    crossing_begin(&crossing, FUTURES_NEVER);
    waiter_park(&crossing.waiters[0], crossing.pools[0]);
    gate_open(&crossing.waiters[1].gate);
    crossing_end(&crossing);
    assert_status(crossing.waiters[0].status, FUTURES_OK);
    assert_status(crossing.waiters[1].status, FUTURES_DEADLOCK);
}

Test(deadlock, none_where_what_is_queued_has_a_deadline)
{
    struct crossing crossing;
    crossing_begin(&crossing, futures_in_ms(1000000));
    for (int i = 0; i < 2; i++)
        waiter_park(&crossing.waiters[i], crossing.pools[i]);
    futures_cancel(crossing.queued[0]);
    crossing_end(&crossing);
    assert_status(crossing.waiters[0].status, FUTURES_OK);
    assert_status(crossing.waiters[1].status, FUTURES_CANCELLED);
}

Test(deadlock, none_where_a_worker_is_left)
{
    struct gate gate;
    struct waiter waiter;
    futures_pool *full = pool_of(2);
    futures_pool *other = pool_of(1);
    gate_init(&gate);
    futures_future *busy = futures_submit(full, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    struct waiter first;
    waiter_start(&first, full);
    waiter_start(&waiter, other);
    futures_future *queued[2] = {futures_submit(full, return_arg, NULL),
                                 futures_submit(other, return_arg, NULL)};
    waiter_wants(&first, queued[1]);
    waiter_wants(&waiter, queued[0]);
    waiter_park(&first, full);
    waiter_park(&waiter, other);
    gate_open(&gate);
    waiter_end(&first);
    waiter_end(&waiter);
    assert_status(first.status, FUTURES_OK);
    assert_status(waiter.status, FUTURES_OK);
    futures_release(busy);
    futures_release_all(queued, 2);
    futures_pool_destroy(full);
    futures_pool_destroy(other);
    gate_destroy(&gate);
}
