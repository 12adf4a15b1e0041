/* row 50: a group of the parent, in the child of a fork; and one that ends its
 * process. */
#include "support/test.h"

#include <stdatomic.h>

#include <futures/futures.h>

#include "support/child.h"
#include "support/helpers.h"

static void use_the_parents_group(void *arg)
{
    futures_group *group = arg;
    futures_future *future = NULL;
    futures_outcome *outcomes = NULL;
    atomic_int freed = 0;
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = count_one;
    future = futures_group_submit(group, return_arg, &freed, &options);
    child_expect(1, futures_poll(future) == FUTURES_FORKED);
    child_expect(2, atomic_load(&freed) == 1);
    futures_release(future);
    child_expect(3, futures_group_gather(group, &outcomes, NULL) ==
                        FUTURES_FORKED);
    child_expect(4, futures_group_next(group, &future, FUTURES_NEVER) ==
                        FUTURES_FORKED);
    child_expect(5, future == NULL && outcomes == NULL);
    futures_group_cancel(group, 0, NULL);
    futures_group_close(group);
    futures_group_destroy(group);
}

Test(group_fork, one_of_the_parent_says_so)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = NULL;
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    options.max_running = 1;
    cr_assert_eq(futures_group_create(&group, pool, &options), FUTURES_OK);
    for (int i = 0; i < 2; i++)
        futures_release(futures_group_submit(group, gate_task, &gate, NULL));
    cr_assert(gate_await_arrivals(&gate, 1));
    struct child child = child_run(use_the_parents_group, group);
    cr_assert_eq(child_exit_status(&child), 0, "check %d: %s",
                 child_exit_status(&child), child.printed);
    gate_open(&gate);
    cr_assert_eq(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *destroy_its_own(void *group)
{
    futures_group_destroy(group);
    return NULL;
}

static void destroy_in_a_member(void *unused)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = NULL;
    (void)unused;
    (void)futures_group_create(&group, pool, NULL);
    futures_release(futures_group_submit(group, destroy_its_own, group, NULL));
    (void)futures_group_gather(group, NULL, NULL);
}

Test(group_fork, destroyed_in_a_member_aborts)
{
    struct child child = child_run(destroy_in_a_member, NULL);
    cr_assert(child_aborted(&child), "status %x, printed \"%s\"",
              (unsigned)child.status, child.printed);
}
