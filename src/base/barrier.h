/* A store followed by a load of something else, in that order, for the price
 * of plain ones: the frequent side uses the light operations below, the rare
 * side calls fut_barrier_heavy() between its own store and load. Then at least
 * one of the two sides sees what the other stored.
 *
 * Linux: membarrier(2), which runs a full barrier on every processor that runs
 * a thread of the process (see "Asymmetric fences", P1202 of WG21). Where it
 * is refused, the light side pays with sequential consistency and the heavy
 * side does nothing. */
#ifndef FUT_BASE_BARRIER_H
#define FUT_BASE_BARRIER_H

#include <stdbool.h>

#include "base/atomic.h"

/* Whether the light side may be light; const after the first pool. */
extern _Atomic bool fut_barrier_is_asymmetric;

/* Before the first thread that uses any of this. */
void fut_barrier_init(void);

void fut_barrier_heavy(void);

/* The light side's store: release at least. */
#define store_light(p, v)                               \
    do {                                                \
        if (load_relaxed(&fut_barrier_is_asymmetric)) { \
            store_release((p), (v));                    \
            atomic_signal_fence(memory_order_seq_cst);  \
        } else {                                        \
            store_seq_cst((p), (v));                    \
        }                                               \
    } while (0)

/* The light side's load, after its store. Acquire at least. */
#define load_light(p)                                           \
    (load_relaxed(&fut_barrier_is_asymmetric) ? load_acquire(p) \
                                              : load_seq_cst(p))

#endif
