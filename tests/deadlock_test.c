/* Waits that go in a circle (row 21), and pools whose workers wait for what
 * only they could run: the last one to come is told, at once, and all go on.
 * Where a wait may end otherwise, nobody is told anything. */
#include "support/test.h"

#include "combine/need.h"
#include "support/joins.h"
#include "support/waiters.h"

enum how { WAIT, GATHER, COLLECT, NONE };

static void set_how(struct waiter *waiter, enum how how)
{
    waiter->gathers = how != WAIT;
    if (how == COLLECT)
        waiter->options.on_error = FUTURES_ON_ERROR_COLLECT;
    if (how == NONE)
        waiter->options.token = futures_token_none();
}

/* Each waits for the next, the last one for the first; the last to park is
 * told, the others see the futures end. */
static void check_circle(size_t count, enum how how)
{
    struct waiter waiters[8];
    futures_pool *pool = pool_of((unsigned)count);
    for (size_t i = 0; i < count; i++)
        waiter_start(&waiters[i], pool);
    for (size_t i = 0; i < count; i++) {
        waiter_wants(&waiters[i], waiters[(i + 1) % count].task);
        set_how(&waiters[i], how);
    }
    for (size_t i = 0; i + 1 < count; i++)
        waiter_park(&waiters[i], pool);
    gate_open(&waiters[count - 1].gate);
    for (size_t i = 0; i < count; i++)
        waiter_end(&waiters[i]);
    for (size_t i = 0; i + 1 < count; i++)
        assert_status(waiters[i].status, FUTURES_OK);
    assert_status(waiters[count - 1].status, FUTURES_DEADLOCK);
    assert_status(waiters[count - 1].first_then, FUTURES_PENDING);
    if (how != WAIT)
        assert_status(waiters[count - 1].outcomes[0].status, FUTURES_PENDING);
    futures_pool_destroy(pool);
}

Test(deadlock, two_that_wait_for_each_other) /* row 21 */
{
    check_circle(2, WAIT);
}

Test(deadlock, two_that_gather_each_other) /* row 21 */
{
    check_circle(2, GATHER);
    check_circle(2, COLLECT);
    check_circle(2, NONE);
}

Test(deadlock, a_circle_of_three_and_of_eight)
{
    check_circle(3, WAIT);
    check_circle(3, GATHER);
    check_circle(8, GATHER);
}

Test(deadlock, what_has_ended_is_in_its_slot)
{
    struct waiter first;
    struct waiter last;
    futures_pool *pool = pool_of(2);
    futures_future *ended = resolved(&first);
    waiter_start(&first, pool);
    waiter_start(&last, pool);
    waiter_wants(&first, last.task);
    waiter_wants(&last, first.task);
    waiter_wants(&last, ended);
    set_how(&last, GATHER);
    waiter_park(&first, pool);
    gate_open(&last.gate);
    waiter_end(&first);
    waiter_end(&last);
    assert_status(last.status, FUTURES_DEADLOCK);
    assert_status(last.outcomes[0].status, FUTURES_PENDING);
    assert_status(last.outcomes[1].status, FUTURES_OK);
    cr_assert_eq(last.outcomes[1].value, &first);
    futures_release(ended);
    futures_pool_destroy(pool);
}

Test(deadlock, a_circle_through_two_pools)
{
    struct waiter first;
    struct waiter last;
    futures_pool *one = pool_of(1);
    futures_pool *other = pool_of(1);
    waiter_start(&first, one);
    waiter_start(&last, other);
    waiter_wants(&first, last.task);
    waiter_wants(&last, first.task);
    set_how(&last, GATHER);
    waiter_park(&first, one);
    gate_open(&last.gate);
    waiter_end(&first);
    waiter_end(&last);
    assert_status(first.status, FUTURES_OK);
    assert_status(last.status, FUTURES_DEADLOCK);
    futures_pool_destroy(one);
    futures_pool_destroy(other);
}

/* The first runs on a thread that is no worker and helps. */
static void *help_outside(void *arg)
{
    struct waiter *waiter = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = true;
    futures_gather(&waiter->task, 1, NULL, &options);
    return NULL;
}

Test(deadlock, a_circle_through_a_thread_that_helps)
{
    struct waiter worker;
    struct waiter helped = {.options = FUTURES_GATHER_OPTIONS_INIT};
    pthread_t thread;
    futures_pool *pool = pool_of(1);
    waiter_start(&worker, pool);
    gate_init(&helped.gate);
    helped.task = futures_submit(pool, wait_at_gate, &helped);
    waiter_wants(&worker, helped.task);
    waiter_wants(&helped, worker.task);
    cr_assert_eq(pthread_create(&thread, NULL, help_outside, &helped), 0);
    cr_assert(gate_await_arrivals(&helped.gate, 1));
    waiter_park(&worker, pool);
    gate_open(&helped.gate);
    pthread_join(thread, NULL); /* it looks at the task's end */
    waiter_end(&worker);
    waiter_end(&helped);
    assert_status(worker.status, FUTURES_OK);
    assert_status(helped.status, FUTURES_DEADLOCK);
    futures_pool_destroy(pool);
}

