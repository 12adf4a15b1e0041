/* Two acts that race over futures made of others: any_stress [ROUNDS [SEED]].
 * Two winners of an any whose set lies on the main thread's stack; the last
 * future of a gather_async against its cancel, its deadline's twin, a token,
 * and a second error where the first ends it; a shield against its cancel.
 * Each time one outcome or the other, whole, and all is freed once.
 *
 * A round belongs to the main thread until `turn` is raised, then to all
 * three until both actors have counted `acted`. */
#include <limits.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"
#include "support/lane.h"
#include "support/race.h"

enum {
    WIDTH = 3,
    JITTER = 64,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 3000 : 20000
};

struct round {
    futures_future *set[WIDTH];
    futures_future *made;
    futures_token *token;
    void (*acts[2])(struct round *round);
    atomic_int freed; /* values */
    atomic_int told;
};

struct kind {
    struct race race;
    void (*make)(struct round *round);
    int (*judge)(struct round *round); /* which side won; -1: wrong */
};

static struct round current;
static struct kind *kind;
static int64_t lead; /* > 0: side 0 is delayed, < 0: the other; in turns */
static atomic_ulong turn; /* raised: a round begins; ULONG_MAX: the end */
static atomic_ulong acted;
static uint64_t seed = 17;

static void free_value(void *value)
{
    count_one(value);
}

static futures_future *counted_promise(void)
{
    futures_promise_options options = FUTURES_PROMISE_OPTIONS_INIT;
    options.value_free = free_value;
    return futures_promise_with(&options);
}

static void keep_first(struct round *round)
{
    futures_resolve(round->set[0], NULL);
}

static void keep_second(struct round *round)
{
    futures_resolve(round->set[1], NULL);
}

static void keep_all(struct round *round)
{
    for (int i = 0; i < WIDTH; i++)
        if (futures_resolve(round->set[i], &round->freed) != FUTURES_OK)
            count_one(&round->freed);
}

static void reject_first(struct round *round)
{
    futures_reject(round->set[0], 1, "first");
}

static void reject_second(struct round *round)
{
    futures_reject(round->set[1], 2, "second");
}

static void cancel_made(struct round *round)
{
    futures_cancel(round->made);
}

static void fire(struct round *round)
{
    futures_token_cancel(round->token, 3, "fired");
}

static void make_set(struct round *round)
{
    for (int i = 0; i < WIDTH; i++)
        round->set[i] = counted_promise();
}

static void make_any(struct round *round)
{
    make_set(round);
    round->acts[0] = keep_first;
    round->acts[1] = keep_second;
}

/* The frame is used again at once. */
static __attribute__((noinline)) size_t call_any(struct round *round)
{
    size_t winner = WIDTH;
    futures_status status = futures_any(round->set, WIDTH, &winner, NULL);
    return status == FUTURES_OK ? winner : WIDTH;
}

static __attribute__((noinline)) void scribble(void)
{
    volatile char bytes[2048];
    memset((char *)(uintptr_t)bytes, 0xA5, sizeof bytes);
}

static int judge_any(struct round *round)
{
    size_t winner = call_any(round);
    scribble();
    if (winner > 1 || futures_poll(round->set[winner]) != FUTURES_OK ||
        futures_poll(round->set[2]) != FUTURES_CANCELLED ||
        futures_poll(round->set[1 - winner]) == FUTURES_PENDING)
        return -1;
    return (int)winner;
}

static void tell(void *context, size_t index, const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    count_one(context);
}

static void make_gathered(struct round *round, futures_on_error on_error)
{
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    make_set(round);
    futures_token_create(&round->token, NULL, FUTURES_NEVER);
    options.on_error = on_error;
    options.token = round->token;
    options.on_done = tell;
    options.context = &round->told;
    round->made = futures_gather_async(round->set, WIDTH, &options);
}

static void make_cancelled(struct round *round)
{
    make_gathered(round, FUTURES_ON_ERROR_CANCEL);
    round->acts[0] = keep_all;
    round->acts[1] = cancel_made;
}

static void make_fired(struct round *round)
{
    make_gathered(round, FUTURES_ON_ERROR_LEAVE);
    round->acts[0] = keep_all;
    round->acts[1] = fire;
}

static void make_left(struct round *round)
{
    make_gathered(round, FUTURES_ON_ERROR_LEAVE);
    round->acts[0] = reject_first;
    round->acts[1] = reject_second;
}

/* How many slots have the status. */
static int slots(const struct round *round, futures_status status)
{
    int found = 0;
    size_t count = 0;
    const futures_outcome *outcomes = futures_outcomes(round->made, &count);
    for (size_t i = 0; i < count; i++)
        found += outcomes[i].status == status;
    return found;
}

