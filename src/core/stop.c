/* Cancellation as the running task sees it. */
#include "base/clock.h"
#include "core/cancel.h"
#include "core/pool.h"
#include "core/raise.h"
#include "core/token.h"
#include "sync/park.h"

bool futures_cancelled(void)
{
    struct fut_run *run = fut_self_task();

    if (run == NULL) {
        return false;
    }
    /* Relaxed: a mark that is seen late is seen at the next look. */
    if (run->epoch == load_relaxed(&fut_scope_epoch)) {
        return run->asked;
    }
    return fut_cancel_is_asked(run);
}

void futures_checkpoint(void)
{
    struct fut_run *run = fut_self_task();

    if (run == NULL || run->cleanup != NULL || !futures_cancelled()) {
        return;
    }
    run->stopped = true;
    fut_raise_unwind(run);
}

futures_token *futures_current_token(void)
{
    struct fut_run *run = fut_self_task();

    if (run == NULL) {
        return NULL;
    }
    run->exposed = true;
    return fut_token_of_task(run->future);
}

static void wake(void *arg)
{
    _Atomic uint32_t *awake = arg;

    store_release(awake, 1);
    fut_unpark(awake, 1);
}

static futures_status sleep_outside(futures_time until)
{
    _Atomic uint32_t awake = 0;

    if (until == FUTURES_NEVER) {
        return FUTURES_INVALID;
    }
    while (fut_park(&awake, 0, until)) {
    }
    return FUTURES_OK;
}

/* The word lies on this stack until the hook is taken back, so whoever wakes
 * it has done so before. */
static futures_status sleep_in_task(struct fut_run *run, futures_time until)
{
    _Atomic uint32_t awake = 0;
    futures_hook hook;
    bool in_time = true;

    fut_cancel_watch(run, &hook, wake, &awake);
    while (load_acquire(&awake) == 0 && in_time) {
        in_time = fut_park(&awake, 0, until);
    }
    fut_scope_unwatch(&hook);
    return fut_cancel_is_asked(run) ? FUTURES_CANCELLED : FUTURES_OK;
}

futures_status futures_sleep(futures_time until)
{
    struct fut_run *run = fut_self_task();

    if (run == NULL) {
        return sleep_outside(until);
    }
    if (fut_cancel_is_asked(run)) {
        return FUTURES_CANCELLED;
    }
    if (fut_clock_passed(until)) {
        return FUTURES_OK;
    }
    return sleep_in_task(run, until);
}
