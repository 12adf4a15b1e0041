/* row 41: submit, cancel and shutdown at once from many threads. Whatever the
 * order they come in: all calls return, every future ends, every argument is
 * freed once, and the counts add up. */
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/helpers.h"

enum { SUBMITTERS = 4, PER_SUBMITTER = 400, ROUNDS = 25 };

struct race {
    futures_pool *pool;
    futures_shutdown how;
    int delay; /* of the shutdown, in turns of an empty loop */
    struct gate start;
    struct counted counted;
    atomic_int closed;
    atomic_int cancelled;
    atomic_int ok;
    atomic_int unended;
    atomic_int other;
};

static void count_end(struct race *race, futures_status status)
{
    if (status == FUTURES_OK)
        atomic_fetch_add(&race->ok, 1);
    else if (status == FUTURES_CANCELLED)
        atomic_fetch_add(&race->cancelled, 1);
    else if (status == FUTURES_CLOSED)
        atomic_fetch_add(&race->closed, 1);
    else if (status == FUTURES_PENDING)
        atomic_fetch_add(&race->unended, 1);
    else
        atomic_fetch_add(&race->other, 1);
}

/* Submits, cancels every third of its own, and waits for them all. */
static void *submit_and_cancel(void *arg)
{
    struct race *race = arg;
    futures_future *futures[PER_SUBMITTER];
    futures_task_options options = counted_options();
    gate_pass(&race->start);
    for (int i = 0; i < PER_SUBMITTER; i++) {
        futures[i] = futures_submit_with(race->pool, counted_run,
                                         &race->counted, &options);
        if (i % 3 == 2)
            futures_cancel(futures[i - 1]);
    }
    for (int i = 0; i < PER_SUBMITTER; i++) {
        futures_wait(futures[i], futures_in_ms(EVENTUALLY_MS));
        count_end(race, futures_poll(futures[i]));
    }
    futures_release_all(futures, PER_SUBMITTER);
    return NULL;
}

static void *shut_down(void *arg)
{
    struct race *race = arg;
    gate_pass(&race->start);
    for (volatile int turns = race->delay; turns > 0; turns--) {
    }
    futures_pool_shutdown(race->pool, race->how, FUTURES_NEVER);
    return NULL;
}

static void run_race(struct race *race)
{
    pthread_t submitters[SUBMITTERS];
    pthread_t closers[2];
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_create(&submitters[i], NULL, submit_and_cancel, race);
    for (int i = 0; i < 2; i++)
        pthread_create(&closers[i], NULL, shut_down, race);
    gate_await_arrivals(&race->start, SUBMITTERS + 2);
    gate_open(&race->start);
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_join(submitters[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(closers[i], NULL);
}

static void check_race(futures_shutdown how, size_t queue_limit)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = 2;
    options.queue_limit = queue_limit;
    for (int round = 0; round < ROUNDS; round++) {
        struct race race = {.how = how, .delay = round * 1000};
        gate_init(&race.start);
        cr_assert_eq(futures_pool_create(&race.pool, &options), FUTURES_OK);
        run_race(&race);
        futures_stats stats = FUTURES_STATS_INIT;
        cr_assert_eq(futures_pool_stats(race.pool, &stats), FUTURES_OK);
        futures_pool_destroy(race.pool);
        cr_assert_eq(atomic_load(&race.unended), 0);
        cr_assert_eq(atomic_load(&race.other), 0);
        int total = SUBMITTERS * PER_SUBMITTER;
        cr_assert_eq(atomic_load(&race.ok) + atomic_load(&race.cancelled) +
                         atomic_load(&race.closed),
                     total);
        cr_assert_eq(atomic_load(&race.counted.ran), atomic_load(&race.ok));
        cr_assert_eq(atomic_load(&race.counted.arg_freed), total);
        cr_assert_eq(atomic_load(&race.counted.value_freed),
                     atomic_load(&race.ok));
        cr_assert_eq(stats.ok, (uint64_t)atomic_load(&race.ok));
        cr_assert_eq(stats.cancelled, (uint64_t)atomic_load(&race.cancelled));
        cr_assert_eq(stats.submitted, stats.ok + stats.cancelled);
        gate_destroy(&race.start);
    }
}

/* row 41 */
Test(shutdown_race, draining_meets_submit_and_cancel)
{
    check_race(FUTURES_SHUTDOWN_DRAIN, 0);
}

/* row 41 */
Test(shutdown_race, cancelling_meets_submit_and_cancel)
{
    check_race(FUTURES_SHUTDOWN_CANCEL, 0);
}

/* row 41 */
Test(shutdown_race, draining_meets_submitters_that_wait_for_room)
{
    check_race(FUTURES_SHUTDOWN_DRAIN, 2);
}

/* row 41 */
Test(shutdown_race, cancelling_meets_submitters_that_wait_for_room)
{
    check_race(FUTURES_SHUTDOWN_CANCEL, 2);
}
