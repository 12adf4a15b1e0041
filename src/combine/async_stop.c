/* Each of the three that may stop it has a reference of its own, which is
 * given back by the one who takes it back in time, or else by what it calls.
 * So the end waits for nobody. */
#include "combine/async.h"

#include <stddef.h>

#include "base/clock.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/scope.h"
#include "core/token.h"

/* The mark on the future is a stop of the set: see task_asked. */
static void token_fired(void *arg)
{
    struct fut_gathered *gathered = arg;
    futures_error *reason = fut_scope_reason(gathered->set.options.token);

    if (fut_cancel_mark(gathered->future, reason)) {
        fut_cancel_spread_on();
    }
    fut_error_release(reason);
    fut_gathered_let_go(gathered);
}

static void task_asked(void *arg)
{
    struct fut_gathered *gathered = arg;
    futures_error *reason =
        fut_scope_reason(fut_token_of_task(gathered->future));

    if (fut_set_mark(&gathered->set, FUT_STOP_TOKEN, reason)) {
        fut_cancel_spread_on();
    }
    fut_error_release(reason);
    fut_gathered_let_go(gathered);
}

/* returns  whether fn has been called at once, and what it marked is to be
 *          spread */
static bool watch(struct fut_gathered *gathered, futures_token *scope,
                  futures_hook *hook, void (*fn)(void *))
{
    struct fut_watched watched = {.scope = scope};

    add_relaxed(&gathered->references, 1);
    if (fut_scope_watch(&watched, hook, fn, gathered)) {
        return false;
    }
    fn(gathered);
    return true;
}

/* A token beside the task: what is above its own scope covers the rest. */
void fut_gathered_watch(struct fut_gathered *gathered)
{
    struct fut_set *set = &gathered->set;
    futures_token *token = set->options.token;
    bool called = false;

    if (token != NULL && token != futures_token_none()) {
        set->token_watched = true;
        called = watch(gathered, token, &set->token_hook, token_fired);
    }
    called |= watch(gathered, fut_token_of_task(gathered->future),
                    &set->task_hook, task_asked);
    if (called) {
        fut_scope_call(NULL);
    }
}

void fut_gathered_unwatch(struct fut_gathered *gathered)
{
    struct fut_set *set = &gathered->set;

    if (set->token_watched && fut_scope_unhook(&set->token_hook)) {
        fut_gathered_let_go(gathered);
    }
    if (fut_scope_unhook(&set->task_hook)) {
        fut_gathered_let_go(gathered);
    }
    if (set->timed && fut_timer_disarm(&set->timer)) {
        fut_gathered_let_go(gathered);
    }
}

void fut_gathered_time_is_up(struct fut_gathered *gathered)
{
    struct fut_set *set = &gathered->set;

    if (set->options.on_timeout != FUTURES_ON_TIMEOUT_LEAVE) {
        fut_set_stop(set, FUT_STOP_TIME, fut_error_deadline());
    }
    if (set->options.on_timeout != FUTURES_ON_TIMEOUT_CANCEL) {
        store_seq_cst(&set->late, true);
        set->calls->look(set);
    }
}

static void fire(struct fut_timer *timer)
{
    struct fut_gathered *gathered =
        (void *)((char *)timer - offsetof(struct fut_gathered, set.timer));

    fut_gathered_time_is_up(gathered);
    fut_gathered_let_go(gathered);
}

bool fut_gathered_arm(struct fut_gathered *gathered)
{
    struct fut_set *set = &gathered->set;

    if (set->options.deadline == FUTURES_NEVER ||
        fut_clock_passed(set->options.deadline)) {
        return true;
    }
    add_relaxed(&gathered->references, 1);
    set->timed = fut_timer_arm(&set->timer, set->options.deadline, fire);
    return set->timed;
}
