/* A gather that is a future: how it ends, what it gives, and who may stop it.
 * Nothing waits here unless it says so: what ends the last future ends it. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_success -> async.gives_slots_in_input_order
 *   test_one_exception -> async.the_first_error_cancels_the_rest
 *   test_return_exceptions -> async.that_collects_waits_for_all
 *   test_one_cancellation -> async.a_cancelled_child_is_an_error
 *   test_result_exception_one_cancellation
 *   -> async.a_cancelled_child_is_an_error
 *   test_constructor_empty_sequence_use_running_loop
 *   -> async.of_nothing_has_ended_ok
 *   test_constructor_heterogenous_futures -> async.mixes_pools_and_promises
 *   test_duplicate_coroutines -> async.fills_each_slot_of_one_given_twice
 *   test_exception_marking -> async.errors_in_its_outcomes_count_as_looked_at
 *   test_issue46672 -> async.refuses_bad_input
 */
#include "support/test.h"

#include <errno.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

Test(async, of_nothing_has_ended_ok) /* row 1 */
{
    size_t count = 7;
    futures_future *gathered = futures_gather_async(NULL, 0, NULL);
    assert_status(futures_poll(gathered), FUTURES_OK);
    (void)futures_outcomes(gathered, &count);
    cr_assert_eq(count, 0);
    futures_release(gathered);
}

Test(async, refuses_bad_input) /* row 3 */
{
    futures_future *set[2] = {futures_promise(NULL, NULL), NULL};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    size_t count = 7;
    options.on_timeout = (futures_on_timeout)5;
    futures_future *bad[3] = {futures_gather_async(NULL, 1, NULL),
                              futures_gather_async(set, 2, NULL),
                              futures_gather_async(set, 1, &options)};
    for (int i = 0; i < 3; i++) {
        assert_status(futures_poll(bad[i]), FUTURES_INVALID);
        cr_assert_null(futures_outcomes(bad[i], &count));
        cr_assert_eq(count, 0);
    }
    cr_assert_null(futures_outcomes(NULL, NULL));
    cr_assert_null(futures_outcomes(set[0], &count));
    assert_status(futures_poll(set[0]), FUTURES_PENDING);
    futures_release_all(bad, 3);
    futures_release(set[0]);
}

Test(async, gives_slots_in_input_order) /* row 5 */
{
    enum { COUNT = 50 };
    futures_future *set[COUNT];
    int values[COUNT];
    size_t count = 0;
    make_promises(set, COUNT);
    futures_future *gathered = futures_gather_async(set, COUNT, NULL);
    for (size_t i = COUNT; i-- > 0;) {
        assert_status(futures_poll(gathered), FUTURES_PENDING);
        cr_assert_null(futures_outcomes(gathered, NULL));
        futures_resolve(set[i], &values[i]);
    }
    futures_release_all(set, COUNT);
    assert_status(futures_poll(gathered), FUTURES_OK);
    const futures_outcome *outcomes = futures_outcomes(gathered, &count);
    cr_assert_eq(futures_value(gathered), outcomes);
    cr_assert_eq(count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(outcomes[i].value, &values[i]);
    futures_release(gathered);
}

Test(async, keeps_its_array_when_it_is_to_be_taken) /* row 29 */
{
    futures_future *one = resolved(&errno);
    futures_future *gathered = futures_gather_async(&one, 1, NULL);
    cr_assert_null(futures_take(gathered));
    cr_assert_not_null(futures_value(gathered));
    check_slot(gathered, 0, FUTURES_OK);
    futures_release(gathered);
    futures_release(one);
}

Test(async, of_what_has_ended_has_ended_at_once) /* row 4 */
{
    futures_future *set[3] = {resolved(NULL), cancelled(), rejected(5)};
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    check_slot(gathered, 2, FUTURES_FAILED);
    futures_future *failed = futures_gather_async(&set[2], 1, NULL);
    assert_status(futures_poll(failed), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(failed)->code, 5);
    futures_release(gathered);
    futures_release(failed);
    futures_release_all(set, 3);
}

Test(async, the_first_error_cancels_the_rest) /* rows 6, 7 */
{
    futures_future *set[3];
    make_promises(set, 3);
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    futures_reject(set[2], 3, "first");
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    assert_status(futures_poll(gathered), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(gathered)->code, 3);
    check_slot(gathered, 0, FUTURES_CANCELLED);
    check_slot(gathered, 2, FUTURES_FAILED);
    futures_release(gathered);
    futures_release_all(set, 3);
}

Test(async, an_error_on_entry_cancels_the_rest) /* rows 4, 7 */
{
    futures_future *set[3] = {futures_promise(NULL, NULL), rejected(4),
                              cancelled()};
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    assert_status(futures_poll(gathered), FUTURES_FAILED);
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(gathered)->code, 4);
    futures_release(gathered);
    futures_release_all(set, 3);
}

