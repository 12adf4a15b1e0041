/* A task that waits for its own newest child runs it in place. That is a
 * shorter way to the same answers: here each is asked for in that
 * way and in the general one, which a deadline brings about. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/loops.h"

enum { BAD = 7 };

/* How a task waits for its one child. */
enum way { WAIT, GATHER, WITH_OPTIONS, GENERAL, WAYS };

struct own {
    futures_fn fn; /* the child's */
    void *arg;
    enum way way;
    bool cancel_first;
    futures_task_options *options; /* the child's; nullable */
    futures_outcome *outcome;      /* nullable */
    futures_future *task;
    futures_status status;
    futures_status child;
};

static futures_status wait_for(struct own *own, futures_future *child)
{
    static const futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_gather_options general = FUTURES_GATHER_OPTIONS_INIT;
    general.deadline = futures_in_ms(60000);
    switch (own->way) {
    case WAIT:
        return futures_wait(child, FUTURES_NEVER);
    case GATHER:
        return futures_gather(&child, 1, own->outcome, NULL);
    case WITH_OPTIONS:
        return futures_gather(&child, 1, own->outcome, &options);
    default:
        return futures_gather(&child, 1, own->outcome, &general);
    }
}

/* The child's end outlives it: outcomes borrow from it. */
static void *run_own(void *arg)
{
    struct own *own = arg;
    futures_pool *pool = futures_current_pool();
    futures_future *child =
        own->options != NULL
            ? futures_submit_with(pool, own->fn, own->arg, own->options)
            : futures_submit(pool, own->fn, own->arg);
    if (own->cancel_first)
        futures_cancel(child);
    own->status = wait_for(own, child);
    own->child = futures_poll(child);
    if (own->child == FUTURES_FAILED && futures_error_of(child)->code != BAD)
        own->child = FUTURES_INVALID;
    if (own->outcome != NULL && own->way != WAIT &&
        (own->outcome->status != own->child ||
         own->outcome->value != futures_value(child) ||
         own->outcome->error != futures_error_of(child)))
        own->child = FUTURES_INVALID;
    futures_release(child);
    return arg;
}

/* On one worker. */
static void check(struct own own, futures_status status, futures_status child)
{
    futures_pool *pool = pool_of(1);
    own.task = futures_submit(pool, run_own, &own);
    futures_wait(own.task, FUTURES_NEVER);
    futures_release(own.task);
    futures_pool_destroy(pool);
    assert_status(own.status, status);
    assert_status(own.child, child);
}

static void check_ways(struct own own, futures_status status)
{
    for (own.way = WAIT; own.way < WAYS; own.way++) {
        futures_outcome outcome;
        own.outcome = NULL;
        check(own, status, status);
        own.outcome = &outcome;
        check(own, status, status);
    }
}

static void *throw_bad(void *arg)
{
    (void)arg;
    futures_throw(BAD, "a child");
}

static void *fail_bad(void *arg)
{
    futures_fail(BAD, "a child");
    return arg;
}

Test(gather_own, gives_what_came_of_the_child)
{
    int value;
    check_ways((struct own){.fn = return_arg, .arg = &value}, FUTURES_OK);
    check_ways((struct own){.fn = return_arg}, FUTURES_OK);
    check_ways((struct own){.fn = throw_bad}, FUTURES_FAILED);
    check_ways((struct own){.fn = fail_bad}, FUTURES_FAILED);
    check_ways((struct own){.fn = return_arg, .cancel_first = true},
               FUTURES_CANCELLED);
}

Test(gather_own, frees_what_a_child_with_options_leaves)
{
    struct counted counted = {0};
    futures_task_options options = counted_options();
    check_ways(
        (struct own){.fn = counted_run, .arg = &counted, .options = &options},
        FUTURES_OK);
    cr_assert_eq(atomic_load(&counted.ran), 2 * WAYS);
    cr_assert_eq(atomic_load(&counted.arg_freed), 2 * WAYS);
    cr_assert_eq(atomic_load(&counted.value_freed), 2 * WAYS);
}

/* A child that has its task asked to stop, and then ends its own way. */
static struct own asked;

static void *ask_and_throw(void *arg)
{
    (void)arg;
    futures_cancel(asked.task);
    futures_throw(BAD, "asked");
}

static void *ask_and_stop(void *arg)
{
    futures_cancel(asked.task);
    futures_checkpoint();
    return arg;
}

static void *ask_and_return(void *arg)
{
    futures_cancel(asked.task);
    return arg;
}

