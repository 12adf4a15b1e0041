/* Gather stopped by its token: what was queued never runs, what runs is asked
 * and waited for, what has ended stays as it is. */
#include "support/test.h"

#include <errno.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { COUNT = 20, SOON_MS = 5 };

/* A set that is queued behind a gate. */
struct queued {
    struct gate gate;
    futures_pool *busy;
    struct counted counted;
    futures_future *set[COUNT];
    futures_outcome outcomes[COUNT];
};

static void queue_up(struct queued *queued)
{
    futures_task_options options = counted_options();
    *queued = (struct queued){.busy = pool_of(1)};
    gate_init(&queued->gate);
    cr_assert(saturate(queued->busy, &queued->gate));
    for (size_t i = 0; i < COUNT; i++)
        queued->set[i] = futures_submit_with(queued->busy, counted_run,
                                             &queued->counted, &options);
}

/* Asserts that none has run, before and after the worker is let go. */
static void queue_down(struct queued *queued)
{
    for (size_t i = 0; i < COUNT; i++)
        assert_status(queued->outcomes[i].status, FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&queued->counted.arg_freed), COUNT);
    futures_release_all(queued->set, COUNT);
    gate_open(&queued->gate);
    futures_pool_destroy(queued->busy);
    cr_assert_eq(atomic_load(&queued->counted.ran), 0);
    cr_assert_eq(atomic_load(&queued->counted.arg_freed), COUNT);
    cr_assert_eq(atomic_load(&queued->counted.value_freed), 0);
    gate_destroy(&queued->gate);
}

Test(gather_cancel, of_what_is_queued_needs_no_worker) /* row 10 */
{
    struct queued queued;
    futures_pool *pool = pool_of(1);
    queue_up(&queued);
    struct gathering gathering =
        gathering_of(queued.set, COUNT, queued.outcomes);
    gathering.options.token = new_token(NULL);
    futures_future *task = start_gathering(pool, &gathering);
    futures_token_cancel(gathering.options.token, 10, "enough");
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    cr_assert_eq(queued.outcomes[0].error->code, 10);
    cr_assert_str_eq(queued.outcomes[COUNT - 1].error->message, "enough");
    queue_down(&queued);
    futures_token_release(gathering.options.token);
    futures_pool_destroy(pool);
}

Test(gather_cancel, by_a_token_that_has_fired_already) /* row 10 */
{
    struct queued queued;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.token = new_token(NULL);
    futures_token_cancel(options.token, 0, NULL);
    queue_up(&queued);
    assert_status(futures_gather(queued.set, COUNT, queued.outcomes, &options),
                  FUTURES_CANCELLED);
    cr_assert_eq(queued.outcomes[0].error->code, ECANCELED);
    queue_down(&queued);
    futures_token_release(options.token);
}

/* Fires a token, the gather's own or one above it, while a gather is parked
 * over a value, a queued task, a promise and a task that stops when asked. */
static void stop_parked_gather(futures_on_error mode, futures_token *token,
                               futures_token *fired)
{
    struct gate gate;
    struct gate started;
    futures_outcome outcomes[4];
    futures_pool *pools[3] = {pool_of(1), pool_of(1), pool_of(1)};
    gate_init(&gate);
    gate_init_open(&started);
    cr_assert(saturate(pools[0], &gate));
    futures_future *set[4] = {
        resolved(&gate), futures_submit(pools[0], return_arg, NULL),
        futures_promise(NULL, NULL),
        futures_submit(pools[1], arrive_and_run_until_cancelled, &started)};
    cr_assert(gate_await_arrivals(&started, 1));
    struct gathering gathering = gathering_of(set, 4, outcomes);
    gathering.options.on_error = mode;
    gathering.options.token = token;
    futures_future *task = start_gathering(pools[2], &gathering);
    futures_token_cancel(fired, 11, "stop");
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_OK);
    cr_assert_eq(outcomes[0].value, &gate);
    for (size_t i = 1; i < 4; i++) {
        assert_status(outcomes[i].status, FUTURES_CANCELLED);
        cr_assert_eq(outcomes[i].error->code, 11);
        cr_assert_str_eq(outcomes[i].error->message, "stop");
        cr_assert_eq(futures_error_of(set[i]), outcomes[i].error);
    }
    gate_open(&gate);
    futures_release_all(set, 4);
    for (size_t i = 0; i < 3; i++)
        futures_pool_destroy(pools[i]);
    gate_destroy(&started);
    gate_destroy(&gate);
}

Test(gather_cancel, keeps_the_values_of_what_had_ended) /* row 11 */
{
    futures_token *token = new_token(NULL);
    stop_parked_gather(FUTURES_ON_ERROR_CANCEL, token, token);
    futures_token_release(token);
}

Test(gather_cancel, stops_collect_and_leave_too) /* row 11 */
{
    futures_token *tokens[2] = {new_token(NULL), new_token(NULL)};
    stop_parked_gather(FUTURES_ON_ERROR_COLLECT, tokens[0], tokens[0]);
    stop_parked_gather(FUTURES_ON_ERROR_LEAVE, tokens[1], tokens[1]);
    futures_token_release(tokens[0]);
    futures_token_release(tokens[1]);
}

