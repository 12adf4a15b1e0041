/* What a pending future needs that is not simply in a queue: a gather_async
 * its futures, a then those before it, a member of a group those that have the
 * places. So that one who waits for it can run that, and a cycle is seen. */
#ifndef FUT_COMBINE_NEED_H
#define FUT_COMBINE_NEED_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/pool.h>

#include "core/future.h"

struct fut_need {
    /* const. The next future that it needs, borrowed, from *at == 0 on; NULL:
     * there are no more. Those that have ended may be left out, and those at
     * the beginning should be: it is begun anew for each that is run. Called
     * under the graph lock, so it takes only locks that are never held around
     * a call of this header. */
    futures_future *(*next)(struct fut_need *need, size_t *at);
    /* const, nullable: for one that waits for a place which `holder`, one of
     * those that next gives, has. holder waits, by way of others maybe, for
     * the calling thread. Claims it (fut_hold_claim) if it may have that
     * place: the caller then runs it, before holder can go on. Under the graph
     * lock.
     * returns  whether it did */
    bool (*lend)(struct fut_need *need, futures_future *holder);
    /* const: it ends only after all of them, unless it is cancelled, or by its
     * task's deadline; false: after any one, or maybe by itself */
    bool all;
    /* const: not even a cancel ends it before those that next gives */
    bool firm;
    futures_future *future; /* const; not counted */
    struct fut_need *up;    /* graph lock, as all below: a walk's */
    size_t at;
    uint64_t walk;
};

/* Before others know the future, which is HELD, or a promise, or RUNNING
 * without a pool. */
void fut_need_attach(futures_future *future, struct fut_need *need);

/* Afterwards nobody looks at it, and what it gave may be released. Before the
 * future is queued, or after it was claimed by `lend` or to be ended, while
 * its block is still pinned. */
void fut_need_detach(struct fut_need *need);

/* What next gave before may be released afterwards, where its need can no
 * longer give it: waits until nobody looks at anything that a need gave. Takes
 * the graph lock. */
void fut_need_settle(void);

/* After a place has become one that could be lent, or anything else has
 * changed: tasks that are parked look again for what they can run.
 * pool: alive */
void fut_need_poke(futures_pool *pool);

/* The same after a held future of that pool has been queued: but only where
 * that is not left to workers of the pool, which will find it. */
void fut_need_queued(futures_pool *pool);

#endif
