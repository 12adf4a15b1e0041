/* Blocks of one size for futures: two cache lines each, from a cache of the
 * calling thread. What one thread allocates and another frees goes back in
 * batches to the slab it came from, and a slab without a block in use goes
 * back to the system (but for a spare). */
#ifndef FUT_BASE_BLOCK_H
#define FUT_BASE_BLOCK_H

enum { FUT_BLOCK_SIZE = 128 };

/* returns  a block aligned to a cache line, contents undefined; or NULL */
void *fut_block_get(void);

/* From any thread; not NULL. */
void fut_block_put(void *memory);

#endif
