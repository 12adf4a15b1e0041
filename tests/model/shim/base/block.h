/* A block is an object of the simulator, its second line beside the first. */
#ifndef FUT_BASE_BLOCK_H
#define FUT_BASE_BLOCK_H

#include "base/atomic.h"

enum { FUT_BLOCK_SIZE = FUT_CACHE_LINE };

void *fut_block_get(void);
void fut_block_put(void *block);

static inline void *fut_block_second(const void *block)
{
    return (char *)(size_t)block + FUT_BLOCK_SIZE;
}

#endif
