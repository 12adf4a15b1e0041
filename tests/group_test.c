/* The group: members from anywhere, gathered in the order of submitting. */
/* Elsewhere, and here:
 * test_taskgroups.py:
 *   test_taskgroup_01
 *   -> group.gather_waits_for_all_and_gives_outcomes_in_submit_order
 *   test_taskgroup_02 -> group.takes_members_while_others_run
 *   test_taskgroup_03 -> group.a_member_cancelled_by_hand_is_no_error
 *   test_taskgroup_24 -> group.takes_members_from_its_members
 *   test_taskgroup_task_name -> group.members_keep_their_names
 *   test_name -> group.members_keep_their_names
 *   test_taskgroup_finished
 *   -> group.that_is_closed_answers_closed_and_frees_the_argument
 *   test_coro_closed_when_tg_closed
 *   -> group.that_is_closed_answers_closed_and_frees_the_argument
 *   test_taskgroup_double_enter -> group.is_as_new_after_a_gather
 *   test_taskgroup_without_parent_task -> group.needs_no_task_around_it
 * task_join_set.rs:
 *   runtime_gone -> group.of_a_pool_that_was_shut_down_has_ended_members
 *   join_all
 *   -> group.gather_waits_for_all_and_gives_outcomes_in_submit_order
 * test_task_group.cpp:
 *   run_self_using_same_task_group_instance
 *   -> group.a_member_submits_itself_again
 *   async_task_group -> group.is_submitted_to_while_others_gather
 */
#include "support/test.h"

#include "support/groups.h"

enum { MANY = 64, LOTS = SLICE(100000) };

Test(group, gather_waits_for_all_and_gives_outcomes_in_submit_order)
{
    futures_pool *pool = pool_of(3);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    size_t count;
    int args[MANY];
    for (int i = 0; i < MANY; i++)
        group_add(group, return_arg, &args[i]);
    assert_status(futures_group_gather(group, &outcomes, &count), FUTURES_OK);
    cr_assert_eq(count, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_status(outcomes[i].status, FUTURES_OK);
        cr_assert_eq(outcomes[i].value, &args[i]);
    }
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group, of_nothing_gathers_nothing)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_outcome dummy;
    futures_outcome *outcomes = &dummy;
    size_t count = 7;
    assert_status(futures_group_gather(group, &outcomes, &count), FUTURES_OK);
    cr_assert_null(outcomes);
    cr_assert_eq(count, 0);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group, takes_members_while_others_run)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    size_t count;
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, return_arg, NULL);
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, &count), FUTURES_OK);
    cr_assert_eq(count, 2);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group, a_member_cancelled_by_hand_is_no_error)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    size_t count;
    cr_assert(saturate(pool, &gate));
    futures_future *first = futures_group_submit(group, return_arg, &gate, 0);
    group_add(group, return_arg, &gate);
    assert_status(futures_cancel(first), FUTURES_CANCELLED);
    gate_open(&gate);
    assert_status(futures_group_gather(group, &outcomes, &count), FUTURES_OK);
    cr_assert_eq(count, 2);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_OK);
    futures_release(first);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct tree {
    futures_group *group;
    int depth;
};

static void *grow(void *arg)
{
    struct tree *tree = arg;
    struct tree *next = tree + 1;
    if (tree->depth > 0) {
        *next = (struct tree){tree->group, tree->depth - 1};
        group_add(tree->group, grow, next);
    }
    return arg;
}

/* row 31 */
Test(group, takes_members_from_its_members)
{
    struct tree trees[MANY + 1];
    for (unsigned workers = 1; workers <= 2; workers++) {
        futures_pool *pool = pool_of(workers);
        futures_group *group = group_of(pool, 0);
        size_t count;
        trees[0] = (struct tree){group, MANY};
        group_add(group, grow, trees);
        assert_status(futures_group_gather(group, NULL, &count), FUTURES_OK);
        cr_assert_eq(count, MANY + 1);
        futures_group_destroy(group);
        futures_pool_destroy(pool);
    }
}

struct again {
    futures_group *group;
    atomic_int left;
};

static void *submit_itself(void *arg)
{
    struct again *again = arg;
    if (atomic_fetch_sub(&again->left, 1) > 1)
        group_add(again->group, submit_itself, again);
    return NULL;
}

Test(group, a_member_submits_itself_again)
{
    futures_pool *pool = pool_of(2);
    for (size_t limit = 0; limit <= 2; limit++) {
        struct again again = {group_of(pool, limit), 1000};
        size_t count;
        group_add(again.group, submit_itself, &again);
        assert_status(futures_group_gather(again.group, NULL, &count),
                      FUTURES_OK);
        cr_assert_eq(count, 1000);
        cr_assert_eq(atomic_load(&again.left), 0);
        futures_group_destroy(again.group);
    }
    futures_pool_destroy(pool);
}

