/* A shield ends as the future behind it does, but is cancelled alone. */
/* Elsewhere, and here:
 * test_tasks.py:
 *   test_shield_result -> shield.ends_with_the_value_of_the_one_behind_it
 *   test_shield_exception -> shield.ends_with_the_error_of_the_one_behind_it
 *   test_shield_cancel_inner
 *   -> shield.ends_when_the_one_behind_it_is_cancelled
 *   test_shield_cancel_outer -> shield.is_cancelled_alone
 *   test_shield_cancel_outer_result
 *   -> shield.cancelled_leaves_an_error_to_be_reported_once
 *   test_shield_cancel_outer_exception
 *   -> shield.cancelled_leaves_an_error_to_be_reported_once
 *   test_shield_duplicate_log_once
 *   -> shield.cancelled_leaves_an_error_to_be_reported_once
 *   test_shield_shortcut -> shield.of_one_that_has_ended_has_ended_at_once
 *   test_shield_effect -> shield.lets_a_gather_be_stopped_without_its_task
 *   test_shield_gather -> shield.around_a_gather_keeps_it_going
 *   test_gather_shield -> shield.in_a_gather_keeps_what_is_behind_it_going
 */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { LINKS = 100000, SMALL_STACK = 512 * 1024 };

Test(shield, of_nothing_is_invalid)
{
    futures_future *shield = futures_shield(NULL);
    assert_status(futures_poll(shield), FUTURES_INVALID);
    futures_release(shield);
}

Test(shield, ends_with_the_value_of_the_one_behind_it)
{
    struct counted counted = {0};
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.value_free = counted_value_free;
    futures_future *inner = futures_promise_with(&options);
    futures_future *shield = futures_shield(inner);
    assert_status(futures_poll(shield), FUTURES_PENDING);
    assert_status(futures_resolve(inner, &counted), FUTURES_OK);
    assert_status(futures_poll(shield), FUTURES_OK);
    cr_assert_eq(futures_value(shield), &counted);
    cr_assert_null(futures_take(shield), "it is borrowed");
    cr_assert_eq(futures_value(shield), &counted);
    futures_release(inner);
    cr_assert_eq(atomic_load(&counted.value_freed), 0, "the shield keeps it");
    futures_release(shield);
    cr_assert_eq(atomic_load(&counted.value_freed), 1);
}

Test(shield, ends_with_the_error_of_the_one_behind_it)
{
    futures_future *inner = futures_promise(NULL, NULL);
    futures_future *shield = futures_shield(inner);
    futures_reject(inner, EPIPE, "behind it");
    assert_status(futures_poll(shield), FUTURES_FAILED);
    cr_assert_eq(futures_error_of(shield)->code, EPIPE);
    cr_assert_null(futures_value(shield));
    futures_release(inner);
    futures_release(shield);
}

Test(shield, ends_when_the_one_behind_it_is_cancelled) /* row 9 */
{
    futures_future *inner = futures_promise(NULL, NULL);
    futures_future *shield = futures_shield(inner);
    futures_cancel(inner);
    assert_status(futures_poll(shield), FUTURES_CANCELLED);
    futures_release(inner);
    futures_release(shield);
}

Test(shield, is_cancelled_alone)
{
    futures_future *inner = futures_promise(NULL, NULL);
    futures_future *shield = futures_shield(inner);
    futures_future *second = futures_shield(inner);
    assert_status(futures_cancel(shield), FUTURES_CANCELLED);
    assert_status(futures_cancel(shield), FUTURES_CANCELLED);
    assert_status(futures_poll(inner), FUTURES_PENDING);
    assert_status(futures_poll(second), FUTURES_PENDING);
    assert_status(futures_resolve(inner, &inner), FUTURES_OK);
    assert_status(futures_poll(shield), FUTURES_CANCELLED);
    cr_assert_eq(futures_value(second), &inner);
    futures_release(inner);
    futures_release(shield);
    futures_release(second);
}

