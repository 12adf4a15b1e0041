/* For stress programs: a race between two sides, and delays that are steered
 * so that either side wins about as often. A race that one side hardly ever
 * wins shows nothing, and counts as a failure. */
#ifndef FUTURES_TESTS_RACE_H
#define FUTURES_TESTS_RACE_H

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/unsettled.h"

enum { RACE_LONGEST = 1 << 14 };

/* One for each thread. */
struct chance {
    uint64_t state; /* never 0 */
};

static inline uint64_t chance_below(struct chance *chance, uint64_t limit)
{
    chance->state ^= chance->state << 13;
    chance->state ^= chance->state >> 7;
    chance->state ^= chance->state << 17;
    return chance->state % limit;
}

/* Of the one thread that counts. */
struct race {
    const char *name;
    const char *sides[2];
    uint64_t won[2];
    uint64_t longest; /* delay, in turns of a loop */
};

/* A long one lets others run: on one processor nothing else would do. */
static inline void race_pause(uint64_t turns)
{
    if (turns > RACE_LONGEST / 4)
        sched_yield();
    for (volatile uint64_t left = turns; left > 0; left--) {
    }
}

/* Delays the side 0, so that side 1 wins more often. */
static inline void race_delay(const struct race *race, struct chance *chance)
{
    race_pause(chance_below(chance, race->longest + 1));
}

static inline void race_count(struct race *race, int side)
{
    race->won[side]++;
    if (side == 1)
        race->longest -= race->longest / 16 + (race->longest > 0);
    else if (race->longest < RACE_LONGEST)
        race->longest += race->longest / 16 + 1;
}

/* Prints it.
 * returns  false where one side won less than 5 % */
static inline bool race_was_fair(const struct race *race)
{
    uint64_t total = race->won[0] + race->won[1];
    bool fair =
        total > 0 && race->won[0] * 20 >= total && race->won[1] * 20 >= total;
    printf("%s: %s %" PRIu64 ", %s %" PRIu64 "%s\n", race->name,
           race->sides[0], race->won[0], race->sides[1], race->won[1],
           fair ? "" : ": too little contention");
    return fair;
}

/* Ends the program where there is no thread to be had. */
static inline pthread_t race_start(void *(*fn)(void *), void *arg)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, fn, arg) != 0)
        abort();
    return thread;
}

#endif
