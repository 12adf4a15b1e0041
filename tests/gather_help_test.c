/* Who runs what while a task or a thread waits: what the wait needs, and never
 * a stranger's task, since that may want a lock which the waiter holds. The
 * locks here answer EDEADLK to a thread that holds them already: a stranger
 * run in the waiter shows as that and not as a hang. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/helpers.h"

enum { SOON_MS = 5 };

/* A lock, and how often it was found locked by the same thread. */
struct lock {
    pthread_mutex_t mutex;
    atomic_int taken;
    atomic_int trapped;
};

static void lock_init(struct lock *lock)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&lock->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    atomic_init(&lock->taken, 0);
    atomic_init(&lock->trapped, 0);
}

static void *take_lock(void *arg)
{
    struct lock *lock = arg;
    if (pthread_mutex_lock(&lock->mutex) == EDEADLK) {
        atomic_fetch_add(&lock->trapped, 1);
        return NULL;
    }
    atomic_fetch_add(&lock->taken, 1);
    pthread_mutex_unlock(&lock->mutex);
    return arg;
}

/* A task that gathers while it holds the lock. */
struct holder {
    struct lock lock;
    struct gate gate;  /* before it takes the lock */
    struct gate gate2; /* where a member of the set stays */
    futures_future *set[3];
    futures_status status;
};

static void *gather_under_lock(void *arg)
{
    struct holder *holder = arg;
    gate_pass(&holder->gate);
    pthread_mutex_lock(&holder->lock.mutex);
    for (size_t i = 0; i < 3; i++)
        holder->set[i] =
            futures_submit(futures_current_pool(), return_arg, arg);
    holder->status = futures_gather(holder->set, 3, NULL, NULL);
    pthread_mutex_unlock(&holder->lock.mutex);
    futures_release_all(holder->set, 3);
    return arg;
}

Test(gather_help, never_runs_a_stranger_under_the_waiters_lock) /* row 33 */
{
    enum { STRANGERS = 50 };
    struct holder holder;
    futures_pool *pool = pool_of(1);
    lock_init(&holder.lock);
    gate_init(&holder.gate);
    futures_future *task = futures_submit(pool, gather_under_lock, &holder);
    cr_assert(gate_await_arrivals(&holder.gate, 1));
    for (int i = 0; i < STRANGERS; i++)
        futures_submit_detached(pool, take_lock, &holder.lock, NULL);
    gate_open(&holder.gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(holder.status, FUTURES_OK);
    futures_release(task);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&holder.lock.trapped), 0);
    cr_assert_eq(atomic_load(&holder.lock.taken), STRANGERS);
    pthread_mutex_destroy(&holder.lock.mutex);
    gate_destroy(&holder.gate);
}

static void *submit_a_stray_and_stay(void *arg)
{
    struct holder *holder = arg;
    futures_submit_detached(futures_current_pool(), take_lock, &holder->lock,
                            NULL);
    gate_pass(&holder->gate2);
    return arg;
}

static void *gather_first_under_lock(void *arg)
{
    struct holder *holder = arg;
    gate_pass(&holder->gate);
    pthread_mutex_lock(&holder->lock.mutex);
    holder->status = futures_gather(holder->set, 1, NULL, NULL);
    pthread_mutex_unlock(&holder->lock.mutex);
    return arg;
}

Test(gather_help, leaves_what_a_member_merely_submitted) /* row 42b */
{
    struct holder holder;
    futures_pool *pool = pool_of(2);
    lock_init(&holder.lock);
    gate_init(&holder.gate);
    gate_init(&holder.gate2);
    futures_future *task =
        futures_submit(pool, gather_first_under_lock, &holder);
    cr_assert(gate_await_arrivals(&holder.gate, 1));
    holder.set[0] = futures_submit(pool, submit_a_stray_and_stay, &holder);
    cr_assert(gate_await_arrivals(&holder.gate2, 1));
    gate_open(&holder.gate);
    eventually(parked(pool) == 1);
    cr_assert_eq(atomic_load(&holder.lock.taken), 0);
    gate_open(&holder.gate2);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(holder.status, FUTURES_OK);
    futures_release(task);
    futures_release(holder.set[0]);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&holder.lock.trapped), 0);
    cr_assert_eq(atomic_load(&holder.lock.taken), 1);
    pthread_mutex_destroy(&holder.lock.mutex);
    gate_destroy(&holder.gate2);
    gate_destroy(&holder.gate);
}

