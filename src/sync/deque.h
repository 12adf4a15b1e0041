/* A deque for work stealing, split as in THE (Frigo, Leiserson and Randall,
 * PLDI 1998): top <= limit <= bottom. What is below limit is public and taken
 * under the lock. What is above is the owner's own: it pushes and pops there
 * without a read-modify-write and without a barrier, and a thief that finds
 * nothing public makes half of it public, which costs the thief a heavy
 * barrier (base/barrier.h). Each entry is handed out exactly once.
 *
 *              push   pop   peek   steal   scan   is_empty   may run beside
 *   push         -      -     -     yes     yes      yes
 *   pop          -      -     -     yes     yes      yes
 *   peek         -      -     -     yes     yes      yes
 *   the others  yes    yes   yes    yes     yes      yes                  */
#ifndef FUT_SYNC_DEQUE_H
#define FUT_SYNC_DEQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/barrier.h"
#include "sync/spin.h"

struct fut_deque_ring {
    int64_t mask; /* const; the capacity, a power of two, less one */
    _Atomic(void *) slots[]; /* owner writes */
};

struct fut_deque {
    _Alignas(FUT_CACHE_LINE) _Atomic int64_t bottom; /* owner writes */
    int64_t end;                 /* owner only: free up to there */
    struct fut_deque_ring *ring; /* owner only */
    _Alignas(FUT_CACHE_LINE) struct fut_spin lock;
    _Atomic int64_t top;          /* written under the lock; only grows */
    _Atomic int64_t limit;        /* written under the lock */
    struct fut_deque_ring *shown; /* lock; the same ring, for the others */
};

bool fut_deque_init(struct fut_deque *deque);
void fut_deque_destroy(struct fut_deque *deque);

/* Parts of those below: where the ring is full, or the newest is public. */
bool fut_deque_make_room(struct fut_deque *deque);
void *fut_deque_pop_public(struct fut_deque *deque, int64_t newest);

/* Where the entry lies in a ring that holds it. */
static inline _Atomic(void *) *fut_deque_slot(struct fut_deque_ring *ring,
                                              int64_t index)
{
    return &ring->slots[index & ring->mask];
}

/* Owner. Publishes by store_light, so that a light look at the sleepers may
 * follow. returns false without memory: nothing was changed. */
static inline bool fut_deque_push(struct fut_deque *deque, void *entry)
{
    int64_t bottom = load_relaxed(&deque->bottom);

    if (bottom == deque->end && !fut_deque_make_room(deque)) {
        return false;
    }
    store_relaxed(fut_deque_slot(deque->ring, bottom), entry);
    /* pairs with the loads of bottom in expose: shows the slot */
    store_light(&deque->bottom, bottom + 1);
    return true;
}

/* Owner. The newest entry, or NULL. */
static inline void *fut_deque_pop(struct fut_deque *deque)
{
    int64_t newest = load_relaxed(&deque->bottom) - 1;

    if (load_relaxed(&deque->top) > newest) {
        return NULL; /* top only grows: certainly empty */
    }
    /* pairs with expose_locked in deque.c */
    store_light(&deque->bottom, newest);
    if (newest < load_light(&deque->limit)) {
        return fut_deque_pop_public(deque, newest);
    }
    return load_relaxed(fut_deque_slot(deque->ring, newest));
}

/* Owner. The newest entry's address, which may be gone; or NULL. */
static inline void *fut_deque_peek(struct fut_deque *deque)
{
    int64_t newest = load_relaxed(&deque->bottom) - 1;

    if (load_relaxed(&deque->top) > newest) {
        return NULL;
    }
    return load_relaxed(fut_deque_slot(deque->ring, newest));
}

/* Owner. Takes that very entry, which it has pushed, from among newer ones;
 * these keep their order.
 * returns  false: somebody has taken it */
bool fut_deque_take_back_beneath(struct fut_deque *deque, const void *entry);

static inline bool fut_deque_take_back(struct fut_deque *deque,
                                       const void *entry)
{
    if (fut_deque_peek(deque) == entry) {
        return fut_deque_pop(deque) == entry;
    }
    return fut_deque_take_back_beneath(deque, entry);
}

/* Anyone. The oldest entry, or NULL; *lost says whether NULL only means that
 * somebody else holds the lock. */
void *fut_deque_steal(struct fut_deque *deque, bool *lost);

/* Owner. What is pushed from now on, while that which is there stays, counts
 * as newer than this mark. */
static inline int64_t fut_deque_mark(const struct fut_deque *deque)
{
    return load_relaxed(&deque->bottom);
}

/* Anyone. The oldest entry, if it is newer than the mark and one that may be
 * taken; NULL also where somebody else holds the lock. */
void *fut_deque_steal_newer(struct fut_deque *deque, int64_t mark,
                            bool (*may)(void *entry));

/* Anyone. After fut_barrier_heavy(), a check before sleeping: an entry that
 * was pushed before is overlooked only if somebody is about to take it. */
static inline bool fut_deque_is_empty(const struct fut_deque *deque)
{
    int64_t top = load_seq_cst(&deque->top);

    return load_seq_cst(&deque->bottom) <= top;
}

/* Anyone. Calls visit(context, entry), which is short and takes no lock of
 * this library's, for each entry, the oldest first. Nobody takes one meanwhile
 * and all of them stay. What was pushed before a fut_barrier_heavy() that came
 * before is visited, unless it was popped. */
void fut_deque_scan(struct fut_deque *deque,
                    void (*visit)(void *context, void *entry), void *context);

#endif
