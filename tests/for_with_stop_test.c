/* futures_for_with that is stopped, refused or helped: deadlines, tokens, bad
 * input. */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include <futures/futures.h>

#include "support/keeping.h"

static void wait_to_be_stopped(void *counter, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    count_one(counter);
    run_until_cancelled(NULL);
}

static void check_deadline(futures_for_options options)
{
    atomic_int begun = 0;
    futures_pool *pool = pool_of(2);
    options.grain = 1;
    options.deadline = futures_in_ms(20);
    assert_status(
        futures_for_with(pool, 0, PARTS, wait_to_be_stopped, &begun, &options),
        FUTURES_TIMEOUT);
    cr_assert_leq(atomic_load(&begun), 2);
    futures_pool_destroy(pool);
}

Test(for_with, deadline_stops_it_and_waits) /* row 24 */
{
    futures_outcome first;
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    check_deadline(options);
    check_deadline(keeping(&first));
    expect_outcome(&first, FUTURES_CANCELLED, ETIMEDOUT);
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    check_deadline(options);
}

/* Nothing can begin. */
static futures_status run_saturated(futures_for_options *options)
{
    struct gate gate;
    struct counts counts = {0};
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_status status =
        futures_for_with(pool, 0, PARTS, count_indices, &counts, options);
    size_t ran = options->help ? PARTS : 0;
    cr_assert_eq(counted_times(&counts, PARTS, 1), ran);
    gate_open(&gate);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
    return status;
}

Test(for_with, deadline_that_passed_before_lets_nothing_begin) /* row 22 */
{
    futures_outcome first;
    futures_for_options options = keeping(&first);
    options.deadline = FUTURES_POLL;
    assert_status(run_saturated(&options), FUTURES_TIMEOUT);
    expect_outcome(&first, FUTURES_CANCELLED, ETIMEDOUT);
}

Test(for_with, token_that_fired_before_lets_nothing_begin) /* row 10 */
{
    futures_outcome first;
    futures_for_options options = keeping(&first);
    futures_token_create(&options.token, NULL, FUTURES_NEVER);
    futures_token_cancel(options.token, BAD, "enough");
    assert_status(run_saturated(&options), FUTURES_CANCELLED);
    expect_outcome(&first, FUTURES_CANCELLED, BAD);
    futures_token_release(options.token);
}

Test(for_with, help_has_the_caller_run_parts)
{
    futures_outcome first;
    futures_for_options options = keeping(&first);
    options.help = true;
    assert_status(run_saturated(&options), FUTURES_OK);
    expect_outcome(&first, FUTURES_OK, 0);
}

static void fire_and_stop(void *token, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    futures_token_cancel(token, BAD, "enough");
    run_until_cancelled(NULL);
}

static void fire_and_return(void *token, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    futures_token_cancel(token, BAD, "too late");
}

Test(for_with, token_cancels_what_runs_and_its_reason_is_kept)
{
    futures_outcome first;
    futures_for_options options = keeping(&first);
    futures_pool *pool = pool_of(1);
    options.grain = 1;
    futures_token_create(&options.token, NULL, FUTURES_NEVER);
    assert_status(futures_for_with(pool, 0, PARTS, fire_and_stop,
                                   options.token, &options),
                  FUTURES_CANCELLED);
    expect_outcome(&first, FUTURES_CANCELLED, BAD);
    futures_token_release(options.token);
    futures_token_create(&options.token, NULL, FUTURES_NEVER);
    assert_status(
        futures_for_with(pool, 0, 1, fire_and_return, options.token, &options),
        FUTURES_OK); /* row 12 */
    expect_outcome(&first, FUTURES_OK, 0);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
}

Test(for_with, refused_says_why)
{
    struct gate gate;
    struct counts counts = {0};
    futures_outcome first;
    futures_for_options options = keeping(&first);
    futures_pool *pool = narrow_pool(1, FUTURES_OVERFLOW_REFUSE);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_submit_detached(pool, return_arg, NULL, NULL);
    assert_status(
        futures_for_with(pool, 0, PARTS, count_indices, &counts, &options),
        FUTURES_FULL);
    expect_outcome(&first, FUTURES_FULL, 0);
    gate_open(&gate);
    futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER);
    assert_status(
        futures_for_with(pool, 0, PARTS, count_indices, &counts, &options),
        FUTURES_CLOSED);
    expect_outcome(&first, FUTURES_CLOSED, 0);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(for_with, what_cannot_be_is_invalid_and_touches_nothing) /* row 3 */
{
    struct counts counts = {0};
    futures_outcome first;
    futures_for_options options = keeping(&first);
    futures_outcome before = first;
    futures_pool *pool = pool_of(1);
    assert_status(
        futures_for_with(NULL, 0, 1, count_indices, &counts, &options),
        FUTURES_INVALID);
    assert_status(futures_for_with(pool, 0, 1, NULL, &counts, &options),
                  FUTURES_INVALID);
    options.on_error = (futures_on_error)3;
    assert_status(
        futures_for_with(pool, 0, 1, count_indices, &counts, &options),
        FUTURES_INVALID);
    cr_assert_eq(memcmp(&first, &before, sizeof first), 0);
    assert_status(futures_for_with(pool, 0, 1, count_indices, &counts, NULL),
                  FUTURES_OK);
    futures_pool_destroy(pool);
}

Test(for_with, takes_older_and_newer_options) /* row 56 */
{
    struct {
        futures_for_options options;
        long more;
    } newer = {FUTURES_FOR_OPTIONS_INIT, 0};
    futures_for_options older = FUTURES_FOR_OPTIONS_INIT;
    futures_for_options made;
    struct counts counts = {0};
    futures_pool *pool = pool_of(1);
    older.size = offsetof(futures_for_options, deadline);
    older.deadline = FUTURES_POLL;
    assert_status(futures_for_with(pool, 0, 1, count_indices, &counts, &older),
                  FUTURES_OK);
    newer.options.size = sizeof newer;
    assert_status(
        futures_for_with(pool, 0, 1, count_indices, &counts, &newer.options),
        FUTURES_OK);
    newer.more = 1;
    assert_status(
        futures_for_with(pool, 0, 1, count_indices, &counts, &newer.options),
        FUTURES_INVALID);
    futures_for_options_init(&made, sizeof made);
    cr_assert_eq(made.size, sizeof made);
    cr_assert_null(made.first_error);
    futures_pool_destroy(pool);
}
