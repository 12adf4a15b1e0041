/* Tasks that wait for given futures once a gate opens, and note what they were
 * told: for tests of waits that go in circles. Include support/test.h
 * first. */
#ifndef FUTURES_TESTS_WAITERS_H
#define FUTURES_TESTS_WAITERS_H

#include "support/gathering.h"

enum { SET_MOST = 4 };

struct waiter {
    struct gate gate;
    futures_future *task;
    futures_future *set[SET_MOST];
    size_t count;
    bool gathers; /* or else waits for the first one */
    futures_time deadline;
    futures_gather_options options;
    futures_outcome outcomes[SET_MOST];
    futures_status status;
    futures_status first_then; /* what became of the first one by then */
};

static inline void *wait_at_gate(void *arg)
{
    struct waiter *waiter = arg;
    gate_pass(&waiter->gate);
    waiter->status = waiter->gathers
                         ? futures_gather(waiter->set, waiter->count,
                                          waiter->outcomes, &waiter->options)
                         : futures_wait(waiter->set[0], waiter->deadline);
    waiter->first_then = futures_poll(waiter->set[0]);
    return waiter;
}

/* Its task arrives at its gate; what it waits for is set before that opens. */
static inline void waiter_start(struct waiter *waiter, futures_pool *pool)
{
    *waiter = (struct waiter){.deadline = FUTURES_NEVER,
                              .options = FUTURES_GATHER_OPTIONS_INIT,
                              .status = FUTURES_PENDING};
    gate_init(&waiter->gate);
    waiter->task = futures_submit(pool, wait_at_gate, waiter);
    cr_assert(gate_await_arrivals(&waiter->gate, 1));
}

static inline void waiter_wants(struct waiter *waiter, futures_future *future)
{
    waiter->set[waiter->count++] = futures_retain(future);
}

/* Opens its gate, and returns once it is parked. */
static inline void waiter_park(struct waiter *waiter, futures_pool *pool)
{
    uint64_t before = parked(pool);
    gate_open(&waiter->gate);
    eventually(parked(pool) == before + 1);
}

/* It goes on, ends well, and is given back with what it waited for. */
static inline void waiter_end(struct waiter *waiter)
{
    assert_status(futures_wait(waiter->task, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(waiter->task), waiter);
    futures_release_all(waiter->set, waiter->count);
    futures_release(waiter->task);
    gate_destroy(&waiter->gate);
}

#endif
