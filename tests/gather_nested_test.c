/* Gathers inside tasks that are gathered: at any depth and on one worker the
 * answer is right, past the stack check it is DEADLOCK, and a task that would
 * wait for itself is told so with nothing touched. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_task_awaits_on_itself
 *   -> gather_nested.a_task_that_waits_for_itself_is_told_so
 *   test_task_basics -> gather_nested.fib_is_right_on_one_worker
 *   test_exception_chaining_after_await
 *   -> gather_nested.errors_come_up_with_their_causes
 *   test_current_task -> gather_nested.each_task_has_its_own_current_token
 *   test_current_task_with_interleaving_tasks
 *   -> gather_nested.each_task_has_its_own_current_token
 * test_task_group.cpp:
 *   test_for_stack_overflow_avoidance_mechanism
 *   -> gather_nested.past_the_stack_check_is_a_deadlock_on_one_worker
 */
#include "support/test.h"

#include <stdint.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

static void *as_value(uintptr_t number)
{
    return (void *)number;
}

/* fib(n), both halves submitted. */
static void *fib(void *arg)
{
    uintptr_t n = (uintptr_t)arg;
    futures_pool *pool = futures_current_pool();
    futures_outcome halves[2];
    if (n < 2)
        return arg;
    futures_future *set[2] = {futures_submit(pool, fib, as_value(n - 1)),
                              futures_submit(pool, fib, as_value(n - 2))};
    futures_status status = futures_gather(set, 2, halves, NULL);
    uintptr_t sum = (uintptr_t)halves[0].value + (uintptr_t)halves[1].value;
    futures_release_all(set, 2);
    return status == FUTURES_OK ? as_value(sum)
                                : futures_fail((int)status, "of %d", (int)n);
}

static void check_fib(unsigned workers)
{
    futures_pool *pool = pool_of(workers);
    futures_future *future = futures_submit(pool, fib, as_value(20));
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq((uintptr_t)futures_value(future), 6765);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(gather_nested, fib_is_right_on_one_worker) /* row 32 */
{
    check_fib(1);
}

Test(gather_nested, fib_is_right_on_two_and_eight_workers) /* row 32 */
{
    check_fib(2);
    check_fib(8);
}

/* How often descend was told DEADLOCK. */
static atomic_int deadlocks;

/* Counts down through one gather a level. */
static void *descend(void *arg)
{
    uintptr_t left = (uintptr_t)arg;
    if (left == 0)
        return as_value(1);
    futures_future *child =
        futures_submit(futures_current_pool(), descend, as_value(left - 1));
    futures_outcome outcome;
    futures_status status = futures_gather(&child, 1, &outcome, NULL);
    uintptr_t levels = (uintptr_t)outcome.value;
    futures_release(child);
    if (status == FUTURES_OK)
        return as_value(levels + 1);
    if (status == FUTURES_DEADLOCK)
        atomic_fetch_add(&deadlocks, 1);
    return futures_fail((int)status, "%d left", (int)left);
}

Test(gather_nested, a_thousand_deep_is_right_on_one_worker) /* row 32 */
{
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, descend, as_value(1000));
    assert_status(futures_gather(&future, 1, NULL, NULL), FUTURES_OK);
    cr_assert_eq((uintptr_t)futures_value(future), 1001);
    futures_release(future);
    futures_pool_destroy(pool);
}

/* Descends from a stack that is used up by so many bytes. */
static void *descend_from(void *bytes)
{
    enum { DEPTH = 10000 };
    volatile char used[(uintptr_t)bytes];
    used[0] = 0;
    return descend(as_value(DEPTH + (uintptr_t)used[0]));
}

/* Far deeper than the smallest stack holds, by frames that lie elsewhere each
 * time: which of a gather's own frames finds the stack low is a matter of
 * bytes. */
