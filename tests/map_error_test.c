/* Items that fail, stop, or take their thread along: what their own slots say,
 * and what becomes of the others. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>

#include <futures/futures.h>

#include "support/loops.h"

enum { BAD = 7, COUNT = 50 };

static bool is_bad(const void *arg)
{
    return (uintptr_t)arg == BAD;
}

static void *throw_at_bad(void *arg)
{
    if (is_bad(arg))
        futures_throw(BAD, "item %d", (int)BAD);
    return arg;
}

static void *fail_at_bad(void *arg)
{
    return is_bad(arg) ? (futures_fail(BAD, "item %d", (int)BAD), arg) : arg;
}

struct result {
    atomic_int heard;
    futures_status status;
    futures_outcome outcomes[COUNT];
};

/* Maps `fn` over numbers, and frees what belongs to the outcomes last. */
static void map_numbers(struct result *result, unsigned workers, futures_fn fn,
                        futures_on_error on_error)
{
    void *args[COUNT];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    atomic_store(&result->heard, 0);
    futures_pool *pool = hearing_pool(workers, &result->heard);
    make_numbers(args, COUNT);
    options.on_error = on_error;
    result->status =
        futures_map(pool, fn, args, COUNT, result->outcomes, &options);
    futures_pool_destroy(pool);
}

static void expect_bad(const futures_outcome *outcome)
{
    assert_status(outcome->status, FUTURES_FAILED);
    cr_assert_null(outcome->value);
    cr_assert_eq(outcome->error->code, BAD);
    cr_assert_str_eq(outcome->error->message, "item 7");
}

/* Those before it have run on one worker, and none behind it. */
static void check_cancel(futures_fn fn)
{
    struct result result;
    map_numbers(&result, 1, fn, FUTURES_ON_ERROR_CANCEL);
    assert_status(result.status, FUTURES_FAILED);
    for (size_t i = 0; i < BAD; i++)
        cr_assert_eq(result.outcomes[i].value, number(i));
    expect_bad(&result.outcomes[BAD]);
    cr_assert_eq(with_status(&result.outcomes[BAD + 1], COUNT - BAD - 1,
                             FUTURES_CANCELLED),
                 COUNT - BAD - 1);
    cr_assert_eq(atomic_load(&result.heard), 0);
    futures_outcomes_free(result.outcomes, COUNT);
}

Test(map_error, cancels_the_rest) /* row 7 */
{
    check_cancel(throw_at_bad);
    check_cancel(fail_at_bad);
}

static void check_collect(futures_fn fn, unsigned workers)
{
    struct result result;
    map_numbers(&result, workers, fn, FUTURES_ON_ERROR_COLLECT);
    assert_status(result.status, FUTURES_FAILED);
    cr_assert_eq(with_status(result.outcomes, COUNT, FUTURES_OK), COUNT - 1);
    cr_assert_eq(futures_first_error(result.outcomes, COUNT), BAD);
    expect_bad(&result.outcomes[BAD]);
    cr_assert_eq(atomic_load(&result.heard), 0);
    futures_outcomes_free(result.outcomes, COUNT);
}

Test(map_error, is_collected_and_all_run) /* row 7 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        check_collect(throw_at_bad, workers);
        check_collect(fail_at_bad, workers);
    }
}

static void *throw_number(void *arg)
{
    futures_throw((int)(uintptr_t)arg + 1, "always");
}

Test(map_error, in_every_item_is_in_every_slot) /* row 8 */
{
    struct result result;
    map_numbers(&result, 2, throw_number, FUTURES_ON_ERROR_COLLECT);
    assert_status(result.status, FUTURES_FAILED);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(result.outcomes[i].error->code, (int)i + 1);
    cr_assert_eq(atomic_load(&result.heard), 0);
    futures_outcomes_free(result.outcomes, COUNT);
    futures_outcomes_free(result.outcomes, COUNT);
}

static struct gate left;

static void *throw_or_pass(void *arg)
{
    if (is_bad(arg))
        futures_throw(BAD, "item %d", (int)BAD);
    if ((uintptr_t)arg > BAD)
        gate_pass(&left);
    return arg;
}

Test(map_error, lets_the_rest_run_on) /* row 7 */
{
    void *args[COUNT];
    futures_outcome outcomes[COUNT];
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = pool_of(1);
    gate_init(&left);
    make_numbers(args, COUNT);
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(
        futures_map(pool, throw_or_pass, args, COUNT, outcomes, &options),
        FUTURES_FAILED);
    expect_bad(&outcomes[BAD]);
    cr_assert_eq(with_status(outcomes, COUNT, FUTURES_OK), BAD);
    cr_assert_eq(with_status(outcomes, COUNT, FUTURES_PENDING),
                 COUNT - BAD - 1);
    futures_outcomes_free(outcomes, COUNT);
    gate_open(&left);
    futures_pool_destroy(pool);
    cr_assert_eq(gate_arrivals(&left), COUNT - BAD - 1);
    gate_destroy(&left);
}

Test(map_error, without_outcomes_is_heard) /* row 44 */
{
    void *args[COUNT];
    atomic_int heard = 0;
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    futures_pool *pool = hearing_pool(2, &heard);
    make_numbers(args, COUNT);
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    assert_status(futures_map(pool, throw_number, args, COUNT, NULL, &options),
                  FUTURES_FAILED);
    cr_assert_eq(atomic_load(&heard), COUNT);
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(futures_map(pool, throw_number, args, COUNT, NULL, &options),
                  FUTURES_FAILED);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard), 2 * COUNT);
}

