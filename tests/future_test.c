/* The handle: looked at, waited for, its value borrowed or taken, its
 * references counted; and who runs what while a worker waits for it. */
/* Elsewhere, and here:
 * test_futures.py:
 *   test_initial_state -> future.is_pending_while_queued_and_while_running
 *   test_uninitialized -> future.that_is_none_is_invalid
 *   test_yield_from_twice
 *   -> future.value_is_read_any_number_of_times_and_taken_once
 * test_future.py:
 *   test_cancelled -> future.is_pending_while_queued_and_while_running
 *   test_done -> future.is_pending_while_queued_and_while_running
 *   test_running -> future.is_pending_while_queued_and_while_running
 *   test_result_with_timeout -> future.a_wait_without_time_says_how_it_ended
 *   test_exception_with_timeout
 *   -> future.a_wait_without_time_says_how_it_ended
 *   test_result_with_success -> future.wakes_everyone_who_waits_for_it
 *   test_exception_with_success -> future.wakes_everyone_who_waits_for_it
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/helpers.h"

Test(future, is_pending_while_queued_and_while_running)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_future *running = futures_submit(pool, gate_task, &gate);
    futures_future *queued = futures_submit(pool, return_arg, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    cr_assert_eq(futures_poll(running), FUTURES_PENDING);
    cr_assert_eq(futures_poll(queued), FUTURES_PENDING);
    cr_assert_null(futures_value(running));
    cr_assert_null(futures_take(queued));
    cr_assert_null(futures_error_of(queued));
    cr_assert_eq(futures_wait(queued, FUTURES_POLL), FUTURES_TIMEOUT);
    cr_assert_eq(futures_wait(running, futures_in_ms(2)), FUTURES_TIMEOUT);
    cr_assert_eq(futures_poll(running), FUTURES_PENDING,
                 "a wait that timed out changes nothing");
    gate_open(&gate);
    cr_assert_eq(futures_wait(queued, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_poll(running), FUTURES_OK);
    cr_assert_eq(futures_value(queued), (void *)&gate);
    futures_release(running);
    futures_release(queued);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(future, that_is_none_is_invalid)
{
    futures_hook hook;
    cr_assert_eq(futures_poll(NULL), FUTURES_INVALID);
    cr_assert_eq(futures_wait(NULL, FUTURES_NEVER), FUTURES_INVALID);
    cr_assert_eq(futures_cancel(NULL), FUTURES_INVALID);
    cr_assert_eq(futures_on_done(NULL, &hook, NULL, NULL), FUTURES_INVALID);
    cr_assert_null(futures_value(NULL));
    cr_assert_null(futures_take(NULL));
    cr_assert_null(futures_error_of(NULL));
    cr_assert_null(futures_retain(NULL));
    futures_release(NULL);
}

Test(future, release_all_skips_what_is_null)
{
    futures_pool *pool = pool_of(1);
    futures_future *futures[3] = {NULL, futures_submit(pool, return_arg, NULL),
                                  NULL};
    futures_release_all(futures, 3);
    futures_release_all(NULL, 0);
    futures_pool_destroy(pool);
}

Test(future, lives_as_long_as_someone_holds_it)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_retain(future), future);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    futures_release(future);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    cr_assert_eq(futures_value(future), (void *)&counted);
    futures_release(future);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    futures_pool_destroy(pool);
}

/* row 29 */
Test(future, value_is_read_any_number_of_times_and_taken_once)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(futures_value(future), (void *)&counted);
    cr_assert_eq(futures_take(future), (void *)&counted);
    cr_assert_null(futures_take(future));
    cr_assert_null(futures_value(future));
    cr_assert_eq(futures_poll(future), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.value_freed), 0,
                 "what was taken is the taker's");
}

enum { TAKEN_FROM = SLICE(100000) };

struct taking {
    futures_future *futures[TAKEN_FROM];
    atomic_int arrivals; /* at all futures so far */
};