static void check_bottom(unsigned workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    const uintptr_t step = TESTS_ARE_SLOW ? 304 : 48;
    options.workers = workers;
    options.stack_size = 1;
    assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
    for (uintptr_t used = 16; used < 1024; used += step) {
        atomic_store(&deadlocks, 0);
        futures_future *future =
            futures_submit(pool, descend_from, as_value(used));
        assert_status(futures_gather(&future, 1, NULL, NULL), FUTURES_FAILED);
        assert_status(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
        cr_assert_geq(atomic_load(&deadlocks), 1);
        futures_release(future);
    }
    futures_future *future = futures_submit(pool, fib, as_value(10));
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq((uintptr_t)futures_value(future), 55);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(gather_nested, past_the_stack_check_is_a_deadlock_on_one_worker) /* 32 */
{
    check_bottom(1);
}

Test(gather_nested, past_all_stack_checks_is_a_deadlock_on_two) /* row 32 */
{
    check_bottom(2);
}

/* Ten children a level; counts the leaves. */
static void *fan_out(void *arg)
{
    uintptr_t depth = (uintptr_t)arg;
    futures_future *set[10];
    futures_outcome outcomes[10];
    uintptr_t leaves = 0;
    if (depth == 0)
        return as_value(1);
    for (size_t i = 0; i < 10; i++)
        set[i] = futures_submit(futures_current_pool(), fan_out,
                                as_value(depth - 1));
    futures_status status = futures_gather(set, 10, outcomes, NULL);
    for (size_t i = 0; i < 10; i++)
        leaves += (uintptr_t)outcomes[i].value;
    futures_release_all(set, 10);
    return status == FUTURES_OK ? as_value(leaves)
                                : futures_fail((int)status, "fan-out");
}

Test(gather_nested, ten_wide_and_five_deep_is_right) /* row 32 */
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        futures_pool *pool = pool_of(workers);
        futures_future *future = futures_submit(pool, fan_out, as_value(5));
        assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq((uintptr_t)futures_value(future), 100000);
        futures_release(future);
        futures_pool_destroy(pool);
    }
}

/* A task that waits for its own future, alone and in a set. */
struct selfish {
    struct gate gate; /* opens once `own` is set */
    futures_future *own;
    futures_future *other;
    futures_outcome outcomes[2];
    futures_status waited;
    futures_status gathered;
};

static void *wait_for_oneself(void *arg)
{
    struct selfish *selfish = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    gate_pass(&selfish->gate);
    futures_future *set[2] = {selfish->other, selfish->own};
    selfish->waited = futures_wait(selfish->own, FUTURES_NEVER);
    selfish->gathered = futures_gather(set, 2, selfish->outcomes, &options);
    return arg;
}

Test(gather_nested, a_task_that_waits_for_itself_is_told_so) /* row 21 */
{
    static const futures_outcome untouched = {FUTURES_FULL, &deadlocks, NULL};
    struct selfish selfish = {.outcomes = {untouched, untouched}};
    futures_pool *pool = pool_of(1);
    gate_init(&selfish.gate);
    selfish.other = futures_promise(NULL, NULL);
    selfish.own = futures_submit(pool, wait_for_oneself, &selfish);
    gate_open(&selfish.gate);
    assert_status(futures_wait(selfish.own, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(selfish.own), &selfish);
    assert_status(selfish.waited, FUTURES_DEADLOCK);
    assert_status(selfish.gathered, FUTURES_DEADLOCK);
    for (size_t i = 0; i < 2; i++) {
        assert_status(selfish.outcomes[i].status, FUTURES_FULL);
        cr_assert_eq(selfish.outcomes[i].value, &deadlocks);
    }
    assert_status(futures_poll(selfish.other), FUTURES_PENDING);
    futures_release(selfish.own);
    futures_release(selfish.other);
    futures_pool_destroy(pool);
    gate_destroy(&selfish.gate);
}

/* A task that helps with a child, which waits for the task beneath it. */
struct ancestor {
    struct gate gate; /* opens once `own` is set */
    futures_future *own;
    futures_status child_waited;
    futures_status child_gathered;
    futures_status gathered;
};

static void *wait_for_ancestor(void *arg)
{
    struct ancestor *ancestor = arg;
    ancestor->child_waited = futures_wait(ancestor->own, FUTURES_NEVER);
    ancestor->child_gathered = futures_gather(&ancestor->own, 1, NULL, NULL);
    return arg;
}

static void *help_with_one_that_waits_for_me(void *arg)
{
    struct ancestor *ancestor = arg;
    gate_pass(&ancestor->gate);
    futures_future *child =
        futures_submit(futures_current_pool(), wait_for_ancestor, ancestor);
    ancestor->gathered = futures_gather(&child, 1, NULL, NULL);
    futures_release(child);
    return arg;
}

Test(gather_nested, a_task_that_waits_for_one_beneath_it_is_told_so) /* 21 */
{
    struct ancestor ancestor = {0};
    futures_pool *pool = pool_of(1);
    gate_init(&ancestor.gate);
    ancestor.own =
        futures_submit(pool, help_with_one_that_waits_for_me, &ancestor);
    gate_open(&ancestor.gate);
    assert_status(futures_wait(ancestor.own, FUTURES_NEVER), FUTURES_OK);
    assert_status(ancestor.child_waited, FUTURES_DEADLOCK);
    assert_status(ancestor.child_gathered, FUTURES_DEADLOCK);
    assert_status(ancestor.gathered, FUTURES_OK);
    futures_release(ancestor.own);
    futures_pool_destroy(pool);
    gate_destroy(&ancestor.gate);
}

/* Errors come up through the levels, each as the cause of the next. */
static void *fail_upwards(void *arg)
{
    uintptr_t level = (uintptr_t)arg;
    futures_outcome outcome;
    if (level == 0)
        futures_throw(100, "at the bottom");
    futures_future *child = futures_submit(futures_current_pool(),
                                           fail_upwards, as_value(level - 1));
    futures_gather(&child, 1, &outcome, NULL);
    futures_fail_from(outcome.error, 100 + (int)level, "level %d", (int)level);
    futures_release(child);
    return NULL;
}

Test(gather_nested, errors_come_up_with_their_causes)
{
    enum { LEVELS = 50 };
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, fail_upwards, as_value(LEVELS));
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    const futures_error *error = futures_error_of(future);
    for (int level = LEVELS; level >= 0; level--) {
        cr_assert_not_null(error);
        cr_assert_eq(error->code, 100 + level);
        error = error->cause;
    }
    cr_assert_null(error);
    futures_release(future);
    futures_pool_destroy(pool);
}

