/* An error of a member: it cancels the rest, or not, as on_error says; what
 * gather returns, and what stands in the outcomes. */
/* Elsewhere, and here:
 * test_taskgroups.py:
 *   test_taskgroup_04 -> group_error.cancels_the_rest_and_waits_for_it
 *   test_cancel_children_on_child_error
 *   -> group_error.of_several_at_once_are_all_in_the_outcomes
 *   test_taskgroup_19
 *   -> group_error.keeps_that_of_a_member_that_was_asked_to_stop
 *   test_taskgroup_25
 *   -> group_error.stops_members_that_submit_without_end
 *   test_taskgroup_no_create_task_after_failure
 *   -> group_error.lets_no_later_member_begin
 *   test_taskgroup_context_manager_exit_raises
 *   -> group_error.keeps_that_of_a_member_that_was_asked_to_stop
 *   test_cancelling_level_preserved
 *   -> group_error.does_not_reach_its_owner
 *   test_cancellation_does_not_leak_out_of_tg
 *   -> group_error.does_not_reach_its_owner
 *   test_error_and_cancel
 *   -> group_error.and_a_cancel_of_the_owner_are_both_seen
 *   test_cancels_task_if_created_during_creation
 *   -> group_error.reaches_the_member_that_submitted_it
 * task_join_set.rs:
 *   task_panics -> group_error.cancels_the_rest_and_waits_for_it
 * scope/test.rs:
 *   panic_propagate_scope
 *   -> group_destroy.in_a_cleanup_of_an_owner_that_throws_joins
 *   panic_propagate_spawn -> group_error.cancels_the_rest_and_waits_for_it
 *   panic_propagate_nested_spawn
 *   -> group_error.reaches_the_member_that_submitted_it
 *   panic_propagate_still_execute_1 -> group_error.under_collect_all_run
 *   panic_propagate_still_execute_2 -> group_error.under_collect_all_run
 *   panic_propagate_still_execute_4 -> group_error.does_not_reach_its_owner
 */
#include "support/test.h"

#include "support/groups.h"

/* A wait for a member may be over a moment before its group knows. */
static void await_stop(futures_group *group)
{
    futures_status status;
    do {
        futures_future *future =
            futures_group_submit(group, return_arg, NULL, NULL);
        status = futures_poll(future);
        futures_release(future);
    } while (status != FUTURES_CANCELLED);
}

Test(group_error, cancels_the_rest_and_waits_for_it)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 2);
    futures_task_options options = counted_options();
    futures_outcome *outcomes;
    size_t count;
    int code = 7;
    group_add(group, arrive_and_run_until_cancelled, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    struct gate hold;
    gate_init(&hold);
    group_add(group, gate_then_throw, &hold);
    cr_assert(gate_await_arrivals(&hold, 1));
    for (int i = 0; i < 10; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    gate_open(&hold);
    assert_status(futures_group_gather(group, &outcomes, &count),
                  FUTURES_FAILED);
    cr_assert_eq(count, 12);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_FAILED);
    cr_assert_eq(outcomes[1].error->code, code);
    for (size_t i = 2; i < count; i++)
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), 10);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
    gate_destroy(&hold);
}

