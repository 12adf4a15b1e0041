/* A futures_any that runs in a task, so that the test can act once that task
 * is parked in it. Include support/test.h first: some of it asserts. */
#ifndef FUTURES_TESTS_RACING_H
#define FUTURES_TESTS_RACING_H

#include <stddef.h>

#include <futures/any.h>

#include "support/gathering.h"

/* A call of futures_any and what it gave, as a task's argument. */
struct racing {
    futures_future *const *futures;
    size_t count;
    futures_gather_options options;
    size_t winner;
    futures_status status;
};

static inline struct racing race_of(futures_future *const futures[],
                                    size_t count)
{
    struct racing racing = {futures, count, FUTURES_GATHER_OPTIONS_INIT, 77,
                            FUTURES_PENDING};
    return racing;
}

static inline void *racing_run(void *arg)
{
    struct racing *racing = arg;
    racing->status = futures_any(racing->futures, racing->count,
                                 &racing->winner, &racing->options);
    return arg;
}

static inline futures_future *start_race(futures_pool *pool,
                                         struct racing *racing)
{
    uint64_t before = parked(pool);
    futures_future *task = futures_submit(pool, racing_run, racing);
    eventually(parked(pool) == before + 1);
    return task;
}

static inline futures_status end_race(futures_future *task,
                                      const struct racing *racing)
{
    futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    return racing->status;
}

#endif