struct step {
    int number;
    int older; /* the number after which it ran; see note_step */
};

static int steps_taken;
static struct step steps[3];

static void note_step(void *arg)
{
    struct step *step = arg;
    step->older = steps_taken;
    steps_taken = step->number;
}

static void throw_in_cleanup(void *arg)
{
    note_step(arg);
    futures_throw(99, "in a cleanup");
}

static void *defer_and_throw(void *arg)
{
    futures_cleanup cleanups[3];
    if (!is_bad(arg))
        return arg;
    for (int i = 0; i < 3; i++) {
        steps[i] = (struct step){i + 1, -1};
        futures_defer(&cleanups[i], i == 1 ? throw_in_cleanup : note_step,
                      &steps[i]);
    }
    futures_throw(BAD, "item %d", (int)BAD);
}

Test(map_error, comes_after_the_items_cleanups) /* row 48 */
{
    struct result result;
    steps_taken = 0;
    map_numbers(&result, 1, defer_and_throw, FUTURES_ON_ERROR_COLLECT);
    expect_bad(&result.outcomes[BAD]);
    cr_assert_eq(steps[2].older, 0);
    cr_assert_eq(steps[1].older, 3);
    cr_assert_eq(steps[0].older, 2);
    cr_assert_eq(with_status(result.outcomes, COUNT, FUTURES_OK), COUNT - 1);
    futures_outcomes_free(result.outcomes, COUNT);
}

static futures_cleanup lasting[COUNT];
static atomic_int cleaned;

static void *leave_cleanup(void *arg)
{
    futures_defer(&lasting[(uintptr_t)arg], count_one, &cleaned);
    return arg;
}

Test(map_error, is_not_needed_for_a_cleanup_that_outlives_the_item)
{
    struct result result;
    atomic_store(&cleaned, 0);
    map_numbers(&result, 2, leave_cleanup, FUTURES_ON_ERROR_CANCEL);
    assert_status(result.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&cleaned), COUNT);
}

static void *map_inside(void *arg)
{
    void *args[10];
    futures_outcome outcomes[10];
    make_numbers(args, 10);
    futures_status status = futures_map(futures_current_pool(), throw_at_bad,
                                        args, 10, outcomes, NULL);
    bool right = status == FUTURES_FAILED &&
                 outcomes[BAD].status == FUTURES_FAILED &&
                 outcomes[BAD].error->code == BAD;
    futures_outcomes_free(outcomes, 10);
    if (is_bad(arg))
        futures_throw(BAD, "item %d", (int)BAD);
    return right ? arg : NULL;
}

Test(map_error, in_an_inner_map_stays_there) /* row 48 */
{
    struct result result;
    map_numbers(&result, 2, map_inside, FUTURES_ON_ERROR_COLLECT);
    for (size_t i = 1; i < COUNT; i++)
        if (i != BAD)
            cr_assert_eq(result.outcomes[i].value, number(i));
    expect_bad(&result.outcomes[BAD]);
    futures_outcomes_free(result.outcomes, COUNT);
}

static void *exit_at_bad(void *arg)
{
    if (is_bad(arg))
        pthread_exit(NULL);
    return arg;
}

static void expect_exited(const futures_outcome *outcome)
{
    assert_status(outcome->status, FUTURES_FAILED);
    cr_assert_eq(outcome->error->code, ECANCELED);
    cr_assert_str_eq(outcome->error->message, "the task's thread exited");
}

Test(map_exit, in_an_item_fails_that_and_others_run_the_rest) /* row 47 */
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        struct result result;
        map_numbers(&result, workers, exit_at_bad, FUTURES_ON_ERROR_COLLECT);
        assert_status(result.status, FUTURES_FAILED);
        expect_exited(&result.outcomes[BAD]);
        cr_assert_eq(with_status(result.outcomes, COUNT, FUTURES_OK),
                     COUNT - 1);
        cr_assert_eq(atomic_load(&result.heard), 0);
        futures_outcomes_free(result.outcomes, COUNT);
    }
}

Test(map_exit, in_an_item_cancels_the_rest) /* row 47 */
{
    struct result result;
    map_numbers(&result, 1, exit_at_bad, FUTURES_ON_ERROR_CANCEL);
    assert_status(result.status, FUTURES_FAILED);
    expect_exited(&result.outcomes[BAD]);
    cr_assert_eq(with_status(result.outcomes, COUNT, FUTURES_CANCELLED),
                 COUNT - BAD - 1);
    cr_assert_eq(atomic_load(&result.heard), 0);
    futures_outcomes_free(result.outcomes, COUNT);
}

static void *time_out_at_bad(void *arg)
{
    if (is_bad(arg))
        futures_throw(ETIMEDOUT, "of the item's own");
    return arg;
}

Test(map_error, with_the_code_of_a_deadline_is_an_error_like_any_other)
{
    struct result result;
    map_numbers(&result, 1, time_out_at_bad, FUTURES_ON_ERROR_COLLECT);
    assert_status(result.status, FUTURES_FAILED);
    assert_status(result.outcomes[BAD].status, FUTURES_FAILED);
    cr_assert_eq(result.outcomes[BAD].error->code, ETIMEDOUT);
    cr_assert_eq(with_status(result.outcomes, COUNT, FUTURES_OK), COUNT - 1);
    futures_outcomes_free(result.outcomes, COUNT);
}
