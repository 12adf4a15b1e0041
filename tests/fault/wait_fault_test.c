/* row 51: malloc fails at the k-th call, for every k, in what waits, ends or
 * fails. An error keeps its code without memory; a gather that cannot be set
 * up has touched nothing; what need not allocate does not. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

enum { FEW = 4 };

static void count_done(void *context, size_t index,
                       const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    ++*(int *)context;
}

static void gather_with_on_done(void)
{
    int done = 0;
    futures_future *promises[FEW];
    futures_outcome outcomes[FEW];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    options.on_done = count_done;
    options.context = &done;
    for (int i = 0; i < FEW; i++)
        promises[i] = futures_promise(NULL, NULL);
    expect(futures_resolve(promises[0], &done) == FUTURES_OK);
    sweep_begin();
    futures_status status = futures_gather(promises, FEW, outcomes, &options);
    bool met = sweep_end();
    expect(status == FUTURES_TIMEOUT || (met && status == FUTURES_NOMEM));
    expect(done == (status == FUTURES_NOMEM ? 0 : 1));
    for (int i = 1; i < FEW; i++)
        expect(futures_resolve(promises[i], NULL) == FUTURES_OK);
    expect(futures_gather(promises, FEW, outcomes, &options) == FUTURES_OK);
    futures_release_all(promises, FEW);
}

/* row 51 */
Test(no_memory, for_the_callbacks_of_a_gather)
{
    sweep(FAULT_MEMORY, gather_with_on_done);
}

struct other_waiter {
    futures_future **promises;
    futures_pool *pool;
};

static void *gather_them(void *arg)
{
    struct other_waiter *waiter = arg;
    futures_status status = futures_gather(waiter->promises, FEW, NULL, NULL);
    return status == FUTURES_OK ? arg : NULL;
}

/* Each promise has a waiter already when the failing call comes. */
static void wait_for_what_others_wait_for(void)
{
    futures_future *promises[FEW];
    futures_stats stats = FUTURES_STATS_INIT;
    for (int i = 0; i < FEW; i++)
        promises[i] = futures_promise(NULL, NULL);
    struct other_waiter waiter = {promises, pool_of(1)};
    futures_future *first = futures_submit(waiter.pool, gather_them, &waiter);
    while (stats.waiting == 0) {
        nap_ms(1);
        futures_pool_stats(waiter.pool, &stats);
    }
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    sweep_begin();
    futures_status waited = futures_wait(promises[0], FUTURES_POLL);
    futures_status status = futures_gather(promises, FEW, NULL, &options);
    bool met = sweep_end();
    expect(waited == FUTURES_TIMEOUT);
    expect(status == FUTURES_TIMEOUT || (met && status == FUTURES_NOMEM));
    for (int i = 0; i < FEW; i++)
        expect(futures_poll(promises[i]) == FUTURES_PENDING);
    for (int i = 0; i < FEW; i++)
        expect(futures_resolve(promises[i], NULL) == FUTURES_OK);
    expect(futures_wait(first, FUTURES_NEVER) == FUTURES_OK);
    expect(futures_value(first) == (void *)&waiter);
    futures_release(first);
    futures_release_all(promises, FEW);
    futures_pool_destroy(waiter.pool);
}

/* row 51 */
Test(no_memory, for_a_gather_of_what_others_wait_for_touches_nothing)
{
    sweep(FAULT_MEMORY, wait_for_what_others_wait_for);
}

static void *gather_children(void *done)
{
    futures_pool *pool = futures_current_pool();
    futures_future *children[FEW];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = futures_in_ms(100000);
    options.on_done = count_done;
    options.context = done;
    for (int i = 0; i < FEW; i++)
        children[i] = futures_submit(pool, return_arg, NULL);
    sweep_begin();
    futures_status status = futures_gather(children, FEW, NULL, &options);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    expect(*(int *)done == (status == FUTURES_OK ? FEW : 0));
    expect(futures_gather(children, FEW, NULL, NULL) == FUTURES_OK);
    futures_release_all(children, FEW);
    return done;
}