Test(group_error, of_several_at_once_are_all_in_the_outcomes)
{
    enum { FEW = 3 };
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(FEW);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    size_t count;
    for (int i = 0; i < FEW; i++)
        group_add(group, gate_then_throw, &gate);
    cr_assert(gate_await_arrivals(&gate, FEW));
    gate_open(&gate);
    assert_status(futures_group_gather(group, &outcomes, &count),
                  FUTURES_FAILED);
    cr_assert_eq(count, FEW);
    for (int i = 0; i < FEW; i++)
        assert_status(outcomes[i].status, FUTURES_FAILED);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_error, keeps_that_of_a_member_that_was_asked_to_stop)
{
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    int code = 3;
    group_add(group, arrive_and_throw_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    cr_assert_eq(outcomes[0].error->code, 15);
    cr_assert_eq(outcomes[1].error->code, 3);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_error, lets_no_later_member_begin)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = counted_options();
    int code = 3;
    futures_future *bad = futures_group_submit(group, throw_code, &code, NULL);
    assert_status(futures_wait(bad, FUTURES_NEVER), FUTURES_FAILED);
    await_stop(group);
    futures_future *late =
        futures_group_submit(group, counted_run, &counted, &options);
    assert_status(futures_poll(late), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_FAILED);
    futures_release(bad);
    futures_release(late);
    late = futures_group_submit(group, counted_run, &counted, &options);
    assert_status(futures_wait(late, FUTURES_NEVER), FUTURES_OK);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_release(late);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

struct spawner {
    futures_group *group;
    atomic_int left;
};

static void *spawn_for_ever(void *arg)
{
    struct spawner *spawner = arg;
    if (atomic_fetch_sub(&spawner->left, 1) == 1)
        futures_throw(5, "enough");
    group_add(spawner->group, spawn_for_ever, spawner);
    group_add(spawner->group, spawn_for_ever, spawner);
    return NULL;
}

/* row 31 */
Test(group_error, stops_members_that_submit_without_end)
{
    for (size_t limit = 0; limit < 2; limit++) {
        futures_pool *pool = pool_of(2);
        struct spawner spawner = {group_of(pool, limit), 500};
        futures_outcome *outcomes;
        size_t count;
        group_add(spawner.group, spawn_for_ever, &spawner);
        assert_status(futures_group_gather(spawner.group, &outcomes, &count),
                      FUTURES_FAILED);
        cr_assert_geq(count, 500);
        futures_group_destroy(spawner.group);
        futures_pool_destroy(pool);
    }
}

struct parent {
    futures_group *group;
    futures_status status;
};

static void *submit_one_that_fails(void *arg)
{
    struct parent *parent = arg;
    static int code = 9;
    group_add(parent->group, throw_code, &code);
    parent->status = futures_sleep(FUTURES_NEVER);
    futures_checkpoint();
    return NULL;
}

Test(group_error, reaches_the_member_that_submitted_it)
{
    futures_pool *pool = pool_of(2);
    struct parent parent = {group_of(pool, 0), FUTURES_PENDING};
    futures_outcome *outcomes;
    group_add(parent.group, submit_one_that_fails, &parent);
    assert_status(futures_group_gather(parent.group, &outcomes, NULL),
                  FUTURES_FAILED);
    assert_status(parent.status, FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    cr_assert_eq(outcomes[1].error->code, 9);
    futures_group_destroy(parent.group);
    futures_pool_destroy(pool);
}

Test(group_error, reaches_a_member_with_a_token_of_its_own)
{
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_outcome *outcomes;
    int code = 3;
    options.token = futures_token_none();
    futures_release(futures_group_submit(group, arrive_and_run_until_cancelled,
                                         &gate, &options));
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct owner {
    bool cancelled;
    futures_status status;
};

static void *own_a_group_that_fails(void *arg)
{
    struct owner *owner = arg;
    futures_group *group = group_of(futures_current_pool(), 0);
    int code = 3;
    group_add(group, throw_code, &code);
    owner->status = futures_group_gather(group, NULL, NULL);
    owner->cancelled = futures_cancelled();
    futures_group_destroy(group);
    return NULL;
}

Test(group_error, does_not_reach_its_owner)
{
    struct owner owner = {true, FUTURES_PENDING};
    futures_pool *pool = pool_of(1);
    futures_future *task =
        futures_submit(pool, own_a_group_that_fails, &owner);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(owner.status, FUTURES_FAILED);
    cr_assert(!owner.cancelled);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* The error came first: it is the answer, and the task sees its own cancel. */
Test(group_error, and_a_cancel_of_the_owner_are_both_seen)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(3);
    futures_group *group = group_of(pool, 0);
    struct group_gathering gathering = {.group = group};
    int code = 3;
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *bad = futures_group_submit(group, throw_code, &code, NULL);
    await_stop(group);
    futures_future *task =
        futures_submit(pool, group_gathering_run, &gathering);
    eventually(parked(pool) == 1);
    assert_status(futures_cancel(task), FUTURES_PENDING);
    gate_open(&gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(gathering.status, FUTURES_FAILED);
    futures_release(bad);
    futures_release(task);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_error, under_collect_all_run)
{
    enum { MANY = 40 };
    struct counted counted = {0};
    futures_pool *pool = pool_of(2);
    futures_group *group = group_on_error(pool, FUTURES_ON_ERROR_COLLECT);
    futures_outcome *outcomes;
    size_t count;
    int code = 3;
    for (int i = 0; i < MANY; i++) {
        group_add(group, throw_code, &code);
        group_add(group, counted_run, &counted);
    }
    assert_status(futures_group_gather(group, &outcomes, &count),
                  FUTURES_FAILED);
    cr_assert_eq(count, 2 * MANY);
    cr_assert_eq(atomic_load(&counted.ran), MANY);
    cr_assert_eq(futures_first_error(outcomes, count), 0);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* The rest is in a later gather. */
Test(group_error, under_leave_is_returned_at_once)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_on_error(pool, FUTURES_ON_ERROR_LEAVE);
    futures_outcome *outcomes;
    size_t count;
    int code = 3;
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, &outcomes, &count),
                  FUTURES_FAILED);
    cr_assert_eq(count, 2);
    assert_status(outcomes[0].status, FUTURES_PENDING);
    assert_status(outcomes[1].status, FUTURES_FAILED);
    gate_open(&gate);
    assert_status(futures_group_gather(group, &outcomes, &count), FUTURES_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(outcomes[0].value, &gate);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void count_unhandled(void *context, const futures_error *error)
{
    (void)error;
    atomic_fetch_add((atomic_int *)context, 1);
}

/* row 44 */
Test(group_error, counts_as_looked_at_in_the_outcomes_and_nowhere_else)
{
    atomic_int unhandled = 0;
    int code = 3;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    futures_outcome *outcomes;
    options.workers = 1;
    options.unhandled = count_unhandled;
    options.context = &unhandled;
    assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
    futures_group *group = group_of(pool, 0);
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_FAILED);
    cr_assert_eq(atomic_load(&unhandled), 1);
    futures_group_destroy(group);
    cr_assert_eq(atomic_load(&unhandled), 1);
    futures_pool_destroy(pool);
}
