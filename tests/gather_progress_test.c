/* on_done of a gather: once for each slot that ended before gather returned,
 * in order of ending, on the gathering thread; so it needs no lock. */
/* Elsewhere, and here:
 * test_as_completed.py:
 *   test_no_timeout -> gather_progress.tells_what_ended_before_the_call_too
 *   test_future_times_out
 *   -> gather_progress.is_silent_about_what_was_left_pending
 *   test_duplicate_futures
 *   -> gather_progress.tells_each_slot_of_a_future_given_twice
 * test_tasks.py:
 *   test_as_completed_duplicate_coroutines
 *   -> gather_progress.tells_each_slot_of_a_future_given_twice
 *   test_cancel_gather_1
 *   -> gather_progress.of_the_last_slot_comes_too_late_to_cancel
 */
#include "support/test.h"

#include <pthread.h>
#include <stddef.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { ROOM = 64 };

/* What on_done was told, in order. Plain fields on purpose: the sanitizers see
 * it if two threads call. */
struct progress {
    size_t calls;
    size_t indexes[ROOM];
    futures_outcome outcomes[ROOM];
    bool strange_thread;
    pthread_t thread;
};

static void note(void *context, size_t index, const futures_outcome *outcome)
{
    struct progress *progress = context;
    progress->indexes[progress->calls % ROOM] = index;
    progress->outcomes[progress->calls % ROOM] = *outcome;
    progress->calls++;
    if (!pthread_equal(progress->thread, pthread_self()))
        progress->strange_thread = true;
}

static futures_gather_options noting(struct progress *progress)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    *progress = (struct progress){.thread = pthread_self()};
    options.on_done = note;
    options.context = progress;
    return options;
}

/* How often a slot was told. */
static int times(const struct progress *progress, size_t index)
{
    int count = 0;
    for (size_t i = 0; i < progress->calls; i++)
        count += progress->indexes[i] == index;
    return count;
}

/* A noted gather that runs in a task. */
struct noted {
    struct gathering gathering;
    struct progress progress;
};

static void *noted_run(void *arg)
{
    struct noted *noted = arg;
    noted->progress.thread = pthread_self();
    return gathering_run(&noted->gathering);
}

static futures_future *start_noted(futures_pool *pool, struct noted *noted,
                                   futures_future *const set[], size_t count,
                                   futures_outcome outcomes[])
{
    uint64_t before = parked(pool);
    noted->gathering = gathering_of(set, count, outcomes);
    noted->gathering.options = noting(&noted->progress);
    futures_future *task = futures_submit(pool, noted_run, noted);
    eventually(parked(pool) == before + 1);
    return task;
}

Test(gather_progress, tells_each_slot_in_order_of_ending)
{
    enum { COUNT = 50 };
    struct noted noted;
    futures_pool *pool = pool_of(1);
    futures_future *set[COUNT];
    futures_outcome outcomes[COUNT];
    make_promises(set, COUNT);
    futures_future *task = start_noted(pool, &noted, set, COUNT, outcomes);
    for (size_t i = 0; i < COUNT; i++)
        futures_resolve(set[i * 7 % COUNT], &set[i]);
    assert_status(end_gathering(task, &noted.gathering), FUTURES_OK);
    cr_assert_eq(noted.progress.calls, COUNT);
    cr_assert(!noted.progress.strange_thread);
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert_eq(noted.progress.indexes[i], i * 7 % COUNT);
        assert_status(noted.progress.outcomes[i].status, FUTURES_OK);
        cr_assert_eq(noted.progress.outcomes[i].value, &set[i]);
    }
    futures_release_all(set, COUNT);
    futures_pool_destroy(pool);
}

