/* Knowing that a wait can never end. */
#ifndef FUT_COMBINE_DEADLOCK_H
#define FUT_COMBINE_DEADLOCK_H

#include "combine/set.h"

/* Whether the set holds the waiting task or one beneath it on its stack. */
bool fut_deadlock_on_stack(futures_future *const futures[], size_t count);

/* Parks at the set's latch. Where all workers of a pool are parked and what
 * they wait for is queued in that pool or runs beneath one of them, the waits
 * that had too little stack left to run it themselves are marked `deadlock`
 * and woken. */
enum fut_latch_wake fut_deadlock_park(struct fut_set *set,
                                      futures_time deadline);

#endif
