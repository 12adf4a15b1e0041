/* row 51: malloc fails at the k-th call, for every k, in what makes a future
 * of other futures or waits for some of them: NOMEM, and nothing was touched.
 * What brings such a future to its end needs no memory but for its error, and
 * that keeps its code. */
#include "support/test.h"

#include <errno.h>
#include <stdatomic.h>

#include <futures/futures.h>

#include "fault/sweep.h"
#include "support/helpers.h"

enum { FEW = 4 };

static void count_done(void *context, size_t index,
                       const futures_outcome *outcome)
{
    (void)index;
    (void)outcome;
    ++*(int *)context;
}

static void make_promises(futures_future *promises[])
{
    for (int i = 0; i < FEW; i++)
        promises[i] = futures_promise(NULL, NULL);
}

/* Each is still pending, and can be kept. */
static void keep_all(futures_future *promises[])
{
    for (int i = 0; i < FEW; i++)
        expect(futures_resolve(promises[i], NULL) == FUTURES_OK);
}

static void gather_async(void)
{
    int done = 0;
    futures_future *promises[FEW];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.on_done = count_done;
    options.context = &done;
    make_promises(promises);
    sweep_begin();
    futures_future *gathered = futures_gather_async(promises, FEW, &options);
    bool met = sweep_end();
    futures_status status = futures_poll(gathered);
    expect(status == (met ? FUTURES_NOMEM : FUTURES_PENDING));
    keep_all(promises);
    expect(futures_poll(gathered) == (met ? FUTURES_NOMEM : FUTURES_OK));
    expect(done == (met ? 0 : FEW));
    futures_release(gathered);
    futures_release_all(promises, FEW);
}

/* row 51 */
Test(no_memory, for_a_gather_async_touches_nothing)
{
    cr_assert_gt(sweep(FAULT_MEMORY, gather_async), 0);
}

static void gather_async_until(void)
{
    futures_future *promises[FEW];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = futures_in_ms(100000);
    make_promises(promises);
    sweep_begin();
    futures_future *gathered = futures_gather_async(promises, FEW, &options);
    bool met = sweep_end();
    expect(futures_poll(gathered) == (met ? FUTURES_SYSTEM : FUTURES_PENDING));
    keep_all(promises);
    expect(futures_poll(gathered) == (met ? FUTURES_SYSTEM : FUTURES_OK));
    futures_release(gathered);
    futures_release_all(promises, FEW);
}

Test(no_thread, for_the_deadline_of_a_gather_async_touches_nothing)
{
    cr_assert_gt(sweep(FAULT_THREAD, gather_async_until), 0);
}

static void shield(void)
{
    futures_future *promise = futures_promise(NULL, NULL);
    sweep_begin();
    futures_future *shielding = futures_shield(promise);
    bool met = sweep_end();
    expect(futures_poll(shielding) == (met ? FUTURES_NOMEM : FUTURES_PENDING));
    expect(futures_resolve(promise, NULL) == FUTURES_OK);
    expect(futures_poll(shielding) == (met ? FUTURES_NOMEM : FUTURES_OK));
    futures_release(shielding);
    futures_release(promise);
}

/* row 51 */
Test(no_memory, for_a_shield_touches_nothing)
{
    cr_assert_gt(sweep(FAULT_MEMORY, shield), 0);
}

static void wait_for_some(void)
{
    size_t ended = 7;
    size_t winner = 7;
    futures_future *promises[FEW];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    make_promises(promises);
    sweep_begin();
    futures_status any = futures_any(promises, FEW, &winner, &options);
    futures_status some =
        futures_wait_some(promises, FEW, 1, FUTURES_POLL, &ended);
    expect(!sweep_end());
    expect(any == FUTURES_TIMEOUT && winner == FEW);
    expect(some == FUTURES_TIMEOUT && ended == 0);
    keep_all(promises);
    futures_release_all(promises, FEW);
}

/* row 51 */
Test(no_memory, is_needed_for_some_that_nobody_else_waits_for)
{
    cr_assert_eq(sweep(FAULT_MEMORY, wait_for_some), 0);
}

static void wait_for_some_that_others_wait_for(void)
{
    size_t ended = 7;
    size_t winner = 7;
    futures_future *promises[FEW];
    futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    options.deadline = FUTURES_POLL;
    options.on_timeout = FUTURES_ON_TIMEOUT_LEAVE;
    make_promises(promises);
    futures_future *other = futures_gather_async(promises, FEW, NULL);
    sweep_begin();
    futures_status any = futures_any(promises, FEW, &winner, &options);
    futures_status some =
        futures_wait_some(promises, FEW, 1, FUTURES_POLL, &ended);
    bool met = sweep_end();
    expect(any == FUTURES_TIMEOUT || (met && any == FUTURES_NOMEM));
    expect(some == FUTURES_TIMEOUT || (met && some == FUTURES_NOMEM));
    expect(winner == FEW && ended == 0);
    keep_all(promises);
    expect(futures_poll(other) == FUTURES_OK);
    futures_release(other);
    futures_release_all(promises, FEW);
}

/* row 51 */
Test(no_memory, for_some_that_others_wait_for_touches_nothing)
{
    cr_assert_gt(sweep(FAULT_MEMORY, wait_for_some_that_others_wait_for), 0);
}

static void end_with_an_error(void)
{
    futures_future *promise = futures_promise(NULL, NULL);
    futures_future *made[2] = {futures_gather_async(&promise, 1, NULL),
                               futures_shield(promise)};
    sweep_begin();
    futures_reject(promise, EPIPE, "behind both");
    sweep_end();
    for (int i = 0; i < 2; i++) {
        expect(futures_poll(made[i]) == FUTURES_FAILED);
        expect(futures_error_of(made[i])->code == EPIPE);
    }
    futures_release_all(made, 2);
    futures_release(promise);
}

/* row 51 */
Test(no_memory, for_an_error_that_is_passed_on_keeps_its_code)
{
    cr_assert_gt(sweep(FAULT_MEMORY, end_with_an_error), 0);
}

static void end_them(void)
{
    futures_future *promises[FEW];
    size_t count = 0;
    make_promises(promises);
    futures_future *gathered = futures_gather_async(promises, FEW, NULL);
    futures_future *other = futures_gather_async(promises, FEW, NULL);
    futures_future *shields[2] = {futures_shield(gathered),
                                  futures_shield(gathered)};
    sweep_begin();
    futures_status shield = futures_cancel(shields[0]);
    (void)futures_cancel(other);
    bool well = futures_poll(gathered) == FUTURES_CANCELLED &&
                futures_outcomes(gathered, &count) != NULL;
    expect(!sweep_end());
    expect(well && count == FEW && shield == FUTURES_CANCELLED);
    expect(futures_poll(shields[1]) == FUTURES_CANCELLED);
    futures_release_all(shields, 2);
    futures_release(gathered);
    futures_release(other);
    futures_release_all(promises, FEW);
}

/* row 51 */
Test(no_memory, is_needed_to_cancel_what_is_made_of_others)
{
    cr_assert_eq(sweep(FAULT_MEMORY, end_them), 0);
}
