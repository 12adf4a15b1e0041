/* Two things make a wait hopeless, and both are looked for when a task is
 * about to park for good.
 *
 * A circle: each of its waits can end only after a task that lies on the stack
 * of the next thread, beneath the wait that is parked there. Whether a thread
 * could help meanwhile changes nothing about that.
 *
 * Pools without a free worker: the greatest set of parked threads of which
 * each needs something that only they could bring to an end, since it runs on
 * one of their stacks, or is queued in a pool all workers of which are among
 * them and may not, or for want of stack cannot, run it.
 *
 * The answer is never wrong, since nothing that it hangs on can change before
 * the lock is given back: a task that runs on a parked thread ends only once
 * that has left the list; a wait that needs it lasts as long; a worker that is
 * in the list takes nothing from a queue. Where something else may end a wait
 * (a deadline of its own or of what it needs; a promise; a place that may be
 * lent; any one of several; an error elsewhere that cancels what is queued or
 * held) it is not certain, and counts for nothing. A cancel from outside ends
 * what is queued or held as well; nobody can know of that beforehand, and one
 * who waits for it to come has a deadline. Once told, a
 * wait may go, and those that wait for its task are no longer without hope. */
#include "combine/deadlock.h"

#include "combine/fork.h"
#include "combine/help.h"
#include "core/find.h"

/* How long not to look again where that is not necessary: so long, and so many
 * times as long as it took. */
enum { PAUSE_NS = 50000, PAUSE_LOOKS = 16 };

static bool is_beneath(const struct fut_run *run, const futures_future *future)
{
    for (; run != NULL; run = run->below) {
        if (run->future == future) {
            return true;
        }
    }
    return false;
}

bool fut_deadlock_on_stack(futures_future *const futures[], size_t count)
{
    if (fut_self.run == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (fut_future_state(futures[i]) == FUT_RUNNING &&
            is_beneath(fut_self.run, futures[i])) {
            return true;
        }
    }
    return false;
}

static bool any_is_full(void)
{
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        if (at->worker != NULL && fut_graph_is_full(at->worker->pool)) {
            return true;
        }
    }
    return false;
}

static bool all_are_stuck(const futures_pool *pool)
{
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        if (at->worker != NULL && at->worker->pool == pool && !at->stuck) {
            return false;
        }
    }
    return true;
}

/* Whether only those that are marked stuck could bring it to an end. */
static bool is_theirs(const futures_future *future)
{
    const struct fut_parked *runner = fut_graph_runner(future);

    if (runner != NULL) {
        return runner->stuck;
    }
    return future->pool != NULL && fut_graph_is_queued(future) &&
           load_relaxed(&fut_future_extra(future)->timer) == NULL &&
           load_acquire(&future->pool->verdict) == FUTURES_OK &&
           fut_graph_is_full(future->pool) && all_are_stuck(future->pool);
}

struct found {
    bool theirs;
    bool others;
    bool loose; /* an error of the others might cancel what is theirs */
};

static void look_at(struct found *found, struct fut_walk *walk,
                    const futures_future *future)
{
    struct fut_need *need = fut_graph_need(future);

    if (need != NULL && fut_graph_need_is_sure(need)) {
        found->loose = found->loose || fut_graph_is_loose(need);
        fut_walk_enter(walk, need);
    } else if (is_theirs(future)) {
        found->theirs = true;
    } else if (fut_future_is_pending(future)) {
        found->others = true;
    }
}

/* Whether it needs something that is theirs, also by way of other needs; and
 * nothing else, where an error of that might cancel what is theirs. */
static bool is_stuck_now(struct fut_parked *parked, struct found *found)
{
    const struct fut_parked *taker = fut_graph_taker(parked);
    struct fut_walk walk;
    futures_future *future;

    *found = (struct found){.loose = fut_graph_is_loose(&parked->node)};
    if (taker != NULL) {
        return taker->stuck;
    }
    fut_walk_begin(&walk, &parked->node);
    while ((!found->theirs || found->loose) &&
           (future = fut_walk_next(&walk)) != NULL) {
        look_at(found, &walk, future);
    }
    return found->theirs && !(found->loose && found->others);
}

/* Where only the others keep it from being stuck, its waiter looks again when
 * one of them has ended. */
static bool is_stuck(struct fut_parked *parked)
{
    struct found found;
    bool stuck = is_stuck_now(parked, &found);

    if (!stuck && found.theirs && parked->set != NULL &&
        !load_relaxed(&parked->set->curious)) {
        store_seq_cst(&parked->set->curious, true);
        stuck = is_stuck_now(parked, &found);
    }
    return stuck;
}

/* All that could be, and then fewer, until no more can be left out.
 * returns  whether `mine` is left, as the last to come: a set without it would
 *          have been told before */
