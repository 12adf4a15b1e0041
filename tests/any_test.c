/* The first that ends OK: who wins, what becomes of the others, and what is
 * said where nobody wins. Promises stand for tasks where a test must decide
 * when something ends. */
/* Elsewhere, and here:
 * test_staggered.py:
 *   test_empty -> any.refuses_bad_input
 *   test_one_successful -> any.is_over_with_the_first_that_ends_ok
 *   test_first_error_second_successful -> any.an_error_does_not_end_it
 *   test_first_timeout_second_successful
 *   -> any.is_over_with_the_first_that_ends_ok
 *   test_none_successful -> any.says_the_first_error_where_none_is_ok
 *   test_multiple_winners -> any.of_several_that_had_ended_the_lowest
 * test_tasks.py:
 *   test_wait_errors -> any.refuses_bad_input
 *   test_wait_first_completed -> any.that_leaves_lets_the_losers_run_on
 */
#include "support/test.h"

#include <errno.h>

#include <futures/any.h>
#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"
#include "support/racing.h"

Test(any, refuses_bad_input) /* rows 1, 3 */
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *holes[2] = {promise, NULL};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    size_t winner = 7;
    assert_status(futures_any(NULL, 0, &winner, NULL), FUTURES_INVALID);
    cr_assert_eq(winner, 0);
    assert_status(futures_any(NULL, 1, NULL, NULL), FUTURES_INVALID);
    assert_status(futures_any(holes, 2, &winner, NULL), FUTURES_INVALID);
    cr_assert_eq(winner, 2);
    options.on_error = (futures_on_error)9;
    assert_status(futures_any(&promise, 1, NULL, &options), FUTURES_INVALID);
    assert_status(futures_poll(promise), FUTURES_PENDING);
    futures_release(promise);
}

Test(any, of_several_that_had_ended_the_lowest) /* row 4 */
{
    futures_future *set[4] = {rejected(1), resolved(&errno), cancelled(),
                              resolved(NULL)};
    size_t winner = 0;
    assert_status(futures_any(set, 4, &winner, NULL), FUTURES_OK);
    cr_assert_eq(winner, 1);
    cr_assert_eq(futures_value(set[winner]), &errno);
    futures_release_all(set, 4);
}

Test(any, says_the_first_error_where_none_is_ok) /* row 6 */
{
    futures_future *set[3] = {cancelled(), rejected(2), rejected(3)};
    size_t winner = 0;
    assert_status(futures_any(set, 3, &winner, NULL), FUTURES_CANCELLED);
    cr_assert_eq(winner, 3);
    assert_status(futures_any(set + 1, 2, NULL, NULL), FUTURES_FAILED);
    futures_release_all(set, 3);
}

Test(any, is_over_with_the_first_that_ends_ok) /* row 7 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3];
    make_promises(set, 3);
    struct racing race = race_of(set, 3);
    futures_future *task = start_race(pool, &race);
    futures_resolve(set[2], &race);
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 2);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

Test(any, an_error_does_not_end_it) /* row 6 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3];
    make_promises(set, 3);
    struct racing race = race_of(set, 3);
    futures_future *task = start_race(pool, &race);
    futures_reject(set[0], 1, "too bad");
    assert_status(futures_poll(set[1]), FUTURES_PENDING);
    futures_cancel(set[2]);
    assert_status(futures_poll(set[1]), FUTURES_PENDING);
    futures_resolve(set[1], NULL);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 1);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

Test(any, says_the_first_error_to_arrive_not_the_lowest) /* row 6 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2];
    make_promises(set, 2);
    struct racing race = race_of(set, 2);
    futures_future *task = start_race(pool, &race);
    futures_reject(set[1], 1, "first");
    futures_cancel(set[0]);
    assert_status(end_race(task, &race), FUTURES_FAILED);
    cr_assert_eq(race.winner, 2);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

Test(any, that_leaves_lets_the_losers_run_on) /* rows 7, 13 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3];
    make_promises(set, 3);
    struct racing race = race_of(set, 3);
    race.options.on_error = FUTURES_ON_ERROR_LEAVE;
    futures_future *task = start_race(pool, &race);
    futures_reject(set[0], 1, "no reason to leave");
    assert_status(futures_poll(task), FUTURES_PENDING);
    futures_resolve(set[1], NULL);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 1);
    assert_status(futures_resolve(set[2], NULL), FUTURES_OK);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

Test(any, that_collects_waits_for_the_losers) /* row 7 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2];
    make_promises(set, 2);
    struct racing race = race_of(set, 2);
    race.options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *task = start_race(pool, &race);
    futures_resolve(set[1], NULL);
    assert_status(futures_poll(task), FUTURES_PENDING);
    futures_resolve(set[0], NULL);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 1);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

Test(any, that_is_decided_on_entry_does_to_the_rest_what_it_says) /* 4, 7 */
{
    futures_future *set[2] = {futures_promise(NULL, NULL), resolved(NULL)};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    size_t winner = 0;
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(futures_any(set, 2, &winner, &options), FUTURES_OK);
    cr_assert_eq(winner, 1);
    assert_status(futures_poll(set[0]), FUTURES_PENDING);
    assert_status(futures_any(set, 2, &winner, NULL), FUTURES_OK);
    cr_assert_eq(winner, 1);
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    futures_release_all(set, 2);
}

