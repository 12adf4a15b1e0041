/* The work-stealing deque of Chase and Lev (SPAA 2005), with the orders of Le,
 * Pop, Cohen and Zappa Nardelli (PPoPP 2013) strengthened so that it needs no
 * standalone fence. The owner pushes and pops at the bottom, thieves take from
 * the top; each entry is handed out exactly once.
 *
 *            push   pop    peek   steal   may run beside
 *   push      -      -      -      yes
 *   pop       -      -      -      yes
 *   peek      -      -      -      yes
 *   steal    yes    yes    yes     yes                          */
#ifndef FUT_SYNC_DEQUE_H
#define FUT_SYNC_DEQUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

struct fut_deque_ring;

struct fut_deque {
    _Alignas(FUT_CACHE_LINE) _Atomic int64_t top;    /* thieves and owner */
    _Alignas(FUT_CACHE_LINE) _Atomic int64_t bottom; /* owner writes */
    _Atomic(struct fut_deque_ring *) ring;           /* owner writes */
};

bool fut_deque_init(struct fut_deque *deque);
void fut_deque_destroy(struct fut_deque *deque);

/* Owner. Publishes with a seq_cst store, so that a look at the sleepers may
 * follow. returns false without memory: nothing was changed. */
bool fut_deque_push(struct fut_deque *deque, void *entry);

/* Owner. The newest entry, or NULL. */
void *fut_deque_pop(struct fut_deque *deque);

/* Owner. The newest entry's address, which may be gone; or NULL. */
void *fut_deque_peek(struct fut_deque *deque);

/* Anyone. The oldest entry, or NULL; *lost says whether NULL only means that
 * somebody else was faster. */
void *fut_deque_steal(struct fut_deque *deque, bool *lost);

/* Anyone. seq_cst loads: a check before sleeping. */
bool fut_deque_is_empty(const struct fut_deque *deque);

#endif
