/* Blocks of one size for futures: a line that is used always, and at a fixed
 * distance from it one that is used seldom and is all zero until then. Where
 * nobody writes the second line it costs neither memory nor cache. Blocks come
 * from a cache of the calling thread; what one thread allocates and another
 * frees goes back in batches to the slab it came from. A few slabs without a
 * block in use are kept; the memory of more is the system's when it is short
 * of some or when somebody trims, and until then they are used again without a
 * fault.
 *
 * Under address and thread sanitizers every block is a heap block of its own,
 * so that they see each lifetime. */
#ifndef FUT_BASE_BLOCK_H
#define FUT_BASE_BLOCK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/atomic.h"
#include "base/sanitizer.h"

enum {
    FUT_BLOCK_SIZE = FUT_CACHE_LINE,
    FUT_SLAB_SIZE = 256 << 10,
#ifdef FUT_SANITIZED
    FUT_BLOCK_DISTANCE = FUT_BLOCK_SIZE
#else
    FUT_BLOCK_DISTANCE = FUT_SLAB_SIZE / 2
#endif
};

enum { FUT_CACHED_BLOCKS = 128, FUT_BLOCK_BATCH = 64, FUT_BLOCKS_AHEAD = 8 };

struct fut_block_cache {
    unsigned count;
    bool kept; /* the thread gives them back when it ends */
    void *blocks[FUT_CACHED_BLOCKS];
};

extern _Thread_local struct fut_block_cache fut_block_cache;

/* The second line of a block. */
static inline void *fut_block_second(const void *block)
{
    return (char *)(size_t)block + FUT_BLOCK_DISTANCE;
}

/* Gives the memory of slabs without a block in use back to the system, but for
 * the few that are kept. */
void fut_block_trim(void);

/* Whether the second line is all zero. */
bool fut_block_is_clean(const void *block);

void *fut_block_get_slowly(void);
void fut_block_put_slowly(void *block);

/* returns  a block: the first line aligned to a cache line with undefined
 *          contents, the second all zero; or NULL */
static inline void *fut_block_get(void)
{
    struct fut_block_cache *cache = &fut_block_cache;
    void *block;

    if (cache->count <= FUT_BLOCKS_AHEAD) {
        return fut_block_get_slowly();
    }
    block = cache->blocks[--cache->count];
    fut_prefetch_write(cache->blocks[cache->count - FUT_BLOCKS_AHEAD]);
    return block;
}

/* From any thread; not NULL, and the second line all zero again. */
static inline void fut_block_put(void *block)
{
    struct fut_block_cache *cache = &fut_block_cache;

    assert(fut_block_is_clean(block));
    if (cache->count == FUT_CACHED_BLOCKS || !cache->kept) {
        fut_block_put_slowly(block);
    } else {
        cache->blocks[cache->count++] = block;
    }
}

#endif
