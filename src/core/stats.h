/* What the counters say. */
#ifndef FUT_CORE_STATS_H
#define FUT_CORE_STATS_H

#include <stdbool.h>

#include "core/pool.h"

/* Whether all that was submitted had ended at some moment during the call. A
 * task that a thread other than a worker ends may still be about to say so. */
bool fut_stats_all_done(const futures_pool *pool);

#endif
