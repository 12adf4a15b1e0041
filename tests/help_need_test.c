/* A worker that waits runs what the wait needs, also where that is needed only
 * by something that cannot run (row 42c): at any depth, and when it becomes
 * ready only later; and never a stranger. The needs here are the test's
 * own. */
#include "support/test.h"

#include <stdlib.h>

#include "support/needs.h"

/* A promise that is kept by the task that it needs. */
struct kept {
    struct few few;
    futures_future *promise;
    void *thread; /* an address on the stack of the one who kept it */
    int number;
};

static void keep(struct kept *kept)
{
    fut_need_detach(&kept->few.need);
    futures_resolve(kept->promise, kept);
}

static void *keep_it(void *arg)
{
    keep(arg);
    return arg;
}

/* A worker that waits for the promise with nothing else free, while strangers
 * are queued before and behind. */
Test(help_need, a_waiter_runs_what_a_promise_needs)
{
    struct waiter waiter;
    struct kept kept;
    atomic_int strangers = 0;
    futures_pool *pool = pool_of(1);
    kept.promise = futures_promise(NULL, NULL);
    waiter_start(&waiter, pool);
    waiter_wants(&waiter, kept.promise);
    futures_submit_detached(pool, count_task, &strangers, NULL);
    futures_future *needed = futures_submit(pool, keep_it, &kept);
    futures_future *last = futures_submit(pool, count_task, &strangers);
    few_attach(&kept.few, kept.promise, needed);
    gate_open(&waiter.gate);
    waiter_end(&waiter);
    assert_status(waiter.status, FUTURES_OK);
    assert_status(futures_wait(last, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(atomic_load(&strangers), 2);
    futures_release(needed);
    futures_release(last);
    futures_release(kept.promise);
    futures_pool_destroy(pool);
}

Test(help_need, strangers_are_not_run_meanwhile) /* row 33 */
{
    struct waiter waiter;
    struct few few;
    atomic_int strangers = 0;
    futures_pool *pool = pool_of(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *other = futures_promise(NULL, NULL);
    waiter_start(&waiter, pool);
    waiter_wants(&waiter, promise);
    futures_future *stranger = futures_submit(pool, count_task, &strangers);
    few_attach(&few, promise, other);
    waiter_park(&waiter, pool);
    fut_need_poke(pool);
    cr_assert_eq(atomic_load(&strangers), 0);
    assert_status(futures_poll(stranger), FUTURES_PENDING);
    fut_need_detach(&few.need);
    futures_resolve(promise, NULL);
    waiter_end(&waiter);
    assert_status(futures_wait(stranger, FUTURES_NEVER), FUTURES_OK);
    futures_release(stranger);
    futures_release(promise);
    futures_release(other);
    futures_pool_destroy(pool);
}

enum { DEEP = TESTS_ARE_SLOW ? 10000 : 100000 };

/* From the innermost outwards. */
static void *keep_all(void *arg)
{
    struct kept *kept = arg;
    for (size_t i = DEEP; i-- > 0;)
        keep(&kept[i]);
    return arg;
}

Test(help_need, any_depth_needs_no_stack)
{
    struct waiter waiter;
    struct kept *kept = calloc(DEEP, sizeof *kept);
    futures_pool *pool = pool_of(1);
    for (size_t i = 0; i < DEEP; i++)
        kept[i].promise = futures_promise(NULL, NULL);
    waiter_start(&waiter, pool);
    waiter_wants(&waiter, kept[0].promise);
    futures_future *needed = futures_submit(pool, keep_all, kept);
    for (size_t i = 0; i < DEEP; i++)
        few_attach(&kept[i].few, kept[i].promise,
                   i + 1 < DEEP ? kept[i + 1].promise : needed);
    gate_open(&waiter.gate);
    waiter_end(&waiter);
    assert_status(waiter.status, FUTURES_OK);
    for (size_t i = 0; i < DEEP; i++)
        futures_release(kept[i].promise);
    futures_release(needed);
    futures_pool_destroy(pool);
    free(kept);
}

/* Each of a long row of tasks waits for the one before it, and the only worker
 * for the last: what it runs makes the next one ready. */
static void check_row(unsigned workers)
{
    struct waiter waiter;
    atomic_int ran = 0;
    futures_pool *pool = pool_of(workers);
    waiter_start(&waiter, pool);
    futures_future *last = futures_submit(pool, count_task, &ran);
    for (size_t i = 1; i < DEEP; i++) {
        futures_future *next = futures_then(pool, &last, 1, count_task, &ran);
        futures_release(last);
        last = next;
    }
    waiter_wants(&waiter, last);
    futures_release(last);
    gate_open(&waiter.gate);
    waiter_end(&waiter);
    assert_status(waiter.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), DEEP);
    futures_pool_destroy(pool);
}

Test(help_need, a_row_is_run_link_by_link)
{
    check_row(1);
    check_row(3);
}

/* A task that makes another one ready, which nobody is told of, and waits. */
struct leaver {
    struct held held;
    struct few few;
    futures_future *promise;
};

static void *leave_it_queued(void *arg)
{
    struct leaver *leaver = arg;
    fut_need_detach(&leaver->few.need);
    fut_hold_end(&leaver->held.hold);
    futures_wait(leaver->promise, FUTURES_NEVER);
    return arg;
}

Test(help_need, what_a_worker_leaves_as_it_parks_is_run_by_the_other)
{
    struct waiter waiter;
    struct leaver leaver = {
        .few = {.need = {.next = next_of_few, .all = true}}};
    atomic_int ran = 0;
    futures_pool *pool = pool_of(2);
    leaver.promise = futures_promise(NULL, NULL);
    waiter_start(&waiter, pool);
    hold(&leaver.held, pool, count_task, &ran, &leaver.few);
    waiter_wants(&waiter, leaver.held.future);
    waiter_park(&waiter, pool);
    futures_future *task = futures_submit(pool, leave_it_queued, &leaver);
    waiter_end(&waiter);
    cr_assert_eq(atomic_load(&ran), 1);
    assert_status(futures_poll(task), FUTURES_PENDING);
    futures_resolve(leaver.promise, NULL);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    futures_release(task);
    futures_release(leaver.held.future);
    futures_release(leaver.promise);
    futures_pool_destroy(pool);
}

static void *gather_wide(void *arg)
{
    futures_future **tasks = calloc(DEEP, sizeof(futures_future *));
    for (size_t i = 0; i < DEEP; i++)
        tasks[i] = futures_submit(futures_current_pool(), count_task, arg);
    futures_future *all = futures_gather_async(tasks, DEEP, NULL);
    futures_future *then =
        futures_then(futures_current_pool(), &all, 1, return_arg, arg);
    futures_status status = futures_wait(then, FUTURES_NEVER);
    futures_release(then);
    futures_release(all);
    futures_release_all(tasks, DEEP);
    free(tasks);
    return status == FUTURES_OK ? arg : NULL;
}

Test(help_need, many_are_run_one_after_the_other) /* row 42c */
{
    atomic_int ran = 0;
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, gather_wide, &ran);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(task), &ran);
    cr_assert_eq(atomic_load(&ran), DEEP);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* Needs may go in circles, and meet. */
Test(help_need, a_circle_of_needs_is_walked_once)
{
    struct waiter waiter;
    struct kept kept[2];
    futures_pool *pool = pool_of(1);
    for (int i = 0; i < 2; i++)
        kept[i].promise = futures_promise(NULL, NULL);
    waiter_start(&waiter, pool);
    waiter_wants(&waiter, kept[0].promise);
    for (int i = 0; i < 2; i++) {
        few_attach(&kept[i].few, kept[i].promise, kept[1 - i].promise);
        kept[i].few.futures[1] = kept[i].promise;
    }
    waiter_park(&waiter, pool);
    for (int i = 0; i < 2; i++)
        keep(&kept[i]);
    waiter_end(&waiter);
    for (int i = 0; i < 2; i++)
        futures_release(kept[i].promise);
    futures_pool_destroy(pool);
}

/* The only worker is parked when what it waits for becomes ready: nobody else
 * could run it. */
Test(help_need, what_becomes_ready_later_is_run_by_the_parked_waiter)
{
    for (int round = 0; round < 100; round++) {
        struct waiter waiter;
        struct few few = {.need = {.next = next_of_few, .all = true}};
        struct held held;
        atomic_int ran = 0;
        futures_pool *pool = pool_of(1);
        waiter_start(&waiter, pool);
        hold(&held, pool, count_task, &ran, &few);
        waiter_wants(&waiter, held.future);
        if (round % 3 == 0)
            waiter_park(&waiter, pool);
        if (round % 3 == 1)
            gate_open(&waiter.gate); /* ready about when it parks */
        fut_need_detach(&few.need);
        if (round % 3 == 2)
            waiter_park(&waiter, pool);
        make_ready(&held, pool);
        waiter_end(&waiter);
        assert_status(waiter.status, FUTURES_OK);
        cr_assert_eq(atomic_load(&ran), 1);
        futures_release(held.future);
        futures_pool_destroy(pool);
    }
}

/* Whoever makes it ready takes the need back first: so one who comes to wait
 * in between sees none. */
Test(help_need, a_waiter_that_came_as_the_need_was_gone_is_woken_too)
{
    struct waiter waiter;
    struct few few = {.need = {.next = next_of_few, .all = true}};
    struct held held;
    atomic_int ran = 0;
    futures_pool *pool = pool_of(1);
    waiter_start(&waiter, pool);
    hold(&held, pool, count_task, &ran, &few);
    waiter_wants(&waiter, held.future);
    fut_need_detach(&few.need);
    waiter_park(&waiter, pool);
    make_ready(&held, pool);
    waiter_end(&waiter);
    assert_status(waiter.status, FUTURES_OK);
    cr_assert_eq(atomic_load(&ran), 1);
    futures_release(held.future);
    futures_pool_destroy(pool);
}

static void *exit_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

/* row 47: all on that thread's stack end. */
Test(help_need, a_thread_that_exits_in_it_leaves_the_wait)
{
    struct waiter waiter;
    struct few few = {.need = {.next = next_of_few, .all = true}};
    struct held held;
    futures_pool *pool = pool_of(1);
    waiter_start(&waiter, pool);
    hold(&held, pool, exit_thread, NULL, &few);
    waiter_wants(&waiter, held.future);
    waiter_park(&waiter, pool);
    fut_need_detach(&few.need);
    make_ready(&held, pool);
    assert_status(futures_wait(waiter.task, FUTURES_NEVER), FUTURES_FAILED);
    assert_status(futures_poll(held.future), FUTURES_FAILED);
    futures_release_all(waiter.set, waiter.count);
    futures_release(waiter.task);
    futures_release(held.future);
    futures_pool_destroy(pool);
    gate_destroy(&waiter.gate);
}
