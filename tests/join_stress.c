/* `join_stress [ROUNDS [SEED]]`: trees of joins with calls of uneven length,
 * made outside or in a task. Some throw or fail, some leave tasks behind, and
 * some are cancelled. Each call begins once at most, an OK slot has begun, and
 * a round without errors has begun all. Halves that nobody takes show as
 * little as halves that are always taken: fails if either are less than
 * 5 %. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <futures/futures.h>

#include "support/lane.h"
#include "support/race.h"

enum {
    WIDEST = 6,
    DEEPEST = 3,
    NODES = 1 << 12,
    WORKERS = 3,
    PAUSE = 1 << 13,
    DEFAULT_ROUNDS = TESTS_ARE_SLOW ? 600 : 4000
};

struct node {
    unsigned depth;
    uint64_t salt;
    pthread_t submitter; /* the thread that joined it */
    atomic_uint begun;
};

/* Of the main thread, but for what the calls count. */
static struct round {
    futures_pool *pool;
    bool smooth; /* nothing throws, and nobody cancels */
    atomic_uint made;
    atomic_bool wrong;
    struct node nodes[NODES];
} current;

static atomic_ulong stolen;
static atomic_ulong kept;
static atomic_ulong thrown;
static atomic_ulong stopped;

static void *run_node(void *arg);

static void expect(bool holds)
{
    if (!holds)
        atomic_store(&current.wrong, true);
}

/* returns  NULL where there are enough */
static struct node *make_node(unsigned depth, uint64_t salt)
{
    unsigned index = atomic_fetch_add(&current.made, 1);
    if (index >= NODES)
        return NULL;
    struct node *node = &current.nodes[index];
    node->depth = depth;
    node->salt = salt | 1;
    node->submitter = pthread_self();
    atomic_store(&node->begun, 0);
    return node;
}

static void check_outcome(const futures_outcome *outcome, struct node *node)
{
    unsigned begun = atomic_load(&node->begun);
    expect(begun <= 1);
    expect(outcome->status != FUTURES_OK ||
           (begun == 1 && outcome->value == node));
    expect(outcome->status != FUTURES_FAILED || begun == 1);
    expect(outcome->status == FUTURES_OK || !current.smooth);
    expect((outcome->error != NULL) == (outcome->status == FUTURES_FAILED));
    if (outcome->status == FUTURES_FAILED)
        atomic_fetch_add(&thrown, 1);
    else if (outcome->status == FUTURES_CANCELLED)
        atomic_fetch_add(&stopped, 1);
}

static void join_below(unsigned depth, struct chance *chance)
{
    futures_call calls[WIDEST];
    futures_outcome outcomes[WIDEST];
    size_t wanted = 1 + chance_below(chance, WIDEST);
    size_t count = 0;
    while (count < wanted) {
        struct node *node = make_node(depth - 1, chance->state + count);
        if (node == NULL)
            break;
        calls[count++] = (futures_call){run_node, node};
    }
    futures_status status = futures_join(current.pool, calls, count, outcomes);
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        check_outcome(&outcomes[i], calls[i].arg);
        all = all && outcomes[i].status == FUTURES_OK;
    }
    expect((status == FUTURES_OK) == all);
    futures_outcomes_free(outcomes, count);
}

static void *return_arg(void *arg)
{
    return arg;
}

/* Above the half in the deque, or run here. */
static void leave_behind(struct chance *chance)
{
    futures_future *future =
        futures_submit(current.pool, return_arg, &current);
    if (chance_below(chance, 2) == 0)
        futures_wait(future, FUTURES_NEVER);
    futures_release(future);
}

static void dawdle(struct chance *chance)
{
    uint64_t turns = chance_below(chance, PAUSE);
    if (chance_below(chance, 4) == 0)
        race_pause(chance_below(chance, 64) == 0 ? RACE_LONGEST : turns);
}

static void end_early(struct node *node, struct chance *chance)
{
    switch (chance_below(chance, 64)) {
    case 0:
        futures_throw(7, "node %u", node->depth);
    case 1:
        futures_fail(8, "node %u", node->depth);
        break;
    case 2:
        futures_checkpoint();
        break;
    default:
        break;
    }
}

static void *run_node(void *arg)
{
    struct node *node = arg;
    struct chance chance = {node->salt};
    chance_below(&chance, 2);
    expect(atomic_fetch_add(&node->begun, 1) == 0);
    atomic_fetch_add(
        pthread_equal(node->submitter, pthread_self()) ? &kept : &stolen, 1);
    dawdle(&chance);
    if (chance_below(&chance, 16) == 0)
        leave_behind(&chance);
    if (node->depth > 0)
        join_below(node->depth, &chance);
    if (!current.smooth)
        end_early(node, &chance);
    return node;
}

static void *run_round(void *arg)
{
    struct chance chance = {(uint64_t)(uintptr_t)arg | 1};
    join_below(DEEPEST, &chance);
    return NULL;
}

static bool check(struct chance *chance)
{
    void *salt = (void *)(uintptr_t)chance_below(chance, UINT32_MAX);
    bool cancels;
    current.smooth = chance_below(chance, 2) == 0;
    cancels = !current.smooth && chance_below(chance, 2) == 0;
    atomic_store(&current.made, 0);
    atomic_store(&current.wrong, false);
    if (chance_below(chance, 4) == 0) {
        run_round(salt);
    } else {
        futures_future *task = futures_submit(current.pool, run_round, salt);
        if (cancels) {
            race_pause(chance_below(chance, RACE_LONGEST));
            futures_cancel(task);
        }
        futures_wait(task, FUTURES_NEVER);
        futures_release(task);
    }
    unsigned made = atomic_load(&current.made);
    made = made < NODES ? made : NODES;
    for (unsigned i = 0; i < made; i++)
        expect(atomic_load(&current.nodes[i].begun) <= 1 &&
               (!current.smooth || atomic_load(&current.nodes[i].begun) == 1));
    return !atomic_load(&current.wrong);
}

int main(int argc, char *argv[])
{
    unsigned long rounds =
        argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct chance chance = {seed * 2 + 1};
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = WORKERS;
    if (futures_pool_create(&current.pool, &options) != FUTURES_OK)
        return 1;
    for (unsigned long i = 0; i < rounds; i++) {
        if (!check(&chance)) {
            printf("round %lu of seed %lu: wrong\n", i, seed);
            return 1;
        }
    }
    futures_pool_destroy(current.pool);
    unsigned long all = stolen + kept;
    printf("%lu rounds, %lu calls: %lu stolen, %lu failed, %lu cancelled\n",
           rounds, all, stolen, thrown, stopped);
    return stress_status(true, stolen * 20 >= all && kept * 20 >= all);
}
