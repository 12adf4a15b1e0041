/* Joins with calls that throw, fail or stop: what their slots say, and how the
 * others are stopped, begun or not, stolen or not. */
/* Elsewhere, and here:
 * join/test.rs:
 *   panic_propagate_a -> join_error.cancels_what_has_not_begun
 *   panic_propagate_b -> join_error.cancels_what_has_not_begun
 *   panic_propagate_both -> join_error.in_both_sides_is_kept_for_both
 *   panic_b_still_executes -> join_error.asks_what_runs_to_stop
 * simple_panic.rs:
 *   simple_panic -> join_error.cancels_what_has_not_begun
 */
#include "support/test.h"

#include <stdatomic.h>

#include <futures/futures.h>

#include "support/joins.h"

enum { CALLS = 8, BAD = 7 };

static void *throw_bad(void *arg)
{
    (void)arg;
    futures_throw(BAD, "thrown by a call");
}

static void *fail_bad(void *arg)
{
    futures_fail(BAD, "failed by a call");
    return arg;
}

static void expect_bad(const futures_outcome *outcome)
{
    assert_status(outcome->status, FUTURES_FAILED);
    cr_assert_null(outcome->value);
    cr_assert_eq(outcome->error->code, BAD);
}

/* On one worker, where they run in order. */
static void check_rest(futures_fn bad, size_t at)
{
    atomic_int counter = 0;
    atomic_int heard = 0;
    futures_call calls[CALLS];
    futures_outcome outcomes[CALLS];
    futures_pool *pool = hearing_pool(1, &heard);
    for (size_t i = 0; i < CALLS; i++)
        calls[i] = (futures_call){count_task, &counter};
    calls[at].fn = bad;
    assert_status(futures_join(pool, calls, CALLS, outcomes), FUTURES_FAILED);
    cr_assert_eq(atomic_load(&counter), (int)at);
    cr_assert_eq(with_status(outcomes, at, FUTURES_OK), at);
    expect_bad(&outcomes[at]);
    cr_assert_eq(with_status(outcomes, CALLS, FUTURES_CANCELLED),
                 CALLS - 1 - at);
    futures_outcomes_free(outcomes, CALLS);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard), 0);
}

Test(join_error, cancels_what_has_not_begun)
{
    for (size_t at = 0; at < CALLS; at++) {
        check_rest(throw_bad, at);
        check_rest(fail_bad, at);
    }
}

Test(join_error, without_outcomes_is_heard)
{
    atomic_int heard = 0;
    futures_pool *pool = hearing_pool(1, &heard);
    futures_call calls[] = {
        {throw_bad, NULL}, {throw_bad, NULL}, {return_arg, NULL}};
    assert_status(futures_join(pool, calls, 3, NULL), FUTURES_FAILED);
    cr_assert_eq(atomic_load(&heard), 1);
    assert_status(join_in_task(pool, calls, 3, NULL), FUTURES_FAILED);
    cr_assert_eq(atomic_load(&heard), 2);
    futures_pool_destroy(pool);
}

/* A call that waits with a child, which stops when it is asked. */
static void *gather_child(void *arg)
{
    futures_future *child =
        futures_submit(futures_current_pool(), run_until_cancelled, NULL);
    futures_status status = futures_gather(&child, 1, NULL, arg);
    futures_status ended = futures_poll(child);
    futures_release(child);
    if (status == FUTURES_CANCELLED && ended == FUTURES_CANCELLED)
        futures_checkpoint();
    return NULL;
}

static void *gather_child_with_options(void *arg)
{
    static const futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    (void)arg;
    return gather_child((void *)(uintptr_t)&options);
}

static void *map_sleepers(void *arg)
{
    void *args[2] = {NULL, NULL};
    futures_outcome outcomes[2];
    futures_map(futures_current_pool(), run_until_cancelled, args, 2, outcomes,
                NULL);
    futures_outcomes_free(outcomes, 2);
    futures_checkpoint();
    return arg;
}