Test(deadlock, a_wait_with_a_deadline_closes_no_circle)
{
    for (int which = 0; which < 2; which++) {
        struct waiter waiters[2];
        futures_pool *pool = pool_of(2);
        for (int i = 0; i < 2; i++)
            waiter_start(&waiters[i], pool);
        for (int i = 0; i < 2; i++)
            waiter_wants(&waiters[i], waiters[1 - i].task);
        waiters[which].deadline = futures_in_ms(300);
        gate_open(&waiters[0].gate);
        gate_open(&waiters[1].gate);
        for (int i = 0; i < 2; i++)
            waiter_end(&waiters[i]);
        assert_status(waiters[which].status, FUTURES_TIMEOUT);
        assert_status(waiters[1 - which].status, FUTURES_OK);
        futures_pool_destroy(pool);
    }
}

/* The first gathers the other and a promise, and may leave. */
static void start_leaving(struct waiter waiters[2], futures_future *promise,
                          futures_pool *pool)
{
    for (int i = 0; i < 2; i++)
        waiter_start(&waiters[i], pool);
    for (int i = 0; i < 2; i++)
        waiter_wants(&waiters[i], waiters[1 - i].task);
    waiter_wants(&waiters[0], promise);
    set_how(&waiters[0], GATHER);
    waiters[0].options.on_error = FUTURES_ON_ERROR_LEAVE;
}

Test(deadlock, a_gather_that_may_leave_closes_no_circle)
{
    struct waiter waiters[2];
    futures_pool *pool = pool_of(2);
    futures_future *promise = futures_promise(NULL, NULL);
    start_leaving(waiters, promise, pool);
    waiter_park(&waiters[0], pool);
    waiter_park(&waiters[1], pool);
    futures_reject(promise, 7, "rejected");
    for (int i = 0; i < 2; i++)
        waiter_end(&waiters[i]);
    assert_status(waiters[0].status, FUTURES_FAILED);
    assert_status(waiters[1].status, FUTURES_OK);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(deadlock, but_it_does_where_one_alone_is_left)
{
    struct waiter waiters[2];
    futures_pool *pool = pool_of(2);
    futures_future *promise = resolved(NULL);
    start_leaving(waiters, promise, pool);
    waiter_park(&waiters[0], pool);
    gate_open(&waiters[1].gate);
    for (int i = 0; i < 2; i++)
        waiter_end(&waiters[i]);
    assert_status(waiters[0].status, FUTURES_OK);
    assert_status(waiters[1].status, FUTURES_DEADLOCK);
    futures_release(promise);
    futures_pool_destroy(pool);
}

/* One waits for the promise that the other would keep afterwards. */
Test(deadlock, a_promise_in_between_is_nobodys)
{
    struct waiter waiters[2];
    futures_pool *pool = pool_of(2);
    futures_future *promise = futures_promise(NULL, NULL);
    for (int i = 0; i < 2; i++)
        waiter_start(&waiters[i], pool);
    waiter_wants(&waiters[0], promise);
    waiter_wants(&waiters[1], waiters[0].task);
    for (int i = 0; i < 2; i++)
        waiter_park(&waiters[i], pool);
    futures_resolve(promise, NULL);
    for (int i = 0; i < 2; i++) {
        waiter_end(&waiters[i]);
        assert_status(waiters[i].status, FUTURES_OK);
    }
    futures_release(promise);
    futures_pool_destroy(pool);
}

/* As a future that ends when another one has. */
struct single {
    struct fut_need need;
    futures_future *other;
};

static futures_future *next_single(struct fut_need *need, size_t *at)
{
    return (*at)++ == 0 ? ((struct single *)need)->other : NULL;
}

static void check_need(bool all)
{
    struct waiter waiters[2];
    futures_pool *pool = pool_of(2);
    futures_future *promise = futures_promise(NULL, NULL);
    for (int i = 0; i < 2; i++)
        waiter_start(&waiters[i], pool);
    struct single single = {{.next = next_single, .all = all},
                            waiters[0].task};
    fut_need_attach(promise, &single.need);
    waiter_wants(&waiters[0], waiters[1].task);
    waiter_wants(&waiters[1], promise);
    waiter_park(&waiters[0], pool);
    if (all) {
        gate_open(&waiters[1].gate);
        waiter_end(&waiters[0]);
        waiter_end(&waiters[1]);
    } else {
        waiter_park(&waiters[1], pool);
    }
    fut_need_detach(&single.need);
    futures_resolve(promise, NULL);
    if (!all) {
        waiter_end(&waiters[0]);
        waiter_end(&waiters[1]);
    }
    assert_status(waiters[0].status, FUTURES_OK);
    assert_status(waiters[1].status, all ? FUTURES_DEADLOCK : FUTURES_OK);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(deadlock, a_circle_through_what_needs_all)
{
    check_need(true);
}

Test(deadlock, none_through_what_may_end_by_itself)
{
    check_need(false);
}
