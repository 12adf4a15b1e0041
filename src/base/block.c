/* A thread keeps a stack of free blocks and touches no lock until that is
 * empty or full; then one lock moves a batch from or to the depot, which keeps
 * a bit for each free block in the header of its slab. A slab is aligned to
 * its size, so a block finds its slab by masking its address. The first lines
 * lie in the lower half of the slab and the second ones in the upper half.
 *
 * A forked child starts with an empty depot: the parent's may have been copied
 * in the middle of a change, so its slabs are told apart by their generation
 * and never touched again. */
#include "base/block.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

_Thread_local struct fut_block_cache fut_block_cache;

bool fut_block_is_clean(const void *block)
{
    const unsigned char *line = fut_block_second(block);
    size_t i = 0;

    while (i < FUT_BLOCK_SIZE && line[i] == 0) {
        i++;
    }
    return i == FUT_BLOCK_SIZE;
}

#ifdef FUT_SANITIZED

void *fut_block_get_slowly(void)
{
    char *block = fut_alloc_lines(2, FUT_BLOCK_SIZE);

    if (block != NULL) {
        memset(fut_block_second(block), 0, FUT_BLOCK_SIZE);
    }
    return block;
}

void fut_block_put_slowly(void *block)
{
    fut_free(block);
}

void fut_block_trim(void)
{
}

#else

#include <pthread.h>

#include "base/fork.h"
#include "base/thread.h"

enum {
    WORD_BITS = 64,
    SLAB_WORDS = FUT_BLOCK_DISTANCE / FUT_BLOCK_SIZE / WORD_BITS,
    HEADER_PAGE = 4096,
    SPARES_KEPT = 16,  /* slabs */
    SPARES_LENT = 4096 /* besides */
};

struct slab {
    struct slab *next; /* depot lock; among those with free blocks */
    struct slab *prev;
    unsigned free_count;       /* depot lock */
    unsigned first;            /* depot lock; no word before it has a bit */
    uint16_t generation;       /* const: the process that made it */
    uint64_t free[SLAB_WORDS]; /* depot lock; a bit for each free block */
};

/* The blocks in whose place the header lies. */
enum {
    HEADER_BLOCKS =
        (sizeof(struct slab) + FUT_BLOCK_SIZE - 1) / FUT_BLOCK_SIZE,
    SLAB_BLOCKS = SLAB_WORDS * WORD_BITS - HEADER_BLOCKS
};

static pthread_mutex_t depot_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *depot;    /* depot lock; slabs with free blocks */
static unsigned depot_spares; /* depot lock; of those, with all free */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit;
static bool at_exit_made; /* const after once */

static void unlink_slab(struct slab *slab)
{
    if (slab->prev != NULL) {
        slab->prev->next = slab->next;
    } else {
        depot = slab->next;
    }
    if (slab->next != NULL) {
        slab->next->prev = slab->prev;
    }
}

static void link_slab(struct slab *slab)
{
    slab->prev = NULL;
    slab->next = depot;
    if (depot != NULL) {
        depot->prev = slab;
    }
    depot = slab;
}

static struct slab *slab_create(void)
{
    struct slab *slab = fut_alloc_pages(FUT_SLAB_SIZE);

    if (slab == NULL) {
        return NULL;
    }
    memset(slab->free, 0xff, sizeof slab->free);
    slab->free[0] = UINT64_MAX << HEADER_BLOCKS;
    slab->first = 0;
    slab->free_count = SLAB_BLOCKS;
    slab->generation = fut_fork_generation();
    return slab;
}

/* The lowest one; there is one. */
static void *take_locked(struct slab *slab)
{
    size_t index;

    while (slab->free[slab->first] == 0) {
        slab->first++;
    }
    index = slab->first * (size_t)WORD_BITS +
            fut_lowest_bit(slab->free[slab->first]);
    slab->free[slab->first] &= slab->free[slab->first] - 1;
    slab->free_count--;
    return (char *)slab + index * FUT_BLOCK_SIZE;
}

/* returns  a slab with a free block, first in the depot; NULL without memory
 *          */
static struct slab *find_locked(void)
{
    struct slab *slab = depot;

    if (slab == NULL) {
        slab = slab_create();
        if (slab != NULL) {
            link_slab(slab);
        }
    } else if (slab->free_count == SLAB_BLOCKS) {
        depot_spares--;
    }
    return slab;
}

/* Puts up to a batch from one slab into the cache, under what is there, lowest
 * address last: it is handed out first, and neighbours follow each other. */
