/* The first that ends OK, and what stops it: the time, a token, its task. The
 * table of counterparts is in any_test.c. */
#include "support/test.h"

#include <errno.h>

#include <futures/any.h>
#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"
#include "support/racing.h"

Test(any_stop, a_deadline_cancels_them_all) /* rows 22, 24 */
{
    futures_future *set[2];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    size_t winner = 0;
    make_promises(set, 2);
    options.deadline = futures_in_ms(5);
    assert_status(futures_any(set, 2, &winner, &options), FUTURES_TIMEOUT);
    cr_assert_eq(winner, 2);
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(set[1])->code, ETIMEDOUT);
    futures_release_all(set, 2);
}

Test(any_stop, a_deadline_that_leaves_touches_nothing) /* rows 22, 24 */
{
    futures_future *set[2] = {rejected(3), futures_promise(NULL, NULL)};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    size_t winner = 0;
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    assert_status(futures_any(set, 2, &winner, &options), FUTURES_TIMEOUT);
    cr_assert_eq(winner, 2);
    assert_status(futures_resolve(set[1], NULL), FUTURES_OK);
    assert_status(futures_any(set, 2, &winner, &options), FUTURES_OK);
    cr_assert_eq(winner, 1, "done wins");
    futures_release_all(set, 2);
}

Test(any_stop, a_token_cancels_them_all) /* row 10 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2];
    make_promises(set, 2);
    struct racing race = race_of(set, 2);
    race.options.token = new_token(NULL);
    race.options.on_error = FUTURES_ON_ERROR_LEAVE;
    futures_future *task = start_race(pool, &race);
    futures_token_cancel(race.options.token, 4, "enough");
    assert_status(end_race(task, &race), FUTURES_CANCELLED);
    cr_assert_eq(race.winner, 2);
    cr_assert_eq(futures_error_of(set[1])->code, 4);
    futures_token_release(race.options.token);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

Test(any_stop, a_cancel_of_its_task_stops_it) /* row 7 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2];
    make_promises(set, 2);
    struct racing race = race_of(set, 2);
    futures_future *task = start_race(pool, &race);
    assert_status(futures_cancel(task), FUTURES_PENDING);
    assert_status(end_race(task, &race), FUTURES_CANCELLED);
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

/* rows 14, 19a: it ended OK though it was asked to stop */
Test(any_stop, a_value_wins_though_the_token_had_fired)
{
    futures_pool *pool = pool_of(2);
    struct gate gate;
    gate_init_open(&gate);
    futures_future *set[1] = {
        futures_submit(pool, arrive_and_return_when_asked, &gate)};
    cr_assert(gate_await_arrivals(&gate, 1));
    struct racing race = race_of(set, 1);
    race.options.token = new_token(NULL);
    futures_future *task = start_race(pool, &race);
    futures_token_cancel(race.options.token, 0, NULL);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 0);
    futures_token_release(race.options.token);
    futures_release(set[0]);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* ... and the other one, which was asked as well, is left to run. */
Test(any_stop, a_value_after_the_token_lets_it_leave)
{
    futures_pool *pool = pool_of(3);
    struct gate gate;
    struct gate other;
    gate_init_open(&gate);
    gate_init(&other);
    futures_future *set[2] = {
        futures_submit(pool, arrive_and_return_when_asked, &gate),
        futures_submit(pool, gate_task, &other)};
    cr_assert(gate_await_arrivals(&gate, 1));
    cr_assert(gate_await_arrivals(&other, 1));
    struct racing race = race_of(set, 2);
    race.options.token = new_token(NULL);
    race.options.on_error = FUTURES_ON_ERROR_LEAVE;
    futures_future *task = start_race(pool, &race);
    futures_token_cancel(race.options.token, 0, NULL);
    eventually(futures_poll(task) != FUTURES_PENDING);
    gate_open(&other);
    assert_status(end_race(task, &race), FUTURES_OK);
    cr_assert_eq(race.winner, 0);
    futures_token_release(race.options.token);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&other);
    gate_destroy(&gate);
}
