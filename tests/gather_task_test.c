/* Gather inside a task that is cancelled: it stops as if by its token, unless
 * it has chosen none. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_cancellation_broadcast
 *   -> gather_task.is_stopped_when_its_task_is_cancelled
 *   test_task_cancel_waiter_future
 *   -> gather_task.is_stopped_when_its_task_is_cancelled
 *   test_cancel_gather_2
 *   -> gather_task.after_another_hands_its_task_the_reason_for_a_cancel
 *   test_cancel_awaited_task
 *   -> gather_task.is_stopped_at_once_if_its_task_was_asked_before
 *   test_cancel_both_task_and_inner_future
 *   -> gather_task.may_be_cancelled_in_the_midst_of_a_cancel_of_its_set
 *   test_cancel_task_ignoring
 *   -> gather_task.that_was_stopped_lets_its_task_go_on_to_a_value
 * test_waitfor.py:
 *   test_asyncio_wait_for_cancelled
 *   -> gather_task.is_stopped_when_its_task_is_cancelled
 *   test_cancel_blocking_wait_for
 *   -> gather_task.is_stopped_when_its_task_is_cancelled
 *   test_cancel_wait_for -> gather_task.is_stopped_when_its_task_is_cancelled
 *   test_wait_for_self_cancellation
 *   -> gather_task.waits_for_what_runs_even_under_leave
 */
#include "support/test.h"

#include <string.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { COUNT = 20 };

Test(gather_task, is_stopped_when_its_task_is_cancelled)
{
    futures_pool *pool = pool_of(1);
    futures_future *set[COUNT];
    futures_outcome outcomes[COUNT];
    make_promises(set, COUNT);
    struct gathering gathering = gathering_of(set, COUNT, outcomes);
    futures_future *task = start_gathering(pool, &gathering);
    futures_cancel(task);
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    for (size_t i = 0; i < COUNT; i++)
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
    futures_release_all(set, COUNT);
    futures_pool_destroy(pool);
}