Test(group, is_submitted_to_while_others_gather)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(3);
    futures_group *group = group_of(pool, 0);
    struct group_gathering gathering = {.group = group};
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *task =
        futures_submit(pool, group_gathering_run, &gathering);
    eventually(parked(pool) == 1);
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 2));
    gate_open(&gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(gathering.status, FUTURES_OK);
    cr_assert_eq(gathering.count, 2);
    futures_release(task);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group, members_keep_their_names)
{
    int code = 3;
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_outcome *outcomes;
    options.name = "fetch";
    futures_release(futures_group_submit(group, throw_code, &code, &options));
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    cr_assert_str_eq(outcomes[0].error->task, "fetch");
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* row 30 */
Test(group, that_is_closed_answers_closed_and_frees_the_argument)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = counted_options();
    size_t count;
    group_add(group, gate_task, &gate);
    futures_group_close(group);
    futures_future *future =
        futures_group_submit(group, counted_run, &counted, &options);
    assert_status(futures_poll(future), FUTURES_CLOSED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, &count), FUTURES_OK);
    cr_assert_eq(count, 1);
    futures_release(future);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group, is_as_new_after_a_gather)
{
    int code = 3;
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 0);
    for (int round = 0; round < 3; round++) {
        futures_outcome *outcomes;
        size_t count;
        group_add(group, throw_code, &code);
        assert_status(futures_group_gather(group, &outcomes, &count),
                      FUTURES_FAILED);
        cr_assert_eq(count, 1);
        cr_assert_eq(outcomes[0].error->code, 3);
        group_add(group, return_arg, &code);
        assert_status(futures_group_gather(group, &outcomes, &count),
                      FUTURES_OK);
        cr_assert_eq(count, 1);
        cr_assert_eq(outcomes[0].value, &code);
    }
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group, needs_no_task_around_it)
{
    size_t count = 0;
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    group_add(group, return_arg, NULL);
    assert_status(futures_group_gather(group, NULL, &count), FUTURES_OK);
    cr_assert_eq(count, 1);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

static void *gather_two(void *count)
{
    futures_group *group = group_of(futures_current_pool(), 0);
    group_add(group, return_arg, NULL);
    group_add(group, return_arg, NULL);
    futures_group_gather(group, NULL, count);
    futures_group_destroy(group);
    return NULL;
}

Test(group, of_a_task_on_the_only_worker_runs)
{
    size_t count = 0;
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, gather_two, &count);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(count, 2);
    futures_release(task);
    futures_pool_destroy(pool);
}

Test(group, of_a_pool_that_was_shut_down_has_ended_members)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    futures_task_options options = counted_options();
    futures_outcome *outcomes;
    size_t count;
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 3; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_POLL),
        FUTURES_TIMEOUT);
    cr_assert_eq(atomic_load(&counted.arg_freed), 3);
    gate_open(&gate);
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    assert_status(futures_group_gather(group, &outcomes, &count),
                  FUTURES_CANCELLED);
    cr_assert_eq(count, 4);
    assert_status(outcomes[0].status, FUTURES_OK);
    assert_status(outcomes[3].status, FUTURES_CANCELLED);
    futures_release(
        futures_group_submit(group, counted_run, &counted, &options));
    cr_assert_eq(atomic_load(&counted.arg_freed), 4);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group, waits_with_its_pool_until_what_waits_for_a_place_has_run)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    group_add(group, gate_task, &gate);
    for (int i = 0; i < 10; i++)
        group_add(group, counted_run, &counted);
    cr_assert_geq(queued_in(pool), 10);
    gate_open(&gate);
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran), 10);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group, of_a_hundred_thousand_ends_with_and_without_a_limit)
{
    static atomic_int ran;
    futures_pool *pool = pool_of(2);
    for (size_t limit = 0; limit <= 1; limit++) {
        futures_group *group = group_of(pool, limit);
        futures_outcome *outcomes;
        size_t count;
        atomic_store(&ran, 0);
        for (int i = 0; i < LOTS; i++)
            group_add(group, count_task, &ran);
        assert_status(futures_group_gather(group, &outcomes, &count),
                      FUTURES_OK);
        cr_assert_eq(count, LOTS);
        cr_assert_eq(futures_first_error(outcomes, count), LOTS);
        cr_assert_eq(atomic_load(&ran), LOTS);
        futures_group_destroy(group);
    }
    futures_pool_destroy(pool);
}

Test(group, refuses_what_it_cannot_be_made_of)
{
    futures_group *group = (futures_group *)&group;
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    futures_future *future;
    struct counted counted = {0};
    futures_task_options counting = counted_options();
    assert_status(futures_group_create(NULL, pool, NULL), FUTURES_INVALID);
    assert_status(futures_group_create(&group, NULL, NULL), FUTURES_INVALID);
    cr_assert_null(group);
    options.on_error = (futures_on_error)3;
    assert_status(futures_group_create(&group, pool, &options),
                  FUTURES_INVALID);
    futures_group_options_init(&options, sizeof options);
    cr_assert_eq(options.size, sizeof options);
    group = group_with(pool, &options);
    assert_status(futures_group_gather(NULL, NULL, NULL), FUTURES_INVALID);
    assert_status(futures_group_next(NULL, &future, FUTURES_POLL),
                  FUTURES_INVALID);
    futures_group_cancel(NULL, 0, NULL);
    futures_group_close(NULL);
    future = futures_group_submit(NULL, counted_run, &counted, &counting);
    assert_status(futures_poll(future), FUTURES_INVALID);
    future = futures_group_submit(group, NULL, &counted, &counting);
    assert_status(futures_poll(future), FUTURES_INVALID);
    cr_assert_eq(atomic_load(&counted.arg_freed), 2);
    futures_group_destroy(group);
    futures_group_destroy(NULL);
    futures_pool_destroy(pool);
}
