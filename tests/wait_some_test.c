/* Waiting until some have ended, however they did: how many is enough, what is
 * said when the time is up, and that nothing is touched. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_wait -> wait_some.of_all_of_them_is_a_plain_wait
 *   test_wait_duplicate_coroutines
 *   -> wait_some.counts_a_future_given_twice_twice
 *   test_wait_first_completed -> wait_some.is_over_when_enough_have_ended
 *   test_wait_invalid_args -> wait_some.refuses_bad_input
 *   test_wait_really_done -> wait_some.says_how_many_though_fewer_are_enough
 *   test_wait_with_exception -> wait_some.is_over_when_enough_have_ended
 *   test_wait_with_timeout -> wait_some.a_deadline_touches_nothing
 * test_wait.py:
 *   test_first_completed -> wait_some.is_over_when_enough_have_ended
 *   test_first_completed_some_already_completed
 *   -> wait_some.counts_what_had_ended_before
 *   test_timeout -> wait_some.a_deadline_touches_nothing
 */
#include "support/test.h"

#include <futures/any.h>
#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

struct some {
    futures_future *const *futures;
    size_t count;
    size_t enough;
    size_t ended;
    futures_status status;
};

static void *some_run(void *arg)
{
    struct some *some = arg;
    some->status = futures_wait_some(some->futures, some->count, some->enough,
                                     FUTURES_NEVER, &some->ended);
    return arg;
}

static futures_future *start_waiting(futures_pool *pool, struct some *some)
{
    uint64_t before = parked(pool);
    futures_future *task = futures_submit(pool, some_run, some);
    eventually(parked(pool) == before + 1);
    return task;
}

static futures_status end_waiting(futures_future *task,
                                  const struct some *some)
{
    futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    return some->status;
}

Test(wait_some, refuses_bad_input) /* rows 1, 3 */
{
    futures_future *set[2] = {resolved(NULL), NULL};
    size_t ended = 7;
    assert_status(futures_wait_some(set, 1, 2, FUTURES_NEVER, &ended),
                  FUTURES_INVALID);
    cr_assert_eq(ended, 0);
    ended = 7;
    assert_status(futures_wait_some(set, 2, 1, FUTURES_NEVER, &ended),
                  FUTURES_INVALID);
    cr_assert_eq(ended, 0);
    assert_status(futures_wait_some(NULL, 1, 0, FUTURES_NEVER, NULL),
                  FUTURES_INVALID);
    futures_release(set[0]);
}

Test(wait_some, for_none_is_ok_at_once) /* row 1 */
{
    futures_future *set[2] = {futures_promise(NULL, NULL), resolved(NULL)};
    size_t ended = 7;
    assert_status(futures_wait_some(NULL, 0, 0, FUTURES_NEVER, &ended),
                  FUTURES_OK);
    cr_assert_eq(ended, 0);
    assert_status(futures_wait_some(set, 2, 0, FUTURES_NEVER, &ended),
                  FUTURES_OK);
    cr_assert_eq(ended, 1);
    futures_release_all(set, 2);
}

Test(wait_some, is_over_when_enough_have_ended) /* rows 6, 7 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[5];
    make_promises(set, 5);
    struct some some = {set, 5, 3, 0, FUTURES_PENDING};
    futures_future *task = start_waiting(pool, &some);
    futures_reject(set[4], 1, "counts too");
    futures_cancel(set[2]);
    assert_status(futures_poll(task), FUTURES_PENDING);
    futures_resolve(set[0], NULL);
    assert_status(end_waiting(task, &some), FUTURES_OK);
    cr_assert_eq(some.ended, 3);
    assert_status(futures_poll(set[1]), FUTURES_PENDING);
    assert_status(futures_poll(set[3]), FUTURES_PENDING);
    futures_release_all(set, 5);
    futures_pool_destroy(pool);
}

Test(wait_some, counts_what_had_ended_before) /* row 4 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3] = {cancelled(), futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    size_t ended = 0;
    assert_status(futures_wait_some(set, 3, 1, FUTURES_NEVER, &ended),
                  FUTURES_OK);
    cr_assert_eq(ended, 1);
    struct some some = {set, 3, 2, 0, FUTURES_PENDING};
    futures_future *task = start_waiting(pool, &some);
    futures_resolve(set[2], NULL);
    assert_status(end_waiting(task, &some), FUTURES_OK);
    cr_assert_eq(some.ended, 2);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
}

/* row 4 */
Test(wait_some, says_how_many_though_fewer_are_enough)
{
    futures_future *set[4] = {futures_promise(NULL, NULL), resolved(NULL),
                              rejected(1), resolved(NULL)};
    size_t ended = 0;
    assert_status(futures_wait_some(set, 4, 1, FUTURES_NEVER, &ended),
                  FUTURES_OK);
    cr_assert_eq(ended, 3);
    futures_release_all(set, 4);
}

