/* What the tests of join share: a join in a task of its own, and a pair of
 * calls of which the second is certainly stolen. Include support/test.h
 * first. */
#ifndef FUTURES_TESTS_JOINS_H
#define FUTURES_TESTS_JOINS_H

#include <stddef.h>

#include <futures/futures.h>

#include "support/gathering.h"
#include "support/loops.h"

/* A join and what it gave, as the argument of joining_run. */
struct joining {
    futures_pool *pool;
    const futures_call *calls;
    size_t count;
    futures_outcome *outcomes;
    futures_status status;
};

static inline void *joining_run(void *arg)
{
    struct joining *joining = arg;
    joining->status = futures_join(joining->pool, joining->calls,
                                   joining->count, joining->outcomes);
    return arg;
}

/* Joins in a task. */
static inline futures_status join_in_task(futures_pool *pool,
                                          const futures_call calls[],
                                          size_t count,
                                          futures_outcome outcomes[])
{
    struct joining joining = {pool, calls, count, outcomes, FUTURES_PENDING};
    futures_future *task = futures_submit(pool, joining_run, &joining);
    futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    return joining.status;
}

/* Two calls that meet: each arrives and goes on when the other has, so they
 * run on two workers. */
struct meeting {
    struct gate first;
    struct gate second;
    futures_fn then[2]; /* what they do then */
    void *args[2];
};

static inline void *meet_first(void *arg)
{
    struct meeting *meeting = arg;
    gate_open(&meeting->second);
    gate_pass(&meeting->first);
    return meeting->then[0](meeting->args[0]);
}

static inline void *meet_second(void *arg)
{
    struct meeting *meeting = arg;
    gate_open(&meeting->first);
    gate_pass(&meeting->second);
    return meeting->then[1](meeting->args[1]);
}

static inline void meeting_init(struct meeting *meeting, futures_fn first,
                                futures_fn second)
{
    gate_init(&meeting->first);
    gate_init(&meeting->second);
    meeting->then[0] = first;
    meeting->then[1] = second;
    meeting->args[0] = NULL;
    meeting->args[1] = NULL;
}

static inline void meeting_destroy(struct meeting *meeting)
{
    gate_destroy(&meeting->first);
    gate_destroy(&meeting->second);
}

/* Joins the two in a task of a pool that has two workers at least. */
static inline futures_status meet(futures_pool *pool, struct meeting *meeting,
                                  futures_outcome outcomes[])
{
    futures_call calls[] = {{meet_first, meeting}, {meet_second, meeting}};
    return join_in_task(pool, calls, 2, outcomes);
}

#endif
