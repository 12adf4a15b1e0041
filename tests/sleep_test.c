/* futures_sleep: until the moment has come, or at once where the task is asked
 * to stop, by whatever way. A sleep that is to be cut short has no end of its
 * own, so that a lost wake-up shows as a hang and not as a pass. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_sleep -> sleep.lasts_until_its_moment
 *   test_sleep_zero -> sleep.until_a_moment_long_past_is_over_at_once
 *   test_sleep_cancel -> sleep.ends_when_the_task_is_cancelled
 *   test_task_cancel_sleeping_task
 *   -> sleep.ends_when_a_token_above_the_task_fires
 */
#include "support/test.h"

#include <stdint.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5, LATE_MS = 600000 };

/* A task that sleeps, and what its sleep answered. */
struct sleeper {
    struct gate started; /* open: it only counts */
    futures_time until;
    futures_status first;
    futures_status second;
    bool asked;
    futures_time woke;
};

static void *sleep_twice(void *arg)
{
    struct sleeper *sleeper = arg;
    gate_pass(&sleeper->started);
    sleeper->first = futures_sleep(sleeper->until);
    sleeper->woke = futures_now();
    sleeper->asked = futures_cancelled();
    sleeper->second = futures_sleep(futures_in_ms(SOON_MS));
    return arg;
}

static void sleeper_init(struct sleeper *sleeper, futures_time until)
{
    *sleeper = (struct sleeper){.until = until};
    gate_init_open(&sleeper->started);
}

static void assert_was_woken(struct sleeper *sleeper, futures_future *task)
{
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(sleeper->first, FUTURES_CANCELLED);
    assert_status(sleeper->second, FUTURES_CANCELLED);
    cr_assert(sleeper->asked);
    futures_release(task);
    gate_destroy(&sleeper->started);
}

Test(sleep, lasts_until_its_moment)
{
    struct sleeper sleeper;
    futures_pool *pool = pool_of(1);
    sleeper_init(&sleeper, futures_in_ms(SOON_MS));
    futures_future *task = futures_submit(pool, sleep_twice, &sleeper);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(sleeper.first, FUTURES_OK);
    assert_status(sleeper.second, FUTURES_OK);
    cr_assert(!sleeper.asked);
    cr_assert_geq(sleeper.woke, sleeper.until);
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&sleeper.started);
}

Test(sleep, outside_a_task_lasts_until_its_moment_but_not_for_ever)
{
    futures_time until = futures_in_ms(SOON_MS);
    assert_status(futures_sleep(until), FUTURES_OK);
    cr_assert_geq(futures_now(), until);
    assert_status(futures_sleep(FUTURES_NEVER), FUTURES_INVALID);
}

static void *sleep_in_the_past(void *arg)
{
    return futures_sleep(FUTURES_POLL) == FUTURES_OK &&
                   futures_sleep(-1) == FUTURES_OK
               ? arg
               : NULL;
}

Test(sleep, until_a_moment_long_past_is_over_at_once)
{
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, sleep_in_the_past, pool);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), pool);
    cr_assert(sleep_in_the_past(pool) == pool);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* Sleeps with no end, and with one that is far away. */
static const futures_time endless[] = {FUTURES_NEVER, INT64_MAX};

Test(sleep, ends_when_the_task_is_cancelled)
{
    for (size_t i = 0; i < LENGTH(endless); i++) {
        struct sleeper sleeper;
        futures_pool *pool = pool_of(1);
        sleeper_init(&sleeper, endless[i]);
        futures_future *task = futures_submit(pool, sleep_twice, &sleeper);
        cr_assert(gate_await_arrivals(&sleeper.started, 1));
        futures_cancel(task);
        assert_was_woken(&sleeper, task);
        futures_pool_destroy(pool);
    }
}

Test(sleep, ends_when_a_token_above_the_task_fires)
{
    struct sleeper sleeper;
    futures_pool *pool = pool_of(1);
    futures_token *parent = new_token(NULL);
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.token = new_token(parent);
    sleeper_init(&sleeper, futures_in_ms(LATE_MS));
    futures_future *task =
        futures_submit_with(pool, sleep_twice, &sleeper, &options);
    cr_assert(gate_await_arrivals(&sleeper.started, 1));
    futures_token_cancel(parent, 0, NULL);
    assert_was_woken(&sleeper, task);
    futures_token_release(options.token);
    futures_token_release(parent);
    futures_pool_destroy(pool);
}

/* Submits a sleeper that a deadline ends; again with twice the time if it was
 * cancelled before it began. */