/* Two of these go from future to future in step. Who comes second would be
 * ahead, since the other has yet to hear of it: it waits, more or less. */
static void *take_all(void *arg)
{
    struct taking *taking = arg;
    intptr_t taken = 0;
    for (int i = 0; i < TAKEN_FROM; i++) {
        bool second = atomic_fetch_add(&taking->arrivals, 1) == 2 * i + 1;
        for (volatile int wait = second ? i % 128 : 0; wait > 0; wait--) {
        }
        for (int turns = 1; atomic_load(&taking->arrivals) < 2 * (i + 1);
             turns++)
            if (turns % 256 == 0)
                sched_yield();
        taken += futures_take(taking->futures[i]) != NULL;
    }
    return (void *)taken;
}

/* row 29 */
Test(future, of_several_takers_one_gets_the_value)
{
    static struct taking taking;
    pthread_t takers[2];
    void *taken[2];
    for (int i = 0; i < TAKEN_FROM; i++) {
        taking.futures[i] = futures_promise(NULL, NULL);
        futures_resolve(taking.futures[i], &taking);
    }
    for (int i = 0; i < 2; i++)
        pthread_create(&takers[i], NULL, take_all, &taking);
    for (int i = 0; i < 2; i++)
        pthread_join(takers[i], &taken[i]);
    cr_assert_eq((intptr_t)taken[0] + (intptr_t)taken[1], TAKEN_FROM);
    futures_release_all(taking.futures, TAKEN_FROM);
}

static void *wait_for(void *future)
{
    futures_status status = futures_wait(future, FUTURES_NEVER);
    return status == FUTURES_OK ? future : NULL;
}

Test(future, wakes_everyone_who_waits_for_it)
{
    enum { WAITERS = 8 };
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, return_arg, NULL);
    pthread_t waiters[WAITERS];
    for (int i = 0; i < WAITERS; i++)
        pthread_create(&waiters[i], NULL, wait_for, future);
    nap_ms(5);
    gate_open(&gate);
    for (int i = 0; i < WAITERS; i++) {
        void *woke;
        pthread_join(waiters[i], &woke);
        cr_assert_eq(woke, (void *)future);
    }
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* row 18 */
Test(future, a_wait_for_what_is_already_cancelled_needs_no_worker)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(futures_cancel(future), FUTURES_CANCELLED);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_CANCELLED);
    futures_outcome outcome;
    cr_assert_eq(futures_gather(&future, 1, &outcome, NULL),
                 FUTURES_CANCELLED);
    cr_assert_eq(outcome.status, FUTURES_CANCELLED);
    gate_open(&gate);
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct stranger {
    struct gate gate;
    futures_future *wanted;
    futures_future *other;
    futures_status status;
    futures_status other_then;
    pthread_t waiter;
    pthread_t runner;
};

static void *note_runner(void *arg)
{
    ((struct stranger *)arg)->runner = pthread_self();
    return arg;
}

static void *wait_for_stranger(void *arg)
{
    struct stranger *stranger = arg;
    gate_pass(&stranger->gate);
    stranger->waiter = pthread_self();
    stranger->status = futures_wait(stranger->wanted, FUTURES_NEVER);
    stranger->other_then = futures_poll(stranger->other);
    return NULL;
}

