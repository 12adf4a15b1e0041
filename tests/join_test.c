/* Joins that come to their end: each call runs once, wherever the join is
 * made, and what a stolen half does belongs to the task. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/joins.h"

enum { CALLS = 20 };

static void check_all(futures_pool *pool, size_t count,
                      futures_status (*join)(futures_pool *,
                                             const futures_call[], size_t,
                                             futures_outcome[]))
{
    atomic_int counters[CALLS] = {0};
    futures_call calls[CALLS];
    futures_outcome outcomes[CALLS];
    for (size_t i = 0; i < count; i++)
        calls[i] = (futures_call){count_task, &counters[i]};
    assert_status(join(pool, calls, count, outcomes), FUTURES_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(atomic_load(&counters[i]), 1);
        assert_status(outcomes[i].status, FUTURES_OK);
        cr_assert_eq(outcomes[i].value, &counters[i]);
        cr_assert_null(outcomes[i].error);
    }
    assert_status(join(pool, calls, count, NULL), FUTURES_OK);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(atomic_load(&counters[i]), 2);
}

Test(join, runs_each_call_once)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        futures_pool *pool = pool_of(workers);
        for (size_t count = 0; count <= CALLS; count++) {
            check_all(pool, count, futures_join);
            check_all(pool, count, join_in_task);
        }
        futures_pool_destroy(pool);
    }
}

static void check_invalid(futures_pool *pool, const futures_call calls[],
                          size_t count)
{
    static const futures_outcome untouched = {FUTURES_SYSTEM, NULL, NULL};
    futures_outcome outcomes[2] = {untouched, untouched};
    assert_status(futures_join(pool, calls, count, outcomes), FUTURES_INVALID);
    assert_status(outcomes[0].status, FUTURES_SYSTEM);
    assert_status(outcomes[1].status, FUTURES_SYSTEM);
}

Test(join, of_what_is_missing_is_invalid)
{
    atomic_int counter = 0;
    futures_call calls[] = {{count_task, &counter}, {NULL, NULL}};
    futures_pool *pool = pool_of(1);
    check_invalid(NULL, calls, 1);
    check_invalid(NULL, NULL, 0);
    check_invalid(pool, NULL, 1);
    check_invalid(pool, calls, 2);
    assert_status(futures_join(pool, NULL, 0, NULL), FUTURES_OK);
    cr_assert_eq(atomic_load(&counter), 0);
    futures_pool_destroy(pool);
}

static void check_refused(futures_pool *pool, futures_status status)
{
    atomic_int counter = 0;
    futures_outcome outcomes[2];
    futures_call calls[] = {{count_task, &counter}, {count_task, &counter}};
    assert_status(futures_join(pool, calls, 2, outcomes), status);
    for (size_t i = 0; i < 2; i++) {
        assert_status(outcomes[i].status, status);
        cr_assert_null(outcomes[i].value);
        cr_assert_null(outcomes[i].error);
    }
    cr_assert_eq(atomic_load(&counter), 0);
    futures_outcomes_free(outcomes, 2);
}

Test(join, is_refused_as_a_task_is)
{
    struct gate gate;
    futures_pool *pool = narrow_pool(1, FUTURES_OVERFLOW_REFUSE);
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_submit_detached(pool, return_arg, NULL, NULL);
    check_refused(pool, FUTURES_FULL);
    gate_open(&gate);
    assert_status(
        futures_pool_shutdown(pool, FUTURES_SHUTDOWN_DRAIN, FUTURES_NEVER),
        FUTURES_OK);
    check_refused(pool, FUTURES_CLOSED);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

struct fib {
    unsigned n;
    uint64_t value;
};

static void *run_fib(void *arg)
{
    struct fib *fib = arg;
    fib->value = fib->n;
    if (fib->n >= 2) {
        struct fib one = {fib->n - 1, 0};
        struct fib two = {fib->n - 2, 0};
        futures_call calls[] = {{run_fib, &one}, {run_fib, &two}};
        futures_join(futures_current_pool(), calls, 2, NULL);
        fib->value = one.value + two.value;
    }
    return arg;
}

Test(join, nests)
{
    for (unsigned workers = 1; workers <= 8; workers *= 2) {
        futures_pool *pool = pool_of(workers);
        struct fib fib = {SLICE(18), 0};
        futures_call call = {run_fib, &fib};
        assert_status(futures_join(pool, &call, 1, NULL), FUTURES_OK);
        cr_assert_eq(fib.value, UNDER_TSAN ? 1 : 2584);
        futures_pool_destroy(pool);
    }
}

enum { DEEP = 1000 };

static void *go_deep(void *arg)
{
    size_t depth = (uintptr_t)arg;
    if (depth > 0) {
        futures_call calls[] = {{go_deep, number(depth - 1)},
                                {return_arg, NULL}};
        if (futures_join(futures_current_pool(), calls, 2, NULL) != FUTURES_OK)
            futures_fail(1, "at depth %zu", depth);
    }
    return NULL;
}

Test(join, nests_a_thousand_deep)
{
    for (unsigned workers = 1; workers <= 2; workers++) {
        futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
        futures_call call = {go_deep, number(DEEP)};
        futures_pool *pool;
        options.workers = workers;
        options.stack_size = (size_t)64 << 20;
        assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
        assert_status(futures_join(pool, &call, 1, NULL), FUTURES_OK);
        futures_pool_destroy(pool);
    }
}

/* A call that leaves futures above the half in the deque. */
struct leaving {
    futures_pool *pool;
    struct counted counted;
    futures_future *futures[CALLS];
};

