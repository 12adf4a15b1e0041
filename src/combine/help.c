/* A thread runs what its wait needs, and nothing else: members of its set, and
 * what those need that cannot be run themselves. It does not look beneath what
 * others run.
 *
 * A place is lent where its holder cannot go on before the borrower does: it
 * is beneath on the same stack, or parked in a wait that leads to the borrower
 * and cannot end otherwise. So the two never run at once. */
#include "combine/help.h"

#include <assert.h>

#include "core/limbo.h"

bool fut_help_may_run_outside(const struct fut_parked *parked,
                              const futures_future *future)
{
    const struct fut_run *run = parked->run;

    return fut_future_is_free(future) &&
           (parked->set->options.help || (run != NULL && run->future != NULL &&
                                          run->future->pool == future->pool));
}

/* Pops it, if it is the newest of the worker's own. */
static bool pop_own(futures_future *future)
{
    struct fut_worker *worker = fut_self.worker;

    return worker != NULL && fut_deque_peek(&worker->deque) == future &&
           fut_deque_pop(&worker->deque) == future;
}

bool fut_help_claim(futures_future *future, bool *entry)
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

void fut_help_drop_own(futures_future *future)
{
    if (fut_future_state(future) != FUT_QUEUED && pop_own(future)) {
        fut_limbo_put(future->pool, future);
    }
}

/* An entry that is no good goes back: limbo might let go of others, and what
 * that brings about may need the graph lock. */
static bool claim_in_walk(futures_future *future, bool *entry)
{
    *entry = pop_own(future);
    if (fut_future_claim_run(future, *entry)) {
        return true;
    }
    if (*entry) {
        bool pushed = fut_deque_push(&fut_self.worker->deque, future);

        assert(pushed); /* its place is still free */
        (void)pushed;
    }
    return false;
}

/* The next one that is queued and that the thread may run. `lacks`: whether it
 * came by one that lacks a place. */
static futures_future *next_queued(struct fut_walk *walk,
                                   const struct fut_parked *parked,
                                   bool *lacks)
{
    futures_future *future;

    while ((future = fut_walk_next(walk)) != NULL) {
        struct fut_need *need = fut_graph_need(future);

        if (need != NULL) {
            *lacks |= need->lend != NULL;
            fut_walk_enter(walk, need);
        } else if (fut_graph_is_queued(future) &&
                   fut_help_may_run(parked, future)) {
            return future;
        }
    }
    return NULL;
}

static void see_who_waits(struct fut_parked *mine)
{
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        struct fut_walk walk;

        at->reaches = at != mine && fut_walk_leads(&walk, at, mine);
    }
}

static bool can_lend(const futures_future *holder,
                     const struct fut_parked *mine)
{
    const struct fut_parked *runner = fut_graph_runner(holder);

    return runner != NULL && (runner == mine || runner->reaches);
}

/* returns  whether it is claimed now */
static bool borrow_for(struct fut_need *need, const struct fut_parked *mine)
{
    futures_future *holder;
    size_t at = 0;

    while ((holder = need->next(need, &at)) != NULL) {
        if (can_lend(holder, mine) && need->lend(need, holder)) {
            /* It runs, and its slots are its runner's. */
            store_release(&fut_future_extra(need->future)->need, NULL);
            return true;
        }
    }
    return false;
}

static futures_future *borrow(struct fut_parked *mine)
{
    struct fut_walk walk;
    futures_future *future;

    see_who_waits(mine);
    fut_walk_begin(&walk, &mine->node);
    while ((future = fut_walk_next(&walk)) != NULL) {
        struct fut_need *need = fut_graph_need(future);

        if (need != NULL && need->lend != NULL &&
            fut_help_may_run(mine, future) && borrow_for(need, mine)) {
            return future;
        }
        fut_walk_enter(&walk, need);
    }
    return NULL;
}

