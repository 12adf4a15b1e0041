/* A small first-in first-out ring: what a worker has drawn from the injector
 * in one go and not begun yet. The owner puts, anyone takes. Order holds, and
 * what is in it can still be stolen. */
#ifndef FUT_SYNC_INBOX_H
#define FUT_SYNC_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

enum { FUT_INBOX_CAPACITY = 32 };

struct fut_inbox {
    _Alignas(FUT_CACHE_LINE) _Atomic uint64_t head; /* takers */
    _Alignas(FUT_CACHE_LINE) _Atomic uint64_t tail; /* owner writes */
    _Atomic(void *) slots[FUT_INBOX_CAPACITY];
};

void fut_inbox_init(struct fut_inbox *inbox);

/* Owner. returns false where it is full. */
bool fut_inbox_put(struct fut_inbox *inbox, void *entry);

/* Anyone. The oldest entry, or NULL where there is none. */
void *fut_inbox_take(struct fut_inbox *inbox);

/* Anyone. seq_cst loads: a check before sleeping. */
bool fut_inbox_is_empty(const struct fut_inbox *inbox);

#endif
