/* The promise: kept once by one of many, broken, cancelled, timed out, or let
 * go; and who owns the value on each of these ways. */
/* Elsewhere, and here:
 * test_futures.py:
 *   test_cancel -> promise.cannot_be_kept_after_a_cancel
 *   test_set_result_unless_cancelled -> promise.cannot_be_kept_after_a_cancel
 *   test_result -> promise.ends_with_the_value_it_is_resolved_with
 *   test_exception -> promise.rejected_carries_its_error
 *   test_tb_logger_abandoned
 *   -> promise.let_go_by_its_last_holder_ends_cancelled_without_on_cancel
 * test_tasks.py:
 *   test_task_set_methods -> promise.what_is_none_cannot_be_kept
 *   test_log_destroyed_pending_task
 *   -> promise.let_go_by_its_last_holder_ends_cancelled_without_on_cancel
 * test_future.py:
 *   test_multiple_set_result
 *   -> promise.is_kept_once_and_a_later_value_stays_the_callers
 *   test_multiple_set_exception
 *   -> promise.is_rejected_once_and_the_first_error_stays
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"

static futures_future *counted_promise(struct counted *counted)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.on_cancel = counted_arg_free;
    options.arg = counted;
    options.value_free = counted_value_free;
    return futures_promise_with(&options);
}

Test(promise, ends_with_the_value_it_is_resolved_with)
{
    struct counted counted = {0};
    futures_future *promise = counted_promise(&counted);
    cr_assert_eq(futures_poll(promise), FUTURES_PENDING);
    cr_assert_eq(futures_wait(promise, FUTURES_POLL), FUTURES_TIMEOUT);
    cr_assert_eq(futures_resolve(promise, &counted), FUTURES_OK);
    cr_assert_eq(futures_poll(promise), FUTURES_OK);
    cr_assert_eq(futures_value(promise), (void *)&counted);
    futures_release(promise);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    cr_assert_eq(atomic_load(&counted.arg_freed), 0, "was not cancelled");
}

Test(promise, without_options_frees_no_value)
{
    struct counted counted = {0};
    futures_future *plain = futures_promise(NULL, NULL);
    futures_future *with = futures_promise_with(NULL);
    cr_assert_eq(futures_resolve(plain, &counted), FUTURES_OK);
    cr_assert_eq(futures_resolve(with, NULL), FUTURES_OK);
    cr_assert_eq(futures_value(plain), (void *)&counted);
    cr_assert_null(futures_value(with));
    futures_release(plain);
    futures_release(with);
}

Test(promise, a_taken_value_is_the_takers)
{
    struct counted counted = {0};
    futures_future *promise = counted_promise(&counted);
    cr_assert_eq(futures_resolve(promise, &counted), FUTURES_OK);
    cr_assert_eq(futures_take(promise), (void *)&counted);
    futures_release(promise);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
}

/* row 28 */
Test(promise, is_kept_once_and_a_later_value_stays_the_callers)
{
    struct counted first = {0};
    struct counted second = {0};
    futures_future *promise = counted_promise(&first);
    cr_assert_eq(futures_resolve(promise, &first), FUTURES_OK);
    cr_assert_eq(futures_resolve(promise, &second), FUTURES_INVALID);
    cr_assert_eq(futures_reject(promise, EIO, "late"), FUTURES_INVALID);
    cr_assert_eq(futures_value(promise), (void *)&first);
    cr_assert_null(futures_error_of(promise));
    futures_release(promise);
    cr_assert_eq(atomic_load(&first.value_freed), 1);
    cr_assert_eq(atomic_load(&second.value_freed), 0);
}

/* row 28 */
Test(promise, cannot_be_kept_after_a_cancel)
{
    struct counted counted = {0};
    futures_future *promise = counted_promise(&counted);
    cr_assert_eq(futures_cancel(promise), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1, "on_cancel ran");
    cr_assert_eq(futures_resolve(promise, &counted), FUTURES_INVALID);
    cr_assert_eq(futures_reject(promise, EIO, "late"), FUTURES_INVALID);
    cr_assert_eq(futures_cancel(promise), FUTURES_CANCELLED);
    cr_assert_eq(futures_poll(promise), FUTURES_CANCELLED);
    cr_assert_null(futures_value(promise));
    futures_release(promise);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1, "once");
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
}

struct resolvers {
    futures_future *promise;
    struct gate gate;
    struct counted values[8];
    atomic_int next;
    atomic_int won;
};

