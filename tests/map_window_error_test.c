/* futures_map with a window whose items fail, or that is refused. */
/* Elsewhere, and here:
 * executor.py:
 *   test_map_exception -> map_window.an_error_begins_no_more
 *   test_map_buffersize_on_infinite_iterable
 *   -> map_window.an_error_begins_no_more
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/source.h"

enum { BAD = 7, WIDTH = 3 };

static void *throw_at_bad(void *arg)
{
    if (arg == number(BAD))
        futures_throw(BAD, "item %d", (int)BAD);
    return arg;
}

static void *throw_odd(void *arg)
{
    size_t value = (size_t)(uintptr_t)arg;
    if (value % 2 == 1)
        futures_throw((int)value, "item %zu", value);
    return arg;
}

Test(map_window, an_error_begins_no_more) /* row 7 */
{
    for (int mode = 0; mode < 4; mode++) {
        struct source source = {.limit = SIZE_MAX};
        size_t taken = 0;
        futures_outcome outcomes[INDICES];
        futures_map_options options = source_options(&source, WIDTH);
        futures_pool *pool = pool_of(1 + (unsigned)mode / 2);
        options.on_error =
            mode % 2 == 0 ? FUTURES_ON_ERROR_CANCEL : FUTURES_ON_ERROR_LEAVE;
        options.taken = &taken;
        assert_status(
            futures_map(pool, throw_at_bad, NULL, INDICES, outcomes, &options),
            FUTURES_FAILED);
        cr_assert_gt(taken, (size_t)BAD);
        if (futures_pool_workers(pool) == 1) /* else it may be overtaken */
            cr_assert_leq(taken, BAD + WIDTH);
        cr_assert_eq(taken, atomic_load(&source.given));
        assert_status(outcomes[BAD].status, FUTURES_FAILED);
        cr_assert_eq(outcomes[BAD].error->code, BAD);
        for (size_t i = BAD + 1; i < taken; i++)
            if (outcomes[i].status == FUTURES_CANCELLED)
                cr_assert_null(outcomes[i].error);
        futures_outcomes_free(outcomes, taken);
        futures_pool_destroy(pool);
    }
}

Test(map_window, an_error_cancels_the_slots_that_never_began)
{
    void *args[INDICES];
    futures_outcome outcomes[INDICES];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    make_numbers(args, INDICES);
    options.window = WIDTH;
    assert_status(
        futures_map(pool, throw_at_bad, args, INDICES, outcomes, &options),
        FUTURES_FAILED);
    cr_assert_eq(with_status(outcomes, INDICES, FUTURES_FAILED), 1);
    cr_assert_geq(with_status(outcomes, INDICES, FUTURES_OK), BAD);
    for (size_t i = BAD + 1 + WIDTH; i < INDICES; i++) {
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_null(outcomes[i].error);
    }
    futures_outcomes_free(outcomes, INDICES);
    futures_pool_destroy(pool);
}

Test(map_window, collects_all_errors) /* row 7 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        futures_outcome outcomes[INDICES];
        struct source source = {.limit = INDICES};
        futures_map_options options = source_options(&source, WIDTH);
        futures_pool *pool = pool_of(workers);
        options.on_error = FUTURES_ON_ERROR_COLLECT;
        assert_status(
            futures_map(pool, throw_odd, NULL, INDICES, outcomes, &options),
            FUTURES_FAILED);
        for (size_t i = 0; i < INDICES; i++) {
            assert_status(outcomes[i].status,
                          i % 2 == 0 ? FUTURES_OK : FUTURES_FAILED);
            if (i % 2 == 1)
                cr_assert_eq(outcomes[i].error->code, (int)i);
        }
        futures_outcomes_free(outcomes, INDICES);
        futures_pool_destroy(pool);
    }
}

Test(map_window, without_anybody_to_see_them_errors_are_heard)
{
    for (int sees = 0; sees < 2; sees++) {
        atomic_int heard = 0;
        struct source source = {.limit = 100};
        futures_map_options options = source_options(&source, WIDTH);
        futures_pool *pool = hearing_pool(2, &heard);
        options.on_error = FUTURES_ON_ERROR_COLLECT;
        options.on_done = sees ? source_done : NULL;
        assert_status(
            futures_map(pool, throw_odd, NULL, SIZE_MAX, NULL, &options),
            FUTURES_FAILED);
        futures_pool_destroy(pool);
        cr_assert_eq(atomic_load(&heard), sees ? 0 : 50);
    }
}

Test(map_window, a_closed_pool_ends_it)
{
    void *args[10] = {NULL};
    futures_outcome outcomes[10];
    for (int mode = 0; mode < 3; mode++) {
        struct source source = {.limit = SIZE_MAX};
        futures_map_options options = source_options(&source, WIDTH);
        futures_pool *pool = pool_of(1);
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
        options.on_error = (futures_on_error)mode;
        assert_status(
            futures_map(pool, return_arg, NULL, SIZE_MAX, NULL, &options),
            FUTURES_CLOSED);
        cr_assert_eq(atomic_load(&source.given), 1);
        options.next = NULL;
        assert_status(
            futures_map(pool, return_arg, args, 10, outcomes, &options),
            FUTURES_CLOSED);
        cr_assert_eq(with_status(outcomes, 10, FUTURES_CLOSED), 10);
        futures_outcomes_free(outcomes, 10);
        futures_pool_destroy(pool);
    }
}

Test(map_window, a_queue_that_is_full_of_others_refuses_it)
{
    void *args[10] = {NULL};
    futures_outcome outcomes[10];
    struct gate gate;
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = narrow_pool(1, FUTURES_OVERFLOW_REFUSE);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_submit_detached(pool, return_arg, NULL, NULL);
    options.window = WIDTH;
    assert_status(futures_map(pool, return_arg, args, 10, outcomes, &options),
                  FUTURES_FULL);
    cr_assert_eq(with_status(outcomes, 10, FUTURES_FULL), 10);
    futures_outcomes_free(outcomes, 10);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* The caller helps, in a task, with the item in which the thread exits. */
static void *exit_at_bad(void *arg)
{
    if (arg == number(BAD))
        pthread_exit(NULL);
    return arg;
}

Test(map_window, a_thread_that_exits_in_an_item_ends_item_and_map) /* row 47 */
{
    struct source source = {.limit = INDICES};
    struct source_map map = {pool_of(1),
                             exit_at_bad,
                             INDICES,
                             NULL,
                             source_options(&source, WIDTH),
                             FUTURES_PENDING};
    futures_future *task = futures_submit(map.pool, source_map_run, &map);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_FAILED);
    assert_status(map.status, FUTURES_PENDING); /* it never returned */
    futures_release(task);
    source = (struct source){.limit = INDICES};
    assert_status(
        futures_map(map.pool, exit_at_bad, NULL, INDICES, NULL, &map.options),
        FUTURES_FAILED);
    futures_pool_destroy(map.pool);
}
