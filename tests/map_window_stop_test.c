/* futures_map with a window that is stopped: by its token, its task, its
 * deadline, or an error that leaves the rest. */
/* Elsewhere, and here:
 * executor.py:
 *   test_map_timeout -> map_window.a_deadline_stops_it
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <futures/futures.h>

#include "support/source.h"

enum { BAD = 7, WIDTH = 3, SOON_MS = 5 };

/* All that have come in stay until they are asked to stop, or the gate
 * opens. */
struct stay {
    struct gate came;
    struct gate go;
    bool asks;
};

static struct stay *stay;

static void stay_init(struct stay *here, bool asks)
{
    gate_init(&here->came);
    gate_open(&here->came);
    gate_init(&here->go);
    here->asks = asks;
    stay = here;
}

static void stay_destroy(struct stay *here)
{
    gate_destroy(&here->came);
    gate_destroy(&here->go);
}

static void *stay_inside(void *arg)
{
    gate_pass(&stay->came);
    if (stay->asks)
        run_until_cancelled(NULL);
    else
        gate_pass(&stay->go);
    return arg;
}

static void *cancel_token(void *token)
{
    if (gate_await_arrivals(&stay->came, 2))
        futures_token_cancel(token, 10, "enough");
    return NULL;
}

/* returns  how many were taken */
static size_t stop_by_token(futures_on_error on_error, bool in_task)
{
    struct stay here;
    futures_outcome outcomes[INDICES];
    struct source source = {.limit = INDICES};
    struct source_map map = {pool_of(3),
                             stay_inside,
                             INDICES,
                             outcomes,
                             source_options(&source, WIDTH),
                             FUTURES_PENDING};
    pthread_t thread;
    stay_init(&here, true);
    map.options.on_error = on_error;
    futures_token_create(&map.options.token, NULL, FUTURES_NEVER);
    pthread_create(&thread, NULL, cancel_token, map.options.token);
    if (in_task) {
        futures_future *task = futures_submit(map.pool, source_map_run, &map);
        futures_wait(task, FUTURES_NEVER);
        futures_release(task);
    } else {
        source_map_run(&map);
    }
    pthread_join(thread, NULL);
    assert_status(map.status, FUTURES_CANCELLED);
    size_t given = atomic_load(&source.given);
    cr_assert_eq(with_status(outcomes, given, FUTURES_CANCELLED), given);
    for (size_t i = 0; i < given; i++)
        cr_assert_eq(outcomes[i].error->code, 10);
    futures_outcomes_free(outcomes, given);
    futures_token_release(map.options.token);
    futures_pool_destroy(map.pool);
    stay_destroy(&here);
    return given;
}

Test(map_window, a_token_stops_it) /* row 10 */
{
    for (int mode = 0; mode < 3; mode++) {
        cr_assert_leq(stop_by_token((futures_on_error)mode, false), WIDTH);
        cr_assert_leq(stop_by_token((futures_on_error)mode, true), WIDTH);
    }
}

static futures_token *last_words;

static void *cancel_in_the_last(void *arg)
{
    if (arg == number(INDICES - 1))
        futures_token_cancel(last_words, 1, "too late");
    return arg;
}

Test(map_window, a_token_that_fires_in_the_last_comes_too_late) /* row 12 */
{
    void *args[INDICES];
    futures_outcome outcomes[INDICES];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    make_numbers(args, INDICES);
    options.window = 1;
    futures_token_create(&options.token, NULL, FUTURES_NEVER);
    last_words = options.token;
    assert_status(futures_map(pool, cancel_in_the_last, args, INDICES,
                              outcomes, &options),
                  FUTURES_OK);
    cr_assert_eq(with_status(outcomes, INDICES, FUTURES_OK), INDICES);
    futures_outcomes_free(outcomes, INDICES);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
}

Test(map_window, a_token_that_fired_before_lets_nothing_begin)
{
    void *args[INDICES];
    futures_outcome outcomes[INDICES];
    struct counted counted = {0};
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    for (size_t i = 0; i < INDICES; i++)
        args[i] = &counted;
    options.window = WIDTH;
    futures_token_create(&options.token, NULL, FUTURES_NEVER);
    futures_token_cancel(options.token, 11, "before");
    assert_status(
        futures_map(pool, counted_run, args, INDICES, outcomes, &options),
        FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    for (size_t i = 0; i < INDICES; i++) {
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_eq(outcomes[i].error->code, 11);
    }
    futures_outcomes_free(outcomes, INDICES);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
}

Test(map_window, a_cancel_of_its_task_stops_it)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        struct stay here;
        futures_outcome outcomes[INDICES];
        struct source source = {.limit = INDICES};
        struct source_map map = {pool_of(workers),
                                 stay_inside,
                                 INDICES,
                                 outcomes,
                                 source_options(&source, WIDTH),
                                 FUTURES_PENDING};
        stay_init(&here, true);
        futures_future *task = futures_submit(map.pool, source_map_run, &map);
        cr_assert(gate_await_arrivals(&here.came, 1));
        futures_cancel(task);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
        assert_status(map.status, FUTURES_CANCELLED);
        size_t given = atomic_load(&source.given);
        cr_assert_leq(given, WIDTH);
        cr_assert_eq(with_status(outcomes, given, FUTURES_CANCELLED), given);
        futures_outcomes_free(outcomes, given);
        futures_release(task);
        futures_pool_destroy(map.pool);
        stay_destroy(&here);
    }
}

