/* A gather that is a future: what async.c, which makes and ends it, has in
 * common with async_stop.c, by which it is stopped from outside. */
#ifndef FUT_COMBINE_ASYNC_H
#define FUT_COMBINE_ASYNC_H

#include "combine/need.h"
#include "combine/set.h"
#include "core/life.h"

struct fut_gathered {
    struct fut_set set;
    struct fut_ender ender;
    struct fut_keep keep;
    struct fut_need need;
    size_t first;              /* graph lock: all before it have ended */
    futures_future *future;    /* const; pinned */
    futures_future **futures;  /* const; retained */
    futures_outcome *outcomes; /* of who ends it; const then */
    _Atomic unsigned references;
    _Atomic unsigned looks; /* asked for; 0: nobody looks */
    _Atomic bool left;      /* what has not ended is being taken back */
};

/* Gives a reference back. */
void fut_gathered_let_go(struct fut_gathered *gathered);

/* Before others know it.
 * returns  false without a timer thread */
bool fut_gathered_arm(struct fut_gathered *gathered);

/* Has it stopped by its token, by a mark on its future, and from above. */
void fut_gathered_watch(struct fut_gathered *gathered);

/* Takes these three back, and waits for none. */
void fut_gathered_unwatch(struct fut_gathered *gathered);

/* The deadline has passed. */
void fut_gathered_time_is_up(struct fut_gathered *gathered);

#endif
