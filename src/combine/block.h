/* Blocking until a set is over: a worker helps first, and then parks. */
#ifndef FUT_COMBINE_BLOCK_H
#define FUT_COMBINE_BLOCK_H

#include "combine/set.h"

/* Waits for an attached set, helps where it may, carries out the deadline, and
 * leaves the set. */
void fut_block_on(struct fut_set *set);

#endif
