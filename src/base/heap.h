/* A pairing heap of the callers' own nodes (Fredman, Sedgewick, Sleator and
 * Tarjan, Algorithmica 1986): the lowest number first, any node can leave, and
 * nothing is allocated. Each heap has its own lock; see there. */
#ifndef FUT_BASE_HEAP_H
#define FUT_BASE_HEAP_H

#include <stdint.h>

struct fut_heap {
    uint64_t number;        /* const while it is in a heap */
    struct fut_heap *child; /* the heap's, as all below */
    struct fut_heap *sibling;
    struct fut_heap *before; /* the elder sibling, or the parent */
};

/* *heap: its lowest node, or NULL. The node's number has been set. */
void fut_heap_add(struct fut_heap **heap, struct fut_heap *node);
void fut_heap_remove(struct fut_heap **heap, struct fut_heap *node);

#endif