Test(shield, of_one_that_has_ended_has_ended_at_once) /* row 18 */
{
    futures_future *inner[3] = {resolved(&errno), rejected(8), cancelled()};
    futures_status ends[3] = {FUTURES_OK, FUTURES_FAILED, FUTURES_CANCELLED};
    for (int i = 0; i < 3; i++) {
        futures_future *shield = futures_shield(inner[i]);
        assert_status(futures_poll(shield), ends[i]);
        cr_assert_eq(futures_value(shield), futures_value(inner[i]));
        futures_release(shield);
    }
    futures_future *refused = futures_submit(NULL, return_arg, NULL);
    futures_future *shield = futures_shield(refused);
    assert_status(futures_poll(shield), FUTURES_INVALID);
    futures_release(shield);
    futures_release(refused);
    futures_release_all(inner, 3);
}

Test(shield, cannot_be_kept_by_hand) /* row 28 */
{
    futures_future *inner = futures_promise(NULL, NULL);
    futures_future *shield = futures_shield(inner);
    assert_status(futures_resolve(shield, NULL), FUTURES_INVALID);
    assert_status(futures_reject(shield, 1, "no"), FUTURES_INVALID);
    assert_status(futures_poll(shield), FUTURES_PENDING);
    futures_resolve(inner, NULL);
    assert_status(futures_poll(shield), FUTURES_OK);
    futures_release(inner);
    futures_release(shield);
}

static void note_end(void *arg, futures_future *future)
{
    *(futures_status *)arg = futures_poll(future);
}

Test(shield, ends_though_nobody_holds_it) /* row 43 */
{
    futures_hook hook;
    futures_status end = FUTURES_PENDING;
    futures_future *inner = futures_promise(NULL, NULL);
    futures_future *shield = futures_shield(inner);
    futures_on_done(shield, &hook, note_end, &end);
    futures_release(shield);
    assert_status(end, FUTURES_PENDING);
    futures_resolve(inner, NULL);
    assert_status(end, FUTURES_OK);
    futures_release(inner);
}

static void *wait_for_a_shield(void *arg)
{
    futures_future *inner =
        futures_submit(futures_current_pool(), count_task, arg);
    futures_future *shield = futures_shield(inner);
    futures_status status = futures_wait(shield, FUTURES_NEVER);
    futures_release(inner);
    futures_release(shield);
    return status == FUTURES_OK ? arg : NULL;
}

/* row 42c */
Test(shield, a_worker_that_waits_for_it_runs_what_is_behind_it)
{
    futures_pool *pool = pool_of(1);
    atomic_int ran = 0;
    futures_future *task = futures_submit(pool, wait_for_a_shield, &ran);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), &ran);
    futures_release(task);
    futures_pool_destroy(pool);
}

static void stop_a_gather_of_a_shield(bool by_token)
{
    futures_pool *pool = pool_of(2);
    struct gate gate;
    gate_init(&gate);
    futures_future *inner = futures_submit(pool, gate_task, &gate);
    cr_assert(gate_await_arrivals(&gate, 1));
    futures_future *shield = futures_shield(inner);
    struct gathering gathering = gathering_of(&shield, 1, NULL);
    gathering.options.token = new_token(NULL);
    futures_future *task = start_gathering(pool, &gathering);
    if (by_token)
        futures_token_cancel(gathering.options.token, 0, NULL);
    else
        futures_cancel(task);
    assert_status(end_gathering(task, &gathering), FUTURES_CANCELLED);
    assert_status(futures_poll(inner), FUTURES_PENDING);
    gate_open(&gate);
    assert_status(futures_wait(inner, FUTURES_NEVER), FUTURES_OK);
    futures_token_release(gathering.options.token);
    futures_release(inner);
    futures_release(shield);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* row 7: the gather is over though the task runs on */
Test(shield, lets_a_gather_be_stopped_without_its_task)
{
    stop_a_gather_of_a_shield(true);
    stop_a_gather_of_a_shield(false);
}

Test(shield, around_a_gather_keeps_it_going)
{
    futures_future *set[2];
    make_promises(set, 2);
    futures_future *gathered = futures_gather_async(set, 2, NULL);
    futures_future *shield = futures_shield(gathered);
    futures_cancel(shield);
    assert_status(futures_poll(gathered), FUTURES_PENDING);
    futures_resolve(set[0], NULL);
    futures_resolve(set[1], NULL);
    assert_status(futures_poll(gathered), FUTURES_OK);
    futures_release(shield);
    futures_release(gathered);
    futures_release_all(set, 2);
}

Test(shield, in_a_gather_keeps_what_is_behind_it_going)
{
    futures_future *inner = futures_promise(NULL, NULL);
    futures_future *set[2] = {futures_shield(inner),
                              futures_promise(NULL, NULL)};
    futures_future *gathered = futures_gather_async(set, 2, NULL);
    futures_cancel(gathered);
    assert_status(futures_poll(gathered), FUTURES_CANCELLED);
    assert_status(futures_poll(set[1]), FUTURES_CANCELLED);
    assert_status(futures_resolve(inner, NULL), FUTURES_OK);
    futures_release(gathered);
    futures_release_all(set, 2);
    futures_release(inner);
}

static void hear(void *context, const futures_error *error)
{
    (void)error;
    count_one(context);
}

static futures_pool *hearing(atomic_int *heard)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_pool *pool = NULL;
    options.unhandled = hear;
    options.context = heard;
    futures_pool_create(&pool, &options);
    return pool;
}

