/* Cleanups: what a task put off until it throws or stops is done newest first,
 * while the frames still stand, once, and for that task alone. */
#include "support/test.h"

#include <string.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

/* What was done, letter by letter. Of one task, so it needs no lock. */
static char done[2048];

static void note(void *letter)
{
    size_t length = strlen(done);
    done[length] = *(const char *)letter;
    done[length + 1] = '\0';
}

static void note_and_throw(void *letter)
{
    note(letter);
    futures_throw(99, "in a cleanup");
}

static void note_and_fail(void *letter)
{
    note(letter);
    futures_fail(98, "in a cleanup");
}

/* Runs one task to its end, with an empty `done`. */
static futures_future *run(futures_fn fn, void *arg)
{
    futures_pool *pool = pool_of(1);
    done[0] = '\0';
    futures_future *future = futures_submit(pool, fn, arg);
    futures_pool_destroy(pool);
    return future;
}

/* Asserts how the task ended and that `done` is right; 0: no error. */
static void check(futures_fn fn, futures_status status, int code,
                  const char *expected)
{
    futures_future *future = run(fn, NULL);
    assert_status(futures_poll(future), status);
    const futures_error *error = futures_error_of(future);
    cr_assert_eq(error == NULL ? 0 : error->code, code);
    cr_assert_str_eq(done, expected);
    futures_release(future);
}

static void *throw_with_three(void *arg)
{
    futures_cleanup cleanups[3];
    (void)arg;
    futures_defer(&cleanups[0], note, "a");
    futures_defer(&cleanups[1], note, "b");
    futures_defer(&cleanups[2], note, "c");
    futures_throw(48, "pending");
}

Test(cleanup, runs_newest_first_when_the_task_throws) /* row 48 */
{
    check(throw_with_three, FUTURES_FAILED, 48, "cba");
}

static void *stop_with_two(void *arg)
{
    futures_cleanup cleanups[2];
    futures_defer(&cleanups[0], note, "a");
    futures_defer(&cleanups[1], note, "b");
    futures_checkpoint();
    note("-");
    futures_token_cancel(futures_current_token(), 0, NULL);
    futures_checkpoint();
    note("x");
    return arg;
}

Test(cleanup, runs_when_the_task_stops_at_a_checkpoint) /* row 48 */
{
    futures_future *future = run(stop_with_two, NULL);
    assert_status(futures_poll(future), FUTURES_CANCELLED);
    cr_assert_str_eq(done, "-ba");
    futures_release(future);
}

static void *throw_with_bad_ones(void *arg)
{
    futures_cleanup cleanups[5];
    (void)arg;
    futures_defer(&cleanups[0], note, "a");
    futures_defer(&cleanups[1], note_and_throw, "b");
    futures_defer(&cleanups[2], note_and_fail, "c");
    futures_defer(&cleanups[3], note_and_throw, "d");
    futures_defer(&cleanups[4], note, "e");
    futures_throw(48, "the first error");
}

Test(cleanup, that_throws_ends_itself_only) /* row 48 */
{
    check(throw_with_bad_ones, FUTURES_FAILED, 48, "edcba");
}

static void *stop_with_a_bad_one(void *arg)
{
    futures_cleanup cleanups[2];
    futures_defer(&cleanups[0], note, "a");
    futures_defer(&cleanups[1], note_and_throw, "b");
    futures_token_cancel(futures_current_token(), 0, NULL);
    futures_checkpoint();
    return arg;
}

Test(cleanup, that_throws_lets_the_older_ones_of_a_stopped_task_run) /* 48 */
{
    futures_future *future = run(stop_with_a_bad_one, NULL);
    cr_assert_str_eq(done, "ba");
    cr_assert_neq(futures_poll(future), FUTURES_OK);
    futures_release(future);
}

static void *take_back(void *arg)
{
    futures_cleanup cleanups[5];
    for (size_t i = 0; i < 5; i++)
        futures_defer(&cleanups[i], note, &"abcde"[i]);
    futures_undefer(&cleanups[4], true);
    futures_undefer(&cleanups[3], false);
    futures_undefer(&cleanups[1], false);
    futures_undefer(&cleanups[0], true);
    note("-");
    if (arg != NULL)
        futures_undefer(&cleanups[2], false);
    futures_throw(48, "with one left");
}

Test(cleanup, taken_back_runs_at_once_or_never)
{
    check(take_back, FUTURES_FAILED, 48, "ea-c");
    futures_future *future = run(take_back, done);
    cr_assert_str_eq(done, "ea-");
    futures_release(future);
}

static futures_cleanup lasting[2];

static void *return_with_lasting_storage(void *arg)
{
    futures_defer(&lasting[0], note, "a");
    futures_defer(&lasting[1], note, "b");
    note("-");
    return arg;
}

Test(cleanup, in_lasting_storage_runs_after_a_plain_return)
{
    check(return_with_lasting_storage, FUTURES_OK, 0, "-ba");
}

static void *fail_with_lasting_storage(void *arg)
{
    futures_fail(7, "failed");
    return return_with_lasting_storage(arg);
}

Test(cleanup, in_lasting_storage_runs_after_a_failure)
{
    check(fail_with_lasting_storage, FUTURES_FAILED, 7, "-ba");
}

static void *throw_with_lasting_storage(void *arg)
{
    return_with_lasting_storage(arg);
    futures_throw(8, "thrown");
}

Test(cleanup, in_lasting_storage_runs_once_after_a_throw)
{
    check(throw_with_lasting_storage, FUTURES_FAILED, 8, "-ba");
}

