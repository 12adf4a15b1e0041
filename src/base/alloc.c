/* Thin over malloc: overflow is an ordinary failure here. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>

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
