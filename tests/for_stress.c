/* `for_stress [ROUNDS [SEED]]`: loops and maps over ranges of a few hundred
 * with uneven bodies, so that what is left is divided again and again, from
 * outside and in a task. Each index is in exactly one part. A round in which
 * one thread ran everything has shown nothing: fails if those where several
 * did are less than 5 %. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/lane.h"
#include "support/race.h"

enum {
    LONGEST = 400,
    WORKERS = 3,
    PAUSE = 1 << 12,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 1500 : 12000
};

/* Of the main thread, but for what the bodies count. */
static struct round {
    futures_pool *pool;
    size_t count;
    size_t grain;
    uint64_t salt;
    bool maps;
    futures_status status;
    atomic_uint of[LONGEST];
    _Atomic(const void *) first; /* whose index 0 was */
    atomic_bool shared;          /* somebody else ran something too */
} current;

/* Most indices take no time, some a little, and some give the processor
 * away. */
static void dawdle(size_t index)
{
    struct chance chance = {current.salt ^ (index * 0x9e3779b97f4a7c15) ^ 1};
    uint64_t turns = chance_below(&chance, PAUSE);
    if (chance_below(&chance, 16) == 0)
        race_pause(chance_below(&chance, 64) == 0 ? RACE_LONGEST : turns);
}

static void run_one(size_t index)
{
    static _Thread_local char self;
    const void *nobody = NULL;
    atomic_fetch_add(&current.of[index], 1);
    if (!atomic_compare_exchange_strong(&current.first, &nobody, &self) &&
        nobody != &self)
        atomic_store(&current.shared, true);
    dawdle(index);
}

static void run_part(void *context, size_t begin, size_t end)
{
    (void)context;
    for (size_t i = begin; i < end; i++)
        run_one(i);
}

static void *run_item(void *arg)
{
    run_one((size_t)((atomic_uint *)arg - current.of));
    return arg;
}

static bool map_all(void)
{
    static void *args[LONGEST];
    static futures_outcome outcomes[LONGEST];
    for (size_t i = 0; i < current.count; i++)
        args[i] = &current.of[i];
    current.status = futures_map(current.pool, run_item, args, current.count,
                                 outcomes, NULL);
    for (size_t i = 0; i < current.count; i++)
        if (outcomes[i].status != FUTURES_OK || outcomes[i].value != args[i])
            return false;
    return true;
}

static void *run_round(void *arg)
{
    if (current.maps)
        return map_all() ? arg : NULL;
    current.status = futures_for(current.pool, 0, current.count, current.grain,
                                 run_part, NULL);
    return arg;
}

static bool run_in_a_task(void)
{
    futures_future *task = futures_submit(current.pool, run_round, &current);
    futures_wait(task, FUTURES_NEVER);
    bool right = futures_value(task) == &current;
    futures_release(task);
    return right;
}

static bool check(struct chance *chance)
{
    current.count = 1 + chance_below(chance, LONGEST);
    current.grain = chance_below(chance, 4);
    current.salt = chance->state;
    current.maps = chance_below(chance, 2) == 0;
    atomic_store(&current.first, NULL);
    atomic_store(&current.shared, false);
    for (size_t i = 0; i < LONGEST; i++)
        atomic_store(&current.of[i], 0);
    bool right = chance_below(chance, 2) == 0 ? run_round(&current) == &current
                                              : run_in_a_task();
    for (size_t i = 0; i < LONGEST; i++)
        right = right && atomic_load(&current.of[i]) == (i < current.count);
    return right && current.status == FUTURES_OK;
}

int main(int argc, char *argv[])
{
    unsigned long rounds =
        argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct chance chance = {seed * 2 + 1};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    unsigned long shared = 0;
    options.workers = WORKERS;
    if (futures_pool_create(&current.pool, &options) != FUTURES_OK)
        return 1;
    for (unsigned long i = 0; i < rounds; i++) {
        if (!check(&chance)) {
            printf("round %lu of seed %lu: %zu by %zu, %s: wrong\n", i, seed,
                   current.count, current.grain,
                   futures_status_name(current.status));
            return 1;
        }
        shared += atomic_load(&current.shared);
    }
    futures_pool_destroy(current.pool);
    printf("%lu rounds, %lu of them shared\n", rounds, shared);
    return stress_status(true, shared * 20 >= rounds);
}
