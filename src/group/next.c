/* Next: one member after the other, as they end. What it gives stays until the
 * same thread calls again, so several may do this at once. */
#include "base/thread.h"
#include "group/await.h"
#include "group/settle.h"
#include "core/self.h"

/* What this thread was given before. */
static void forget_taken(futures_group *group)
{
    struct fut_member *dead = NULL;
    unsigned number = fut_self_number();
    struct fut_ring *next;

    fut_lock(&group->lock);
    for (struct fut_ring *at = group->taken.next; at != &group->taken;
         at = next) {
        struct fut_member *member = FUT_MEMBER_OF(at, link);

        next = at->next;
        if (member->taker == number) {
            fut_ring_remove(&member->link);
            fut_member_drop(member, &dead);
        }
    }
    fut_unlock(&group->lock);
    fut_member_free(dead);
}

/* returns  whether there was one, or none is left (*future is NULL then) */
static bool take_next(futures_group *group, futures_future **future)
{
    bool due;

    fut_lock(&group->lock);
    due = fut_bell_is_due(group, FUT_BELL_NEXT);
    if (group->unread > 0) {
        struct fut_member *member = FUT_MEMBER_OF(group->ended.next, link);

        fut_ring_remove(&member->link);
        fut_ring_remove(&member->all);
        fut_ring_append(&group->taken, &member->link);
        member->taker = fut_self_number();
        group->unread--;
        group->bad -= member->verdict == FUT_BAD;
        *future = member->future;
    }
    fut_unlock(&group->lock);
    return due;
}

futures_status futures_group_next(futures_group *group,
                                  futures_future **future,
                                  futures_time deadline)
{
    futures_status status = fut_await_check(group);

    if (future == NULL) {
        return FUTURES_INVALID;
    }
    *future = NULL;
    if (status != FUTURES_OK) {
        return status;
    }
    forget_taken(group);
    while (!take_next(group, future)) {
        if (status != FUTURES_OK) {
            return status;
        }
        status = fut_await_is_last(group)
                     ? FUTURES_DEADLOCK
                     : fut_await(group, FUT_BELL_NEXT, deadline);
    }
    return FUTURES_OK;
}
