/* See heap.h. */
#include "base/heap.h"

#include <stddef.h>

static struct fut_heap *meld(struct fut_heap *a, struct fut_heap *b)
{
    struct fut_heap *first = a;
    struct fut_heap *second = b;

    if (a == NULL || b == NULL) {
        return a != NULL ? a : b;
    }
    if (b->number < a->number) {
        first = b;
        second = a;
    }
    second->before = first;
    second->sibling = first->child;
    if (first->child != NULL) {
        first->child->before = second;
    }
    first->child = second;
    first->sibling = NULL;
    first->before = NULL;
    return first;
}

/* Melds a chain of siblings in pairs, then the pairs, from the end. */
static struct fut_heap *meld_siblings(struct fut_heap *first)
{
    struct fut_heap *pairs = NULL;
    struct fut_heap *melded = NULL;

    while (first != NULL) {
        struct fut_heap *second = first->sibling;
        struct fut_heap *rest = second != NULL ? second->sibling : NULL;
        struct fut_heap *pair;

        first->sibling = NULL;
        if (second != NULL) {
            second->sibling = NULL;
        }
        pair = meld(first, second);
        pair->sibling = pairs;
        pairs = pair;
        first = rest;
    }
    while (pairs != NULL) {
        struct fut_heap *rest = pairs->sibling;

        pairs->sibling = NULL;
        melded = meld(melded, pairs);
        pairs = rest;
    }
    return melded;
}

void fut_heap_add(struct fut_heap **heap, struct fut_heap *node)
{
    node->child = NULL;
    node->sibling = NULL;
    node->before = NULL;
    *heap = meld(*heap, node);
}

void fut_heap_remove(struct fut_heap **heap, struct fut_heap *node)
{
    struct fut_heap *children = meld_siblings(node->child);

    node->child = NULL;
    if (node == *heap) {
        *heap = children;
        if (children != NULL) {
            children->before = NULL;
        }
        return;
    }
    if (node->before->child == node) {
        node->before->child = node->sibling;
    } else {
        node->before->sibling = node->sibling;
    }
    if (node->sibling != NULL) {
        node->sibling->before = node->before;
    }
    *heap = meld(*heap, children);
}
