/* row 53: a signal storm on the process. Workers take none of it; no wait ends
 * early for it, and none gets lost. The handler does not restart system calls,
 * so each wait is interrupted many times. */
#include "support/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { ROUNDS = 30 };

static _Thread_local volatile sig_atomic_t is_worker;
static atomic_int taken;
static atomic_int taken_by_workers;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&taken, 1);
    if (is_worker)
        atomic_fetch_add(&taken_by_workers, 1);
}

static int mark_worker(void *context, unsigned worker, void **data)
{
    (void)context;
    (void)worker;
    (void)data;
    is_worker = 1;
    return 0;
}

struct storm {
    atomic_bool over;
    pthread_t target; /* besides the process as a whole */
    pthread_t thread;
    struct sigaction before;
};

static void *blow(void *arg)
{
    struct storm *storm = arg;
    const struct timespec pause = {0, 50000};
    while (!atomic_load(&storm->over)) {
        kill(getpid(), SIGUSR1);
        pthread_kill(storm->target, SIGUSR1);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void handle_signal(struct sigaction *before)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, before);
    atomic_store(&taken, 0);
    atomic_store(&taken_by_workers, 0);
}

static void storm_begin(struct storm *storm)
{
    handle_signal(&storm->before);
    atomic_store(&storm->over, false);
    storm->target = pthread_self();
    pthread_create(&storm->thread, NULL, blow, storm);
    eventually(atomic_load(&taken) > 0);
}

static void storm_end(struct storm *storm)
{
    eventually(atomic_load(&taken) > 50);
    atomic_store(&storm->over, true);
    pthread_join(storm->thread, NULL);
    sigaction(SIGUSR1, &storm->before, NULL);
}

static futures_pool *marked_pool(unsigned workers)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.worker_start = mark_worker;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

static void *sleep_for_a_while(void *until)
{
    futures_sleep(futures_in_ms(2));
    return until;
}

/* row 53: this thread blocks it, so a worker would have to take it. */
Test(signals, are_taken_by_no_worker)
{
    struct sigaction before;
    sigset_t blocked;
    handle_signal(&before);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    futures_pool *pool = marked_pool(2);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        futures_future *futures[4];
        for (int j = 0; j < 4; j++)
            futures[j] = futures_submit(pool, sleep_for_a_while, NULL);
        kill(getpid(), SIGUSR1);
        cr_assert_eq(futures_gather(futures, 4, NULL, NULL), FUTURES_OK);
        futures_release_all(futures, 4);
    }
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&taken_by_workers), 0);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    cr_assert_gt(atomic_load(&taken), 0);
    sigaction(SIGUSR1, &before, NULL);
}

/* row 53 */
Test(signals, end_no_wait_before_its_deadline)
{
    struct storm storm;
    storm_begin(&storm);
    futures_pool *pool = marked_pool(1);
    futures_future *promise = futures_promise(NULL, NULL);
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    for (int i = 0; i < ROUNDS; i++) {
        futures_time deadline = futures_in_ms(2);
        cr_assert_eq(futures_wait(promise, deadline), FUTURES_TIMEOUT);
        cr_assert_geq(futures_now(), deadline);
        options.deadline = futures_in_ms(2);
        cr_assert_eq(futures_gather(&promise, 1, NULL, &options),
                     FUTURES_TIMEOUT);
        cr_assert_geq(futures_now(), options.deadline);
        deadline = futures_in_ms(1);
        cr_assert_eq(futures_sleep(deadline), FUTURES_OK);
        cr_assert_geq(futures_now(), deadline);
    }
    futures_release(promise);
    futures_pool_destroy(pool);
    storm_end(&storm);
}

/* row 53 */
Test(signals, lose_no_wake_up_of_an_endless_wait)
{
    struct storm storm;
    storm_begin(&storm);
    futures_pool *pool = marked_pool(1);
    for (int i = 0; i < 20 * ROUNDS; i++) {
        futures_future *future = futures_submit(pool, return_arg, &storm);
        cr_assert_eq(futures_wait(future, FUTURES_NEVER), FUTURES_OK);
        futures_release(future);
        cr_assert_eq(futures_pool_wait(pool, FUTURES_NEVER), FUTURES_OK);
    }
    futures_pool_destroy(pool);
    storm_end(&storm);
}

/* row 53 */
Test(signals, disturb_no_submit_that_waits_for_room)
{
    struct counted counted = {0};
    struct storm storm;
    storm_begin(&storm);
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 1;
    options.queue_limit = 1;
    futures_pool *pool;
    cr_assert_eq(futures_pool_create(&pool, &options), FUTURES_OK);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(
            futures_submit_detached(pool, counted_run, &counted, NULL),
            FUTURES_OK);
    futures_pool_destroy(pool);
    storm_end(&storm);
    cr_assert_eq(atomic_load(&counted.ran), 1000);
}
