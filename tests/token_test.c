/* Tokens: one cancel reaches everything beneath, with its reason; a deadline
 * fires by itself; a token costs its tasks nothing until then. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_task_cancel_message_getter
 *   -> token.reason_reaches_the_future_and_outlives_the_token
 *   test_task_cancel_message_setter
 *   -> token.reason_of_the_nearest_that_fired_first_stays
 *   test_cancel_with_message_then_future_result
 *   -> token.reason_reaches_the_future_and_outlives_the_token
 *   test_cancel_with_message_then_future_exception
 *   -> token.reason_of_the_nearest_that_fired_first_stays
 *   test_cancel_with_message_before_starting_task
 *   -> token.that_has_fired_lets_no_task_begin
 * test_futures.py:
 *   test_future_cancel_message_getter
 *   -> token.reason_reaches_the_future_and_outlives_the_token
 *   test_future_cancel_message_setter
 *   -> token.reason_of_the_nearest_that_fired_first_stays
 */
#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5, LATE_MS = 60000 };

static futures_token *token_until(futures_token *parent, futures_time deadline)
{
    futures_token *token = NULL;
    assert_status(futures_token_create(&token, parent, deadline), FUTURES_OK);
    return token;
}

static futures_future *submit_under(futures_pool *pool, futures_fn fn,
                                    void *arg, futures_token *token)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.token = token;
    return futures_submit_with(pool, fn, arg, &options);
}

Test(token, has_not_fired_until_it_is_cancelled)
{
    futures_token *token = new_token(NULL);
    cr_assert(!futures_token_cancelled(token));
    futures_token_cancel(token, 0, NULL);
    cr_assert(futures_token_cancelled(token));
    futures_token_cancel(token, 0, NULL);
    cr_assert(futures_token_cancelled(token));
    futures_token_release(token);
}

Test(token, fires_with_its_parent_and_not_the_other_way)
{
    futures_token *top = new_token(NULL);
    futures_token *left = new_token(top);
    futures_token *right = new_token(top);
    futures_token *leaf = new_token(left);
    futures_token_cancel(left, 0, NULL);
    cr_assert(futures_token_cancelled(leaf));
    cr_assert(!futures_token_cancelled(right));
    cr_assert(!futures_token_cancelled(top));
    futures_token_cancel(top, 0, NULL);
    cr_assert(futures_token_cancelled(right));
    futures_token *late = new_token(top);
    cr_assert(futures_token_cancelled(late));
    futures_token_release(top);
    futures_token_release(left);
    futures_token_release(right);
    futures_token_release(leaf);
    futures_token_release(late);
}

Test(token, keeps_its_parent_alive)
{
    enum { DEPTH = 1000 };
    futures_token *top = new_token(NULL);
    futures_token *token = futures_token_retain(top);
    for (int i = 0; i < DEPTH; i++) {
        futures_token *child = new_token(token);
        futures_token_release(token);
        token = child;
    }
    cr_assert(!futures_token_cancelled(token));
    futures_token_cancel(top, 0, NULL);
    cr_assert(futures_token_cancelled(token));
    futures_token_release(top);
    futures_token_release(token);
}

Test(token, that_is_released_has_not_fired)
{
    futures_token *token = new_token(NULL);
    futures_token *child = new_token(token);
    futures_token_release(token);
    cr_assert(!futures_token_cancelled(child));
    futures_token_release(child);
}

Test(token, refuses_and_ignores_nulls)
{
    futures_hook hook;
    futures_token *token = new_token(NULL);
    assert_status(futures_token_create(NULL, NULL, FUTURES_NEVER),
                  FUTURES_INVALID);
    assert_status(futures_token_on_cancel(NULL, &hook, count_one, NULL),
                  FUTURES_INVALID);
    assert_status(futures_token_on_cancel(token, NULL, count_one, NULL),
                  FUTURES_INVALID);
    assert_status(futures_token_on_cancel(token, &hook, NULL, NULL),
                  FUTURES_INVALID);
    cr_assert(!futures_token_cancelled(NULL));
    cr_assert_null(futures_token_retain(NULL));
    futures_token_release(NULL);
    futures_token_cancel(token, 0, NULL);
    futures_token_release(token);
}

Test(token, none_never_fires)
{
    atomic_int calls = 0;
    futures_hook hook;
    futures_token *none = futures_token_none();
    cr_assert_eq(futures_token_retain(none), none);
    futures_token_release(none);
    futures_token_release(none);
    futures_token *child = new_token(none);
    assert_status(futures_token_on_cancel(none, &hook, count_one, &calls),
                  FUTURES_OK);
    futures_token_cancel(none, 0, NULL);
    cr_assert(!futures_token_cancelled(none));
    cr_assert(!futures_token_cancelled(child));
    futures_token_off_cancel(none, &hook);
    cr_assert_eq(atomic_load(&calls), 0);
    futures_token_cancel(child, 0, NULL);
    cr_assert(futures_token_cancelled(child));
    futures_token_release(child);
}

/* One queued task under a token that fires so; its error. */
static futures_future *queued_under_fired(int code, const char *reason)
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    futures_token *token = new_token(NULL);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_future *future = submit_under(pool, return_arg, NULL, token);
    futures_token_cancel(token, code, reason);
    futures_token_cancel(token, 77, "too late to be the reason");
    assert_status(futures_poll(future), FUTURES_CANCELLED);
    futures_token_release(token);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
    return future;
}

Test(token, reason_reaches_the_future_and_outlives_the_token)
{
    char reason[] = "the user closed the window";
    futures_future *future = queued_under_fired(33, reason);
    memset(reason, 'x', strlen(reason));
    cr_assert_eq(futures_error_of(future)->code, 33);
    cr_assert_str_eq(futures_error_of(future)->message,
                     "the user closed the window");
    futures_release(future);
}

