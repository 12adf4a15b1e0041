/* See watch.h. A token fires once, so a group that goes on after a cancel gets
 * a new one; one that was fired by its deadline or from above stays, since the
 * next would have fired too. */
#include "group/watch.h"

#include "base/thread.h"
#include "group/member.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/scope.h"
#include "core/token.h"

static void token_fired(void *arg)
{
    fut_member_stop_all(arg);
}

void fut_watch_begin(futures_group *group)
{
    (void)futures_token_on_cancel(group->token, &group->hook, token_fired,
                                  group);
}

void fut_watch_end(futures_group *group)
{
    futures_token_off_cancel(group->token, &group->hook);
}

void fut_watch_cancel(futures_group *group, int code, const char *reason)
{
    futures_token *token;

    fut_lock(&group->lock);
    if (group->stop == FUT_GROUP_RUNS) {
        group->stop = FUT_GROUP_CANCELLED;
    }
    group->spent = true;
    token = futures_token_retain(group->token);
    fut_unlock(&group->lock);
    futures_token_cancel(token, code, reason);
    futures_token_release(token);
}

static void task_asked(void *arg)
{
    struct fut_watch *watch = arg;
    futures_error *reason = fut_scope_reason(fut_token_of_task(watch->task));

    fut_watch_cancel(watch->group, reason != NULL ? reason->code : 0,
                     reason != NULL ? reason->message : NULL);
    fut_error_release(reason);
}

/* One whose token is above the group's reaches it by itself. */
static bool is_above(const futures_group *group, const struct fut_run *run)
{
    return run->brake == NULL && group->pool == run->future->pool &&
           group->parent == fut_token_of_task(run->future);
}

void fut_watch_task(struct fut_watch *watch, futures_group *group)
{
    struct fut_run *run = fut_self_task();

    watch->group = group;
    watch->task = NULL;
    if (run != NULL && !group->alone && !is_above(group, run)) {
        watch->task = run->future;
        fut_cancel_watch(run, &watch->hook, task_asked, watch);
    }
}

void fut_watch_leave(struct fut_watch *watch)
{
    if (watch->task != NULL) {
        fut_scope_unwatch(&watch->hook);
    }
}

futures_status fut_watch_renew(futures_group *group, futures_token **token)
{
    bool spent;

    *token = NULL;
    fut_lock(&group->lock);
    spent = group->spent;
    fut_unlock(&group->lock);
    return spent ? futures_token_create(token, group->parent, group->deadline)
                 : FUTURES_OK;
}

futures_token *fut_watch_change(futures_group *group, futures_token *token)
{
    futures_token *before = NULL;

    if (token != NULL) {
        before = group->token;
        group->token = token;
        group->spent = false;
    }
    if (!fut_scope_is_stopped(group->token)) {
        group->stop = FUT_GROUP_RUNS;
    }
    return before;
}
