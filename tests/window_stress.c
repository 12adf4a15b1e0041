/* `window_stress [ROUNDS [SEED]]`: maps with windows of a few, from outside
 * and in a task, while another thread fires their token: before, amidst or
 * after them. What ran is what the outcomes say, and nothing of a map runs
 * when it has returned. Maps without the token run to their end; there who
 * ends an item pauses once the map, which may let go of it, has heard of
 * it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "combine/done.h"
#include "support/lane.h"
#include "support/race.h"

enum {
    LONGEST = 60,
    WIDEST = 6,
    WORKERS = 2,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 2000 : 20000
};

/* Of the main thread, but for what the items count; the token is the firing
 * thread's from `begun` to `done`. */
static struct {
    futures_pool *pool;
    size_t count;
    size_t given;
    futures_map_options options;
    futures_token *token; /* that is fired */
    futures_status status;
    futures_outcome outcomes[LONGEST];
    atomic_uint of[LONGEST];
    atomic_bool returned;
    atomic_bool late;    /* something ran after the return */
    atomic_ulong begun;  /* the round, from 1 on */
    atomic_ulong done;   /* the round */
    atomic_ulong length; /* of the delay before it fires */
    atomic_bool over;
} current;

void __real_fut_set_queue_done(struct fut_set *set, futures_hook *hook);
void __wrap_fut_set_queue_done(struct fut_set *set, futures_hook *hook);

void __wrap_fut_set_queue_done(struct fut_set *set, futures_hook *hook)
{
    __real_fut_set_queue_done(set, hook);
    if (current.options.token == NULL)
        race_pause(RACE_LONGEST / 2);
}

static void await(atomic_ulong *where, unsigned long round)
{
    while (atomic_load(where) < round)
        race_pause(RACE_LONGEST / 2);
}

static void *fire_all(void *arg)
{
    for (unsigned long round = 1;; round++) {
        await(&current.begun, round);
        if (atomic_load(&current.over))
            return arg;
        race_pause(atomic_load(&current.length));
        futures_token_cancel(current.token, 1, NULL);
        atomic_store(&current.done, round);
    }
}

static void *run_item(void *arg)
{
    size_t index = (size_t)((atomic_uint *)arg - current.of);
    atomic_fetch_add(&current.of[index], 1);
    race_pause(index % 7 * 20);
    if (index % 5 == 4)
        futures_checkpoint();
    if (atomic_load(&current.returned))
        atomic_store(&current.late, true);
    return arg;
}

static bool give(void *context, void **arg)
{
    (void)context;
    *arg = &current.of[current.given];
    return current.given < current.count && current.given++ < current.count;
}

static void *run_round(void *arg)
{
    current.status = futures_map(current.pool, run_item, NULL, LONGEST,
                                 current.outcomes, &current.options);
    atomic_store(&current.returned, true);
    return arg;
}

static void run(struct chance *chance)
{
    if (chance_below(chance, 2) == 0) {
        run_round(NULL);
    } else {
        futures_future *task = futures_submit(current.pool, run_round, NULL);
        futures_wait(task, FUTURES_NEVER);
        futures_release(task);
    }
}

/* Whether each item ran as its outcome says. */
static bool agree(void)
{
    bool all = current.given == current.count;
    for (size_t i = 0; i < LONGEST; i++) {
        const futures_outcome *outcome = &current.outcomes[i];
        unsigned ran = atomic_load(&current.of[i]);
        bool taken = i < current.given;
        bool ended = taken && outcome->status == FUTURES_OK;
        if (ran > taken || (ended && outcome->value != &current.of[i]) ||
            (ended && ran == 0) ||
            (taken && !ended && outcome->status != FUTURES_CANCELLED))
            return false;
        all = all && (ended || i >= current.count);
    }
    futures_outcomes_free(current.outcomes, current.given);
    return (current.status == FUTURES_OK && all) ||
           (current.status == FUTURES_CANCELLED &&
            current.options.token != NULL);
}

static bool check(unsigned long round, struct race *race,
                  struct chance *chance)
{
    const futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    current.count = 1 + chance_below(chance, LONGEST);
    current.given = 0;
    current.options = options;
    current.options.window = 1 + chance_below(chance, WIDEST);
    current.options.next = give;
    current.options.help = chance_below(chance, 2) == 0;
    current.options.on_error =
        (futures_on_error)(chance_below(chance, 2) * FUTURES_ON_ERROR_COLLECT);
    atomic_store(&current.returned, false);
    for (size_t i = 0; i < LONGEST; i++)
        atomic_store(&current.of[i], 0);
    if (futures_token_create(&current.token, NULL, FUTURES_NEVER) !=
        FUTURES_OK)
        abort();
    if (round % 4 > 0)
        current.options.token = current.token;
    atomic_store(&current.length, chance_below(chance, race->longest + 1));
    atomic_store(&current.begun, round);
    run(chance);
    if (current.options.token != NULL)
        race_count(race, current.status == FUTURES_OK);
    await(&current.done, round);
    futures_token_release(current.token);
    return agree() && !atomic_load(&current.late);
}

int main(int argc, char *argv[])
{
    unsigned long rounds =
        argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct chance chance = {seed * 2 + 1};
    struct race race = {.name = "map", .sides = {"stopped", "done"}};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = WORKERS;
    if (futures_pool_create(&current.pool, &options) != FUTURES_OK)
        return 1;
    pthread_t firing = race_start(fire_all, NULL);
    for (unsigned long round = 1; round <= rounds; round++) {
        if (!check(round, &race, &chance)) {
            printf("round %lu of seed %lu: %s: wrong\n", round, seed,
                   futures_status_name(current.status));
            return 1;
        }
    }
    atomic_store(&current.over, true);
    atomic_store(&current.begun, rounds + 1);
    pthread_join(firing, NULL);
    futures_pool_destroy(current.pool);
    return stress_status(true, race_was_fair(&race));
}
