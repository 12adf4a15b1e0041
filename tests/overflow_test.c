/* A bounded queue: who waits, who is refused, who runs the task himself, and
 * that nothing is lost whichever it is. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { MANY = SLICE(100000) };

static futures_pool *bounded_pool(unsigned workers, size_t limit,
                                  futures_overflow overflow)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.queue_limit = limit;
    options.overflow = overflow;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

struct tally {
    int ok;
    int full;
    int other;
};

/* Submits MANY to a queue of one, and counts how they ended. */
static struct tally flood(futures_pool *pool, struct counted *counted)
{
    static futures_future *futures[MANY];
    struct tally tally = {0, 0, 0};
    futures_task_options options = counted_options();
    for (int i = 0; i < MANY; i++)
        futures[i] = futures_submit_with(pool, counted_run, counted, &options);
    for (int i = 0; i < MANY; i++) {
        futures_status status = futures_wait(futures[i], FUTURES_NEVER);
        tally.ok += status == FUTURES_OK;
        tally.full += status == FUTURES_FULL;
        tally.other += status != FUTURES_OK && status != FUTURES_FULL;
    }
    futures_release_all(futures, MANY);
    return tally;
}

static void check_flood(futures_overflow overflow)
{
    struct counted counted = {0};
    futures_pool *pool = bounded_pool(1, 1, overflow);
    struct tally tally = flood(pool, &counted);
    futures_stats stats = FUTURES_STATS_INIT;
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_pool_stats(pool, &stats), FUTURES_OK);
    futures_pool_destroy(pool);
    cr_assert_eq(tally.other, 0);
    cr_assert_eq(tally.ok + tally.full, MANY);
    cr_assert(overflow == FUTURES_OVERFLOW_REFUSE || tally.full == 0);
    cr_assert_eq(atomic_load(&counted.ran), tally.ok);
    cr_assert_eq(atomic_load(&counted.value_freed), tally.ok);
    cr_assert_eq(atomic_load(&counted.arg_freed), MANY);
    cr_assert_eq(stats.ok, (uint64_t)tally.ok);
    cr_assert_eq(stats.submitted, (uint64_t)tally.ok);
}

/* row 36 */
Test(overflow, block_loses_nothing_in_a_queue_of_one)
{
    check_flood(FUTURES_OVERFLOW_BLOCK);
}

/* row 36 */
Test(overflow, refuse_counts_up_in_a_queue_of_one)
{
    check_flood(FUTURES_OVERFLOW_REFUSE);
}

/* row 36 */
Test(overflow, run_loses_nothing_in_a_queue_of_one)
{
    check_flood(FUTURES_OVERFLOW_RUN);
}

/* row 36 */
Test(overflow, refuse_ends_full_at_once_and_frees_the_argument)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_task_options options = counted_options();
    futures_pool *pool = bounded_pool(1, 2, FUTURES_OVERFLOW_REFUSE);
    cr_assert(saturate(pool, &gate));
    futures_future *fit[2];
    for (int i = 0; i < 2; i++) {
        fit[i] = futures_submit_with(pool, counted_run, &counted, &options);
        cr_assert_eq(futures_poll(fit[i]), FUTURES_PENDING);
    }
    futures_future *full =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_poll(full), FUTURES_FULL);
    cr_assert_eq(futures_wait(full, FUTURES_POLL), FUTURES_FULL);
    cr_assert_eq(futures_cancel(full), FUTURES_FULL);
    cr_assert_null(futures_value(full));
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(
        futures_submit_detached(pool, counted_run, &counted, &options),
        FUTURES_FULL);
    cr_assert_eq(atomic_load(&counted.arg_freed), 2);

    cr_assert_eq(futures_cancel(fit[0]), FUTURES_CANCELLED);
    futures_future *again =
        futures_submit_with(pool, counted_run, &counted, &options);
    cr_assert_eq(futures_poll(again), FUTURES_PENDING,
                 "a cancelled task leaves its place");
    gate_open(&gate);
    cr_assert_eq(futures_wait(again, FUTURES_NEVER), FUTURES_OK);
    futures_release_all(fit, 2);
    futures_release(full);
    futures_release(again);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 2);
    cr_assert_eq(atomic_load(&counted.arg_freed), 5);
    gate_destroy(&gate);
}

static void *note_thread(void *thread)
{
    *(pthread_t *)thread = pthread_self();
    return thread;
}

/* row 36 */
Test(overflow, run_has_the_submitter_run_what_does_not_fit)
{
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_RUN);
    cr_assert(saturate(pool, &gate));
    pthread_t threads[2] = {pthread_self(), pthread_self()};
    futures_future *queued = futures_submit(pool, note_thread, &threads[0]);
    futures_future *ran = futures_submit(pool, note_thread, &threads[1]);
    cr_assert_eq(futures_poll(queued), FUTURES_PENDING);
    cr_assert_eq(futures_poll(ran), FUTURES_OK);
    gate_open(&gate);
    cr_assert_eq(futures_wait(queued, FUTURES_NEVER), FUTURES_OK);
    cr_assert(!pthread_equal(threads[0], pthread_self()));
    cr_assert(pthread_equal(threads[1], pthread_self()));
    futures_release(queued);
    futures_release(ran);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct submitter {
    futures_pool *pool;
    struct counted *counted;
    futures_status status;
    atomic_bool done;
};

