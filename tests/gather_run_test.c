/* A task that gathers what it submitted last runs that itself, without the
 * rest of a gather: the answer is as if another thread had run it. One worker
 * and no gate: nobody else can be faster. */
#include "support/test.h"

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

/* A task's answers, read once it has ended. */
struct answers {
    futures_future *own; /* the task's */
    struct gate gate;    /* until `own` is set */
    struct counted counted;
    futures_gather_options options;
    futures_status status;
    futures_outcome outcomes[2];
    int ran; /* at the return of the gather */
};

static void ask(struct answers *answers, futures_fn fn)
{
    futures_pool *pool = pool_of(1);
    gate_init(&answers->gate);
    answers->own = futures_submit(pool, fn, answers);
    gate_open(&answers->gate);
    assert_status(futures_wait(answers->own, FUTURES_NEVER), FUTURES_OK);
    futures_release(answers->own);
    futures_pool_destroy(pool);
    gate_destroy(&answers->gate);
}

static void *gather_null(void *arg)
{
    struct answers *answers = arg;
    futures_future *none = NULL;
    answers->status = futures_gather(&none, 1, answers->outcomes, NULL);
    return arg;
}

Test(gather_own, of_null_is_invalid_where_nothing_is_queued) /* row 3 */
{
    struct answers answers = {0};
    ask(&answers, gather_null);
    assert_status(answers.status, FUTURES_INVALID);
}

static void *gather_after_an_error(void *arg)
{
    struct answers *answers = arg;
    futures_future *set[2] = {rejected(3),
                              futures_submit(futures_current_pool(),
                                             counted_run, &answers->counted)};
    answers->status =
        futures_gather(set, 2, answers->outcomes, &answers->options);
    answers->ran = atomic_load(&answers->counted.ran);
    futures_release_all(set, 2);
    return arg;
}

Test(gather_own, cancels_the_last_one_where_an_error_came_before) /* row 7 */
{
    struct answers answers = {.options = FUTURES_GATHER_OPTIONS_INIT};
    ask(&answers, gather_after_an_error);
    assert_status(answers.status, FUTURES_FAILED);
    assert_status(answers.outcomes[1].status, FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&answers.counted.ran), 0);
}

Test(gather_own, leaves_the_last_one_where_an_error_came_before) /* row 7 */
{
    struct answers answers = {.options = FUTURES_GATHER_OPTIONS_INIT};
    answers.options.on_error = FUTURES_ON_ERROR_LEAVE;
    ask(&answers, gather_after_an_error);
    assert_status(answers.status, FUTURES_FAILED);
    assert_status(answers.outcomes[1].status, FUTURES_PENDING);
    cr_assert_eq(answers.ran, 0);
    cr_assert_eq(atomic_load(&answers.counted.ran), 1);
}

Test(gather_own, runs_the_last_one_where_errors_are_collected) /* row 7 */
{
    struct answers answers = {.options = FUTURES_GATHER_OPTIONS_INIT};
    answers.options.on_error = FUTURES_ON_ERROR_COLLECT;
    ask(&answers, gather_after_an_error);
    assert_status(answers.status, FUTURES_FAILED);
    assert_status(answers.outcomes[1].status, FUTURES_OK);
    cr_assert_eq(answers.ran, 1);
}

static void *cancel_parent_and_fail(void *arg)
{
    struct answers *answers = arg;
    futures_cancel(answers->own);
    return futures_fail(4, "after the cancel");
}

static void gather_one_that_cancels_us(struct answers *answers,
                                       const futures_gather_options *options)
{
    gate_pass(&answers->gate);
    futures_future *child = futures_submit(futures_current_pool(),
                                           cancel_parent_and_fail, answers);
    answers->status = futures_gather(&child, 1, answers->outcomes, options);
    futures_release(child);
}

static void *gather_with_options(void *arg)
{
    struct answers *answers = arg;
    gather_one_that_cancels_us(answers, &answers->options);
    return arg;
}

static void *gather_without_options(void *arg)
{
    gather_one_that_cancels_us(arg, NULL);
    return arg;
}

Test(gather_own, says_cancelled_where_its_task_was_asked_meanwhile)
{
    struct answers answers = {.options = FUTURES_GATHER_OPTIONS_INIT};
    ask(&answers, gather_with_options);
    assert_status(answers.status, FUTURES_CANCELLED);
    assert_status(answers.outcomes[0].status, FUTURES_FAILED);
}

Test(gather_own, says_the_same_without_options)
{
    struct answers answers = {0};
    ask(&answers, gather_without_options);
    assert_status(answers.status, FUTURES_CANCELLED);
    assert_status(answers.outcomes[0].status, FUTURES_FAILED);
}
