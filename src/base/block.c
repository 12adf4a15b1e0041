/* A thread keeps a chain of free blocks and touches no lock until that is
 * empty or too long; then one lock moves a batch from or to the depot, which
 * keeps free blocks by slab. A slab is aligned to its size, so a block finds
 * its slab by masking its address.
 *
 * A forked child starts with an empty depot: the parent's may have been copied
 * in the middle of a change, so its slabs are told apart by their generation
 * and never touched again.
 *
 * Under address, leak and thread sanitizers every block is a heap block of its
 * own, so that they see each lifetime. */
#include "base/block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BLOCKS_FROM_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BLOCKS_FROM_HEAP 1
#endif
#endif

#ifdef BLOCKS_FROM_HEAP

void *fut_block_get(void)
{
    return fut_alloc_lines(1, FUT_BLOCK_SIZE);
}

void fut_block_put(void *block)
{
    fut_free(block);
}

#else

#include <pthread.h>

#include "base/fork.h"
#include "base/thread.h"

enum {
    SLAB_SIZE = 256 << 10,
    SLAB_BLOCKS = SLAB_SIZE / FUT_BLOCK_SIZE - 1,
    BATCH = 64,
    SPARES = 1
};

struct block {
    struct block *next;
};

struct slab {
    struct slab *next; /* depot lock; among those with free blocks */
    struct slab *prev;
    struct block *free;
    unsigned free_count;
    uint16_t generation; /* const: the process that made it */
};

static pthread_mutex_t depot_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *depot;    /* depot lock; slabs with free blocks */
static unsigned depot_spares; /* depot lock; of those, with all free */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit;
static bool at_exit_made; /* const after once */

static _Thread_local struct block *cache;
static _Thread_local unsigned cached;
static _Thread_local bool cache_kept; /* the exit destructor knows of it */

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
    struct slab *slab = fut_alloc_pages(SLAB_SIZE);
    char *first;

    if (slab == NULL) {
        return NULL;
    }
    first = (char *)slab + FUT_BLOCK_SIZE;
    slab->free = NULL;
    slab->free_count = SLAB_BLOCKS;
    slab->generation = fut_fork_generation();
    for (int i = SLAB_BLOCKS - 1; i >= 0; i--) {
        struct block *block = (void *)(first + (size_t)i * FUT_BLOCK_SIZE);

        block->next = slab->free;
        slab->free = block;
    }
    return slab;
}

/* Moves up to a batch from the depot to the cache, which is empty. */
static void refill_locked(void)
{
    struct slab *slab = depot;

    if (slab == NULL) {
        slab = slab_create();
        if (slab == NULL) {
            return;
        }
        link_slab(slab);
    } else if (slab->free_count == SLAB_BLOCKS) {
        depot_spares--;
    }
    while (slab->free != NULL && cached < BATCH) {
        struct block *block = slab->free;

        slab->free = block->next;
        slab->free_count--;
        block->next = cache;
        cache = block;
        cached++;
    }
    if (slab->free == NULL) {
        unlink_slab(slab);
    }
}

static void give_back_locked(struct block *block)
{
    struct slab *slab =
        (void *)((char *)block - ((uintptr_t)block & (SLAB_SIZE - 1)));

    if (slab->generation != fut_fork_generation()) {
        return;
    }
    if (slab->free == NULL) {
        link_slab(slab);
    }
    block->next = slab->free;
    slab->free = block;
    slab->free_count++;
    if (slab->free_count < SLAB_BLOCKS) {
        return;
    }
    if (depot_spares == SPARES) {
        unlink_slab(slab);
        fut_free_pages(slab, SLAB_SIZE);
    } else {
        depot_spares++;
    }
}

static void flush(unsigned keep)
{
    fut_lock(&depot_lock);
    while (cached > keep) {
        struct block *block = cache;

        cache = block->next;
        cached--;
        give_back_locked(block);
    }
    fut_unlock(&depot_lock);
}

static void at_thread_exit(void *unused)
{
    (void)unused;
    cache_kept = false;
    flush(0);
}

static void reset_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    depot_lock = fresh;
    depot = NULL;
    depot_spares = 0;
    cache = NULL;
    cached = 0;
}

static void start(void)
{
    at_exit_made = pthread_key_create(&at_exit, at_thread_exit) == 0;
    fut_fork_on_child(reset_in_child);
    (void)fut_fork_watch();
}

/* Sees to it that this thread's cache is flushed when the thread ends. */
static void keep_cache(void)
{
    (void)pthread_once(&once, start);
    cache_kept = at_exit_made && pthread_setspecific(at_exit, &cache) == 0;
}

void *fut_block_get(void)
{
    struct block *block;

    if (cache == NULL) {
        if (!cache_kept) {
            keep_cache();
        }
        fut_lock(&depot_lock);
        refill_locked();
        fut_unlock(&depot_lock);
    }
    block = cache;
    if (block != NULL) {
        cache = block->next;
        cached--;
    }
    if (!cache_kept) {
        flush(0);
    }
    return block;
}

void fut_block_put(void *memory)
{
    struct block *block = memory;

    block->next = cache;
    cache = block;
    cached++;
    if (cached >= 2 * BATCH || !cache_kept) {
        if (!cache_kept) {
            keep_cache();
        }
        flush(cache_kept ? BATCH : 0);
    }
}

#endif
