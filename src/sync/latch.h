/* A countdown latch for one sleeper. It may lie on the sleeper's stack: the
 * last one to arrive exchanges the state word and then knows the latch only as
 * an address to wake, and the sleeper leaves only when it has seen that
 * exchange. So nobody touches the latch after the sleeper may have gone.
 *
 * Every arrival happens before the return of fut_latch_wait with true:
 * arrivals are release, the sleeper acquires through the state word. */
#ifndef FUT_SYNC_LATCH_H
#define FUT_SYNC_LATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/time.h>

struct fut_latch {
    _Atomic size_t count;   /* arrivals to come */
    _Atomic uint32_t state; /* closed, sleeping, poked, open */
};

/* How a wait came back. */
enum fut_latch_wake {
    FUT_LATCH_OPEN,   /* all have arrived */
    FUT_LATCH_POKED,  /* somebody wants the sleeper to look around */
    FUT_LATCH_TIMEOUT /* the deadline passed first */
};

void fut_latch_init(struct fut_latch *latch, size_t count);

/* One, or `count`, of those to come. After the last the latch may be gone. */
void fut_latch_arrive(struct fut_latch *latch, size_t count);

/* Wakes the sleeper without an arrival. Only by somebody who has not arrived
 * yet, or who keeps the latch alive in another way. */
void fut_latch_poke(struct fut_latch *latch);

bool fut_latch_is_open(const struct fut_latch *latch);

/* Sleeps until the latch is open, is poked or the deadline passes. */
enum fut_latch_wake fut_latch_wait(struct fut_latch *latch,
                                   futures_time deadline);

#endif
