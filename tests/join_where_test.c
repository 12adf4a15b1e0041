/* Where a join can be made: in loops, in callbacks and hooks, in other pools
 * and in tasks that no worker runs. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/joins.h"

enum { ITEMS = 50 };

/* Joins two counts, wherever it is called. */
struct place {
    futures_pool *pool;
    atomic_int counter;
};

static void *join_two(void *arg)
{
    struct place *place = arg;
    futures_call calls[] = {{count_task, &place->counter},
                            {count_task, &place->counter}};
    if (futures_join(place->pool, calls, 2, NULL) != FUTURES_OK)
        futures_fail(1, "a join was not OK");
    return arg;
}

static void join_two_for_each(void *place, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        join_two(place);
}

Test(join_where, in_loops_and_maps_and_calls)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        struct place place = {.pool = pool_of(workers)};
        futures_call calls[ITEMS];
        void *args[ITEMS];
        for (size_t i = 0; i < ITEMS; i++) {
            args[i] = &place;
            calls[i] = (futures_call){join_two, &place};
        }
        assert_status(
            futures_map(place.pool, join_two, args, ITEMS, NULL, NULL),
            FUTURES_OK);
        assert_status(
            futures_for(place.pool, 0, ITEMS, 0, join_two_for_each, &place),
            FUTURES_OK);
        assert_status(futures_join(place.pool, calls, ITEMS, NULL),
                      FUTURES_OK);
        cr_assert_eq(atomic_load(&place.counter), 6 * ITEMS);
        futures_pool_destroy(place.pool);
    }
}

static void join_two_in_callback(void *arg, futures_future *future)
{
    (void)future;
    join_two(arg);
}

Test(join_where, in_a_callback_outside_and_on_a_worker)
{
    struct gate gate;
    futures_hook hook;
    struct place place = {.pool = pool_of(1)};
    futures_future *promise = futures_promise(NULL, NULL);
    futures_on_done(promise, &hook, join_two_in_callback, &place);
    futures_resolve(promise, NULL);
    cr_assert_eq(atomic_load(&place.counter), 2);
    gate_init(&gate);
    futures_future *task = futures_submit(place.pool, gate_task, &gate);
    futures_on_done(task, &hook, join_two_in_callback, &place);
    gate_open(&gate);
    assert_status(futures_pool_wait(place.pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&place.counter), 4);
    futures_release(promise);
    futures_release(task);
    futures_pool_destroy(place.pool);
    gate_destroy(&gate);
}

Test(join_where, in_a_task_of_another_pool)
{
    struct place place = {.pool = pool_of(2)};
    futures_pool *other = pool_of(1);
    futures_future *task = futures_submit(other, join_two, &place);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&place.counter), 2);
    futures_release(task);
    futures_pool_destroy(other);
    futures_pool_destroy(place.pool);
}

static int join_two_at_start(void *context, unsigned worker, void **data)
{
    (void)worker;
    *data = join_two(context);
    return 0;
}

Test(join_where, in_the_start_hook_of_another_pools_worker)
{
    struct place place = {.pool = pool_of(1)};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool;
    options.workers = 2;
    options.worker_start = join_two_at_start;
    options.context = &place;
    assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&place.counter), 4);
    futures_pool_destroy(place.pool);
}

/* One thread runs both calls, whatever others do. */
struct helped {
    futures_pool *pool;
    pthread_t threads[2];
};

static void *store_self(void *thread)
{
    *(pthread_t *)thread = pthread_self();
    return thread;
}

static void *join_stores(void *arg)
{
    struct helped *helped = arg;
    futures_call calls[] = {{store_self, &helped->threads[0]},
                            {store_self, &helped->threads[1]}};
    return futures_join(helped->pool, calls, 2, NULL) == FUTURES_OK ? arg
                                                                    : NULL;
}

Test(join_where, in_a_task_that_a_helping_thread_runs)
{
    struct gate gate;
    struct helped helped = {.pool = pool_of(1)};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.help = true;
    gate_init(&gate);
    cr_assert(saturate(helped.pool, &gate));
    futures_future *task = futures_submit(helped.pool, join_stores, &helped);
    assert_status(futures_gather(&task, 1, NULL, &options), FUTURES_OK);
    cr_assert_eq(futures_value(task), &helped);
    cr_assert(pthread_equal(helped.threads[0], pthread_self()));
    cr_assert(pthread_equal(helped.threads[1], pthread_self()));
    gate_open(&gate);
    futures_release(task);
    futures_pool_destroy(helped.pool);
    gate_destroy(&gate);
}

/* The verdict comes while a task joins, and the worker that may not run tasks
 * finds its half. */
struct breaking {
    struct gate hook; /* of the worker that fails */
    futures_pool *pool;
    atomic_int called;
};

static int fail_second(void *context, unsigned worker, void **data)
{
    struct breaking *breaking = context;
    *data = context;
    if (worker == 0)
        return 0;
    gate_pass(&breaking->hook);
    return -1;
}

static void *await_break(void *arg)
{
    struct breaking *breaking = arg;
    futures_status status;
    gate_open(&breaking->hook);
    do
        status =
            futures_submit_detached(breaking->pool, return_arg, NULL, NULL);
    while (status == FUTURES_OK);
    return status == FUTURES_BROKEN ? arg : NULL;
}

/* Long enough for the other to find something. */
static void *linger(void *arg)
{
    struct breaking *breaking = arg;
    nap_ms(2);
    atomic_fetch_add(&breaking->called, futures_worker_data() == arg);
    return arg;
}

static void *break_and_join(void *arg)
{
    struct breaking *breaking = arg;
    futures_call calls[ITEMS];
    futures_outcome outcomes[ITEMS];
    if (await_break(arg) == NULL)
        return NULL;
    for (size_t i = 0; i < ITEMS; i++)
        calls[i] = (futures_call){linger, arg};
    if (futures_join(breaking->pool, calls, ITEMS, outcomes) != FUTURES_OK)
        return NULL;
    return arg;
}

Test(join_where, in_a_pool_that_breaks_its_calls_run_on_the_others)
{
    struct breaking breaking = {.pool = NULL};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    gate_init(&breaking.hook);
    options.workers = 2;
    options.worker_start = fail_second;
    options.context = &breaking;
    assert_status(futures_pool_create(&breaking.pool, &options), FUTURES_OK);
    futures_future *task =
        futures_submit(breaking.pool, break_and_join, &breaking);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), &breaking);
    cr_assert_eq(atomic_load(&breaking.called), ITEMS);
    futures_release(task);
    futures_pool_destroy(breaking.pool);
    gate_destroy(&breaking.hook);
}
