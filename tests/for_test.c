/* futures_for: each index in exactly one part, whatever the range, the grain
 * and the pool are. */
#include "support/test.h"

#include <futures/futures.h>

#include "support/loops.h"

static void check_once(futures_pool *pool, size_t begin, size_t count,
                       size_t grain)
{
    struct counts counts = {.first = begin};
    assert_status(
        futures_for(pool, begin, begin + count, grain, count_indices, &counts),
        FUTURES_OK);
    cr_assert_eq(counted_times(&counts, count, 1), count);
    cr_assert_eq(counted_times(&counts, INDICES, 0), INDICES - count);
    if (grain > 0)
        cr_assert_eq(atomic_load(&counts.parts), (count - 1) / grain + 1);
}

Test(for_loop, has_each_index_in_one_part)
{
    for (unsigned workers = 1; workers <= 20; workers = workers * 2 + 1) {
        futures_pool *pool = pool_of(workers);
        for (size_t grain = 0; grain < 9; grain++) {
            check_once(pool, 0, INDICES, grain);
            check_once(pool, 17, 100, grain);
            check_once(pool, SIZE_MAX - 100, 100, grain);
            check_once(pool, 3, 1, grain);
        }
        futures_pool_destroy(pool);
    }
}

Test(for_loop, with_more_workers_than_fit_on_the_stack)
{
    futures_pool *pool = pool_of(40);
    check_once(pool, 0, INDICES, 1);
    check_once(pool, 0, 30, 1);
    futures_pool_destroy(pool);
}

Test(for_loop, whose_grain_is_wider_than_the_range_is_one_part)
{
    futures_pool *pool = pool_of(2);
    check_once(pool, 5, 10, 11);
    check_once(pool, 5, 10, SIZE_MAX);
    check_once(pool, SIZE_MAX - 10, 10, SIZE_MAX - 1);
    futures_pool_destroy(pool);
}

Test(for_loop, over_nothing_is_ok_even_where_nothing_can_run)
{
    struct counts counts = {0};
    futures_pool *pool = pool_of(1);
    futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
    assert_status(futures_for(pool, 7, 7, 1, count_indices, &counts),
                  FUTURES_OK);
    assert_status(futures_for(pool, 7, 3, 0, count_indices, &counts),
                  FUTURES_OK);
    assert_status(futures_for(pool, 0, 3, 1, count_indices, &counts),
                  FUTURES_CLOSED);
    cr_assert_eq(atomic_load(&counts.parts), 0);
    futures_pool_destroy(pool);
}

Test(for_loop, without_pool_or_body_is_invalid)
{
    futures_pool *pool = pool_of(1);
    assert_status(futures_for(NULL, 0, 3, 1, count_indices, NULL),
                  FUTURES_INVALID);
    assert_status(futures_for(pool, 0, 3, 1, NULL, NULL), FUTURES_INVALID);
    assert_status(futures_for(pool, 3, 3, 1, NULL, NULL), FUTURES_INVALID);
    futures_pool_destroy(pool);
}

static void add_length(void *context, size_t begin, size_t end)
{
    atomic_fetch_add((atomic_size_t *)context, end - begin);
}

/* More indices than fit into the words that the workers share. */
Test(for_loop, over_all_that_an_index_can_be)
{
    futures_pool *pool = pool_of(2);
    size_t grains[] = {0, SIZE_MAX / 1000, SIZE_MAX / 3, SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < LENGTH(grains); i++) {
        atomic_size_t total = 0;
        assert_status(
            futures_for(pool, 0, SIZE_MAX, grains[i], add_length, &total),
            FUTURES_OK);
        cr_assert_eq(atomic_load(&total), SIZE_MAX);
    }
    futures_pool_destroy(pool);
}

struct position {
    size_t next;
    bool upwards;
};

static void expect_next(void *context, size_t begin, size_t end)
{
    struct position *position = context;
    position->upwards = position->upwards && begin == position->next;
    position->next = end;
}

Test(for_loop, of_one_worker_goes_upwards)
{
    futures_pool *pool = pool_of(1);
    for (size_t grain = 0; grain < 4; grain++) {
        struct position position = {0, true};
        assert_status(
            futures_for(pool, 0, INDICES, grain, expect_next, &position),
            FUTURES_OK);
        cr_assert(position.upwards);
        cr_assert_eq(position.next, INDICES);
    }
    futures_pool_destroy(pool);
}

/* Of the loop's two participants one has the whole range at first: the gate
 * opens for the first part only when another part runs beside it. */
struct pair {
    struct gate gate;
    atomic_uint parts;
};

static void meet(void *context, size_t begin, size_t end)
{
    struct pair *pair = context;
    (void)begin;
    (void)end;
    if (atomic_fetch_add(&pair->parts, 1) > 0)
        gate_open(&pair->gate);
    gate_pass(&pair->gate);
}

