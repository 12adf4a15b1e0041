/* row 17: `cancel_stress [TRIES [SEED]]`. A cancel races with the start of a
 * task: it ran or it was cancelled, never both, never neither, and its
 * argument is freed once. Tasks go to one worker one by one, and each is
 * cancelled a moment after it was submitted; the moment is steered by the
 * outcomes, so that the cancel comes just when the worker starts. Fails if
 * either outcome is rarer than 5 %, since a race that nobody lost shows
 * nothing. */
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/helpers.h"
#include "support/unsettled.h"

enum {
    DEFAULT_TRIES = SLICE(200000),
    RING = 64,       /* tries whose end nobody has waited for yet */
    LATEST = 1 << 12 /* turns of an empty loop before a cancel */
};

struct attempt {
    futures_future *future;
    int ran;             /* plain: written before it ends, read after */
    int arg_freed;       /* the same */
    futures_status said; /* by cancel */
};

struct tally {
    uint64_t ran;
    uint64_t cancelled;
    uint64_t asked; /* cancelled while they were running */
    uint64_t flips; /* ended otherwise than the one before */
    uint64_t wrong;
    futures_status last;
};

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void *run(void *arg)
{
    ((struct attempt *)arg)->ran++;
    return arg;
}

static void free_arg(void *arg)
{
    ((struct attempt *)arg)->arg_freed++;
}

static void submit(futures_pool *pool, struct attempt *attempt)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.arg_free = free_arg;
    attempt->ran = 0;
    attempt->arg_freed = 0;
    attempt->future = futures_submit_with(pool, run, attempt, &options);
}

/* A cancel that says PENDING may still have been in time: the task had been
 * picked up, but its function had not begun. */
static bool is_consistent(const struct attempt *attempt, futures_status end)
{
    futures_status said = attempt->said;
    if (attempt->arg_freed != 1 || (said != end && said != FUTURES_PENDING))
        return false;
    return attempt->ran == (end == FUTURES_OK ? 1 : 0) &&
           (end == FUTURES_OK || end == FUTURES_CANCELLED);
}

/* Waits for it, and counts. */
static void finish(struct attempt *attempt, struct tally *tally)
{
    futures_status end = futures_wait(attempt->future, FUTURES_NEVER);
    futures_release(attempt->future);
    tally->wrong += !is_consistent(attempt, end);
    tally->ran += end == FUTURES_OK;
    tally->cancelled += end != FUTURES_OK;
    tally->asked += attempt->said == FUTURES_PENDING;
    tally->flips += end != tally->last;
    tally->last = end;
}

/* Later where it was in time, sooner where it was too late. */
static unsigned steer(unsigned moment, futures_status said)
{
    unsigned step = (unsigned)(next_random() % 8);
    if (said == FUTURES_PENDING)
        return moment;
    if (said == FUTURES_OK)
        return moment > step ? moment - step : 0;
    if (moment + step <= LATEST)
        return moment + step;
    sched_yield(); /* on one processor the worker waits for us */
    return moment;
}

static struct tally race(uint64_t tries)
{
    static struct attempt ring[RING];
    struct tally tally = {.last = FUTURES_OK};
    unsigned moment = 0;
    futures_pool *pool = pool_of(1);
    for (uint64_t i = 0; i < tries + RING && tally.wrong == 0; i++) {
        struct attempt *attempt = &ring[i % RING];
        if (i >= RING)
            finish(attempt, &tally);
        if (i >= tries)
            continue;
        submit(pool, attempt);
        for (volatile unsigned left = moment; left > 0; left--) {
        }
        attempt->said = futures_cancel(attempt->future);
        moment = steer(moment, attempt->said);
    }
    futures_pool_destroy(pool);
    return tally;
}

int main(int argc, char *argv[])
{
    uint64_t tries = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_TRIES;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 17;
    printf("seed %" PRIu64 "\n", seed);
    struct tally tally = race(tries);
    uint64_t total = tally.ran + tally.cancelled;
    printf("%" PRIu64 " tries: %" PRIu64 " ran, %" PRIu64
           " cancelled, %" PRIu64 " asked while running, %" PRIu64
           " flips, %" PRIu64 " wrong\n",
           total, tally.ran, tally.cancelled, tally.asked, tally.flips,
           tally.wrong);
    bool contended = tally.ran * 20 >= total && tally.cancelled * 20 >= total;
    if (!contended)
        printf("one outcome was rarer than 5 %%: too little contention\n");
    return stress_status(tally.wrong == 0 && total > 0, contended);
}
