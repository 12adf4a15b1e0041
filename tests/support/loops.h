/* What the tests of loops and maps share: counts for each index, pools whose
 * queue holds one task, and bodies that end in a known way. Include
 * support/test.h first. */
#ifndef FUTURES_TESTS_LOOPS_H
#define FUTURES_TESTS_LOOPS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/futures.h>

#include "support/gathering.h"

enum { INDICES = 1000 };

struct counts {
    atomic_uint of[INDICES];
    atomic_uint parts;
    size_t first; /* index of the first */
};

static inline void count_indices(void *context, size_t begin, size_t end)
{
    struct counts *counts = context;
    atomic_fetch_add(&counts->parts, 1);
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add(&counts->of[i - counts->first], 1);
}

/* How many of the first `count` indices were counted `times` times. */
static inline size_t counted_times(const struct counts *counts, size_t count,
                                   unsigned times)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += atomic_load(&counts->of[i]) == times;
    return found;
}

/* A queue of one. */
static inline futures_pool *narrow_pool(unsigned workers,
                                        futures_overflow overflow)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.queue_limit = 1;
    options.overflow = overflow;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

static inline void count_error(void *context, const futures_error *error)
{
    (void)error;
    count_one(context);
}

/* A pool whose `unhandled` counts. */
static inline futures_pool *hearing_pool(unsigned workers, atomic_int *heard)
{
    futures_pool_options options = FUTURES_POOL_OPTIONS_INIT;
    options.workers = workers;
    options.unhandled = count_error;
    options.context = heard;
    futures_pool *pool = NULL;
    futures_pool_create(&pool, &options);
    return pool;
}

static inline int give_context(void *context, unsigned worker, void **data)
{
    (void)worker;
    *data = context;
    return 0;
}

/* args[i] of a map: a number in the pointer itself. */
static inline void *number(size_t value)
{
    return (void *)(uintptr_t)value;
}

static inline void make_numbers(void *args[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        args[i] = number(i);
}

static inline size_t with_status(const futures_outcome outcomes[],
                                 size_t count, futures_status status)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += outcomes[i].status == status;
    return found;
}

#endif
