/* Gather where nothing goes wrong: nothing at all, futures that have ended,
 * futures that end in any order, the same one twice, several pools, several
 * gatherers; and the arguments that it refuses. Promises stand for tasks where
 * a test must decide when something ends. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_success
 *   -> gather.gives_slots_in_input_order_whatever_the_order_of_ending
 *   test_result_exception_success
 *   -> gather.of_what_ends_well_is_the_same_in_every_mode
 *   test_constructor_empty_sequence_use_running_loop
 *   -> gather.of_nothing_is_ok_whatever_the_options
 *   test_constructor_heterogenous_futures -> gather.mixes_pools_and_promises
 *   test_duplicate_coroutines
 *   -> gather.fills_each_slot_of_a_future_given_twice
 *   test_issue46672 -> gather.refuses_bad_arguments_before_it_touches_anything
 * test_wait.py:
 *   test_20369 -> gather.waits_for_a_pending_future_given_twice
 *   test_pending_calls_race -> gather_stress
 * test_future.py:
 *   test_get_snapshot -> gather.by_several_at_once_shows_all_the_same
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "support/test.h"

#include <linux/seccomp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/child.h"
#include "support/gathering.h"
#include "support/helpers.h"

static futures_token *fired_token(void)
{
    futures_token *token = new_token(NULL);
    futures_token_cancel(token, 0, NULL);
    return token;
}

Test(gather, of_nothing_is_ok_whatever_the_options) /* row 1 */
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = FUTURES_POLL;
    options.token = fired_token();
    assert_status(futures_gather(NULL, 0, NULL, NULL), FUTURES_OK);
    assert_status(futures_gather(NULL, 0, NULL, &options), FUTURES_OK);
    futures_token_release(options.token);
}

/* Gathers with no system call allowed but write and exit: any other kills. Not
 * under ThreadSanitizer, whose own thread would outlive the one that is killed
 * or exits. */
static void gather_what_has_ended_in_a_jail(void *arg)
{
    futures_future *ended[3] = {resolved(arg), rejected(5), cancelled()};
    futures_outcome outcomes[3];
    futures_gather(ended, 3, outcomes, NULL);
    if (!UNDER_TSAN && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        _exit(2);
    bool right = futures_gather(NULL, 0, NULL, NULL) == FUTURES_OK &&
                 futures_gather(ended, 3, outcomes, NULL) == FUTURES_FAILED;
    syscall(UNDER_TSAN ? SYS_exit_group : SYS_exit, right ? 0 : 3);
}

Test(gather, of_what_has_ended_makes_no_system_call) /* rows 1, 4 */
{
    struct child child = child_run(gather_what_has_ended_in_a_jail, NULL);
    cr_assert_eq(child_exit_status(&child), 0, "%s", child.printed);
}

Test(gather, of_what_has_ended_reports_the_lowest_index) /* row 4 */
{
    futures_future *set[4];
    futures_outcome outcomes[4];
    make_promises(set, 4);
    futures_cancel(set[3]);
    futures_reject(set[2], 2, "second");
    futures_cancel(set[1]);
    futures_resolve(set[0], NULL);
    assert_status(futures_gather(set, 4, outcomes, NULL), FUTURES_CANCELLED);
    assert_status(outcomes[0].status, FUTURES_OK);
    assert_status(outcomes[1].status, FUTURES_CANCELLED);
    assert_status(outcomes[2].status, FUTURES_FAILED);
    assert_status(futures_gather(set + 2, 2, NULL, NULL), FUTURES_FAILED);
    cr_assert_eq(outcomes[2].error->code, 2);
    cr_assert_eq(futures_first_error(outcomes, 4), 1);
    cr_assert_eq(futures_first_error(outcomes, 1), 1);
    cr_assert_eq(futures_first_error(outcomes + 2, 2), 0);
    cr_assert_eq(futures_first_error(NULL, 0), 0);
    futures_release_all(set, 4);
}

Test(gather, gives_slots_in_input_order_whatever_the_order_of_ending) /* 5 */
{
    enum { COUNT = 100 };
    futures_pool *pool = pool_of(1);
    futures_future *set[COUNT];
    futures_outcome outcomes[COUNT];
    int values[COUNT];
    make_promises(set, COUNT);
    struct gathering gathering = gathering_of(set, COUNT, outcomes);
    futures_future *task = start_gathering(pool, &gathering);
    for (size_t i = COUNT; i-- > 0;)
        futures_resolve(set[i], &values[i]);
    assert_status(end_gathering(task, &gathering), FUTURES_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_status(outcomes[i].status, FUTURES_OK);
        cr_assert_eq(outcomes[i].value, &values[i]);
        cr_assert_null(outcomes[i].error);
    }
    futures_release_all(set, COUNT);
    futures_pool_destroy(pool);
}

Test(gather, returns_the_first_error_to_arrive_not_the_lowest) /* row 6 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3];
    futures_outcome outcomes[3];
    make_promises(set, 3);
    struct gathering gathering = gathering_of(set, 3, outcomes);
    gathering.options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *task = start_gathering(pool, &gathering);
    futures_resolve(set[1], NULL);
    futures_reject(set[2], 6, "came first");
    futures_cancel(set[0]);
    assert_status(end_gathering(task, &gathering), FUTURES_FAILED);
    cr_assert_eq(futures_first_error(outcomes, 3), 0);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

Test(gather, counts_what_failed_on_entry_as_earlier) /* row 6 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3] = {futures_promise(NULL, NULL), cancelled(),
                              rejected(6)};
    struct gathering gathering = gathering_of(set, 3, NULL);
    gathering.options.on_error = FUTURES_ON_ERROR_COLLECT;
    futures_future *task = start_gathering(pool, &gathering);
    futures_reject(set[0], 1, "too late to be the first");
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

Test(gather, fills_each_slot_of_a_future_given_twice) /* row 2 */
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    struct counted counted = {0};
    futures_task_options options = counted_options();
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_future *future =
        futures_submit_with(pool, counted_run, &counted, &options);
    futures_future *set[4] = {future, resolved(&gate), future, future};
    futures_outcome outcomes[4];
    gate_open(&gate);
    assert_status(futures_gather(set, 4, outcomes, NULL), FUTURES_OK);
    cr_assert_eq(outcomes[0].value, &counted);
    cr_assert_eq(outcomes[1].value, &gate);
    cr_assert_eq(outcomes[2].value, &counted);
    cr_assert_eq(outcomes[3].value, &counted);
    cr_assert_eq(atomic_load(&counted.value_freed), 0);
    futures_release(set[1]);
    futures_release(future);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&counted.ran), 1);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
    gate_destroy(&gate);
}

