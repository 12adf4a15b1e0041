/* head and tail only grow, so a compare-and-swap on head cannot mistake an old
 * round for the present one. A taker reads the slot before it moves head; the
 * owner writes a slot again only after it has acquired a head beyond it, so a
 * taker that read a slot of the next round fails its compare-and-swap. */
#include "sync/inbox.h"

#include <stddef.h>

void fut_inbox_init(struct fut_inbox *inbox)
{
    atomic_init(&inbox->head, 0);
    atomic_init(&inbox->tail, 0);
    for (int i = 0; i < FUT_INBOX_CAPACITY; i++) {
        atomic_init(&inbox->slots[i], NULL);
    }
}

bool fut_inbox_put(struct fut_inbox *inbox, void *entry)
{
    uint64_t tail = load_relaxed(&inbox->tail);

    /* pairs with the compare-and-swap in take: its slot has been read */
    if (tail - load_acquire(&inbox->head) >= FUT_INBOX_CAPACITY) {
        return false;
    }
    store_relaxed(&inbox->slots[tail % FUT_INBOX_CAPACITY], entry);
    /* shows the slot to takers; seq_cst for the look at the sleepers */
    store_seq_cst(&inbox->tail, tail + 1);
    return true;
}

void *fut_inbox_take(struct fut_inbox *inbox)
{
    uint64_t head = load_acquire(&inbox->head);

    for (;;) {
        void *entry;

        if (head >= load_acquire(&inbox->tail)) {
            return NULL;
        }
        entry = load_relaxed(&inbox->slots[head % FUT_INBOX_CAPACITY]);
        if (cas_acq_rel(&inbox->head, &head, head + 1)) {
            return entry;
        }
    }
}

bool fut_inbox_is_empty(const struct fut_inbox *inbox)
{
    uint64_t head = load_seq_cst(&inbox->head);

    return head >= load_seq_cst(&inbox->tail);
}
