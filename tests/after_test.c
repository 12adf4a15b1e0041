/* futures_after: a future that ends at a time, and a task that begins then.
 * Far away is an hour: nothing here waits for that. */
#include "support/test.h"

#include "support/helpers.h"

enum { FAR_MS = 3600 * 1000 };

Test(after, ends_at_its_time_with_its_value)
{
    int value = 0;
    futures_time when = futures_in_ms(5);
    futures_future *time = futures_after(NULL, when, NULL, &value);
    cr_assert_eq(futures_wait(time, FUTURES_NEVER), FUTURES_OK);
    cr_assert_geq(futures_now(), when);
    cr_assert_eq(futures_value(time), (void *)&value);
    futures_release(time);
}

Test(after, begins_a_task_at_its_time)
{
    futures_pool *pool = pool_of(1);
    int value = 0;
    futures_time when = futures_in_ms(5);
    futures_future *task = futures_after(pool, when, return_arg, &value);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_geq(futures_now(), when);
    cr_assert_eq(futures_value(task), (void *)&value);
    futures_release(task);
    futures_pool_destroy(pool);
}

Test(after, a_time_that_has_passed_ends_it_at_once)
{
    futures_pool *pool = pool_of(1);
    int value = 0;
    futures_future *time = futures_after(NULL, FUTURES_POLL, NULL, &value);
    cr_assert_eq(futures_poll(time), FUTURES_OK);
    cr_assert_eq(futures_value(time), (void *)&value);
    futures_future *task =
        futures_after(pool, FUTURES_POLL, return_arg, &value);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    futures_release(time);
    futures_release(task);
    futures_pool_destroy(pool);
}

static void expect(futures_future *future, futures_status status)
{
    cr_assert_eq(futures_poll(future), status);
    futures_release(future);
}

Test(after, bad_arguments_are_an_ended_future)
{
    futures_pool *pool = pool_of(1);
    futures_time far = futures_in_ms(FAR_MS);
    expect(futures_after(pool, FUTURES_NEVER, return_arg, NULL),
           FUTURES_INVALID);
    expect(futures_after(NULL, FUTURES_NEVER, NULL, NULL), FUTURES_INVALID);
    expect(futures_after(NULL, far, return_arg, NULL), FUTURES_INVALID);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    expect(futures_after(pool, far, return_arg, NULL), FUTURES_CLOSED);
    futures_pool_destroy(pool);
}

Test(after, nobody_ends_it_by_hand)
{
    futures_future *time =
        futures_after(NULL, futures_in_ms(FAR_MS), NULL, NULL);
    cr_assert_eq(futures_resolve(time, NULL), FUTURES_INVALID);
    cr_assert_eq(futures_reject(time, 1, "no"), FUTURES_INVALID);
    cr_assert_eq(futures_poll(time), FUTURES_PENDING);
    cr_assert_eq(futures_cancel(time), FUTURES_CANCELLED);
    cr_assert_eq(futures_resolve(time, NULL), FUTURES_INVALID);
    cr_assert_eq(futures_cancel(time), FUTURES_CANCELLED);
    futures_release(time);
}

/* The timer thread ends soon after its last timer: the test would leave it
 * behind if one stayed. */
Test(after, one_that_is_let_go_leaves_no_timer)
{
    futures_release(futures_after(NULL, futures_in_ms(FAR_MS), NULL, NULL));
}

Test(after, cancelled_before_its_time_it_never_begins)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran = 0;
    futures_future *task =
        futures_after(pool, futures_in_ms(FAR_MS), count_task, &ran);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_cancel(task), FUTURES_CANCELLED);
    futures_release(task);
    futures_pool_destroy(pool);
    cr_assert_eq(ran, 0);
}

Test(after, one_that_nobody_holds_begins_all_the_same)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran = 0;
    futures_release(futures_after(pool, futures_in_ms(5), count_task, &ran));
    eventually(ran == 1);
    futures_pool_destroy(pool);
}

Test(after, a_shutdown_does_not_wait_for_its_time)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran = 0;
    futures_future *task =
        futures_after(pool, futures_in_ms(FAR_MS), count_task, &ran);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(task), FUTURES_CANCELLED);
    cr_assert_eq(ran, 0);
    futures_release(task);
}

