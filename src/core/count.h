/* A future's two counts, see future.h: who gives the last one back frees the
 * contents, or the block. */
#ifndef FUT_CORE_COUNT_H
#define FUT_CORE_COUNT_H

#include "core/future.h"

/* Whether it ended OK, nothing was ever put into the extra line, and the
 * caller's handle is the last of everything. */
static inline bool fut_count_is_sole(const futures_future *future,
                                     uint64_t word)
{
    uint64_t aside = FUT_TIMED | FUT_BOUND | FUT_WAITED |
                     FUT_GENERATION * (FUT_GENERATIONS - 1);

    return (word & ~aside) == FUTURES_OK + FUT_HANDLE + FUT_PIN &&
           !future->options && load_relaxed(&future->scope) == NULL;
}

/* Gives a handle and `pins` back, of one that has ended. Last of all it
 * touches the future. */
void fut_count_let_go(futures_future *future, uint64_t pins);

#endif