static void refill_locked(struct fut_block_cache *cache)
{
    struct slab *slab = find_locked();
    unsigned count;

    if (slab == NULL) {
        return;
    }
    count = slab->free_count < FUT_BLOCK_BATCH ? slab->free_count
                                               : (unsigned)FUT_BLOCK_BATCH;
    memmove(&cache->blocks[count], cache->blocks,
            cache->count * sizeof *cache->blocks);
    cache->count += count;
    for (unsigned i = count; i > 0; i--) {
        cache->blocks[i - 1] = take_locked(slab);
    }
    if (slab->free_count == 0) {
        unlink_slab(slab);
    }
}

static void give_back_locked(void *block)
{
    size_t offset = (uintptr_t)block & (FUT_SLAB_SIZE - 1);
    struct slab *slab = (void *)((char *)block - offset);
    unsigned word = (unsigned)(offset / FUT_BLOCK_SIZE / WORD_BITS);
    uint64_t bit = UINT64_C(1) << offset / FUT_BLOCK_SIZE % WORD_BITS;

    if (slab->generation != fut_fork_generation()) {
        return;
    }
    if (slab->free_count == 0) {
        link_slab(slab);
    }
    assert((slab->free[word] & bit) == 0); /* nobody gives it back twice */
    slab->free[word] |= bit;
    slab->first = word < slab->first ? word : slab->first;
    slab->free_count++;
    if (slab->free_count < SLAB_BLOCKS) {
        return;
    }
    if (depot_spares == SPARES_KEPT + SPARES_LENT) {
        unlink_slab(slab);
        fut_free_pages(slab, FUT_SLAB_SIZE);
        return;
    }
    depot_spares++;
    if (depot_spares > SPARES_KEPT) {
        fut_lend_pages((char *)slab + HEADER_PAGE,
                       FUT_SLAB_SIZE - HEADER_PAGE);
    }
}

/* Gives the `count` oldest back. */
static void flush(struct fut_block_cache *cache, unsigned count)
{
    fut_lock(&depot_lock);
    for (unsigned i = 0; i < count; i++) {
        give_back_locked(cache->blocks[i]);
    }
    fut_unlock(&depot_lock);
    cache->count -= count;
    memmove(cache->blocks, &cache->blocks[count],
            cache->count * sizeof *cache->blocks);
}

void fut_block_trim(void)
{
    struct slab *next;

    fut_lock(&depot_lock);
    for (struct slab *slab = depot; slab != NULL; slab = next) {
        next = slab->next;
        if (depot_spares > SPARES_KEPT && slab->free_count == SLAB_BLOCKS) {
            depot_spares--;
            unlink_slab(slab);
            fut_free_pages(slab, FUT_SLAB_SIZE);
        }
    }
    fut_unlock(&depot_lock);
}

static void at_thread_exit(void *unused)
{
    struct fut_block_cache *cache = &fut_block_cache;

    (void)unused;
    cache->kept = false;
    flush(cache, cache->count);
}

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    depot_lock = fresh;
    depot = NULL;
    depot_spares = 0;
    fut_block_cache.count = 0;
}

static void start(void)
{
    at_exit_made = pthread_key_create(&at_exit, at_thread_exit) == 0;
    fut_fork_on_child(reset_in_child);
    (void)fut_fork_watch();
}

/* Sees to it that this thread's cache is flushed when the thread ends. */
static void keep_cache(struct fut_block_cache *cache)
{
    if (!cache->kept) {
        (void)pthread_once(&once, start);
        cache->kept = at_exit_made && pthread_setspecific(at_exit, cache) == 0;
    }
}

/* A thread whose cache cannot be kept has none. */
void *fut_block_get_slowly(void)
{
    struct fut_block_cache *cache = &fut_block_cache;
    void *block;

    if (cache->count <= FUT_BLOCKS_AHEAD) {
        keep_cache(cache);
        fut_lock(&depot_lock);
        refill_locked(cache);
        fut_unlock(&depot_lock);
    }
    if (cache->count == 0) {
        return NULL;
    }
    block = cache->blocks[--cache->count];
    if (!cache->kept) {
        flush(cache, cache->count);
    }
    return block;
}

void fut_block_put_slowly(void *block)
{
    struct fut_block_cache *cache = &fut_block_cache;

    keep_cache(cache);
    if (cache->count == FUT_CACHED_BLOCKS) {
        flush(cache, FUT_BLOCK_BATCH);
    }
    cache->blocks[cache->count++] = block;
    if (!cache->kept) {
        flush(cache, cache->count);
    }
}

#endif
