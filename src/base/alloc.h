/* The one door to memory, so that tests can fail every allocation. */
#ifndef FUT_BASE_ALLOC_H
#define FUT_BASE_ALLOC_H

#include <stddef.h>

/* Zeroed memory for `count` things of `size` bytes, aligned for any type.
 * returns  the memory; NULL where there is none or the product overflows */
void *fut_alloc(size_t count, size_t size);

/* The same, aligned to a cache line; its contents are undefined. */
void *fut_alloc_lines(size_t count, size_t size);

/* Pages straight from the system, which get there again when they are freed:
 * `size`, a power of two and at least a page, is also their alignment.
 * returns  zeroed memory; NULL where there is none */
void *fut_alloc_pages(size_t size);
void fut_free_pages(void *pages, size_t size);

/* Their contents are not needed any more: the system may have the memory when
 * it is short of some, and then they are zero when they are next looked at. */
void fut_lend_pages(void *pages, size_t size);

/* NULL is fine. */
void fut_free(void *memory);

#endif
