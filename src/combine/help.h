/* What a waiter may run itself of what its wait needs, and finding it. */
#ifndef FUT_COMBINE_HELP_H
#define FUT_COMBINE_HELP_H

#include "combine/graph.h"

/* The slow part of the next: a thread that is no worker. */
bool fut_help_may_run_outside(const struct fut_parked *parked,
                              const futures_future *future);

/* Whether that thread may run it, as far as its place goes. */
static inline bool fut_help_may_run(const struct fut_parked *parked,
                                    const futures_future *future)
{
    if (future->pool == NULL) {
        return false; /* a promise */
    }
    return parked->worker != NULL ? parked->worker->pool == future->pool
                                  : fut_help_may_run_outside(parked, future);
}

/* For the calling thread.
 * returns  whether it was claimed; *entry: with its entry */
bool fut_help_claim(futures_future *future, bool *entry);

/* Takes the entry of one that was claimed without it out of the calling
 * worker's own deque, if it is the newest there. The caller has a handle. */
void fut_help_drop_own(futures_future *future);

/* Steps on the way to what was found last, more of them the nearer to it: so
 * that a chain of needs is not gone through from its other end for each link
 * of it. */
enum { FUT_TRAIL = 32 };
struct fut_trail {
    futures_future *futures[FUT_TRAIL]; /* the nearest last */
    unsigned count;
    unsigned pinned; /* the first so many are pinned */
    uint64_t cuts;   /* graph lock: as it was laid */
};

static inline void fut_help_begin(struct fut_trail *trail)
{
    trail->count = 0;
    trail->pinned = 0;
}

/* Unpins what is not part of it any more; without the lock.
 * returns  whether there was something */
bool fut_help_tidy(struct fut_trail *trail);

/* Claims something of what the wait needs, by way of other needs too; under
 * the graph lock, by the waiter. Without a trail it is in the list, and if
 * nothing is queued it may be something whose place is lent to it.
 * returns  what it has claimed, to be run now; NULL: there is nothing, or the
 *          trail is to be tidied up before it can say */
futures_future *fut_help_find(struct fut_parked *mine, struct fut_trail *trail,
                              bool *entry);

/* Whether another thread, in the list, has something to run. */
bool fut_help_is_there(struct fut_parked *parked);

/* One more is parked: those who lack a place that may be lent look again. */
void fut_help_poke_borrowers(const struct fut_parked *newest);

#endif
