/* Nobody is told of a deadlock where something else may end one of the waits
 * in a circle; but where nothing can, somebody is, however it is closed. */
#include "support/test.h"

#include "support/waiters.h"

/* The first waits for a gather of the other, which waits for the first. */
static void check_gathered(const futures_gather_options *options,
                           futures_status first, futures_status last)
{
    struct waiter waiters[2];
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < 2; i++)
        waiter_start(&waiters[i], pool);
    futures_future *gathered =
        futures_gather_async(&waiters[1].task, 1, options);
    waiter_wants(&waiters[0], gathered);
    waiter_wants(&waiters[1], waiters[0].task);
    waiter_park(&waiters[0], pool);
    gate_open(&waiters[1].gate);
    for (int i = 0; i < 2; i++)
        waiter_end(&waiters[i]);
    assert_status(waiters[0].status, first);
    assert_status(waiters[1].status, last);
    futures_release(gathered);
    futures_pool_destroy(pool);
}

Test(deadlock_sure, a_circle_through_a_gather_that_holds_no_thread)
{
    check_gathered(NULL, FUTURES_OK, FUTURES_DEADLOCK);
}

Test(deadlock_sure, none_through_one_with_a_deadline) /* row 24 */
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = futures_in_ms(300);
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    check_gathered(&options, FUTURES_TIMEOUT, FUTURES_OK);
}

/* A task that waits for one after itself, beside others. */
struct after {
    struct waiter waiter;
    futures_pool *pool;
    futures_future *then;
    futures_future *promise;
};

static void after_begin(struct after *after, futures_on_error on_error)
{
    after->pool = pool_of(2);
    waiter_start(&after->waiter, after->pool);
    after->then =
        futures_then(after->pool, &after->waiter.task, 1, return_arg, NULL);
    after->promise = futures_promise(NULL, NULL);
    waiter_wants(&after->waiter, after->then);
    after->waiter.options.on_error = on_error;
}

static void after_end(struct after *after)
{
    waiter_end(&after->waiter);
    futures_release(after->then);
    futures_release(after->promise);
    futures_pool_destroy(after->pool);
}

/* It is parked alone, beside a worker that is free. */
Test(deadlock_sure, one_that_waits_for_what_comes_after_itself) /* row 21 */
{
    struct after after;
    after_begin(&after, FUTURES_ON_ERROR_CANCEL);
    gate_open(&after.waiter.gate);
    after_end(&after);
    assert_status(after.waiter.status, FUTURES_DEADLOCK);
}

Test(deadlock_sure, none_where_an_error_of_another_would_cancel_it)
{
    struct after after;
    after_begin(&after, FUTURES_ON_ERROR_CANCEL);
    waiter_wants(&after.waiter, after.promise);
    after.waiter.gathers = true;
    waiter_park(&after.waiter, after.pool);
    futures_reject(after.promise, 7, "rejected");
    after_end(&after);
    assert_status(after.waiter.status, FUTURES_FAILED);
    assert_status(after.waiter.outcomes[0].status, FUTURES_CANCELLED);
}

Test(deadlock_sure, but_it_is_once_the_others_have_ended_well)
{
    struct after after;
    after_begin(&after, FUTURES_ON_ERROR_CANCEL);
    waiter_wants(&after.waiter, after.promise);
    after.waiter.gathers = true;
    waiter_park(&after.waiter, after.pool);
    futures_resolve(after.promise, NULL);
    after_end(&after);
    assert_status(after.waiter.status, FUTURES_DEADLOCK);
    assert_status(after.waiter.outcomes[1].status, FUTURES_OK);
}

Test(deadlock_sure, but_it_is_where_errors_are_collected)
{
    struct after after;
    after_begin(&after, FUTURES_ON_ERROR_COLLECT);
    waiter_wants(&after.waiter, after.promise);
    after.waiter.gathers = true;
    gate_open(&after.waiter.gate);
    after_end(&after);
    assert_status(after.waiter.status, FUTURES_DEADLOCK);
    assert_status(after.waiter.outcomes[1].status, FUTURES_PENDING);
}

/* The only worker of either pool waits for what is queued in the other; the
 * first one gathers it, and a promise as well. */
struct full {
    struct waiter waiters[2];
    futures_pool *pools[2];
    futures_future *queued[2];
    futures_future *promise;
};

static void full_begin(struct full *full, futures_on_error on_error)
{
    full->promise = futures_promise(NULL, NULL);
    for (int i = 0; i < 2; i++) {
        full->pools[i] = pool_of(1);
        waiter_start(&full->waiters[i], full->pools[i]);
        full->queued[i] = futures_submit(full->pools[i], return_arg, NULL);
    }
    for (int i = 0; i < 2; i++)
        waiter_wants(&full->waiters[i], full->queued[1 - i]);
    waiter_wants(&full->waiters[0], full->promise);
    full->waiters[0].gathers = true;
    full->waiters[0].options.on_error = on_error;
    waiter_park(&full->waiters[0], full->pools[0]);
}

static void full_end(struct full *full, futures_status first,
                     futures_status second)
{
    for (int i = 0; i < 2; i++)
        waiter_end(&full->waiters[i]);
    assert_status(full->waiters[0].status, first);
    assert_status(full->waiters[1].status, second);
    futures_release_all(full->queued, 2);
    futures_release(full->promise);
    futures_pool_destroy(full->pools[0]);
    futures_pool_destroy(full->pools[1]);
}

Test(deadlock_sure, none_where_an_error_would_cancel_what_is_queued)
{
    struct full full;
    full_begin(&full, FUTURES_ON_ERROR_CANCEL);
    waiter_park(&full.waiters[1], full.pools[1]);
    futures_reject(full.promise, 7, "rejected");
    full_end(&full, FUTURES_FAILED, FUTURES_OK);
}

Test(deadlock_sure, full_pools_where_errors_are_collected)
{
    struct full full;
    full_begin(&full, FUTURES_ON_ERROR_COLLECT);
    gate_open(&full.waiters[1].gate);
    assert_status(futures_wait(full.waiters[1].task, FUTURES_NEVER),
                  FUTURES_OK);
    futures_reject(full.promise, 7, "rejected");
    full_end(&full, FUTURES_FAILED, FUTURES_DEADLOCK);
}

Test(deadlock_sure, full_pools_once_the_others_have_ended_well)
{
    struct full full;
    full_begin(&full, FUTURES_ON_ERROR_CANCEL);
    waiter_park(&full.waiters[1], full.pools[1]);
    futures_resolve(full.promise, NULL);
    full_end(&full, FUTURES_DEADLOCK, FUTURES_OK);
}

/* It might have left with an error of the promise. */
Test(deadlock_sure, one_that_may_leave_once_a_single_one_is_left)
{
    struct waiter waiters[2];
    futures_pool *pool = pool_of(2);
    futures_future *promise = futures_promise(NULL, NULL);
    for (int i = 0; i < 2; i++)
        waiter_start(&waiters[i], pool);
    waiter_wants(&waiters[0], promise);
    waiter_wants(&waiters[0], waiters[1].task);
    waiters[0].gathers = true;
    waiters[0].options.on_error = FUTURES_ON_ERROR_LEAVE;
    waiter_wants(&waiters[1], waiters[0].task);
    waiter_park(&waiters[0], pool);
    waiter_park(&waiters[1], pool);
    futures_resolve(promise, NULL);
    for (int i = 0; i < 2; i++)
        waiter_end(&waiters[i]);
    assert_status(waiters[0].status, FUTURES_DEADLOCK);
    assert_status(waiters[1].status, FUTURES_OK);
    futures_release(promise);
    futures_pool_destroy(pool);
}
