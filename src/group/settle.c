/* A member that ends gives its place on to another, which may end as well as
 * it is queued: so holds are ended in a loop by one thread at a time, and
 * whoever has more for it leaves that to it. `pending` falls as a member ends;
 * a group is destroyed when it is zero and that loop is over, and the last
 * touch of the thread that made it so is to unlock. */
#include "group/settle.h"

#include "base/alloc.h"
#include "base/thread.h"
#include "group/bell.h"

void fut_member_drop(struct fut_member *member, struct fut_member **dead)
{
    if (--member->references == 0) {
        member->next = *dead;
        *dead = member;
    }
}

void fut_member_free(struct fut_member *dead)
{
    bool seen = false;

    for (struct fut_member *at = dead; at != NULL; at = at->next) {
        seen = seen || at->seen;
    }
    if (seen) {
        fut_need_settle();
    }
    while (dead != NULL) {
        struct fut_member *member = dead;

        dead = member->next;
        futures_release(member->future);
        fut_free(member);
    }
}

/* The first of those whose holds are to be ended, with its reference. */
static struct fut_member *take_ready_locked(futures_group *group)
{
    struct fut_member *member = group->ready;

    if (member != NULL) {
        group->ready = member->next;
        if (group->ready == NULL) {
            group->ready_tail = &group->ready;
        }
    }
    return member;
}

/* One step without the lock: the group is there as long as it is releasing,
 * and the pool as long as the group. */
static void release_one(futures_group *group, struct fut_member *member)
{
    if (member != NULL) {
        if (member->needs) {
            fut_need_detach(&member->need);
        }
        fut_hold_end(&member->hold);
    } else {
        fut_need_poke(group->pool);
    }
}

static void release_ready_locked(futures_group *group,
                                 struct fut_member **dead)
{
    if (group->releasing) {
        return;
    }
    group->releasing = true;
    while (group->ready != NULL || group->poke) {
        struct fut_member *member = take_ready_locked(group);

        group->poke = member != NULL;
        fut_unlock(&group->lock);
        release_one(group, member);
        fut_lock(&group->lock);
        if (member != NULL) {
            fut_member_drop(member, dead);
        }
    }
    group->releasing = false;
}

void fut_settle_locked(futures_group *group, struct fut_member **dead)
{
    release_ready_locked(group, dead);
    fut_bell_ring(group);
}
