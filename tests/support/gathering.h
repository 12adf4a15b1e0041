/* What the tests of gather and of cancellation share: a gather that runs in a
 * task, so that the test can act once that task is parked in it; promises and
 * tasks that end in a known way; pools and tokens in one call. Include
 * support/test.h first: some of it asserts. */
#ifndef FUTURES_TESTS_GATHERING_H
#define FUTURES_TESTS_GATHERING_H

#include <stddef.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/gate.h"
#include "support/helpers.h"
#include "support/lane.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Names both statuses where they differ. */
#define assert_status(actual, expected)                     \
    do {                                                    \
        futures_status got_ = (actual);                     \
        cr_assert_eq(got_, (expected), "got %s, wanted %s", \
                     futures_status_name(got_),             \
                     futures_status_name(expected));        \
    } while (0)

/* A gather and what it gave, as the argument of gathering_run. */
struct gathering {
    futures_future *const *futures;
    size_t count;
    futures_outcome *outcomes;
    futures_gather_options options;
    futures_status status;
};

static inline struct gathering gathering_of(futures_future *const futures[],
                                            size_t count,
                                            futures_outcome outcomes[])
{
    struct gathering gathering = {futures, count, outcomes,
                                  FUTURES_GATHER_OPTIONS_INIT,
                                  FUTURES_PENDING};
    return gathering;
}

static inline void *gathering_run(void *arg)
{
    struct gathering *gathering = arg;
    gathering->status =
        futures_gather(gathering->futures, gathering->count,
                       gathering->outcomes, &gathering->options);
    return arg;
}

/* How many of the pool's tasks are parked in a wait. */
static inline uint64_t parked(futures_pool *pool)
{
    futures_stats stats = FUTURES_STATS_INIT;
    futures_pool_stats(pool, &stats);
    return stats.waiting;
}

/* Starts the gather on a worker that has nothing else to do and returns once
 * it is parked there. */
static inline futures_future *start_gathering(futures_pool *pool,
                                              struct gathering *gathering)
{
    uint64_t before = parked(pool);
    futures_future *task = futures_submit(pool, gathering_run, gathering);
    eventually(parked(pool) == before + 1);
    return task;
}

/* Waits for the task of start_gathering and says what its gather returned. */
static inline futures_status end_gathering(futures_future *task,
                                           const struct gathering *gathering)
{
    futures_wait(task, FUTURES_NEVER);
    futures_release(task);
    return gathering->status;
}

/* A slot of a gather_async that has ended. */
static inline void check_slot(const futures_future *gathered, size_t index,
                              futures_status status)
{
    size_t count = 0;
    const futures_outcome *outcomes = futures_outcomes(gathered, &count);
    cr_assert(outcomes != NULL && index < count);
    assert_status(outcomes[index].status, status);
}

static inline futures_future *resolved(void *value)
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_resolve(promise, value);
    return promise;
}

static inline futures_future *rejected(int code)
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_reject(promise, code, "rejected");
    return promise;
}

static inline futures_future *cancelled(void)
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_cancel(promise);
    return promise;
}

/* Fills the array with promises that nobody has kept yet. */
static inline void make_promises(futures_future *promises[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        promises[i] = futures_promise(NULL, NULL);
}

/* Throws the code that the argument points to. */
static inline void *throw_code(void *code)
{
    futures_throw(*(int *)code, "thrown");
}

/* Arrives at the gate and throws once it is open. */
static inline void *gate_then_throw(void *gate)
{
    gate_pass(gate);
    futures_throw(7, "from behind the gate");
}

/* Arrives at the gate, which is open, and runs until it is asked to stop. */
static inline void *arrive_and_run_until_cancelled(void *gate)
{
    gate_pass(gate);
    return run_until_cancelled(gate);
}

/* The same, but it answers a value to being asked. */
static inline void *arrive_and_return_when_asked(void *gate)
{
    gate_pass(gate);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    return gate;
}

/* The same, but it answers an error of its own. */
static inline void *arrive_and_throw_when_asked(void *gate)
{
    gate_pass(gate);
    while (futures_sleep(FUTURES_NEVER) != FUTURES_CANCELLED) {
    }
    futures_throw(15, "could not stop");
}

/* A gate that only counts arrivals. */
static inline void gate_init_open(struct gate *gate)
{
    gate_init(gate);
    gate_open(gate);
}

static inline futures_token *new_token(futures_token *parent)
{
    futures_token *token = NULL;
    assert_status(futures_token_create(&token, parent, FUTURES_NEVER),
                  FUTURES_OK);
    return token;
}

#endif
