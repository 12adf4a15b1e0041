/* First in, first out, for any number of producers and consumers: pointers in
 * linked segments. Producers meet at one spin lock, consumers at another; a
 * consumer takes a run of entries in one go.
 *
 *             begin..end  draw..drawn  is_empty  length  scan  close
 *   begin..end     -          yes         -       yes     -      -
 *   draw..drawn   yes          -         yes      yes     -     yes
 *
 * A "-" is a pair that takes turns: none runs beside the other. */
#ifndef FUT_SYNC_QUEUE_H
#define FUT_SYNC_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/status.h>

#include "base/atomic.h"
#include "base/barrier.h"
#include "sync/spin.h"

enum { FUT_QUEUE_SLOTS = 509 }; /* with the link, within 4 KiB of the heap */

struct fut_queue_segment {
    _Atomic(struct fut_queue_segment *) next; /* lock writes */
    _Atomic(void *) slots[FUT_QUEUE_SLOTS];   /* lock writes */
};

struct fut_queue {
    _Alignas(FUT_CACHE_LINE) struct fut_spin lock;
    bool closed;                    /* lock */
    unsigned used;                  /* lock: slots of `last` */
    struct fut_queue_segment *last; /* lock; NULL before the first */
    uint64_t put;                   /* lock: entries that ever came */

    /* Lock writes: those that can be taken. Consumers look at this line, and
     * at no other of the producers'. */
    _Alignas(FUT_CACHE_LINE) _Atomic uint64_t tail;

    _Alignas(FUT_CACHE_LINE) struct fut_spin drain;
    unsigned done;                   /* drain: slots of `first`, taken */
    struct fut_queue_segment *first; /* drain; NULL before the first */
    uint64_t taken;                  /* drain: entries that ever went */
    _Atomic uint64_t head;           /* drain writes: those that are gone */
    _Atomic(struct fut_queue_segment *) spare; /* who exchanges it has it */
    _Atomic(struct fut_queue_segment *) start; /* lock writes: before all */
};

void fut_queue_init(struct fut_queue *queue);
void fut_queue_destroy(struct fut_queue *queue);

/* Begins to append up to `count` entries, for which there is memory then.
 * `force`: also to a closed queue.
 * returns  OK: fut_queue_end must follow, soon; CLOSED, NOMEM: nothing has
 *          changed */
static inline futures_status fut_queue_begin(struct fut_queue *queue,
                                             size_t count, bool force);

/* Between begin and end. The entry may be taken at once. */
static inline void fut_queue_append(struct fut_queue *queue, void *entry);

/* Publishes by store_light: a light look for those who sleep, or for a cancel,
 * may follow. */
static inline void fut_queue_end(struct fut_queue *queue);

/* Copies up to `most` entries, oldest first. They count until fut_queue_drawn:
 * one who looks at the queue first and then where they are put meanwhile
 * misses nothing.
 * returns  how many; 0, with no fut_queue_drawn: there is none, or another
 *          consumer is at it */
size_t fut_queue_draw(struct fut_queue *queue, void *entries[], size_t most);
void fut_queue_drawn(struct fut_queue *queue);

/* The two in one. */
size_t fut_queue_take(struct fut_queue *queue, void *entries[], size_t most);

/* If the caller has announced its sleep, or a cancel, and called
 * fut_barrier_heavy() since, then either what a producer put is seen here or
 * the producer sees the announcement. */
bool fut_queue_is_empty(const struct fut_queue *queue);

/* About how many there are. */
static inline size_t fut_queue_length(const struct fut_queue *queue)
{
    uint64_t tail = load_relaxed(&queue->tail);
    uint64_t head = load_relaxed(&queue->head);

    return head < tail ? (size_t)(tail - head) : 0;
}

/* Afterwards nothing comes in that is not forced; what came in before can be
 * seen. */
void fut_queue_close(struct fut_queue *queue);

/* Visits all entries, oldest first, which stay; nothing comes or goes
 * meanwhile. After an announcement it misses nothing, like is_empty.
 * `visit` is short and takes no lock. */
void fut_queue_scan(struct fut_queue *queue,
                    void (*visit)(void *context, void *entry), void *context);

/* The rare parts of those below, with the lock held; begin_slow gives it back
 * where it fails. */
futures_status fut_queue_begin_slow(struct fut_queue *queue, size_t count,
                                    bool force);
void fut_queue_turn(struct fut_queue *queue);

static inline futures_status fut_queue_begin(struct fut_queue *queue,
                                             size_t count, bool force)
{
    fut_spin_lock(&queue->lock);
    if (queue->closed || count > FUT_QUEUE_SLOTS - queue->used) {
        return fut_queue_begin_slow(queue, count, force);
    }
    return FUTURES_OK;
}

static inline void fut_queue_append(struct fut_queue *queue, void *entry)
{
    if (queue->used == FUT_QUEUE_SLOTS) {
        fut_queue_turn(queue);
    }
    store_relaxed(&queue->last->slots[queue->used], entry);
    queue->used++;
    queue->put++;
}

static inline void fut_queue_end(struct fut_queue *queue)
{
    /* pairs with load_acquire in draw: shows the slots and the links */
    store_light(&queue->tail, queue->put);
    fut_spin_unlock(&queue->lock);
}

#endif
