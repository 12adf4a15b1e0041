/* Cancelling a future by hand, in every state it can be in: a queued task
 * never runs, a running one is asked, an ended one is left alone; and how far
 * down it reaches. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_cancel
 *   -> cancel.of_a_running_task_ends_it_at_its_next_cancellation_point
 *   test_cancel_yield
 *   -> cancel.of_a_running_task_ends_it_at_its_next_cancellation_point
 *   test_cancel_task_catching
 *   -> cancel.of_a_running_task_asks_it_and_a_value_stands
 *   test_cancel_current_task
 *   -> cancel.of_itself_takes_effect_at_the_next_cancellation_point
 *   test_cancel_at_end -> cancel.of_itself_lets_a_returned_value_stand
 *   test_baseexception_during_cancel
 *   -> cancel.an_error_of_the_tasks_own_outranks_it
 *   test_yield_future_passes_cancel -> scope.reaches_running_grandchildren
 *   test_run_coroutine_threadsafe_task_cancelled
 *   -> cancel.of_a_queued_task_ends_it_here_and_it_never_runs
 * test_future.py:
 *   test_cancel
 *   -> cancel.of_an_ended_task_says_how_it_ended_and_changes_nothing
 *   test_result_with_cancel
 *   -> cancel.wakes_waiters_of_a_queued_task_though_every_worker_is_blocked
 * test-threadpool-cancel.c:
 *   threadpool_cancel_work
 *   -> token.shared_by_many_has_ended_all_that_is_queued
 *   threadpool_cancel_single
 *   -> cancel.of_a_queued_task_ends_it_here_and_it_never_runs
 *   threadpool_cancel_when_busy
 *   -> cancel.of_a_running_task_asks_it_and_a_value_stands
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <futures/futures.h>

#include "support/helpers.h"

/* row 16 */
Test(cancel, of_a_queued_task_ends_it_here_and_it_never_runs)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_cancel(future), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(future), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(futures_cancel(future), FUTURES_CANCELLED);
    cr_assert_null(futures_value(future));
    gate_open(&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    gate_destroy(&gate);
}

struct asked {
    struct gate gate;
    bool before;
    bool after;
};

static void *look_before_and_after(void *arg)
{
    struct asked *asked = arg;
    asked->before = futures_cancelled();
    gate_pass(&asked->gate);
    asked->after = futures_cancelled();
    return arg;
}

/* rows 14 and 16 */
Test(cancel, of_a_running_task_asks_it_and_a_value_stands)
{
    struct asked asked = {.before = true};
    gate_init(&asked.gate);
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, look_before_and_after, &asked);
    cr_assert(gate_await_arrivals(&asked.gate, 1));
    cr_assert_eq(futures_cancel(future), FUTURES_PENDING);
    cr_assert_eq(futures_cancel(future), FUTURES_PENDING);
    gate_open(&asked.gate);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)&asked);
    cr_assert(!asked.before);
    cr_assert(asked.after);
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&asked.gate);
}

static void *stop_when_asked(void *gate)
{
    gate_pass(gate);
    futures_checkpoint();
    return gate;
}

/* row 16 */
Test(cancel, of_a_running_task_ends_it_at_its_next_cancellation_point)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, stop_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    cr_assert_eq(futures_cancel(future), FUTURES_PENDING);
    gate_open(&gate);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    cr_assert_eq(futures_cancel(future), FUTURES_CANCELLED);
    cr_assert_null(futures_value(future));
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *throw_it(void *arg)
{
    (void)arg;
    futures_throw(EIO, "thrown");
}

/* row 16 */
Test(cancel, of_an_ended_task_says_how_it_ended_and_changes_nothing)
{
    futures_pool *pool = pool_of(1);
    futures_future *ok = futures_submit(pool, return_arg, pool);
    futures_future *failed = futures_submit(pool, throw_it, NULL);
    futures_wait(ok, FUTURES_NEVER);
    futures_wait(failed, FUTURES_NEVER);
    cr_assert_eq(futures_cancel(ok), FUTURES_OK);
    cr_assert_eq(futures_cancel(failed), FUTURES_FAILED);
    cr_assert_eq(futures_value(ok), (void *)pool);
    cr_assert_eq(futures_error_of(failed)->code, EIO);
    futures_release(ok);
    futures_release(failed);
    futures_pool_destroy(pool);
}

static void *throw_when_asked(void *gate)
{
    gate_pass(gate);
    if (futures_cancelled())
        futures_throw(EBUSY, "a reason of its own");
    return gate;
}

