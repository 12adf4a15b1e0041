/* Knowing that a wait can never end, and parking. */
#ifndef FUT_COMBINE_DEADLOCK_H
#define FUT_COMBINE_DEADLOCK_H

#include "combine/graph.h"

/* Whether the set holds the waiting task or one beneath it on its stack. */
bool fut_deadlock_on_stack(futures_future *const futures[], size_t count);

/* Parks at the set's latch, where it is not open. *found: a future of what the
 * wait needs that has become ready, and is claimed now; *entry: with its
 * entry. If the wait could never end it, or another that is part of the
 * reason, is marked `deadlock`.
 * returns  POKED: the waiter is to look around, first of all for *found */
enum fut_latch_wake fut_deadlock_park(struct fut_parked *mine,
                                      futures_time deadline,
                                      futures_future **found, bool *entry);

/* Waits until whoever took the half has run it. */
void fut_deadlock_join(struct fut_half *half);

#endif
