/* A waiter runs only members of its own set, each once, while they are still
 * queued; a stranger might take a lock that the waiter's task holds. It looks
 * at the set between two of them. So one worker runs any depth of nested
 * gathers: whatever it waits for is queued, and it runs that itself, or is
 * beneath it on its stack, or runs elsewhere.
 *
 * Newest first, as in the worker's own deque, from which the entry is popped
 * along if it is at the bottom; oldest first for a wait that may leave early.
 * A thread that exits in a task it helps with leaves the set as it unwinds. */
#include "combine/block.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/thread.h"
#include "combine/deadlock.h"
#include "combine/watch.h"
#include "core/error.h"
#include "core/limbo.h"
#include "core/pool.h"
#include "core/run.h"
#include "core/token.h"
#include "sync/spin.h"

/* How patient a thread begins. */
enum { PATIENCE = 64 };

struct helper {
    struct fut_source source;
    struct fut_set *set;
    size_t left; /* members that it has not come to */
};

/* Whether the calling thread may run it. */
static bool may_run(const struct fut_set *set, const futures_future *future)
{
    struct fut_run *run = fut_self_task();

    if (future->pool == NULL) {
        return false; /* a promise */
    }
    if (fut_self.worker != NULL) {
        return fut_self.worker->pool == future->pool;
    }
    return fut_future_is_free(future) &&
           (set->options.help ||
            (run != NULL && run->future->pool == future->pool));
}

/* Pops it, if it is the newest of the worker's own. */
static bool pop_own(futures_future *future)
{
    struct fut_worker *worker = fut_self.worker;

    return worker != NULL && fut_deque_peek(&worker->deque) == future &&
           fut_deque_pop(&worker->deque) == future;
}

/* returns  whether it was claimed; *entry: with its entry */
static bool claim(futures_future *future, bool *entry)
{
    *entry = pop_own(future);
    if (fut_future_claim_run(future, *entry)) {
        return true;
    }
    if (*entry) {
        fut_limbo_put(future->pool, future);
    }
    return false;
}

bool fut_block_run_own(futures_future *future)
{
    struct fut_run *run = fut_self_task();

    if (future == NULL || run == NULL || run->worker == NULL ||
        run->brake != NULL || fut_deque_peek(&run->worker->deque) != future ||
        load_relaxed(&future->scope) != fut_token_of_task(run->future) ||
        fut_thread_stack_low() ||
        fut_deque_pop(&run->worker->deque) != future) {
        return false;
    }
    if (!fut_future_claim_run(future, true)) {
        fut_limbo_put(future->pool, future);
        return false;
    }
    fut_run_one(future, true);
    return true;
}

static futures_future *member(const struct helper *helper)
{
    const struct fut_set *set = helper->set;

    if (set->options.on_error == FUTURES_ON_ERROR_LEAVE) {
        return set->futures[set->count - helper->left];
    }
    return set->futures[helper->left - 1];
}

/* Between two helped tasks. */
static bool should_stop(struct fut_set *set)
{
    fut_set_call_done(set);
    set->low = fut_thread_stack_low();
    return set->low || fut_set_is_over(set) ||
           fut_clock_passed(set->options.deadline);
}

static futures_future *next_member(struct fut_source *source, bool *entry)
{
    struct helper *helper = (struct helper *)source;

    while (helper->left > 0) {
        futures_future *future = member(helper);

        if (fut_future_state(future) == FUT_QUEUED &&
            may_run(helper->set, future)) {
            if (should_stop(helper->set)) {
                return NULL;
            }
            if (claim(future, entry)) {
                helper->left--;
                return future;
            }
        }
        helper->left--;
    }
    return NULL;
}

static void help(struct fut_set *set)
{
    struct helper helper = {{next_member}, set, set->count};

    if (fut_self.worker == NULL && !set->options.help &&
        fut_self_task() == NULL) {
        return;
    }
    fut_set_arm(set);
    fut_run_all(&helper.source);
}

static futures_pool *waiting_pool(void)
{
    struct fut_run *run = fut_self_task();

    return run != NULL ? run->future->pool : NULL;
}

/* What a wait is for often comes within the time that parking takes.
 * returns  whether it did */
static bool look_on(struct fut_set *set)
{
    unsigned patience = fut_self.patience > 0 ? fut_self.patience : PATIENCE;
    bool open = false;

    for (unsigned round = 0; round < patience && !open; round++) {
        fut_spin_rest(round);
        open = fut_latch_is_open(&set->latch);
    }
    fut_self.patience = fut_spin_patience(patience, open);
    return open;
}

static enum fut_latch_wake park(struct fut_set *set, futures_time deadline)
{
    futures_pool *pool = waiting_pool();
    enum fut_latch_wake wake;

    if (look_on(set)) {
        return FUT_LATCH_OPEN;
    }
    if (pool != NULL) {
        add_relaxed(&pool->waiting, 1);
    }
    wake = fut_deadlock_park(set, deadline);
    if (pool != NULL) {
        sub_acq_rel(&pool->waiting, 1);
    }
    return wake;
}

/* returns  the deadline from now on */
static futures_time on_late(struct fut_set *set)
{
    set->late = true;
    if (set->options.on_timeout != FUTURES_ON_TIMEOUT_LEAVE) {
        fut_set_stop(set, FUT_STOP_TIME, fut_error_deadline());
    }
    return FUTURES_NEVER;
}

static void wait_until_over(struct fut_set *set)
{
    futures_time deadline = set->options.deadline;

    if (!fut_clock_passed(deadline)) {
        help(set);
    }
    for (;;) {
        fut_future_run_callbacks();
        fut_set_call_done(set);
        if (fut_set_is_over(set)) {
            return;
        }
        if (fut_clock_passed(deadline) ||
            park(set, deadline) == FUT_LATCH_TIMEOUT) {
            if (fut_latch_is_open(&set->latch)) {
                return; /* done wins */
            }
            deadline = on_late(set);
            if (set->options.on_timeout != FUTURES_ON_TIMEOUT_CANCEL) {
                return;
            }
        }
    }
}

/* The thread exits inside a task that it helped with. */
static void abandon(void *context)
{
    struct fut_set *set = context;

    fut_set_leave(set);
    fut_set_free_hooks(set);
}

void fut_block_on(struct fut_set *set)
{
    pthread_cleanup_push(abandon, set);
    wait_until_over(set);
    pthread_cleanup_pop(0);
    fut_set_leave(set);
    fut_set_call_done(set);
}
