/* row 55: a worker that always has work of its own still looks at what comes
 * from outside, at least once in FUTURES_FAIRNESS tasks. */
#include "support/test.h"

#include <stdatomic.h>
#include <stdbool.h>

#include <futures/futures.h>

#include "support/helpers.h"

struct treadmill {
    struct gate gate; /* every turn passes it */
    atomic_bool stop;
    atomic_int turns; /* begun */
    int children;     /* that each turn submits; const */
};

/* Submits itself for ever; with it, work that is never waited for. */
static void *tread(void *arg)
{
    struct treadmill *treadmill = arg;
    atomic_fetch_add(&treadmill->turns, 1);
    gate_pass(&treadmill->gate);
    if (atomic_load(&treadmill->stop))
        return NULL;
    for (int i = 0; i < treadmill->children; i++)
        futures_submit_detached(futures_current_pool(), return_arg, NULL,
                                NULL);
    futures_submit_detached(futures_current_pool(), tread, arg, NULL);
    return NULL;
}

struct visitor {
    struct treadmill *treadmill;
    int turns_before;
    atomic_int turns; /* that had begun when it started; -1: not yet */
};

static void *visit(void *arg)
{
    struct visitor *visitor = arg;
    atomic_store(&visitor->turns, atomic_load(&visitor->treadmill->turns));
    return NULL;
}

/* The visitor is queued while a turn stands at the gate. */
static int turns_until_visit(int children, futures_priority priority)
{
    struct treadmill treadmill = {.children = children};
    struct visitor visitor = {.treadmill = &treadmill, .turns = -1};
    gate_init(&treadmill.gate);
    futures_pool *pool = pool_of(1);
    futures_submit_detached(pool, tread, &treadmill, NULL);
    cr_assert(gate_await_arrivals(&treadmill.gate, 1));
    gate_open(&treadmill.gate);
    eventually(atomic_load(&treadmill.turns) > 500);
    unsigned long arrived = gate_shut(&treadmill.gate);
    cr_assert(gate_await_arrivals(&treadmill.gate, arrived + 1));
    visitor.turns_before = atomic_load(&treadmill.turns);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.priority = priority;
    futures_submit_detached(pool, visit, &visitor, &options);
    gate_open(&treadmill.gate);
    eventually(atomic_load(&visitor.turns) >= 0);
    atomic_store(&treadmill.stop, true);
    futures_pool_destroy(pool);
    gate_destroy(&treadmill.gate);
    return atomic_load(&visitor.turns) - visitor.turns_before;
}

/* row 55 */
Test(fairness, what_comes_from_outside_starts_within_the_documented_tasks)
{
    cr_assert_leq(turns_until_visit(0, FUTURES_PRIORITY_NORMAL),
                  FUTURES_FAIRNESS);
}

/* row 55 */
Test(fairness, holds_for_a_worker_whose_own_queue_grows)
{
    cr_assert_leq(turns_until_visit(2, FUTURES_PRIORITY_NORMAL),
                  FUTURES_FAIRNESS);
}

/* row 55 */
Test(fairness, high_priority_is_next)
{
    cr_assert_eq(turns_until_visit(0, FUTURES_PRIORITY_HIGH), 0);
}

/* row 55 */
Test(fairness, low_priority_starts_now_and_then)
{
    cr_assert_geq(turns_until_visit(0, FUTURES_PRIORITY_LOW), 0);
}

/* Behind so many others, all queued before the worker begins, so that visitor
 * and treadmill may be drawn together. */
static int turns_until_visit_behind(int others)
{
    struct treadmill treadmill = {.children = 1};
    struct visitor visitor = {.treadmill = &treadmill, .turns = -1};
    struct gate start;
    gate_init(&start);
    gate_init(&treadmill.gate);
    gate_open(&treadmill.gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &start));
    for (int i = 0; i < others; i++)
        futures_submit_detached(pool, return_arg, NULL, NULL);
    futures_submit_detached(pool, tread, &treadmill, NULL);
    futures_submit_detached(pool, visit, &visitor, NULL);
    gate_open(&start);
    eventually(atomic_load(&visitor.turns) >= 0);
    atomic_store(&treadmill.stop, true);
    futures_pool_destroy(pool);
    gate_destroy(&treadmill.gate);
    gate_destroy(&start);
    return atomic_load(&visitor.turns);
}

/* row 55 */
Test(fairness, holds_for_what_was_drawn_in_one_go)
{
    for (int others = 0; others < 100; others += 7)
        cr_assert_leq(turns_until_visit_behind(others), FUTURES_FAIRNESS);
}

struct flood {
    atomic_bool stop;
    futures_pool *pool;
};

/* Keeps the normal queue from running dry, as an outside producer would. */
static void *flood_more(void *arg)
{
    struct flood *flood = arg;
    if (!atomic_load(&flood->stop))
        futures_submit_detached(flood->pool, flood_more, arg, NULL);
    return NULL;
}

/* row 55 */
Test(fairness, low_priority_is_not_starved_by_a_flood_of_normal_tasks)
{
    atomic_int ran = 0;
    struct flood flood = {.stop = false};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.priority = FUTURES_PRIORITY_LOW;
    flood.pool = pool_of(1);
    for (int i = 0; i < 10; i++)
        futures_submit_detached(flood.pool, flood_more, &flood, NULL);
    futures_submit_detached(flood.pool, count_task, &ran, &options);
    eventually(atomic_load(&ran) == 1);
    atomic_store(&flood.stop, true);
    futures_pool_destroy(flood.pool);
}
