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
