/* What the tests of groups share: groups with one limit or another, members
 * that run at a gate and count how many do, and a group's gather in a task.
 * Include support/test.h first. */
#ifndef FUTURES_TESTS_GROUPS_H
#define FUTURES_TESTS_GROUPS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/gathering.h"

/* NULL where none could be made: used in tasks too, it does not assert. */
static inline futures_group *group_with(futures_pool *pool,
                                        const futures_group_options *options)
{
    futures_group *group = NULL;
    futures_group_create(&group, pool, options);
    return group;
}

/* At most that many at once. */
static inline futures_group *group_of(futures_pool *pool, size_t max_running)
{
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    options.max_running = max_running;
    return group_with(pool, &options);
}

static inline futures_group *group_on_error(futures_pool *pool,
                                            futures_on_error on_error)
{
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    options.on_error = on_error;
    return group_with(pool, &options);
}

/* Submits one and lets go of it. */
static inline void group_add(futures_group *group, futures_fn fn, void *arg)
{
    futures_release(futures_group_submit(group, fn, arg, NULL));
}

static inline void group_add_key(futures_group *group, futures_fn fn,
                                 void *arg, const char *key)
{
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    options.key = key;
    futures_release(futures_group_submit(group, fn, arg, &options));
}

/* How many run at once, and the most that did. */
struct crowd {
    struct gate gate;
    atomic_int now;
    atomic_int most;
    atomic_int all;
};

static inline void crowd_init(struct crowd *crowd)
{
    gate_init(&crowd->gate);
    atomic_init(&crowd->now, 0);
    atomic_init(&crowd->most, 0);
    atomic_init(&crowd->all, 0);
}

/* Counts itself, passes the gate and leaves. */
static inline void *crowd_run(void *arg)
{
    struct crowd *crowd = arg;
    int now = atomic_fetch_add(&crowd->now, 1) + 1;
    int most = atomic_load(&crowd->most);
    while (now > most &&
           !atomic_compare_exchange_weak(&crowd->most, &most, now)) {
    }
    gate_pass(&crowd->gate);
    atomic_fetch_add(&crowd->all, 1);
    atomic_fetch_sub(&crowd->now, 1);
    return arg;
}

/* Members write down the order in which they begin. */
struct order {
    atomic_size_t count;
    size_t begun[1000];
};

struct step {
    struct order *order;
    size_t number;
};

static inline void *step_run(void *arg)
{
    struct step *step = arg;
    step->order->begun[atomic_fetch_add(&step->order->count, 1)] =
        step->number;
    return arg;
}

/* A group's gather, as a task. */
struct group_gathering {
    futures_group *group;
    futures_outcome *outcomes;
    size_t count;
    futures_status status;
};

static inline void *group_gathering_run(void *arg)
{
    struct group_gathering *gathering = arg;
    gathering->status = futures_group_gather(
        gathering->group, &gathering->outcomes, &gathering->count);
    return arg;
}

static inline uint64_t queued_in(futures_pool *pool)
{
    futures_stats stats = FUTURES_STATS_INIT;
    futures_pool_stats(pool, &stats);
    return stats.queued;
}

#endif
