/* Next: one member after the other, in the order of ending. */
/* Elsewhere, and here:
 * test_taskgroups.py:
 *   test_taskgroup_23 -> group_next.forgets_what_it_gave
 * test_tasks.py:
 *   test_as_completed -> group_next.gives_members_in_the_order_of_ending
 *   test_as_completed_with_timeout
 *   -> group_next.past_its_deadline_can_be_asked_again
 *   test_as_completed_with_unused_timeout
 *   -> group_next.with_a_deadline_that_never_comes
 *   test_as_completed_resume_iterator
 *   -> group_next.goes_on_after_a_gather_or_a_pause
 *   test_as_completed_concurrent
 *   -> group_next.of_several_at_once_gives_each_member_once
 *   test_as_completed_invalid_args -> group_next.refuses_nulls
 * test_as_completed.py:
 *   test_free_reference_yielded_future -> group_next.forgets_what_it_gave
 * task_join_set.rs:
 *   test_with_sleep
 *   -> group_next.gives_null_when_nothing_is_left_and_again_after_more
 *   alternating -> group_next.and_submit_in_turn
 *   abort_tasks -> group_next.gives_what_was_cancelled_by_hand_too
 *   join_set_coop
 *   -> group_next.gives_a_thousand_that_have_ended_already
 *   try_join_next
 *   -> group_next.with_poll_gives_what_has_ended_and_no_more
 */
#include "support/test.h"

#include <pthread.h>

#include "support/groups.h"

static void *next_value(futures_group *group)
{
    futures_future *future;
    futures_group_next(group, &future, FUTURES_NEVER);
    return future != NULL ? futures_value(future) : NULL;
}

static void assert_nothing_left(futures_group *group)
{
    futures_future *future = (futures_future *)group;
    assert_status(futures_group_next(group, &future, FUTURES_NEVER),
                  FUTURES_OK);
    cr_assert_null(future);
}

Test(group_next, gives_members_in_the_order_of_ending)
{
    enum { FEW = 3 };
    struct gate gates[FEW];
    futures_pool *pool = pool_of(FEW);
    futures_group *group = group_of(pool, 0);
    for (int i = 0; i < FEW; i++) {
        gate_init(&gates[i]);
        group_add(group, gate_task, &gates[i]);
    }
    for (int i = FEW; i-- > 0;) {
        gate_open(&gates[i]);
        cr_assert_eq(next_value(group), &gates[i]);
    }
    assert_nothing_left(group);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    for (int i = 0; i < FEW; i++)
        gate_destroy(&gates[i]);
}

