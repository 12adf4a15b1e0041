/* See watch.h. */
#include "combine/watch.h"

#include "base/atomic.h"
#include "core/cancel.h"
#include "core/pool.h"
#include "core/scope.h"
#include "core/token.h"

static void stop_beneath(struct fut_set *set, const futures_token *scope)
{
    futures_error *reason = fut_scope_reason(scope);

    fut_set_stop(set, FUT_STOP_TOKEN, reason);
    fut_error_release(reason);
}

/* An error may be the answer to a stop that nobody told the set of: so relaxed
 * is enough, the one that it came from has seen it. */
void fut_set_look_at_task(struct fut_set *set)
{
    futures_future *task = set->task;

    if (task != NULL && load_seq_cst(&set->live) &&
        load_relaxed(&set->stop) == FUT_STOP_NOT &&
        ((task->pool != NULL && load_relaxed(&task->pool->stopping)) ||
         fut_scope_is_stopped(fut_token_of_task(task)))) {
        stop_beneath(set, fut_token_of_task(task));
    }
}

/* In a watcher: see fut_cancel_spread_on. */
static void be_told(struct fut_set *set, const futures_token *scope)
{
    futures_error *reason = fut_scope_reason(scope);

    if (fut_set_mark(set, FUT_STOP_TOKEN, reason)) {
        fut_cancel_spread_on();
    }
    fut_error_release(reason);
}

static void token_fired(void *arg)
{
    struct fut_set *set = arg;

    be_told(set, set->options.token);
}

void fut_set_task_asked(struct fut_set *set)
{
    stop_beneath(set, fut_token_of_task(set->task));
}

static void task_asked(void *arg)
{
    struct fut_set *set = arg;

    be_told(set, fut_token_of_task(set->task));
}

/* Whether a cancel of the task, or the end of its pool, reaches all of the set
 * by itself. */
static bool is_beneath(const struct fut_set *set, const futures_future *task)
{
    for (size_t i = 0; i < set->count; i++) {
        futures_future *future = set->futures[i];

        if (fut_future_is_pending(future) &&
            (future->pool != task->pool ||
             fut_token_task(load_relaxed(&future->scope)) != task)) {
            return false;
        }
    }
    return true;
}

static void watch_task(struct fut_set *set, struct fut_run *run)
{
    if (fut_cancel_is_asked(run)) {
        task_asked(set);
    } else if (run->brake != NULL || set->above != NULL ||
               !is_beneath(set, run->future)) {
        set->task_watched = true;
        fut_cancel_watch(run, &set->task_hook, task_asked, set);
    }
}

void fut_set_watch(struct fut_set *set)
{
    futures_token *token = set->options.token;

    if (token != NULL && token != futures_token_none()) {
        set->token_watched = true;
        (void)futures_token_on_cancel(token, &set->token_hook, token_fired,
                                      set);
    }
    if (set->task != NULL) {
        watch_task(set, fut_self_task());
    }
    if (load_acquire(&set->stop) == FUT_STOP_TOKEN) {
        fut_scope_call(NULL); /* it was called at once, by nobody in turn */
    }
}

static void time_is_up(struct fut_timer *timer)
{
    struct fut_set *set =
        (void *)((char *)timer - offsetof(struct fut_set, timer));

    fut_set_stop(set, FUT_STOP_TIME, fut_error_deadline());
}

void fut_set_arm(struct fut_set *set)
{
    if (!set->timed && set->options.deadline != FUTURES_NEVER &&
        set->options.on_timeout != FUTURES_ON_TIMEOUT_LEAVE) {
        set->timer.armed = false;
        /* Without a timer thread the deadline is looked at between tasks. */
        set->timed =
            fut_timer_arm(&set->timer, set->options.deadline, time_is_up);
    }
}

void fut_set_unwatch(struct fut_set *set)
{
    if (set->token_watched) {
        futures_token_off_cancel(set->options.token, &set->token_hook);
    }
    if (set->task_watched) {
        fut_scope_unwatch(&set->task_hook);
    }
    if (set->timed) {
        fut_timer_disarm_wait(&set->timer);
    }
}
