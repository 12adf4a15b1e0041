/* Gather with a deadline: what becomes of the rest under each mode, and who
 * wins when several things happen at once. Most deadlines here are long past,
 * so that they pass for certain; the others are a few milliseconds, for sets
 * that cannot end before. Nothing is decided by measuring time. */
#include "support/test.h"

#include <errno.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5, LATE_MS = 60000 };

static futures_status gather_until(futures_future *const set[], size_t count,
                                   futures_outcome outcomes[],
                                   futures_time deadline,
                                   futures_on_timeout mode)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = deadline;
    options.on_timeout = mode;
    return futures_gather(set, count, outcomes, &options);
}

Test(gather_timeout, poll_fills_what_has_ended_and_touches_nothing) /* 22 */
{
    futures_future *set[3] = {resolved(&errno), futures_promise(NULL, NULL),
                              resolved(NULL)};
    futures_outcome outcomes[3];
    assert_status(
        gather_until(set, 3, outcomes, FUTURES_POLL, FUTURES_ON_TIMEOUT_LEAVE),
        FUTURES_TIMEOUT);
    assert_status(outcomes[0].status, FUTURES_OK);
    cr_assert_eq(outcomes[0].value, &errno);
    assert_status(outcomes[1].status, FUTURES_PENDING);
    cr_assert_null(outcomes[1].value);
    cr_assert_null(outcomes[1].error);
    assert_status(outcomes[2].status, FUTURES_OK);
    assert_status(futures_resolve(set[1], &set), FUTURES_OK);
    assert_status(
        gather_until(set, 3, outcomes, FUTURES_POLL, FUTURES_ON_TIMEOUT_LEAVE),
        FUTURES_OK);
    cr_assert_eq(outcomes[1].value, &set);
    futures_release_all(set, 3);
}

Test(gather_timeout, poll_of_what_has_ended_is_no_timeout) /* row 22 */
{
    futures_future *set[3] = {resolved(NULL), rejected(22), cancelled()};
    for (int mode = FUTURES_ON_TIMEOUT_CANCEL;
         mode <= FUTURES_ON_TIMEOUT_ABANDON; mode++) {
        assert_status(
            gather_until(set, 1, NULL, FUTURES_POLL, (futures_on_timeout)mode),
            FUTURES_OK);
        assert_status(
            gather_until(set, 3, NULL, FUTURES_POLL, (futures_on_timeout)mode),
            FUTURES_FAILED);
        assert_status(gather_until(set, 1, NULL, -5, (futures_on_timeout)mode),
                      FUTURES_OK);
    }
    futures_release_all(set, 3);
}

/* One queued task, one that runs until it is asked, on one worker each. */
struct pair {
    struct gate gate;
    struct gate started; /* open: it only counts */
    futures_pool *busy;
    futures_pool *other;
    struct counted counted;
    futures_future *set[2];
    futures_outcome outcomes[2];
};

static void pair_up(struct pair *pair, futures_fn running)
{
    futures_task_options options = counted_options();
    *pair = (struct pair){.busy = pool_of(1), .other = pool_of(1)};
    gate_init(&pair->gate);
    gate_init_open(&pair->started);
    cr_assert(saturate(pair->busy, &pair->gate));
    pair->set[0] =
        futures_submit_with(pair->busy, counted_run, &pair->counted, &options);
    pair->set[1] = futures_submit(pair->other, running, &pair->started);
    cr_assert(gate_await_arrivals(&pair->started, 1));
}

static void pair_down(struct pair *pair)
{
    futures_release_all(pair->set, 2);
    gate_open(&pair->gate);
    futures_pool_destroy(pair->busy);
    futures_pool_destroy(pair->other);
    gate_destroy(&pair->started);
    gate_destroy(&pair->gate);
}

static void cancel_and_join(futures_time deadline)
{
    struct pair pair;
    pair_up(&pair, arrive_and_run_until_cancelled);
    assert_status(gather_until(pair.set, 2, pair.outcomes, deadline,
                               FUTURES_ON_TIMEOUT_CANCEL),
                  FUTURES_TIMEOUT);
    assert_status(pair.outcomes[0].status, FUTURES_CANCELLED);
    assert_status(pair.outcomes[1].status, FUTURES_CANCELLED);
    assert_status(futures_poll(pair.set[1]), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&pair.counted.arg_freed), 1);
    pair_down(&pair);
    cr_assert_eq(atomic_load(&pair.counted.ran), 0);
}

