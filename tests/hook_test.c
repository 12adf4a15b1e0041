/* Callbacks: on_done and on_cancel, called once, before the call that ended
 * the thing returns, under no lock, and taken back for certain. */
/* Elsewhere, and here:
 * test_future.py:
 *   test_done_callback_with_result
 *   -> on_done.is_called_by_the_thread_that_ends_it_before_that_call_returns
 *   test_done_callback_with_exception -> on_done.is_called_however_it_ends
 *   test_done_callback_with_cancel -> on_done.is_called_however_it_ends
 *   test_done_callback_already_successful
 *   -> on_done.of_an_ended_future_is_called_at_once_in_the_caller
 *   test_done_callback_already_failed
 *   -> on_done.of_an_ended_future_is_told_however_it_ended
 *   test_done_callback_already_cancelled
 *   -> on_done.of_an_ended_future_is_told_however_it_ended
 *   test_done_callback_raises -> error_abort.in_a_hook
 *   test_done_callback_raises_already_succeeded -> error_abort.in_a_hook
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

struct called {
    atomic_int count;
    futures_future *future;
    futures_status status;
    pthread_t thread;
};

static void note(void *arg, futures_future *future)
{
    struct called *called = arg;
    called->future = future;
    called->status = futures_poll(future);
    called->thread = pthread_self();
    atomic_fetch_add(&called->count, 1);
}

Test(on_done, is_called_by_the_thread_that_ends_it_before_that_call_returns)
{
    struct called called = {0};
    futures_hook hook;
    futures_future *promise = futures_promise(NULL, NULL);
    cr_assert_eq(futures_on_done(promise, &hook, note, &called), FUTURES_OK);
    cr_assert_eq(atomic_load(&called.count), 0);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&called.count), 1);
    cr_assert_eq(called.future, promise);
    cr_assert_eq(called.status, FUTURES_OK);
    cr_assert(pthread_equal(called.thread, pthread_self()));
    futures_release(promise);
    cr_assert_eq(atomic_load(&called.count), 1);
}

/* row 26 */
Test(on_done, of_an_ended_future_is_called_at_once_in_the_caller)
{
    struct called called = {0};
    futures_hook hook;
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, return_arg, NULL);
    futures_wait(future, FUTURES_NEVER);
    cr_assert_eq(futures_on_done(future, &hook, note, &called), FUTURES_OK);
    cr_assert_eq(atomic_load(&called.count), 1);
    cr_assert(pthread_equal(called.thread, pthread_self()));
    futures_release(future);
    futures_pool_destroy(pool);
}

/* row 26 */
Test(on_done, of_an_ended_future_is_told_however_it_ended)
{
    struct called called[2] = {{0}, {0}};
    futures_hook hooks[2];
    futures_future *promises[2] = {futures_promise(NULL, NULL),
                                   futures_promise(NULL, NULL)};
    futures_reject(promises[0], EIO, "no");
    futures_cancel(promises[1]);
    futures_on_done(promises[0], &hooks[0], note, &called[0]);
    futures_on_done(promises[1], &hooks[1], note, &called[1]);
    cr_assert_eq(called[0].status, FUTURES_FAILED);
    cr_assert_eq(called[1].status, FUTURES_CANCELLED);
    futures_release_all(promises, 2);
}

Test(on_done, is_called_however_it_ends)
{
    struct called rejected = {0};
    struct called cancelled = {0};
    futures_hook hooks[2];
    futures_future *promises[2] = {futures_promise(NULL, NULL),
                                   futures_promise(NULL, NULL)};
    futures_on_done(promises[0], &hooks[0], note, &rejected);
    futures_on_done(promises[1], &hooks[1], note, &cancelled);
    futures_reject(promises[0], EIO, "no");
    futures_cancel(promises[1]);
    cr_assert_eq(rejected.status, FUTURES_FAILED);
    cr_assert_eq(cancelled.status, FUTURES_CANCELLED);
    futures_release_all(promises, 2);
}

Test(on_done, of_a_task_is_called_on_its_worker_before_it_is_idle)
{
    struct called called = {0};
    struct gate gate;
    futures_hook hook;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_future *future = futures_submit(pool, gate_task, &gate);
    cr_assert_eq(futures_on_done(future, &hook, note, &called), FUTURES_OK);
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&called.count), 1);
    cr_assert_eq(called.status, FUTURES_OK);
    cr_assert(!pthread_equal(called.thread, pthread_self()));
    futures_release(future);
    gate_destroy(&gate);
}