static void *submit_one(void *arg)
{
    struct submitter *submitter = arg;
    futures_task_options options = counted_options();
    futures_future *future = futures_submit_with(submitter->pool, counted_run,
                                                 submitter->counted, &options);
    submitter->status = futures_poll(future);
    atomic_store(&submitter->done, true);
    futures_wait(future, FUTURES_NEVER);
    futures_release(future);
    return NULL;
}

/* row 36 */
Test(overflow, block_waits_until_a_worker_makes_room)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_BLOCK);
    cr_assert(saturate(pool, &gate));
    futures_release(futures_submit(pool, return_arg, NULL));
    struct submitter submitter = {.pool = pool, .counted = &counted};
    pthread_t thread;
    pthread_create(&thread, NULL, submit_one, &submitter);
    nap_ms(10);
    cr_assert(!atomic_load(&submitter.done));
    gate_open(&gate);
    pthread_join(thread, NULL);
    cr_assert_eq(atomic_load(&counted.ran), 1);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(overflow, block_waits_until_a_cancel_makes_room)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_BLOCK);
    cr_assert(saturate(pool, &gate));
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    struct submitter submitter = {.pool = pool, .counted = &counted};
    pthread_t thread;
    pthread_create(&thread, NULL, submit_one, &submitter);
    nap_ms(10);
    cr_assert_eq(futures_cancel(queued), FUTURES_CANCELLED);
    eventually(atomic_load(&submitter.done));
    cr_assert_eq(submitter.status, FUTURES_PENDING, "it took the place");
    gate_open(&gate);
    pthread_join(thread, NULL);
    futures_release(queued);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(overflow, a_submit_that_waits_for_room_ends_closed_with_its_pool)
{
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = bounded_pool(1, 1, FUTURES_OVERFLOW_BLOCK);
    cr_assert(saturate(pool, &gate));
    futures_future *queued = futures_submit(pool, return_arg, NULL);
    struct submitter submitter = {.pool = pool, .counted = &counted};
    pthread_t thread;
    pthread_create(&thread, NULL, submit_one, &submitter);
    nap_ms(10);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_POLL),
        FUTURES_TIMEOUT);
    pthread_join(thread, NULL);
    cr_assert_eq(submitter.status, FUTURES_CLOSED);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    gate_open(&gate);
    futures_pool_destroy(pool);
    cr_assert_eq(futures_poll(queued), FUTURES_OK);
    futures_release(queued);
    gate_destroy(&gate);
}

struct children {
    atomic_int ran;
    int inline_runs;
    int queued;
};

/* Fills its own pool's queue of one, and more. */
static void *submit_three(void *arg)
{
    struct children *children = arg;
    futures_pool *pool = futures_current_pool();
    for (int i = 0; i < 3; i++) {
        int before = atomic_load(&children->ran);
        futures_submit_detached(pool, count_task, &children->ran, NULL);
        if (atomic_load(&children->ran) == before + 1)
            children->inline_runs++;
        else
            children->queued++;
    }
    return NULL;
}

static void check_full_pool_of_a_worker(futures_overflow overflow)
{
    struct children children = {0};
    futures_pool *pool = bounded_pool(1, 1, overflow);
    futures_future *future = futures_submit(pool, submit_three, &children);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(children.queued, 1);
    cr_assert_eq(children.inline_runs, 2);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&children.ran), 3);
}

/* row 37 */
Test(overflow, a_worker_runs_inline_what_its_own_full_pool_cannot_take)
{
    check_full_pool_of_a_worker(FUTURES_OVERFLOW_BLOCK);
    check_full_pool_of_a_worker(FUTURES_OVERFLOW_REFUSE);
    check_full_pool_of_a_worker(FUTURES_OVERFLOW_RUN);
}

/* One worker only, so plain counts do. */
struct descent {
    int left;
    int ran;
    int depth;
    int deepest;
};

static void *submit_the_next(void *arg)
{
    struct descent *descent = arg;
    descent->ran++;
    if (++descent->depth > descent->deepest)
        descent->deepest = descent->depth;
    if (descent->left-- > 0)
        futures_submit_detached(futures_current_pool(), submit_the_next, arg,
                                NULL);
    descent->depth--;
    return NULL;
}

/* Something older stays queued all the while: the queue of one is full. */
static void *fill_and_descend(void *arg)
{
    futures_submit_detached(futures_current_pool(), return_arg, NULL, NULL);
    return submit_the_next(arg);
}

/* row 37 */
Test(overflow, past_the_stack_check_it_is_queued_over_the_limit)
{
    struct descent descent = {.left = MANY};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.queue_limit = 1;
    options.stack_size = 1 << 20;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    futures_submit_detached(pool, fill_and_descend, &descent, NULL);
    futures_pool_destroy(pool);
    cr_assert_eq(descent.ran, MANY + 1);
    cr_assert_gt(descent.deepest, 10);
    cr_assert_lt(descent.deepest, MANY);
}
