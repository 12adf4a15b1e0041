/* Gather: all members that have ended, in the order of submitting. The array
 * and the next token are made first, without the lock; if things have changed
 * since, the wait goes on. */
#include <pthread.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "group/await.h"
#include "group/settle.h"
#include "group/watch.h"

static void leave_task(void *watch)
{
    fut_watch_leave(watch);
}

static futures_status await_all(futures_group *group)
{
    enum fut_bell_for what = group->on_error == FUTURES_ON_ERROR_LEAVE
                                 ? FUT_BELL_ERROR
                                 : FUT_BELL_ALL;
    struct {
        struct fut_watch watch;
        futures_status status;
    } frame;

    fut_watch_task(&frame.watch, group);
    pthread_cleanup_push(leave_task, &frame.watch);
    frame.status = fut_await(group, what, FUTURES_NEVER);
    pthread_cleanup_pop(1);
    return frame.status;
}

/* What one gather takes out of its group. */
struct harvest {
    futures_outcome *outcomes; /* nullable: not wanted */
    size_t count;              /* their length */
    futures_token *token;      /* for the time after a cancel; nullable */
    futures_token *before;
    futures_status status;
    struct fut_member *dead;
};

static void read_outcome(const struct fut_member *member,
                         futures_outcome *outcome)
{
    static const futures_outcome pending = {FUTURES_PENDING, NULL, NULL};

    *outcome = pending;
    if (member->over) {
        outcome->status = futures_poll(member->future);
        outcome->value = futures_value(member->future);
        outcome->error = futures_error_of(member->future);
    }
}

static void read_all_locked(futures_group *group, futures_outcome outcomes[])
{
    size_t index = 0;

    for (struct fut_ring *at = group->all.next; at != &group->all;
         at = at->next) {
        read_outcome(FUT_MEMBER_OF(at, all), &outcomes[index++]);
    }
}

/* Of those that have ended, which nobody has got from next. */
static futures_status status_locked(const futures_group *group)
{
    bool stopped = false;
    futures_status first = FUTURES_OK;

    for (struct fut_ring *at = group->ended.next; at != &group->ended;
         at = at->next) {
        const struct fut_member *member = FUT_MEMBER_OF(at, link);

        stopped = stopped || member->verdict == FUT_STOPPED;
        if (member->verdict == FUT_BAD && first == FUTURES_OK) {
            first = futures_poll(member->future);
        }
    }
    if (first == FUTURES_OK && !stopped) {
        return FUTURES_OK;
    }
    if (group->stop == FUT_GROUP_LATE) {
        return FUTURES_TIMEOUT;
    }
    return group->stop == FUT_GROUP_CANCELLED || first == FUTURES_OK
               ? FUTURES_CANCELLED
               : first;
}

static void forget_locked(struct fut_ring *ring, struct fut_member **dead)
{
    while (!fut_ring_is_empty(ring)) {
        struct fut_member *member = FUT_MEMBER_OF(ring->next, link);

        fut_ring_remove(&member->link);
        fut_member_drop(member, dead);
    }
}

static size_t length_of(const struct fut_ring *ring)
{
    size_t length = 0;

    for (const struct fut_ring *at = ring->next; at != ring; at = at->next) {
        length++;
    }
    return length;
}

/* Everything that was forgotten goes into *dead; what the outcomes show is
 * kept. */
static void take_ended_locked(futures_group *group, struct harvest *harvest)
{
    forget_locked(&group->given, &harvest->dead);
    while (!fut_ring_is_empty(&group->ended)) {
        struct fut_member *member = FUT_MEMBER_OF(group->ended.next, link);

        fut_ring_remove(&member->link);
        fut_ring_remove(&member->all);
        fut_ring_append(&group->given, &member->link);
    }
    if (harvest->outcomes == NULL) {
        forget_locked(&group->given, &harvest->dead);
    }
    group->unread = 0;
    group->bad = 0;
}

static void swap_outcomes_locked(futures_group *group, struct harvest *harvest)
{
    futures_outcome *before = group->outcomes;

    group->outcomes = harvest->outcomes;
    group->count = harvest->count;
    harvest->outcomes = before;
}

/* returns  false where things have changed since `count` was looked at */
static bool harvest_locked(futures_group *group, struct harvest *harvest,
                           enum fut_bell_for what)
{
    if (!fut_bell_is_due(group, what) ||
        (group->spent && harvest->token == NULL) ||
        length_of(&group->all) != harvest->count) {
        return false;
    }
    harvest->status = status_locked(group);
    if (harvest->outcomes != NULL) {
        read_all_locked(group, harvest->outcomes);
    }
    take_ended_locked(group, harvest);
    swap_outcomes_locked(group, harvest);
    if (group->pending == 0) {
        harvest->before = fut_watch_change(group, harvest->token);
        harvest->token = NULL;
    }
    return true;
}

/* returns  OK, or NOMEM */
static futures_status prepare(futures_group *group, struct harvest *harvest,
                              bool wanted)
{
    futures_status status = fut_watch_renew(group, &harvest->token);

    if (status != FUTURES_OK) {
        return FUTURES_NOMEM;
    }
    fut_lock(&group->lock);
    harvest->count = length_of(&group->all);
    fut_unlock(&group->lock);
    if (wanted && harvest->count > 0) {
        harvest->outcomes =
            fut_alloc(harvest->count, sizeof *harvest->outcomes);
        status = harvest->outcomes != NULL ? FUTURES_OK : FUTURES_NOMEM;
    }
    return status;
}

static void clean_up(futures_group *group, struct harvest *harvest)
{
    if (harvest->before != NULL) {
        fut_watch_end(group);
        futures_token_release(harvest->before);
        fut_watch_begin(group);
    }
    futures_token_release(harvest->token);
    fut_free(harvest->outcomes);
    fut_member_free(harvest->dead);
}

/* returns  OK: *done says whether it was; else NOMEM */
static futures_status harvest_once(futures_group *group, bool wanted,
                                   bool *done, futures_status *result)
{
    struct harvest harvest = {.status = FUTURES_OK};
    enum fut_bell_for what = group->on_error == FUTURES_ON_ERROR_LEAVE
                                 ? FUT_BELL_ERROR
                                 : FUT_BELL_ALL;
    futures_status status = prepare(group, &harvest, wanted);

    if (status == FUTURES_OK) {
        fut_lock(&group->lock);
        *done = harvest_locked(group, &harvest, what);
        fut_unlock(&group->lock);
        *result = harvest.status;
    }
    clean_up(group, &harvest);
    return status;
}

static futures_status gather(futures_group *group, bool wanted, bool *done)
{
    futures_status status = FUTURES_OK;
    futures_status result = FUTURES_OK;

    if (fut_await_is_inside(group)) {
        return FUTURES_DEADLOCK;
    }
    while (status == FUTURES_OK && !*done) {
        status = await_all(group);
        if (status == FUTURES_OK) {
            status = harvest_once(group, wanted, done, &result);
        }
    }
    return status == FUTURES_OK ? result : status;
}

futures_status futures_group_gather(futures_group *group,
                                    futures_outcome **outcomes, size_t *count)
{
    futures_status status = fut_await_check(group);
    bool done = false;

    if (status == FUTURES_OK) {
        status = gather(group, outcomes != NULL, &done);
    }
    if (outcomes != NULL) {
        *outcomes = done ? group->outcomes : NULL;
    }
    if (count != NULL) {
        *count = done ? group->count : 0;
    }
    return status;
}
