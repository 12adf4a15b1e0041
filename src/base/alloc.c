/* Thin over malloc: overflow is an ordinary failure here. Pages are mapped
 * with room for their alignment, and what sticks out is unmapped at once. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/atomic.h"

void *fut_alloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *fut_alloc_lines(size_t count, size_t size)
{
    size_t bytes;

    if (size != 0 && count > (SIZE_MAX - FUT_CACHE_LINE) / size) {
        return NULL;
    }
    bytes = count * size;
    bytes = (bytes + FUT_CACHE_LINE - 1) & ~(size_t)(FUT_CACHE_LINE - 1);
    return aligned_alloc(FUT_CACHE_LINE, bytes);
}

void fut_free(void *memory)
{
    free(memory);
}

void *fut_alloc_pages(size_t size)
{
    char *mapped = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (mapped == MAP_FAILED) {
        return NULL;
    }
    before = (size - ((uintptr_t)mapped & (size - 1))) & (size - 1);
    if (before > 0) {
        (void)munmap(mapped, before);
    }
    (void)munmap(mapped + before + size, size - before);
    return mapped + before;
}

void fut_lend_pages(void *pages, size_t size)
{
#ifdef MADV_FREE
    (void)madvise(pages, size, MADV_FREE);
#else
    (void)pages;
    (void)size;
#endif
}

void fut_free_pages(void *pages, size_t size)
{
    (void)munmap(pages, size);
}