/* Whether the running task's token is there and another one. */
static void *has_another_token(void *other)
{
    futures_token *own = futures_current_token();
    return own != NULL && own != other ? other : NULL;
}

static void *gather_one_with_another_token(void *arg)
{
    futures_token *own = futures_current_token();
    futures_outcome outcome;
    futures_future *child =
        futures_submit(futures_current_pool(), has_another_token, own);
    futures_gather(&child, 1, &outcome, NULL);
    futures_release(child);
    bool kept = futures_current_token() == own && outcome.value == own;
    return kept ? arg : NULL;
}

Test(gather_nested, each_task_has_its_own_current_token)
{
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, gather_one_with_another_token, pool);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), pool);
    cr_assert_null(futures_current_token());
    futures_release(future);
    futures_pool_destroy(pool);
}

enum { TOWER = 500, SMALL_STACK = 1 << 16 };

struct tower {
    futures_pool *pool;
    futures_token *token;
    struct gate top; /* only counts */
    size_t height;
};

/* Each gather in it is stopped by the same token. */
static void *build_tower(void *arg)
{
    struct tower *tower = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    if (tower->height++ == TOWER)
        return arrive_and_run_until_cancelled(&tower->top);
    options.token = tower->token;
    futures_future *child = futures_submit(tower->pool, build_tower, tower);
    futures_status status = futures_gather(&child, 1, NULL, &options);
    futures_release(child);
    /* OK where its child was stopped, and ended well, before it was told */
    if (status != FUTURES_CANCELLED && status != FUTURES_OK)
        futures_throw(1, "not cancelled");
    futures_checkpoint();
    return NULL;
}

static void *cancel_token(void *token)
{
    futures_token_cancel(token, 0, NULL);
    return NULL;
}

Test(gather_nested, a_tower_is_cancelled_by_its_token_in_little_stack)
{
    pthread_attr_t attributes;
    pthread_t canceller;
    struct tower tower = {.pool = pool_of(1), .token = new_token(NULL)};
    gate_init_open(&tower.top);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    futures_future *task = futures_submit(tower.pool, build_tower, &tower);
    cr_assert(gate_await_arrivals(&tower.top, 1));
    cr_assert_eq(
        pthread_create(&canceller, &attributes, cancel_token, tower.token), 0);
    pthread_join(canceller, NULL);
    pthread_attr_destroy(&attributes);
    futures_status status = futures_wait(task, FUTURES_NEVER);
    cr_assert(status == FUTURES_OK || status == FUTURES_CANCELLED);
    futures_release(task);
    futures_token_release(tower.token);
    futures_pool_destroy(tower.pool);
    gate_destroy(&tower.top);
}