static bool mark_stuck(struct fut_parked *mine)
{
    bool fewer;

    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        at->stuck = fut_graph_is_sure(at);
    }
    if (!is_stuck(mine)) {
        return false;
    }
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        at->stuck = at->stuck && !fut_help_is_there(at);
    }
    do {
        fewer = false;
        for (struct fut_parked *at = fut_graph_first(); at != NULL;
             at = at->next) {
            if (at->stuck && !is_stuck(at)) {
                at->stuck = false;
                fewer = true;
            }
        }
    } while (fewer && mine->stuck);
    return mine->stuck;
}

/* returns  whether it can be told */
static bool tell(const struct fut_parked *parked)
{
    if (parked->set == NULL || parked->set->bound) {
        return false;
    }
    /* pairs with load_acquire in fut_set_is_over */
    store_release(&parked->set->deadlock, true);
    fut_latch_poke(&parked->set->latch);
    return true;
}

/* Somebody in the circle that the walk has found. */
static void tell_in_circle(const struct fut_walk *walk,
                           const struct fut_parked *mine)
{
    bool told = tell(mine);

    for (struct fut_need *at = walk->top; at != NULL && !told; at = at->up) {
        const struct fut_parked *parked = fut_graph_parked_of(at);

        told = parked != NULL && tell(parked);
    }
}

/* Those that have too little stack to help; if there are none, the last one
 * to come, or any other. */
static void tell_stuck(const struct fut_parked *mine)
{
    bool told = false;

    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        if (at->stuck && at->set != NULL && at->set->low) {
            told |= tell(at);
        }
    }
    told = told || tell(mine);
    for (struct fut_parked *at = fut_graph_first(); at != NULL && !told;
         at = at->next) {
        told = at->stuck && tell(at);
    }
}

/* The caller is in the list. */
static void judge(struct fut_parked *mine)
{
    struct fut_walk walk;

    if (!mine->certain) {
        return;
    }
    if (mine->set != NULL && !fut_graph_is_sure(mine)) {
        /* It may become so as others of its set end: see is_tight. */
        store_seq_cst(&mine->set->curious, true);
    }
    if ((mine->derived || mine->next != NULL || fut_graph_first() != mine) &&
        fut_walk_leads(&walk, mine, mine)) {
        tell_in_circle(&walk, mine);
    } else if (any_is_full() && mark_stuck(mine)) {
        tell_stuck(mine);
    }
}

/* returns  whether there is something to do before parking */
static bool look_around(struct fut_parked *mine, futures_future **found,
                        bool *entry)
{
    if (mine->derived && !mine->set->low) {
        futures_time before = futures_now();
        futures_time now;

        *found = fut_help_find(mine, NULL, entry);
        now = futures_now();
        mine->due = now + PAUSE_NS + PAUSE_LOOKS * (now - before);
    }
    if (*found != NULL || fut_set_wants_waiter(mine->set)) {
        return true;
    }
    judge(mine);
    return load_acquire(&mine->set->deadlock);
}

/* In the list it counts as waiting. What it leaves in the queues, the others
 * may need. */
static void enter(struct fut_parked *mine)
{
    futures_pool *pool = mine->worker != NULL ? mine->worker->pool : NULL;

    fut_graph_add(mine);
    if (pool != NULL && fut_graph_has_lookers() && fut_find_any(pool)) {
        fut_graph_poke(pool, mine);
    }
    if (mine->run != NULL && mine->run->future != NULL) {
        add_relaxed(&mine->run->future->pool->waiting, 1); /* a figure */
    }
    fut_help_poke_borrowers(mine);
}

static void leave(struct fut_parked *mine)
{
    if (mine->run != NULL && mine->run->future != NULL) {
        sub_acq_rel(&mine->run->future->pool->waiting, 1);
    }
    fut_graph_remove(mine);
}

enum fut_latch_wake fut_deadlock_park(struct fut_parked *mine,
                                      futures_time deadline,
                                      futures_future **found, bool *entry)
{
    struct fut_set *set = mine->set;
    enum fut_latch_wake wake = FUT_LATCH_POKED;

    if (mine->run == NULL && mine->worker == NULL) {
        return fut_latch_wait(&set->latch, deadline);
    }
    mine->certain = deadline == FUTURES_NEVER;
    fut_graph_lock();
    enter(mine);
    /* It stays in the list while it looks, so that others see it wait. */
    while (wake == FUT_LATCH_POKED && !look_around(mine, found, entry)) {
        fut_graph_unlock();
        wake = fut_latch_wait(&set->latch, deadline);
        fut_graph_lock();
    }
    leave(mine);
    fut_graph_unlock();
    return wake;
}

void fut_deadlock_join(struct fut_half *half)
{
    struct fut_parked mine;

    if (fut_latch_is_open(&half->latch)) {
        return;
    }
    fut_graph_describe(&mine, NULL, half);
    mine.certain = true;
    fut_graph_lock();
    enter(&mine);
    judge(&mine);
    fut_graph_unlock();
    while (fut_latch_wait(&half->latch, FUTURES_NEVER) != FUT_LATCH_OPEN) {
    }
    fut_graph_lock();
    leave(&mine);
    fut_graph_unlock();
}
