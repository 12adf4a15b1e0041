/* A place is lent to a waiter by who holds it and cannot go on before that
 * waiter does; and by nobody else. */
#include "support/test.h"

#include "support/needs.h"

static struct few lending(struct held *held, futures_future *holder)
{
    return (struct few){
        .need = {.next = next_of_few, .lend = lend, .all = true},
        .futures = {holder},
        .lent = &held->hold};
}

/* It holds the place itself. */
Test(help_need, a_waiter_lends_its_own_place)
{
    struct waiter waiter;
    struct held held;
    atomic_int ran = 0;
    futures_pool *pool = pool_of(1);
    waiter_start(&waiter, pool);
    struct few few = lending(&held, waiter.task);
    hold(&held, pool, count_task, &ran, &few);
    waiter_wants(&waiter, held.future);
    gate_open(&waiter.gate);
    waiter_end(&waiter);
    assert_status(waiter.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 1);
    cr_assert_eq(few.holder, waiter.task);
    fut_need_detach(&few.need);
    fut_hold_end(&held.hold);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

/* The holder waits for a task that waits for the held one; or for something
 * else, and then nothing is lent. */
static void check_lent(bool waits_for_it, bool holder_last)
{
    struct waiter holder;
    struct waiter waiter;
    struct held held;
    atomic_int ran = 0;
    futures_pool *pool = pool_of(2);
    futures_future *promise = futures_promise(NULL, NULL);
    waiter_start(&holder, pool);
    waiter_start(&waiter, pool);
    struct few few = lending(&held, holder.task);
    hold(&held, pool, count_task, &ran, &few);
    waiter_wants(&holder, waits_for_it ? waiter.task : promise);
    waiter_wants(&waiter, held.future);
    waiter_park(holder_last ? &waiter : &holder, pool);
    if (waits_for_it) {
        gate_open(&holder.gate);
        gate_open(&waiter.gate);
    } else {
        waiter_park(holder_last ? &holder : &waiter, pool);
        fut_need_poke(pool);
        cr_assert_eq(atomic_load(&few.asked), 0);
        cr_assert_eq(atomic_load(&ran), 0);
        futures_resolve(promise, NULL);
    }
    /* The holder is let go of after the need that names it, and what it waits
     * for after both. */
    assert_status(futures_wait(holder.task, FUTURES_NEVER), FUTURES_OK);
    fut_need_detach(&few.need);
    waiter_end(&holder);
    if (waits_for_it)
        fut_hold_end(&held.hold);
    else
        make_ready(&held, pool);
    waiter_end(&waiter);
    assert_status(holder.status, FUTURES_OK);
    assert_status(waiter.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 1);
    futures_release(held.future);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(help_need, a_holder_that_waits_for_the_waiter_lends_its_place)
{
    check_lent(true, false);
    check_lent(true, true);
}

Test(help_need, a_holder_that_waits_for_something_else_does_not)
{
    check_lent(false, false);
    check_lent(false, true);
}

/* It would go on when its deadline comes, beside the one that borrowed. */
Test(help_need, a_holder_with_a_deadline_elsewhere_does_not)
{
    struct waiter holder;
    struct waiter waiter;
    struct held held;
    atomic_int ran = 0;
    futures_pool *pool = pool_of(2);
    waiter_start(&holder, pool);
    waiter_start(&waiter, pool);
    struct few few = lending(&held, holder.task);
    hold(&held, pool, count_task, &ran, &few);
    waiter_wants(&holder, waiter.task);
    waiter_wants(&waiter, held.future);
    holder.deadline = futures_in_ms(200);
    waiter_park(&waiter, pool);
    gate_open(&holder.gate);
    assert_status(futures_wait(holder.task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&few.asked), 0);
    fut_need_detach(&few.need);
    waiter_end(&holder);
    assert_status(holder.status, FUTURES_TIMEOUT);
    make_ready(&held, pool);
    waiter_end(&waiter);
    futures_release(held.future);
    futures_pool_destroy(pool);
}