Test(gather_timeout, in_the_past_cancels_and_joins) /* row 22 */
{
    cancel_and_join(FUTURES_POLL);
    cancel_and_join(-1);
    cancel_and_join(INT64_MIN);
}

Test(gather_timeout, that_comes_while_it_waits_cancels_and_joins) /* row 24 */
{
    cancel_and_join(futures_in_ms(SOON_MS));
}

Test(gather_timeout, leave_asks_nothing_of_the_rest) /* row 24 */
{
    struct pair pair;
    pair_up(&pair, arrive_and_return_when_asked);
    assert_status(gather_until(pair.set, 2, pair.outcomes,
                               futures_in_ms(SOON_MS),
                               FUTURES_ON_TIMEOUT_LEAVE),
                  FUTURES_TIMEOUT);
    assert_status(pair.outcomes[0].status, FUTURES_PENDING);
    assert_status(pair.outcomes[1].status, FUTURES_PENDING);
    assert_status(futures_poll(pair.set[1]), FUTURES_PENDING);
    gate_open(&pair.gate);
    assert_status(futures_wait(pair.set[0], FUTURES_NEVER), FUTURES_OK);
    futures_cancel(pair.set[1]);
    assert_status(futures_wait(pair.set[1], FUTURES_NEVER), FUTURES_OK);
    pair_down(&pair);
    cr_assert_eq(atomic_load(&pair.counted.ran), 1);
}

static void *note_whether_asked(void *gate)
{
    gate_pass(gate);
    return futures_cancelled() ? gate : NULL;
}

Test(gather_timeout, leave_does_not_even_mark_a_running_task) /* row 24 */
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    futures_future *future = futures_submit(pool, note_whether_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    assert_status(
        gather_until(&future, 1, NULL, FUTURES_POLL, FUTURES_ON_TIMEOUT_LEAVE),
        FUTURES_TIMEOUT);
    gate_open(&gate);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_null(futures_value(future));
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(gather_timeout, abandon_asks_the_rest_and_does_not_wait) /* row 24 */
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    futures_future *future = futures_submit(pool, note_whether_asked, &gate);
    futures_future *set[2] = {future, futures_submit(pool, return_arg, NULL)};
    futures_outcome outcomes[2];
    cr_assert(gate_await_arrivals(&gate, 1));
    assert_status(gather_until(set, 2, outcomes, FUTURES_POLL,
                               FUTURES_ON_TIMEOUT_ABANDON),
                  FUTURES_TIMEOUT);
    assert_status(outcomes[0].status, FUTURES_PENDING);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    gate_open(&gate);
    assert_status(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(future), &gate);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct late {
    struct gate gate;
    struct counted counted;
};

static void *return_late(void *arg)
{
    struct late *late = arg;
    gate_pass(&late->gate);
    return &late->counted;
}

Test(gather_timeout, an_abandoned_task_has_its_late_value_freed) /* row 24 */
{
    struct late late = {.counted = {0}};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    gate_init(&late.gate);
    options.value_free = counted_value_free;
    futures_future *future =
        futures_submit_with(pool, return_late, &late, &options);
    cr_assert(gate_await_arrivals(&late.gate, 1));
    assert_status(gather_until(&future, 1, NULL, futures_in_ms(SOON_MS),
                               FUTURES_ON_TIMEOUT_ABANDON),
                  FUTURES_TIMEOUT);
    futures_release(future);
    cr_assert_eq(atomic_load(&late.counted.value_freed), 0);
    gate_open(&late.gate);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&late.counted.value_freed), 1);
    gate_destroy(&late.gate);
}

Test(gather_timeout, that_never_comes_changes_nothing)
{
    static const int64_t waits[] = {LATE_MS, INT64_MAX};
    futures_pool *pool = pool_of(1);
    for (size_t i = 0; i < LENGTH(waits); i++) {
        futures_future *promise = futures_promise(NULL, NULL);
        struct gathering gathering = gathering_of(&promise, 1, NULL);
        gathering.options.deadline = futures_in_ms(waits[i]);
        futures_future *task = start_gathering(pool, &gathering);
        futures_resolve(promise, NULL);
        assert_status(end_gathering(task, &gathering), FUTURES_OK);
        futures_release(promise);
    }
    futures_pool_destroy(pool);
}

