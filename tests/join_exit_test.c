/* Threads that exit inside a call: that call has failed, whatever its thread
 * had begun has an outcome, and nobody runs what lay on its stack. */
#include "support/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "support/joins.h"

static void *exit_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

static void expect_exited(const futures_outcome *outcome)
{
    assert_status(outcome->status, FUTURES_FAILED);
    cr_assert_eq(outcome->error->code, ECANCELED);
}

/* One of three, on one worker. */
static void check_exit(size_t at, bool inside)
{
    atomic_int heard = 0;
    atomic_int counter = 0;
    futures_outcome outcomes[3];
    futures_pool *pool = hearing_pool(1, &heard);
    futures_call calls[3];
    for (size_t i = 0; i < 3; i++)
        calls[i] = (futures_call){count_task, &counter};
    calls[at].fn = exit_thread;
    if (inside)
        join_in_task(pool, calls, 3, outcomes);
    else
        assert_status(futures_join(pool, calls, 3, outcomes), FUTURES_FAILED);
    cr_assert_eq(atomic_load(&counter), (int)at);
    cr_assert_eq(with_status(outcomes, at, FUTURES_OK), at);
    expect_exited(&outcomes[at]);
    cr_assert_eq(with_status(&outcomes[at], 3 - at, FUTURES_CANCELLED),
                 2 - at);
    futures_outcomes_free(outcomes, 3);
    calls[at].fn = count_task;
    assert_status(futures_join(pool, calls, 3, NULL), FUTURES_OK);
    futures_pool_destroy(pool);
    cr_assert_eq(atomic_load(&heard), inside ? 1 : 0);
}

Test(join_exit, fails_the_call_and_cancels_what_has_not_begun)
{
    for (size_t at = 0; at < 3; at++) {
        check_exit(at, false);
        check_exit(at, true);
    }
}

/* The one on `side` exits while the other one runs on another worker. */
static void check_exit_of(size_t side, bool both)
{
    struct meeting meeting;
    futures_outcome outcomes[2];
    futures_pool *pool = pool_of(2);
    futures_fn other = both ? exit_thread : run_until_cancelled;
    meeting_init(&meeting, other, other);
    meeting.then[side] = exit_thread;
    (void)meet(pool, &meeting, outcomes);
    expect_exited(&outcomes[side]);
    if (both)
        expect_exited(&outcomes[1 - side]);
    else
        assert_status(outcomes[1 - side].status, FUTURES_CANCELLED);
    futures_outcomes_free(outcomes, 2);
    futures_pool_destroy(pool);
    meeting_destroy(&meeting);
}

Test(join_exit, of_either_side_stops_the_other)
{
    for (int i = 0; i < 10; i++) {
        check_exit_of(0, false);
        check_exit_of(1, false);
        check_exit_of(0, true);
    }
}

/* Whoever waits for its half runs what that offers. */
struct lent {
    futures_pool *pool;
    struct gate offered;
    struct gate taken;
    struct gate exiting;
    struct gate go_on;
    futures_outcome outcomes[2]; /* of the join in the half */
};

static void *wait_for_offer(void *arg)
{
    struct lent *lent = arg;
    gate_pass(&lent->offered);
    return arg;
}

static void *wait_until_taken(void *arg)
{
    struct lent *lent = arg;
    gate_open(&lent->offered);
    gate_pass(&lent->taken);
    gate_pass(&lent->go_on);
    return arg;
}

static void *take_and_exit(void *arg)
{
    struct lent *lent = arg;
    gate_open(&lent->taken);
    gate_open(&lent->exiting);
    pthread_exit(NULL);
}

static void *join_again(void *arg)
{
    struct lent *lent = arg;
    futures_call calls[] = {{wait_until_taken, lent}, {take_and_exit, lent}};
    futures_join(lent->pool, calls, 2, lent->outcomes);
    return arg;
}

/* Its stack goes only when the half is over, which lies there: so the task has
 * not ended while the half is held up, however long one waits. */
Test(join_exit, in_what_a_waiter_runs_meanwhile_ends_the_waiter)
{
    struct lent lent = {.pool = pool_of(2)};
    futures_call calls[] = {{wait_for_offer, &lent}, {join_again, &lent}};
    futures_outcome outcomes[2];
    struct joining joining = {lent.pool, calls, 2, outcomes, FUTURES_PENDING};
    gate_init(&lent.offered);
    gate_init(&lent.taken);
    gate_init(&lent.exiting);
    gate_init(&lent.go_on);
    futures_future *task = futures_submit(lent.pool, joining_run, &joining);
    gate_pass(&lent.exiting);
    assert_status(futures_wait(task, futures_in_ms(100)), FUTURES_TIMEOUT);
    gate_open(&lent.go_on);
    assert_status(futures_wait(task, FUTURES_NEVER), FUTURES_FAILED);
    assert_status(joining.status, FUTURES_PENDING);
    cr_assert_eq(with_status(outcomes, 2, FUTURES_OK), 2);
    assert_status(lent.outcomes[0].status, FUTURES_OK);
    expect_exited(&lent.outcomes[1]);
    futures_outcomes_free(lent.outcomes, 2);
    futures_release(task);
    calls[0].fn = calls[1].fn = count_task;
    atomic_int counter = 0;
    calls[0].arg = calls[1].arg = &counter;
    assert_status(futures_join(lent.pool, calls, 2, NULL), FUTURES_OK);
    futures_pool_destroy(lent.pool);
    gate_destroy(&lent.offered);
    gate_destroy(&lent.taken);
    gate_destroy(&lent.exiting);
    gate_destroy(&lent.go_on);
}
