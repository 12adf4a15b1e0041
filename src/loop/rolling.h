/* A rolling set: tasks in flight that come and go while one thread waits for
 * whichever ends next. Futures stand in the order of submission; one that has
 * ended leaves a hole, and holes are closed when there is no place left, so
 * that a task costs the same whatever the width.
 *
 * All are beneath a token of the set's: so whoever raises a stop reaches what
 * is in flight, and what is just being submitted, without a look at the set.
 * The latch starts with more than can ever arrive, and what is missing is
 * given back when the set is left.
 *
 * A worker runs the oldest in flight itself. Those leave entries in its own
 * queue, where only the newest can be taken out: every now and then there is
 * no room until all have ended, and then they are taken out. */
#ifndef FUT_LOOP_ROLLING_H
#define FUT_LOOP_ROLLING_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/pool.h>

#include "combine/set.h"

struct fut_rolling_item;

/* The waiter's alone, but for the set. */
struct fut_rolling {
    struct fut_set set; /* first */
    /* const. Told of each that has ended, in that order; its future is gone
     * afterwards. */
    void (*done)(struct fut_rolling *rolling, size_t index,
                 futures_future *future, const futures_outcome *outcome);
    size_t width;                    /* const */
    bool keeps;                      /* const; the waiter may leave entries */
    void *storage;                   /* const */
    futures_future **futures;        /* twice the width */
    struct fut_rolling_item **items; /* of the same places; NULL: a hole */
    struct fut_rolling_item *free;
    size_t places;         /* that are used */
    size_t live;           /* in flight */
    size_t attached;       /* in all */
    futures_future **kept; /* retained: their entries may be there still */
    size_t stale;
};

/* The caller has set `done`. For tasks of that pool, submitted by the calling
 * thread with set.above as their token.
 * returns  OK; NOMEM, SYSTEM: nothing is to be closed */
futures_status fut_rolling_open(struct fut_rolling *rolling,
                                const futures_pool *pool, size_t width,
                                const futures_gather_options *options);

bool fut_rolling_has_room(const struct fut_rolling *rolling);

/* Where there is room. Takes over a handle. */
void fut_rolling_add(struct fut_rolling *rolling, futures_future *future,
                     size_t index);

/* Calls done for what has ended, and if nothing has, waits, helps and carries
 * out the deadline as a gather does; some are in flight. */
void fut_rolling_wait(struct fut_rolling *rolling);

/* After none is in flight, and when it is closed. */
void fut_rolling_tidy(struct fut_rolling *rolling);

/* Afterwards nobody else knows the set, and done was called for all that have
 * ended; the others are still there. */
void fut_rolling_leave(struct fut_rolling *rolling);

/* The index of one that was left, which is let go of.
 * returns  false: there are no more */
bool fut_rolling_let_go(struct fut_rolling *rolling, size_t *index);

/* Once none is left. */
void fut_rolling_close(struct fut_rolling *rolling);

/* Instead, where the thread exits: stops all and waits for them. */
void fut_rolling_abandon(struct fut_rolling *rolling);

#endif