Test(gather_cancel, by_the_parent_of_its_token) /* row 11 */
{
    futures_token *parent = new_token(NULL);
    futures_token *token = new_token(parent);
    stop_parked_gather(FUTURES_ON_ERROR_CANCEL, token, parent);
    futures_token_release(token);
    futures_token_release(parent);
}

Test(gather_cancel, by_the_deadline_of_its_token_is_no_timeout)
{
    struct queued queued;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    assert_status(
        futures_token_create(&options.token, NULL, futures_in_ms(SOON_MS)),
        FUTURES_OK);
    queue_up(&queued);
    assert_status(futures_gather(queued.set, COUNT, queued.outcomes, &options),
                  FUTURES_CANCELLED);
    cr_assert_eq(queued.outcomes[0].error->code, ETIMEDOUT);
    queue_down(&queued);
    futures_token_release(options.token);
}

Test(gather_cancel, after_the_last_has_ended_is_too_late) /* rows 12, 19a */
{
    futures_future *set[2] = {resolved(&errno), resolved(NULL)};
    futures_outcome outcomes[2];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.token = new_token(NULL);
    futures_token_cancel(options.token, 12, "too late");
    assert_status(futures_gather(set, 2, outcomes, &options), FUTURES_OK);
    cr_assert_eq(outcomes[0].value, &errno);
    assert_status(outcomes[1].status, FUTURES_OK);
    futures_release_all(set, 2);
    futures_token_release(options.token);
}

/* What a gather returns whose one running task is asked by the token. */
static futures_status gather_one_asked(futures_fn running,
                                       futures_outcome *outcome)
{
    struct gate started;
    futures_pool *pool = pool_of(1);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    gate_init_open(&started);
    futures_future *future = futures_submit(pool, running, &started);
    options.token = new_token(NULL);
    futures_token_cancel(options.token, 14, "stop");
    cr_assert(gate_await_arrivals(&started, 1));
    futures_status status = futures_gather(&future, 1, outcome, &options);
    cr_assert_eq(outcome->status == FUTURES_OK, outcome->error == NULL);
    cr_assert(outcome->error == NULL || outcome->error->code == 15);
    futures_release(future);
    futures_token_release(options.token);
    futures_pool_destroy(pool);
    gate_destroy(&started);
    return status;
}

Test(gather_cancel, of_tasks_that_all_return_values_is_ok) /* rows 14, 19a */
{
    futures_outcome outcome;
    assert_status(gather_one_asked(arrive_and_return_when_asked, &outcome),
                  FUTURES_OK);
    assert_status(outcome.status, FUTURES_OK);
    cr_assert_not_null(outcome.value);
}

Test(gather_cancel, keeps_the_error_of_a_task_that_could_not_stop) /* 15 */
{
    futures_outcome outcome;
    assert_status(gather_one_asked(arrive_and_throw_when_asked, &outcome),
                  FUTURES_CANCELLED);
    assert_status(outcome.status, FUTURES_FAILED);
}

Test(gather_cancel, after_a_collected_error_is_a_cancellation) /* row 19b */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3] = {futures_promise(NULL, NULL), rejected(19),
                              futures_promise(NULL, NULL)};
    futures_outcome outcomes[3];
    struct gathering gathering = gathering_of(set, 3, outcomes);
    gathering.options.on_error = FUTURES_ON_ERROR_COLLECT;
    gathering.options.token = new_token(NULL);
    futures_future *task = start_gathering(pool, &gathering);
    futures_reject(set[2], 20, "the second");
    futures_token_cancel(gathering.options.token, 0, NULL);
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_CANCELLED);
    cr_assert_eq(outcomes[1].error->code, 19);
    cr_assert_eq(outcomes[2].error->code, 20);
    futures_token_release(gathering.options.token);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

Test(gather_cancel, has_no_hold_on_the_set_once_it_has_returned)
{
    futures_future *set[2] = {futures_promise(NULL, NULL), rejected(1)};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    options.token = new_token(NULL);
    assert_status(futures_gather(set, 2, NULL, &options), FUTURES_FAILED);
    futures_token_cancel(options.token, 0, NULL);
    assert_status(futures_poll(set[0]), FUTURES_PENDING);
    assert_status(futures_resolve(set[0], NULL), FUTURES_OK);
    futures_token_release(options.token);
    futures_release_all(set, 2);
}

/* The promise is cancelled, and LEAVE need not wait; but the task goes on. */
Test(gather_cancel, that_is_still_to_wait_sleeps)
{
    struct gate gate;
    struct gathering gathering;
    futures_outcome outcomes[2];
    futures_pool *pool = pool_of(2);
    futures_future *set[2] = {NULL, futures_promise(NULL, NULL)};
    gate_init(&gate);
    set[0] = futures_submit(pool, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    gathering = gathering_of(set, 2, outcomes);
    gathering.options.on_error = FUTURES_ON_ERROR_LEAVE;
    gathering.options.token = new_token(NULL);
    futures_token_cancel(gathering.options.token, 0, NULL);
    futures_future *task = start_gathering(pool, &gathering);
    gate_open(&gate);
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_OK);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    futures_token_release(gathering.options.token);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