Test(token, without_a_reason_gives_ecanceled)
{
    futures_future *future = queued_under_fired(0, NULL);
    cr_assert_eq(futures_error_of(future)->code, ECANCELED);
    cr_assert_str_eq(futures_error_of(future)->message, "cancelled");
    futures_release(future);
}

Test(token, reason_of_the_nearest_that_fired_first_stays)
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    futures_token *parent = new_token(NULL);
    futures_token *token = new_token(parent);
    gate_init_open(&gate);
    futures_future *future =
        submit_under(pool, arrive_and_run_until_cancelled, &gate, token);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_token_cancel(parent, 5, "from above");
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(future)->code, 5);
    cr_assert_str_eq(futures_error_of(future)->message, "from above");
    futures_release(future);
    futures_token_release(token);
    futures_token_release(parent);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(token, that_has_fired_lets_no_task_begin)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    options.token = new_token(NULL);
    futures_token_cancel(options.token, 9, "before");
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(future)->code, 9);
    futures_release(future);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
}

Test(token, shared_by_many_has_ended_all_that_is_queued)
{
    const size_t count = TESTS_ARE_SLOW ? 20000 : 100000;
    struct gate gate;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(2);
    futures_future **set = malloc(count * sizeof(*set));
    cr_assert_not_null(set);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    options.token = new_token(NULL);
    for (size_t i = 0; i < count; i++)
        set[i] = futures_submit_with(pool, counted_run, &counted, &options);
    futures_future *stranger = futures_submit(pool, return_arg, NULL);
    futures_token_cancel(options.token, 0, NULL);
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += futures_poll(set[i]) != FUTURES_CANCELLED;
    cr_assert_eq(wrong, 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), (int)count);
    gate_open(&gate);
    assert_status(futures_wait(stranger, FUTURES_NEVER), FUTURES_OK);
    futures_release(stranger);
    futures_release_all(set, count);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_destroy(&gate);
    free(set);
}

Test(token, asks_the_running_tasks_of_several_pools)
{
    enum { COUNT = 6 };
    struct gate gate;
    futures_pool *pools[2] = {pool_of(3), pool_of(3)};
    futures_future *set[COUNT];
    futures_token *token = new_token(NULL);
    gate_init_open(&gate);
    for (size_t i = 0; i < COUNT; i++)
        set[i] = submit_under(pools[i % 2], arrive_and_run_until_cancelled,
                              &gate, token);
    cr_assert(gate_await_arrivals(&gate, COUNT));
    futures_token_cancel(token, 4, "everybody");
    for (size_t i = 0; i < COUNT; i++) {
        assert_status(futures_wait(set[i], FUTURES_NEVER), FUTURES_CANCELLED);
        cr_assert_eq(futures_error_of(set[i])->code, 4);
    }
    futures_release_all(set, COUNT);
    futures_token_release(token);
    futures_pool_destroy(pools[0]);
    futures_pool_destroy(pools[1]);
    gate_destroy(&gate);
}

Test(token, fires_at_its_deadline)
{
    futures_token *token = token_until(NULL, futures_in_ms(SOON_MS));
    futures_token *past = token_until(NULL, FUTURES_POLL);
    futures_token *child = token_until(token, futures_in_ms(LATE_MS));
    eventually(futures_token_cancelled(past));
    eventually(futures_token_cancelled(token));
    cr_assert(futures_token_cancelled(child));
    futures_token_release(child);
    futures_token_release(past);
    futures_token_release(token);
}

Test(token, whose_deadline_is_far_away_may_go_before_it)
{
    futures_token *late = token_until(NULL, futures_in_ms(LATE_MS));
    futures_token *endless = token_until(late, INT64_MAX);
    cr_assert(!futures_token_cancelled(endless));
    futures_token_release(late);
    futures_token_cancel(endless, 0, NULL);
    futures_token_release(endless);
}

Test(token, released_before_its_deadline_still_stops_what_is_beneath)
{
    struct gate gate;
    futures_pool *pools[2] = {pool_of(1), pool_of(1)};
    futures_token *token = token_until(NULL, futures_in_ms(SOON_MS));
    gate_init(&gate);
    cr_assert(saturate(pools[0], &gate));
    futures_future *set[2] = {
        submit_under(pools[0], return_arg, NULL, token),
        submit_under(pools[1], run_until_cancelled, NULL, token)};
    futures_token_release(token);
    for (size_t i = 0; i < 2; i++) {
        assert_status(futures_wait(set[i], FUTURES_NEVER), FUTURES_CANCELLED);
        cr_assert_eq(futures_error_of(set[i])->code, ETIMEDOUT);
    }
    gate_open(&gate);
    futures_release_all(set, 2);
    futures_pool_destroy(pools[0]);
    futures_pool_destroy(pools[1]);
    gate_destroy(&gate);
}

Test(token, of_many_deadlines_fires_them_all)
{
    enum { COUNT = 500 };
    futures_token *tokens[COUNT];
    for (int i = 0; i < COUNT; i++)
        tokens[i] = token_until(i % 3 || i == 0 ? NULL : tokens[i / 2],
                                futures_in_ms(1 + i * 7 % 20));
    for (size_t i = 0; i < COUNT; i += 5)
        futures_token_release(tokens[i]);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 5 != 0)
            eventually(futures_token_cancelled(tokens[i]));
    for (size_t i = 0; i < COUNT; i++)
        if (i % 5 != 0)
            futures_token_release(tokens[i]);
}
