/* futures_for_with: what becomes of errors. CPython has no counterpart: its
 * executors map items only. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>

#include <futures/futures.h>

#include "support/keeping.h"

static void check_whole(futures_pool *pool, futures_for_options options)
{
    for (options.grain = 0; options.grain < 8; options.grain += 3) {
        for (size_t count = 0; count <= INDICES; count = count * 9 + 1) {
            struct counts counts = {.first = 5};
            assert_status(futures_for_with(pool, 5, 5 + count, count_indices,
                                           &counts, &options),
                          FUTURES_OK);
            cr_assert_eq(counted_times(&counts, count, 1), count);
            if (options.first_error != NULL)
                expect_outcome(options.first_error, FUTURES_OK, 0);
        }
    }
}

Test(for_with, runs_each_index_once_in_every_mode)
{
    for (unsigned workers = 1; workers <= 20; workers = workers * 2 + 1) {
        futures_pool *pool = pool_of(workers);
        futures_for_options plain = FUTURES_FOR_OPTIONS_INIT;
        futures_outcome first;
        for (int mode = 0; mode < 6; mode++) {
            futures_for_options options = mode < 3 ? plain : keeping(&first);
            options.on_error = (futures_on_error)(mode % 3);
            options.help = mode % 2 == 1;
            options.deadline = futures_in_ms(1000000);
            check_whole(pool, options);
        }
        futures_pool_destroy(pool);
    }
}

static void throw_odd(void *context, size_t begin, size_t end)
{
    count_indices(context, begin, end);
    if (begin % 2 == 1)
        futures_throw((int)begin, "index %zu", begin);
}

static void fail_odd(void *context, size_t begin, size_t end)
{
    count_indices(context, begin, end);
    if (begin % 2 == 1)
        futures_fail((int)begin, "index %zu", begin);
}

static void check_stops(void (*body)(void *, size_t, size_t),
                        futures_on_error on_error)
{
    atomic_int heard = 0;
    struct counts counts = {0};
    futures_outcome first;
    futures_pool *pool = hearing_pool(1, &heard);
    futures_for_options options = keeping(&first);
    options.grain = 1;
    options.on_error = on_error;
    assert_status(futures_for_with(pool, 0, PARTS, body, &counts, &options),
                  FUTURES_FAILED);
    expect_outcome(&first, FUTURES_FAILED, 1);
    cr_assert_eq(counted_times(&counts, PARTS, 1), 2);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard), 0);
}

Test(for_with, gives_the_first_error_to_the_caller_alone)
{
    check_stops(throw_odd, FUTURES_ON_ERROR_CANCEL);
    check_stops(fail_odd, FUTURES_ON_ERROR_CANCEL);
}

Test(for_with, takes_leave_as_cancel)
{
    check_stops(throw_odd, FUTURES_ON_ERROR_LEAVE);
}

Test(for_with, without_a_place_for_it_lets_the_error_be_heard)
{
    atomic_int heard = 0;
    struct counts counts = {0};
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    futures_pool *pool = hearing_pool(1, &heard);
    options.grain = 1;
    assert_status(
        futures_for_with(pool, 0, PARTS, throw_odd, &counts, &options),
        FUTURES_FAILED);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard), 1);
}

static int collect(unsigned workers, futures_outcome *first)
{
    atomic_int heard = 0;
    struct counts counts = {0};
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    futures_pool *pool = hearing_pool(workers, &heard);
    options.grain = 1;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.first_error = first;
    assert_status(
        futures_for_with(pool, 0, PARTS, throw_odd, &counts, &options),
        FUTURES_FAILED);
    cr_assert_eq(counted_times(&counts, PARTS, 1), PARTS);
    futures_pool_destroy(pool);
    return atomic_load(&heard);
}

Test(for_with, collect_runs_on_and_the_other_errors_are_heard) /* row 7 */
{
    for (unsigned workers = 1; workers <= 4; workers++) {
        futures_outcome first;
        cr_assert_eq(collect(workers, &first), PARTS / 2 - 1);
        assert_status(first.status, FUTURES_FAILED);
        if (workers == 1)
            cr_assert_eq(first.error->code, 1);
        futures_outcomes_free(&first, 1);
        cr_assert_eq(collect(workers, NULL), PARTS / 2);
    }
}

