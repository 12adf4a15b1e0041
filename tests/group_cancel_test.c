/* Cancelling a group: by a call, by its deadline, from above, with the task
 * that waits for it; and destroying one. */
/* Elsewhere, and here:
 * test_taskgroups.py:
 *   test_cancellation
 *   -> group_cancel.of_the_gathering_task_reaches_all_with_its_reason
 *   test_taskgroup_07
 *   -> group_cancel.of_the_owner_reaches_members_while_it_sleeps
 *   test_cancellation_in_body
 *   -> group_cancel.comes_before_errors_that_follow_it
 *   test_taskgroup_09
 *   -> group_destroy.in_a_cleanup_of_an_owner_that_throws_joins
 *   test_taskgroup_10
 *   -> group_destroy.in_a_cleanup_of_an_owner_that_throws_joins
 *   test_taskgroup_15
 *   -> group_cancel.waits_for_members_that_take_their_time
 *   test_taskgroup_16
 *   -> group_cancel.waits_for_members_that_take_their_time
 *   test_taskgroup_17 -> group_cancel.of_one_without_members
 *   test_taskgroup_18
 *   -> group_cancel.comes_before_errors_that_follow_it
 *   test_taskgroup_22
 *   -> group_cancel.of_the_gathering_task_reaches_all_with_its_reason
 * test_timeouts.py:
 *   test_timeout_taskgroup
 *   -> group_cancel.by_its_deadline_keeps_the_error_of_a_member
 * task_join_set.rs:
 *   test_abort_on_drop -> group_destroy.cancels_and_joins_what_is_left
 *   abort_all -> group_cancel.ends_what_runs_and_what_is_queued
 * test_task_group.cpp:
 *   respect_task_group_context_passed_from_outside
 *   -> group_cancel.of_an_outer_token_stops_at_one_that_is_none
 */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "support/groups.h"

