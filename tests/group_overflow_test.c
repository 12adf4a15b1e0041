/* Groups in a pool with a bounded queue: a member counts in it from its submit
 * on, waiting for its place or not; whatever the policy is, nothing hangs and
 * nothing is lost. */
#include "support/test.h"

#include <pthread.h>

#include "support/groups.h"

enum { MANY = SLICE(20000) };

static futures_pool *bounded_pool(unsigned workers, size_t limit,
                                  futures_overflow overflow)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.queue_limit = limit;
    options.overflow = overflow;
    futures_pool *pool = NULL;
    assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
    return pool;
}

static void flood(futures_overflow overflow, size_t limit, size_t max_running)
{
    struct counted counted = {0};
    futures_pool *pool = bounded_pool(2, limit, overflow);
    futures_group *group = group_of(pool, max_running);
    futures_task_options options = counted_options();
    futures_outcome *outcomes;
    size_t count;
    int full = 0;
    for (int i = 0; i < MANY; i++) {
        futures_future *future =
            futures_group_submit(group, counted_run, &counted, &options);
        full += futures_poll(future) == FUTURES_FULL;
        futures_release(future);
    }
    assert_status(futures_group_gather(group, &outcomes, &count), FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran) + full, MANY);
    cr_assert_eq(atomic_load(&counted.arg_freed), MANY);
    cr_assert_eq((int)count + full, MANY);
    cr_assert(full == 0 || overflow == FUTURES_OVERFLOW_REFUSE);
    futures_group_destroy(group);
    assert_status(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(queued_in(pool), 0);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.value_freed), (int)count);
}

/* row 36 */
Test(group_overflow, of_a_queue_of_one_loses_nothing)
{
    for (size_t max_running = 0; max_running < 3; max_running++) {
        flood(FUTURES_OVERFLOW_BLOCK, 1, max_running);
        flood(FUTURES_OVERFLOW_REFUSE, 1, max_running);
        flood(FUTURES_OVERFLOW_RUN, 1, max_running);
        flood(FUTURES_OVERFLOW_BLOCK, 5, max_running);
        flood(FUTURES_OVERFLOW_RUN, 5, max_running);
    }
}

Test(group_overflow, counts_members_that_wait_for_a_place)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(2, 3, FUTURES_OVERFLOW_REFUSE);
    futures_group *group = group_of(pool, 1);
    group_add(group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    for (int i = 0; i < 3; i++)
        group_add(group, return_arg, NULL);
    cr_assert_eq(queued_in(pool), 3);
    futures_future *more = futures_group_submit(group, return_arg, NULL, NULL);
    assert_status(futures_poll(more), FUTURES_FULL);
    futures_future *other = futures_submit(pool, return_arg, NULL);
    assert_status(futures_poll(other), FUTURES_FULL);
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_release(more);
    futures_release(other);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *note_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return arg;
}

Test(group_overflow, runs_one_that_has_its_place_in_the_submitter)
{
    struct gate gate;
    gate_init(&gate);
    pthread_t ran_by;
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_RUN);
    futures_group *group = group_of(pool, 2);
    futures_future *blocker = futures_submit(pool, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(group, return_arg, NULL);
    futures_future *here =
        futures_group_submit(group, note_thread, &ran_by, NULL);
    assert_status(futures_poll(here), FUTURES_OK);
    cr_assert(pthread_equal(ran_by, pthread_self()));
    gate_open(&gate);
    assert_status(futures_group_gather(group, NULL, NULL), FUTURES_OK);
    futures_release(here);
    futures_release(blocker);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct nosy {
    futures_group *group;
    futures_status gathered;
};

static void *gather_its_own(void *arg)
{
    struct nosy *nosy = arg;
    nosy->gathered = futures_group_gather(nosy->group, NULL, NULL);
    return NULL;
}

/* row 21, for one that the submitter runs */
Test(group_overflow, run_here_is_a_member_like_others)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_RUN);
    struct nosy nosy = {group_of(pool, 0), FUTURES_OK};
    futures_future *blocker = futures_submit(pool, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    group_add(nosy.group, gather_its_own, &nosy);
    assert_status(nosy.gathered, FUTURES_DEADLOCK);
    gate_open(&gate);
    assert_status(futures_group_gather(nosy.group, NULL, NULL), FUTURES_OK);
    futures_release(queued);
    futures_release(blocker);
    futures_group_destroy(nosy.group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct submitter {
    futures_group *group;
    struct counted counted;
    size_t each;
};

static void *submit_many(void *arg)
{
    struct submitter *submitter = arg;
    for (size_t i = 0; i < submitter->each; i++)
        group_add(submitter->group, counted_run, &submitter->counted);
    return NULL;
}

/* row 37: with a place the worker runs it, else it waits over the limit */
Test(group_overflow, never_blocks_a_worker)
{
    for (size_t max_running = 0; max_running < 3; max_running++) {
        futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_BLOCK);
        struct submitter submitter = {group_of(pool, max_running), {0}, 300};
        futures_future *task = futures_submit(pool, submit_many, &submitter);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        group_add(submitter.group, submit_many, &submitter);
        assert_status(futures_group_gather(submitter.group, NULL, NULL),
                      FUTURES_OK);
        cr_assert_eq(atomic_load(&submitter.counted.ran), 600);
        futures_release(task);
        futures_group_destroy(submitter.group);
        futures_pool_destroy(pool);
    }
}

static void *submit_one(void *arg)
{
    struct submitter *submitter = arg;
    return futures_group_submit(submitter->group, counted_run,
                                &submitter->counted, NULL);
}

/* Under RUN an outside thread waits for room where there is no place yet, and
 * a shutdown ends that wait. */
Test(group_overflow, without_a_place_waits_for_room_until_the_pool_closes)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_RUN);
    struct submitter submitter = {group_of(pool, 1), {0}, 0};
    pthread_t thread;
    void *future;
    group_add(submitter.group, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    group_add(submitter.group, return_arg, NULL);
    pthread_create(&thread, NULL, submit_one, &submitter);
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, futures_in_ms(5)),
        FUTURES_TIMEOUT);
    pthread_join(thread, &future);
    assert_status(futures_poll(future), FUTURES_CLOSED);
    gate_open(&gate);
    assert_status(futures_group_gather(submitter.group, NULL, NULL),
                  FUTURES_OK);
    futures_release(future);
    futures_group_destroy(submitter.group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
