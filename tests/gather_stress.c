/* Gathers whose latch lies on a stack that is used again at once, while their
 * completion races with an early leave, a deadline, a token: gather_stress
 * [ROUNDS [SEED]]. Each race is between two acts; their moments are moved
 * towards each other by how the last round went, so that either wins often,
 * and a race that one side hardly ever wins is a failure, since it would have
 * shown nothing. Each kind runs on this thread and in a task.
 *
 * A round belongs to the main thread until `turn` is raised, then to all three
 * threads, each to its own fields, until both actors have counted `acted`. */
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"
#include "support/lane.h"
#include "support/unsettled.h"

enum {
    ACTORS = 2,
    WIDTH = 4,
    HEAD_START_NS = 5000,
    STEP_NS = 400,
    JITTER_NS = 4000,
    SCRIBBLE = 2048,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 1500 : 6000
};

enum verdict { FIRST_WON, SECOND_WON, WRONG };

struct round {
    futures_future *set[WIDTH];
    size_t count;
    futures_outcome outcomes[WIDTH];
    futures_gather_options options;
    futures_status status; /* what the gather returned */
    size_t told;           /* calls of on_done */
    futures_token *token;
    void (*acts[ACTORS])(struct round *round); /* NULL: the deadline's */
    futures_time moments[ACTORS];
};

static struct round current;
static bool all_contended = true;
static atomic_ulong turn;  /* raised: a round begins; ULONG_MAX: the end */
static atomic_ulong acted; /* how often an actor was done with a round */

static void resolve_all(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        futures_resolve(round->set[i], &round->set[i]);
}

static void resolve_last(struct round *round)
{
    futures_resolve(round->set[round->count - 1], round);
}

static void reject_first(struct round *round)
{
    futures_reject(round->set[0], 1, "rejected");
}

static void reject_all(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        futures_reject(round->set[i], 1, "rejected");
}

static void fire(struct round *round)
{
    futures_token_cancel(round->token, 2, "fired");
}

/* How many slots have the status. */
static size_t slots(const struct round *round, futures_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < round->count; i++)
        count += round->outcomes[i].status == status;
    return count;
}

static void count_told(void *context, size_t index,
                       const futures_outcome *outcome)
{
    struct round *round = context;
    round->told += index < round->count && outcome->status != FUTURES_PENDING;
}

/* What is pending has neither value nor error, and on_done was called for all
 * the others. */
static bool is_consistent(const struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->outcomes[i].status == FUTURES_PENDING &&
            (round->outcomes[i].value != NULL ||
             round->outcomes[i].error != NULL))
            return false;
    return round->options.on_done == NULL ||
           round->told == round->count - slots(round, FUTURES_PENDING);
}

/* Either all are OK, or it was stopped with at least one in `rest`. */
static enum verdict judge_stop(const struct round *round,
                               futures_status stopped, futures_status rest)
{
    size_t count = round->count;
    size_t fine = slots(round, FUTURES_OK);
    for (size_t i = 0; i < count; i++)
        if (round->outcomes[i].status == FUTURES_OK &&
            round->outcomes[i].value != &round->set[i])
            return WRONG;
    if (round->status == FUTURES_OK)
        return fine == count ? FIRST_WON : WRONG;
    if (round->status != stopped)
        return WRONG;
    return fine < count && fine + slots(round, rest) == count ? SECOND_WON
                                                              : WRONG;
}

static enum verdict judge_left_at_deadline(const struct round *round)
{
    return judge_stop(round, FUTURES_TIMEOUT, FUTURES_PENDING);
}

static enum verdict judge_stopped_at_deadline(const struct round *round)
{
    return judge_stop(round, FUTURES_TIMEOUT, FUTURES_CANCELLED);
}

static enum verdict judge_fired(const struct round *round)
{
    return judge_stop(round, FUTURES_CANCELLED, FUTURES_CANCELLED);
}

/* The first slot failed; the last was either left as `rest` or resolved. */
static enum verdict judge_error(const struct round *round, futures_status rest)
{
    size_t last = round->count - 1;
    if (round->status != FUTURES_FAILED ||
        round->outcomes[0].status != FUTURES_FAILED ||
        round->outcomes[0].error == NULL)
        return WRONG;
    if (round->outcomes[last].status == rest)
        return FIRST_WON;
    return round->outcomes[last].status == FUTURES_OK ? SECOND_WON : WRONG;
}

