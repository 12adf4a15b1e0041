/* At most so many of a group's members run at once; those that wait for a
 * place hold no thread, and start in the order of submitting. A member that
 * waits lends its place to what it waits for, and to nobody else. */
/* Elsewhere, and here:
 * scope/test.rs:
 *   fifo_order -> group_limit.starts_in_the_order_of_submitting
 */
#include "support/test.h"

#include "support/groups.h"

enum { MANY = 200, WORKERS = 4 };

Test(group_limit, is_reached_and_never_exceeded)
{
    futures_pool *pool = pool_of(WORKERS);
    for (size_t limit = 1; limit <= WORKERS; limit++) {
        struct crowd crowd;
        crowd_init(&crowd);
        futures_group *group = group_of(pool, limit);
        for (int i = 0; i < MANY; i++)
            group_add(group, crowd_run, &crowd);
        cr_assert(gate_await_arrivals(&crowd.gate, limit));
        gate_open(&crowd.gate);
        assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
        cr_assert_eq(atomic_load(&crowd.most), (int)limit);
        cr_assert_eq(atomic_load(&crowd.all), MANY);
        futures_group_destroy(group);
        gate_destroy(&crowd.gate);
    }
    futures_pool_destroy(pool);
}

Test(group_limit, leaves_the_workers_to_others)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_group *group = group_of(pool, 1);
    for (int i = 0; i < MANY; i++)
        group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *stranger = futures_submit(pool, return_arg, NULL);
    assert_status(futures_wait(stranger, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(gate_arrivals(&gate), 1);
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_release(stranger);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(group_limit, starts_in_the_order_of_submitting)
{
    static struct order order;
    static struct step steps[MANY];
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(WORKERS);
    futures_group *group = group_of(pool, 1);
    group_add(group, gate_task, &gate);
    for (size_t i = 0; i < MANY; i++) {
        steps[i] = (struct step){&order, i};
        group_add(group, step_run, &steps[i]);
    }
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    for (size_t i = 0; i < MANY; i++)
        cr_assert_eq(order.begun[i], i);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* Serial: the members need no lock of their own. */
static void *add_one(void *sum)
{
    ++*(size_t *)sum;
    return NULL;
}

Test(group_limit, of_one_is_a_serial_queue)
{
    size_t sum = 0;
    futures_pool *pool = pool_of(WORKERS);
    futures_group *group = group_of(pool, 1);
    for (int i = 0; i < 100 * MANY; i++)
        group_add(group, add_one, &sum);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    cr_assert_eq(sum, 100 * MANY);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

Test(group_limit, place_goes_on_when_one_that_waits_is_cancelled)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    futures_task_options options = counted_options();
    futures_future *futures[3];
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 3; i++)
        futures[i] =
            futures_group_submit(group, counted_run, &counted, &options);
    assert_status(futures_cancel(futures[0]), FUTURES_CANCELLED);
    assert_status(futures_cancel(futures[1]), FUTURES_CANCELLED);
    gate_open(&gate);
    assert_status(futures_wait(futures[2], FUTURES_NEVER), FUTURES_OK);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran), 1);
    cr_assert_eq(atomic_load(&counted.arg_freed), 3);
    futures_release_all(futures, 3);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* Each that is admitted is too late, and gives its place to the next. */
Test(group_limit, place_goes_through_many_that_are_too_late)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    futures_task_options options = counted_options();
    size_t count;
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    options.deadline = futures_in_ms(50);
    for (int i = 0; i < 20000; i++)
        futures_release(
            futures_group_submit(group, counted_run, &counted, &options));
    eventually(atomic_load(&counted.arg_freed) == 20000);
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, &count),
                  FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* A member that submits another of its group and waits for it, with a third
 * one between them in the queue. */
struct lending {
    futures_group *group;
    atomic_int waiting; /* members that wait for a member */
    atomic_int strangers;
    atomic_int early; /* strangers that ran while one waited */
    int depth;
    futures_status status;
};

static void *stranger_run(void *arg)
{
    struct lending *lending = arg;
    atomic_fetch_add(&lending->strangers, 1);
    if (atomic_load(&lending->waiting) > 0)
        atomic_fetch_add(&lending->early, 1);
    return NULL;
}

