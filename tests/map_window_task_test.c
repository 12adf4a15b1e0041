/* futures_map with a window where the calling thread runs items itself: in a
 * task, on its worker, or as a helper. */
#include "support/test.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/source.h"

enum { MANY = SLICE(100000), WIDTH = 8, WIDE = SLICE(400000) };

static size_t resident_bytes(void)
{
    unsigned long total = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &total, &resident) != 2)
        abort();
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* One worker, which runs the items itself: those entries in its own queue that
 * nobody else takes are no more than a few. */
Test(map_window, in_a_task_takes_no_more_memory_for_more_items)
{
    struct source source = {.limit = MANY};
    struct source_map map = {pool_of(1),
                             return_arg,
                             SIZE_MAX,
                             NULL,
                             source_options(&source, WIDTH),
                             FUTURES_PENDING};
    size_t before = resident_bytes();
    futures_future *task = futures_submit(map.pool, source_map_run, &map);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(map.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&source.sum), (size_t)MANY * (MANY - 1) / 2);
    cr_assert_leq(source.most, WIDTH);
    if (!UNDER_ASAN && !UNDER_TSAN)
        cr_assert_leq(resident_bytes(), before + (2 << 20));
    futures_release(task);
    futures_pool_destroy(map.pool);
}

/* If each item cost a look at those before it, this would take minutes. */
Test(map_window, in_a_task_may_be_as_wide_as_there_are_items)
{
    struct source source = {.limit = WIDE};
    struct source_map map = {pool_of(1),
                             return_arg,
                             SIZE_MAX,
                             NULL,
                             source_options(&source, WIDE),
                             FUTURES_PENDING};
    futures_future *task = futures_submit(map.pool, source_map_run, &map);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(map.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&source.told), WIDE);
    cr_assert_eq(source.most, WIDE);
    futures_release(task);
    futures_pool_destroy(map.pool);
}

struct order {
    size_t told[INDICES];
    size_t count;
};

static void tell_order(void *context, size_t index,
                       const futures_outcome *outcome)
{
    struct order *order = context;
    (void)outcome;
    order->told[order->count++] = index;
}

Test(map_window, in_a_task_on_one_worker_goes_oldest_first)
{
    struct order order = {.count = 0};
    struct source source = {.limit = INDICES};
    struct source_map map = {
        pool_of(1),     return_arg, INDICES, NULL, source_options(&source, 4),
        FUTURES_PENDING};
    map.options.on_done = tell_order;
    map.options.context = &order;
    futures_future *task = futures_submit(map.pool, source_map_run, &map);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(map.status, FUTURES_OK);
    cr_assert_eq(order.count, INDICES);
    for (size_t i = 0; i < INDICES; i++)
        cr_assert_eq(order.told[i], i);
    futures_release(task);
    futures_pool_destroy(map.pool);
}

static void *map_below(void *arg)
{
    size_t depth = (size_t)(uintptr_t)arg;
    struct source source = {.limit = 5};
    futures_map_options options = source_options(&source, 2);
    void *args[5];
    if (depth == 0)
        return number(1);
    for (size_t i = 0; i < 5; i++)
        args[i] = number(depth - 1);
    options.next = NULL;
    if (futures_map(futures_current_pool(), map_below, args, 5, NULL,
                    &options) != FUTURES_OK)
        futures_throw(1, "below");
    return number(atomic_load(&source.sum));
}

Test(map_window, in_windows_needs_one_worker) /* row 32 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        futures_pool *pool = pool_of(workers);
        futures_future *task = futures_submit(pool, map_below, number(5));
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq(futures_value(task), number(3125));
        futures_release(task);
        futures_pool_destroy(pool);
    }
}

Test(map_window, in_a_task_of_a_full_pool) /* row 37 */
{
    for (int policy = 0; policy < 3; policy++) {
        struct source source = {.limit = INDICES};
        struct source_map map = {narrow_pool(1, (futures_overflow)policy),
                                 return_arg,
                                 INDICES,
                                 NULL,
                                 source_options(&source, 4),
                                 FUTURES_PENDING};
        futures_future *task = futures_submit(map.pool, source_map_run, &map);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        assert_status(map.status, FUTURES_OK);
        cr_assert_eq(atomic_load(&source.told), INDICES);
        futures_release(task);
        futures_pool_destroy(map.pool);
    }
}

Test(map_window, help_has_the_caller_run_items)
{
    struct gate gate;
    struct source source = {.limit = INDICES};
    futures_map_options options = source_options(&source, 4);
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    options.help = true;
    assert_status(futures_map(pool, return_arg, NULL, INDICES, NULL, &options),
                  FUTURES_OK);
    cr_assert_eq(atomic_load(&source.told), INDICES);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
