/* Why the orders suffice.
 *
 * One entry left, owner against thief: pop stores bottom and then loads top,
 * steal loads top and then bottom, all four seq_cst, so at least one of them
 * sees the other; if both go for the entry, the compare-and-swap on top lets
 * one have it. Slots are read before that compare-and-swap and used only if it
 * succeeded: top only grows, so success means that the slot was not yet free
 * to be written again. A thief acquires bottom (shows the slot) and the ring
 * (shows its slots after growth); old rings live until destroy, since a thief
 * may still read one. */
#include "sync/deque.h"

#include <stddef.h>

#include "base/alloc.h"

enum { FIRST_CAPACITY = 64 };

struct fut_deque_ring {
    struct fut_deque_ring *older; /* owner only */
    int64_t capacity;             /* const; a power of two */
    _Atomic(void *) slots[];
};

static struct fut_deque_ring *ring_create(int64_t capacity)
{
    struct fut_deque_ring *ring =
        fut_alloc(1, sizeof *ring + (size_t)capacity * sizeof *ring->slots);

    if (ring != NULL) {
        ring->capacity = capacity;
    }
    return ring;
}

static _Atomic(void *) *slot_of(struct fut_deque_ring *ring, int64_t index)
{
    return &ring->slots[index & (ring->capacity - 1)];
}

bool fut_deque_init(struct fut_deque *deque)
{
    struct fut_deque_ring *ring = ring_create(FIRST_CAPACITY);

    atomic_init(&deque->top, 0);
    atomic_init(&deque->bottom, 0);
    atomic_init(&deque->ring, ring);
    return ring != NULL;
}

void fut_deque_destroy(struct fut_deque *deque)
{
    struct fut_deque_ring *ring = load_relaxed(&deque->ring);

    while (ring != NULL) {
        struct fut_deque_ring *older = ring->older;

        fut_free(ring);
        ring = older;
    }
}

static struct fut_deque_ring *grow(struct fut_deque *deque,
                                   struct fut_deque_ring *ring, int64_t top,
                                   int64_t bottom)
{
    struct fut_deque_ring *larger = ring_create(2 * ring->capacity);

    if (larger == NULL) {
        return NULL;
    }
    for (int64_t i = top; i < bottom; i++) {
        store_relaxed(slot_of(larger, i), load_relaxed(slot_of(ring, i)));
    }
    larger->older = ring;
    /* pairs with load_acquire in steal: shows the copied slots */
    store_release(&deque->ring, larger);
    return larger;
}

bool fut_deque_push(struct fut_deque *deque, void *entry)
{
    int64_t bottom = load_relaxed(&deque->bottom);
    /* acquire: a slot is written again only after its thief has left it */
    int64_t top = load_acquire(&deque->top);
    struct fut_deque_ring *ring = load_relaxed(&deque->ring);

    if (bottom - top >= ring->capacity) {
        ring = grow(deque, ring, top, bottom);
        if (ring == NULL) {
            return false;
        }
    }
    store_relaxed(slot_of(ring, bottom), entry);
    /* release for the slot, pairs with load_seq_cst in steal; seq_cst for the
     * look at the sleepers that follows */
    store_seq_cst(&deque->bottom, bottom + 1);
    return true;
}

void *fut_deque_pop(struct fut_deque *deque)
{
    int64_t bottom = load_relaxed(&deque->bottom) - 1;
    struct fut_deque_ring *ring = load_relaxed(&deque->ring);
    int64_t top;
    void *entry;

    if (load_relaxed(&deque->top) > bottom) {
        return NULL; /* top only grows: certainly empty */
    }
    /* seq_cst, with the load of top: either a thief sees the new bottom or we
     * see its top */
    store_seq_cst(&deque->bottom, bottom);
    top = load_seq_cst(&deque->top);
    if (top > bottom) {
        store_release(&deque->bottom, bottom + 1);
        return NULL;
    }
    entry = load_relaxed(slot_of(ring, bottom));
    if (top == bottom) {
        if (!cas_seq_cst(&deque->top, &top, top + 1)) {
            entry = NULL;
        }
        store_release(&deque->bottom, bottom + 1);
    }
    return entry;
}

void *fut_deque_peek(struct fut_deque *deque)
{
    int64_t bottom = load_relaxed(&deque->bottom) - 1;
    struct fut_deque_ring *ring = load_relaxed(&deque->ring);

    if (load_relaxed(&deque->top) > bottom) {
        return NULL;
    }
    return load_relaxed(slot_of(ring, bottom));
}

void *fut_deque_steal(struct fut_deque *deque, bool *lost)
{
    int64_t top = load_seq_cst(&deque->top);
    int64_t bottom = load_seq_cst(&deque->bottom);
    struct fut_deque_ring *ring;
    void *entry;

    *lost = false;
    if (top >= bottom) {
        return NULL;
    }
    ring = load_acquire(&deque->ring); /* pairs with store_release in grow */
    entry = load_relaxed(slot_of(ring, top));
    if (!cas_seq_cst(&deque->top, &top, top + 1)) {
        *lost = true;
        return NULL;
    }
    return entry;
}

bool fut_deque_is_empty(const struct fut_deque *deque)
{
    int64_t top = load_seq_cst(&deque->top);

    return top >= load_seq_cst(&deque->bottom);
}
