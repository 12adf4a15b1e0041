/* A future's two counts, see future.h: who gives the last one back frees the
 * contents, or the block. */
#ifndef FUT_CORE_COUNT_H
#define FUT_CORE_COUNT_H

#include "core/future.h"

static inline uint64_t fut_handles(uint64_t word)
{
    return word / FUT_HANDLE % FUT_HANDLES;
}

/* Gives a handle and `pins` back, of one that has ended. Last of all it
 * touches the future. */
void fut_count_let_go(futures_future *future, uint64_t pins);

#endif
