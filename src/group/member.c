/* The group is told of a member's end by a wait of its own at the future, on
 * the thread that ends it. So a member that was not begun, whose future may
 * end already, is known to nobody but its submitter and its own end. */
#include "group/member.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "group/place.h"
#include "group/settle.h"
#include "core/cancel.h"
#include "core/pool.h"
#include "core/token.h"

static void member_ended(struct fut_wait *wait, futures_future *future,
                         futures_hook *hook);

struct fut_member *fut_member_create(futures_group *group,
                                     futures_future *future, bool owned)
{
    struct fut_member *member = fut_alloc(1, sizeof *member);

    if (member != NULL) {
        member->wait.ended = member_ended;
        member->group = group;
        member->future = future;
        member->owned = owned;
        fut_ring_init(&member->all);
        fut_ring_init(&member->link);
        fut_ring_init(&member->keyed);
        fut_ring_init(&member->own);
    }
    return member;
}

static futures_status check_locked(const futures_group *group)
{
    if (group->closed) {
        return FUTURES_CLOSED;
    }
    return group->stop != FUT_GROUP_RUNS ? FUTURES_CANCELLED : FUTURES_OK;
}

futures_status fut_member_check(futures_group *group)
{
    futures_status status;

    fut_lock(&group->lock);
    status = check_locked(group);
    fut_unlock(&group->lock);
    return status;
}

/* returns  OK, PENDING or NOMEM */
static futures_status enter_locked(struct fut_member *member, const char *key,
                                   bool wait)
{
    futures_group *group = member->group;

    if (key != NULL && group->per_key > 0) {
        member->key = fut_key_get(&group->keys, key);
        if (member->key == NULL) {
            return FUTURES_NOMEM;
        }
    }
    member->turn.number = group->numbers;
    if (!fut_place_enter(member, wait)) {
        if (member->key != NULL) {
            fut_key_put(&group->keys, member->key);
            member->key = NULL;
        }
        return FUTURES_PENDING;
    }
    return FUTURES_OK;
}

futures_status fut_member_enter(struct fut_member *member, const char *key,
                                bool wait, struct fut_entry *entry)
{
    futures_group *group = member->group;
    futures_status status;

    fut_lock(&group->lock);
    status = check_locked(group);
    if (status == FUTURES_OK) {
        status = enter_locked(member, key, wait);
    }
    if (status == FUTURES_OK) {
        member->references = 2;
        group->numbers++;
        group->pending++;
        group->owners += member->owned;
        fut_ring_append(&group->all, &member->all);
        fut_ring_append(&group->entering, &member->link);
        entry->token = futures_token_retain(group->token);
        entry->waits = member->waits;
    }
    fut_unlock(&group->lock);
    return status;
}

void fut_member_attach(struct fut_member *member, bool held, bool waits)
{
    futures_future *future = futures_retain(member->future);

    /* Nobody else knows the future, and until `begun` nobody the member. */
    (void)fut_waiters_attach_hook(future, &member->hook, &member->wait);
    member->owes = held;
    member->needs = waits;
    if (waits) {
        fut_place_need(member);
        fut_need_attach(future, &member->need);
    }
}

static void note_stop_locked(futures_group *group)
{
    if (group->stop == FUT_GROUP_RUNS && fut_scope_is_stopped(group->token)) {
        group->stop = fut_token_reason(group->token) != NULL
                          ? FUT_GROUP_LATE
                          : FUT_GROUP_CANCELLED;
    }
}

/* Its own deadline and the end of its pool are nobody's hand. */
static bool is_by_hand(const futures_future *future)
{
    return futures_error_of(future) != fut_error_deadline() &&
           !load_acquire(&future->pool->stopping) &&
           load_acquire(&future->pool->verdict) == FUTURES_OK;
}

static enum fut_verdict judge_locked(futures_group *group,
                                     const futures_future *future)
{
    futures_status status = futures_poll(future);

    if (status == FUTURES_OK) {
        return FUT_FINE;
    }
    note_stop_locked(group);
    if (status != FUTURES_CANCELLED) {
        return FUT_BAD;
    }
    if (group->stop != FUT_GROUP_RUNS) {
        return FUT_STOPPED;
    }
    return is_by_hand(future) ? FUT_FINE : FUT_BAD;
}

/* returns  the token to fire, with a reference; NULL: none */
static futures_token *fail_locked(futures_group *group)
{
    if (group->on_error != FUTURES_ON_ERROR_CANCEL ||
        group->stop != FUT_GROUP_RUNS) {
        return NULL;
    }
    group->stop = FUT_GROUP_FAILED;
    if (group->pending == 0) {
        return NULL;
    }
    group->spent = true;
    return futures_token_retain(group->token);
}