/* returns  its status; items come to the gate and stay */
static futures_status time_out(futures_on_timeout on_timeout, bool asks,
                               futures_outcome outcomes[], size_t *given)
{
    struct stay here;
    struct source source = {.limit = INDICES};
    futures_map_options options = source_options(&source, WIDTH);
    futures_pool *pool = pool_of(2);
    stay_init(&here, asks);
    options.deadline = futures_in_ms(SOON_MS);
    options.on_timeout = on_timeout;
    futures_status status =
        futures_map(pool, stay_inside, NULL, INDICES, outcomes, &options);
    *given = atomic_load(&source.given);
    gate_open(&here.go);
    futures_pool_destroy(pool);
    stay_destroy(&here);
    return status;
}

Test(map_window, a_deadline_stops_it) /* row 24 */
{
    futures_outcome outcomes[INDICES];
    size_t given;
    assert_status(time_out(FUTURES_ON_TIMEOUT_CANCEL, true, outcomes, &given),
                  FUTURES_TIMEOUT);
    cr_assert_leq(given, WIDTH);
    for (size_t i = 0; i < given; i++) {
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_eq(outcomes[i].error->code, ETIMEDOUT);
    }
    futures_outcomes_free(outcomes, given);
}

Test(map_window, a_deadline_may_leave_what_runs) /* row 24 */
{
    futures_outcome outcomes[INDICES];
    size_t given;
    assert_status(time_out(FUTURES_ON_TIMEOUT_LEAVE, false, outcomes, &given),
                  FUTURES_TIMEOUT);
    cr_assert_eq(with_status(outcomes, given, FUTURES_PENDING), given);
    assert_status(time_out(FUTURES_ON_TIMEOUT_ABANDON, true, outcomes, &given),
                  FUTURES_TIMEOUT);
    cr_assert_leq(given, WIDTH);
    futures_outcomes_free(outcomes, given);
}

Test(map_window, a_deadline_that_passed_before_lets_nothing_begin)
{
    void *args[2] = {NULL, NULL};
    futures_outcome outcomes[2];
    for (int mode = 0; mode < 3; mode++) {
        futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
        futures_pool *pool = pool_of(1);
        options.window = 1;
        options.deadline = FUTURES_POLL;
        options.on_timeout = (futures_on_timeout)mode;
        assert_status(
            futures_map(pool, return_arg, args, 2, outcomes, &options),
            FUTURES_TIMEOUT);
        for (size_t i = 0; i < 2; i++) {
            assert_status(outcomes[i].status, FUTURES_CANCELLED);
            cr_assert_eq(outcomes[i].error->code, ETIMEDOUT);
        }
        futures_outcomes_free(outcomes, 2);
        futures_pool_destroy(pool);
    }
}

static void *throw_first_stay_others(void *arg)
{
    if (arg == number(0)) {
        if (!gate_await_arrivals(&stay->came, WIDTH - 1))
            return arg;
        futures_throw(BAD, "the first");
    }
    return stay_inside(arg);
}

Test(map_window, leaves_the_others_at_an_error) /* row 7 */
{
    struct stay here;
    futures_outcome outcomes[INDICES];
    void *args[INDICES];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(WIDTH);
    stay_init(&here, false);
    make_numbers(args, INDICES);
    options.window = WIDTH;
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(futures_map(pool, throw_first_stay_others, args, INDICES,
                              outcomes, &options),
                  FUTURES_FAILED);
    assert_status(outcomes[0].status, FUTURES_FAILED);
    for (size_t i = 1; i < INDICES; i++)
        assert_status(outcomes[i].status,
                      i < WIDTH ? FUTURES_PENDING : FUTURES_CANCELLED);
    futures_outcomes_free(outcomes, INDICES);
    gate_open(&here.go);
    futures_pool_destroy(pool);
    stay_destroy(&here);
}
