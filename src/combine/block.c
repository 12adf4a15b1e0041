/* A waiter runs only members of its own set, each once, while they are still
 * queued, and what those need that cannot be run yet; a stranger might take a
 * lock that the waiter's task holds. It looks at the set between two of them.
 * So one worker runs any depth of nested gathers: whatever it waits for is
 * queued, and it runs that itself, or is beneath it on its stack, or runs
 * elsewhere. What becomes ready only while it is parked wakes it.
 *
 * Newest first, as in the worker's own deque, from which the entry is popped
 * along if it is at the bottom; oldest first for a wait that may leave early.
 * A thread that exits in a task it helps with leaves the set as it unwinds. */
#include "combine/block.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/thread.h"
#include "combine/deadlock.h"
#include "combine/done.h"
#include "combine/help.h"
#include "combine/watch.h"
#include "core/cancel.h"
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
    struct fut_parked wait;
    struct fut_trail trail;
    struct fut_set *set;
    size_t left;           /* members that it has not come to */
    futures_future *found; /* while it parked; to be run first */
    bool entry;            /* of `found` */
};

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

bool fut_block_may_help(const futures_pool *pool)
{
    struct fut_run *run = fut_self_task();
    bool inside = run != NULL && run->future->pool == pool;

    if (fut_thread_stack_low()) {
        return false;
    }
    return fut_self.worker != NULL ? fut_self.worker->pool == pool
                                   : inside && pool->marks == 0;
}

bool fut_block_help(futures_future *future)
{
    bool entry;

    if (!fut_help_claim(future, &entry)) {
        return false;
    }
    fut_run_one(future, entry);
    return true;
}

static futures_future *member(const struct helper *helper)
{
    const struct fut_set *set = helper->set;

    if (set->options.on_error == FUTURES_ON_ERROR_LEAVE ||
        set->goal != FUT_GOAL_ALL || set->above != NULL) {
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

/* The members come first, each once.
 * returns  NULL: there is none, or *stop is set */
static futures_future *next_member(struct helper *helper, bool *entry,
                                   bool *stop)
{
    while (helper->left > 0 && !*stop) {
        futures_future *future = member(helper);
        uint64_t word = load_acquire(&future->word);

        if (fut_graph_is_ready(word) &&
            fut_help_may_run(&helper->wait, future)) {
            *stop = should_stop(helper->set);
            if (*stop) {
                return NULL;
            }
            if (fut_help_claim(future, entry)) {
                helper->left--;
                return future;
            }
        } else if (fut_graph_is_derived(future, word)) {
            helper->wait.derived = true;
        }
        helper->left--;
    }
    return NULL;
}

/* Then what they need, until nothing of it is queued. */
static futures_future *next_needed(struct helper *helper, bool *entry)
{
    futures_future *future;

    if (!helper->wait.derived || should_stop(helper->set)) {
        return NULL;
    }
    (void)fut_help_tidy(&helper->trail);
    do {
        fut_graph_lock();
        future = fut_help_find(&helper->wait, &helper->trail, entry);
        fut_graph_unlock();
    } while (future == NULL && fut_help_tidy(&helper->trail));
    return future;
}

static futures_future *next(struct fut_source *source, bool *entry)
{
    struct helper *helper = (struct helper *)source;
    futures_future *future = helper->found;
    bool stop = false;

    if (future != NULL) {
        *entry = helper->entry;
        helper->found = NULL;
        return future;
    }
    future = next_member(helper, entry, &stop);
    return future != NULL || stop ? future : next_needed(helper, entry);
}

static void help(struct helper *helper)
{
    struct fut_set *set = helper->set;

    if (fut_self.worker == NULL && !set->options.help &&
        fut_self_task() == NULL) {
        return;
    }
    fut_set_arm(set);
    fut_run_all(&helper->source);
    if (set->above != NULL) {
        set->past = set->count - helper->left;
    }
}

/* What a wait is for often comes within the time that parking takes.
 * returns  whether it did */
static bool look_on(struct fut_set *set)
{
    unsigned patience = fut_self.patience > 0 ? fut_self.patience : PATIENCE;
    bool open = false;

    for (unsigned round = 0; round < patience && !open; round++) {
        fut_spin_rest(round);
        open = fut_set_wants_waiter(set);
    }
    fut_self.patience = fut_spin_patience(patience, open);
    return open;
}

static enum fut_latch_wake park(struct helper *helper, futures_time deadline)
{
    if (look_on(helper->set)) {
        return FUT_LATCH_OPEN;
    }
    return fut_deadlock_park(&helper->wait, deadline, &helper->found,
                             &helper->entry);
}

/* returns  the deadline from now on */
static futures_time on_late(struct fut_set *set)
{
    store_relaxed(&set->late, true);
    if (set->options.on_timeout != FUTURES_ON_TIMEOUT_LEAVE) {
        fut_set_stop(set, FUT_STOP_TIME, fut_error_deadline());
    }
    return FUTURES_NEVER;
}

/* returns  whether the wait is over, for want of time */
static bool is_late(struct fut_set *set, futures_time *deadline)
{
    if (fut_latch_is_open(&set->latch)) {
        return true; /* done wins */
    }
    *deadline = on_late(set);
    return set->options.on_timeout != FUTURES_ON_TIMEOUT_CANCEL;
}

static void wait_until_over(struct helper *helper)
{
    struct fut_set *set = helper->set;
    futures_time deadline = set->options.deadline;

    if (!fut_clock_passed(deadline)) {
        help(helper);
    }
    for (;;) {
        fut_cancel_all_swept();
        fut_future_run_callbacks();
        fut_set_call_done(set);
        if (fut_set_is_over(set)) {
            return;
        }
        if ((fut_clock_passed(deadline) ||
             park(helper, deadline) == FUT_LATCH_TIMEOUT) &&
            is_late(set, &deadline)) {
            return;
        }
        if (helper->found != NULL) {
            help(helper);
        }
    }
}

static void forget(void *context)
{
    struct helper *helper = context;

    helper->trail.count = 0;
    (void)fut_help_tidy(&helper->trail);
}

void fut_block_until_over(struct fut_set *set)
{
    struct helper helper;

    helper.source.next = next;
    helper.set = set;
    helper.left = set->count - set->past;
    helper.found = NULL;
    fut_graph_describe(&helper.wait, set, NULL);
    fut_help_begin(&helper.trail);
    pthread_cleanup_push(forget, &helper);
    wait_until_over(&helper);
    pthread_cleanup_pop(1);
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
    fut_block_until_over(set);
    pthread_cleanup_pop(0);
    fut_set_leave(set);
    fut_set_call_done(set);
}