Test(any, a_future_given_twice_wins_once) /* row 2 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3];
    make_promises(set, 2);
    set[2] = set[1];
    struct racing race = race_of(set, 3);
    futures_future *task = start_race(pool, &race);
    futures_resolve(set[1], NULL);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 1);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

/* row 42a for a winner: the loser runs beneath the waiter on its own stack. */
Test(any, the_winners_thread_stops_a_loser_that_the_waiter_runs)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init_open(&gate);
    futures_future *winner = futures_promise(NULL, NULL);
    struct gate held;
    gate_init(&held);
    cr_assert(saturate(pool, &held));
    futures_future *loser =
        futures_submit(pool, arrive_and_run_until_cancelled, &gate);
    futures_future *set[2] = {loser, winner};
    struct racing race = race_of(set, 2);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.priority = FUTURES_PRIORITY_HIGH;
    futures_future *task =
        futures_submit_with(pool, racing_run, &race, &options);
    gate_open(&held);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_resolve(winner, NULL);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 1);
    assert_status(futures_poll(loser), FUTURES_CANCELLED);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
    gate_destroy(&held);
}

static void *any_of_three(void *order)
{
    futures_pool *pool = futures_current_pool();
    futures_future *set[3];
    size_t winner = 3;
    int code = 5;
    set[0] = futures_submit(pool, throw_code, &code);
    set[1] = futures_submit(pool, return_arg, order);
    set[2] = futures_submit(pool, count_task, order);
    futures_status status = futures_any(set, 3, &winner, NULL);
    futures_release_all(set, 3);
    return status == FUTURES_OK && winner == 1 ? order : NULL;
}

/* row 32 */
Test(any, on_one_worker_runs_the_oldest_first_and_no_more_than_it_must)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran = 0;
    futures_future *task = futures_submit(pool, any_of_three, &ran);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), &ran);
    cr_assert_eq(atomic_load(&ran), 0, "it was cancelled");
    futures_release(task);
    futures_pool_destroy(pool);
}

static void note_index(void *context, size_t index,
                       const futures_outcome *outcome)
{
    int *told = context;
    told[index] += outcome->status != FUTURES_PENDING;
}

Test(any, tells_on_done_of_each_that_ended) /* row 2 */
{
    int told[3] = {0, 0, 0};
    futures_future *set[3] = {rejected(1), futures_promise(NULL, NULL),
                              resolved(NULL)};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    options.on_done = note_index;
    options.context = told;
    assert_status(futures_any(set, 3, NULL, &options), FUTURES_OK);
    cr_assert(told[0] == 1 && told[1] == 0 && told[2] == 1);
    options.on_error = FUTURES_ON_ERROR_CANCEL;
    assert_status(futures_any(set, 3, NULL, &options), FUTURES_OK);
    cr_assert(told[0] == 2 && told[1] == 1 && told[2] == 2);
    futures_release_all(set, 3);
}

static void hear(void *context, const futures_error *error)
{
    (void)error;
    count_one(context);
}

/* row 44: silence about the losers, but not where nobody won */
Test(any, errors_of_losers_count_as_looked_at)
{
    atomic_int heard = 0;
    int code = 6;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    options.unhandled = hear;
    options.context = &heard;
    futures_pool_create(&pool, &options);
    futures_future *set[2] = {futures_submit(pool, throw_code, &code),
                              resolved(NULL)};
    futures_wait(set[0], FUTURES_NEVER);
    assert_status(futures_any(set, 2, NULL, NULL), FUTURES_OK);
    futures_release_all(set, 2);
    cr_assert_eq(atomic_load(&heard), 0);
    set[0] = futures_submit(pool, throw_code, &code);
    assert_status(futures_any(set, 1, NULL, NULL), FUTURES_FAILED);
    futures_release(set[0]);
    cr_assert_eq(atomic_load(&heard), 1);
    futures_pool_destroy(pool);
}

static void *any_of_itself(void *arg)
{
    futures_future *const *self = arg;
    size_t winner = 0;
    futures_status status = futures_any(self, 2, &winner, NULL);
    return status == FUTURES_DEADLOCK && winner == 2 ? arg : NULL;
}

Test(any, that_holds_its_own_task_is_a_deadlock) /* row 21 */
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_future *set[2] = {NULL, futures_promise(NULL, NULL)};
    set[0] = futures_submit(pool, any_of_itself, set);
    gate_open(&gate);
    assert_status(futures_wait(set[0], FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(set[0]), set);
    assert_status(futures_poll(set[1]), FUTURES_PENDING);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(any, called_by_several_threads_gives_all_the_same_winner) /* row 25 */
{
    enum { CALLERS = 4 };
    futures_pool *pool = pool_of(CALLERS);
    futures_future *set[3];
    futures_future *tasks[CALLERS];
    struct racing races[CALLERS];
    make_promises(set, 3);
    for (int i = 0; i < CALLERS; i++) {
        races[i] = race_of(set, 3);
        tasks[i] = start_race(pool, &races[i]);
    }
    futures_resolve(set[1], NULL);
    for (int i = 0; i < CALLERS; i++) {
        assert_status(end_race(tasks[i], &races[i]), FUTURES_OK);
        cr_assert_eq(races[i].winner, 1);
    }
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}
