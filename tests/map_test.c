/* futures_map where nothing goes wrong: outcomes in order, in every pool, in
 * each other; and what it refuses. */
/* Elsewhere, and here:
 * executor.py:
 *   test_map -> map.gives_outcomes_in_order
 *   test_map_exception -> map_error.is_collected_and_all_run
 *   test_map_timeout_from_callable
 *   -> map_error.with_the_code_of_a_deadline_is_an_error_like_any_other
 *   test_map_timeout -> map_cancel.by_its_deadline_is_a_timeout
 *   test_map_close
 *   -> map_cancel.by_its_token_stops_what_runs_and_begins_no_more
 * test_thread_pool.py:
 *   test_map_submits_without_iteration -> map.without_outcomes_only_runs
 *   test_executor_map_current_future_cancel
 *   -> map_cancel.by_its_deadline_is_a_timeout
 */
#include "support/test.h"

#include <string.h>

#include <futures/futures.h>

#include "support/loops.h"

static void *times_two(void *arg)
{
    return number((size_t)(uintptr_t)arg * 2);
}

static void expect_doubled(const futures_outcome outcomes[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_status(outcomes[i].status, FUTURES_OK);
        cr_assert_eq(outcomes[i].value, number(i * 2));
        cr_assert_null(outcomes[i].error);
    }
}

static void check_map(futures_pool *pool, size_t count,
                      const futures_map_options *options)
{
    void *args[INDICES];
    futures_outcome outcomes[INDICES];
    memset(outcomes, 0x55, sizeof outcomes);
    make_numbers(args, count);
    assert_status(futures_map(pool, times_two, args, count, outcomes, options),
                  FUTURES_OK);
    expect_doubled(outcomes, count);
    futures_outcomes_free(outcomes, count);
}

Test(map, gives_outcomes_in_order) /* row 5 */
{
    size_t lengths[] = {1, 2, 3, 10, 100, INDICES};
    for (unsigned workers = 1; workers <= 20; workers = workers * 2 + 1) {
        futures_pool *pool = pool_of(workers);
        for (size_t i = 0; i < LENGTH(lengths); i++)
            check_map(pool, lengths[i], NULL);
        futures_pool_destroy(pool);
    }
}

Test(map, gives_them_in_every_mode)
{
    futures_pool *pool = pool_of(2);
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    for (int mode = 0; mode < 9; mode++) {
        options.on_error = (futures_on_error)(mode % 3);
        options.on_timeout = (futures_on_timeout)(mode / 3);
        options.deadline = futures_in_ms(1000000);
        options.help = mode % 2 == 1;
        check_map(pool, INDICES, &options);
    }
    futures_pool_destroy(pool);
}

Test(map, of_nothing_is_ok) /* row 1 */
{
    futures_pool *pool = pool_of(1);
    assert_status(futures_map(pool, times_two, NULL, 0, NULL, NULL),
                  FUTURES_OK);
    futures_outcomes_free(NULL, 0);
    futures_pool_destroy(pool);
}

Test(map, of_what_cannot_be_is_invalid_and_touches_nothing) /* row 3 */
{
    void *args[1] = {NULL};
    const futures_outcome before = {FUTURES_CLOSED, args, NULL};
    futures_outcome outcome = before;
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    assert_status(futures_map(NULL, times_two, args, 1, &outcome, NULL),
                  FUTURES_INVALID);
    assert_status(futures_map(pool, NULL, args, 1, &outcome, NULL),
                  FUTURES_INVALID);
    assert_status(futures_map(pool, times_two, NULL, 1, &outcome, NULL),
                  FUTURES_INVALID);
    assert_status(futures_map(pool, times_two, args, SIZE_MAX, &outcome, NULL),
                  FUTURES_INVALID);
    assert_status(futures_map(pool, times_two, args, (size_t)UINT32_MAX + 1,
                              &outcome, NULL),
                  FUTURES_INVALID);
    options.on_error = (futures_on_error)3;
    assert_status(futures_map(pool, times_two, args, 1, &outcome, &options),
                  FUTURES_INVALID);
    options.on_error = FUTURES_ON_ERROR_CANCEL;
    options.on_timeout = (futures_on_timeout)3;
    assert_status(futures_map(pool, times_two, args, 1, &outcome, &options),
                  FUTURES_INVALID);
    cr_assert_eq(outcome.status, before.status);
    cr_assert_eq(outcome.value, before.value);
    futures_pool_destroy(pool);
}

Test(map, takes_older_and_newer_options) /* row 56 */
{
    struct {
        futures_map_options options;
        long more[2];
    } newer = {FUTURES_MAP_OPTIONS_INIT, {0, 0}};
    futures_map_options older = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    void *args[1] = {NULL};
    futures_outcome outcome;
    older.size = offsetof(futures_map_options, deadline);
    older.deadline = FUTURES_POLL;
    check_map(pool, 10, &older);
    newer.options.size = sizeof newer;
    check_map(pool, 10, &newer.options);
    newer.more[1] = 1;
    assert_status(
        futures_map(pool, times_two, args, 1, &outcome, &newer.options),
        FUTURES_INVALID);
    futures_pool_destroy(pool);
}