Test(for_loop, has_its_parts_side_by_side)
{
    struct pair pair = {.parts = 0};
    futures_pool *pool = pool_of(2);
    gate_init(&pair.gate);
    assert_status(futures_for(pool, 0, 2, 1, meet, &pair), FUTURES_OK);
    cr_assert_eq(atomic_load(&pair.parts), 2);
    futures_pool_destroy(pool);
    gate_destroy(&pair.gate);
}

struct nest {
    futures_pool *pool;
    int depth;
    atomic_uint leaves;
};

static void nest_body(void *context, size_t begin, size_t end)
{
    struct nest *nest = context;
    for (size_t i = begin; i < end; i++) {
        if (nest->depth == 0) {
            atomic_fetch_add(&nest->leaves, 1);
            continue;
        }
        struct nest inner = {.pool = nest->pool, .depth = nest->depth - 1};
        if (futures_for(nest->pool, 0, 3, 1, nest_body, &inner) != FUTURES_OK)
            futures_throw(1, "an inner loop failed");
        atomic_fetch_add(&nest->leaves, atomic_load(&inner.leaves));
    }
}

Test(for_loop, in_a_body_needs_one_worker) /* row 32 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        futures_pool *pool = pool_of(workers);
        struct nest nest = {.pool = pool, .depth = 5};
        assert_status(futures_for(pool, 0, 3, 1, nest_body, &nest),
                      FUTURES_OK);
        cr_assert_eq(atomic_load(&nest.leaves), 729);
        futures_pool_destroy(pool);
    }
}

struct descent {
    futures_pool *pool;
    unsigned depth;
    futures_status deepest;
};

static void descend(void *context, size_t begin, size_t end)
{
    struct descent *descent = context;
    (void)begin;
    (void)end;
    descent->depth++;
    futures_status status =
        futures_for(descent->pool, 0, 1, 1, descend, descent);
    if (descent->deepest == FUTURES_PENDING)
        descent->deepest = status;
}

Test(for_loop, without_end_is_told_so_past_the_stack_check) /* row 32 */
{
    struct descent descent = {pool_of(1), 0, FUTURES_PENDING};
    assert_status(futures_for(descent.pool, 0, 1, 1, descend, &descent),
                  FUTURES_OK);
    assert_status(descent.deepest, FUTURES_DEADLOCK);
    cr_assert_gt(descent.depth, 10);
    futures_pool_destroy(descent.pool);
}

static void check_narrow(futures_pool *pool)
{
    for (int i = 0; i < 20; i++) {
        check_once(pool, 0, INDICES, 1);
        check_once(pool, 0, 3, 0);
    }
    futures_pool_destroy(pool);
}

Test(for_loop, with_a_queue_of_one) /* row 36 */
{
    check_narrow(narrow_pool(4, FUTURES_OVERFLOW_BLOCK));
    check_narrow(narrow_pool(4, FUTURES_OVERFLOW_REFUSE));
    check_narrow(narrow_pool(4, FUTURES_OVERFLOW_RUN));
}

/* Fills the worker and the queue. */
static futures_pool *full_pool(futures_overflow overflow, struct gate *gate)
{
    futures_pool *pool = narrow_pool(1, overflow);
    gate_init(gate);
    cr_assert(saturate(pool, gate));
    assert_status(futures_submit_detached(pool, return_arg, NULL, NULL),
                  FUTURES_OK);
    return pool;
}

Test(for_loop, that_finds_no_room_at_all_is_refused)
{
    struct gate gate;
    struct counts counts = {0};
    futures_pool *pool = full_pool(FUTURES_OVERFLOW_REFUSE, &gate);
    assert_status(futures_for(pool, 0, 9, 1, count_indices, &counts),
                  FUTURES_FULL);
    cr_assert_eq(atomic_load(&counts.parts), 0);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(for_loop, that_finds_no_room_runs_here_under_run)
{
    struct gate gate;
    futures_pool *pool = full_pool(FUTURES_OVERFLOW_RUN, &gate);
    check_once(pool, 0, INDICES, 1);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void need_data(void *context, size_t begin, size_t end)
{
    if (futures_worker_data() != context)
        futures_throw(1, "not on a worker");
    (void)begin;
    (void)end;
}

Test(for_loop, of_a_pool_with_worker_start_runs_on_its_workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    options.workers = 2;
    options.queue_limit = 1;
    options.overflow = FUTURES_OVERFLOW_RUN;
    options.worker_start = give_context;
    options.context = &pool;
    futures_pool_create(&pool, &options);
    assert_status(futures_for(pool, 0, INDICES, 1, need_data, &pool),
                  FUTURES_OK);
    futures_pool_destroy(pool);
}
