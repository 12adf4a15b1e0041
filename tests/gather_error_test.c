/* Gather where something goes wrong: what becomes of the rest under each mode,
 * which errors are kept, and who counts as having looked at them. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_one_exception -> gather_error.cancels_the_rest_and_waits_for_it
 *   test_return_exceptions
 *   -> gather_error.stays_in_its_slot_while_all_run_under_collect
 *   test_one_cancellation -> gather_error.is_what_a_cancelled_child_counts_as
 *   test_cancel_inner_future
 *   -> gather_error.is_what_a_cancelled_child_counts_as
 *   test_result_exception_one_cancellation
 *   -> gather_error.among_values_and_cancels_leaves_each_its_slot
 *   test_exception_marking
 *   -> gather_error.counts_as_looked_at_once_it_is_in_the_outcomes
 *   test_wait_first_exception
 *   -> gather_error.on_entry_returns_at_once_under_leave
 *   test_wait_first_exception_in_wait
 *   -> gather_error.returns_at_once_under_leave_and_the_rest_runs_on
 * test_wait.py:
 *   test_first_exception
 *   -> gather_error.returns_at_once_under_leave_and_the_rest_runs_on
 *   test_first_exception_some_already_complete
 *   -> gather_error.on_entry_returns_at_once_under_leave
 *   test_first_exception_one_already_failed
 *   -> gather_error.on_entry_returns_at_once_under_leave
 *   test_all_completed
 *   -> gather_error.stays_in_its_slot_while_all_run_under_collect
 */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

/* A pool whose one worker is held at the gate, so that what is submitted next
 * is queued; and one whose worker is free. */
struct rig {
    struct gate gate;
    struct gate started; /* open: it only counts */
    futures_pool *busy;
    futures_pool *idle;
};

static void rig_up(struct rig *rig)
{
    gate_init(&rig->gate);
    gate_init_open(&rig->started);
    rig->busy = pool_of(1);
    rig->idle = pool_of(1);
    cr_assert(saturate(rig->busy, &rig->gate));
}

static void rig_down(struct rig *rig)
{
    gate_open(&rig->gate);
    futures_pool_destroy(rig->busy);
    futures_pool_destroy(rig->idle);
    gate_destroy(&rig->started);
    gate_destroy(&rig->gate);
}

