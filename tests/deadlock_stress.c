/* `deadlock_stress [ROUNDS [SEED]]`: tasks that wait for each other, by waits
 * and gathers, on more or fewer workers than there are tasks. In a round
 * either each waits for the next and the last for the first: then exactly one
 * is told of a deadlock, since that frees all others; or each waits for some
 * that come after it: then nobody may be told. In two pools that wait for
 * each other's queues somebody may be. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/lane.h"
#include "support/race.h"

enum {
    TASKS_MOST = 8,
    WORKERS_MOST = 4,
    PAUSE = 1 << 12,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 3000 : 20000
};

struct member {
    futures_future *wants[TASKS_MOST];
    size_t count;
    bool gathers;
    uint64_t pause;
};

static struct round {
    struct member members[TASKS_MOST];
    futures_future *tasks[TASKS_MOST];
    atomic_bool begun; /* all `wants` are set */
    atomic_uint told;
    atomic_bool wrong;
} current;

static futures_status wait_for_all(const struct member *member)
{
    futures_status worst = FUTURES_OK;
    for (size_t i = 0; i < member->count; i++) {
        futures_status status = futures_wait(member->wants[i], FUTURES_NEVER);
        worst = status != FUTURES_OK ? status : worst;
    }
    return worst;
}

static void *run_member(void *arg)
{
    const struct member *member = arg;
    while (!atomic_load(&current.begun))
        race_pause(PAUSE);
    race_pause(member->pause);
    futures_status status =
        member->gathers
            ? futures_gather(member->wants, member->count, NULL, NULL)
            : wait_for_all(member);
    if (status == FUTURES_DEADLOCK)
        atomic_fetch_add(&current.told, 1);
    else if (status != FUTURES_OK)
        atomic_store(&current.wrong, true);
    return arg;
}

static void want_next(size_t count, struct chance *chance)
{
    for (size_t i = 0; i < count; i++) {
        struct member *member = &current.members[i];
        member->wants[0] = current.tasks[(i + 1) % count];
        member->count = 1;
        member->gathers = chance_below(chance, 2) == 0;
        member->pause = chance_below(chance, PAUSE);
    }
}

static void want_later(size_t count, struct chance *chance)
{
    for (size_t i = 0; i < count; i++) {
        struct member *member = &current.members[i];
        member->count = 0;
        for (size_t j = i + 1; j < count; j++)
            if (chance_below(chance, 2) == 0)
                member->wants[member->count++] = current.tasks[j];
        member->gathers = chance_below(chance, 2) == 0;
        member->pause = chance_below(chance, PAUSE);
    }
}

/* returns  whether it went as it must */
static bool run_round(futures_pool *pools[2], bool circle,
                      struct chance *chance)
{
    size_t count = 2 + chance_below(chance, TASKS_MOST - 1);
    bool mixed = chance_below(chance, 4) == 0;
    atomic_store(&current.begun, false);
    atomic_store(&current.told, 0);
    for (size_t i = 0; i < count; i++)
        current.tasks[i] =
            futures_submit(pools[mixed ? chance_below(chance, 2) : 0],
                           run_member, &current.members[i]);
    if (circle)
        want_next(count, chance);
    else
        want_later(count, chance);
    atomic_store(&current.begun, true);
    for (size_t i = 0; i < count; i++)
        futures_wait(current.tasks[i], FUTURES_NEVER);
    futures_release_all(current.tasks, count);
    unsigned told = atomic_load(&current.told);
    /* Two pools may also be full of waits for each other's queues. */
    if (mixed)
        return circle ? told >= 1 : true;
    return told == (circle ? 1 : 0);
}

int main(int argc, char **argv)
{
    unsigned long rounds =
        argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct chance chance = {seed | 1};
    bool right = true;
    printf("seed %" PRIu64 ", %lu rounds\n", seed, rounds);
    for (unsigned workers = 1; workers <= WORKERS_MOST; workers++) {
        futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
        futures_pool *pools[2];
        options.workers = workers;
        for (int i = 0; i < 2; i++)
            if (futures_pool_create(&pools[i], &options) != FUTURES_OK)
                abort();
        for (unsigned long i = 0; i < rounds / WORKERS_MOST && right; i++) {
            right = run_round(pools, i % 2 == 0, &chance);
            if (!right)
                printf("wrong in round %lu with %u workers: %u told\n", i,
                       workers, atomic_load(&current.told));
        }
        for (int i = 0; i < 2; i++)
            futures_pool_destroy(pools[i]);
    }
    return right && !atomic_load(&current.wrong) ? 0 : 1;
}
