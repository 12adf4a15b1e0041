/* `events_stress [ROUNDS [SEED]]`: promises are resolved by one thread, and
 * another drains the queue that they were added to, and destroys it: before,
 * amidst or after that. What was not drained is released, each value is freed
 * once, and whenever both are at rest the descriptor is readable exactly if
 * something is left. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/lane.h"
#include "support/race.h"

enum { EACH = 4, DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 20000 : 100000 };

/* Of the main thread; the promises are the resolver's from `begun` to
 * `done`. */
static struct {
    futures_future *promises[EACH];
    atomic_ulong begun; /* the round, from 1 on */
    atomic_bool over;
    atomic_ulong done;
    atomic_uint resolved; /* in this round */
    atomic_ulong freed;   /* values, in all */
} current;

static void free_value(void *value)
{
    atomic_fetch_add((atomic_ulong *)value, 1);
}

static void *resolve_all(void *arg)
{
    struct chance chance = {4711};
    for (unsigned long round = 1;; round++) {
        while (atomic_load(&current.begun) < round)
            race_pause(RACE_LONGEST / 2);
        if (atomic_load(&current.over))
            return arg;
        for (int i = 0; i < EACH; i++) {
            race_pause(chance_below(&chance, 64));
            futures_resolve(current.promises[i], &current.freed);
            futures_release(current.promises[i]);
            atomic_fetch_add(&current.resolved, 1);
        }
        atomic_store(&current.done, round);
    }
}

static void fill(futures_queue *queue)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.value_free = free_value;
    for (int i = 0; i < EACH; i++) {
        current.promises[i] = futures_promise_with(&options);
        if (futures_queue_add(queue, current.promises[i], NULL) != FUTURES_OK)
            abort();
    }
    atomic_store(&current.resolved, 0);
}

static bool drain_some(futures_queue *queue, struct chance *chance)
{
    futures_ended ended[EACH];
    size_t count =
        futures_queue_drain(queue, ended, 1 + chance_below(chance, EACH));
    bool right = count <= EACH;
    for (size_t i = 0; i < count; i++) {
        right = right && futures_value(ended[i].future) == &current.freed;
        futures_release(ended[i].future);
    }
    return right;
}

/* Both are at rest. */
static bool tells_the_truth(const futures_queue *queue)
{
    struct pollfd polled = {futures_queue_fd(queue), POLLIN, 0};
    return (poll(&polled, 1, 0) == 1) == (futures_queue_length(queue) > 0);
}

static void await(unsigned long round)
{
    while (atomic_load(&current.done) < round)
        race_pause(RACE_LONGEST / 2);
}

static bool check(unsigned long round, struct race *race,
                  struct chance *chance)
{
    futures_queue *queue;
    bool right = true;
    if (futures_queue_create(&queue) != FUTURES_OK)
        return false;
    fill(queue);
    atomic_store(&current.begun, round);
    for (uint64_t i = chance_below(chance, 3); i > 0; i--)
        right = drain_some(queue, chance) && right;
    if (chance_below(chance, 4) == 0) {
        await(round);
        right = tells_the_truth(queue) && right;
        right = drain_some(queue, chance) && right;
        right = tells_the_truth(queue) && right;
    } else {
        race_delay(race, chance);
        race_count(race, atomic_load(&current.resolved) == EACH);
    }
    futures_queue_destroy(queue);
    await(round);
    return right && atomic_load(&current.freed) == round * EACH;
}

int main(int argc, char *argv[])
{
    unsigned long rounds =
        argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct chance chance = {seed * 2 + 1};
    struct race race = {.name = "destroy",
                        .sides = {"came amidst", "came after"}};
    pthread_t resolver = race_start(resolve_all, NULL);
    for (unsigned long round = 1; round <= rounds; round++) {
        if (!check(round, &race, &chance)) {
            printf("round %lu of seed %lu: wrong\n", round, seed);
            return 1;
        }
    }
    atomic_store(&current.over, true);
    atomic_store(&current.begun, rounds + 1);
    pthread_join(resolver, NULL);
    return stress_status(true, race_was_fair(&race));
}