Test(after, times_can_be_gathered_and_come_before_tasks)
{
    enum { COUNT = 4 };
    futures_pool *pool = pool_of(1);
    futures_future *times[COUNT];
    for (int i = 0; i < COUNT; i++)
        times[i] = futures_after(NULL, futures_in_ms(i + 1), NULL, NULL);
    futures_future *then = futures_then(pool, times, COUNT, return_arg, pool);
    cr_assert_eq(futures_gather(times, COUNT, NULL, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(then, FUTURES_NEVER), FUTURES_OK);
    futures_release(then);
    futures_release_all(times, COUNT);
    futures_pool_destroy(pool);
}

/* In which order they ended. */
struct order {
    int next;
    int places[5];
    futures_hook hooks[5];
    struct order_slot {
        struct order *order;
        int index;
    } slots[5];
};

static void note(void *arg, futures_future *future)
{
    struct order_slot *slot = arg;
    (void)future;
    slot->order->places[slot->index] = slot->order->next++;
}

/* returns  false where some time came before all were armed */
static bool try_in_order(struct order *order)
{
    static const int ms[5] = {4, 1, 5, 3, 2};
    futures_time base = futures_in_ms(20);
    futures_future *times[5];
    for (int i = 0; i < 5; i++) {
        times[i] = futures_after(NULL, base + ms[i], NULL, NULL);
        order->slots[i] = (struct order_slot){order, i};
        cr_assert_eq(futures_on_done(times[i], &order->hooks[i], note,
                                     &order->slots[i]),
                     FUTURES_OK);
    }
    bool early = futures_now() < base;
    cr_assert_eq(futures_gather(times, 5, NULL, NULL), FUTURES_OK);
    for (int i = 0; i < 5; i++)
        futures_off_done(times[i], &order->hooks[i]);
    for (int i = 0; early && i < 5; i++)
        cr_assert_eq(order->places[i], ms[i] - 1);
    futures_release_all(times, 5);
    return early;
}

Test(after, many_end_in_the_order_of_their_times)
{
    struct order order;
    do {
        order = (struct order){0};
    } while (!try_in_order(&order));
}

struct parent {
    futures_pool *pool;
    futures_future *beneath;
    struct gate gate;
};

static void *leave_one(void *arg)
{
    struct parent *parent = arg;
    parent->beneath =
        futures_after(parent->pool, futures_in_ms(FAR_MS), return_arg, parent);
    gate_pass(&parent->gate);
    return arg;
}

Test(after, a_task_at_a_time_is_cancelled_with_the_task_that_made_it)
{
    struct parent parent = {.pool = pool_of(1)};
    gate_init(&parent.gate);
    futures_future *task = futures_submit(parent.pool, leave_one, &parent);
    cr_assert(gate_await_arrivals(&parent.gate, 1));
    cr_assert_eq(futures_cancel(task), FUTURES_PENDING);
    cr_assert_eq(futures_poll(parent.beneath), FUTURES_CANCELLED);
    gate_open(&parent.gate);
    futures_release(parent.beneath);
    futures_release(task);
    futures_pool_destroy(parent.pool);
    gate_destroy(&parent.gate);
}

/* The queue is full and the pool would let a submit wait: the timer thread
 * does not, so a later time comes. */
Test(after, a_full_pool_does_not_hold_up_the_times)
{
    futures_pool_options limited = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    atomic_int ran = 0;
    struct gate gate;
    gate_init(&gate);
    limited.workers = 1;
    limited.queue_limit = 1;
    cr_assert_eq(futures_pool_create(&pool, &limited), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    cr_assert_eq(futures_submit_detached(pool, count_task, &ran, NULL),
                 FUTURES_OK);
    futures_future *task =
        futures_after(pool, futures_in_ms(2), count_task, &ran);
    futures_future *later = futures_after(NULL, futures_in_ms(4), NULL, NULL);
    cr_assert_eq(futures_wait(later, FUTURES_NEVER), FUTURES_OK);
    gate_open(&gate);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    futures_release(task);
    futures_release(later);
    futures_pool_destroy(pool);
    cr_assert_eq(ran, 2);
    gate_destroy(&gate);
}
