/* A cancel of a queued future claims it, so it never runs; of a running one
 * marks it. A mark reaches those beneath by scope.c. Nothing here recurses:
 * what is collected from the queues is ended in a loop. */
#include "core/cancel.h"

#include "base/alloc.h"
#include "base/fork.h"
#include "core/error.h"
#include "core/hold.h"
#include "core/life.h"
#include "core/limbo.h"
#include "core/pool.h"
#include "core/room.h"
#include "core/token.h"

static void end_promise(futures_future *future, futures_error *reason)
{
    fut_self_call(future->on_cancel, future->arg);
    fut_future_disarm(future);
    store_relaxed(&fut_future_extra(future)->error, reason);
    fut_future_publish(future, FUTURES_CANCELLED, 1);
}

void fut_cancel_claimed(futures_future *future, futures_status status,
                        futures_error *reason)
{
    futures_pool *pool = future->pool;

    if (future->promise) {
        end_promise(future, reason);
        return;
    }
    /* The pool outlives this: the entry, limbo, or the list of those that are
     * held has the future until it has ended. Nothing of the pool is touched
     * after the publishing. */
    if ((load_relaxed(&future->word) & FUT_HELD) == 0) {
        fut_room_give(pool, 1);
    } else {
        fut_hold_cancelled(future);
    }
    fut_future_free_arg(future);
    fut_future_disarm(future);
    FUT_COUNT(pool, cancelled, 1);
    FUT_COUNT(pool, unstarted, 1);
    FUT_COUNT(pool, done, 1);
    store_relaxed(&fut_future_extra(future)->error, reason);
    fut_future_publish(future, status, 1);
}

static void end_swept(futures_future *future)
{
    unsigned verdict = load_acquire(&future->pool->verdict);

    fut_cancel_claimed(future,
                       verdict != FUTURES_OK ? (futures_status)verdict
                                             : FUTURES_CANCELLED,
                       fut_scope_reason_for(future));
}

void fut_cancel_entry(futures_future *future)
{
    futures_pool *pool = future->pool;

    if (fut_future_claim_end(future)) {
        end_swept(future);
    }
    fut_limbo_put(pool, future);
}

static void end_all_of(struct fut_swept *swept)
{
    while (swept->claimed != NULL) {
        futures_future *future = swept->claimed;

        swept->claimed = load_relaxed(&future->chain);
        end_swept(future);
    }
}

void fut_cancel_swept(struct fut_swept *swept)
{
    swept->below = fut_self.swept;
    fut_self.swept = swept;
    end_all_of(swept);
    fut_self.swept = swept->below;
}

void fut_cancel_all_swept(void)
{
    for (struct fut_swept *at = fut_self.swept; at != NULL; at = at->below) {
        end_all_of(at);
    }
}

void fut_cancel_spread_on(void)
{
    struct fut_swept swept = fut_scope_sweep();

    fut_cancel_swept(&swept);
}

void fut_cancel_spread(void)
{
    fut_cancel_spread_on();
    fut_scope_call(NULL);
}

/* What came of an attempt to cancel. */
enum attempt { ENDED_IT, MARKED, MARKED_BEFORE, TOO_LATE };

/* The reason is put before the mark, and only if there is none; the runner
 * replaces it by its own error or leaves it. The handle keeps the place for it
 * until we are done, even if it ends meanwhile. */
static enum attempt mark(futures_future *future, const futures_error *reason,
                         uint64_t marks)
{
    futures_error *nothing = NULL;
    futures_error *kept;
    uint64_t word;
    enum attempt attempt = TOO_LATE;

    if (!fut_future_hold_running(future)) {
        return TOO_LATE;
    }
    kept = fut_error_retain(reason);
    if (kept != NULL &&
        !cas_acq_rel(&fut_future_extra(future)->error, &nothing, kept)) {
        fut_error_release(kept);
    }
    word = load_relaxed(&future->word);
    while (attempt == TOO_LATE && (word & FUT_STATE_MASK) == FUT_RUNNING) {
        if (cas_seq_cst(&future->word, &word, word | marks)) {
            attempt = (word & FUT_ASKED) != 0 ? MARKED_BEFORE : MARKED;
        }
    }
    if ((word & FUT_STATE_MASK) == FUTURES_OK) {
        or_relaxed(&future->word, FUT_SEEN); /* it may keep the reason */
    }
    futures_release(future);
    return attempt;
}

static enum attempt try_cancel(futures_future *future,
                               const futures_error *reason, uint64_t marks)
{
    if (fut_future_claim_end(future)) {
        fut_cancel_claimed(future, FUTURES_CANCELLED,
                           fut_error_retain(reason));
        return ENDED_IT;
    }
    return mark(future, reason, marks);
}

bool fut_cancel_mark(futures_future *future, const futures_error *reason)
{
    return try_cancel(future, reason, FUT_ASKED) == MARKED;
}

static futures_status cancel(futures_future *future,
                             const futures_error *reason, uint64_t marks)
{
    unsigned state;

    switch (try_cancel(future, reason, marks)) {
    case ENDED_IT:
        return FUTURES_CANCELLED;
    case MARKED:
        fut_cancel_spread();
        return FUTURES_PENDING;
    case MARKED_BEFORE:
        return FUTURES_PENDING;
    default:
        state = fut_future_state(future);
        return fut_state_is_pending(state) ? FUTURES_CANCELLED
                                           : (futures_status)state;
    }
}

futures_status fut_cancel_future(futures_future *future,
                                 const futures_error *reason)
{
    return cancel(future, reason, FUT_ASKED);
}

