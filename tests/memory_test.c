/* row 52: very many futures at once, queued or abandoned. What they take is
 * bounded per future, and all of it is used again, or given back, after: a
 * second round as large as the first needs nothing new. Sizes are what the
 * system says, and not compared where a sanitizer keeps freed memory. */
#include "support/test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum {
    MANY = SLICE(200000),
    BYTES_PER_FUTURE = 128,
    BYTES_PER_ENTRY = 32, /* of whatever queue it lies in */
    SLACK = 1 << 20
};

static size_t resident_bytes(void)
{
    unsigned long total = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%lu %lu", &total, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void check_growth(size_t before, size_t after, size_t allowed)
{
    if (UNDER_ASAN || UNDER_TSAN)
        return;
    cr_assert_leq(after, before + allowed, "%zu bytes more, %zu allowed",
                  after - before, allowed);
}

/* Touched beforehand, so that it does not count. */
static futures_future **new_array(void)
{
    futures_future **futures = malloc(MANY * sizeof *futures);
    if (futures == NULL)
        abort();
    for (int i = 0; i < MANY; i++)
        futures[i] = (futures_future *)(void *)&futures[i];
    return futures;
}

static size_t queue_many(futures_pool *pool, futures_future **futures,
                         atomic_int *ran)
{
    for (int i = 0; i < MANY; i++)
        futures[i] = futures_submit(pool, count_task, ran);
    return resident_bytes();
}

/* row 52 */
Test(memory, of_queued_futures_is_bounded_and_used_again)
{
    atomic_int ran = 0;
    futures_future **futures = new_array();
    futures_pool *pool = pool_of(1);
    size_t peaks[3];
    size_t before = resident_bytes();
    for (int round = 0; round < 3; round++) {
        struct gate gate;
        gate_init(&gate);
        cr_assert(saturate(pool, &gate));
        peaks[round] = queue_many(pool, futures, &ran);
        gate_open(&gate);
        cr_assert_eq(futures_gather(futures, MANY, NULL, NULL), FUTURES_OK);
        futures_release_all(futures, MANY);
        cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
        gate_destroy(&gate);
    }
    futures_pool_destroy(pool);
    free(futures);
    cr_assert_eq(atomic_load(&ran), 3 * MANY);
    check_growth(before, peaks[0],
                 (size_t)MANY * (BYTES_PER_FUTURE + BYTES_PER_ENTRY) + SLACK);
    check_growth(peaks[0], peaks[1], SLACK);
    check_growth(peaks[1], peaks[2], SLACK);
}

enum fate { ABANDONED, CANCELLED };

/* The worker stands still until all are queued, and some are cancelled. */
static size_t pass_many(futures_pool *pool, enum fate fate, atomic_int *ended)
{
    struct gate gate;
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = count_one;
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    for (int i = 0; i < MANY; i++) {
        futures_future *future =
            futures_submit_with(pool, return_arg, ended, &options);
        if (fate == CANCELLED)
            futures_cancel(future);
        futures_release(future);
    }
    size_t peak = resident_bytes();
    gate_open(&gate);
    cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    gate_destroy(&gate);
    return peak;
}

static void check_rounds(enum fate fate)
{
    atomic_int ended = 0;
    futures_pool *pool = pool_of(1);
    size_t first = pass_many(pool, fate, &ended);
    size_t second = pass_many(pool, fate, &ended);
    size_t third = pass_many(pool, fate, &ended);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&ended), 3 * MANY);
    check_growth(first, second, SLACK);
    check_growth(second, third, SLACK);
}

/* row 52 */
Test(memory, of_abandoned_futures_is_used_again)
{
    check_rounds(ABANDONED);
}

/* row 52 */
Test(memory, of_cancelled_futures_is_used_again)
{
    check_rounds(CANCELLED);
}

/* row 52: made on one thread, let go on others. */
static void *release_it(void *future)
{
    futures_release(future);
    return NULL;
}

Test(memory, does_not_grow_where_one_thread_submits_and_another_releases)
{
    enum { ROUNDS = 20, EACH = MANY / ROUNDS };
    futures_pool *pool = pool_of(1);
    size_t after_third = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < EACH; i++) {
            futures_future *future = futures_submit(pool, return_arg, NULL);
            futures_submit_detached(pool, release_it, future, NULL);
        }
        cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
        if (round == 2)
            after_third = resident_bytes();
    }
    size_t last = resident_bytes();
    futures_pool_destroy(pool);
    check_growth(
        after_third, last,
        (size_t)2 * EACH * (BYTES_PER_FUTURE + BYTES_PER_ENTRY) + SLACK);
}