static void *resolve_own(void *arg)
{
    struct resolvers *resolvers = arg;
    int own = atomic_fetch_add(&resolvers->next, 1);
    gate_pass(&resolvers->gate);
    if (own == 7)
        futures_cancel(resolvers->promise);
    else if (futures_resolve(resolvers->promise, &resolvers->values[own]) ==
             FUTURES_OK)
        atomic_fetch_add(&resolvers->won, 1);
    return NULL;
}

static void race_resolvers(void)
{
    struct resolvers resolvers = {.promise = NULL};
    pthread_t threads[8];
    gate_init(&resolvers.gate);
    resolvers.promise = counted_promise(&resolvers.values[7]);
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, resolve_own, &resolvers);
    gate_open(&resolvers.gate);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    int freed = 0;
    futures_status end = futures_poll(resolvers.promise);
    futures_release(resolvers.promise);
    for (int i = 0; i < 7; i++)
        freed += atomic_load(&resolvers.values[i].value_freed);
    int cancelled = atomic_load(&resolvers.values[7].arg_freed);
    cr_assert_eq(atomic_load(&resolvers.won) + cancelled, 1);
    cr_assert_eq(end, cancelled ? FUTURES_CANCELLED : FUTURES_OK);
    cr_assert_eq(freed, atomic_load(&resolvers.won));
    gate_destroy(&resolvers.gate);
}

/* row 28 */
Test(promise, of_many_racing_resolvers_exactly_one_wins)
{
    for (int round = 0; round < 200; round++)
        race_resolvers();
}

Test(promise, rejected_carries_its_error)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.name = "answer";
    futures_future *promise = futures_promise_with(&options);
    cr_assert_eq(futures_reject(promise, EPIPE, "line %d", 7), FUTURES_OK);
    cr_assert_eq(futures_poll(promise), FUTURES_FAILED);
    const futures_error *error = futures_error_of(promise);
    cr_assert_not_null(error);
    cr_assert_eq(error->code, EPIPE);
    cr_assert_str_eq(error->message, "line 7");
    cr_assert_str_eq(error->task, "answer");
    cr_assert_str_eq(error->file, "");
    cr_assert_eq(error->line, 0);
    cr_assert_str_eq(error->function, "");
    cr_assert_null(error->cause);
    cr_assert_null(futures_value(promise));
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_INVALID);
    futures_release(promise);
}

Test(promise, rejected_with_code_zero_is_einval)
{
    futures_future *promise = futures_promise(NULL, NULL);
    cr_assert_eq(futures_reject(promise, 0, "nothing"), FUTURES_OK);
    cr_assert_eq(futures_error_of(promise)->code, EINVAL);
    futures_release(promise);
}

Test(promise, a_message_too_long_is_cut)
{
    static char text[5000];
    memset(text, 'x', sizeof text - 1);
    futures_future *promise = futures_promise(NULL, NULL);
    cr_assert_eq(futures_reject(promise, EIO, "%s", text), FUTURES_OK);
    cr_assert_eq(strlen(futures_error_of(promise)->message),
                 FUTURES_MESSAGE_MAX);
    futures_release(promise);
}

Test(promise, what_is_none_cannot_be_kept)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    cr_assert(saturate(pool, &gate));
    futures_future *task = futures_submit(pool, return_arg, &gate);
    cr_assert_eq(futures_resolve(NULL, &gate), FUTURES_INVALID);
    cr_assert_eq(futures_reject(NULL, EIO, "none"), FUTURES_INVALID);
    cr_assert_eq(futures_resolve(task, NULL), FUTURES_INVALID);
    cr_assert_eq(futures_reject(task, EIO, "none"), FUTURES_INVALID);
    gate_open(&gate);
    cr_assert_eq(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), (void *)&gate);
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(promise, of_options_that_cannot_be_read_is_invalid)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.size = 0;
    futures_future *promise = futures_promise_with(&options);
    cr_assert_not_null(promise);
    cr_assert_eq(futures_poll(promise), FUTURES_INVALID);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_INVALID);
    futures_release(promise);
}

struct on_cancel_seen {
    futures_future *promise;
    futures_status poll;
    futures_status resolve;
};

static void resolve_in_on_cancel(void *arg)
{
    struct on_cancel_seen *seen = arg;
    seen->poll = futures_poll(seen->promise);
    seen->resolve = futures_resolve(seen->promise, seen);
}

/* row 28 */
Test(promise, is_lost_to_its_resolver_from_on_cancel_on)
{
    struct on_cancel_seen seen = {NULL, FUTURES_OK, FUTURES_OK};
    seen.promise = futures_promise(resolve_in_on_cancel, &seen);
    cr_assert_eq(futures_cancel(seen.promise), FUTURES_CANCELLED);
    cr_assert_eq(seen.poll, FUTURES_PENDING);
    cr_assert_eq(seen.resolve, FUTURES_INVALID);
    cr_assert_eq(futures_poll(seen.promise), FUTURES_CANCELLED);
    futures_release(seen.promise);
}

