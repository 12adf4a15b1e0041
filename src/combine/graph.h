/* Who waits for whom. Its nodes are needs, those of pending futures and those
 * of parked threads; a node's edges go to the futures that it needs, and from
 * there on to a future's own need, or to the thread that runs it if that is
 * parked. One lock for the process guards all of it: taken by who is about to
 * park in a task or has found something to run before that, by who detaches a
 * need, and by who looks on.
 *
 * Within it nothing is released or ended, and no lock is taken but those of
 * next and lend, see need.h. All that follows is to be called under it, unless
 * it says something else. */
#ifndef FUT_COMBINE_GRAPH_H
#define FUT_COMBINE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "combine/need.h"
#include "combine/set.h"
#include "core/pool.h"
#include "core/self.h"

struct fut_half;

/* A thread that is parked in a wait, or is about to. While it is in the list
 * its stack does not change: it takes itself out under the lock. */
struct fut_parked {
    struct fut_need node;      /* of no future; gives its set */
    struct fut_parked *next;   /* graph lock */
    struct fut_self *self;     /* const, as up to `half` */
    struct fut_worker *worker; /* nullable */
    struct fut_run *run;       /* the top of its stack; nullable */
    struct fut_set *set;       /* NULL where it joins */
    struct fut_half *half;     /* which it joins; NULL for a set */
    size_t first;     /* graph lock: all of the set before it have ended */
    bool derived;     /* its set has needs: more may become ready. Owner's */
    futures_time due; /* graph lock: a look before that is not worth while */
    bool certain;     /* no deadline ends the wait. Const while in the list */
    bool borrows;     /* graph lock: it lacks a place that may be lent later */
    bool reaches;     /* graph lock: its wait leads to who asked */
    bool stuck;       /* graph lock: see deadlock.c */
};

/* Any thread: what the calling one is about to wait for. Not in the list. */
void fut_graph_describe(struct fut_parked *parked, struct fut_set *set,
                        struct fut_half *half);

/* The lock itself. */
void fut_graph_lock(void);
void fut_graph_unlock(void);

/* Has those look again that may run futures of that pool, which is alive, but
 * for `mine` (nullable): all of them where no worker of it is left to come by,
 * or else those that have not looked just now. */
void fut_graph_poke(const futures_pool *pool, const struct fut_parked *mine);

/* Whether all workers of the pool are in the list. */
bool fut_graph_is_full(const futures_pool *pool);

/* The list, newest first. */
struct fut_parked *fut_graph_first(void);
void fut_graph_add(struct fut_parked *parked);
void fut_graph_remove(struct fut_parked *parked);

/* Whether one may be in the list that looks again when it is poked: after what
 * it would find was made so that it finds it. Without the lock. */
bool fut_graph_has_lookers(void);

/* returns  the need of a future that is pending; NULL: it has none */
struct fut_need *fut_graph_need(const futures_future *future);

/* Whether a future has a need, or by that word is held: then it becomes ready
 * later, after its need was taken back. Without the lock. */
static inline bool fut_graph_is_derived(const futures_future *future,
                                        uint64_t word)
{
    return (word & FUT_HELD) != 0 ||
           (future->pool == NULL && fut_graph_need(future) != NULL);
}

/* How often a need has gone though something that it gave had not ended. */
uint64_t fut_graph_cuts(void);
void fut_graph_cut(void);

/* returns  who runs it, if that is parked; else NULL */
struct fut_parked *fut_graph_runner(const futures_future *future);

/* returns  who runs what it joins, if that is parked; NULL too where it does
 *          not join */
struct fut_parked *fut_graph_taker(const struct fut_parked *parked);

/* Whether the wait can end only after each of its futures that are pending
 * now, unless one of them is cancelled. */
bool fut_graph_is_sure(const struct fut_parked *parked);

/* The same for a pending future's need. */
bool fut_graph_need_is_sure(const struct fut_need *need);

/* Whether an error of one of those that are needed may cancel the others. */
bool fut_graph_is_loose(struct fut_need *node);

/* For `next` of a need: the next that has not ended. *first: all before it
 * have, from the last time. */
futures_future *fut_graph_next(futures_future *const futures[], size_t count,
                               size_t *first, size_t *at);

/* A search in depth. It marks the needs that it comes by: one at a time. */
struct fut_walk {
    uint64_t number;
    struct fut_need *top;
};

void fut_walk_begin(struct fut_walk *walk, struct fut_need *root);

/* Goes on with what that needs, unless it was there before. */
void fut_walk_enter(struct fut_walk *walk, struct fut_need *need);

/* returns  the next future that is needed; NULL: there are no more. Walk->top
 *          is what needs it */
futures_future *fut_walk_next(struct fut_walk *walk);

/* Whether, along waits that cannot end otherwise, `from` waits for `to`. If so
 * the nodes on the way are those up from walk->top. */
bool fut_walk_leads(struct fut_walk *walk, struct fut_parked *from,
                    const struct fut_parked *to);

static inline struct fut_parked *fut_graph_parked_of(struct fut_need *node)
{
    return node->future == NULL ? (struct fut_parked *)(void *)node : NULL;
}

/* Whether by that word it can be run. */
static inline bool fut_graph_is_ready(uint64_t word)
{
    return (word & (FUT_STATE_MASK | FUT_HELD)) == FUT_QUEUED;
}

/* Whether it waits to be run. */
static inline bool fut_graph_is_queued(const futures_future *future)
{
    /* acquire: as all reads of a state */
    return fut_graph_is_ready(load_acquire(&future->word));
}

#endif
