/* row 51: malloc fails at the k-th call, for every k, in each call of a group:
 * it says so, nothing has changed, and the same call works later. */
#include "support/test.h"

#include <stdatomic.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

static void create_one(void)
{
    futures_pool *pool = pool_of(1);
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    futures_group *group = NULL;
    options.deadline = futures_in_ms(100000);
    sweep_begin();
    futures_status status = futures_group_create(&group, pool, &options);
    bool met = sweep_end();
    expect(status == FUTURES_OK ||
           (met && (status == FUTURES_NOMEM || status == FUTURES_SYSTEM)));
    expect((group != NULL) == (status == FUTURES_OK));
    futures_group_destroy(group);
    expect(futures_group_create(&group, pool, NULL) == FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_group)
{
    sweep(FAULT_MEMORY, create_one);
}

/* Members with a place and without, with keys, deadlines and tokens. */
static void submit_some(void)
{
    enum { FEW = 8 };
    static const char *const keys[] = {NULL, "a", "b"};
    struct counted counted = {0};
    struct gate gate;
    gate_init(&gate);
    futures_pool *pool = pool_of(1);
    futures_group_options options = FUTURES_GROUP_OPTIONS_INIT;
    futures_task_options task = counted_options();
    futures_group *group = NULL;
    futures_future *futures[FEW];
    size_t count = 0;
    size_t left = 0;
    options.max_running = 2;
    options.per_key = 1;
    expect(futures_group_create(&group, pool, &options) == FUTURES_OK);
    futures_future *first = futures_group_submit(group, gate_task, &gate, 0);
    sweep_begin();
    for (int i = 0; i < FEW; i++) {
        task.key = keys[i % 3];
        task.deadline = i % 4 == 3 ? futures_in_ms(100000) : FUTURES_NEVER;
        task.token = i % 5 == 4 ? futures_token_none() : NULL;
        futures[i] = futures_group_submit(group, counted_run, &counted, &task);
    }
    bool met = sweep_end();
    for (int i = 0; i < FEW; i++) {
        futures_status status = futures_poll(futures[i]);
        left += status == FUTURES_NOMEM || status == FUTURES_SYSTEM;
    }
    expect(left == 0 || met);
    gate_open(&gate);
    expect(futures_group_gather(group, NULL, &count) == FUTURES_OK);
    expect(atomic_load(&counted.arg_freed) == FEW);
    expect(atomic_load(&counted.ran) == (int)(FEW - left));
    futures_release(first);
    futures_release_all(futures, FEW);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
    gate_destroy(&gate);
}

/* row 51 */
Test(no_memory, for_a_member_of_a_group)
{
    sweep(FAULT_MEMORY, submit_some);
}

/* After a cancel, so that a new token is needed, too. */
static void gather_some(void)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = NULL;
    futures_outcome *outcomes;
    size_t count = 0;
    expect(futures_group_create(&group, pool, NULL) == FUTURES_OK);
    for (int i = 0; i < 3; i++)
        futures_release(futures_group_submit(group, return_arg, &count, NULL));
    while (futures_pool_wait(pool, FUTURES_NEVER) != FUTURES_OK) {
    }
    futures_group_cancel(group, 0, NULL);
    sweep_begin();
    futures_status status = futures_group_gather(group, &outcomes, &count);
    bool met = sweep_end();
    expect(status == FUTURES_OK || (met && status == FUTURES_NOMEM));
    if (status != FUTURES_OK) {
        expect(outcomes == NULL && count == 0);
        expect(futures_group_gather(group, &outcomes, &count) == FUTURES_OK);
    }
    expect(count == 3);
    futures_release(futures_group_submit(group, return_arg, &count, NULL));
    expect(futures_group_gather(group, NULL, NULL) == FUTURES_OK);
    futures_group_destroy(group);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_the_outcomes_of_a_group)
{
    sweep(FAULT_MEMORY, gather_some);
}

/* What waits, cancels and destroys while a member runs. */
static void wait_and_cancel(void)
{
    futures_pool *pool = pool_of(1);
    futures_group *group = NULL;
    futures_future *future;
    expect(futures_group_create(&group, pool, NULL) == FUTURES_OK);
    futures_future *member =
        futures_group_submit(group, run_until_cancelled, NULL, NULL);
    sweep_begin();
    futures_status status =
        futures_group_next(group, &future, futures_in_ms(1));
    bool met = sweep_end();
    expect(status == FUTURES_TIMEOUT || (met && status == FUTURES_NOMEM));
    sweep_begin();
    futures_group_cancel(group, 9, "no memory is needed for this");
    futures_group_close(group);
    futures_group_destroy(group);
    (void)sweep_end();
    expect(futures_poll(member) == FUTURES_CANCELLED);
    futures_release(member);
    futures_pool_destroy(pool);
}

/* row 51 */
Test(no_memory, for_a_wait_in_a_group_and_none_is_needed_for_its_end)
{
    sweep(FAULT_MEMORY, wait_and_cancel);
}