/* row 44: it is the inner one's to report, and looking at the shield's error
 * is looking at it. */
Test(shield, an_error_is_reported_once_or_not_at_all)
{
    atomic_int heard = 0;
    int code = 5;
    futures_pool *pool = hearing(&heard);
    for (int look = 0; look < 2; look++) {
        futures_future *inner = futures_submit(pool, throw_code, &code);
        futures_future *shield = futures_shield(inner);
        futures_wait(inner, FUTURES_NEVER);
        eventually(futures_poll(shield) == FUTURES_FAILED);
        if (look)
            cr_assert_eq(futures_error_of(shield)->code, 5);
        futures_release(inner);
        futures_release(shield);
        cr_assert_eq(atomic_load(&heard), 1);
    }
    futures_pool_destroy(pool);
}

struct late_end {
    struct gate gate;
    bool throws;
};

static void *end_late(void *arg)
{
    struct late_end *late = arg;
    gate_pass(&late->gate);
    if (late->throws)
        futures_throw(5, "behind a shield");
    return arg;
}

/* row 44: however many were cancelled before; and nothing of a value. */
Test(shield, cancelled_leaves_an_error_to_be_reported_once)
{
    for (int shields = 1; shields <= 2; shields++) {
        for (int throws = 0; throws < 2; throws++) {
            atomic_int heard = 0;
            struct late_end late = {.throws = throws != 0};
            futures_pool *pool = hearing(&heard);
            gate_init(&late.gate);
            futures_future *inner = futures_submit(pool, end_late, &late);
            for (int i = 0; i < shields; i++) {
                futures_future *shield = futures_shield(inner);
                assert_status(futures_cancel(shield), FUTURES_CANCELLED);
                futures_release(shield);
            }
            gate_open(&late.gate);
            futures_wait(inner, FUTURES_NEVER);
            futures_release(inner);
            futures_pool_destroy(pool);
            cr_assert_eq(atomic_load(&heard), throws);
            gate_destroy(&late.gate);
        }
    }
}

static void *end_the_first(void *arg)
{
    futures_future **links = arg;
    futures_resolve(links[0], links);
    futures_release_all(links, LINKS);
    return NULL;
}

/* row 29a */
Test(shield, of_a_shield_ends_and_is_freed_in_bounded_stack)
{
    pthread_attr_t attributes;
    pthread_t thread;
    futures_future **links = calloc(LINKS, sizeof(futures_future *));
    links[0] = futures_promise(NULL, NULL);
    for (int i = 1; i < LINKS; i++)
        links[i] = futures_shield(links[i - 1]);
    futures_future *last = futures_retain(links[LINKS - 1]);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    pthread_create(&thread, &attributes, end_the_first, links);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    cr_assert_eq(futures_value(last), links);
    futures_release(last);
    free(links);
}