/* A frame whose cleanup reads the frame. */
static void note_local(void *local)
{
    note(local);
}

/* Volatile: the compiler cannot tell that no call ever returns. */
static volatile int deepest = 0;

static void dive(int left)
{
    char local[2] = {(char)('a' + left % 26), '\0'};
    futures_cleanup cleanup;
    futures_defer(&cleanup, note_local, local);
    if (left == deepest)
        futures_throw(48, "at the bottom");
    if (left > deepest)
        dive(left - 1);
    futures_undefer(&cleanup, false);
}

static void *throw_from_many_frames(void *arg)
{
    dive(1000);
    return arg;
}

Test(cleanup, finds_the_frames_still_standing) /* rows 48, 49 */
{
    futures_future *future = run(throw_from_many_frames, NULL);
    cr_assert_eq(futures_error_of(future)->code, 48);
    cr_assert_eq(strlen(done), 1001);
    for (size_t i = 0; i <= 1000; i++)
        cr_assert_eq(done[i], (char)('a' + i % 26));
    futures_release(future);
}

static void *throw_with_one(void *letter)
{
    futures_cleanup cleanup;
    futures_defer(&cleanup, note, letter);
    futures_throw(1, "of the child");
}

static void *help_with_one_that_throws(void *arg)
{
    futures_cleanup cleanup;
    futures_defer(&cleanup, note, "a");
    futures_future *child =
        futures_submit(futures_current_pool(), throw_with_one, "b");
    futures_gather(&child, 1, NULL, NULL);
    futures_release(child);
    note("-");
    futures_undefer(&cleanup, false);
    if (arg != NULL)
        futures_defer(&cleanup, note, "c");
    if (arg != NULL)
        futures_throw(2, "of the parent");
    return arg;
}

Test(cleanup, belongs_to_its_task_in_nested_helping) /* row 48 */
{
    check(help_with_one_that_throws, FUTURES_OK, 0, "b-");
    futures_future *future = run(help_with_one_that_throws, done);
    cr_assert_eq(futures_error_of(future)->code, 2);
    cr_assert_str_eq(done, "b-c");
    futures_release(future);
}

static void gather_in_cleanup(void *pool)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_task_options alone = FUTURES_TASK_OPTIONS_INIT;
    int one = 1;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    options.token = futures_token_none();
    alone.token = futures_token_none();
    futures_future *set[2] = {
        futures_submit_with(pool, return_arg, "g", &alone),
        futures_submit_with(pool, throw_code, &one, &alone)};
    if (futures_gather(set, 2, NULL, &options) == FUTURES_FAILED)
        note(futures_value(set[0]));
    futures_release_all(set, 2);
}

static void *throw_and_gather(void *arg)
{
    futures_cleanup cleanups[2];
    (void)arg;
    futures_defer(&cleanups[0], note, "a");
    futures_defer(&cleanups[1], gather_in_cleanup, futures_current_pool());
    futures_throw(48, "the first error");
}

static void *stop_and_gather(void *arg)
{
    futures_cleanup cleanup;
    futures_defer(&cleanup, gather_in_cleanup, futures_current_pool());
    futures_token_cancel(futures_current_token(), 0, NULL);
    futures_checkpoint();
    return arg;
}

Test(cleanup, may_submit_and_gather)
{
    check(throw_and_gather, FUTURES_FAILED, 48, "ga");
    futures_future *future = run(stop_and_gather, NULL);
    assert_status(futures_poll(future), FUTURES_CANCELLED);
    cr_assert_str_eq(done, "g");
    futures_release(future);
}

static void defer_in_cleanup(void *storage)
{
    futures_defer(storage, note, "n");
    note("-");
}

static void *throw_and_defer_more(void *arg)
{
    futures_cleanup cleanups[2];
    (void)arg;
    futures_defer(&cleanups[0], note, "a");
    futures_defer(&cleanups[1], defer_in_cleanup, &lasting[0]);
    futures_throw(48, "the first error");
}

Test(cleanup, deferred_in_a_cleanup_runs_too)
{
    check(throw_and_defer_more, FUTURES_FAILED, 48, "-na");
}

Test(cleanup, outside_a_task_only_fills_its_storage)
{
    futures_cleanup cleanups[3];
    done[0] = '\0';
    for (size_t i = 0; i < 3; i++)
        futures_defer(&cleanups[i], note, &"abc"[i]);
    futures_undefer(&cleanups[1], true);
    cr_assert_str_eq(done, "b");
    futures_undefer(&cleanups[2], false);
    futures_undefer(&cleanups[0], true);
    cr_assert_str_eq(done, "ba");
}

static void *throw_nothing(void *arg)
{
    return arg;
}

Test(cleanup, of_one_task_is_not_seen_by_the_next)
{
    futures_pool *pool = pool_of(1);
    done[0] = '\0';
    for (int i = 0; i < 10; i++) {
        futures_future *set[3] = {
            futures_submit(pool, throw_with_one, "t"),
            futures_submit(pool, throw_nothing, NULL),
            futures_submit(pool, return_with_lasting_storage, NULL)};
        for (size_t k = 0; k < 3; k++)
            futures_wait(set[k], FUTURES_NEVER);
        assert_status(futures_poll(set[1]), FUTURES_OK);
        futures_release_all(set, 3);
    }
    cr_assert_eq(strlen(done), 40);
    cr_assert_eq(strncmp(done, "t-bat-ba", 8), 0);
    futures_pool_destroy(pool);
}