/* row 7: the cancelled one still runs, and it is waited for */
Test(async, does_not_end_before_those_that_it_cancelled)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    futures_future *set[2] = {futures_submit(pool, gate_task, &gate),
                              futures_promise(NULL, NULL)};
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *gathered = futures_gather_async(set, 2, NULL);
    futures_reject(set[1], 1, "first");
    assert_status(futures_poll(gathered), FUTURES_PENDING);
    gate_open(&gate);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_FAILED);
    check_slot(gathered, 0, FUTURES_OK);
    futures_release(gathered);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(async, that_collects_waits_for_all) /* rows 7, 8 */
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[3];
    make_promises(set, 3);
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *gathered = futures_gather_async(set, 3, &options);
    futures_reject(set[1], 1, "first");
    futures_reject(set[0], 2, "second");
    assert_status(futures_poll(gathered), FUTURES_PENDING);
    futures_resolve(set[2], set);
    assert_status(futures_poll(gathered), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(gathered)->code, 1);
    const futures_outcome *outcomes = futures_outcomes(gathered, NULL);
    cr_assert_eq(outcomes[0].error->code, 2);
    cr_assert_eq(outcomes[2].value, set);
    futures_release(gathered);
    futures_release_all(set, 3);
}

Test(async, that_leaves_ends_at_the_first_error_and_the_rest_runs_on) /* 7 */
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[3];
    make_promises(set, 3);
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    futures_future *gathered = futures_gather_async(set, 3, &options);
    futures_resolve(set[0], NULL);
    futures_reject(set[1], 1, "first");
    assert_status(futures_poll(gathered), FUTURES_FAILED);
    check_slot(gathered, 0, FUTURES_OK);
    check_slot(gathered, 2, FUTURES_PENDING);
    assert_status(futures_cancel(gathered), FUTURES_FAILED);
    assert_status(futures_resolve(set[2], NULL), FUTURES_OK);
    check_slot(gathered, 2, FUTURES_PENDING);
    futures_release(gathered);
    futures_release_all(set, 3);
}

Test(async, that_leaves_on_entry_touches_nothing) /* rows 4, 7 */
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[2] = {futures_promise(NULL, NULL), rejected(1)};
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    futures_future *gathered = futures_gather_async(set, 2, &options);
    assert_status(futures_poll(gathered), FUTURES_FAILED);
    futures_release(gathered);
    assert_status(futures_resolve(set[0], NULL), FUTURES_OK);
    futures_release_all(set, 2);
}

Test(async, a_cancelled_child_is_an_error) /* row 9 */
{
    futures_future *set[2];
    make_promises(set, 2);
    futures_future *gathered = futures_gather_async(set, 2, NULL);
    futures_cancel(set[1]);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    assert_status(futures_poll(set[0]), FUTURES_CANCELLED);
    futures_release(gathered);
    futures_release_all(set, 2);
}

Test(async, mixes_pools_and_promises) /* row 3 */
{
    futures_pool *pools[2] = {pool_of(1), pool_of(2)};
    futures_future *set[3] = {futures_submit(pools[0], return_arg, &pools[0]),
                              futures_promise(NULL, NULL),
                              futures_submit(pools[1], return_arg, &pools[1])};
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    futures_resolve(set[1], NULL);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_outcomes(gathered, NULL)[2].value, &pools[1]);
    futures_release_all(set, 3);
    futures_release(gathered);
    futures_pool_destroy(pools[0]);
    futures_pool_destroy(pools[1]);
}

Test(async, fills_each_slot_of_one_given_twice) /* row 2 */
{
    futures_future *one = futures_promise(NULL, NULL);
    futures_future *set[3] = {one, one, one};
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    futures_resolve(one, &one);
    assert_status(futures_poll(gathered), FUTURES_OK);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(futures_outcomes(gathered, NULL)[i].value, &one);
    futures_release(gathered);
    futures_release(one);
}

Test(async, several_gather_the_same) /* row 25 */
{
    futures_future *one = futures_promise(NULL, NULL);
    futures_future *gathered[3];
    for (int i = 0; i < 3; i++)
        gathered[i] = futures_gather_async(&one, 1, NULL);
    futures_resolve(one, &one);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(futures_outcomes(gathered[i], NULL)[0].value, &one);
    futures_release_all(gathered, 3);
    futures_release(one);
}