static void gather_in_a_task(void)
{
    int done = 0;
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, gather_children, &done);
    expect(futures_wait(task, FUTURES_NEVER) == FUTURES_OK);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_gather_inside_a_task_touches_nothing)
{
    sweep(FAULT_MEMORY, gather_in_a_task);
}

static void *stop_in_every_way(void *status)
{
    sweep_begin();
    *(futures_status *)status = futures_sleep(FUTURES_NEVER);
    futures_checkpoint();
    return NULL;
}

static void cancel_a_running_task(void)
{
    futures_status slept = FUTURES_OK;
    futures_stats stats = FUTURES_STATS_INIT;
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, stop_in_every_way, &slept);
    while (stats.running == 0) {
        nap_ms(1);
        futures_pool_stats(pool, &stats);
    }
    futures_status asked = futures_cancel(task);
    futures_status end = futures_wait(task, FUTURES_NEVER);
    expect(!sweep_end());
    expect(asked == FUTURES_PENDING);
    expect(end == FUTURES_CANCELLED);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, is_needed_to_stop_a_running_task)
{
    cr_assert_eq(sweep(FAULT_MEMORY, cancel_a_running_task), 0);
}

static void *throw_without_memory(void *arg)
{
    (void)arg;
    sweep_begin();
    futures_throw(EPIPE, "a message of %d words", 5);
}

static void check_code(futures_future *future, int code)
{
    expect(futures_wait(future, FUTURES_NEVER) == FUTURES_FAILED);
    sweep_end();
    const futures_error *error = futures_error_of(future);
    expect(error != NULL);
    expect(error->code == code);
    expect(error->message != NULL);
    expect(error->task != NULL);
    expect(error->file[0] != '\0');
    expect(error->line > 0);
    expect(error->function[0] != '\0');
    futures_release(future);
}

static void throw_in_a_task(void)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.name = "thrower";
    futures_pool *pool = pool_of(1);
    check_code(futures_submit_with(pool, throw_without_memory, NULL, &options),
               EPIPE);
    futures_future *after = futures_submit(pool, return_arg, NULL);
    expect(futures_wait(after, FUTURES_NEVER) == FUTURES_OK);
    futures_release(after);
    futures_pool_destroy(pool);
}

/* rows 49 and 51 */
Test(no_memory, for_a_throw_keeps_its_code_and_place)
{
    cr_assert_gt(sweep(FAULT_MEMORY, throw_in_a_task), 0);
}

static void *fail_from_inner(void *arg)
{
    futures_pool *pool = futures_current_pool();
    futures_future *inner = futures_submit(pool, throw_without_memory, arg);
    futures_wait(inner, FUTURES_NEVER);
    futures_fail_from(futures_error_of(inner), EBUSY, "because of %s", "it");
    futures_release(inner);
    return NULL;
}

static void fail_with_a_cause(void)
{
    futures_pool *pool = pool_of(1);
    check_code(futures_submit(pool, fail_from_inner, NULL), EBUSY);
    futures_pool_destroy(pool);
}

/* rows 49 and 51 */
Test(no_memory, for_a_failure_with_a_cause_keeps_its_code_and_place)
{
    cr_assert_gt(sweep(FAULT_MEMORY, fail_with_a_cause), 0);
}

static void reject_promise(void)
{
    futures_future *promise = futures_promise(NULL, NULL);
    sweep_begin();
    futures_status status = futures_reject(promise, EIO, "no %s", "more");
    sweep_end();
    expect(status == FUTURES_OK);
    expect(futures_poll(promise) == FUTURES_FAILED);
    expect(futures_error_of(promise)->code == EIO);
    expect(futures_error_of(promise)->message != NULL);
    futures_release(promise);
}

/* row 51 */
Test(no_memory, for_a_rejection_keeps_its_code)
{
    cr_assert_gt(sweep(FAULT_MEMORY, reject_promise), 0);
}