static void await_acts(unsigned long round)
{
    while (atomic_load(&acted) < 2 * round)
        sched_yield();
}

static int judge_stopped(struct round *round)
{
    futures_status end = futures_wait(round->made, FUTURES_NEVER);
    int fine = slots(round, FUTURES_OK);
    if (atomic_load(&round->told) != WIDTH ||
        fine + slots(round, FUTURES_CANCELLED) != WIDTH)
        return -1;
    if (end == FUTURES_OK)
        return fine == WIDTH ? 0 : -1;
    return end == FUTURES_CANCELLED && fine < WIDTH ? 1 : -1;
}

static int judge_left(struct round *round)
{
    futures_status end = futures_wait(round->made, FUTURES_NEVER);
    const futures_error *error = futures_error_of(round->made);
    int pending = slots(round, FUTURES_PENDING);
    if (end != FUTURES_FAILED || error == NULL || pending < 1 || pending > 2 ||
        pending + atomic_load(&round->told) != WIDTH)
        return -1;
    return error->code - 1;
}

static void make_shield(struct round *round)
{
    make_set(round);
    round->made = futures_shield(round->set[0]);
    round->acts[0] = keep_all;
    round->acts[1] = cancel_made;
}

static int judge_shield(struct round *round)
{
    futures_status end = futures_wait(round->made, FUTURES_NEVER);
    futures_status behind = futures_wait(round->set[0], FUTURES_NEVER);
    if (behind != FUTURES_OK)
        return -1;
    if (end == FUTURES_OK)
        return futures_value(round->made) == &round->freed ? 0 : -1;
    return end == FUTURES_CANCELLED ? 1 : -1;
}

static struct kind kinds[] = {
    {{"any", {"first", "second"}, {0, 0}, 0}, make_any, judge_any},
    {{"cancel", {"kept", "cancelled"}, {0, 0}, 0},
     make_cancelled,
     judge_stopped},
    {{"token", {"kept", "fired"}, {0, 0}, 0}, make_fired, judge_stopped},
    {{"leave", {"first", "second"}, {0, 0}, 0}, make_left, judge_left},
    {{"shield", {"kept", "cancelled"}, {0, 0}, 0}, make_shield, judge_shield},
};

static void *act(void *arg)
{
    int side = *(int *)arg;
    struct chance chance = {seed + (uint64_t)side};
    for (unsigned long seen = 0;;) {
        unsigned long now = atomic_load(&turn);
        if (now == ULONG_MAX)
            return NULL;
        if (now == seen) {
            sched_yield();
            continue;
        }
        seen = now;
        if ((side == 0) == (lead > 0))
            race_pause(chance_below(
                &chance, (uint64_t)(lead > 0 ? lead : -lead) + JITTER));
        current.acts[side](&current);
        atomic_fetch_add(&acted, 1);
    }
}

/* Who won has to wait longer next time. */
static void steer(int won)
{
    int64_t step = (lead > 0 ? lead : -lead) / 16 + 4;
    lead += won == 0 ? step : -step;
    if (lead > RACE_LONGEST)
        lead = RACE_LONGEST;
    if (lead < -RACE_LONGEST)
        lead = -RACE_LONGEST;
    race_count(&kind->race, won);
}

/* The values of those that ended OK, or were too late, are counted once. */
static bool play(unsigned long round)
{
    memset(&current, 0, sizeof current);
    kind->make(&current);
    atomic_store(&turn, round);
    int side = kind->judge(&current);
    await_acts(round);
    futures_release(current.made);
    futures_release_all(current.set, WIDTH);
    futures_token_release(current.token);
    if (side < 0 ||
        (current.acts[0] == keep_all && atomic_load(&current.freed) != WIDTH))
        return false;
    steer(side);
    return true;
}

int main(int argc, char *argv[])
{
    unsigned long rounds =
        argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    int sides[2] = {0, 1};
    bool right = true;
    bool fair = true;
    unsigned long round = 0;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    kind = kinds;
    pthread_t actors[2] = {race_start(act, &sides[0]),
                           race_start(act, &sides[1])};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && right; i++) {
        kind = &kinds[i];
        lead = 0;
        for (unsigned long n = 0; n < rounds && right; n++)
            right = play(++round);
        printf("%s", right ? "" : "wrong: ");
        fair = race_was_fair(&kind->race) && fair;
    }
    atomic_store(&turn, ULONG_MAX);
    pthread_join(actors[0], NULL);
    pthread_join(actors[1], NULL);
    return stress_status(right, fair);
}