static void throw_or_wait(void *context, size_t begin, size_t end)
{
    (void)end;
    if (begin == 0) {
        gate_pass(context);
        futures_throw(3, "the first part");
    }
    gate_open(context);
    run_until_cancelled(NULL);
}

Test(for_with, asks_the_other_parts_to_stop_and_keeps_what_came_first)
{
    struct gate gate;
    futures_outcome first;
    futures_pool *pool = pool_of(2);
    futures_for_options options = keeping(&first);
    gate_init(&gate);
    options.grain = 1;
    assert_status(futures_for_with(pool, 0, 2, throw_or_wait, &gate, &options),
                  FUTURES_FAILED);
    expect_outcome(&first, FUTURES_FAILED, 3);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void exit_at_bad(void *context, size_t begin, size_t end)
{
    count_indices(context, begin, end);
    if (begin <= BAD && BAD < end)
        pthread_exit(NULL);
}

Test(for_with, collect_survives_a_thread_that_exits) /* row 47 */
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct counts counts = {0};
        futures_outcome first;
        futures_for_options options = keeping(&first);
        futures_pool *pool = pool_of(workers);
        options.grain = 2;
        options.on_error = FUTURES_ON_ERROR_COLLECT;
        assert_status(
            futures_for_with(pool, 0, INDICES, exit_at_bad, &counts, &options),
            FUTURES_FAILED);
        expect_outcome(&first, FUTURES_FAILED, ECANCELED);
        cr_assert_eq(counted_times(&counts, INDICES, 1), INDICES);
        futures_pool_destroy(pool);
    }
}

struct deferring {
    atomic_int cleaned;
    atomic_int parts;
    atomic_int late; /* parts before which one was not cleaned up after */
};

/* Storage that outlives the part. */
static void defer_and_throw(void *context, size_t begin, size_t end)
{
    static futures_cleanup cleanups[PARTS];
    struct deferring *deferring = context;
    (void)end;
    futures_defer(&cleanups[begin], count_one, &deferring->cleaned);
    if (atomic_fetch_add(&deferring->parts, 1) !=
        atomic_load(&deferring->cleaned))
        count_one(&deferring->late);
    if (begin % 2 == 1)
        futures_throw(BAD, "after a defer");
}

Test(for_with, each_part_has_cleanups_of_its_own) /* row 48 */
{
    struct deferring deferring = {0};
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    options.grain = 1;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    assert_status(futures_for_with(pool, 0, PARTS, defer_and_throw, &deferring,
                                   &options),
                  FUTURES_FAILED);
    cr_assert_eq(atomic_load(&deferring.cleaned), PARTS);
    cr_assert_eq(atomic_load(&deferring.late), 0);
    futures_pool_destroy(pool);
}

struct nested {
    futures_pool *pool;
    int depth;
    atomic_int *leaves;
};

static void nest(void *context, size_t begin, size_t end)
{
    const struct nested *nested = context;
    struct nested below = {nested->pool, nested->depth - 1, nested->leaves};
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    futures_outcome first;
    (void)begin;
    (void)end;
    if (nested->depth == 0) {
        count_one(nested->leaves);
        futures_throw(BAD, "a leaf");
    }
    options.grain = 1;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.first_error = &first;
    futures_for_with(nested->pool, 0, 2, nest, &below, &options);
    futures_fail_from(first.error, BAD, "below");
    futures_outcomes_free(&first, 1);
}

Test(for_with, in_each_other_needs_one_worker) /* row 32 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        atomic_int leaves = 0;
        struct nested nested = {pool_of(workers), 6, &leaves};
        assert_status(futures_for_with(nested.pool, 0, 1, nest, &nested, NULL),
                      FUTURES_FAILED);
        cr_assert_eq(atomic_load(&leaves), 64);
        futures_pool_destroy(nested.pool);
    }
}
