/* `circle_stress [ROUNDS [SEED]]`. Tasks that each wait for another one, or
 * for nothing, at random: for the task itself, or by way of a gather that
 * holds no thread, a task after it, or a shield. In each circle just one is
 * told, and without a circle nobody is, whatever the order in which they come.
 * Fails if rounds with or without circles are rarer than 5 %. */
#include <futures/futures.h>

#include "support/helpers.h"
#include "support/race.h"

enum { DEFAULT_ROUNDS = SLICE(20000), TASKS = 4, NOBODY = TASKS };

struct node {
    struct gate *gate;
    futures_future *task;
    futures_future *way; /* to the other; what it waits for */
    unsigned pause;
    bool gathers;
    futures_status status;
};

static void *wait_for_way(void *arg)
{
    struct node *node = arg;
    gate_pass(node->gate);
    race_pause(node->pause);
    if (node->way == NULL)
        return arg;
    node->status = node->gathers ? futures_gather(&node->way, 1, NULL, NULL)
                                 : futures_wait(node->way, FUTURES_NEVER);
    return arg;
}

static futures_future *way_to(futures_future *task, futures_pool *pool,
                              unsigned how)
{
    switch (how) {
    case 0:
        return futures_gather_async(&task, 1, NULL);
    case 1:
        return futures_then(pool, &task, 1, return_arg, NULL);
    case 2:
        return futures_shield(task);
    default:
        return futures_retain(task);
    }
}

static unsigned count_circles(const unsigned others[TASKS])
{
    unsigned circles = 0;
    for (unsigned i = 0; i < TASKS; i++) {
        unsigned least = i;
        unsigned at = others[i];
        unsigned steps = 0;
        while (at != NOBODY && at != i && steps++ < TASKS) {
            least = at < least ? at : least;
            at = others[at];
        }
        circles += at == i && least == i;
    }
    return circles;
}

static unsigned draw(struct chance *chance, unsigned limit)
{
    return (unsigned)chance_below(chance, limit);
}

static void make_ways(struct node nodes[TASKS], unsigned others[TASKS],
                      futures_pool *pool, struct chance *chance)
{
    for (unsigned i = 0; i < TASKS; i++) {
        others[i] = draw(chance, TASKS + 1);
        nodes[i].pause = draw(chance, 300);
        nodes[i].gathers = draw(chance, 2) == 0;
        if (others[i] != NOBODY)
            nodes[i].way =
                way_to(nodes[others[i]].task, pool, draw(chance, 6));
    }
}

/* returns  whether all is right */
static bool end_all(struct node nodes[TASKS], unsigned circles)
{
    unsigned told = 0;
    bool right = true;
    for (unsigned i = 0; i < TASKS; i++) {
        right =
            futures_wait(nodes[i].task, futures_in_ms(20000)) == FUTURES_OK &&
            right;
        told += nodes[i].status == FUTURES_DEADLOCK;
    }
    if (!right || told != circles) {
        printf("told %u of %u\n", told, circles);
        return false;
    }
    for (unsigned i = 0; i < TASKS; i++) {
        futures_release(nodes[i].way);
        futures_release(nodes[i].task);
    }
    return true;
}

static bool try_one(futures_pool *pool, struct race *race,
                    struct chance *chance)
{
    struct gate gate;
    struct node nodes[TASKS] = {0};
    unsigned others[TASKS];
    gate_init(&gate);
    for (unsigned i = 0; i < TASKS; i++) {
        nodes[i].gate = &gate;
        nodes[i].task = futures_submit(pool, wait_for_way, &nodes[i]);
    }
    if (!gate_await_arrivals(&gate, TASKS))
        return false;
    make_ways(nodes, others, pool, chance);
    unsigned circles = count_circles(others);
    gate_open(&gate);
    bool right = end_all(nodes, circles);
    race_count(race, circles > 0);
    gate_destroy(&gate);
    return right;
}

int main(int argc, char *argv[])
{
    struct race race = {"a round", {"none", "circles"}, {0}, 0};
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 17;
    struct chance chance = {seed};
    futures_pool *pool = pool_of(TASKS);
    bool right = true;
    printf("seed %" PRIu64 "\n", seed);
    for (uint64_t i = 0; i < rounds && right; i++)
        right = try_one(pool, &race, &chance);
    if (!right) {
        printf("wrong\n");
        return 1;
    }
    futures_pool_destroy(pool);
    return stress_status(right, race_was_fair(&race));
}