Test(map, without_outcomes_only_runs)
{
    void *args[INDICES];
    atomic_int ran = 0;
    futures_pool *pool = pool_of(2);
    for (size_t i = 0; i < INDICES; i++)
        args[i] = &ran;
    assert_status(futures_map(pool, count_task, args, INDICES, NULL, NULL),
                  FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), INDICES);
    futures_pool_destroy(pool);
}

struct told {
    const futures_outcome *outcomes;
    unsigned times[INDICES];
    bool right;
};

static void tell(void *context, size_t index, const futures_outcome *outcome)
{
    struct told *told = context;
    told->times[index]++;
    told->right = told->right && outcome->status == FUTURES_OK &&
                  outcome->value == number(index * 2);
}

Test(map, calls_on_done_once_for_each)
{
    struct told told = {.right = true};
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(2);
    options.on_done = tell;
    options.context = &told;
    check_map(pool, INDICES, &options);
    for (size_t i = 0; i < INDICES; i++)
        cr_assert_eq(told.times[i], 1);
    cr_assert(told.right);
    futures_pool_destroy(pool);
}

struct level {
    futures_pool *pool;
    int depth;
    atomic_uint *leaves;
};

static void nest_in_for(void *context, size_t begin, size_t end);

/* Maps, whose items gather or loop, whose parts map. */
static void *nest(void *arg)
{
    const struct level *level = arg;
    struct level below = {level->pool, level->depth - 1, level->leaves};
    void *args[3] = {&below, &below, &below};
    futures_outcome outcomes[3];
    futures_status status;
    if (level->depth == 0) {
        atomic_fetch_add(level->leaves, 1);
        return arg;
    }
    if (level->depth % 3 == 0) {
        futures_future *futures[3];
        status = futures_submit_all(level->pool, nest, args, 3, futures, NULL);
        if (status == FUTURES_OK)
            status = futures_gather(futures, 3, NULL, NULL);
        futures_release_all(futures, 3);
    } else if (level->depth % 3 == 1) {
        status = futures_for(level->pool, 0, 3, 1, nest_in_for, &below);
    } else {
        status = futures_map(level->pool, nest, args, 3, outcomes, NULL);
    }
    if (status != FUTURES_OK)
        futures_throw(1, "%s", futures_status_name(status));
    return arg;
}

static void nest_in_for(void *context, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        nest(context);
}

Test(map, in_loops_gathers_and_maps_needs_one_worker) /* row 32 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        atomic_uint leaves = 0;
        struct level level = {pool_of(workers), 6, &leaves};
        void *args[2] = {&level, &level};
        futures_outcome outcomes[2];
        assert_status(futures_map(level.pool, nest, args, 2, outcomes, NULL),
                      FUTURES_OK);
        cr_assert_eq(atomic_load(&leaves), 2 * 729);
        futures_pool_destroy(level.pool);
    }
}

static void check_narrow(futures_pool *pool)
{
    for (int i = 0; i < 20; i++) {
        check_map(pool, INDICES, NULL);
        check_map(pool, 2, NULL);
    }
    futures_pool_destroy(pool);
}

Test(map, with_a_queue_of_one) /* row 36 */
{
    check_narrow(narrow_pool(4, FUTURES_OVERFLOW_BLOCK));
    check_narrow(narrow_pool(4, FUTURES_OVERFLOW_REFUSE));
    check_narrow(narrow_pool(4, FUTURES_OVERFLOW_RUN));
}

static void expect_all(const futures_outcome outcomes[], size_t count,
                       futures_status status)
{
    for (size_t i = 0; i < count; i++) {
        assert_status(outcomes[i].status, status);
        cr_assert_null(outcomes[i].value);
        cr_assert_null(outcomes[i].error);
    }
}

Test(map, that_is_refused_says_so_in_each_slot)
{
    void *args[10] = {NULL};
    futures_outcome outcomes[10];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    struct gate gate;
    futures_pool *pool = narrow_pool(1, FUTURES_OVERFLOW_REFUSE);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_submit_detached(pool, return_arg, NULL, NULL);
    for (int mode = 0; mode < 3; mode++) {
        options.on_error = (futures_on_error)mode;
        assert_status(
            futures_map(pool, times_two, args, 10, outcomes, &options),
            FUTURES_FULL);
        expect_all(outcomes, 10, FUTURES_FULL);
        futures_outcomes_free(outcomes, 10);
    }
    gate_open(&gate);
    futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
    assert_status(futures_map(pool, times_two, args, 10, outcomes, NULL),
                  FUTURES_CLOSED);
    expect_all(outcomes, 10, FUTURES_CLOSED);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void *give_data(void *arg)
{
    return futures_worker_data() == arg ? arg : NULL;
}

Test(map, of_a_pool_with_worker_start_runs_on_its_workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_map_options with = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = NULL;
    void *args[100];
    futures_outcome outcomes[100];
    options.workers = 2;
    options.worker_start = give_context;
    options.context = &pool;
    futures_pool_create(&pool, &options);
    for (size_t i = 0; i < 100; i++)
        args[i] = &pool;
    with.help = true;
    assert_status(futures_map(pool, give_data, args, 100, outcomes, &with),
                  FUTURES_OK);
    for (size_t i = 0; i < 100; i++)
        cr_assert_eq(outcomes[i].value, &pool);
    futures_pool_destroy(pool);
}