static void check_deadline(bool of_the_token)
{
    futures_status ended = FUTURES_CANCELLED;
    futures_pool *pool = pool_of(1);
    for (int64_t ms = SOON_MS; ended == FUTURES_CANCELLED; ms *= 2) {
        struct sleeper sleeper;
        futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
        sleeper_init(&sleeper, FUTURES_NEVER);
        if (of_the_token)
            assert_status(
                futures_token_create(&options.token, NULL, futures_in_ms(ms)),
                FUTURES_OK);
        else
            options.deadline = futures_in_ms(ms);
        futures_future *task =
            futures_submit_with(pool, sleep_twice, &sleeper, &options);
        ended = futures_wait(task, FUTURES_NEVER);
        if (ended != FUTURES_CANCELLED)
            assert_was_woken(&sleeper, futures_retain(task));
        cr_assert(ended == FUTURES_OK || ended == FUTURES_CANCELLED);
        futures_release(task);
        futures_token_release(options.token);
    }
    futures_pool_destroy(pool);
}

Test(sleep, ends_at_the_deadline_of_the_task)
{
    check_deadline(false);
}

Test(sleep, ends_at_the_deadline_of_the_token)
{
    check_deadline(true);
}

static void *submit_sleeper_and_sleep(void *arg)
{
    struct sleeper *sleepers = arg;
    futures_future *child =
        futures_submit(futures_current_pool(), sleep_twice, &sleepers[1]);
    sleep_twice(&sleepers[0]);
    futures_wait(child, FUTURES_NEVER);
    return child;
}

Test(sleep, of_a_child_ends_when_its_parent_is_cancelled)
{
    struct sleeper sleepers[2];
    futures_pool *pool = pool_of(2);
    sleeper_init(&sleepers[0], FUTURES_NEVER);
    sleeper_init(&sleepers[1], FUTURES_NEVER);
    futures_future *task =
        futures_submit(pool, submit_sleeper_and_sleep, sleepers);
    cr_assert(gate_await_arrivals(&sleepers[0].started, 1));
    cr_assert(gate_await_arrivals(&sleepers[1].started, 1));
    futures_cancel(task);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_was_woken(&sleepers[1], futures_value(task));
    assert_was_woken(&sleepers[0], task);
    futures_pool_destroy(pool);
}

Test(sleep, ends_when_the_pool_is_shut_down_with_cancel)
{
    enum { SLEEPERS = 4 };
    struct sleeper sleepers[SLEEPERS];
    futures_future *tasks[SLEEPERS];
    futures_pool *pool = pool_of(SLEEPERS);
    for (size_t i = 0; i < SLEEPERS; i++) {
        sleeper_init(&sleepers[i], FUTURES_NEVER);
        tasks[i] = futures_submit(pool, sleep_twice, &sleepers[i]);
    }
    for (size_t i = 0; i < SLEEPERS; i++)
        cr_assert(gate_await_arrivals(&sleepers[i].started, 1));
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER),
        FUTURES_OK);
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_was_woken(&sleepers[i], tasks[i]);
    futures_pool_destroy(pool);
}

Test(sleep, of_many_ends_one_by_one)
{
    enum { SLEEPERS = 8 };
    struct sleeper sleepers[SLEEPERS];
    futures_future *tasks[SLEEPERS];
    futures_pool *pool = pool_of(SLEEPERS);
    for (size_t i = 0; i < SLEEPERS; i++) {
        sleeper_init(&sleepers[i], FUTURES_NEVER);
        tasks[i] = futures_submit(pool, sleep_twice, &sleepers[i]);
        cr_assert(gate_await_arrivals(&sleepers[i].started, 1));
    }
    for (size_t i = SLEEPERS; i-- > 0;) {
        futures_cancel(tasks[i]);
        assert_was_woken(&sleepers[i], tasks[i]);
        if (i > 0)
            assert_status(futures_poll(tasks[i - 1]), FUTURES_PENDING);
    }
    futures_pool_destroy(pool);
}

Test(sleep, is_not_ended_by_what_concerns_others)
{
    enum { OTHERS = 50 };
    struct sleeper sleeper;
    futures_pool *pool = pool_of(2);
    sleeper_init(&sleeper, futures_in_ms(10 * SOON_MS));
    futures_future *task = futures_submit(pool, sleep_twice, &sleeper);
    cr_assert(gate_await_arrivals(&sleeper.started, 1));
    for (size_t i = 0; i < OTHERS; i++) {
        futures_token *token = new_token(NULL);
        futures_future *other =
            futures_submit(pool, run_until_cancelled, NULL);
        futures_cancel(other);
        futures_token_cancel(token, 0, NULL);
        assert_status(futures_wait(other, FUTURES_NEVER), FUTURES_CANCELLED);
        futures_release(other);
        futures_token_release(token);
    }
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(sleeper.first, FUTURES_OK);
    assert_status(sleeper.second, FUTURES_OK);
    cr_assert_geq(sleeper.woke, sleeper.until);
    futures_release(task);
    futures_pool_destroy(pool);
    gate_destroy(&sleeper.started);
}