Test(group_next, past_its_deadline_can_be_asked_again)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_future *future = (futures_future *)group;
    group_add(group, gate_task, &gate);
    assert_status(futures_group_next(group, &future, futures_in_ms(5)),
                  FUTURES_TIMEOUT);
    cr_assert_null(future);
    gate_open(&gate);
    cr_assert_eq(next_value(group), &gate);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_next, with_a_deadline_that_never_comes)
{
    int value;
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_future *future;
    group_add(group, return_arg, &value);
    assert_status(futures_group_next(group, &future, futures_in_ms(100000)),
                  FUTURES_OK);
    cr_assert_eq(futures_value(future), &value);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_next, goes_on_after_a_gather_or_a_pause)
{
    int values[4];
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    futures_outcome *outcomes;
    size_t count;
    for (int i = 0; i < 3; i++)
        group_add(group, return_arg, &values[i]);
    cr_assert_eq(next_value(group), &values[0]);
    cr_assert_eq(next_value(group), &values[1]);
    assert_status(futures_group_gather(group, &outcomes, &count), FUTURES_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(outcomes[0].value, &values[2]);
    assert_nothing_left(group);
    group_add(group, return_arg, &values[3]);
    cr_assert_eq(next_value(group), &values[3]);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

struct taker {
    futures_group *group;
    atomic_int *taken;
    int all;
};

static void *take_all(void *arg)
{
    struct taker *taker = arg;
    int *value;
    while ((value = next_value(taker->group)) != NULL)
        atomic_fetch_add(&taker->taken[*value], 1);
    return NULL;
}

Test(group_next, of_several_at_once_gives_each_member_once)
{
    enum { MANY = 2000, TAKERS = 4 };
    static int values[MANY];
    static atomic_int taken[MANY];
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 3);
    struct taker taker = {group, taken, MANY};
    pthread_t threads[TAKERS];
    for (int i = 0; i < MANY; i++) {
        values[i] = i;
        group_add(group, return_arg, &values[i]);
    }
    for (int i = 0; i < TAKERS; i++)
        pthread_create(&threads[i], NULL, take_all, &taker);
    for (int i = 0; i < TAKERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(atomic_load(&taken[i]), 1);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_next, refuses_nulls)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_future *future = (futures_future *)group;
    assert_status(futures_group_next(NULL, &future, FUTURES_NEVER),
                  FUTURES_INVALID);
    cr_assert_null(future);
    assert_status(futures_group_next(group, NULL, FUTURES_NEVER),
                  FUTURES_INVALID);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* The value is freed at the next call, though the group lives on. */
Test(group_next, forgets_what_it_gave)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = counted_options();
    futures_future *future;
    for (int i = 0; i < 100; i++) {
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
        assert_status(futures_group_next(group, &future, FUTURES_NEVER),
                      FUTURES_OK);
        cr_assert_eq(futures_value(future), &counted);
        cr_assert_eq(atomic_load(&counted.value_freed), i);
    }
    assert_nothing_left(group);
    cr_assert_eq(atomic_load(&counted.value_freed), 100);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_next, gives_null_when_nothing_is_left_and_again_after_more)
{
    int value;
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    for (int round = 0; round < 3; round++) {
        assert_nothing_left(group);
        group_add(group, return_arg, &value);
        cr_assert_eq(next_value(group), &value);
    }
    assert_nothing_left(group);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_next, and_submit_in_turn)
{
    enum { WINDOW = 4, MANY = 500 };
    int value;
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    for (int i = 0; i < WINDOW; i++)
        group_add(group, return_arg, &value);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(next_value(group), &value);
        group_add(group, return_arg, &value);
    }
    for (int i = 0; i < WINDOW; i++)
        cr_assert_eq(next_value(group), &value);
    assert_nothing_left(group);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_next, gives_what_was_cancelled_by_hand_too)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    futures_future *given;
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *second =
        futures_group_submit(group, return_arg, NULL, NULL);
    assert_status(futures_cancel(second), FUTURES_CANCELLED);
    assert_status(futures_group_next(group, &given, FUTURES_POLL), FUTURES_OK);
    cr_assert_eq(given, second);
    gate_open(&gate);
    cr_assert_eq(next_value(group), &gate);
    futures_release(second);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_next, gives_a_thousand_that_have_ended_already)
{
    int value;
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    for (int i = 0; i < 1000; i++)
        group_add(group, return_arg, &value);
    assert_status(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(next_value(group), &value);
    assert_nothing_left(group);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_next, with_poll_gives_what_has_ended_and_no_more)
{
    int value;
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    futures_future *future;
    group_add(group, gate_task, &gate);
    group_add(group, return_arg, &value);
    eventually(futures_group_next(group, &future, FUTURES_POLL) == FUTURES_OK);
    cr_assert_eq(futures_value(future), &value);
    assert_status(futures_group_next(group, &future, FUTURES_POLL),
                  FUTURES_TIMEOUT);
    gate_open(&gate);
    cr_assert_eq(next_value(group), &gate);
    assert_status(futures_group_next(group, &future, FUTURES_POLL),
                  FUTURES_OK);
    cr_assert_null(future);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *take_a_few(void *arg)
{
    futures_group *group = arg;
    int value;
    int right = 0;
    for (int i = 0; i < 10; i++)
        group_add(group, return_arg, &value);
    for (int i = 0; i < 10; i++)
        right += next_value(group) == &value;
    return right == 10 ? arg : NULL;
}

/* row 42c */
Test(group_next, of_a_task_on_the_only_worker_runs_members)
{
    for (size_t limit = 0; limit <= 1; limit++) {
        futures_pool *pool = pool_of(1);
        futures_group *group = group_of(pool, limit);
        futures_future *task = futures_submit(pool, take_a_few, group);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq(futures_value(task), group);
        futures_release(task);
        futures_group_destroy(group);
        futures_pool_destroy(pool);
    }
}

/* An error that was taken fails no later gather. */
Test(group_next, takes_the_error_out_of_the_group)
{
    int code = 3;
    futures_pool *pool = pool_of(1);
    futures_group *group = group_on_error(pool, FUTURES_ON_ERROR_COLLECT);
    futures_future *future;
    group_add(group, throw_code, &code);
    assert_status(futures_group_next(group, &future, FUTURES_NEVER),
                  FUTURES_OK);
    cr_assert_eq(futures_error_of(future)->code, 3);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

struct member {
    futures_group *group;
    futures_status gathered;
    futures_status next;
};

static void *wait_for_its_group(void *arg)
{
    struct member *member = arg;
    futures_future *future;
    member->gathered = futures_group_gather(member->group, NULL, NULL);
    member->next = futures_group_next(member->group, &future, FUTURES_NEVER);
    return NULL;
}

/* row 21 */
Test(group_next, and_gather_of_its_last_member_are_a_deadlock)
{
    futures_pool *pool = pool_of(2);
    struct member member = {group_of(pool, 0), FUTURES_OK, FUTURES_OK};
    group_add(member.group, wait_for_its_group, &member);
    assert_status(futures_group_gather(member.group, NULL, NULL), FUTURES_OK);
    assert_status(member.gathered, FUTURES_DEADLOCK);
    assert_status(member.next, FUTURES_DEADLOCK);
    futures_group_destroy(member.group);
    futures_pool_destroy(pool);
}