static void *wait_for_a_member(void *arg)
{
    struct lending *lending = arg;
    if (lending->depth-- == 0)
        return NULL;
    group_add(lending->group, stranger_run, lending);
    futures_future *next =
        futures_group_submit(lending->group, wait_for_a_member, lending, NULL);
    atomic_fetch_add(&lending->waiting, 1);
    lending->status = futures_wait(next, FUTURES_NEVER);
    atomic_fetch_sub(&lending->waiting, 1);
    futures_release(next);
    return NULL;
}

static void lend_on(unsigned workers, int depth)
{
    struct lending lending = {.depth = depth};
    futures_pool *pool = pool_of(workers);
    lending.group = group_of(pool, 1);
    futures_future *first =
        futures_group_submit(lending.group, wait_for_a_member, &lending, NULL);
    assert_status(futures_wait(first, FUTURES_NEVER), FUTURES_OK);
    assert_status(futures_group_gather(lending.group, NULL, NULL), FUTURES_OK);
    assert_status(lending.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&lending.strangers), depth);
    cr_assert_eq(atomic_load(&lending.early), 0);
    futures_release(first);
    futures_group_destroy(lending.group);
    futures_pool_destroy(pool);
}

/* row 42c */
Test(group_limit, place_is_lent_to_what_its_holder_waits_for_and_to_no_other)
{
    lend_on(1, 1);
    lend_on(2, 1);
}

Test(group_limit, place_that_was_lent_is_lent_on)
{
    lend_on(1, 20);
    lend_on(2, 20);
}

static void *wait_for(void *future)
{
    futures_status status = futures_wait(future, FUTURES_NEVER);
    return status == FUTURES_OK ? future : NULL;
}

/* rows 34, 42c: a stranger on the only worker waits for a member behind
 * others, which are run first */
Test(group_limit, lets_a_stranger_run_what_is_ahead_of_what_it_waits_for)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group *group = group_of(pool, 1);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < 10; i++)
        group_add(group, counted_run, &counted);
    futures_future *last =
        futures_group_submit(group, counted_run, &counted, NULL);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.priority = FUTURES_PRIORITY_HIGH;
    futures_future *task = futures_submit_with(pool, wait_for, last, &options);
    gate_open(&gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), last);
    cr_assert_eq(atomic_load(&counted.ran), 11);
    futures_release(task);
    futures_release(last);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* A member waits for a stranger's task, which waits for a later member. */
struct detour {
    futures_group *group;
    futures_status status;
};

static void *wait_for_a_stranger(void *arg)
{
    struct detour *detour = arg;
    futures_future *later =
        futures_group_submit(detour->group, return_arg, NULL, NULL);
    futures_future *stranger =
        futures_submit(futures_current_pool(), wait_for, later);
    detour->status = futures_wait(stranger, FUTURES_NEVER);
    futures_release(stranger);
    futures_release(later);
    return NULL;
}

Test(group_limit, place_is_lent_by_way_of_others)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        futures_pool *pool = pool_of(workers);
        struct detour detour = {group_of(pool, 1), FUTURES_PENDING};
        group_add(detour.group, wait_for_a_stranger, &detour);
        assert_status(futures_group_gather(detour.group, NULL, NULL),
                      FUTURES_OK);
        assert_status(detour.status, FUTURES_OK);
        futures_group_destroy(detour.group);
        futures_pool_destroy(pool);
    }
}

Test(group_limit, is_kept_while_members_submit_members)
{
    enum { LIMIT = 2, ROUNDS = 500 };
    struct crowd crowd;
    crowd_init(&crowd);
    gate_open(&crowd.gate);
    futures_pool *pool = pool_of(WORKERS);
    futures_group *group = group_of(pool, LIMIT);
    for (int i = 0; i < ROUNDS; i++) {
        group_add(group, crowd_run, &crowd);
        if (i % 16 == 0)
            assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    }
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&crowd.all), ROUNDS);
    cr_assert_leq(atomic_load(&crowd.most), LIMIT);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&crowd.gate);
}