static void run_asked(enum way way, futures_fn task, futures_fn child)
{
    struct gate gate;
    futures_pool *pool = pool_of(1);
    asked = (struct own){.fn = child, .way = way};
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    asked.task = futures_submit(pool, task, &asked);
    gate_open(&gate);
    futures_wait(asked.task, FUTURES_NEVER);
    futures_release(asked.task);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static void check_asked(enum way way, futures_fn fn, futures_status status,
                        futures_status child)
{
    run_asked(way, run_own, fn);
    assert_status(asked.status, status);
    assert_status(asked.child, child);
}

Test(gather_own, is_cancelled_if_its_task_was_asked_meanwhile)
{
    for (enum way way = GATHER; way < WAYS; way++) {
        check_asked(way, ask_and_throw, FUTURES_CANCELLED, FUTURES_FAILED);
        check_asked(way, ask_and_stop, FUTURES_CANCELLED, FUTURES_CANCELLED);
        check_asked(way, ask_and_return, FUTURES_OK, FUTURES_OK);
    }
    check_asked(WAIT, ask_and_throw, FUTURES_FAILED, FUTURES_FAILED);
    check_asked(WAIT, ask_and_stop, FUTURES_CANCELLED, FUTURES_CANCELLED);
    check_asked(WAIT, ask_and_return, FUTURES_OK, FUTURES_OK);
}

static void *ask_and_run_own(void *arg)
{
    futures_cancel(asked.task);
    return run_own(arg);
}

Test(gather_own, is_cancelled_if_its_task_was_asked_before)
{
    for (enum way way = WAIT; way < WAYS; way++) {
        run_asked(way, ask_and_run_own, return_arg);
        assert_status(asked.status, FUTURES_CANCELLED);
        assert_status(asked.child, FUTURES_CANCELLED);
    }
}

/* A child beside a future that has failed already. */
struct beside {
    futures_on_error on_error;
    atomic_int ran;
    futures_status status;
    futures_status child;
    futures_outcome outcomes[2];
};

static void *gather_beside(void *arg)
{
    struct beside *beside = arg;
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    futures_future *set[] = {
        rejected(BAD),
        futures_submit(futures_current_pool(), count_task, &beside->ran)};
    options.on_error = beside->on_error;
    beside->status = futures_gather(set, 2, beside->outcomes, &options);
    beside->child = futures_poll(set[1]);
    futures_release_all(set, 2);
    return arg;
}

static void check_beside(futures_on_error on_error, futures_status child,
                         int ran)
{
    struct beside beside = {.on_error = on_error};
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, gather_beside, &beside);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    futures_release(task);
    futures_pool_destroy(pool);
    assert_status(beside.status, FUTURES_FAILED);
    assert_status(beside.child, child);
    assert_status(beside.outcomes[1].status, child);
    cr_assert_eq(atomic_load(&beside.ran), ran);
}

Test(gather_own, does_as_on_error_says_where_another_had_failed)
{
    check_beside(FUTURES_ON_ERROR_CANCEL, FUTURES_CANCELLED, 0);
    check_beside(FUTURES_ON_ERROR_COLLECT, FUTURES_OK, 1);
    check_beside(FUTURES_ON_ERROR_LEAVE, FUTURES_PENDING, 1);
}

static void *gather_nothing(void *arg)
{
    futures_future *nothing[] = {NULL};
    futures_status *status = arg;
    status[0] = futures_gather(nothing, 1, NULL, NULL);
    status[1] = futures_wait(NULL, FUTURES_NEVER);
    return arg;
}

Test(gather_own, of_a_null_is_invalid_on_a_worker)
{
    futures_status status[2];
    futures_pool *pool = pool_of(1);
    futures_future *task = futures_submit(pool, gather_nothing, status);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(status[0], FUTURES_INVALID);
    assert_status(status[1], FUTURES_INVALID);
    futures_release(task);
    futures_pool_destroy(pool);
}

/* A task of a full pool, run by a worker of another pool, whose child is of
 * that other pool: it is stopped with the pool of its task all the same. */
struct guest {
    futures_pool *host;
    futures_pool *own;
    struct gate inside;
    futures_status status;
};

static void *gather_at_the_host(void *arg)
{
    struct guest *guest = arg;
    futures_future *child = futures_submit(
        guest->host, arrive_and_run_until_cancelled, &guest->inside);
    guest->status = futures_gather(&child, 1, NULL, NULL);
    futures_release(child);
    return arg;
}

static void *visit(void *arg)
{
    struct guest *guest = arg;
    futures_release(futures_submit(guest->own, gather_at_the_host, guest));
    return arg;
}

static void *end_pool(void *pool)
{
    futures_pool_shutdown(pool, FUTURES_SHUTDOWN_CANCEL, FUTURES_NEVER);
    return pool;
}

Test(gather_own, is_stopped_with_the_pool_of_its_task)
{
    struct gate gate;
    pthread_t thread;
    struct guest guest = {pool_of(1), narrow_pool(1, FUTURES_OVERFLOW_RUN),
                          .status = FUTURES_PENDING};
    gate_init(&gate);
    gate_init_open(&guest.inside);
    cr_assert(saturate(guest.own, &gate));
    futures_submit_detached(guest.own, return_arg, NULL, NULL);
    futures_future *task = futures_submit(guest.host, visit, &guest);
    cr_assert(gate_await_arrivals(&guest.inside, 1));
    pthread_create(&thread, NULL, end_pool, guest.own);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(guest.status, FUTURES_CANCELLED);
    gate_open(&gate);
    pthread_join(thread, NULL);
    futures_release(task);
    futures_pool_destroy(guest.own);
    futures_pool_destroy(guest.host);
    gate_destroy(&guest.inside);
    gate_destroy(&gate);
}

static void *exit_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

static void release(void *future)
{
    futures_release(future);
}

/* Its outcome is that of a task whose thread is gone: nobody reads it. */
static void *wait_to_the_end(void *arg)
{
    struct own *own = arg;
    futures_future *child =
        futures_submit(futures_current_pool(), own->fn, own->arg);
    pthread_cleanup_push(release, child);
    own->status = wait_for(own, child);
    pthread_cleanup_pop(1);
    return arg;
}

Test(gather_own, fails_with_its_thread)
{
    for (enum way way = WAIT; way < WAYS; way++) {
        futures_pool *pool = pool_of(1);
        struct own own = {
            .fn = exit_thread, .way = way, .status = FUTURES_PENDING};
        futures_future *task = futures_submit(pool, wait_to_the_end, &own);
        assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_FAILED);
        cr_assert_eq(futures_error_of(task)->code, ECANCELED);
        assert_status(own.status, FUTURES_PENDING);
        futures_release(task);
        futures_pool_destroy(pool);
    }
}