Test(on_done, every_hook_of_a_future_is_called_once)
{
    enum { HOOKS = 50 };
    static struct called called[HOOKS];
    futures_hook hooks[HOOKS];
    futures_future *promise = futures_promise(NULL, NULL);
    for (int i = 0; i < HOOKS; i++)
        futures_on_done(promise, &hooks[i], note, &called[i]);
    futures_resolve(promise, NULL);
    for (int i = 0; i < HOOKS; i++)
        cr_assert_eq(atomic_load(&called[i].count), 1);
    futures_release(promise);
}

Test(on_done, refuses_a_missing_hook_or_function)
{
    struct called called = {0};
    futures_hook hook;
    futures_future *promise = futures_promise(NULL, NULL);
    cr_assert_eq(futures_on_done(NULL, &hook, note, &called), FUTURES_INVALID);
    cr_assert_eq(futures_on_done(promise, NULL, note, &called),
                 FUTURES_INVALID);
    cr_assert_eq(futures_on_done(promise, &hook, NULL, &called),
                 FUTURES_INVALID);
    futures_resolve(promise, NULL);
    cr_assert_eq(atomic_load(&called.count), 0);
    futures_release(promise);
}

struct again {
    futures_hook hook;
    futures_future *next;
    int calls;
};

static void use_the_hook_again(void *arg, futures_future *future)
{
    struct again *again = arg;
    (void)future;
    again->calls++;
    if (again->next != NULL) {
        futures_future *next = again->next;
        again->next = NULL;
        futures_on_done(next, &again->hook, use_the_hook_again, again);
    }
}

Test(on_done, a_hook_may_be_used_again_inside_its_callback)
{
    futures_future *first = futures_promise(NULL, NULL);
    struct again again = {.next = futures_promise(NULL, NULL)};
    futures_future *second = again.next;
    futures_on_done(first, &again.hook, use_the_hook_again, &again);
    futures_resolve(first, NULL);
    cr_assert_eq(again.calls, 1);
    futures_resolve(second, NULL);
    cr_assert_eq(again.calls, 2);
    futures_release(first);
    futures_release(second);
}

struct unlocked {
    futures_pool *pool;
    futures_hook second_hook;
    struct called second;
    futures_status wait;
    futures_status cancel;
    futures_status submitted;
};

/* Each call would hang if the callback ran under a lock of the future. */
static void call_everything(void *arg, futures_future *future)
{
    struct unlocked *unlocked = arg;
    unlocked->wait = futures_wait(future, FUTURES_NEVER);
    unlocked->cancel = futures_cancel(future);
    futures_on_done(future, &unlocked->second_hook, note, &unlocked->second);
    futures_release(futures_retain(future));
    futures_future *other = futures_submit(unlocked->pool, return_arg, NULL);
    unlocked->submitted = futures_wait(other, FUTURES_NEVER);
    futures_release(other);
}

static void check_unlocked(struct unlocked *unlocked)
{
    cr_assert_eq(unlocked->wait, FUTURES_OK);
    cr_assert_eq(unlocked->cancel, FUTURES_OK);
    cr_assert_eq(unlocked->submitted, FUTURES_OK);
    cr_assert_eq(atomic_load(&unlocked->second.count), 1);
}

/* row 26 */
Test(on_done, is_never_called_under_a_lock)
{
    futures_pool *pool = pool_of(1);
    struct unlocked pending = {.pool = pool};
    struct unlocked ended = {.pool = pool};
    futures_hook hooks[2];
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &hooks[0], call_everything, &pending);
    futures_resolve(promise, NULL);
    check_unlocked(&pending);
    futures_on_done(promise, &hooks[1], call_everything, &ended);
    check_unlocked(&ended);
    futures_release(promise);
    futures_pool_destroy(pool);
}

static void drop(void *arg, futures_future *future)
{
    futures_release(future);
    note(arg, future);
}

/* row 27 */
Test(on_done, may_drop_the_last_reference)
{
    struct called called[3] = {{0}, {0}, {0}};
    futures_hook hooks[3];
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &hooks[0], note, &called[0]);
    futures_on_done(promise, &hooks[1], drop, &called[1]);
    futures_on_done(promise, &hooks[2], note, &called[2]);
    futures_resolve(promise, NULL);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(atomic_load(&called[i].count), 1);
        cr_assert_eq(called[i].status, FUTURES_OK);
    }
}

/* row 27 */
Test(on_done, of_a_task_may_drop_the_last_reference)
{
    struct counted counted = {0};
    struct called called = {0};
    struct gate gate;
    futures_hook hook;
    gate_init(&gate);
    futures_task_options options = counted_options();
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    futures_on_done(future, &hook, drop, &called);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(called.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    gate_destroy(&gate);
}