/* A task that waits for what somebody else queued. */
struct wish {
    struct gate gate;
    struct counted others;
    futures_future *wanted;
    pthread_t waiter;
    pthread_t runner;
    int others_first;
    futures_status status;
};

static void *note_runner(void *arg)
{
    struct wish *wish = arg;
    wish->runner = pthread_self();
    wish->others_first = atomic_load(&wish->others.ran);
    return arg;
}

static void *wait_for_wanted(void *arg)
{
    struct wish *wish = arg;
    gate_pass(&wish->gate);
    wish->waiter = pthread_self();
    wish->status = futures_wait(wish->wanted, FUTURES_NEVER);
    return arg;
}

Test(gather_help, runs_the_very_task_that_a_worker_waits_for) /* row 34 */
{
    struct wish wish = {.others_first = -1};
    futures_pool *pool = pool_of(1);
    gate_init(&wish.gate);
    futures_future *task = futures_submit(pool, wait_for_wanted, &wish);
    cr_assert(gate_await_arrivals(&wish.gate, 1));
    for (int i = 0; i < 10; i++)
        futures_submit_detached(pool, counted_run, &wish.others, NULL);
    wish.wanted = futures_submit(pool, note_runner, &wish);
    gate_open(&wish.gate);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(wish.status, FUTURES_OK);
    cr_assert(pthread_equal(wish.waiter, wish.runner));
    cr_assert_eq(wish.others_first, 0);
    futures_release(task);
    futures_release(wish.wanted);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&wish.others.ran), 10);
    gate_destroy(&wish.gate);
}

/* A task that helps with b, which runs until it is asked to stop, while a is
 * somebody else's. */
struct helper {
    struct gate started; /* open: b counts here that it runs */
    struct gate gate;    /* where a fails */
    futures_future *set[2];
    futures_outcome outcomes[2];
    futures_gather_options options;
    futures_status status;
};

static void *help_with_b(void *arg)
{
    struct helper *helper = arg;
    helper->set[1] =
        futures_submit(futures_current_pool(), arrive_and_run_until_cancelled,
                       &helper->started);
    helper->status =
        futures_gather(helper->set, 2, helper->outcomes, &helper->options);
    return arg;
}

static void helper_init(struct helper *helper, futures_future *a)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    gate_init_open(&helper->started);
    gate_init(&helper->gate);
    helper->set[0] = a;
    helper->options = options;
}

/* Waits for the helper, which gathered in `task`. */
static void helper_end(struct helper *helper, futures_future *task,
                       futures_pool *pool, futures_status expected)
{
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_OK);
    assert_status(helper->status, expected);
    assert_status(helper->outcomes[1].status, FUTURES_CANCELLED);
    futures_release(task);
    futures_release_all(helper->set, 2);
    futures_pool_destroy(pool);
    gate_destroy(&helper->gate);
    gate_destroy(&helper->started);
}

Test(gather_help, stops_when_a_task_fails_elsewhere) /* row 42a */
{
    struct helper helper;
    futures_pool *pool = pool_of(2);
    helper_init(&helper, NULL);
    helper.set[0] = futures_submit(pool, gate_then_throw, &helper.gate);
    cr_assert(gate_await_arrivals(&helper.gate, 1));
    futures_future *task = futures_submit(pool, help_with_b, &helper);
    cr_assert(gate_await_arrivals(&helper.started, 1));
    gate_open(&helper.gate);
    helper_end(&helper, task, pool, FUTURES_FAILED);
}

Test(gather_help, stops_when_a_promise_is_rejected) /* row 42a */
{
    struct helper helper;
    futures_pool *pool = pool_of(1);
    helper_init(&helper, futures_promise(NULL, NULL));
    futures_future *task = futures_submit(pool, help_with_b, &helper);
    cr_assert(gate_await_arrivals(&helper.started, 1));
    futures_reject(helper.set[0], 42, "elsewhere");
    helper_end(&helper, task, pool, FUTURES_FAILED);
}

Test(gather_help, stops_when_the_token_fires) /* row 42a */
{
    struct helper helper;
    futures_pool *pool = pool_of(1);
    futures_token *token = new_token(NULL);
    helper_init(&helper, futures_promise(NULL, NULL));
    helper.options.token = token;
    futures_future *task = futures_submit(pool, help_with_b, &helper);
    cr_assert(gate_await_arrivals(&helper.started, 1));
    futures_token_cancel(token, 42, "elsewhere");
    helper_end(&helper, task, pool, FUTURES_CANCELLED);
    futures_token_release(token);
}

