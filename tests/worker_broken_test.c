/* row 45: a worker whose start hook fails breaks its pool. Create has returned
 * long before; whatever is queued or still comes ends BROKEN, arguments are
 * freed, and the pool can be waited for, shut down and destroyed. */
/* Elsewhere, and here:
 * test_init.py:
 *   InitializerMixin.test_initializer
 *   -> worker_data.is_what_this_workers_start_gave
 *   FailingInitializerMixin.test_initializer
 *   -> broken.every_submit_answers_broken_and_frees_its_argument
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

struct failing {
    struct gate gate; /* every start hook passes it */
    unsigned fails;   /* the worker whose hook fails */
    atomic_int started;
    atomic_int stopped;
};

static int start(void *context, unsigned worker, void **data)
{
    struct failing *failing = context;
    gate_pass(&failing->gate);
    if (worker == failing->fails)
        return -1;
    *data = context;
    atomic_fetch_add(&failing->started, 1);
    return 0;
}

static void stop(void *context, unsigned worker, void *data)
{
    struct failing *failing = context;
    (void)worker;
    if (data == context)
        atomic_fetch_add(&failing->stopped, 1);
}

static void failing_init(struct failing *failing, unsigned fails)
{
    gate_init(&failing->gate);
    failing->fails = fails;
    atomic_init(&failing->started, 0);
    atomic_init(&failing->stopped, 0);
}

static futures_pool *failing_pool(struct failing *failing, unsigned workers,
                                  size_t limit)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.queue_limit = limit;
    options.worker_start = start;
    options.worker_stop = stop;
    options.context = failing;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

static void failing_destroy(struct failing *failing, futures_pool *pool)
{
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&failing->started),
                 atomic_load(&failing->stopped));
    gate_destroy(&failing->gate);
}

Test(broken, what_is_queued_before_the_hook_fails_ends_broken)
{
    enum { QUEUED = 20 };
    struct failing failing;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_future *futures[QUEUED];
    failing_init(&failing, 0);
    futures_pool *pool = failing_pool(&failing, 1, 0);
    cr_assert_not_null(pool, "create does not wait for the hooks");
    for (int i = 0; i < QUEUED; i++) {
        futures[i] =
            futures_submit_with(pool, counted_run, &counted, &options);
        cr_assert_eq(futures_poll(futures[i]), FUTURES_PENDING);
    }
    gate_open(&failing.gate);
    cr_assert_eq(futures_gather(futures, QUEUED, NULL, NULL), FUTURES_BROKEN);
    for (int i = 0; i < QUEUED; i++)
        cr_assert_eq(futures_wait(futures[i], FUTURES_NEVER), FUTURES_BROKEN);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), QUEUED);
    futures_release_all(futures, QUEUED);
    failing_destroy(&failing, pool);
    cr_assert_eq(atomic_load(&failing.stopped), 0);
}

/* A pool that is certainly broken: a future of it has ended so. */
static futures_pool *broken_pool(struct failing *failing, unsigned workers)
{
    failing_init(failing, 0);
    gate_open(&failing->gate);
    futures_pool *pool = failing_pool(failing, workers, 0);
    futures_status status = FUTURES_OK;
    while (status == FUTURES_OK) {
        futures_future *future = futures_submit(pool, return_arg, NULL);
        status = futures_wait(future, FUTURES_NEVER);
        futures_release(future);
    }
    return status == FUTURES_BROKEN ? pool : NULL;
}

Test(broken, every_submit_answers_broken_and_frees_its_argument)
{
    struct failing failing;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_pool *pool = broken_pool(&failing, 1);
    cr_assert_not_null(pool);
    futures_future *one =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_poll(one), FUTURES_BROKEN);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(
        futures_submit_detached(pool, counted_run, &counted, &options),
        FUTURES_BROKEN);
    void *args[2] = {&counted, &counted};
    futures_future *futures[2] = {one, one};
    cr_assert_eq(
        futures_submit_all(pool, counted_run, args, 2, futures, &options),
        FUTURES_BROKEN);
    cr_assert_null(futures[0]);
    cr_assert_null(futures[1]);
    cr_assert_eq(atomic_load(&counted.arg_freed), 4);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    futures_release(one);
    failing_destroy(&failing, pool);
}

Test(broken, a_broken_pool_is_idle_and_can_be_shut_down)
{
    struct failing failing;
    futures_pool *pool = broken_pool(&failing, 2);
    cr_assert_not_null(pool);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    failing_destroy(&failing, pool);
}

Test(broken, one_failed_hook_of_several_breaks_the_pool)
{
    struct failing failing;
    failing_init(&failing, 1);
    futures_pool *pool = failing_pool(&failing, 3, 0);
    cr_assert(gate_await_arrivals(&failing.gate, 3));
    futures_future *future = futures_submit(pool, gate_task, &failing.gate);
    gate_open(&failing.gate);
    futures_status status = futures_wait(future, FUTURES_NEVER);
    cr_assert(status == FUTURES_OK || status == FUTURES_BROKEN);
    futures_future *later = NULL;
    do {
        futures_release(later);
        later = futures_submit(pool, return_arg, NULL);
    } while (futures_wait(later, FUTURES_NEVER) == FUTURES_OK);
    cr_assert_eq(futures_poll(later), FUTURES_BROKEN);
    futures_release(future);
    futures_release(later);
    failing_destroy(&failing, pool);
    cr_assert_eq(atomic_load(&failing.started), 2);
}

Test(broken, what_runs_on_another_worker_meanwhile_ends_as_it_would)
{
    struct failing failing;
    struct gate task_gate;
    gate_init(&task_gate);
    failing_init(&failing, 1);
    futures_pool *pool = failing_pool(&failing, 2, 0);
    cr_assert(gate_await_arrivals(&failing.gate, 2));
    futures_future *running = futures_submit(pool, gate_task, &task_gate);
    gate_open(&failing.gate);
    futures_status status = futures_wait(running, futures_in_ms(50));
    gate_open(&task_gate);
    if (status == FUTURES_TIMEOUT)
        cr_assert_eq(futures_wait(running, FUTURES_NEVER), FUTURES_OK);
    else
        cr_assert_eq(status, FUTURES_BROKEN, "it had not started");
    futures_release(running);
    failing_destroy(&failing, pool);
    gate_destroy(&task_gate);
}

static void *submit_to(void *pool)
{
    futures_future *future = futures_submit(pool, return_arg, NULL);
    futures_status status = futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    return status == FUTURES_BROKEN ? pool : NULL;
}

Test(broken, a_submit_that_waits_for_room_ends_broken)
{
    struct failing failing;
    failing_init(&failing, 0);
    futures_pool *pool = failing_pool(&failing, 1, 1);
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, submit_to, pool);
    nap_ms(5);
    gate_open(&failing.gate);
    void *broken;
    pthread_join(thread, &broken);
    cr_assert_eq(broken, (void *)pool);
    cr_assert_eq(futures_wait(queued, FUTURES_NEVER), FUTURES_BROKEN);
    futures_release(queued);
    failing_destroy(&failing, pool);
}