Test(promise, deadline_cancels_it_with_etimedout)
{
    struct counted counted = {0};
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.on_cancel = counted_arg_free;
    options.arg = &counted;
    options.deadline = futures_in_ms(5);
    futures_future *promise = futures_promise_with(&options);
    cr_assert_eq(futures_wait(promise, futures_in_ms(EVENTUALLY_MS)),
                 FUTURES_CANCELLED);
    cr_assert_geq(futures_now(), options.deadline);
    cr_assert_eq(futures_error_of(promise)->code, ETIMEDOUT);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(futures_resolve(promise, NULL), FUTURES_INVALID);
    futures_release(promise);
}

Test(promise, kept_before_its_deadline_stays_kept)
{
    struct counted counted = {0};
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.on_cancel = counted_arg_free;
    options.arg = &counted;
    options.deadline = futures_in_ms(10);
    futures_future *promise = futures_promise_with(&options);
    futures_status kept = futures_resolve(promise, &counted);
    futures_status end = futures_poll(promise);
    futures_sleep(options.deadline + 5000000);
    cr_assert_eq(futures_poll(promise), end);
    cr_assert_eq(kept == FUTURES_OK, end == FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.arg_freed), end == FUTURES_CANCELLED);
    futures_release(promise);
}

static void note_status(void *status, futures_future *future)
{
    *(futures_status *)status = futures_poll(future);
}

Test(promise, let_go_by_its_last_holder_ends_cancelled_without_on_cancel)
{
    struct counted counted = {0};
    futures_hook hook;
    futures_status end = FUTURES_PENDING;
    futures_future *promise = counted_promise(&counted);
    cr_assert_eq(futures_on_done(promise, &hook, note_status, &end),
                 FUTURES_OK);
    futures_release(promise);
    cr_assert_eq(end, FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 0);
}

static void *wait_for(void *promise)
{
    futures_status status = futures_wait(promise, FUTURES_NEVER);
    return status == FUTURES_OK ? futures_value(promise) : NULL;
}

Test(promise, wakes_waiters_outside_and_on_workers)
{
    enum { WAITERS = 3 };
    futures_pool *pool = pool_of(WAITERS);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *tasks[WAITERS];
    pthread_t thread;
    for (int i = 0; i < WAITERS; i++)
        tasks[i] = futures_submit(pool, wait_for, promise);
    pthread_create(&thread, NULL, wait_for, promise);
    futures_stats stats = FUTURES_STATS_INIT;
    eventually((futures_pool_stats(pool, &stats), stats.waiting == WAITERS));
    cr_assert_eq(futures_resolve(promise, &thread), FUTURES_OK);
    void *value;
    pthread_join(thread, &value);
    cr_assert_eq(value, (void *)&thread);
    cr_assert_eq(futures_gather(tasks, WAITERS, NULL, NULL), FUTURES_OK);
    for (int i = 0; i < WAITERS; i++)
        cr_assert_eq(futures_value(tasks[i]), (void *)&thread);
    futures_release_all(tasks, WAITERS);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(promise, needs_no_pool)
{
    futures_future *promises[2] = {futures_promise(NULL, NULL),
                                   futures_promise(NULL, NULL)};
    futures_outcome outcomes[2];
    cr_assert_eq(futures_resolve(promises[1], promises), FUTURES_OK);
    cr_assert_eq(futures_resolve(promises[0], outcomes), FUTURES_OK);
    cr_assert_eq(futures_gather(promises, 2, outcomes, NULL), FUTURES_OK);
    cr_assert_eq(outcomes[0].value, (void *)outcomes);
    cr_assert_eq(outcomes[1].value, (void *)promises);
    futures_release_all(promises, 2);
}

/* row 28 */
Test(promise, is_rejected_once_and_the_first_error_stays)
{
    struct counted counted = {0};
    futures_future *promise = counted_promise(&counted);
    cr_assert_eq(futures_reject(promise, EIO, "first"), FUTURES_OK);
    cr_assert_eq(futures_reject(promise, EPERM, "second"), FUTURES_INVALID);
    cr_assert_eq(futures_resolve(promise, &counted), FUTURES_INVALID);
    cr_assert_eq(futures_error_of(promise)->code, EIO);
    cr_assert_str_eq(futures_error_of(promise)->message, "first");
    futures_release(promise);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
}