/* row 34 */
Test(future, a_worker_that_waits_for_a_queued_stranger_runs_that_very_task)
{
    struct stranger stranger = {.status = FUTURES_PENDING};
    gate_init(&stranger.gate);
    futures_pool *pool = pool_of(1);
    futures_future *waiter =
        futures_submit(pool, wait_for_stranger, &stranger);
    cr_assert(gate_await_arrivals(&stranger.gate, 1));
    stranger.other = futures_submit(pool, return_arg, NULL);
    stranger.wanted = futures_submit(pool, note_runner, &stranger);
    gate_open(&stranger.gate);
    cr_assert_eq(futures_wait(waiter, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(stranger.status, FUTURES_OK);
    cr_assert(pthread_equal(stranger.runner, stranger.waiter));
    cr_assert_eq(stranger.other_then, FUTURES_PENDING,
                 "what it does not wait for, it does not run");
    futures_release(stranger.other);
    futures_release(stranger.wanted);
    futures_release(waiter);
    futures_pool_destroy(pool);
    gate_destroy(&stranger.gate);
}

struct hopeless {
    struct gate gate;
    futures_future *promise;
    futures_status waited;
    futures_status after;
};

static void *wait_in_vain(void *arg)
{
    struct hopeless *hopeless = arg;
    gate_pass(&hopeless->gate);
    hopeless->waited = futures_wait(hopeless->promise, futures_in_ms(20));
    hopeless->after = futures_poll(hopeless->promise);
    return NULL;
}

static void *keep_promise(void *promise)
{
    return futures_resolve(promise, promise) == FUTURES_OK ? promise : NULL;
}

/* row 35 */
Test(future, a_waiter_runs_no_stranger_who_might_keep_its_promise)
{
    struct hopeless hopeless = {.waited = FUTURES_PENDING};
    gate_init(&hopeless.gate);
    futures_pool *pool = pool_of(1);
    hopeless.promise = futures_promise(NULL, NULL);
    futures_future *waiter = futures_submit(pool, wait_in_vain, &hopeless);
    cr_assert(gate_await_arrivals(&hopeless.gate, 1));
    futures_future *keeper =
        futures_submit(pool, keep_promise, hopeless.promise);
    gate_open(&hopeless.gate);
    cr_assert_eq(futures_wait(keeper, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(hopeless.waited, FUTURES_TIMEOUT);
    cr_assert_eq(hopeless.after, FUTURES_PENDING);
    cr_assert_eq(futures_value(hopeless.promise), (void *)hopeless.promise);
    futures_release(waiter);
    futures_release(keeper);
    futures_release(hopeless.promise);
    futures_pool_destroy(pool);
    gate_destroy(&hopeless.gate);
}

static void *wait_though_asked_to_stop(void *arg)
{
    struct stranger *stranger = arg;
    futures_token_cancel(futures_current_token(), ECANCELED, NULL);
    gate_pass(&stranger->gate);
    stranger->status = futures_wait(stranger->wanted, FUTURES_NEVER);
    return arg;
}

Test(future, a_wait_is_not_interrupted_when_its_task_is_asked_to_stop)
{
    struct stranger stranger = {.status = FUTURES_PENDING};
    gate_init(&stranger.gate);
    futures_pool *pool = pool_of(1);
    stranger.wanted = futures_promise(NULL, NULL);
    futures_future *waiter =
        futures_submit(pool, wait_though_asked_to_stop, &stranger);
    cr_assert(gate_await_arrivals(&stranger.gate, 1));
    gate_open(&stranger.gate);
    cr_assert_eq(futures_wait(waiter, futures_in_ms(10)), FUTURES_TIMEOUT);
    cr_assert_eq(futures_resolve(stranger.wanted, NULL), FUTURES_OK);
    cr_assert_eq(futures_wait(waiter, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(stranger.status, FUTURES_OK);
    futures_release(stranger.wanted);
    futures_release(waiter);
    futures_pool_destroy(pool);
    gate_destroy(&stranger.gate);
}

Test(future, a_wait_without_time_says_how_it_ended)
{
    futures_future *ended[3] = {futures_promise(NULL, NULL),
                                futures_promise(NULL, NULL),
                                futures_promise(NULL, NULL)};
    futures_resolve(ended[0], ended);
    futures_reject(ended[1], EIO, "no");
    futures_cancel(ended[2]);
    cr_assert_eq(futures_wait(ended[0], FUTURES_POLL), FUTURES_OK);
    cr_assert_eq(futures_wait(ended[1], FUTURES_POLL), FUTURES_FAILED);
    cr_assert_eq(futures_wait(ended[2], FUTURES_POLL), FUTURES_CANCELLED);
    futures_release_all(ended, 3);
}
