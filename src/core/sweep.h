/* Claiming what shall not run in a pool's queues. */
#ifndef FUT_CORE_SWEEP_H
#define FUT_CORE_SWEEP_H

#include "core/pool.h"

/* The pool's part in every cancel; see scope.h. Where the pool has a verdict,
 * nothing that is queued shall run. */
void fut_sweep_collect(struct fut_sweeper *sweeper, struct fut_swept *swept);

#endif