static void *join_sleepers(void *arg)
{
    futures_call calls[] = {{run_until_cancelled, NULL},
                            {run_until_cancelled, NULL}};
    futures_outcome outcomes[2];
    futures_status status =
        futures_join(futures_current_pool(), calls, 2, outcomes);
    futures_outcomes_free(outcomes, 2);
    if (status == FUTURES_CANCELLED &&
        with_status(outcomes, 2, FUTURES_CANCELLED) == 2)
        futures_checkpoint();
    return arg;
}

/* In a pool of its own, which is not the task's. */
static void *join_sleepers_elsewhere(void *arg)
{
    futures_pool *pool = pool_of(1);
    futures_call calls[] = {{run_until_cancelled, NULL}};
    futures_status status = futures_join(pool, calls, 1, NULL);
    futures_pool_destroy(pool);
    if (status == FUTURES_CANCELLED)
        futures_checkpoint();
    return arg;
}

static const futures_fn sleepers[] = {
    run_until_cancelled, gather_child,  gather_child_with_options,
    map_sleepers,        join_sleepers, join_sleepers_elsewhere};

/* The one on `side` throws while the other one runs. */
static void check_stops(futures_fn sleeper, size_t side)
{
    struct meeting meeting;
    futures_outcome outcomes[2];
    futures_pool *pool = pool_of(3);
    meeting_init(&meeting, sleeper, sleeper);
    meeting.then[side] = throw_bad;
    assert_status(meet(pool, &meeting, outcomes), FUTURES_FAILED);
    expect_bad(&outcomes[side]);
    assert_status(outcomes[1 - side].status, FUTURES_CANCELLED);
    futures_outcomes_free(outcomes, 2);
    futures_pool_destroy(pool);
    meeting_destroy(&meeting);
}

Test(join_error, asks_what_runs_to_stop)
{
    for (size_t i = 0; i < LENGTH(sleepers); i++) {
        check_stops(sleepers[i], 0);
        check_stops(sleepers[i], 1);
    }
}

/* Two joins after each other, the first one with an error. */
static void *join_twice(void *arg)
{
    atomic_int counter = 0;
    futures_pool *pool = futures_current_pool();
    futures_call bad[] = {{throw_bad, NULL}, {count_task, &counter}};
    futures_call good[] = {{count_task, &counter}, {count_task, &counter}};
    if (futures_join(pool, bad, 2, NULL) != FUTURES_FAILED)
        return NULL;
    if (futures_cancelled() ||
        futures_token_cancelled(futures_current_token()))
        return NULL;
    if (futures_join(pool, good, 2, NULL) != FUTURES_OK)
        return NULL;
    return atomic_load(&counter) == 2 ? arg : NULL;
}

Test(join_error, stops_neither_the_task_nor_the_next_join)
{
    futures_pool *pool = pool_of(1);
    futures_outcome outcomes[2];
    futures_call calls[] = {{join_twice, pool}, {join_twice, pool}};
    assert_status(futures_join(pool, calls, 2, outcomes), FUTURES_OK);
    cr_assert_eq(outcomes[0].value, pool);
    cr_assert_eq(outcomes[1].value, pool);
    futures_pool_destroy(pool);
}

/* Cleanups of each call run as it ends. */
static void *defer_and_throw(void *counter)
{
    futures_cleanup cleanup;
    futures_defer(&cleanup, count_one, counter);
    futures_throw(BAD, "after a defer");
}

static void *defer_and_join(void *counter)
{
    futures_cleanup cleanup;
    futures_call calls[] = {{return_arg, NULL}, {defer_and_throw, counter}};
    futures_defer(&cleanup, count_one, counter);
    futures_join(futures_current_pool(), calls, 2, NULL);
    int before = atomic_load((atomic_int *)counter);
    futures_undefer(&cleanup, true);
    return before == 1 ? counter : NULL;
}

