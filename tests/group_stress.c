/* Groups under everything at once: group_stress [ROUNDS [SEED]]. Several
 * threads and the members themselves submit with and without keys, deadlines
 * and tokens of their own, wait for members, take with next, gather and
 * cancel, and the group is destroyed as its last members end. Each argument is
 * freed once, limits hold, and nothing is left. A race between a member's end
 * and a cancel is counted: either side has to win often. */
#include <stdio.h>
#include <string.h>

#include <futures/futures.h>

#include "support/helpers.h"
#include "support/lane.h"
#include "support/race.h"

enum {
    THREADS = 3,
    EACH = 40,
    SPAWN = 2,
    KEYS = 3,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 150 : 1500
};

struct round {
    futures_group *group;
    size_t max_running;
    size_t per_key;
    atomic_int now;
    atomic_int key_now[KEYS];
    atomic_int over; /* a limit was exceeded */
    atomic_int freed;
    atomic_int submitted;
    struct race *race;
    uint64_t seed;
};

struct work {
    struct round *round;
    uint64_t chance;
    int key; /* -1: none */
    bool child;
};

static void fail(const char *what)
{
    fprintf(stderr, "group_stress: %s\n", what);
    abort();
}

static void free_work(void *arg)
{
    struct work *work = arg;
    atomic_fetch_add(&work->round->freed, 1);
    free(work);
}

static futures_future *submit_work(struct round *round, uint64_t seed,
                                   const struct work *parent);

static void come(struct round *round, int key)
{
    int now = atomic_fetch_add(&round->now, 1) + 1;
    if (round->max_running > 0 && now > (int)round->max_running)
        atomic_fetch_add(&round->over, 1);
    if (key >= 0) {
        now = atomic_fetch_add(&round->key_now[key], 1) + 1;
        if (round->per_key > 0 && now > (int)round->per_key)
            atomic_fetch_add(&round->over, 1);
    }
}

static void go(struct round *round, int key)
{
    atomic_fetch_sub(&round->now, 1);
    if (key >= 0)
        atomic_fetch_sub(&round->key_now[key], 1);
}

/* A member that waits for another counts as gone meanwhile: its place is
 * lent, or idle. */
static void spawn(struct work *work)
{
    struct chance chance = {work->chance | 1};
    futures_future *children[SPAWN];
    for (int i = 0; i < SPAWN; i++)
        children[i] =
            submit_work(work->round, chance.state + (uint64_t)i * 7, work);
    if (chance_below(&chance, 2) == 0) {
        go(work->round, work->key);
        futures_wait(children[0], FUTURES_NEVER);
        come(work->round, work->key);
    }
    futures_release_all(children, SPAWN);
}

static void *run_work(void *arg)
{
    struct work *work = arg;
    struct chance chance = {work->chance | 1};
    come(work->round, work->key);
    race_pause(chance_below(&chance, 200));
    if (!work->child)
        spawn(work);
    go(work->round, work->key);
    if (chance_below(&chance, 300) == 0)
        futures_throw(1, "now and then");
    return NULL;
}

/* Children with keys of others could wait for each other in a circle. */
static int choose_key(struct chance *chance, const struct work *parent)
{
    if (chance_below(chance, 2) == 0)
        return -1;
    return parent != NULL ? parent->key : (int)chance_below(chance, KEYS);
}

static futures_future *submit_work(struct round *round, uint64_t seed,
                                   const struct work *parent)
{
    static const char *const names[KEYS] = {"a", "b", "c"};
    struct chance chance = {seed | 1};
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    struct work *work = malloc(sizeof *work);
    if (work == NULL)
        abort();
    chance_below(&chance, 2);
    *work = (struct work){round, chance.state, choose_key(&chance, parent),
                          parent != NULL};
    options.arg_free = free_work;
    options.key = work->key >= 0 ? names[work->key] : NULL;
    if (chance_below(&chance, 5) == 0)
        options.token = futures_token_none();
    if (chance_below(&chance, 20) == 0)
        options.deadline =
            futures_now() + (int64_t)chance_below(&chance, 9999);
    atomic_fetch_add(&round->submitted, 1);
    return futures_group_submit(round->group, run_work, work, &options);
}

