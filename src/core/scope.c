/* Walking upwards needs no lock: each scope pins the one above it. Watchers
 * are one list under one lock, sweepers another; both are touched by cancels
 * and by what sleeps, never by a task that is submitted and runs. */
#include "core/scope.h"

#include "base/barrier.h"
#include "base/fork.h"
#include "base/thread.h"
#include "core/callback.h"
#include "core/error.h"
#include "core/token.h"

_Atomic uint64_t fut_scope_epoch;

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static futures_hook *watchers; /* watch lock */
static pthread_mutex_t sweep_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fut_sweeper *sweepers; /* sweep lock */

/* Walks that may follow a task's scope are counted while they do. */
static _Atomic uint32_t walkers;
static _Atomic bool shortening;

static bool is_marked(const futures_token *scope)
{
    const futures_future *task = fut_token_task(scope);

    if (task != NULL) {
        return (load_acquire(&task->word) & FUT_ASKED) != 0;
    }
    return fut_token_reason(scope) != NULL;
}

/* The one above; seq_cst, see shorten_one. */
static futures_token *above(const futures_token *scope)
{
    const futures_future *task = fut_token_task(scope);

    return task != NULL ? load_seq_cst(&task->scope) : scope->parent;
}

/* returns  the first that is marked, upwards; NULL if none is */
static const futures_token *find_marked(const futures_token *scope)
{
    while (scope != NULL && !is_marked(scope)) {
        scope = above(scope);
    }
    return scope;
}

/* A task's reason is there for as long as it runs: its runner may replace it
 * by an error, but lets go of it only when nobody walks. */
static futures_error *reason_of(const futures_token *scope,
                                futures_future **held)
{
    futures_future *task = fut_token_task(scope);

    if (task == NULL) {
        return fut_error_retain(fut_token_reason(scope));
    }
    if ((load_acquire(&task->word) & FUT_TIMED) != 0) {
        return fut_error_deadline();
    }
    if (!fut_future_hold_running(task)) {
        return NULL;
    }
    *held = task;
    return fut_error_retain(load_seq_cst(&fut_future_extra(task)->error));
}

/* The first real token that is marked or below a task: nothing changes what
 * is above a token, so this much needs no counting. */
static const futures_token *skip_tokens(const futures_token *scope)
{
    while (scope != NULL && fut_token_task(scope) == NULL &&
           !is_marked(scope)) {
        scope = scope->parent;
    }
    return scope;
}

bool fut_scope_is_stopped(const futures_token *scope)
{
    bool stopped;

    scope = skip_tokens(scope);
    if (fut_token_task(scope) == NULL) {
        return scope != NULL;
    }
    add_seq_cst(&walkers, 1);
    stopped = find_marked(scope) != NULL;
    sub_seq_cst(&walkers, 1);
    return stopped;
}

futures_error *fut_scope_reason(const futures_token *scope)
{
    futures_error *reason = NULL;
    futures_future *held = NULL;

    add_seq_cst(&walkers, 1);
    scope = find_marked(scope);
    if (scope != NULL) {
        reason = reason_of(scope, &held);
    }
    sub_seq_cst(&walkers, 1);
    futures_release(held);
    return reason;
}

bool fut_scope_stops(const futures_future *task)
{
    bool stopped;

    if (load_relaxed(&task->scope) == NULL) {
        return false;
    }
    add_seq_cst(&walkers, 1);
    stopped = find_marked(load_seq_cst(&task->scope)) != NULL;
    sub_seq_cst(&walkers, 1);
    return stopped;
}

futures_error *fut_scope_reason_for(const futures_future *task)
{
    futures_error *reason = NULL;
    futures_future *held = NULL;
    const futures_token *scope;

    if (load_relaxed(&task->scope) == NULL) {
        return NULL;
    }
    add_seq_cst(&walkers, 1);
    scope = find_marked(load_seq_cst(&task->scope));
    if (scope != NULL) {
        reason = reason_of(scope, &held);
    }
    sub_seq_cst(&walkers, 1);
    futures_release(held);
    return reason;
}

void fut_scope_await_walkers(void)
{
    while (load_seq_cst(&walkers) != 0) {
        fut_cpu_relax();
    }
}

/* Whether it has ended unasked: it cannot be asked any more, so what is above
 * it counts in its place. */
static bool is_passed(const futures_future *task)
{
    uint64_t word = load_acquire(&task->word);

    return !fut_state_is_pending((unsigned)(word & FUT_STATE_MASK)) &&
           (word & FUT_ASKED) == 0;
}

/* Takes one that has ended out of the way between `task` and what is above it.
 * Walkers and this meet as two store-then-load pairs, all seq_cst: either the
 * walk finds the new scope, or it is counted here, and then the old one, which
 * also pins the new one, is put back.
 * returns  false where that is to be left for later */
static bool shorten_one(futures_future *task, futures_token *old)
{
    futures_token *next =
        fut_scope_retain(load_seq_cst(&fut_token_task(old)->scope));

    store_seq_cst(&task->scope, next);
    if (load_seq_cst(&walkers) == 0) {
        fut_future_unpin(old);
        return true;
    }
    store_seq_cst(&task->scope, old);
    fut_future_unpin(next);
    return false;
}

/* Above a task that has not ended nothing but this changes its scope, one
 * thread at a time. */
