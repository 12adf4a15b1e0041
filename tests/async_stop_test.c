/* A gather that is a future, and what stops it: a cancel, a token, its task,
 * the time; and gathers of gathers. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_cancellation_broadcast -> async_stop.a_cancel_reaches_its_futures
 *   test_cancel_gather_1
 *   -> async_stop.a_cancel_that_is_too_late_changes_nothing
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5, LINKS = 100000, SMALL_STACK = 512 * 1024 };

Test(async_stop, a_cancel_reaches_its_futures) /* rows 10, 11, 16 */
{
    futures_future *set[3] = {resolved(&errno), futures_promise(NULL, NULL),
                              futures_promise(NULL, NULL)};
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    assert_status(futures_cancel(gathered), FUTURES_PENDING);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    assert_status(futures_cancel(gathered), FUTURES_CANCELLED);
    check_slot(gathered, 0, FUTURES_OK);
    check_slot(gathered, 2, FUTURES_CANCELLED);
    futures_release(gathered);
    futures_release_all(set, 3);
}

/* rows 10, 19: though every worker is blocked */
Test(async_stop, a_cancel_ends_what_is_queued_and_waits_for_what_runs)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    struct counted counted = {0};
    futures_task_options options = counted_options();
    futures_future *set[2];
    set[0] = futures_submit(pool, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    set[1] = futures_submit_with(pool, counted_run, &counted, &options);
    futures_future *gathered = futures_gather_async(set, 2, NULL);
    assert_status(futures_cancel(gathered), FUTURES_PENDING);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    cr_assert_eq(atomic_load(&counted.arg_freed), 1);
    assert_status(futures_poll(gathered), FUTURES_PENDING);
    gate_open(&gate);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_CANCELLED);
    check_slot(gathered, 0, FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    futures_release(gathered);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(async_stop, a_cancel_that_is_too_late_changes_nothing) /* rows 12, 16 */
{
    futures_future *one = futures_promise(NULL, NULL);
    futures_future *gathered = futures_gather_async(&one, 1, NULL);
    futures_resolve(one, &one);
    assert_status(futures_cancel(gathered), FUTURES_OK);
    assert_status(futures_poll(gathered), FUTURES_OK);
    futures_release(gathered);
    futures_release(one);
}

/* rows 14, 19a */
Test(async_stop, is_ok_where_all_are_though_it_was_cancelled)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init_open(&gate);
    futures_future *one =
        futures_submit(pool, arrive_and_return_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *gathered = futures_gather_async(&one, 1, NULL);
    assert_status(futures_cancel(gathered), FUTURES_PENDING);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_outcomes(gathered, NULL)[0].value, &gate);
    futures_release(gathered);
    futures_release(one);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* rows 15, 19b */
Test(async_stop, is_cancelled_though_one_failed)
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init_open(&gate);
    futures_future *one =
        futures_submit(pool, arrive_and_throw_when_asked, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *gathered = futures_gather_async(&one, 1, NULL);
    futures_cancel(gathered);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_CANCELLED);
    check_slot(gathered, 0, FUTURES_FAILED);
    futures_release(gathered);
    futures_release(one);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(async_stop, a_token_stops_it_under_any_mode) /* row 10 */
{
    for (int mode = FUTURES_ON_ERROR_CANCEL; mode <= FUTURES_ON_ERROR_LEAVE;
         mode++) {
        futures_future *set[2];
        futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
        make_promises(set, 2);
        options.on_error = (futures_on_error)mode;
        options.token = new_token(NULL);
        futures_future *gathered = futures_gather_async(set, 2, &options);
        futures_token_cancel(options.token, 9, "no more");
        assert_status(futures_poll(gathered), FUTURES_CANCELLED);
        check_slot(gathered, 0, FUTURES_CANCELLED);
        check_slot(gathered, 1, FUTURES_CANCELLED);
        cr_assert_eq(futures_error_of(gathered)->code, 9);
        cr_assert_eq(futures_error_of(set[0])->code, 9);
        futures_token_release(options.token);
        futures_release(gathered);
        futures_release_all(set, 2);
    }
}

/* The caller's reference to the token is no longer needed. */
Test(async_stop, keeps_its_token) /* row 12 */
{
    futures_future *one = futures_promise(NULL, NULL);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_token *parent = new_token(NULL);
    options.token = new_token(parent);
    futures_future *gathered = futures_gather_async(&one, 1, &options);
    futures_token_release(options.token);
    futures_future *other = futures_gather_async(NULL, 0, &options);
    futures_release(other);
    futures_token_cancel(parent, 9, NULL);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    futures_token_release(parent);
    futures_release(gathered);
    futures_release(one);
}

Test(async_stop, a_token_that_has_fired_stops_it_at_once) /* rows 10, 12 */
{
    futures_future *set[2] = {resolved(NULL), futures_promise(NULL, NULL)};
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.token = new_token(NULL);
    futures_token_cancel(options.token, 0, NULL);
    futures_future *gathered = futures_gather_async(set, 2, &options);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    futures_future *fine = futures_gather_async(set, 1, &options);
    assert_status(futures_poll(fine), FUTURES_OK);
    futures_token_release(options.token);
    futures_release(fine);
    futures_release(gathered);
    futures_release_all(set, 2);
}

struct inside {
    struct gate gate;
    futures_future *set[2];
    futures_future *gathered;
    futures_token *token;
};

static void *gather_and_stay(void *arg)
{
    struct inside *inside = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.token = inside->token;
    inside->gathered = futures_gather_async(inside->set, 2, &options);
    gate_pass(&inside->gate);
    return arg;
}

static futures_status cancel_task_of(futures_token *token)
{
    struct inside inside = {.token = token};
    futures_pool *pool = pool_of(1);
    gate_init(&inside.gate);
    make_promises(inside.set, 2);
    futures_future *task = futures_submit(pool, gather_and_stay, &inside);
    cr_assert(gate_await_arrivals(&inside.gate, 1));
    futures_cancel(task);
    futures_status end = futures_poll(inside.gathered);
    cr_assert_eq(futures_poll(inside.set[0]), end);
    gate_open(&inside.gate);
    futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    futures_release_all(inside.set, 2);
    futures_release(inside.gathered);
    futures_pool_destroy(pool);
    gate_destroy(&inside.gate);
    return end;
}

Test(async_stop, is_stopped_with_its_task_unless_it_has_no_token)
{
    futures_token *token = new_token(NULL);
    assert_status(cancel_task_of(NULL), FUTURES_CANCELLED);
    assert_status(cancel_task_of(token), FUTURES_CANCELLED);
    assert_status(cancel_task_of(futures_token_none()), FUTURES_PENDING);
    futures_token_release(token);
}

Test(async_stop, a_deadline_cancels_and_waits) /* rows 22, 24 */
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init_open(&gate);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[2] = {
        futures_submit(pool, arrive_and_run_until_cancelled, &gate),
        futures_promise(NULL, NULL)};
    cr_assert(gate_await_arrivals(&gate, 1));
    options.deadline = futures_in_ms(SOON_MS);
    futures_future *gathered = futures_gather_async(set, 2, &options);
    assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_TIMEOUT);
    check_slot(gathered, 0, FUTURES_CANCELLED);
    cr_assert_eq(futures_error_of(set[1])->code, ETIMEDOUT);
    futures_release(gathered);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(async_stop, a_deadline_that_leaves_touches_nothing) /* rows 22, 24 */
{
    futures_time deadlines[2] = {FUTURES_POLL, futures_in_ms(SOON_MS)};
    for (int i = 0; i < 2; i++) {
        futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
        futures_future *set[2] = {resolved(&errno),
                                  futures_promise(NULL, NULL)};
        options.deadline = deadlines[i];
        options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
        futures_future *gathered = futures_gather_async(set, 2, &options);
        assert_status(futures_wait(gathered, FUTURES_NEVER), FUTURES_TIMEOUT);
        check_slot(gathered, 0, FUTURES_OK);
        check_slot(gathered, 1, FUTURES_PENDING);
        assert_status(futures_resolve(set[1], NULL), FUTURES_OK);
        futures_release(gathered);
        futures_release_all(set, 2);
    }
}

