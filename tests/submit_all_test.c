/* Submitting a batch: in order, all or nothing where it can be told before the
 * first is queued, and whole under every overflow policy. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { BATCH = 64 };

struct batch {
    struct counted counted[BATCH];
    void *args[BATCH];
    futures_future *futures[BATCH];
    futures_task_options options;
};

static void batch_init(struct batch *batch)
{
    for (int i = 0; i < BATCH; i++) {
        atomic_init(&batch->counted[i].ran, 0);
        atomic_init(&batch->counted[i].arg_freed, 0);
        atomic_init(&batch->counted[i].value_freed, 0);
        batch->args[i] = &batch->counted[i];
        batch->futures[i] = (futures_future *)&batch->args[i];
    }
    batch->options = counted_options();
}

static futures_status batch_submit(struct batch *batch, futures_pool *pool)
{
    return futures_submit_all(pool, counted_run, batch->args, BATCH,
                              batch->futures, &batch->options);
}

/* Refused as a whole: arguments freed once, no futures, nothing ran. */
static void check_refused(struct batch *batch)
{
    for (int i = 0; i < BATCH; i++) {
        cr_assert_null(batch->futures[i]);
        cr_assert_eq(atomic_load(&batch->counted[i].ran), 0);
        cr_assert_eq(atomic_load(&batch->counted[i].arg_freed), 1);
        cr_assert_eq(atomic_load(&batch->counted[i].value_freed), 0);
    }
}

/* Ends the pool too: a worker may hold a future a moment longer than we do. */
static void check_all_ran_once(struct batch *batch, futures_pool *pool)
{
    for (int i = 0; i < BATCH; i++) {
        cr_assert_eq(futures_wait(batch->futures[i], FUTURES_NEVER),
                     FUTURES_OK);
        cr_assert_eq(futures_value(batch->futures[i]), batch->args[i]);
    }
    futures_release_all(batch->futures, BATCH);
    futures_pool_destroy(pool);
    for (int i = 0; i < BATCH; i++) {
        cr_assert_eq(atomic_load(&batch->counted[i].ran), 1);
        cr_assert_eq(atomic_load(&batch->counted[i].arg_freed), 1);
        cr_assert_eq(atomic_load(&batch->counted[i].value_freed), 1);
    }
}

static futures_pool *bounded_pool(size_t limit, futures_overflow overflow)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.queue_limit = limit;
    options.overflow = overflow;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

Test(submit_all, each_future_is_that_of_its_argument)
{
    struct batch batch;
    futures_pool *pool = pool_of(2);
    batch_init(&batch);
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_OK);
    check_all_ran_once(&batch, pool);
}

Test(submit_all, without_options_is_the_plain_form)
{
    struct batch batch;
    futures_pool *pool = pool_of(2);
    batch_init(&batch);
    cr_assert_eq(futures_submit_all(pool, counted_run, batch.args, BATCH,
                                    batch.futures, NULL),
                 FUTURES_OK);
    for (int i = 0; i < BATCH; i++) {
        cr_assert_eq(futures_wait(batch.futures[i], FUTURES_NEVER),
                     FUTURES_OK);
        cr_assert_eq(atomic_load(&batch.counted[i].arg_freed), 0);
    }
    futures_release_all(batch.futures, BATCH);
    futures_pool_destroy(pool);
}

Test(submit_all, of_nothing_is_ok)
{
    futures_pool *pool = pool_of(1);
    cr_assert_eq(futures_submit_all(pool, return_arg, NULL, 0, NULL, NULL),
                 FUTURES_OK);
    futures_pool_destroy(pool);
}

Test(submit_all, a_batch_may_be_released_one_by_one_in_any_order)
{
    struct batch batch;
    futures_pool *pool = pool_of(2);
    batch_init(&batch);
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_OK);
    for (int i = 0; i < BATCH; i += 2)
        futures_release(batch.futures[i]);
    for (int i = BATCH - 1; i > 0; i -= 2) {
        cr_assert_eq(futures_wait(batch.futures[i], FUTURES_NEVER),
                     FUTURES_OK);
        futures_release(batch.futures[i]);
    }
    futures_pool_destroy(pool);
    for (int i = 0; i < BATCH; i++)
        cr_assert_eq(atomic_load(&batch.counted[i].value_freed), 1);
}

Test(submit_all, missing_arrays_are_invalid)
{
    struct batch batch;
    futures_pool *pool = pool_of(1);
    batch_init(&batch);
    cr_assert_eq(futures_submit_all(pool, counted_run, NULL, BATCH,
                                    batch.futures, &batch.options),
                 FUTURES_INVALID);
    for (int i = 0; i < BATCH; i++)
        cr_assert_null(batch.futures[i]);
    cr_assert_eq(futures_submit_all(pool, counted_run, batch.args, BATCH, NULL,
                                    &batch.options),
                 FUTURES_INVALID);
    check_refused(&batch);
    futures_pool_destroy(pool);
}

Test(submit_all, a_missing_pool_or_function_is_invalid)
{
    struct batch batch;
    futures_pool *pool = pool_of(1);
    batch_init(&batch);
    cr_assert_eq(batch_submit(&batch, NULL), FUTURES_INVALID);
    check_refused(&batch);
    batch_init(&batch);
    cr_assert_eq(futures_submit_all(pool, NULL, batch.args, BATCH,
                                    batch.futures, &batch.options),
                 FUTURES_INVALID);
    check_refused(&batch);
    batch_init(&batch);
    batch.options.priority = (futures_priority)7;
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_INVALID);
    check_refused(&batch);
    futures_pool_destroy(pool);
}

