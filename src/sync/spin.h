/* A lock for a few instructions: one read-modify-write to take it, a store to
 * give it back. No caller's code runs under it. */
#ifndef FUT_SYNC_SPIN_H
#define FUT_SYNC_SPIN_H

#include <stdbool.h>

#include "base/atomic.h"

struct fut_spin {
    _Atomic bool taken;
};

/* Waits a little for a holder that is about to leave, longer with each round:
 * if it was preempted, sleeping lets it run whatever the priorities are. */
void fut_spin_pause(unsigned round);

/* Waits some hundred nanoseconds, between two looks for something that may
 * come at any moment or not at all; now and then it lets another thread have
 * the processor. */
void fut_spin_rest(unsigned round);

/* How many looks are worth while: twice as many as last time where that paid,
 * half as many where it did not. */
static inline unsigned fut_spin_patience(unsigned patience, bool paid)
{
    enum { LEAST = 4, MOST = 256 };

    if (paid) {
        return patience < MOST ? 2 * patience : MOST;
    }
    return patience > LEAST ? patience / 2 : LEAST;
}

void fut_spin_lock_slow(struct fut_spin *spin);

static inline void fut_spin_init(struct fut_spin *spin)
{
    atomic_init(&spin->taken, false);
}

static inline bool fut_spin_try(struct fut_spin *spin)
{
    return !load_relaxed(&spin->taken) &&
           !exchange_acq_rel(&spin->taken, true);
}

static inline void fut_spin_lock(struct fut_spin *spin)
{
    if (exchange_acq_rel(&spin->taken, true)) {
        fut_spin_lock_slow(spin);
    }
}

static inline void fut_spin_unlock(struct fut_spin *spin)
{
    store_release(&spin->taken, false);
}

#endif
