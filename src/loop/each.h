/* Map with a future for each item: where it may return before all have
 * ended, or tells of each as it ends. */
#ifndef FUT_LOOP_EACH_H
#define FUT_LOOP_EACH_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/gather.h>
#include <futures/task.h>

/* Submits fn(args[i]) for each i and gathers them.
 * returns  as the submit, which leaves `outcomes` as they are, and says so in
 *          *submitted; else as gather: values and errors in `outcomes`
 *          (nullable) are then the caller's */
futures_status fut_each_run(futures_pool *pool, futures_fn fn,
                            void *const args[], size_t count,
                            futures_outcome outcomes[],
                            const futures_gather_options *options,
                            bool *submitted);

#endif
