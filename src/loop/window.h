/* Map with few items in flight: each is a task with a future of its own, and
 * the next is submitted when one has ended. */
#ifndef FUT_LOOP_WINDOW_H
#define FUT_LOOP_WINDOW_H

#include <stddef.h>

#include <futures/map.h>

/* What futures_map says of a window or `next`.
 * gather  the same options as a gather would want them */
futures_status fut_window_run(futures_pool *pool, futures_fn fn,
                              void *const args[], size_t count,
                              futures_outcome outcomes[],
                              const futures_map_options *options,
                              const futures_gather_options *gather);

#endif