Test(wait_some, counts_a_future_given_twice_twice) /* row 2 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[3];
    make_promises(set, 2);
    set[2] = set[0];
    struct some some = {set, 3, 2, 0, FUTURES_PENDING};
    futures_future *task = start_waiting(pool, &some);
    futures_resolve(set[0], NULL);
    assert_status(end_waiting(task, &some), FUTURES_OK);
    cr_assert_eq(some.ended, 2);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

Test(wait_some, of_all_of_them_is_a_plain_wait) /* row 5 */
{
    futures_pool *pool = pool_of(2);
    futures_future *set[20];
    atomic_int ran = 0;
    size_t ended = 0;
    for (int i = 0; i < 20; i++)
        set[i] = futures_submit(pool, count_task, &ran);
    assert_status(futures_wait_some(set, 20, 20, FUTURES_NEVER, &ended),
                  FUTURES_OK);
    cr_assert_eq(ended, 20);
    cr_assert_eq(atomic_load(&ran), 20);
    futures_release_all(set, 20);
    futures_pool_destroy(pool);
}

Test(wait_some, a_deadline_touches_nothing) /* rows 22 to 24 */
{
    futures_future *set[3] = {resolved(NULL), futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    size_t ended = 0;
    assert_status(futures_wait_some(set, 3, 2, FUTURES_POLL, &ended),
                  FUTURES_TIMEOUT);
    cr_assert_eq(ended, 1);
    assert_status(futures_wait_some(set, 3, 2, futures_in_ms(5), &ended),
                  FUTURES_TIMEOUT);
    cr_assert_eq(ended, 1);
    assert_status(futures_resolve(set[1], NULL), FUTURES_OK);
    assert_status(futures_wait_some(set, 3, 2, FUTURES_POLL, &ended),
                  FUTURES_OK);
    cr_assert_eq(ended, 2);
    futures_release_all(set, 3);
}

Test(wait_some, is_not_interrupted_when_its_task_is_asked_to_stop) /* 13 */
{
    futures_pool *pool = pool_of(1);
    futures_future *set[2];
    make_promises(set, 2);
    struct some some = {set, 2, 1, 0, FUTURES_PENDING};
    futures_future *task = start_waiting(pool, &some);
    assert_status(futures_cancel(task), FUTURES_PENDING);
    assert_status(futures_poll(set[0]), FUTURES_PENDING);
    assert_status(futures_poll(task), FUTURES_PENDING);
    futures_resolve(set[1], NULL);
    assert_status(end_waiting(task, &some), FUTURES_OK);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
}

static void *wait_for_two_of_four(void *arg)
{
    futures_pool *pool = futures_current_pool();
    atomic_int *ran = arg;
    futures_future *set[4];
    size_t ended = 0;
    for (int i = 0; i < 4; i++)
        set[i] = futures_submit(pool, count_task, &ran[i]);
    futures_status status =
        futures_wait_some(set, 4, 2, FUTURES_NEVER, &ended);
    bool right = status == FUTURES_OK && ended == 2 &&
                 atomic_load(&ran[0]) == 1 && atomic_load(&ran[1]) == 1 &&
                 atomic_load(&ran[2]) == 0;
    futures_release_all(set, 4);
    return right ? arg : NULL;
}

/* row 32 */
Test(wait_some, on_one_worker_runs_the_oldest_first_and_no_more_than_enough)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran[4] = {0};
    futures_future *task = futures_submit(pool, wait_for_two_of_four, ran);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), ran);
    futures_release(task);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&ran[3]), 1, "the rest ran on");
}

Test(wait_some, by_several_threads_of_what_others_wait_for) /* row 25 */
{
    enum { CALLERS = 4 };
    futures_pool *pool = pool_of(CALLERS);
    futures_future *set[CALLERS];
    futures_future *tasks[CALLERS];
    struct some somes[CALLERS];
    make_promises(set, CALLERS);
    for (size_t i = 0; i < CALLERS; i++) {
        somes[i] = (struct some){set, CALLERS, i + 1, 0, FUTURES_PENDING};
        tasks[i] = start_waiting(pool, &somes[i]);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        futures_resolve(set[CALLERS - 1 - i], NULL);
        assert_status(end_waiting(tasks[i], &somes[i]), FUTURES_OK);
        cr_assert_eq(somes[i].ended, i + 1);
    }
    futures_release_all(set, CALLERS);
    futures_pool_destroy(pool);
}