Test(gather_timeout, does_not_hide_an_error_that_came_before)
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2] = {futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    struct gathering gathering = gathering_of(set, 2, NULL);
    gathering.options.deadline = futures_in_ms(LATE_MS);
    futures_future *task = start_gathering(pool, &gathering);
    futures_reject(set[1], 7, "before the deadline");
    assert_status(end_gathering(task, &gathering), FUTURES_FAILED);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

Test(gather_timeout, after_a_collected_error_is_a_timeout) /* row 19b */
{
    futures_future *set[2] = {rejected(19), futures_promise(NULL, NULL)};
    futures_outcome outcomes[2];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.deadline = futures_in_ms(SOON_MS);
    assert_status(futures_gather(set, 2, outcomes, &options), FUTURES_TIMEOUT);
    assert_status(outcomes[0].status, FUTURES_FAILED);
    cr_assert_eq(outcomes[0].error->code, 19);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    futures_release_all(set, 2);
}

Test(gather_timeout, keeps_the_error_of_a_task_that_could_not_stop) /* 15 */
{
    struct pair pair;
    pair_up(&pair, arrive_and_throw_when_asked);
    assert_status(gather_until(pair.set, 2, pair.outcomes,
                               futures_in_ms(SOON_MS),
                               FUTURES_ON_TIMEOUT_CANCEL),
                  FUTURES_TIMEOUT);
    assert_status(pair.outcomes[1].status, FUTURES_FAILED);
    cr_assert_eq(pair.outcomes[1].error->code, 15);
    pair_down(&pair);
}

Test(gather_timeout, after_which_all_end_ok_is_ok) /* rows 14, 23 */
{
    struct pair pair;
    pair_up(&pair, arrive_and_return_when_asked);
    assert_status(gather_until(pair.set + 1, 1, pair.outcomes,
                               futures_in_ms(SOON_MS),
                               FUTURES_ON_TIMEOUT_CANCEL),
                  FUTURES_OK);
    assert_status(pair.outcomes[0].status, FUTURES_OK);
    cr_assert_eq(pair.outcomes[0].value, &pair.started);
    pair_down(&pair);
}

static void *resolve_now(void *promise)
{
    futures_resolve(promise, promise);
    return NULL;
}

Test(gather_timeout, and_completion_together_are_one_or_the_other) /* 23 */
{
    enum { TRIES = 300, SPREAD_NS = 40000 };
    futures_pool *pool = pool_of(1);
    for (int i = 0; i < TRIES; i++) {
        futures_future *promise = futures_promise(NULL, NULL);
        futures_outcome outcome;
        futures_future *resolver = futures_submit(pool, resolve_now, promise);
        futures_status status = gather_until(
            &promise, 1, &outcome, futures_now() + i * SPREAD_NS / TRIES,
            FUTURES_ON_TIMEOUT_LEAVE);
        assert_status(outcome.status,
                      status == FUTURES_OK ? FUTURES_OK : FUTURES_PENDING);
        cr_assert(status == FUTURES_OK || status == FUTURES_TIMEOUT);
        cr_assert_eq(outcome.value, status == FUTURES_OK ? promise : NULL);
        futures_wait(resolver, FUTURES_NEVER);
        futures_release(resolver);
        futures_release(promise);
    }
    futures_pool_destroy(pool);
}

Test(gather_timeout, inside_a_task_asks_only_the_set)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    struct gathering inner = gathering_of(&promise, 1, NULL);
    inner.options.deadline = futures_in_ms(SOON_MS);
    futures_future *task = futures_submit(pool, gathering_run, &inner);
    assert_status(gather_until(&task, 1, NULL, futures_in_ms(LATE_MS),
                               FUTURES_ON_TIMEOUT_CANCEL),
                  FUTURES_OK);
    assert_status(inner.status, FUTURES_TIMEOUT);
    assert_status(futures_poll(promise), FUTURES_CANCELLED);
    futures_release(task);
    futures_release(promise);
    futures_pool_destroy(pool);
}

/* The outer one first. */
Test(gather_timeout, around_a_task_stops_the_gather_inside_it)
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    struct gathering inner = gathering_of(&promise, 1, NULL);
    inner.options.deadline = futures_in_ms(LATE_MS);
    futures_future *task = start_gathering(pool, &inner);
    assert_status(gather_until(&task, 1, NULL, futures_in_ms(SOON_MS),
                               FUTURES_ON_TIMEOUT_CANCEL),
                  FUTURES_OK);
    assert_status(inner.status, FUTURES_CANCELLED);
    assert_status(futures_poll(promise), FUTURES_CANCELLED);
    futures_release(task);
    futures_release(promise);
    futures_pool_destroy(pool);
}