/* Cancels one that was submitted some time ago: longer ago where the last was
 * still in time, and else not so long. */
static void cancel_older(struct round *round, futures_future *futures[],
                         int count, int *ago)
{
    int index = count - 1 - *ago;
    bool in_time;
    if (index < 0)
        return;
    in_time = futures_cancel(futures[index]) == FUTURES_CANCELLED;
    race_count(round->race, in_time);
    if (in_time && *ago < EACH / 2)
        ++*ago;
    else if (!in_time && *ago > 0)
        --*ago;
}

struct actor {
    struct round *round;
    unsigned number;
};

static void *act(void *arg)
{
    struct actor *actor = arg;
    struct round *round = actor->round;
    struct chance chance = {(round->seed + actor->number * 977) | 1};
    futures_future *futures[EACH];
    int ago = EACH / 4;
    for (int i = 0; i < EACH; i++) {
        futures_future *future =
            submit_work(round, chance.state + (uint64_t)i * 131, NULL);
        futures[i] = future;
        if (actor->number == 0)
            cancel_older(round, futures, i + 1, &ago);
        if (actor->number == 1 && chance_below(&chance, 4) == 0 &&
            futures_group_next(round->group, &future,
                               chance_below(&chance, 2) == 0
                                   ? FUTURES_POLL
                                   : FUTURES_NEVER) == FUTURES_INVALID)
            fail("next is invalid");
        if (actor->number == 2 && chance_below(&chance, 200) == 0)
            futures_group_cancel(round->group, 4, "at times");
    }
    futures_release_all(futures, EACH);
    return NULL;
}

static void check_round(struct round *round)
{
    if (atomic_load(&round->freed) != atomic_load(&round->submitted))
        fail("an argument was not freed, or twice");
    if (atomic_load(&round->over) > 0)
        fail("a limit was exceeded");
}

static void run_round(futures_pool *pool, struct round *round)
{
    static const size_t limits[] = {0, 1, 2, 3};
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    struct actor actors[THREADS];
    pthread_t threads[THREADS];
    struct chance chance = {round->seed | 1};
    futures_outcome *outcomes;
    size_t count;
    options.max_running = round->max_running =
        limits[chance_below(&chance, 4)];
    options.per_key = round->per_key = limits[chance_below(&chance, 3)];
    options.on_error = (futures_on_error)chance_below(&chance, 2);
    if (futures_group_create(&round->group, pool, &options) != FUTURES_OK)
        fail("no group");
    for (unsigned i = 0; i < THREADS; i++) {
        actors[i] = (struct actor){round, i};
        threads[i] = race_start(act, &actors[i]);
    }
    for (int i = 0; i < 3; i++)
        (void)futures_group_gather(round->group, &outcomes, &count);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (chance_below(&chance, 2) == 0) {
        (void)futures_group_gather(round->group, &outcomes, &count);
        if (futures_group_gather(round->group, &outcomes, &count) !=
                FUTURES_OK ||
            count != 0)
            fail("something is left after a gather");
    }
    futures_group_destroy(round->group);
    check_round(round);
}

int main(int argc, char **argv)
{
    struct race race = {.name = "cancel of a member",
                        .sides = {"too late", "in time"}};
    long rounds = argc > 1 ? atol(argv[1]) : DEFAULT_ROUNDS;
    uint64_t seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
    futures_pool *pool = pool_of(3);
    for (long i = 0; i < rounds; i++) {
        struct round round = {.race = &race,
                              .seed = seed + (uint64_t)i * 7919};
        run_round(pool, &round);
    }
    futures_pool_destroy(pool);
    return race_was_fair(&race) ? 0 : UNSETTLED;
}