static void cancel_token(void)
{
    struct gate gate;
    struct counted counted = {0};
    futures_token *token;
    futures_task_options options = counted_options();
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    expect(futures_token_create(&token, NULL, FUTURES_NEVER) == FUTURES_OK);
    expect(saturate(pool, &gate));
    options.token = token;
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    sweep_begin();
    futures_token_cancel(token, EINTR, "the user pressed the key");
    sweep_end();
    expect(futures_token_cancelled(token));
    expect(futures_poll(future) == FUTURES_CANCELLED);
    expect(atomic_load(&counted.arg_freed) == 1);
    const futures_error *reason = futures_error_of(future);
    expect(reason == NULL || reason->code == EINTR);
    gate_open(&gate);
    futures_release(future);
    futures_token_release(token);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
    expect(atomic_load(&counted.ran) == 0);
}

/* row 51 */
Test(no_memory, for_a_reason_stops_no_token_from_firing)
{
    cr_assert_gt(sweep(FAULT_MEMORY, cancel_token), 0);
}

static void note_done(void *count, futures_future *future)
{
    (void)future;
    ++*(int *)count;
}

/* The calls that have no way to say NOMEM. */
static void end_and_look(void)
{
    int done = 0;
    char text[64];
    futures_hook hooks[3];
    futures_outcome outcome;
    futures_stats stats = FUTURES_STATS_INIT;
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *other = futures_promise(NULL, NULL);
    sweep_begin();
    for (int i = 0; i < 3; i++)
        futures_on_done(promise, &hooks[i], note_done, &done);
    futures_off_done(promise, &hooks[2]);
    futures_status resolved = futures_resolve(promise, text);
    futures_status cancelled = futures_cancel(other);
    futures_status waited = futures_wait(promise, FUTURES_NEVER);
    futures_status gathered = futures_gather(&promise, 1, &outcome, NULL);
    futures_status nothing = futures_gather(NULL, 0, NULL, NULL);
    futures_status idle = futures_pool_wait(pool, FUTURES_NEVER);
    futures_status counted = futures_pool_stats(pool, &stats);
    futures_describe(&outcome, 1, text, sizeof text);
    futures_status closed =
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER);
    futures_release(futures_retain(promise));
    expect(!sweep_end());
    expect(resolved == FUTURES_OK && cancelled == FUTURES_CANCELLED);
    expect(waited == FUTURES_OK && gathered == FUTURES_OK);
    expect(nothing == FUTURES_OK && idle == FUTURES_OK);
    expect(counted == FUTURES_OK && closed == FUTURES_OK);
    expect(done == 2);
    futures_release(promise);
    futures_release(other);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, is_needed_for_nothing_that_ends_waits_or_looks)
{
    cr_assert_eq(sweep(FAULT_MEMORY, end_and_look), 0);
}

/* A gather without callbacks, of what nobody else waits for. */
static void gather_many(void)
{
    enum { MANY = 1000 };
    static futures_future *promises[MANY];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = FUTURES_POLL;
    for (int i = 0; i < MANY; i++)
        promises[i] = futures_promise(NULL, NULL);
    sweep_begin();
    futures_status status = futures_gather(promises, MANY, NULL, &options);
    expect(!sweep_end());
    expect(status == FUTURES_TIMEOUT);
    expect(futures_poll(promises[MANY - 1]) == FUTURES_CANCELLED);
    futures_release_all(promises, MANY);
}

/* row 51 */
Test(no_memory, is_needed_for_a_plain_gather_of_any_size)
{
    cr_assert_eq(sweep(FAULT_MEMORY, gather_many), 0);
}

/* In a build with sanitizers each future comes from the heap. */
#if !UNDER_ASAN && !UNDER_TSAN
static void submit_and_release(futures_pool *pool, int times)
{
    for (int i = 0; i < times; i++) {
        futures_future *future = futures_submit(pool, return_arg, NULL);
        expect(futures_wait(future, FUTURES_NEVER) == FUTURES_OK);
        futures_release(future);
    }
}

static void submit_at_steady_state(void)
{
    futures_pool *pool = pool_of(1);
    submit_and_release(pool, 1000);
    sweep_begin();
    submit_and_release(pool, 1000);
    expect(!sweep_end());
    futures_pool_destroy(pool);
}

Test(no_memory, is_needed_for_tasks_at_a_steady_state)
{
    cr_assert_eq(sweep(FAULT_MEMORY, submit_at_steady_state), 0);
}
#endif
