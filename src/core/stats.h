/* What the counters say. */
#ifndef FUT_CORE_STATS_H
#define FUT_CORE_STATS_H

#include <stdbool.h>

#include "core/pool.h"

struct fut_stats_task {
    uint64_t ns; /* how long it has run, see longest_ns */
    char name[FUT_NAME_WORDS * sizeof(uint64_t)]; /* cut; "": none */
};

/* What the worker's outermost task is.
 * returns  false: there is none, or it has just changed */
bool fut_stats_task(const struct fut_worker *worker, futures_time now,
                    struct fut_stats_task *task);

/* Whether all that was submitted had ended at some moment during the call. A
 * task that a thread other than a worker ends may still be about to say so. */
bool fut_stats_all_done(const futures_pool *pool);

#endif