Test(gather, waits_for_a_pending_future_given_twice) /* row 2 */
{
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *set[3] = {promise, promise, promise};
    futures_outcome outcomes[3];
    struct gathering gathering = gathering_of(set, 3, outcomes);
    futures_future *task = start_gathering(pool, &gathering);
    futures_resolve(promise, &gathering);
    assert_status(end_gathering(task, &gathering), FUTURES_OK);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(outcomes[i].value, &gathering);
    futures_release(promise);
    futures_pool_destroy(pool);
}

/* Gathers, and asserts that nothing was touched by it. */
static void assert_refused(futures_future *const set[], size_t count,
                           const futures_gather_options *options)
{
    futures_outcome outcomes[2];
    futures_outcome before[2];
    memset(before, 0x5a, sizeof before);
    memcpy(outcomes, before, sizeof before);
    assert_status(futures_gather(set, count, outcomes, options),
                  FUTURES_INVALID);
    cr_assert_eq(memcmp(outcomes, before, sizeof before), 0);
}

static void must_not_be_called(void *context, size_t index,
                               const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    count_one(context);
}

Test(gather, refuses_bad_arguments_before_it_touches_anything) /* row 3 */
{
    struct larger {
        futures_gather_options known;
        long more;
    } larger = {FUTURES_GATHER_OPTIONS_INIT, 1};
    atomic_int calls = 0;
    futures_future *set[2] = {resolved(NULL), futures_promise(NULL, NULL)};
    futures_future *holed[2] = {set[1], NULL};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_done = must_not_be_called;
    options.context = &calls;
    options.deadline = FUTURES_POLL;
    assert_refused(NULL, 2, &options);
    assert_refused(holed, 2, &options);
    options.on_error = (futures_on_error)3;
    assert_refused(set, 2, &options);
    options.on_error = (futures_on_error)-1;
    assert_refused(set, 2, &options);
    options.on_error = FUTURES_ON_ERROR_CANCEL;
    options.on_timeout = (futures_on_timeout)3;
    assert_refused(set, 2, &options);
    options.on_timeout = FUTURES_ON_TIMEOUT_CANCEL;
    options.size = 0;
    assert_refused(set, 2, &options);
    larger.known.deadline = FUTURES_POLL;
    larger.known.size = sizeof larger;
    assert_refused(set, 2, &larger.known);
    assert_status(futures_poll(set[1]), FUTURES_PENDING);
    cr_assert_eq(atomic_load(&calls), 0);
    futures_release_all(set, 2);
}

Test(gather, options_init_is_the_macro)
{
    futures_gather_options made = {0};
    futures_gather_options written = FUTURES_GATHER_OPTIONS_INIT;
    made.on_error = FUTURES_ON_ERROR_LEAVE;
    made.help = true;
    futures_gather_options_init(&made, sizeof made);
    cr_assert_eq(made.size, written.size);
    cr_assert_eq(made.on_error, written.on_error);
    cr_assert_eq(made.on_timeout, written.on_timeout);
    cr_assert_eq(made.deadline, written.deadline);
    cr_assert_null(made.token);
    cr_assert_null(made.on_done);
    cr_assert_null(made.context);
    cr_assert_eq(made.help, written.help);
}

