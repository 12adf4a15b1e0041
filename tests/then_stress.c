/* `then_stress [TRIES [SEED]]`. A task after two promises: two threads keep
 * one each, while a third cancels the task, or ends its pool. It ran or it was
 * cancelled, never both, never neither, and its argument is freed once; the
 * moments are steered by the outcomes. Fails if either outcome is rarer than
 * 5 %. */
#include <futures/futures.h>

#include "support/helpers.h"
#include "support/race.h"

enum { DEFAULT_TRIES = SLICE(60000), POOL_EACH = 20, KEEPERS = 2 };

/* A thread that keeps the promises that it is given, a moment later. */
struct keeper {
    pthread_t thread;
    struct chance chance;
    futures_future *_Atomic promise;
    atomic_bool over;
};

struct attempt {
    futures_future *promises[KEEPERS];
    futures_future *then;
    int ran; /* plain: written before it ends, read after */
    int arg_freed;
};

static void *run(void *arg)
{
    ((struct attempt *)arg)->ran++;
    return arg;
}

static void free_arg(void *arg)
{
    ((struct attempt *)arg)->arg_freed++;
}

static void *keep(void *arg)
{
    struct keeper *keeper = arg;
    while (!atomic_load(&keeper->over)) {
        futures_future *promise = atomic_exchange(&keeper->promise, NULL);
        if (promise == NULL) {
            sched_yield();
            continue;
        }
        race_pause(chance_below(&keeper->chance, 200));
        futures_resolve(promise, NULL);
        futures_release(promise);
    }
    return NULL;
}

static void begin(struct attempt *attempt, futures_pool *pool)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    *attempt = (struct attempt){0};
    for (int i = 0; i < KEEPERS; i++)
        attempt->promises[i] = futures_promise(NULL, NULL);
    options.arg_free = free_arg;
    attempt->then = futures_then_with(pool, attempt->promises, KEEPERS, run,
                                      attempt, &options);
}

/* returns  whether all is right */
static bool finish(struct attempt *attempt, struct race *race)
{
    futures_status end = futures_wait(attempt->then, FUTURES_NEVER);
    futures_release(attempt->then);
    race_count(race, end == FUTURES_OK);
    return attempt->arg_freed == 1 &&
           (end == FUTURES_OK || end == FUTURES_CANCELLED) &&
           attempt->ran == (end == FUTURES_OK);
}

static bool try_one(futures_pool *pool, bool end_pool,
                    struct keeper keepers[KEEPERS], struct race *race,
                    struct chance *chance)
{
    struct attempt attempt;
    begin(&attempt, pool);
    for (int i = 0; i < KEEPERS; i++)
        atomic_store(&keepers[i].promise, attempt.promises[i]);
    race_delay(race, chance);
    if (end_pool)
        futures_pool_destroy(pool);
    else
        futures_cancel(attempt.then);
    for (int i = 0; i < KEEPERS; i++)
        while (atomic_load(&keepers[i].promise) != NULL)
            sched_yield();
    return finish(&attempt, race);
}

static bool race_all(uint64_t tries, uint64_t seed,
                     struct keeper keepers[KEEPERS], struct race races[2])
{
    struct chance chance = {seed};
    futures_pool *pool = pool_of(1);
    bool right = true;
    for (uint64_t i = 0; i < tries && right; i++) {
        bool end_pool = i % POOL_EACH == 0;
        right = try_one(pool, end_pool, keepers, &races[end_pool], &chance);
        if (end_pool)
            pool = pool_of(1);
    }
    futures_pool_destroy(pool);
    return right;
}

int main(int argc, char *argv[])
{
    struct race races[2] = {
        {"a cancel", {"cancelled", "ran"}, {0}, RACE_LONGEST / 4},
        {"a shutdown", {"cancelled", "ran"}, {0}, RACE_LONGEST / 4}};
    struct keeper keepers[KEEPERS] = {0};
    uint64_t tries = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_TRIES;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 17;
    printf("seed %" PRIu64 "\n", seed);
    for (int i = 0; i < KEEPERS; i++) {
        keepers[i].chance.state = seed + (uint64_t)i + 1;
        keepers[i].thread = race_start(keep, &keepers[i]);
    }
    bool right = race_all(tries, seed, keepers, races);
    for (int i = 0; i < KEEPERS; i++) {
        atomic_store(&keepers[i].over, true);
        pthread_join(keepers[i].thread, NULL);
    }
    bool fair = race_was_fair(&races[0]);
    fair = race_was_fair(&races[1]) && fair;
    if (!right)
        printf("wrong\n");
    return stress_status(right, fair);
}