Test(gather_task, is_stopped_so_beside_a_token_of_its_own)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    struct gathering gathering = gathering_of(&promise, 1, NULL);
    gathering.options.token = new_token(NULL);
    futures_future *task = start_gathering(pool, &gathering);
    futures_cancel(task);
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    cr_assert(!futures_token_cancelled(gathering.options.token));
    futures_token_release(gathering.options.token);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(gather_task, is_stopped_by_what_is_above_its_task)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    struct gathering gathering = gathering_of(&promise, 1, NULL);
    options.token = new_token(NULL);
    futures_future *task =
        futures_submit_with(pool, gathering_run, &gathering, &options);
    eventually(parked(pool) == 1);
    futures_token_cancel(options.token, 3, "from above");
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    assert_status(futures_poll(promise), FUTURES_CANCELLED);
    cr_assert_not_null(futures_error_of(promise));
    cr_assert_eq(futures_error_of(promise)->code, 3);
    futures_token_release(options.token);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(gather_task, is_not_reached_if_it_has_chosen_no_token)
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2] = {futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    struct gathering gathering = gathering_of(set, 2, NULL);
    gathering.options.token = futures_token_none();
    futures_future *task = start_gathering(pool, &gathering);
    assert_status(futures_cancel(task), FUTURES_PENDING);
    assert_status(futures_resolve(set[0], NULL), FUTURES_OK);
    assert_status(futures_resolve(set[1], NULL), FUTURES_OK);
    assert_status(end_gathering(task, &gathering), FUTURES_OK);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

struct late_gathering {
    struct gate started; /* open: it only counts */
    struct gathering gathering;
};

static void *wait_to_be_asked_then_gather(void *arg)
{
    struct late_gathering *late = arg;
    gate_pass(&late->started);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    return gathering_run(&late->gathering);
}

Test(gather_task, is_stopped_at_once_if_its_task_was_asked_before)
{
    struct late_gathering late;
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    gate_init_open(&late.started);
    late.gathering = gathering_of(&promise, 1, NULL);
    futures_future *task =
        futures_submit(pool, wait_to_be_asked_then_gather, &late);
    cr_assert(gate_await_arrivals(&late.started, 1));
    futures_cancel(task);
    assert_status(end_gathering(task, &late.gathering), FUTURES_CANCELLED);
    assert_status(futures_poll(promise), FUTURES_CANCELLED);
    futures_release(promise);
    futures_pool_destroy(pool);
    gate_destroy(&late.started);
}

Test(gather_task, does_not_hide_what_had_failed_before_it) /* rows 4, 12 */
{
    struct late_gathering late;
    futures_pool *pool = pool_of(1);
    futures_future *promise = rejected(12);
    gate_init_open(&late.started);
    late.gathering = gathering_of(&promise, 1, NULL);
    futures_future *task =
        futures_submit(pool, wait_to_be_asked_then_gather, &late);
    cr_assert(gate_await_arrivals(&late.started, 1));
    futures_cancel(task);
    assert_status(end_gathering(task, &late.gathering), FUTURES_FAILED);
    futures_release(promise);
    futures_pool_destroy(pool);
    gate_destroy(&late.started);
}

/* A task that gathers its own two children under LEAVE: one is queued in a
 * busy pool, one runs until it is asked and then stays at a gate. */
struct parent {
    futures_pool *busy;
    futures_pool *idle;
    struct gate started; /* open: it only counts */
    struct gate asked;
    futures_future *set[2];
    futures_outcome outcomes[2];
    struct gathering gathering;
};

static void *stay_once_asked(void *arg)
{
    struct parent *parent = arg;
    gate_pass(&parent->started);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    gate_pass(&parent->asked);
    return arg;
}

static void *gather_two_children(void *arg)
{
    struct parent *parent = arg;
    parent->set[0] = futures_submit(parent->busy, return_arg, NULL);
    parent->set[1] = futures_submit(parent->idle, stay_once_asked, arg);
    parent->gathering = gathering_of(parent->set, 2, parent->outcomes);
    parent->gathering.options.on_error = FUTURES_ON_ERROR_LEAVE;
    return gathering_run(&parent->gathering);
}

Test(gather_task, waits_for_what_runs_even_under_leave)
{
    struct parent parent = {.busy = pool_of(1), .idle = pool_of(1)};
    struct gate gate;
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    gate_init(&parent.asked);
    gate_init_open(&parent.started);
    cr_assert(saturate(parent.busy, &gate));
    futures_future *task = futures_submit(pool, gather_two_children, &parent);
    cr_assert(gate_await_arrivals(&parent.started, 1));
    eventually(parked(pool) == 1);
    futures_cancel(task);
    cr_assert(gate_await_arrivals(&parent.asked, 1));
    nap_ms(10); /* one that does not wait returns in this while */
    gate_open(&parent.asked);
    assert_status(end_gathering(task, &parent.gathering), FUTURES_CANCELLED);
    assert_status(parent.outcomes[0].status, FUTURES_CANCELLED);
    assert_status(parent.outcomes[1].status, FUTURES_OK);
    gate_open(&gate);
    futures_release_all(parent.set, 2);
    futures_pool_destroy(pool);
    futures_pool_destroy(parent.busy);
    futures_pool_destroy(parent.idle);
    gate_destroy(&parent.started);
    gate_destroy(&parent.asked);
    gate_destroy(&gate);
}

/* A task that gathers a promise, and is cancelled while that is: by the
 * promise's own callback. */
struct both {
    struct gathering gathering;
    futures_future *task;
};

static void *gather_then_check(void *arg)
{
    gathering_run(&((struct both *)arg)->gathering);
    futures_checkpoint();
    return arg;
}

static void cancel_the_task(void *arg)
{
    futures_cancel(((struct both *)arg)->task);
}

Test(gather_task, may_be_cancelled_in_the_midst_of_a_cancel_of_its_set)
{
    struct both both;
    futures_outcome outcome;
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(cancel_the_task, &both);
    both.gathering = gathering_of(&promise, 1, &outcome);
    both.task = futures_submit(pool, gather_then_check, &both);
    eventually(parked(pool) == 1);
    assert_status(futures_cancel(promise), FUTURES_CANCELLED);
    assert_status(futures_wait(both.task, FUTURES_NEVER), FUTURES_CANCELLED);
    assert_status(both.gathering.status, FUTURES_CANCELLED);
    assert_status(outcome.status, FUTURES_CANCELLED);
    futures_release(both.task);
    futures_release(promise);
    futures_pool_destroy(pool);
}

/* A task that gathers a nap under COLLECT, and then another. */
struct rounds {
    atomic_int over;
    futures_status status; /* of the gather that was the last */
};

static void *nap(void *arg)
{
    futures_sleep(futures_in_ms(1));
    futures_checkpoint();
    return arg;
}

static void *gather_one_nap_after_another(void *arg)
{
    struct rounds *rounds = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    for (;;) {
        futures_future *future =
            futures_submit(futures_current_pool(), nap, NULL);
        rounds->status = futures_gather(&future, 1, NULL, &options);
        futures_release(future);
        if (rounds->status != FUTURES_OK)
            break;
        atomic_fetch_add(&rounds->over, 1);
    }
    futures_checkpoint();
    return arg;
}

Test(gather_task, after_another_hands_its_task_the_reason_for_a_cancel)
{
    struct rounds rounds = {.over = 0};
    futures_pool *pool = pool_of(2);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.token = new_token(NULL);
    futures_future *task = futures_submit_with(
        pool, gather_one_nap_after_another, &rounds, &options);
    eventually(atomic_load(&rounds.over) >= 3);
    futures_token_cancel(options.token, 5, "my message");
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_CANCELLED);
    assert_status(rounds.status, FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(task)->code, 5);
    cr_assert_eq(strcmp(futures_error_of(task)->message, "my message"), 0);
    futures_token_release(options.token);
    futures_release(task);
    futures_pool_destroy(pool);
}

struct stubborn {
    struct gathering gathering;
    futures_future *later;
};

static void *gather_then_wait_all_the_same(void *arg)
{
    struct stubborn *stubborn = arg;
    gathering_run(&stubborn->gathering);
    futures_wait(stubborn->later, FUTURES_NEVER);
    return futures_value(stubborn->later);
}

Test(gather_task, that_was_stopped_lets_its_task_go_on_to_a_value) /* 14 */
{
    struct stubborn stubborn = {.later = futures_promise(NULL, NULL)};
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    stubborn.gathering = gathering_of(&promise, 1, NULL);
    futures_future *task =
        futures_submit(pool, gather_then_wait_all_the_same, &stubborn);
    eventually(parked(pool) == 1);
    assert_status(futures_cancel(task), FUTURES_PENDING);
    assert_status(futures_wait(promise, FUTURES_NEVER), FUTURES_CANCELLED);
    assert_status(futures_wait(task, FUTURES_POLL), FUTURES_TIMEOUT);
    futures_resolve(stubborn.later, &stubborn);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), &stubborn);
    assert_status(stubborn.gathering.status, FUTURES_CANCELLED);
    futures_release(task);
    futures_release(promise);
    futures_release(stubborn.later);
    futures_pool_destroy(pool);
}