bool fut_cancel_look(struct fut_run *run, uint64_t epoch)
{
    futures_future *future = run->future;

    run->asked = load_relaxed(&future->pool->stopping) ||
                 fut_scope_is_set(run->brake) ||
                 fut_scope_is_stopped(fut_token_of_task(future));
    run->epoch = epoch;
    return run->asked;
}

futures_status futures_cancel(futures_future *future)
{
    if (future == NULL) {
        return FUTURES_INVALID;
    }
    if (fut_future_is_foreign(future)) {
        return FUTURES_FORKED;
    }
    return fut_cancel_future(future, NULL);
}

void fut_cancel_late(futures_future *future)
{
    (void)cancel(future, fut_error_deadline(), FUT_ASKED | FUT_TIMED);
}

void fut_cancel_fired(struct fut_future_timer *timer)
{
    futures_future *future = timer->future;

    if (exchange_acq_rel(&timer->left, true)) {
        fut_free(timer);
    }
    fut_future_drop(future, 1);
}

static void fire_future(struct fut_timer *timer)
{
    struct fut_future_timer *mine = (struct fut_future_timer *)timer;

    fut_cancel_late(mine->future);
    fut_cancel_fired(mine);
}

futures_status fut_cancel_arm(futures_future *future, futures_time when,
                              void (*fire)(struct fut_timer *))
{
    struct fut_future_timer *timer = fut_alloc(1, sizeof *timer);

    if (timer == NULL) {
        return FUTURES_NOMEM;
    }
    timer->future = fut_future_pin(future);
    future->options = true;
    store_relaxed(&fut_future_extra(future)->timer, timer);
    if (!fut_timer_arm(&timer->timer, when, fire)) {
        store_relaxed(&fut_future_extra(future)->timer, NULL);
        fut_future_drop(future, 1);
        fut_free(timer);
        return FUTURES_SYSTEM;
    }
    return FUTURES_OK;
}

futures_status fut_cancel_at(futures_future *future, futures_time deadline)
{
    return fut_cancel_arm(future, deadline, fire_future);
}

static void fire_token(struct fut_timer *timer)
{
    futures_token *token =
        (void *)((char *)timer - offsetof(futures_token, timer));

    if (fut_token_retain_living(token)) {
        futures_token_cancel(token, fut_error_deadline()->code,
                             fut_error_deadline()->message);
        futures_token_release(token);
    }
}

futures_status futures_token_create(futures_token **token,
                                    futures_token *parent,
                                    futures_time deadline)
{
    futures_token *made;

    if (token == NULL) {
        return FUTURES_INVALID;
    }
    *token = NULL;
    fut_scope_watch_forks();
    if (!fut_fork_watch()) {
        return FUTURES_SYSTEM;
    }
    made = fut_token_create(parent);
    if (made == NULL) {
        return FUTURES_NOMEM;
    }
    (void)fut_scope_retain(parent);
    if (deadline != FUTURES_NEVER) {
        made->timed = fut_timer_arm(&made->timer, deadline, fire_token);
        if (!made->timed) {
            futures_token_release(made);
            return FUTURES_SYSTEM;
        }
    }
    *token = made;
    return FUTURES_OK;
}

futures_token *futures_token_retain(futures_token *token)
{
    return fut_scope_retain(token);
}

void futures_token_release(futures_token *token)
{
    fut_future_unpin(token);
}

static void cancel_task(futures_future *task, int code, const char *reason)
{
    futures_error *error = fut_token_make_reason(code, reason);

    (void)fut_cancel_future(task, error);
    fut_error_release(error);
}

void futures_token_cancel(futures_token *token, int code, const char *reason)
{
    futures_future *task = fut_token_task(token);

    if (task != NULL) {
        cancel_task(task, code, reason);
    } else if (token != NULL && fut_token_fire(token, code, reason)) {
        fut_cancel_spread();
    }
}

bool futures_token_cancelled(const futures_token *token)
{
    struct fut_run *run = fut_self_task();

    if (run != NULL && fut_token_task(token) == run->future) {
        return fut_cancel_is_asked(run);
    }
    return fut_scope_is_stopped(token);
}

static void watch(const struct fut_watched *watched, futures_hook *hook,
                  void (*fn)(void *), void *arg)
{
    const futures_pool *pool = watched->pool;

    fut_scope_watch_forks();
    if (!fut_scope_watch(watched, hook, fn, arg)) {
        fut_self_call(fn, arg);
    } else if (pool != NULL && load_seq_cst(&pool->stopping)) {
        /* Linked first, then looked: a shutdown either found it or is seen. */
        fut_scope_call(pool);
    }
}

void fut_cancel_watch(struct fut_run *run, futures_hook *hook,
                      void (*fn)(void *), void *arg)
{
    struct fut_watched watched = {fut_token_of_task(run->future),
                                  run->future->pool, run->brake};

    run->exposed = true;
    watch(&watched, hook, fn, arg);
}

futures_status futures_token_on_cancel(futures_token *token,
                                       futures_hook *hook, void (*fn)(void *),
                                       void *arg)
{
    struct fut_run *run = fut_self_task();
    struct fut_watched watched = {.scope = token};

    if (token == NULL || hook == NULL || fn == NULL) {
        return FUTURES_INVALID;
    }
    if (run != NULL && fut_token_task(token) == run->future) {
        watched.pool = run->future->pool;
    }
    watch(&watched, hook, fn, arg);
    return FUTURES_OK;
}

void futures_token_off_cancel(futures_token *token, futures_hook *hook)
{
    if (token != NULL && hook != NULL) {
        fut_scope_unwatch(hook);
    }
}
