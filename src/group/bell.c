/* A bell lies on its waiter's stack and is in the group's list until it is
 * rung, under the group's lock: to resolve such a promise wakes the waiter and
 * calls nobody else. */
#include "group/bell.h"

#include <pthread.h>

#include <futures/promise.h>

#include "base/thread.h"
#include "group/place.h"
#include "core/self.h"
#include "core/token.h"
#include "sync/park.h"

struct fut_bell {
    struct fut_need need;
    futures_group *group; /* const, as the next two */
    futures_future *promise;
    enum fut_bell_for what;
    futures_status status; /* the waiter's */
    struct fut_bell *next; /* group lock, as the next */
    bool linked;
};

bool fut_bell_is_due(const futures_group *group, enum fut_bell_for what)
{
    if (group->pending == 0) {
        return true;
    }
    switch (what) {
    case FUT_BELL_NEXT:
        return group->unread > 0;
    case FUT_BELL_ERROR:
        return group->bad > 0 && group->stop == FUT_GROUP_RUNS;
    default:
        return false;
    }
}

static void wake_last(futures_group *group)
{
    if (group->parked > 0 && group->pending == 0 && !group->releasing) {
        add_seq_cst(&group->changes, 1);
        fut_unpark(&group->changes, FUT_PARK_ALL);
    }
}

/* No more of those that wait for one member than there are members. */
void fut_bell_ring(futures_group *group)
{
    struct fut_bell **from = &group->bells;
    size_t left = group->pending > 0 ? group->unread : SIZE_MAX;

    while (*from != NULL) {
        struct fut_bell *bell = *from;

        if (fut_bell_is_due(group, bell->what) &&
            (bell->what != FUT_BELL_NEXT || left > 0)) {
            left -= bell->what == FUT_BELL_NEXT;
            *from = bell->next;
            bell->linked = false;
            (void)futures_resolve(bell->promise, NULL);
        } else {
            from = &bell->next;
        }
    }
    wake_last(group);
}

static void unlink_bell(struct fut_bell *bell)
{
    futures_group *group = bell->group;
    struct fut_bell **from = &group->bells;

    fut_lock(&group->lock);
    if (bell->linked) {
        while (*from != bell) {
            from = &(*from)->next;
        }
        *from = bell->next;
    }
    fut_unlock(&group->lock);
}

/* Also where the thread exits inside a member that it helps with. */
static void leave(void *context)
{
    struct fut_bell *bell = context;

    unlink_bell(bell);
    fut_need_detach(&bell->need);
    futures_release(bell->promise);
}

static futures_future *next_member(struct fut_need *need, size_t *at)
{
    struct fut_bell *bell = (struct fut_bell *)need;
    futures_future *future;

    fut_lock(&bell->group->lock);
    future = fut_place_next(bell->group, at);
    fut_unlock(&bell->group->lock);
    return future;
}

/* returns  false where it is due already */
static bool link_bell(struct fut_bell *bell)
{
    futures_group *group = bell->group;
    bool due;

    fut_lock(&group->lock);
    due = fut_bell_is_due(group, bell->what);
    if (!due) {
        bell->linked = true;
        bell->next = group->bells;
        group->bells = bell;
    }
    fut_unlock(&group->lock);
    return !due;
}

static void wait_at(struct fut_bell *bell, futures_time deadline)
{
    bell->status = FUTURES_OK;
    if (link_bell(bell)) {
        bell->status = futures_wait(bell->promise, deadline);
    }
}

futures_status fut_bell_wait(futures_group *group, enum fut_bell_for what,
                             futures_time deadline)
{
    struct fut_bell bell = {
        .need = {.next = next_member}, .group = group, .what = what};
    futures_status status;

    bell.need.all = what == FUT_BELL_ALL;
    bell.need.firm = true;
    bell.promise = futures_promise(NULL, NULL);
    status = futures_poll(bell.promise);
    if (status != FUTURES_PENDING) {
        return status;
    }
    fut_need_attach(bell.promise, &bell.need);
    pthread_cleanup_push(leave, &bell);
    wait_at(&bell, deadline);
    pthread_cleanup_pop(1);
    return bell.status;
}

void fut_bell_wait_for_last(futures_group *group)
{
    group->parked++;
    while (group->pending > 0 || group->releasing) {
        uint32_t seen = load_relaxed(&group->changes);

        fut_unlock(&group->lock);
        (void)fut_park(&group->changes, seen, FUTURES_NEVER);
        fut_lock(&group->lock);
    }
    group->parked--;
}

static bool is_in(const struct fut_ring *ring, const futures_future *future)
{
    const struct fut_ring *at = ring->next;

    while (at != ring && FUT_MEMBER_OF(at, link)->future != future) {
        at = at->next;
    }
    return at != ring;
}

/* It may run before its submitter has come back from queueing it. */
static bool is_member(const futures_group *group, const futures_future *future)
{
    return is_in(&group->placed, future) || is_in(&group->entering, future);
}

/* A member without a token of its own is right beneath the group's token, so
 * few others are looked up. */
static bool may_be_member(const futures_group *group,
                          const futures_future *future)
{
    return group->owners > 0 || load_relaxed(&future->scope) == group->token;
}

size_t fut_bell_on_stack(futures_group *group)
{
    const futures_future *last = NULL;
    size_t count = 0;

    for (struct fut_run *run = fut_self.run; run != NULL; run = run->below) {
        const futures_future *future = run->future;

        if (future != NULL && future != last) {
            last = future;
            count += may_be_member(group, future) && is_member(group, future);
        }
    }
    return count;
}
