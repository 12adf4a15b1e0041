/* Running tasks, and ending them with what came of it. */
#ifndef FUT_CORE_RUN_H
#define FUT_CORE_RUN_H

#include "core/future.h"

/* Where tasks to run come from: next() gives a future that it has claimed, and
 * in *entry whether by its entry; or NULL. */
struct fut_source {
    futures_future *(*next)(struct fut_source *source, bool *entry);
};

/* Runs what the source gives until it gives NULL. A task whose thread exits
 * ends FAILED, and so do those beneath it on the stack. */
void fut_run_all(struct fut_source *source);

/* Runs one that was claimed; `entry`: with its entry. */
void fut_run_one(futures_future *future, bool entry);

#endif