static void *leave_some(void *arg)
{
    struct leaving *leaving = arg;
    for (size_t i = 0; i < CALLS; i++)
        leaving->futures[i] =
            futures_submit(leaving->pool, counted_run, &leaving->counted);
    return arg;
}

static void *see_none_begun(void *arg)
{
    struct leaving *leaving = arg;
    return atomic_load(&leaving->counted.ran) == 0 ? arg : NULL;
}

Test(join, takes_its_half_back_from_beneath_what_a_call_submitted)
{
    futures_outcome outcomes[2];
    struct leaving leaving = {.pool = pool_of(1)};
    futures_call calls[] = {{leave_some, &leaving},
                            {see_none_begun, &leaving}};
    assert_status(join_in_task(leaving.pool, calls, 2, outcomes), FUTURES_OK);
    cr_assert_eq(outcomes[1].value, &leaving);
    assert_status(futures_gather(leaving.futures, CALLS, NULL, NULL),
                  FUTURES_OK);
    cr_assert_eq(atomic_load(&leaving.counted.ran), CALLS);
    futures_release_all(leaving.futures, CALLS);
    futures_pool_destroy(leaving.pool);
}

static void *store_self(void *thread)
{
    *(pthread_t *)thread = pthread_self();
    return thread;
}

Test(join, lets_an_idle_worker_take_a_half)
{
    pthread_t threads[2];
    struct meeting meeting;
    futures_outcome outcomes[2];
    futures_pool *pool = pool_of(2);
    meeting_init(&meeting, store_self, store_self);
    meeting.args[0] = &threads[0];
    meeting.args[1] = &threads[1];
    assert_status(meet(pool, &meeting, outcomes), FUTURES_OK);
    cr_assert(!pthread_equal(threads[0], threads[1]));
    cr_assert_eq(outcomes[0].value, &threads[0]);
    cr_assert_eq(outcomes[1].value, &threads[1]);
    futures_pool_destroy(pool);
    meeting_destroy(&meeting);
}

/* What a call sees of the task it is part of. */
struct view {
    futures_pool *pool;
    futures_token *token;
    futures_status waited; /* for the task itself */
    futures_future **task;
};

static void *look_around(void *arg)
{
    struct view *view = arg;
    view->pool = futures_current_pool();
    view->token = futures_current_token();
    view->waited = futures_wait(*view->task, FUTURES_NEVER);
    return arg;
}

static void *look_and_meet(void *arg)
{
    struct meeting *meeting = arg;
    struct view *view = meeting->args[0];
    futures_token *own = futures_current_token();
    futures_call calls[] = {{meet_first, meeting}, {meet_second, meeting}};
    futures_join(view->pool, calls, 2, NULL);
    return own;
}

Test(join, has_all_calls_be_parts_of_its_task)
{
    struct meeting meeting;
    struct gate gate;
    futures_pool *pool = pool_of(2);
    futures_future *task = NULL;
    struct view views[2] = {{pool, NULL, FUTURES_OK, &task},
                            {pool, NULL, FUTURES_OK, &task}};
    gate_init(&gate);
    meeting_init(&meeting, look_around, look_around);
    meeting.args[0] = &views[0];
    meeting.args[1] = &views[1];
    cr_assert(saturate(pool, &gate));
    task = futures_submit(pool, look_and_meet, &meeting);
    gate_open(&gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(views[i].pool, pool);
        cr_assert_eq(views[i].token, futures_value(task));
        assert_status(views[i].waited, FUTURES_DEADLOCK);
    }
    futures_release(task);
    futures_pool_destroy(pool);
    meeting_destroy(&meeting);
    gate_destroy(&gate);
}

enum { CHILDREN = 200 };

/* Some wait for their children at once, some leave them. */
static void *submit_children(void *arg)
{
    futures_pool *pool = futures_current_pool();
    for (size_t i = 0; i < CHILDREN; i++) {
        futures_future *child = futures_submit(pool, count_task, arg);
        if (i % 2 == 0)
            futures_wait(child, FUTURES_NEVER);
        futures_release(child);
    }
    return arg;
}

Test(join, lets_both_sides_submit_under_one_task)
{
    for (int i = 0; i < 20; i++) {
        atomic_int counter = 0;
        struct meeting meeting;
        futures_pool *pool = pool_of(2);
        meeting_init(&meeting, submit_children, submit_children);
        meeting.args[0] = &counter;
        meeting.args[1] = &counter;
        assert_status(meet(pool, &meeting, NULL), FUTURES_OK);
        assert_status(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
        cr_assert_eq(atomic_load(&counter), 2 * CHILDREN);
        futures_pool_destroy(pool);
        meeting_destroy(&meeting);
    }
}