Test(async_stop, a_deadline_that_abandons_asks_and_goes) /* row 24 */
{
    futures_pool *pool = pool_of(1);
    struct gate gate;
    gate_init(&gate);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[2] = {futures_submit(pool, gate_task, &gate),
                              futures_promise(NULL, NULL)};
    cr_assert(gate_await_arrivals(&gate, 1));
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_ABANDON;
    futures_future *gathered = futures_gather_async(set, 2, &options);
    assert_status(futures_poll(gathered), FUTURES_TIMEOUT);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    check_slot(gathered, 0, FUTURES_PENDING);
    check_slot(gathered, 1, FUTURES_CANCELLED);
    gate_open(&gate);
    assert_status(futures_wait(set[0], FUTURES_NEVER), FUTURES_OK);
    futures_release(gathered);
    futures_release_all(set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(async_stop, done_wins_over_a_deadline) /* rows 22, 23 */
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[2] = {resolved(&errno), rejected(3)};
    options.deadline = FUTURES_POLL;
    futures_future *fine = futures_gather_async(set, 1, &options);
    futures_future *failed = futures_gather_async(set, 2, &options);
    assert_status(futures_poll(fine), FUTURES_OK);
    assert_status(futures_poll(failed), FUTURES_FAILED);
    options.deadline = futures_in_ms(60000);
    futures_future *early = futures_gather_async(set, 1, &options);
    assert_status(futures_poll(early), FUTURES_OK);
    futures_release(early);
    futures_release(fine);
    futures_release(failed);
    futures_release_all(set, 2);
}

Test(async_stop, of_gathers_passes_a_cancel_on)
{
    futures_future *promises[2];
    futures_future *inner[2];
    make_promises(promises, 2);
    inner[0] = futures_gather_async(&promises[0], 1, NULL);
    inner[1] = futures_gather_async(&promises[1], 1, NULL);
    futures_future *outer = futures_gather_async(inner, 2, NULL);
    futures_cancel(outer);
    assert_status(futures_poll(outer), FUTURES_CANCELLED);
    assert_status(futures_poll(inner[1]), FUTURES_CANCELLED);
    assert_status(futures_poll(promises[0]), FUTURES_CANCELLED);
    futures_release(outer);
    futures_release_all(inner, 2);
    futures_release_all(promises, 2);
}

struct tower {
    futures_future *base;
    futures_future *top;
    bool cancel;
};

static void *end_tower(void *arg)
{
    struct tower *tower = arg;
    if (tower->cancel)
        futures_cancel(tower->top);
    else
        futures_resolve(tower->base, tower);
    futures_status end = futures_poll(tower->top);
    futures_release(tower->top);
    return end == (tower->cancel ? FUTURES_CANCELLED : FUTURES_OK) ? arg
                                                                   : NULL;
}

static bool ends_on_a_small_stack(bool cancel)
{
    void *right = NULL;
    pthread_attr_t attributes;
    pthread_t thread;
    struct tower tower = {.cancel = cancel};
    tower.base = futures_promise(NULL, NULL);
    tower.top = futures_retain(tower.base);
    for (int i = 0; i < SLICE(LINKS); i++) {
        futures_future *above = futures_gather_async(&tower.top, 1, NULL);
        futures_release(tower.top);
        tower.top = above;
    }
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    pthread_create(&thread, &attributes, end_tower, &tower);
    pthread_join(thread, &right);
    pthread_attr_destroy(&attributes);
    futures_release(tower.base);
    return right != NULL;
}

/* row 29a */
Test(async_stop, a_tower_of_gathers_ends_and_is_freed_in_bounded_stack)
{
    cr_assert(ends_on_a_small_stack(false));
}

/* row 29a */
Test(async_stop, a_tower_of_gathers_is_cancelled_in_bounded_stack)
{
    cr_assert(ends_on_a_small_stack(true));
}

static void *gather_async_and_wait(void *arg)
{
    futures_pool *pool = futures_current_pool();
    futures_future *set[3];
    for (int i = 0; i < 3; i++)
        set[i] = futures_submit(pool, count_task, arg);
    futures_future *gathered = futures_gather_async(set, 3, NULL);
    futures_release_all(set, 3);
    futures_status status = futures_wait(gathered, FUTURES_NEVER);
    futures_release(gathered);
    return status == FUTURES_OK ? arg : NULL;
}

/* row 42c */
Test(async_stop, a_worker_that_waits_for_it_runs_its_futures)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran = 0;
    futures_future *task = futures_submit(pool, gather_async_and_wait, &ran);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), &ran);
    cr_assert_eq(atomic_load(&ran), 3);
    futures_release(task);
    futures_pool_destroy(pool);
}
