/* Two calls joined in a worker's task. */
#ifndef FUT_COMBINE_PAIR_H
#define FUT_COMBINE_PAIR_H

#include "combine/fork.h"

/* Whether fut_pair_run may be used. run: the running task's */
static inline bool fut_pair_fits(const struct fut_run *run)
{
    return run->worker != NULL && run->cleanup == NULL && !run->failed &&
           !run->asked;
}

/* As futures_join, in a task of the pool. */
futures_status fut_pair_run(struct fut_run *run, const futures_call calls[],
                            futures_outcome outcomes[]);

#endif