void fut_scope_shorten(futures_future *task)
{
    futures_future *next;

    if (exchange_acq_rel(&shortening, true)) {
        return;
    }
    while ((next = fut_token_task(load_seq_cst(&task->scope))) != NULL) {
        if (!is_passed(next)) {
            task = next;
        } else if (!shorten_one(task, fut_token_of_task(next))) {
            break;
        }
    }
    store_release(&shortening, false);
}

futures_token *fut_scope_retain(futures_token *scope)
{
    if (fut_token_task(scope) != NULL) {
        (void)fut_future_pin(fut_token_task(scope));
    } else if (scope != NULL) {
        fut_token_retain(scope);
    }
    return scope;
}

/* In a hook that is linked: 1, or the brake's address. */
static const struct fut_brake *brake_of(const futures_hook *hook)
{
    return hook->linked != 1 ? (const struct fut_brake *)hook->linked : NULL;
}

bool fut_scope_watch(const struct fut_watched *watched, futures_hook *hook,
                     void (*fn)(void *), void *arg)
{
    bool stopped;

    hook->owner = watched->scope;
    hook->spare = (void *)(uintptr_t)watched->pool;
    hook->fn = (void (*)(void))fn;
    hook->arg = arg;
    hook->previous = NULL;
    hook->linked = 0;
    hook->index = fut_fork_generation();
    fut_lock(&watch_lock);
    /* Under the lock: a mark that is not seen here is called out later. */
    stopped = fut_scope_is_set(watched->brake) ||
              fut_scope_is_stopped(watched->scope);
    if (!stopped) {
        (void)fut_scope_retain(watched->scope);
        hook->next = (uintptr_t)watchers;
        if (watchers != NULL) {
            watchers->previous = hook;
        }
        watchers = hook;
        hook->linked = watched->brake != NULL ? (uintptr_t)watched->brake : 1;
    }
    fut_unlock(&watch_lock);
    return !stopped;
}

static void unlink_locked(futures_hook *hook)
{
    futures_hook *next = (futures_hook *)hook->next;

    hook->linked = 0;
    if (hook->previous != NULL) {
        hook->previous->next = hook->next;
    } else {
        watchers = next;
    }
    if (next != NULL) {
        next->previous = hook->previous;
    }
}

bool fut_scope_unhook(futures_hook *hook)
{
    futures_token *scope = NULL;

    fut_lock(&watch_lock);
    if (hook->linked != 0) {
        scope = hook->owner;
        if (hook->index == fut_fork_generation()) {
            unlink_locked(hook);
        } else {
            hook->linked = 0; /* the parent's list is not ours */
        }
    }
    fut_unlock(&watch_lock);
    fut_future_unpin(scope);
    return scope != NULL;
}

void fut_scope_unwatch(futures_hook *hook)
{
    if (!fut_scope_unhook(hook)) {
        fut_callback_await(hook);
    }
}

/* The next one to call; it is on record as running then. */
static bool take_stopped(const futures_pool *pool, futures_hook *taken,
                         struct fut_callback *callback)
{
    futures_hook *hook;

    fut_lock(&watch_lock);
    for (hook = watchers; hook != NULL; hook = (futures_hook *)hook->next) {
        if ((pool != NULL && hook->spare == pool) ||
            fut_scope_is_set(brake_of(hook)) ||
            fut_scope_is_stopped(hook->owner)) {
            unlink_locked(hook);
            *taken = *hook;
            fut_callback_begin(callback, hook);
            break;
        }
    }
    fut_unlock(&watch_lock);
    return hook != NULL;
}

void fut_scope_call(const futures_pool *pool)
{
    struct fut_callback callback;
    futures_hook hook;

    while (take_stopped(pool, &hook, &callback)) {
        fut_self_call((void (*)(void *))hook.fn, hook.arg);
        fut_callback_end(&callback);
        fut_future_unpin(hook.owner);
    }
}

void fut_scope_stop(struct fut_brake *brake)
{
    store_release(&brake->set, true);
    add_seq_cst(&fut_scope_epoch, 1);
    fut_scope_call(NULL);
}

bool fut_scope_is_set(const struct fut_brake *brake)
{
    while (brake != NULL && !load_acquire(&brake->set)) {
        brake = brake->outer;
    }
    return brake != NULL;
}

void fut_scope_add_sweeper(struct fut_sweeper *sweeper)
{
    fut_lock(&sweep_lock);
    sweeper->next = sweepers;
    sweepers = sweeper;
    fut_unlock(&sweep_lock);
}

void fut_scope_remove_sweeper(struct fut_sweeper *sweeper)
{
    struct fut_sweeper **from = &sweepers;

    fut_lock(&sweep_lock);
    while (*from != sweeper) {
        from = &(*from)->next;
    }
    *from = sweeper->next;
    fut_unlock(&sweep_lock);
}

struct fut_swept fut_scope_sweep(void)
{
    struct fut_swept swept = {NULL, NULL};

    add_seq_cst(&fut_scope_epoch, 1);
    fut_barrier_heavy(); /* pairs with the light operations of a submit */
    fut_lock(&sweep_lock);
    for (struct fut_sweeper *at = sweepers; at != NULL; at = at->next) {
        at->collect(at, &swept);
    }
    fut_unlock(&sweep_lock);
    return swept;
}

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    watch_lock = fresh;
    watchers = NULL;
    sweep_lock = fresh;
    sweepers = NULL;
    store_relaxed(&walkers, 0);
    store_relaxed(&shortening, false);
}

void fut_scope_watch_forks(void)
{
    fut_fork_on_child(reset_in_child);
    fut_callback_watch_forks();
}
