/* Who joins waits for the thread that took the other part: so circles go by
 * way of that, too, and the one who can be told is. */
#include "support/test.h"

#include "support/joins.h"
#include "support/waiters.h"

/* A task that gathers a child, which joins two calls; the one that another
 * worker took waits for the task beneath. */
struct joiner {
    struct meeting meeting;
    struct gate gate; /* opens once `own` is set */
    struct gate busy; /* the other worker, until the child runs */
    futures_pool *pool;
    futures_future *own;
    bool taker_first;
    futures_status joined;
    futures_status waited;
};

static void *first_call(void *arg)
{
    struct joiner *joiner = arg;
    if (joiner->taker_first)
        eventually(parked(joiner->pool) == 1);
    return arg;
}

static void *taken_call(void *arg)
{
    struct joiner *joiner = arg;
    if (!joiner->taker_first)
        eventually(parked(joiner->pool) == 1);
    joiner->waited = futures_wait(joiner->own, FUTURES_NEVER);
    return arg;
}

static void *join_them(void *arg)
{
    struct joiner *joiner = arg;
    futures_call calls[] = {{meet_first, &joiner->meeting},
                            {meet_second, &joiner->meeting}};
    futures_outcome outcomes[2];
    gate_open(&joiner->busy);
    joiner->joined = futures_join(joiner->pool, calls, 2, outcomes);
    return arg;
}

static void *gather_joiner(void *arg)
{
    struct joiner *joiner = arg;
    gate_pass(&joiner->gate);
    futures_submit_detached(joiner->pool, gate_task, &joiner->busy, NULL);
    cr_assert(gate_await_arrivals(&joiner->busy, 1));
    futures_future *child = futures_submit(joiner->pool, join_them, joiner);
    futures_status status = futures_gather(&child, 1, NULL, NULL);
    futures_release(child);
    return status == FUTURES_OK ? arg : NULL;
}

static void check_joiner(bool taker_first)
{
    struct joiner joiner = {.pool = pool_of(2), .taker_first = taker_first};
    gate_init(&joiner.gate);
    gate_init(&joiner.busy);
    meeting_init(&joiner.meeting, first_call, taken_call);
    joiner.meeting.args[0] = &joiner;
    joiner.meeting.args[1] = &joiner;
    joiner.own = futures_submit(joiner.pool, gather_joiner, &joiner);
    gate_open(&joiner.gate);
    assert_status(futures_wait(joiner.own, FUTURES_NEVER), FUTURES_OK);
    cr_assert_eq(futures_value(joiner.own), &joiner);
    assert_status(joiner.joined, FUTURES_OK);
    assert_status(joiner.waited, FUTURES_DEADLOCK);
    futures_release(joiner.own);
    futures_pool_destroy(joiner.pool);
    meeting_destroy(&joiner.meeting);
    gate_destroy(&joiner.busy);
    gate_destroy(&joiner.gate);
}

Test(deadlock, a_taken_half_that_waits_for_its_joiner_is_told)
{
    check_joiner(true);
    check_joiner(false);
}
