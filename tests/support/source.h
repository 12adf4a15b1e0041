/* For tests of futures_map's `next`: a source of numbered items that counts
 * what it gave and looks how many of them have not ended. Include
 * support/test.h first. */
#ifndef FUTURES_TESTS_SOURCE_H
#define FUTURES_TESTS_SOURCE_H

#include <stdatomic.h>
#include <stddef.h>

#include <futures/futures.h>

#include "support/loops.h"

/* `given` and what follows are the mapping thread's, if it maps alone. */
struct source {
    size_t limit; /* how many it has */
    atomic_size_t given;
    atomic_size_t told; /* by on_done */
    size_t most;        /* not told of, at any time */
    size_t late_calls;  /* after it had said that there are no more */
    bool ended;
    atomic_size_t sum; /* of the values told */
};

static inline bool source_next(void *context, void **arg)
{
    struct source *source = context;
    size_t given = atomic_load(&source->given);
    source->late_calls += source->ended;
    source->ended = given == source->limit;
    if (source->ended)
        return false;
    *arg = number(given);
    atomic_store(&source->given, given + 1);
    size_t open = given + 1 - atomic_load(&source->told);
    if (open > source->most)
        source->most = open;
    return true;
}

static inline void source_done(void *context, size_t index,
                               const futures_outcome *outcome)
{
    struct source *source = context;
    (void)index;
    atomic_fetch_add(&source->told, 1);
    if (outcome->status == FUTURES_OK)
        atomic_fetch_add(&source->sum, (size_t)(uintptr_t)outcome->value);
}

static inline futures_map_options source_options(struct source *source,
                                                 size_t window)
{
    futures_map_options options = FUTURES_MAP_OPTIONS_INIT;
    options.window = window;
    options.next = source_next;
    options.next_context = source;
    options.on_done = source_done;
    options.context = source;
    return options;
}

/* A map of a source as a task, or on a thread of its own. */
struct source_map {
    futures_pool *pool;
    futures_fn fn;
    size_t count;
    futures_outcome *outcomes;
    futures_map_options options;
    futures_status status;
};

static inline void *source_map_run(void *arg)
{
    struct source_map *map = arg;
    map->status = futures_map(map->pool, map->fn, NULL, map->count,
                              map->outcomes, &map->options);
    return arg;
}

#endif