/* row 15 */
Test(cancel, an_error_of_the_tasks_own_outranks_it)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, throw_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    cr_assert_eq(futures_cancel(future), FUTURES_PENDING);
    gate_open(&gate);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(future)->code, EBUSY);
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *wait_outside(void *future)
{
    futures_status status = futures_wait(future, FUTURES_NEVER);
    return status == FUTURES_CANCELLED ? future : NULL;
}

static void *gather_outside(void *future)
{
    futures_future *futures[1] = {future};
    futures_status status = futures_gather(futures, 1, NULL, NULL);
    return status == FUTURES_CANCELLED ? future : NULL;
}

/* row 19 */
Test(cancel, wakes_waiters_of_a_queued_task_though_every_worker_is_blocked)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, return_arg, NULL);
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, wait_outside, future);
    pthread_create(&threads[1], NULL, gather_outside, future);
    nap_ms(10);
    cr_assert_eq(futures_cancel(future), FUTURES_CANCELLED);
    for (int i = 0; i < 2; i++) {
        void *woke;
        pthread_join(threads[i], &woke);
        cr_assert_eq(woke, (void *)future);
    }
    gate_open(&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct self {
    futures_future *future; /* set before the gate opens */
    struct gate gate;
    futures_status answer;
    bool asked;
};

static void *cancel_self_and_return(void *arg)
{
    struct self *self = arg;
    gate_pass(&self->gate);
    self->answer = futures_cancel(self->future);
    self->asked = futures_cancelled();
    return arg;
}

static void *cancel_self_and_check(void *arg)
{
    cancel_self_and_return(arg);
    futures_checkpoint();
    return arg;
}

static futures_status end_of_self_cancel(futures_fn fn)
{
    struct self self = {.answer = FUTURES_INVALID};
    gate_init(&self.gate);
    futures_pool *pool = pool_of(1);
    self.future = futures_submit(pool, fn, &self);
    gate_open(&self.gate);
    futures_status end = futures_wait(self.future, FUTURES_NEVER);
    cr_assert_eq(self.answer, FUTURES_PENDING);
    cr_assert(self.asked);
    futures_release(self.future);
    futures_pool_destroy(pool);
    gate_destroy(&self.gate);
    return end;
}

/* row 20 */
Test(cancel, of_itself_takes_effect_at_the_next_cancellation_point)
{
    cr_assert_eq(end_of_self_cancel(cancel_self_and_check), FUTURES_CANCELLED);
}

/* row 20 */
Test(cancel, of_itself_lets_a_returned_value_stand)
{
    cr_assert_eq(end_of_self_cancel(cancel_self_and_return), FUTURES_OK);
}

struct reentrant {
    futures_future *future;
    futures_status poll;
    futures_status cancel;
};

static void look_while_it_ends(void *arg)
{
    struct reentrant *seen = arg;
    seen->poll = futures_poll(seen->future);
    seen->cancel = futures_cancel(seen->future);
}

Test(cancel, is_pending_to_others_until_arg_free_has_returned)
{
    struct reentrant seen = {.poll = FUTURES_INVALID};
    struct gate gate;
    gate_init(&gate);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = look_while_it_ends;
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    seen.future = futures_submit_with(pool, return_arg, &seen, &options);
    cr_assert_eq(futures_cancel(seen.future), FUTURES_CANCELLED);
    cr_assert_eq(seen.poll, FUTURES_PENDING);
    cr_assert_eq(seen.cancel, FUTURES_CANCELLED);
    gate_open(&gate);
    futures_release(seen.future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct on_fired {
    futures_token *token;
    futures_hook second_hook;
    atomic_int count;
};

/* Calls that would hang under a lock of the token. */
static void use_the_token(void *arg)
{
    struct on_fired *fired = arg;
    futures_token_cancel(fired->token, EIO, "again");
    futures_token_on_cancel(fired->token, &fired->second_hook, count_one,
                            &fired->count);
    atomic_fetch_add(&fired->count, 1);
}

/* row 26 */
Test(token, that_has_fired_calls_back_at_once_and_under_no_lock)
{
    struct on_fired fired = {.count = 0};
    futures_hook hook;
    cr_assert_eq(futures_token_create(&fired.token, NULL, FUTURES_NEVER),
                 FUTURES_OK);
    futures_token_cancel(fired.token, ECANCELED, NULL);
    cr_assert_eq(
        futures_token_on_cancel(fired.token, &hook, use_the_token, &fired),
        FUTURES_OK);
    cr_assert_eq(atomic_load(&fired.count), 2);
    futures_token_release(fired.token);
}