Test(join_error, comes_after_the_calls_own_cleanups)
{
    atomic_int counter = 0;
    futures_pool *pool = pool_of(1);
    futures_outcome outcome;
    futures_call call = {defer_and_join, &counter};
    assert_status(futures_join(pool, &call, 1, &outcome), FUTURES_OK);
    cr_assert_eq(outcome.value, &counter);
    cr_assert_eq(atomic_load(&counter), 2);
    futures_pool_destroy(pool);
}

static void *open_and_sleep(void *gate)
{
    gate_pass(gate);
    return run_until_cancelled(gate);
}

/* Cancels, through `cancel`, a task that joins two sleepers. */
static void check_cancel(unsigned workers, bool by_shutdown)
{
    struct gate gate;
    futures_outcome outcomes[2];
    futures_pool *pool = pool_of(workers);
    futures_call calls[] = {{open_and_sleep, &gate}, {open_and_sleep, &gate}};
    struct joining joining = {pool, calls, 2, outcomes, FUTURES_PENDING};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.token = new_token(NULL);
    gate_init_open(&gate);
    futures_future *task =
        futures_submit_with(pool, joining_run, &joining, &options);
    cr_assert(gate_await_arrivals(&gate, workers));
    if (by_shutdown)
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER);
    else
        futures_token_cancel(options.token, 9, "enough");
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(joining.status, FUTURES_CANCELLED);
    cr_assert_eq(with_status(outcomes, 2, FUTURES_CANCELLED), 2);
    for (size_t i = 0; i < 2 && !by_shutdown; i++)
        cr_assert_eq(outcomes[i].error->code, 9);
    futures_outcomes_free(outcomes, 2);
    futures_release(task);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(join_cancel, of_its_task_reaches_all_calls)
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        check_cancel(workers, false);
        check_cancel(workers, true);
    }
}

static struct gate asking;

static void *await_ask_and_join(void *arg)
{
    gate_pass(&asking);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    return joining_run(arg);
}

Test(join_cancel, before_it_lets_no_call_begin)
{
    atomic_int counter = 0;
    futures_outcome outcomes[2];
    futures_pool *pool = pool_of(2);
    futures_call calls[] = {{count_task, &counter}, {count_task, &counter}};
    struct joining joining = {pool, calls, 2, outcomes, FUTURES_PENDING};
    gate_init_open(&asking);
    futures_future *task = futures_submit(pool, await_ask_and_join, &joining);
    cr_assert(gate_await_arrivals(&asking, 1));
    assert_status(futures_cancel(task), FUTURES_PENDING);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(joining.status, FUTURES_CANCELLED);
    cr_assert_eq(with_status(outcomes, 2, FUTURES_CANCELLED), 2);
    cr_assert_eq(atomic_load(&counter), 0);
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&asking);
}

/* The token of a task fires for its own sake alone: children that a call left
 * behind run on. */
static void *leave_child_and_throw(void *arg)
{
    futures_future **child = arg;
    *child = futures_submit(futures_current_pool(), return_arg, arg);
    futures_throw(BAD, "after a submit");
}

Test(join_error, leaves_what_a_call_submitted_alone)
{
    futures_future *child;
    futures_pool *pool = pool_of(1);
    futures_call calls[] = {{leave_child_and_throw, &child},
                            {return_arg, NULL}};
    assert_status(join_in_task(pool, calls, 2, NULL), FUTURES_FAILED);
    assert_status(futures_wait(child, FUTURES_NEVER), FUTURES_OK);
    futures_release(child);
    futures_pool_destroy(pool);
}

Test(join_error, in_both_sides_is_kept_for_both)
{
    struct meeting meeting;
    atomic_int heard = 0;
    futures_outcome outcomes[2];
    futures_pool *pool = hearing_pool(2, &heard);
    meeting_init(&meeting, throw_bad, fail_bad);
    assert_status(meet(pool, &meeting, outcomes), FUTURES_FAILED);
    expect_bad(&outcomes[0]);
    expect_bad(&outcomes[1]);
    futures_outcomes_free(outcomes, 2);
    futures_pool_destroy(pool);
    meeting_destroy(&meeting);
    cr_assert_eq(atomic_load(&heard), 0);
}
