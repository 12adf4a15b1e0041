/* Which process this is: a number that changes in each forked child, so that
 * what belongs to the parent can be told apart without a system call. */
#ifndef FUT_BASE_FORK_H
#define FUT_BASE_FORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

/* Starts counting; before the first pool, promise or token.
 * returns  false where the system refused */
bool fut_fork_watch(void);

extern _Atomic uint16_t fut_fork_count; /* of this process; see fork.c */

static inline uint16_t fut_fork_generation(void)
{
    return load_relaxed(&fut_fork_count);
}

/* Has `reset` called in every later child, in the only thread there: for
 * static locks that another thread may have held when the process forked.
 * It must do nothing but store. At most a handful, each given once. */
void fut_fork_on_child(void (*reset)(void));

#endif