static enum verdict judge_early_leave(const struct round *round)
{
    return judge_error(round, FUTURES_PENDING);
}

static enum verdict judge_error_cancel(const struct round *round)
{
    return judge_error(round, FUTURES_CANCELLED);
}

static enum verdict judge_left_with_error(const struct round *round)
{
    futures_status first = round->outcomes[0].status;
    if (round->status == FUTURES_TIMEOUT)
        return slots(round, FUTURES_PENDING) > 0 ? SECOND_WON : WRONG;
    return round->status == FUTURES_FAILED && first == FUTURES_FAILED
               ? FIRST_WON
               : WRONG;
}

static enum verdict judge_who_stopped(const struct round *round)
{
    if (slots(round, FUTURES_CANCELLED) != round->count)
        return WRONG;
    if (round->status == FUTURES_TIMEOUT)
        return FIRST_WON;
    return round->status == FUTURES_CANCELLED ? SECOND_WON : WRONG;
}

static const struct race {
    const char *name;
    void (*acts[ACTORS])(struct round *round);
    futures_on_error on_error;
    futures_on_timeout on_timeout;
    enum verdict (*judge)(const struct round *round);
} races[] = {
    {"completion, deadline that leaves",
     {resolve_all, NULL},
     FUTURES_ON_ERROR_CANCEL,
     FUTURES_ON_TIMEOUT_LEAVE,
     judge_left_at_deadline},
    {"error, deadline that leaves",
     {reject_all, NULL},
     FUTURES_ON_ERROR_COLLECT,
     FUTURES_ON_TIMEOUT_LEAVE,
     judge_left_with_error},
    {"completion, deadline that cancels",
     {resolve_all, NULL},
     FUTURES_ON_ERROR_COLLECT,
     FUTURES_ON_TIMEOUT_CANCEL,
     judge_stopped_at_deadline},
    {"completion, token",
     {resolve_all, fire},
     FUTURES_ON_ERROR_LEAVE,
     FUTURES_ON_TIMEOUT_CANCEL,
     judge_fired},
    {"early leave, completion",
     {reject_first, resolve_last},
     FUTURES_ON_ERROR_LEAVE,
     FUTURES_ON_TIMEOUT_CANCEL,
     judge_early_leave},
    {"error that cancels, completion",
     {reject_first, resolve_last},
     FUTURES_ON_ERROR_CANCEL,
     FUTURES_ON_TIMEOUT_CANCEL,
     judge_error_cancel},
    {"deadline, token",
     {NULL, fire},
     FUTURES_ON_ERROR_CANCEL,
     FUTURES_ON_TIMEOUT_CANCEL,
     judge_who_stopped},
};

static uint64_t random_state;

static int64_t random_below(int64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state % (uint64_t)limit);
}

static void *actor(void *arg)
{
    size_t who = *(size_t *)arg;
    for (unsigned long seen = 0;;) {
        unsigned long now = atomic_load(&turn);
        if (now == ULONG_MAX)
            return NULL;
        if (now == seen) {
            sched_yield();
            continue;
        }
        seen = now;
        if (current.acts[who] != NULL) {
            while (futures_now() < current.moments[who])
                ;
            current.acts[who](&current);
        }
        atomic_fetch_add(&acted, 1);
    }
}

/* Uses the stack where the gather's latch has been, and finds out whether
 * somebody still wrote there. */
static bool stack_is_left_alone(void)
{
    volatile unsigned char used[SCRIBBLE];
    for (size_t i = 0; i < SCRIBBLE; i++)
        used[i] = (unsigned char)(i * 31);
    sched_yield();
    for (size_t i = 0; i < SCRIBBLE; i++)
        if (used[i] != (unsigned char)(i * 31))
            return false;
    return true;
}

static void *gather_and_scribble(void *arg)
{
    struct round *round = arg;
    round->status = futures_gather(round->set, round->count, round->outcomes,
                                   &round->options);
    return stack_is_left_alone() ? round : NULL;
}

static bool gather_on_a_worker(futures_pool *pool)
{
    futures_future *task = futures_submit(pool, gather_and_scribble, &current);
    futures_wait(task, FUTURES_NEVER);
    bool clean = futures_value(task) != NULL;
    futures_release(task);
    return clean;
}

