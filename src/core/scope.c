/* Walking upwards needs no lock: each scope pins the one above it. Watchers
 * are one list under one lock, sweepers another; both are touched by cancels
 * and by what sleeps, never by a task that is submitted and runs. */
#include "core/scope.h"

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

bool fut_scope_is_stopped(const futures_token *scope)
{
    while (scope != NULL) {
        const futures_future *task = fut_token_task(scope);

        if (task != NULL) {
            if ((load_acquire(&task->word) & FUT_ASKED) != 0) {
                return true;
            }
            scope = load_relaxed(&task->scope);
        } else {
            if (fut_token_reason(scope) != NULL) {
                return true;
            }
            scope = scope->parent;
        }
    }
    return false;
}

futures_error *fut_scope_reason(const futures_token *scope)
{
    while (scope != NULL) {
        const futures_future *task = fut_token_task(scope);

        if (task != NULL) {
            uint64_t word = load_acquire(&task->word);

            if ((word & FUT_TIMED) != 0) {
                return fut_error_deadline();
            }
            if ((word & FUT_ASKED) != 0) {
                return NULL;
            }
            scope = load_relaxed(&task->scope);
        } else {
            if (fut_token_reason(scope) != NULL) {
                return fut_error_retain(fut_token_reason(scope));
            }
            scope = scope->parent;
        }
    }
    return NULL;
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

bool fut_scope_watch(futures_token *scope, const futures_pool *pool,
                     futures_hook *hook, void (*fn)(void *), void *arg)
{
    bool stopped;

    hook->owner = scope;
    hook->spare = (void *)(uintptr_t)pool;
    hook->fn = (void (*)(void))fn;
    hook->arg = arg;
    hook->previous = NULL;
    hook->linked = false;
    fut_lock(&watch_lock);
    /* Under the lock: a mark that is not seen here is called out later. */
    stopped = fut_scope_is_stopped(scope);
    if (!stopped) {
        (void)fut_scope_retain(scope);
        hook->next = (uintptr_t)watchers;
        if (watchers != NULL) {
            watchers->previous = hook;
        }
        watchers = hook;
        hook->linked = true;
    }
    fut_unlock(&watch_lock);
    return !stopped;
}

static void unlink_locked(futures_hook *hook)
{
    futures_hook *next = (futures_hook *)hook->next;

    hook->linked = false;
    if (hook->previous != NULL) {
        hook->previous->next = hook->next;
    } else {
        watchers = next;
    }
    if (next != NULL) {
        next->previous = hook->previous;
    }
}

void fut_scope_unwatch(futures_hook *hook)
{
    futures_token *scope = NULL;

    fut_lock(&watch_lock);
    if (hook->linked) {
        unlink_locked(hook);
        scope = hook->owner;
    }
    fut_unlock(&watch_lock);
    if (scope != NULL) {
        fut_future_unpin(scope);
    } else {
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
        fut_future_call((void (*)(void *))hook.fn, hook.arg);
        fut_callback_end(&callback);
        fut_future_unpin(hook.owner);
    }
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

void fut_scope_lock_sweeps(void)
{
    fut_lock(&sweep_lock);
}

void fut_scope_unlock_sweeps(void)
{
    fut_unlock(&sweep_lock);
}

struct fut_swept fut_scope_sweep(void)
{
    struct fut_swept swept = {NULL, NULL};

    add_seq_cst(&fut_scope_epoch, 1);
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
}

void fut_scope_watch_forks(void)
{
    fut_fork_on_child(reset_in_child);
    fut_callback_watch_forks();
}
