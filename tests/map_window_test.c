/* futures_map with a window, or with `next`: never more than the window in
 * flight, and nothing taken ahead of room. */
/* Elsewhere, and here:
 * executor.py:
 *   test_map_buffersize -> map_window.gives_outcomes_in_order
 *   test_map_buffersize_on_empty_iterable -> map_window.that_has_nothing_is_ok
 *   test_map_buffersize_when_buffer_is_full
 *   -> map_window.takes_nothing_ahead_of_room
 * _test_multiprocessing.py:
 *   test_imap -> map_window.gives_outcomes_in_order
 *   test_imap_unordered -> map_window.is_refilled_when_any_has_ended
 *   test_empty_iterable -> map_window.that_has_nothing_is_ok
 */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <futures/futures.h>

#include "support/source.h"

enum { MANY = SLICE(100000), WIDTH = 8 };

static void *times_two(void *arg)
{
    return number((size_t)(uintptr_t)arg * 2);
}

static void check_order(futures_pool *pool, size_t count, size_t window,
                        bool iterates)
{
    void *args[INDICES];
    futures_outcome outcomes[INDICES];
    struct source source = {.limit = count};
    size_t taken = 0;
    futures_map_options options = source_options(&source, window);
    options.taken = &taken;
    options.on_done = NULL;
    options.next = iterates ? source_next : NULL;
    memset(outcomes, 0x55, sizeof outcomes);
    make_numbers(args, count);
    assert_status(futures_map(pool, times_two, iterates ? NULL : args,
                              iterates ? INDICES : count, outcomes, &options),
                  FUTURES_OK);
    for (size_t i = 0; i < count; i++) {
        assert_status(outcomes[i].status, FUTURES_OK);
        cr_assert_eq(outcomes[i].value, number(i * 2));
        cr_assert_null(outcomes[i].error);
    }
    futures_outcomes_free(outcomes, count);
    cr_assert_eq(taken, iterates ? count : 0);
    cr_assert_eq(source.late_calls, 0);
}

Test(map_window, gives_outcomes_in_order) /* row 5 */
{
    size_t lengths[] = {0, 1, 2, 7, 100, INDICES};
    for (unsigned workers = 1; workers <= 9; workers = workers * 2 + 1) {
        futures_pool *pool = pool_of(workers);
        for (size_t i = 0; i < LENGTH(lengths); i++) {
            for (size_t window = 1; window <= 64; window = window * 2 + 1) {
                check_order(pool, lengths[i], window, false);
                check_order(pool, lengths[i], window, true);
            }
            check_order(pool, lengths[i], 0, true);
            check_order(pool, lengths[i], SIZE_MAX, true);
        }
        futures_pool_destroy(pool);
    }
}

struct crowd {
    struct gate gate;
    atomic_int inside;
    atomic_int most;
};

/* Items share what they are given through this. */
static struct crowd *crowd;

static void *come_and_go(void *arg)
{
    int inside = atomic_fetch_add(&crowd->inside, 1) + 1;
    int most = atomic_load(&crowd->most);
    while (most < inside &&
           !atomic_compare_exchange_weak(&crowd->most, &most, inside)) {
    }
    gate_pass(&crowd->gate);
    atomic_fetch_sub(&crowd->inside, 1);
    return arg;
}

static void *run_source_map(void *map)
{
    source_map_run(map);
    return NULL;
}

static void check_width(unsigned workers, size_t window, size_t expected)
{
    struct crowd here = {.most = 0};
    struct source source = {.limit = INDICES};
    struct source_map map = {pool_of(workers),
                             come_and_go,
                             INDICES,
                             NULL,
                             source_options(&source, window),
                             FUTURES_PENDING};
    pthread_t thread;
    crowd = &here;
    gate_init(&here.gate);
    pthread_create(&thread, NULL, run_source_map, &map);
    size_t arrive = expected < workers ? expected : workers;
    cr_assert(gate_await_arrivals(&here.gate, arrive));
    eventually(atomic_load(&source.given) == expected);
    gate_open(&here.gate);
    pthread_join(thread, NULL);
    assert_status(map.status, FUTURES_OK);
    cr_assert_eq(source.most, expected);
    cr_assert_leq((size_t)atomic_load(&here.most), expected);
    cr_assert_eq(atomic_load(&source.told), INDICES);
    futures_pool_destroy(map.pool);
    gate_destroy(&here.gate);
}

Test(map_window, takes_nothing_ahead_of_room)
{
    check_width(1, 1, 1);
    check_width(3, 2, 2);
    check_width(2, 5, 5);
    check_width(3, 0, 12);
}

struct one_slow {
    struct gate gate;
    atomic_size_t others;
};

static struct one_slow *slow;