static void leave_locked(struct fut_member *member)
{
    futures_group *group = member->group;

    group->pending--;
    group->owners -= member->owned;
    fut_ring_remove(&member->own);
    member->over = true;
    fut_place_leave(member);
}

/* returns  as fail_locked */
static futures_token *end_locked(struct fut_member *member)
{
    futures_group *group = member->group;

    member->verdict = judge_locked(group, member->future);
    leave_locked(member);
    fut_ring_append(&group->ended, &member->link);
    group->unread++;
    if (member->verdict != FUT_BAD) {
        return NULL;
    }
    group->bad++;
    return fail_locked(group);
}

/* On the thread that ends the future. Whatever a stop brings about happens
 * here too; by then the group may be gone. */
static void member_ended(struct fut_wait *wait, futures_future *future,
                         futures_hook *hook)
{
    struct fut_member *member = (struct fut_member *)wait;
    futures_group *group = member->group;
    struct fut_member *dead = NULL;
    futures_token *token;

    (void)future;
    (void)hook;
    fut_lock(&group->lock);
    token = end_locked(member);
    fut_settle_locked(group, &dead);
    fut_unlock(&group->lock);
    fut_member_free(dead);
    if (token != NULL) {
        futures_token_cancel(token, ECANCELED, "another of the group failed");
        futures_token_release(token);
    }
}

/* returns  whether it missed the stop of the group */
static bool begin_locked(struct fut_member *member, bool claimed)
{
    futures_group *group = member->group;

    member->begun = true;
    if (!member->over) {
        fut_ring_remove(&member->link);
    }
    if (!member->over && !member->waits) {
        fut_place_show(member);
    }
    if (member->over || (!member->waits && !claimed)) {
        fut_place_make_ready(member);
    }
    if (!member->owned || member->over) {
        return false;
    }
    if (group->stop == FUT_GROUP_RUNS) {
        fut_ring_append(&group->own, &member->own);
    }
    return group->stop != FUT_GROUP_RUNS;
}

void fut_member_begin(struct fut_member *member, bool claimed)
{
    futures_group *group = member->group;
    struct fut_member *dead = NULL;
    futures_error *reason = NULL;
    bool missed;

    fut_lock(&group->lock);
    missed = begin_locked(member, claimed);
    if (missed) {
        reason = fut_scope_reason(group->token);
        fut_unlock(&group->lock);
        (void)fut_cancel_future(member->future, reason);
        fut_error_release(reason);
        fut_lock(&group->lock);
    }
    fut_settle_locked(group, &dead);
    fut_member_drop(member, &dead);
    fut_unlock(&group->lock);
    fut_member_free(dead);
}

void fut_member_withdraw(struct fut_member *member)
{
    futures_group *group = member->group;
    struct fut_member *dead = NULL;

    (void)fut_waiters_detach_hook(member->future, &member->hook);
    if (member->needs) {
        fut_need_detach(&member->need);
    }
    fut_lock(&group->lock);
    member->owes = false;
    leave_locked(member);
    fut_ring_remove(&member->all);
    fut_settle_locked(group, &dead);
    fut_member_drop(member, &dead);
    fut_member_drop(member, &dead);
    fut_unlock(&group->lock);
    fut_member_free(dead);
}

/* The first of those that are to be asked one by one, with a reference. */
static struct fut_member *take_own_locked(futures_group *group)
{
    struct fut_member *member;

    if (group->stop == FUT_GROUP_RUNS || fut_ring_is_empty(&group->own)) {
        return NULL;
    }
    member = FUT_MEMBER_OF(group->own.next, own);
    fut_ring_remove(&member->own);
    member->references++;
    return member;
}

void fut_member_stop_all(futures_group *group)
{
    struct fut_member *dead = NULL;
    struct fut_member *member;
    futures_error *reason;
    bool spread = false;

    fut_lock(&group->lock);
    note_stop_locked(group);
    reason = fut_scope_reason(group->token);
    while ((member = take_own_locked(group)) != NULL) {
        fut_unlock(&group->lock);
        spread |= fut_cancel_mark(member->future, reason);
        fut_lock(&group->lock);
        fut_member_drop(member, &dead);
    }
    fut_unlock(&group->lock);
    if (spread) {
        fut_cancel_spread();
    }
    fut_error_release(reason);
    fut_member_free(dead);
}
