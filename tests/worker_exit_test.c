/* row 47: a task that calls pthread_exit. Its thread is gone, so every task on
 * that thread's stack ends FAILED and its waiters wake; the worker's stop hook
 * runs on the dying thread and another thread takes its place. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/helpers.h"

struct hooks {
    atomic_int started;
    atomic_int stopped;
    atomic_int stopped_elsewhere;
};

static int start(void *context, unsigned worker, void **data)
{
    struct hooks *hooks = context;
    pthread_t *self = malloc(sizeof *self);
    (void)worker;
    if (self == NULL)
        return -1;
    *self = pthread_self();
    *data = self;
    atomic_fetch_add(&hooks->started, 1);
    return 0;
}

static void stop(void *context, unsigned worker, void *data)
{
    struct hooks *hooks = context;
    (void)worker;
    if (!pthread_equal(*(pthread_t *)data, pthread_self()))
        atomic_fetch_add(&hooks->stopped_elsewhere, 1);
    free(data);
    atomic_fetch_add(&hooks->stopped, 1);
}

static futures_pool *hooked_pool(struct hooks *hooks, unsigned workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.worker_start = start;
    options.worker_stop = stop;
    options.context = hooks;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

static void *leave_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

Test(pthread_exit, ends_the_task_failed_and_frees_its_argument)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    options.name = "leaver";
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit_with(pool, leave_thread, &counted, &options);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    const futures_error *error = futures_error_of(future);
    cr_assert_not_null(error);
    cr_assert_neq(error->code, 0);
    cr_assert_str_eq(error->task, "leaver");
    cr_assert_null(futures_value(future));
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
}

Test(pthread_exit, worker_is_replaced_and_the_pool_works_on)
{
    enum { TIMES = 20 };
    struct hooks hooks = {.started = 0};
    futures_pool *pool = hooked_pool(&hooks, 1);
    for (int i = 0; i < TIMES; i++) {
        futures_future *futures[2] = {
            futures_submit(pool, leave_thread, NULL),
            futures_submit(pool, return_arg, &hooks)};
        cr_assert_eq(futures_wait(futures[1], FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq(futures_wait(futures[0], FUTURES_NEVER), FUTURES_FAILED);
        futures_release_all(futures, 2);
    }
    cr_assert_eq(futures_pool_workers(pool), 1);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&hooks.started), TIMES + 1);
    cr_assert_eq(atomic_load(&hooks.stopped), TIMES + 1);
    cr_assert_eq(atomic_load(&hooks.stopped_elsewhere), 0);
}

struct nested {
    futures_future *inner;
    futures_future *queued;
};

static void *gather_a_leaver(void *arg)
{
    struct nested *nested = arg;
    futures_pool *pool = futures_current_pool();
    nested->queued = futures_submit(pool, return_arg, arg);
    nested->inner = futures_submit(pool, leave_thread, NULL);
    futures_wait(nested->inner, FUTURES_NEVER);
    return arg;
}

Test(pthread_exit, ends_every_task_on_the_stack_of_its_thread)
{
    struct nested nested = {NULL, NULL};
    futures_pool *pool = pool_of(1);
    futures_future *outer = futures_submit(pool, gather_a_leaver, &nested);
    cr_assert_eq(futures_wait(outer, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_wait(nested.inner, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(futures_wait(nested.queued, FUTURES_NEVER), FUTURES_OK,
                 "what only was queued there runs");
    cr_assert_not_null(futures_error_of(outer));
    cr_assert_not_null(futures_error_of(nested.inner));
    futures_release(nested.inner);
    futures_release(nested.queued);
    futures_release(outer);
    futures_pool_destroy(pool);
}

static void *wait_for(void *future)
{
    futures_status status = futures_wait(future, FUTURES_NEVER);
    return status == FUTURES_FAILED ? future : NULL;
}

static void *leave_after_gate(void *gate)
{
    gate_pass(gate);
    pthread_exit(NULL);
}

Test(pthread_exit, wakes_waiters_outside_and_on_workers)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    futures_future *leaver = futures_submit(pool, leave_after_gate, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *waiter = futures_submit(pool, wait_for, leaver);
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for, leaver);
    gate_open(&gate);
    void *woke;
    pthread_join(thread, &woke);
    cr_assert_eq(woke, (void *)leaver);
    cr_assert_eq(futures_wait(waiter, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(waiter), (void *)leaver);
    futures_release(waiter);
    futures_release(leaver);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void count_handler(void *count)
{
    ++*(int *)count;
}

struct cleanups {
    int ours;
    int system;
};

static void *leave_with_cleanups(void *arg)
{
    struct cleanups *cleanups = arg;
    futures_cleanup cleanup;
    futures_defer(&cleanup, count_handler, &cleanups->ours);
    pthread_cleanup_push(count_handler, &cleanups->system);
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
}

Test(pthread_exit, runs_the_systems_cleanup_handlers_and_none_of_ours)
{
    struct cleanups cleanups = {0, 0};
    futures_pool *pool = pool_of(1);
    futures_future *future =
        futures_submit(pool, leave_with_cleanups, &cleanups);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_FAILED);
    cr_assert_eq(cleanups.system, 1);
    cr_assert_eq(cleanups.ours, 0);
    futures_release(future);
    futures_pool_destroy(pool);
}

Test(pthread_exit, in_a_draining_pool_leaves_it_able_to_drain)
{
    enum { MANY = 40 };
    atomic_int ran = 0;
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(2);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < MANY; i++) {
        futures_submit_detached(pool, count_task, &ran, NULL);
        futures_submit_detached(pool, leave_thread, NULL, NULL);
    }
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&ran), MANY);
    gate_destroy(&gate);
}

static void count_unhandled(void *heard, const futures_error *error)
{
    (void)error;
    count_one(heard);
}

static void *submit_one_that_leaves(void *pool)
{
    return futures_submit(pool, leave_thread, NULL);
}

/* Nobody gets the future, whose error is heard as it is let go of. */
Test(pthread_exit, in_a_task_that_the_submit_runs_loses_nothing)
{
    atomic_int heard = 0;
    struct gate gate;
    pthread_t submitter;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    gate_init(&gate);
    options.workers = 1;
    options.queue_limit = 1;
    options.overflow = FUTURES_OVERFLOW_RUN;
    options.unhandled = count_unhandled;
    options.context = &heard;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_submit_detached(pool, gate_task, &gate, NULL);
    cr_assert_eq(
        pthread_create(&submitter, NULL, submit_one_that_leaves, pool), 0);
    pthread_join(submitter, NULL);
    cr_assert_eq(atomic_load(&heard), 1);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
