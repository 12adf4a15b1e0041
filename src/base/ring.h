/* A list through its members: circular, with a head that is no member. Each
 * ring has its own lock; see there. */
#ifndef FUT_BASE_RING_H
#define FUT_BASE_RING_H

#include <stdbool.h>

struct fut_ring {
    struct fut_ring *next; /* the ring's, as the next */
    struct fut_ring *previous;
};

static inline void fut_ring_init(struct fut_ring *ring)
{
    ring->next = ring;
    ring->previous = ring;
}

static inline bool fut_ring_is_empty(const struct fut_ring *ring)
{
    return ring->next == ring;
}

static inline void fut_ring_append(struct fut_ring *ring,
                                   struct fut_ring *node)
{
    node->next = ring;
    node->previous = ring->previous;
    ring->previous->next = node;
    ring->previous = node;
}

/* Afterwards it is a ring of its own: taking it out again does nothing. */
static inline void fut_ring_remove(struct fut_ring *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    fut_ring_init(node);
}

/* Moves all of `from` to the end of `ring`. */
static inline void fut_ring_splice(struct fut_ring *ring,
                                   struct fut_ring *from)
{
    if (!fut_ring_is_empty(from)) {
        from->next->previous = ring->previous;
        ring->previous->next = from->next;
        from->previous->next = ring;
        ring->previous = from->previous;
        fut_ring_init(from);
    }
}

#endif