/* A round of the race, its first act later than the second by `lead`. */
static void prepare(const struct race *race, int64_t lead)
{
    const futures_gather_options defaults = FUTURES_GATHER_OPTIONS_INIT;
    futures_time start = futures_now() + HEAD_START_NS;
    current.count =
        race->acts[0] == reject_first ? 2 : 1 + (size_t)random_below(WIDTH);
    for (size_t i = 0; i < current.count; i++)
        current.set[i] = futures_promise(NULL, NULL);
    memset(current.outcomes, 0, sizeof current.outcomes);
    current.options = defaults;
    current.told = 0;
    if (random_below(2) == 0)
        current.options.on_done = count_told;
    current.options.context = &current;
    futures_token_create(&current.token, NULL, FUTURES_NEVER);
    for (size_t i = 0; i < ACTORS; i++) {
        int64_t late = i == 0 ? lead : -lead;
        current.acts[i] = race->acts[i];
        current.moments[i] =
            start + (late > 0 ? late : 0) + random_below(JITTER_NS);
        if (race->acts[i] == NULL)
            current.options.deadline = current.moments[i];
    }
    current.options.on_error = race->on_error;
    current.options.on_timeout = race->on_timeout;
    current.options.token = current.token;
}

static void clean_up(unsigned long rounds)
{
    while (atomic_load(&acted) < rounds * ACTORS)
        sched_yield();
    futures_release_all(current.set, current.count);
    futures_token_release(current.token);
}

static enum verdict run_round(const struct race *race, futures_pool *pool)
{
    bool clean = pool == NULL ? gather_and_scribble(&current) != NULL
                              : gather_on_a_worker(pool);
    return clean && is_consistent(&current) ? race->judge(&current) : WRONG;
}

/* Tells who won: each side is to win a twentieth at least.
 * returns  whether nothing was wrong */
static bool is_right(const struct race *race, const char *where,
                     const long won[3])
{
    long rounds = won[FIRST_WON] + won[SECOND_WON] + won[WRONG];
    bool contended =
        won[FIRST_WON] * 20 >= rounds && won[SECOND_WON] * 20 >= rounds;
    printf("%-34s %-7s %8ld %8ld%s\n", race->name, where, won[FIRST_WON],
           won[SECOND_WON], contended ? "" : " TOO LITTLE CONTENTION");
    if (won[WRONG] > 0)
        printf("%ld WRONG OUTCOMES\n", won[WRONG]);
    fflush(stdout);
    all_contended = all_contended && contended;
    return won[WRONG] == 0;
}

static bool run_race(const struct race *race, futures_pool *pool, long rounds)
{
    static unsigned long turns;
    long won[3] = {0, 0, 0};
    int64_t lead = 0;
    for (long i = 0; i < rounds; i++) {
        prepare(race, lead);
        atomic_store(&turn, ++turns);
        enum verdict verdict = run_round(race, pool);
        won[verdict]++;
        lead += verdict == FIRST_WON ? STEP_NS : -STEP_NS;
        clean_up(turns);
    }
    return is_right(race, pool == NULL ? "outside" : "task", won);
}

static bool run_all(futures_pool *pool, long rounds)
{
    bool right = true;
    for (size_t i = 0; i < sizeof races / sizeof *races; i++) {
        right = run_race(&races[i], NULL, rounds) && right;
        right = run_race(&races[i], pool, rounds) && right;
    }
    return right;
}

int main(int argc, char *argv[])
{
    static size_t numbers[ACTORS] = {0, 1};
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    futures_pool *pool = pool_of(1);
    pthread_t actors[ACTORS];
    random_state = seed * 2 + 1;
    printf("%ld rounds, seed %" PRIu64 "; who won\n", rounds, seed);
    if (pool == NULL || rounds <= 0)
        return 1;
    for (size_t i = 0; i < ACTORS; i++)
        if (pthread_create(&actors[i], NULL, actor, &numbers[i]) != 0)
            return 1;
    bool right = run_all(pool, rounds);
    atomic_store(&turn, ULONG_MAX);
    for (size_t i = 0; i < ACTORS; i++)
        pthread_join(actors[i], NULL);
    futures_pool_destroy(pool);
    return stress_status(right, all_contended);
}
