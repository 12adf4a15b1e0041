/* A waiter that may runs members first, between two looks at what it waits
 * for, and then waits for its bell. */
#include "group/await.h"

#include "base/clock.h"
#include "base/fork.h"
#include "base/thread.h"
#include "combine/block.h"
#include "core/self.h"

/* returns  one that is queued and has its place, with a pin; NULL: none is.
 *          The newest, as in a worker's own deque; `oldest`: for a wait that
 *          may end with any of them */
static futures_future *find_queued(futures_group *group, bool oldest)
{
    struct fut_ring *placed = &group->placed;
    futures_future *found = NULL;
    struct fut_ring *at;

    fut_lock(&group->lock);
    at = oldest ? placed->next : placed->previous;
    while (at != placed && found == NULL) {
        futures_future *future = FUT_MEMBER_OF(at, link)->future;

        if (fut_future_state(future) == FUT_QUEUED) {
            found = fut_future_pin(future);
        }
        at = oldest ? at->next : at->previous;
    }
    fut_unlock(&group->lock);
    return found;
}

static bool is_due(futures_group *group, enum fut_bell_for what)
{
    bool due;

    fut_lock(&group->lock);
    due = fut_bell_is_due(group, what);
    fut_unlock(&group->lock);
    return due;
}

static void help(futures_group *group, enum fut_bell_for what,
                 futures_time deadline)
{
    futures_future *future;

    while (fut_block_may_help(group->pool) && !is_due(group, what) &&
           !fut_clock_passed(deadline)) {
        future = find_queued(group, what != FUT_BELL_ALL);
        if (future == NULL) {
            return;
        }
        (void)fut_block_help(future);
        fut_future_drop(future, 1);
    }
}

futures_status fut_await(futures_group *group, enum fut_bell_for what,
                         futures_time deadline)
{
    futures_status status = FUTURES_OK;

    while (status == FUTURES_OK && !is_due(group, what)) {
        if (fut_clock_passed(deadline)) {
            return FUTURES_TIMEOUT;
        }
        help(group, what, deadline);
        status = fut_bell_wait(group, what, deadline);
    }
    return is_due(group, what) ? FUTURES_OK : status;
}

bool fut_await_is_inside(futures_group *group)
{
    bool inside = false;

    if (fut_self.run != NULL) {
        fut_lock(&group->lock);
        inside = fut_bell_on_stack(group) > 0;
        fut_unlock(&group->lock);
    }
    return inside;
}

bool fut_await_is_last(futures_group *group)
{
    bool last = false;

    if (fut_self.run != NULL) {
        fut_lock(&group->lock);
        last =
            group->pending > 0 && fut_bell_on_stack(group) == group->pending;
        fut_unlock(&group->lock);
    }
    return last;
}

futures_status fut_await_check(const futures_group *group)
{
    if (group == NULL) {
        return FUTURES_INVALID;
    }
    return group->generation == fut_fork_generation() ? FUTURES_OK
                                                      : FUTURES_FORKED;
}
