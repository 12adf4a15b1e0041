/* Destroying a group: what is left is cancelled and waited for. */
#include "support/test.h"

#include "support/groups.h"

Test(group_destroy, cancels_and_joins_what_is_left)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init_open(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 1);
    futures_task_options options = counted_options();
    futures_future *running = futures_group_submit(
        group, arrive_and_run_until_cancelled, &gate, NULL);
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 5; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    futures_group_destroy(group);
    assert_status(futures_poll(running), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), 5);
    futures_release(running);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_destroy, frees_what_nobody_took)
{
    struct counted counted = {0};
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_task_options options = counted_options();
    futures_outcome *outcomes;
    for (int i = 0; i < 3; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    assert_status(futures_group_gather(group, &outcomes, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    for (int i = 0; i < 3; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    assert_status(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    futures_group_destroy(group);
    cr_assert_eq(atomic_load(&counted.value_freed), 6);
    futures_pool_destroy(pool);
}

struct throwing {
    struct gate gate;
    bool await;
    futures_future *member;
};

static void destroy_it(void *group)
{
    futures_group_destroy(group);
}

static void *throw_beside_a_group(void *arg)
{
    struct throwing *throwing = arg;
    futures_cleanup cleanup;
    futures_group *group = group_of(futures_current_pool(), 0);
    futures_defer(&cleanup, destroy_it, group);
    throwing->member = futures_group_submit(
        group, arrive_and_run_until_cancelled, &throwing->gate, NULL);
    if (throwing->await)
        (void)gate_await_arrivals(&throwing->gate, 1);
    futures_throw(21, "the owner fails");
}

Test(group_destroy, in_a_cleanup_of_an_owner_that_throws_joins)
{
    for (int await = 0; await < 2; await++) {
        struct throwing throwing = {.await = await != 0};
        gate_init_open(&throwing.gate);
        futures_pool *pool = pool_of(2);
        futures_future *task =
            futures_submit(pool, throw_beside_a_group, &throwing);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_FAILED);
        cr_assert_eq(futures_error_of(task)->code, 21);
        assert_status(futures_poll(throwing.member), FUTURES_CANCELLED);
        futures_release(task);
        futures_release(throwing.member);
        futures_pool_destroy(pool);
        gate_destroy(&throwing.gate);
    }
}

/* The one who ends the last member may be about to leave it just then. */
Test(group_destroy, right_after_the_last_member_has_ended)
{
    enum { ROUNDS = 2000 };
    futures_pool *pool = pool_of(2);
    for (int i = 0; i < ROUNDS; i++) {
        futures_group *group = group_of(pool, (size_t)i % 3);
        futures_future *first =
            futures_group_submit(group, return_arg, NULL, NULL);
        futures_future *last =
            futures_group_submit(group, return_arg, NULL, NULL);
        assert_status(futures_wait(last, FUTURES_NEVER), FUTURES_OK);
        futures_group_destroy(group);
        cr_assert_neq(futures_poll(first), FUTURES_PENDING);
        futures_release(first);
        futures_release(last);
    }
    futures_pool_destroy(pool);
}

static void destroy_members_group(void *context, size_t index,
                                  const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    futures_group_destroy(context);
}

/* The thread that ends the member tells both the gather and the group. */
Test(group_destroy, where_a_gather_hears_of_its_last_member)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 0);
    futures_future *member =
        futures_group_submit(group, gate_task, &gate, NULL);
    cr_assert(gate_await_arrivals(&gate, 1));
    options.on_done = destroy_members_group;
    options.context = group;
    futures_future *gathered = futures_gather_async(&member, 1, &options);
    gate_open(&gate);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_OK);
    futures_release(gathered);
    futures_release(member);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
