/* Waiting where the waiter cannot leave. */
#ifndef FUT_COMBINE_GATHER_H
#define FUT_COMBINE_GATHER_H

#include <futures/future.h>

/* Waits until it has ended, since it uses what lies on the waiter's stack.
 * Where waits go in a circle, another one of them is told. Not for the waiting
 * task itself or one beneath it. */
void fut_wait_through(futures_future *future);

#endif