Test(async, cannot_be_kept_by_hand) /* row 28 */
{
    futures_future *one = futures_promise(NULL, NULL);
    futures_future *gathered = futures_gather_async(&one, 1, NULL);
    assert_status(futures_resolve(gathered, NULL), FUTURES_INVALID);
    assert_status(futures_reject(gathered, 1, "no"), FUTURES_INVALID);
    assert_status(futures_poll(gathered), FUTURES_PENDING);
    futures_resolve(one, NULL);
    futures_release(gathered);
    futures_release(one);
}

static void note_end(void *arg, futures_future *future)
{
    *(futures_status *)arg = futures_poll(future);
}

/* rows 27, 43: and it keeps its futures as long as it needs them */
Test(async, ends_though_nobody_holds_it)
{
    futures_hook hook;
    struct counted counted = {0};
    futures_status end = FUTURES_PENDING;
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.value_free = counted_value_free;
    futures_future *one = futures_promise_with(&options);
    futures_future *gathered = futures_gather_async(&one, 1, NULL);
    futures_on_done(gathered, &hook, note_end, &end);
    futures_release(gathered);
    assert_status(end, FUTURES_PENDING);
    futures_future *other = futures_gather_async(&one, 1, NULL);
    futures_resolve(one, &counted);
    assert_status(end, FUTURES_OK);
    futures_release(one);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    cr_assert_eq(futures_outcomes(other, NULL)[0].value, &counted);
    futures_release(other);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
}

struct told {
    futures_status ends[4];
    int order[4];
    int calls;
    int inside;
    futures_future *next; /* nullable: to be resolved in the first call */
};

static void tell(void *context, size_t index, const futures_outcome *outcome)
{
    struct told *told = context;
    told->inside++;
    cr_assert_eq(told->inside, 1, "for one slot at a time");
    told->ends[index] = outcome->status;
    told->order[told->calls++] = (int)index;
    if (told->next != NULL) {
        futures_future *next = told->next;
        told->next = NULL;
        futures_resolve(next, NULL);
    }
    told->inside--;
}

Test(async, tells_on_done_of_each_in_order_of_ending) /* row 2 */
{
    struct told told = {.calls = 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[4];
    make_promises(set, 4);
    options.on_done = tell;
    options.context = &told;
    futures_resolve(set[2], NULL);
    futures_future *gathered = futures_gather_async(set, 4, &options);
    cr_assert_eq(told.calls, 1, "of what had ended, at once");
    told.next = set[0];
    futures_resolve(set[3], NULL);
    cr_assert_eq(told.calls, 3);
    futures_reject(set[1], 1, "last");
    assert_status(futures_poll(gathered), FUTURES_FAILED);
    cr_assert_eq(told.calls, 4);
    cr_assert(told.order[0] == 2 && told.order[1] == 3 && told.order[2] == 0 &&
              told.order[3] == 1);
    assert_status(told.ends[1], FUTURES_FAILED);
    futures_release(gathered);
    futures_release_all(set, 4);
}

Test(async, that_leaves_tells_on_done_of_no_other) /* rows 2, 7 */
{
    struct told told = {.calls = 0};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[3];
    make_promises(set, 3);
    options.on_error = FUTURES_ON_ERROR_LEAVE;
    options.on_done = tell;
    options.context = &told;
    futures_future *gathered = futures_gather_async(set, 3, &options);
    futures_cancel(set[1]);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    futures_resolve(set[0], NULL);
    futures_resolve(set[2], NULL);
    cr_assert_eq(told.calls, 1);
    check_slot(gathered, 0, FUTURES_PENDING);
    futures_release(gathered);
    futures_release_all(set, 3);
}

static void hear(void *context, const futures_error *error)
{
    (void)error;
    count_one(context);
}

/* row 44: its own error then stands for them, and is reported once */
Test(async, errors_in_its_outcomes_count_as_looked_at)
{
    atomic_int heard = 0;
    int code = 5;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_gather_options collect = FUTURES_GATHER_OPTIONS_INIT;
    futures_pool *pool = NULL;
    options.unhandled = hear;
    options.context = &heard;
    collect.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_pool_create(&pool, &options);
    for (int look = 0; look < 2; look++) {
        futures_future *set[2] = {futures_submit(pool, throw_code, &code),
                                  futures_submit(pool, throw_code, &code)};
        futures_future *gathered = futures_gather_async(set, 2, &collect);
        futures_wait(gathered, FUTURES_NEVER);
        futures_release_all(set, 2);
        if (look)
            (void)futures_outcomes(gathered, NULL);
        futures_release(gathered);
        cr_assert_eq(atomic_load(&heard), 1);
    }
    futures_pool_destroy(pool);
}