Test(gather_error, cancels_the_rest_and_waits_for_it) /* row 7 */
{
    struct rig rig;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_outcome outcomes[3];
    rig_up(&rig);
    futures_future *set[3] = {
        futures_submit_with(rig.busy, counted_run, &counted, &options),
        futures_submit(rig.idle, arrive_and_run_until_cancelled, &rig.started),
        futures_promise(NULL, NULL)};
    futures_pool *pool = pool_of(1);
    struct gathering gathering = gathering_of(set, 3, outcomes);
    cr_assert(gate_await_arrivals(&rig.started, 1));
    futures_future *task = start_gathering(pool, &gathering);
    futures_reject(set[2], 7, "the first error");
    assert_status(end_gathering(task, &gathering), FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    assert_status(outcomes[2].status, FUTURES_FAILED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
    rig_down(&rig);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

Test(gather_error, on_entry_cancels_the_rest_too) /* rows 4, 7 */
{
    struct rig rig;
    struct counted counted = {0};
    futures_outcome outcomes[3];
    rig_up(&rig);
    futures_future *set[3] = {futures_submit(rig.busy, counted_run, &counted),
                              futures_promise(NULL, NULL), rejected(4)};
    assert_status(futures_gather(set, 3, outcomes, NULL), FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    cr_assert_eq(outcomes[2].error->code, 4);
    futures_release_all(set, 3);
    rig_down(&rig);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

Test(gather_error, stays_in_its_slot_while_all_run_under_collect) /* row 7 */
{
    struct rig rig;
    struct counted counted = {0};
    futures_outcome outcomes[4];
    int code = 70;
    rig_up(&rig);
    futures_future *set[4] = {futures_submit(rig.busy, throw_code, &code),
                              futures_submit(rig.busy, counted_run, &counted),
                              rejected(71),
                              futures_submit(rig.busy, counted_run, &counted)};
    struct gathering gathering = gathering_of(set, 4, outcomes);
    gathering.options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *task = start_gathering(rig.idle, &gathering);
    gate_open(&rig.gate);
    assert_status(end_gathering(task, &gathering), FUTURES_FAILED);
    cr_assert_eq(outcomes[0].error->code, 70);
    cr_assert_null(outcomes[0].value);
    cr_assert_eq(outcomes[1].value, &counted);
    cr_assert_eq(outcomes[2].error->code, 71);
    cr_assert_eq(outcomes[3].value, &counted);
    cr_assert_eq(atomic_load(&counted.ran), 2);
    futures_release_all(set, 4);
    rig_down(&rig);
}

Test(gather_error, returns_at_once_under_leave_and_the_rest_runs_on) /* 7 */
{
    struct rig rig;
    struct counted counted = {0};
    futures_outcome outcomes[3];
    rig_up(&rig);
    futures_future *set[3] = {futures_submit(rig.busy, counted_run, &counted),
                              futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    struct gathering gathering = gathering_of(set, 3, outcomes);
    gathering.options.on_error = FUTURES_ON_ERROR_LEAVE;
    futures_future *task = start_gathering(rig.idle, &gathering);
    futures_reject(set[1], 7, "the first error");
    assert_status(end_gathering(task, &gathering), FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_PENDING);
    cr_assert_null(outcomes[0].value);
    cr_assert_eq(outcomes[1].error->code, 7);
    assert_status(outcomes[2].status, FUTURES_PENDING);
    gate_open(&rig.gate);
    assert_status(futures_wait(set[0], FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(set[0]), &counted);
    assert_status(futures_resolve(set[2], &rig), FUTURES_OK);
    cr_assert_eq(futures_value(set[2]), &rig);
    futures_release_all(set, 3);
    rig_down(&rig);
}

Test(gather_error, on_entry_returns_at_once_under_leave) /* rows 4, 7 */
{
    futures_future *set[2] = {futures_promise(NULL, NULL), cancelled()};
    futures_outcome outcomes[2];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(futures_gather(set, 2, outcomes, &options),
                  FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_PENDING);
    assert_status(futures_poll(set[0]), FUTURES_PENDING);
    futures_release_all(set, 2);
}

Test(gather_error, leaves_a_rest_that_can_still_be_cancelled) /* row 13 */
{
    struct rig rig;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_gather_options leave = FUTURES_GATHER_OPTIONS_INIT;
    leave.on_error = FUTURES_ON_ERROR_LEAVE;
    rig_up(&rig);
    futures_future *set[3] = {
        futures_submit_with(rig.busy, counted_run, &counted, &options),
        futures_submit(rig.idle, arrive_and_run_until_cancelled, &rig.started),
        rejected(13)};
    cr_assert(gate_await_arrivals(&rig.started, 1));
    assert_status(futures_gather(set, 3, NULL, &leave), FUTURES_FAILED);
    assert_status(futures_cancel(set[0]), FUTURES_CANCELLED);
    assert_status(futures_cancel(set[0]), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    futures_cancel(set[1]);
    futures_cancel(set[1]);
    assert_status(futures_wait(set[1], FUTURES_NEVER), FUTURES_CANCELLED);
    assert_status(futures_cancel(set[1]), FUTURES_CANCELLED);
    assert_status(futures_cancel(set[2]), FUTURES_FAILED);
    futures_release_all(set, 3);
    rig_down(&rig);
    cr_assert_eq(atomic_load(&counted.ran), 0);
}

/* A child that somebody else cancels, as seen by a gather in the given mode;
 * tells what became of a second, queued one. */
static futures_status gather_with_one_cancelled(futures_on_error mode,
                                                futures_outcome outcomes[2])
{
    struct rig rig;
    rig_up(&rig);
    futures_future *set[2] = {futures_promise(NULL, NULL),
                              futures_submit(rig.busy, return_arg, &rig)};
    struct gathering gathering = gathering_of(set, 2, outcomes);
    gathering.options.on_error = mode;
    futures_future *task = start_gathering(rig.idle, &gathering);
    futures_cancel(set[0]);
    gate_open(&rig.gate);
    futures_status status = end_gathering(task, &gathering);
    futures_release_all(set, 2);
    rig_down(&rig);
    return status;
}

Test(gather_error, is_what_a_cancelled_child_counts_as) /* row 9 */
{
    futures_outcome outcomes[2];
    assert_status(
        gather_with_one_cancelled(FUTURES_ON_ERROR_COLLECT, outcomes),
        FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_OK);
    assert_status(gather_with_one_cancelled(FUTURES_ON_ERROR_CANCEL, outcomes),
                  FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    assert_status(gather_with_one_cancelled(FUTURES_ON_ERROR_LEAVE, outcomes),
                  FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
}

Test(gather_error, of_a_task_that_was_asked_to_stop_is_kept) /* rows 7, 15 */
{
    struct rig rig;
    futures_outcome outcomes[2];
    rig_up(&rig);
    futures_future *set[2] = {
        futures_submit(rig.idle, arrive_and_throw_when_asked, &rig.started),
        rejected(1)};
    cr_assert(gate_await_arrivals(&rig.started, 1));
    assert_status(futures_gather(set, 2, outcomes, NULL), FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_FAILED);
    cr_assert_eq(outcomes[0].error->code, 15);
    cr_assert_str_eq(outcomes[0].error->message, "could not stop");
    cr_assert_eq(outcomes[1].error->code, 1);
    futures_release_all(set, 2);
    rig_down(&rig);
}

Test(gather_error, does_not_take_a_value_from_a_task_asked_to_stop) /* 14 */
{
    struct rig rig;
    futures_outcome outcomes[2];
    rig_up(&rig);
    futures_future *set[2] = {
        futures_submit(rig.idle, arrive_and_return_when_asked, &rig.started),
        rejected(1)};
    cr_assert(gate_await_arrivals(&rig.started, 1));
    assert_status(futures_gather(set, 2, outcomes, NULL), FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_OK);
    cr_assert_eq(outcomes[0].value, &rig.started);
    futures_release_all(set, 2);
    rig_down(&rig);
}

Test(gather_error, of_work_that_was_refused_arrives_in_its_slot) /* row 7 */
{
    struct rig rig;
    futures_outcome outcomes[2];
    futures_pool *closed = pool_of(1);
    futures_pool_shutdown(closed, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
    rig_up(&rig);
    futures_future *set[2] = {futures_submit(rig.busy, return_arg, NULL),
                              futures_submit(closed, return_arg, NULL)};
    assert_status(futures_gather(set, 2, outcomes, NULL), FUTURES_CLOSED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_CLOSED);
    futures_release_all(set, 2);
    futures_pool_destroy(closed);
    rig_down(&rig);
}

static void count_unhandled(void *counter, const futures_error *error)
{
    (void)error;
    count_one(counter);
}

static futures_pool *pool_that_counts_unhandled(atomic_int *counter)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    options.workers = 2;
    options.unhandled = count_unhandled;
    options.context = counter;
    futures_pool_create(&pool, &options);
    return pool;
}

/* How many of three errors nobody looked at, after a gather that wrote them to
 * `outcomes` or did not. */
static int unhandled_after_gather(futures_outcome outcomes[3])
{
    atomic_int unhandled = 0;
    int code = 8;
    futures_pool *pool = pool_that_counts_unhandled(&unhandled);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[3];
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    for (size_t i = 0; i < 3; i++)
        set[i] = futures_submit(pool, throw_code, &code);
    futures_gather(set, 3, outcomes, &options);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
    return atomic_load(&unhandled);
}

Test(gather_error, counts_as_looked_at_once_it_is_in_the_outcomes) /* 8, 44 */
{
    futures_outcome outcomes[3];
    cr_assert_eq(unhandled_after_gather(outcomes), 0);
    cr_assert_eq(unhandled_after_gather(NULL), 3);
}

Test(gather_error, after_the_gather_left_is_still_unhandled) /* rows 7, 44 */
{
    atomic_int unhandled = 0;
    struct gate gate;
    futures_pool *pool = pool_that_counts_unhandled(&unhandled);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_outcome outcomes[2];
    gate_init(&gate);
    futures_future *set[2] = {futures_submit(pool, gate_then_throw, &gate),
                              rejected(7)};
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(futures_gather(set, 2, outcomes, &options), FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_PENDING);
    gate_open(&gate);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&unhandled), 1);
    gate_destroy(&gate);
}

Test(gather_error, among_values_and_cancels_leaves_each_its_slot) /* 7, 9 */
{
    static const futures_status expected[5] = {FUTURES_OK, FUTURES_FAILED,
                                               FUTURES_CANCELLED, FUTURES_OK,
                                               FUTURES_FAILED};
    futures_pool *pool = pool_of(1);
    futures_future *set[5];
    futures_outcome outcomes[5];
    make_promises(set, 5);
    struct gathering gathering = gathering_of(set, 5, outcomes);
    gathering.options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *task = start_gathering(pool, &gathering);
    futures_cancel(set[2]);
    futures_reject(set[1], 1, "one");
    futures_resolve(set[0], &set[0]);
    futures_resolve(set[3], &set[3]);
    assert_status(futures_poll(task), FUTURES_PENDING);
    futures_reject(set[4], 4, "four");
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    for (size_t i = 0; i < 5; i++) {
        assert_status(outcomes[i].status, expected[i]);
        cr_assert_eq(outcomes[i].value,
                     expected[i] == FUTURES_OK ? &set[i] : NULL);
    }
    cr_assert_eq(outcomes[1].error->code, 1);
    cr_assert_eq(outcomes[4].error->code, 4);
    futures_release_all(set, 5);
    futures_pool_destroy(pool);
}