Test(submit_all, options_that_cannot_be_read_are_invalid_and_free_nothing)
{
    struct batch batch;
    futures_pool *pool = pool_of(1);
    batch_init(&batch);
    batch.options.size = 0;
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_INVALID);
    futures_pool_destroy(pool);
    for (int i = 0; i < BATCH; i++) {
        cr_assert_null(batch.futures[i]);
        cr_assert_eq(atomic_load(&batch.counted[i].arg_freed), 0);
        cr_assert_eq(atomic_load(&batch.counted[i].ran), 0);
    }
}

/* row 30 */
Test(submit_all, to_a_closed_pool_is_closed_as_a_whole)
{
    struct batch batch;
    futures_pool *pool = pool_of(1);
    batch_init(&batch);
    cr_assert_eq(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_CLOSED);
    check_refused(&batch);
    futures_pool_destroy(pool);
}

/* row 36 */
Test(submit_all, that_does_not_fit_is_refused_as_a_whole)
{
    struct batch batch;
    struct gate gate;
    gate_init(&gate);
    batch_init(&batch);
    futures_pool *pool = bounded_pool(BATCH, FUTURES_OVERFLOW_REFUSE);
    cr_assert(saturate(pool, &gate));
    futures_future *first = futures_submit(pool, return_arg, NULL);
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_FULL);
    check_refused(&batch);
    cr_assert_eq(futures_cancel(first), FUTURES_CANCELLED);
    batch_init(&batch);
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_OK, "it just fits");
    gate_open(&gate);
    check_all_ran_once(&batch, pool);
    futures_release(first);
    gate_destroy(&gate);
}

/* row 36 */
Test(submit_all, waits_for_room_in_pieces)
{
    struct batch batch;
    futures_pool *pool = bounded_pool(3, FUTURES_OVERFLOW_BLOCK);
    batch_init(&batch);
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_OK);
    check_all_ran_once(&batch, pool);
}

/* row 36 */
Test(submit_all, runs_itself_what_does_not_fit)
{
    struct batch batch;
    struct gate gate;
    gate_init(&gate);
    batch_init(&batch);
    futures_pool *pool = bounded_pool(3, FUTURES_OVERFLOW_RUN);
    cr_assert(saturate(pool, &gate));
    cr_assert_eq(batch_submit(&batch, pool), FUTURES_OK);
    int pending = 0;
    for (int i = 0; i < BATCH; i++)
        pending += futures_poll(batch.futures[i]) == FUTURES_PENDING;
    cr_assert_eq(pending, 3);
    gate_open(&gate);
    check_all_ran_once(&batch, pool);
    gate_destroy(&gate);
}

struct submitter {
    struct batch batch;
    futures_pool *pool;
    futures_status status;
};

static void *submit_batch(void *arg)
{
    struct submitter *submitter = arg;
    submitter->status = batch_submit(&submitter->batch, submitter->pool);
    return NULL;
}

/* row 36 */
Test(submit_all, that_waits_for_room_as_its_pool_closes_ends_the_rest_closed)
{
    enum { ROOM = 3 };
    static struct submitter submitter;
    struct gate gate;
    gate_init(&gate);
    batch_init(&submitter.batch);
    submitter.pool = bounded_pool(ROOM, FUTURES_OVERFLOW_BLOCK);
    cr_assert(saturate(submitter.pool, &gate));
    pthread_t thread;
    pthread_create(&thread, NULL, submit_batch, &submitter);
    futures_stats stats = FUTURES_STATS_INIT;
    eventually(
        (futures_pool_stats(submitter.pool, &stats), stats.queued == ROOM));
    cr_assert_eq(futures_pool_shutdown(submitter.pool, FUTURES_SHUTDOWN_DRAIN,
                                       FUTURES_POLL),
                 FUTURES_TIMEOUT);
    pthread_join(thread, NULL);
    cr_assert_eq(submitter.status, FUTURES_OK);
    gate_open(&gate);
    futures_pool_destroy(submitter.pool);
    for (int i = 0; i < BATCH; i++) {
        cr_assert_eq(futures_poll(submitter.batch.futures[i]),
                     i < ROOM ? FUTURES_OK : FUTURES_CLOSED);
        struct counted *counted = &submitter.batch.counted[i];
        cr_assert_eq(atomic_load(&counted->ran), i < ROOM);
        cr_assert_eq(atomic_load(&counted->arg_freed), 1);
    }
    futures_release_all(submitter.batch.futures, BATCH);
    gate_destroy(&gate);
}

static void *submit_batch_to_current_pool(void *arg)
{
    struct batch *batch = arg;
    futures_status status = batch_submit(batch, futures_current_pool());
    return status == FUTURES_OK ? arg : NULL;
}

/* row 37 */
Test(submit_all, on_a_worker_of_a_full_pool_never_blocks)
{
    struct batch batch;
    futures_pool *pool = bounded_pool(3, FUTURES_OVERFLOW_BLOCK);
    batch_init(&batch);
    futures_future *future =
        futures_submit(pool, submit_batch_to_current_pool, &batch);
    cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), (void *)&batch);
    futures_release(future);
    check_all_ran_once(&batch, pool);
}