static void *first_is_slow(void *arg)
{
    if (arg == number(0))
        gate_pass(&slow->gate);
    else if (atomic_fetch_add(&slow->others, 1) == INDICES - 2)
        gate_open(&slow->gate);
    return arg;
}

/* The oldest ends last, after all the others. */
Test(map_window, is_refilled_when_any_has_ended)
{
    struct one_slow here = {.others = 0};
    struct source source = {.limit = INDICES};
    futures_map_options options = source_options(&source, 3);
    futures_pool *pool = pool_of(2);
    slow = &here;
    gate_init(&here.gate);
    assert_status(
        futures_map(pool, first_is_slow, NULL, INDICES, NULL, &options),
        FUTURES_OK);
    cr_assert_eq(source.most, 3);
    cr_assert_eq(atomic_load(&source.told), INDICES);
    futures_pool_destroy(pool);
    gate_destroy(&here.gate);
}

Test(map_window, takes_a_hundred_thousand_items)
{
    for (unsigned workers = 1; workers <= 3; workers += 2) {
        struct source source = {.limit = MANY};
        futures_map_options options = source_options(&source, WIDTH);
        futures_pool *pool = pool_of(workers);
        assert_status(
            futures_map(pool, return_arg, NULL, SIZE_MAX, NULL, &options),
            FUTURES_OK);
        cr_assert_eq(atomic_load(&source.sum), (size_t)MANY * (MANY - 1) / 2);
        cr_assert_leq(source.most, WIDTH);
        futures_pool_destroy(pool);
    }
}

static void check_narrow(futures_pool *pool)
{
    check_order(pool, INDICES, 3, true);
    check_order(pool, INDICES, 0, true);
    check_order(pool, 10, 3, false);
    futures_pool_destroy(pool);
}

Test(map_window, with_a_queue_of_one) /* row 36 */
{
    check_narrow(narrow_pool(2, FUTURES_OVERFLOW_BLOCK));
    check_narrow(narrow_pool(2, FUTURES_OVERFLOW_REFUSE));
    check_narrow(narrow_pool(2, FUTURES_OVERFLOW_RUN));
}

static bool next_that_submits(void *context, void **arg)
{
    futures_pool *pool = *(futures_pool **)context;
    futures_future *future = futures_submit(pool, return_arg, pool);
    futures_status status = futures_gather(&future, 1, NULL, NULL);
    static size_t left = 10;
    futures_release(future);
    *arg = pool;
    return status == FUTURES_OK && left-- > 0;
}

Test(map_window, may_ask_a_source_that_submits_and_gathers)
{
    size_t taken = 0;
    futures_pool *pool = pool_of(1);
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    options.next = next_that_submits;
    options.next_context = &pool;
    options.window = 2;
    options.taken = &taken;
    assert_status(
        futures_map(pool, return_arg, NULL, SIZE_MAX, NULL, &options),
        FUTURES_OK);
    cr_assert_eq(taken, 10);
    futures_pool_destroy(pool);
}

Test(map_window, that_has_nothing_is_ok) /* row 1 */
{
    size_t taken = 7;
    struct source source = {.limit = 0};
    futures_map_options options = source_options(&source, 0);
    const futures_outcome before = {FUTURES_CLOSED, &source, NULL};
    futures_outcome outcome = before;
    futures_pool *pool = pool_of(1);
    options.taken = &taken;
    assert_status(futures_map(pool, times_two, NULL, 1, &outcome, &options),
                  FUTURES_OK);
    cr_assert_eq(taken, 0);
    cr_assert_eq(memcmp(&outcome, &before, sizeof outcome), 0);
    assert_status(futures_map(pool, times_two, NULL, 0, NULL, &options),
                  FUTURES_OK);
    cr_assert_eq(atomic_load(&source.given), 0);
    futures_pool_destroy(pool);
}

Test(map_window, of_what_cannot_be_is_invalid) /* row 3 */
{
    size_t taken = 7;
    void *args[1] = {NULL};
    futures_outcome outcome = {FUTURES_CLOSED, args, NULL};
    struct source source = {.limit = 1};
    futures_map_options options = source_options(&source, 1);
    futures_pool *pool = pool_of(1);
    options.taken = &taken;
    assert_status(futures_map(pool, times_two, args, 1, &outcome, &options),
                  FUTURES_INVALID);
    assert_status(
        futures_map(pool, times_two, NULL, SIZE_MAX, &outcome, &options),
        FUTURES_INVALID);
    options.next = NULL;
    assert_status(futures_map(pool, times_two, NULL, 1, &outcome, &options),
                  FUTURES_INVALID);
    assert_status(futures_map(pool, times_two, args, SIZE_MAX, NULL, &options),
                  FUTURES_INVALID);
    cr_assert_eq(taken, 7);
    cr_assert_eq(outcome.status, FUTURES_CLOSED);
    futures_pool_destroy(pool);
}