/* From that need on; the walk is left at what was found. */
static futures_future *find_beneath(struct fut_walk *walk,
                                    struct fut_need *root,
                                    const struct fut_parked *mine, bool *entry,
                                    bool *lacks)
{
    futures_future *future;

    fut_walk_begin(walk, root);
    do {
        future = next_queued(walk, mine, lacks);
    } while (future != NULL && !claim_in_walk(future, entry));
    return future;
}

bool fut_help_tidy(struct fut_trail *trail)
{
    bool some = trail->pinned > trail->count;

    while (trail->pinned > trail->count) {
        fut_future_drop(trail->futures[--trail->pinned], 1);
    }
    return some;
}

static bool is_power_of_two(size_t number)
{
    return (number & (number - 1)) == 0;
}

/* The steps of the walk that are 1, 2, 4 ... above what was found, beneath its
 * root, the nearest last. */
static void lay(struct fut_trail *trail, const struct fut_walk *walk,
                const struct fut_need *root)
{
    futures_future *steps[FUT_TRAIL];
    unsigned count = 0;
    size_t above = 1;

    for (const struct fut_need *at = walk->top;
         at != root && count < FUT_TRAIL - trail->count; at = at->up) {
        if (is_power_of_two(above++)) {
            steps[count++] = at->future;
        }
    }
    while (count > 0) {
        trail->futures[trail->count++] = fut_future_pin(steps[--count]);
    }
    trail->pinned = trail->count;
    trail->cuts = fut_graph_cuts();
}

static futures_future *claim_one(const struct fut_parked *mine,
                                 futures_future *future, bool *entry)
{
    return fut_graph_is_queued(future) && fut_help_may_run(mine, future) &&
                   claim_in_walk(future, entry)
               ? future
               : NULL;
}

/* From the nearest step on, or for want of any from the wait itself. Where
 * nothing is left beneath a step, it is taken away, and the caller tidies up
 * and asks again. */
static futures_future *take_step(struct fut_trail *trail,
                                 struct fut_parked *mine, bool *entry)
{
    futures_future *last =
        trail->count > 0 ? trail->futures[trail->count - 1] : NULL;
    struct fut_need *root = last != NULL ? fut_graph_need(last) : &mine->node;
    futures_future *found;
    struct fut_walk walk;
    bool lacks = false;

    if (last != NULL && root == NULL) {
        found = claim_one(mine, last, entry);
    } else {
        found = find_beneath(&walk, root, mine, entry, &lacks);
        if (found != NULL) {
            lay(trail, &walk, root);
            return found;
        }
    }
    trail->count -= last != NULL;
    return found;
}

/* Whoever was needed when the trail was laid still is, as long as nothing has
 * ended that needed something. */
static futures_future *follow(struct fut_trail *trail, struct fut_parked *mine,
                              bool *entry)
{
    if (trail->count > 0 && trail->cuts != fut_graph_cuts()) {
        trail->count = 0;
    }
    return trail->pinned > trail->count ? NULL : take_step(trail, mine, entry);
}

futures_future *fut_help_find(struct fut_parked *mine, struct fut_trail *trail,
                              bool *entry)
{
    struct fut_walk walk;
    futures_future *future;
    bool lacks = false;

    if (trail != NULL) {
        return follow(trail, mine, entry);
    }
    future = find_beneath(&walk, &mine->node, mine, entry, &lacks);
    if (future == NULL && lacks) {
        *entry = false;
        future = borrow(mine);
    }
    mine->borrows = lacks && future == NULL;
    return future;
}

bool fut_help_is_there(struct fut_parked *parked)
{
    struct fut_walk walk;
    bool lacks = false;

    if (parked->set == NULL || parked->set->low) {
        return false;
    }
    fut_walk_begin(&walk, &parked->node);
    return next_queued(&walk, parked, &lacks) != NULL;
}

void fut_help_poke_borrowers(const struct fut_parked *newest)
{
    for (struct fut_parked *at = fut_graph_first(); at != NULL;
         at = at->next) {
        if (at != newest && at->borrows) {
            fut_latch_poke(&at->set->latch);
        }
    }
}
