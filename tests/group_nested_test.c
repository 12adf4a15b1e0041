/* Groups in groups: a member has one of its own. */
/* Elsewhere, and here:
 * test_taskgroups.py:
 *   test_taskgroup_11 -> group_nested.is_stopped_with_the_task_of_both
 *   test_taskgroup_12 -> group_nested.is_stopped_with_the_task_of_both
 *   test_taskgroup_13
 *   -> group_nested.of_a_member_is_stopped_by_an_error_in_the_outer_one
 *   test_taskgroup_14 -> group_nested.hands_its_error_up_as_its_members
 *   test_nested_groups_both_cancelled
 *   -> group_nested.with_errors_in_both_keeps_them_apart
 * scope/test.rs:
 *   panic_propagate_nested_scope_spawn
 *   -> group_nested.hands_its_error_up_as_its_members
 */
#include "support/test.h"

#include "support/groups.h"

/* A member with a group of its own. */
struct inner {
    futures_fn fn;
    void *arg;
    struct gate gathering; /* arrived: its member has begun */
    futures_status status;
};

static void *own_a_group(void *arg)
{
    struct inner *inner = arg;
    futures_group *group = group_of(futures_current_pool(), 0);
    futures_outcome *outcomes;
    group_add(group, inner->fn, inner->arg);
    inner->status = futures_group_gather(group, &outcomes, NULL);
    if (inner->status == FUTURES_FAILED) {
        int code = outcomes[0].error->code;
        futures_group_destroy(group);
        futures_throw(code, "from below");
    }
    futures_group_destroy(group);
    futures_checkpoint();
    return NULL;
}

Test(group_nested, of_a_member_is_stopped_by_an_error_in_the_outer_one)
{
    struct gate gate;
    gate_init_open(&gate);
    struct inner inner = {.fn = arrive_and_run_until_cancelled, .arg = &gate};
    futures_pool *pool = pool_of(3);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    int code = 3;
    group_add(group, own_a_group, &inner);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    assert_status(inner.status, FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_nested, hands_its_error_up_as_its_members)
{
    int code = 11;
    struct inner inner = {.fn = throw_code, .arg = &code};
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    group_add(group, own_a_group, &inner);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    cr_assert_eq(outcomes[0].error->code, 11);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_nested, with_errors_in_both_keeps_them_apart)
{
    struct gate gate;
    gate_init_open(&gate);
    struct inner inner = {.fn = arrive_and_throw_when_asked, .arg = &gate};
    futures_pool *pool = pool_of(3);
    futures_group *group = group_of(pool, 0);
    futures_outcome *outcomes;
    int code = 3;
    group_add(group, own_a_group, &inner);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, throw_code, &code);
    assert_status(futures_group_gather(group, &outcomes, NULL),
                  FUTURES_FAILED);
    cr_assert_eq(outcomes[1].error->code, 3);
    assert_status(inner.status, FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* Both groups are beneath one task, which is cancelled: as it gathers the
 * outer one, which has a member or none. */
struct nest {
    bool outer_has_one;
    struct gate *gate;
    futures_status inner;
    futures_status outer;
};

static void *own_two_groups(void *arg)
{
    struct nest *nest = arg;
    futures_group *outer = group_of(futures_current_pool(), 0);
    futures_group *inner = group_of(futures_current_pool(), 0);
    if (nest->outer_has_one)
        group_add(outer, arrive_and_run_until_cancelled, nest->gate);
    group_add(inner, arrive_and_run_until_cancelled, nest->gate);
    nest->inner = futures_group_gather(inner, NULL, NULL);
    nest->outer = futures_group_gather(outer, NULL, NULL);
    futures_group_destroy(inner);
    futures_group_destroy(outer);
    futures_checkpoint();
    return NULL;
}

Test(group_nested, is_stopped_with_the_task_of_both)
{
    for (int has = 0; has < 2; has++) {
        struct gate gate;
        gate_init_open(&gate);
        struct nest nest = {has != 0, &gate, FUTURES_OK, FUTURES_OK};
        futures_pool *pool = pool_of(3);
        futures_future *task = futures_submit(pool, own_two_groups, &nest);
        cr_assert(gate_await_arrivals(&gate, has != 0 ? 2 : 1));
        assert_status(futures_cancel(task), FUTURES_PENDING);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_CANCELLED);
        assert_status(nest.inner, FUTURES_CANCELLED);
        assert_status(nest.outer, has != 0 ? FUTURES_CANCELLED : FUTURES_OK);
        futures_release(task);
        futures_pool_destroy(pool);
        gate_destroy(&gate);
    }
}