Test(gather, mixes_pools_and_promises) /* row 3 */
{
    futures_pool *pools[2] = {pool_of(1), pool_of(2)};
    int values[4];
    futures_future *set[4] = {futures_submit(pools[0], return_arg, &values[0]),
                              futures_promise(NULL, NULL),
                              futures_submit(pools[1], return_arg, &values[2]),
                              resolved(&values[3])};
    futures_outcome outcomes[4];
    struct gathering gathering = gathering_of(set, 4, outcomes);
    futures_future *task = start_gathering(pools[0], &gathering);
    futures_resolve(set[1], &values[1]);
    assert_status(end_gathering(task, &gathering), FUTURES_OK);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(outcomes[i].value, &values[i]);
    futures_release_all(set, 4);
    futures_pool_destroy(pools[0]);
    futures_pool_destroy(pools[1]);
}

static bool are_the_same(const futures_outcome *a, const futures_outcome *b,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].status != b[i].status || a[i].value != b[i].value ||
            a[i].error != b[i].error)
            return false;
    return true;
}

Test(gather, by_several_at_once_shows_all_the_same) /* row 25 */
{
    enum { TASKS = 4, THREADS = 4, ALL = TASKS + THREADS, COUNT = 32 };
    futures_pool *pool = pool_of(TASKS);
    futures_future *set[COUNT];
    futures_future *tasks[TASKS];
    futures_outcome outcomes[ALL][COUNT];
    struct gathering gatherings[ALL];
    pthread_t threads[THREADS];
    make_promises(set, COUNT);
    for (size_t i = 0; i < ALL; i++) {
        gatherings[i] = gathering_of(set, COUNT, outcomes[i]);
        gatherings[i].options.on_error = FUTURES_ON_ERROR_COLLECT;
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, gathering_run,
                       &gatherings[TASKS + i]);
    for (size_t i = 0; i < TASKS; i++)
        tasks[i] = start_gathering(pool, &gatherings[i]);
    futures_reject(set[COUNT - 1], 25, "the only error");
    for (size_t i = 0; i < COUNT - 1; i++)
        futures_resolve(set[i], &gatherings[i % ALL]);
    for (size_t i = 0; i < TASKS; i++)
        assert_status(end_gathering(tasks[i], &gatherings[i]), FUTURES_FAILED);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_status(gatherings[TASKS + i].status, FUTURES_FAILED);
    }
    for (size_t i = 1; i < ALL; i++)
        cr_assert(are_the_same(outcomes[i], outcomes[0], COUNT));
    cr_assert_eq(outcomes[0][COUNT - 1].error->code, 25);
    cr_assert_eq(outcomes[0][0].value, &gatherings[0]);
    futures_release_all(set, COUNT);
    futures_pool_destroy(pool);
}

Test(gather, of_a_million_futures_is_right)
{
    const size_t count = TESTS_ARE_SLOW ? 50000 : 1000000;
    futures_pool *pool = pool_of(2);
    futures_future **set = malloc(count * sizeof(*set));
    futures_outcome *outcomes = malloc(count * sizeof(*outcomes));
    cr_assert(set != NULL && outcomes != NULL);
    for (size_t i = 0; i < count; i++)
        set[i] = futures_submit(pool, return_arg, (char *)set + i);
    assert_status(futures_gather(set, count, outcomes, NULL), FUTURES_OK);
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += outcomes[i].status != FUTURES_OK ||
                 outcomes[i].value != (char *)set + i;
    cr_assert_eq(wrong, 0);
    cr_assert_eq(futures_first_error(outcomes, count), count);
    futures_release_all(set, count);
    futures_pool_destroy(pool);
    free(outcomes);
    free(set);
}

Test(gather, of_what_ends_well_is_the_same_in_every_mode)
{
    futures_pool *pool = pool_of(1);
    int values[3];
    for (int mode = FUTURES_ON_ERROR_CANCEL; mode <= FUTURES_ON_ERROR_LEAVE;
         mode++) {
        futures_future *set[3];
        futures_outcome outcomes[3];
        make_promises(set, 3);
        struct gathering gathering = gathering_of(set, 3, outcomes);
        gathering.options.on_error = (futures_on_error)mode;
        futures_future *task = start_gathering(pool, &gathering);
        futures_resolve(set[1], &values[1]);
        futures_resolve(set[0], &values[0]);
        assert_status(futures_poll(task), FUTURES_PENDING);
        futures_resolve(set[2], &values[2]);
        assert_status(end_gathering(task, &gathering), FUTURES_OK);
        for (size_t i = 0; i < 3; i++)
            cr_assert_eq(outcomes[i].value, &values[i]);
        futures_release_all(set, 3);
    }
    futures_pool_destroy(pool);
}