Test(gather_progress, comes_while_the_rest_is_still_awaited)
{
    struct gate gate;
    struct progress progress;
    futures_pool *pool = pool_of(1);
    gate_init(&gate);
    futures_future *set[2] = {futures_promise(NULL, NULL),
                              futures_submit(pool, gate_task, &gate)};
    futures_gather_options options = noting(&progress);
    futures_resolve(set[0], NULL);
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    assert_status(futures_gather(set, 2, NULL, &options), FUTURES_TIMEOUT);
    cr_assert_eq(progress.calls, 1);
    cr_assert_eq(progress.indexes[0], 0);
    gate_open(&gate);
    futures_wait(set[1], FUTURES_NEVER);
    cr_assert_eq(progress.calls, 1);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(gather_progress, tells_what_ended_before_the_call_too)
{
    struct progress progress;
    futures_future *set[3] = {resolved(&progress), rejected(8), cancelled()};
    futures_gather_options options = noting(&progress);
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    assert_status(futures_gather(set, 3, NULL, &options), FUTURES_FAILED);
    cr_assert_eq(progress.calls, 3);
    for (size_t i = 0; i < 3; i++) {
        size_t index = progress.indexes[i];
        cr_assert_eq(times(&progress, i), 1);
        assert_status(progress.outcomes[i].status, futures_poll(set[index]));
        cr_assert_eq(progress.outcomes[i].value, futures_value(set[index]));
        cr_assert_eq(progress.outcomes[i].error, futures_error_of(set[index]));
    }
    futures_release_all(set, 3);
}

Test(gather_progress, tells_each_slot_of_a_future_given_twice) /* row 2 */
{
    struct noted noted;
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *set[4] = {promise, resolved(NULL), promise, promise};
    futures_future *task = start_noted(pool, &noted, set, 4, NULL);
    futures_resolve(promise, &noted);
    assert_status(end_gathering(task, &noted.gathering), FUTURES_OK);
    cr_assert_eq(noted.progress.calls, 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(times(&noted.progress, i), 1);
    cr_assert_eq(noted.progress.outcomes[3].value, &noted);
    futures_release(set[1]);
    futures_release(promise);
    futures_pool_destroy(pool);
}

Test(gather_progress, tells_what_an_error_cancelled) /* row 7 */
{
    struct progress progress;
    futures_future *set[3] = {futures_promise(NULL, NULL), rejected(7),
                              futures_promise(NULL, NULL)};
    futures_gather_options options = noting(&progress);
    assert_status(futures_gather(set, 3, NULL, &options), FUTURES_FAILED);
    cr_assert_eq(progress.calls, 3);
    cr_assert_eq(progress.indexes[0], 1);
    cr_assert_eq(progress.outcomes[0].error->code, 7);
    assert_status(progress.outcomes[1].status, FUTURES_CANCELLED);
    assert_status(progress.outcomes[2].status, FUTURES_CANCELLED);
    futures_release_all(set, 3);
}

Test(gather_progress, is_silent_about_what_was_left_pending) /* rows 7, 22 */
{
    struct progress progress;
    futures_outcome outcomes[3];
    futures_future *set[3] = {futures_promise(NULL, NULL), rejected(7),
                              futures_promise(NULL, NULL)};
    futures_gather_options options = noting(&progress);
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    assert_status(futures_gather(set, 3, outcomes, &options), FUTURES_FAILED);
    cr_assert_eq(progress.calls, 1);
    cr_assert_eq(progress.indexes[0], 1);
    futures_resolve(set[0], NULL);
    futures_resolve(set[2], NULL);
    cr_assert_eq(progress.calls, 1);
    futures_release_all(set, 3);
}

Test(gather_progress, is_the_gatherers_own_with_several_at_once) /* row 25 */
{
    enum { GATHERERS = 3, COUNT = 20 };
    struct noted noted[GATHERERS];
    futures_pool *pool = pool_of(GATHERERS);
    futures_future *set[COUNT];
    futures_future *tasks[GATHERERS];
    make_promises(set, COUNT);
    for (size_t i = 0; i < GATHERERS; i++)
        tasks[i] = start_noted(pool, &noted[i], set, COUNT, NULL);
    for (size_t i = COUNT; i-- > 0;)
        futures_resolve(set[i], NULL);
    for (size_t i = 0; i < GATHERERS; i++) {
        assert_status(end_gathering(tasks[i], &noted[i].gathering),
                      FUTURES_OK);
        cr_assert_eq(noted[i].progress.calls, COUNT);
        cr_assert(!noted[i].progress.strange_thread);
        for (size_t k = 0; k < COUNT; k++)
            cr_assert_eq(noted[i].progress.indexes[k], COUNT - 1 - k);
    }
    futures_release_all(set, COUNT);
    futures_pool_destroy(pool);
}

struct nest {
    struct noted noted;
    futures_future *set[8];
};

static void *gather_own_children(void *arg)
{
    struct nest *nest = arg;
    for (size_t i = 0; i < LENGTH(nest->set); i++)
        nest->set[i] =
            futures_submit(futures_current_pool(), return_arg, nest);
    noted_run(&nest->noted);
    futures_release_all(nest->set, LENGTH(nest->set));
    return arg;
}

Test(gather_progress, comes_between_the_tasks_that_a_worker_helps_with)
{
    struct nest nest;
    futures_pool *pool = pool_of(1);
    nest.noted.gathering = gathering_of(nest.set, LENGTH(nest.set), NULL);
    nest.noted.gathering.options = noting(&nest.noted.progress);
    futures_future *task = futures_submit(pool, gather_own_children, &nest);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(nest.noted.gathering.status, FUTURES_OK);
    cr_assert_eq(nest.noted.progress.calls, LENGTH(nest.set));
    cr_assert(!nest.noted.progress.strange_thread);
    for (size_t i = 0; i < LENGTH(nest.set); i++)
        cr_assert_eq(times(&nest.noted.progress, i), 1);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* An on_done that acts on what it watches. */
struct meddler {
    futures_token *token;
    futures_future *victim;
    futures_status answered;
    size_t calls;
};

static void meddle(void *context, size_t index, const futures_outcome *outcome)
{
    struct meddler *meddler = context;
    (void)index;
    (void)outcome;
    if (meddler->calls++ > 0)
        return;
    if (meddler->token != NULL)
        futures_token_cancel(meddler->token, 1, "seen enough");
    else
        meddler->answered = futures_cancel(meddler->victim);
}

Test(gather_progress, may_cancel_its_own_gather)
{
    futures_future *set[3] = {futures_promise(NULL, NULL), resolved(NULL),
                              futures_promise(NULL, NULL)};
    futures_outcome outcomes[3];
    struct meddler meddler = {new_token(NULL), NULL, FUTURES_PENDING, 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_done = meddle;
    options.context = &meddler;
    options.token = meddler.token;
    assert_status(futures_gather(set, 3, outcomes, &options),
                  FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    assert_status(outcomes[1].status, FUTURES_OK);
    assert_status(outcomes[2].status, FUTURES_CANCELLED);
    cr_assert_eq(outcomes[2].error->code, 1);
    cr_assert_eq(meddler.calls, 3);
    futures_token_release(meddler.token);
    futures_release_all(set, 3);
}

Test(gather_progress, may_cancel_a_future_of_the_set)
{
    futures_future *set[2] = {futures_promise(NULL, NULL), resolved(NULL)};
    struct meddler meddler = {NULL, set[0], FUTURES_PENDING, 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_done = meddle;
    options.context = &meddler;
    assert_status(futures_gather(set, 2, NULL, &options), FUTURES_CANCELLED);
    assert_status(meddler.answered, FUTURES_CANCELLED);
    cr_assert_eq(meddler.calls, 2);
    futures_release_all(set, 2);
}

Test(gather_progress, of_the_last_slot_comes_too_late_to_cancel) /* row 12 */
{
    futures_future *future = resolved(NULL);
    futures_outcome outcome;
    struct meddler meddler = {new_token(NULL), NULL, FUTURES_PENDING, 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_done = meddle;
    options.context = &meddler;
    options.token = meddler.token;
    assert_status(futures_gather(&future, 1, &outcome, &options), FUTURES_OK);
    assert_status(outcome.status, FUTURES_OK);
    cr_assert(futures_token_cancelled(meddler.token));
    futures_token_release(meddler.token);
    futures_release(future);
}