Test(group_cancel, ends_what_runs_and_what_is_queued)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    futures_task_options options = counted_options();
    futures_outcome *outcomes;
    size_t count;
    group_add(group, arrive_and_run_until_cancelled, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 5; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    futures_group_cancel(group, 77, "enough");
    cr_assert_eq(atomic_load(&counted.arg_freed), 5);
    futures_future *late =
        futures_group_submit(group, counted_run, &counted, &options);
    assert_status(futures_poll(late), FUTURES_CANCELLED);
    assert_status(futures_group_gather(group, &outcomes, &count),
                  FUTURES_CANCELLED);
    cr_assert_eq(count, 6);
    for (size_t i = 0; i < count; i++) {
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_eq(outcomes[i].error->code, 77);
        cr_assert_str_eq(outcomes[i].error->message, "enough");
    }
    cr_assert_eq(atomic_load(&counted.ran), 0);
    futures_release(late);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_cancel, is_forgotten_after_the_gather)
{
    int value;
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    for (int round = 0; round < 3; round++) {
        futures_outcome *outcomes;
        size_t count;
        futures_group_cancel(group, 0, NULL);
        assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
        group_add(group, return_arg, &value);
        assert_status(futures_group_gather(group, &outcomes, &count),
                      FUTURES_OK);
        cr_assert_eq(count, 1);
        cr_assert_eq(outcomes[0].value, &value);
    }
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_cancel, of_one_without_members)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_group_cancel(group, 0, NULL);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* row 19a, for groups */
Test(group_cancel, of_members_that_end_well_all_the_same_is_ok)
{
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    group_add(group, arrive_and_return_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_group_cancel(group, 0, NULL);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_cancel, comes_before_errors_that_follow_it)
{
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    group_add(group, arrive_and_throw_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_group_cancel(group, 0, NULL);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_FAILED);
    cr_assert_eq(outcomes[0].error->code, 15);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct slow {
    struct gate begun;
    struct gate end;
};

static void *take_its_time(void *arg)
{
    struct slow *slow = arg;
    gate_pass(&slow->begun);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    gate_pass(&slow->end);
    futures_checkpoint();
    return NULL;
}

Test(group_cancel, waits_for_members_that_take_their_time)
{
    struct slow slow;
    gate_init_open(&slow.begun);
    gate_init(&slow.end);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    struct group_gathering gathering = {.group = group};
    group_add(group, take_its_time, &slow);
    cr_assert(gate_await_arrivals(&slow.begun, 1));
    futures_future *task =
        futures_submit(pool, group_gathering_run, &gathering);
    eventually(parked(pool) == 1);
    assert_status(futures_cancel(task), FUTURES_PENDING);
    cr_assert(gate_await_arrivals(&slow.end, 1));
    assert_status(futures_poll(task), FUTURES_PENDING);
    gate_open(&slow.end);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(gathering.status, FUTURES_CANCELLED);
    futures_release(task);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&slow.begun);
    gate_destroy(&slow.end);
}

Test(group_cancel, of_the_gathering_task_reaches_all_with_its_reason)
{
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(3);
    futures_group *group = group_of(pool, 2);
    struct group_gathering gathering = {.group = group};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_token *token = new_token(NULL);
    options.token = token;
    for (int i = 0; i < 4; i++)
        group_add(group, arrive_and_run_until_cancelled, &gate);
    cr_assert(gate_await_arrivals(&gate, 2));
    futures_future *task =
        futures_submit_with(pool, group_gathering_run, &gathering, &options);
    eventually(parked(pool) == 1);
    futures_token_cancel(token, 5, "the owner goes");
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(gathering.status, FUTURES_CANCELLED);
    cr_assert_eq(gathering.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_status(gathering.outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_eq(gathering.outcomes[i].error->code, 5);
    }
    futures_release(task);
    futures_token_release(token);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct owner {
    struct gate gate;
    bool alone; /* the group's token is none */
    futures_status sleep;
    futures_status gather;
};

static void *own_and_sleep(void *arg)
{
    struct owner *owner = arg;
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    options.token = owner->alone ? futures_token_none() : NULL;
    futures_group *group = group_with(futures_current_pool(), &options);
    if (owner->alone)
        group_add(group, gate_task, &owner->gate);
    else
        group_add(group, arrive_and_run_until_cancelled, &owner->gate);
    owner->sleep = futures_sleep(FUTURES_NEVER);
    owner->gather = futures_group_gather(group, NULL, NULL);
    futures_group_destroy(group);
    return NULL;
}

Test(group_cancel, of_the_owner_reaches_members_while_it_sleeps)
{
    struct owner owner = {.alone = false};
    gate_init_open(&owner.gate);
    futures_pool *pool = pool_of(2);
    futures_future *task = futures_submit(pool, own_and_sleep, &owner);
    cr_assert(gate_await_arrivals(&owner.gate, 1));
    assert_status(futures_cancel(task), FUTURES_PENDING);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(owner.sleep, FUTURES_CANCELLED);
    assert_status(owner.gather, FUTURES_CANCELLED);
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&owner.gate);
}

Test(group_cancel, of_an_outer_token_stops_at_one_that_is_none)
{
    struct owner owner = {.alone = true};
    gate_init(&owner.gate);
    futures_pool *pool = pool_of(2);
    futures_future *task = futures_submit(pool, own_and_sleep, &owner);
    cr_assert(gate_await_arrivals(&owner.gate, 1));
    assert_status(futures_cancel(task), FUTURES_PENDING);
    gate_open(&owner.gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(owner.sleep, FUTURES_CANCELLED);
    assert_status(owner.gather, FUTURES_OK);
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&owner.gate);
}

/* Once it has fired later members are cancelled too, for ever. */
Test(group_cancel, by_its_token_lasts)
{
    futures_pool *pool = pool_of(1);
    futures_token *token = new_token(NULL);
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    struct gate gate;
    gate_init(&gate);
    options.token = token;
    futures_group *group = group_with(pool, &options);
    futures_task_options own = FUTURES_TASK_OPTIONS_INIT;
    own.token = futures_token_none();
    cr_assert(saturate(pool, &gate));
    group_add(group, return_arg, NULL);
    futures_future *owned =
        futures_group_submit(group, return_arg, NULL, &own);
    futures_token_cancel(token, 3, "gone");
    assert_status(futures_poll(owned), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(owned)->code, 3);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_CANCELLED);
    gate_open(&gate);
    futures_future *late = futures_group_submit(group, return_arg, NULL, NULL);
    assert_status(futures_poll(late), FUTURES_CANCELLED);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_release(owned);
    futures_release(late);
    futures_group_destroy(group);
    futures_token_release(token);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_cancel, by_its_deadline_keeps_the_error_of_a_member)
{
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(2);
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    futures_outcome *outcomes;
    options.deadline = futures_in_ms(20);
    futures_group *group = group_with(pool, &options);
    group_add(group, arrive_and_throw_when_asked, &gate);
    group_add(group, run_until_cancelled, NULL);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_TIMEOUT);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    cr_assert_eq(outcomes[1].error->code, ETIMEDOUT);
    futures_future *late = futures_group_submit(group, return_arg, NULL, NULL);
    assert_status(futures_wait(late, FUTURES_NEVER), FUTURES_CANCELLED);
    futures_release(late);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* Nobody's hand: so it is an error of the group's. */
Test(group_cancel, of_a_member_by_its_own_deadline_is_an_error)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.deadline = futures_in_ms(5);
    futures_release(
        futures_group_submit(group, run_until_cancelled, NULL, &options));
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_CANCELLED);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}