Test(gather_help, stops_at_the_deadline) /* row 42a */
{
    struct helper helper;
    futures_pool *pool = pool_of(1);
    helper_init(&helper, futures_promise(NULL, NULL));
    helper.options.deadline = futures_in_ms(SOON_MS);
    futures_future *task = futures_submit(pool, help_with_b, &helper);
    helper_end(&helper, task, pool, FUTURES_TIMEOUT);
}

Test(gather_help, stops_when_the_waiting_task_is_cancelled) /* row 42a */
{
    struct helper helper;
    futures_pool *pool = pool_of(1);
    helper_init(&helper, futures_promise(NULL, NULL));
    futures_future *task = futures_submit(pool, help_with_b, &helper);
    cr_assert(gate_await_arrivals(&helper.started, 1));
    futures_cancel(task);
    helper_end(&helper, task, pool, FUTURES_CANCELLED);
}

/* Where a task ran, and in which pool it found itself. */
struct place {
    pthread_t thread;
    futures_pool *pool;
};

static void *note_place(void *arg)
{
    struct place *place = arg;
    place->thread = pthread_self();
    place->pool = futures_current_pool();
    return arg;
}

Test(gather_help, of_an_outside_thread_runs_the_set_when_asked_to)
{
    struct gate gate;
    struct place places[10];
    struct counted stranger = {0};
    futures_future *set[10];
    futures_pool *pool = pool_of(1);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_submit_detached(pool, counted_run, &stranger, NULL);
    for (size_t i = 0; i < 10; i++)
        set[i] = futures_submit(pool, note_place, &places[i]);
    options.help = true;
    assert_status(futures_gather(set, 10, NULL, &options), FUTURES_OK);
    for (size_t i = 0; i < 10; i++) {
        cr_assert(pthread_equal(places[i].thread, pthread_self()));
        cr_assert_eq(places[i].pool, pool);
    }
    cr_assert_eq(atomic_load(&stranger.ran), 0);
    cr_assert_null(futures_current_pool());
    gate_open(&gate);
    futures_release_all(set, 10);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

Test(gather_help, of_an_outside_thread_lands_where_a_task_throws)
{
    struct gate gate;
    int code = 34;
    futures_outcome outcomes[3];
    futures_pool *pool = pool_of(1);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    gate_init(&gate);
    cr_assert(saturate(pool, &gate));
    futures_future *set[3] = {futures_submit(pool, return_arg, &gate),
                              futures_submit(pool, throw_code, &code),
                              futures_submit(pool, return_arg, &code)};
    options.help = true;
    options.on_error = FUTURES_ON_ERROR_COLLECT;
    assert_status(futures_gather(set, 3, outcomes, &options), FUTURES_FAILED);
    cr_assert_eq(outcomes[0].value, &gate);
    cr_assert_eq(outcomes[1].error->code, 34);
    cr_assert_eq(outcomes[2].value, &code);
    cr_assert_null(futures_current_token());
    gate_open(&gate);
    futures_release_all(set, 3);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

static int start_nothing(void *context, unsigned worker, void **data)
{
    (void)worker;
    *data = context;
    return 0;
}

Test(gather_help, is_not_given_to_a_pool_whose_workers_have_data)
{
    struct gate gate;
    struct counted counted = {0};
    futures_pool *pool = NULL;
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    futures_gather_options helping = FUTURES_GATHER_OPTIONS_INIT;
    options.workers = 1;
    options.worker_start = start_nothing;
    helping.help = true;
    helping.deadline = futures_in_ms(SOON_MS);
    helping.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    gate_init(&gate);
    assert_status(futures_pool_create(&pool, &options), FUTURES_OK);
    cr_assert(saturate(pool, &gate));
    futures_future *future = futures_submit(pool, counted_run, &counted);
    assert_status(futures_gather(&future, 1, NULL, &helping), FUTURES_TIMEOUT);
    cr_assert_eq(atomic_load(&counted.ran), 0);
    gate_open(&gate);
    helping.deadline = FUTURES_NEVER;
    assert_status(futures_gather(&future, 1, NULL, &helping), FUTURES_OK);
    futures_release(future);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}
