/* Work from outside: one queue a priority, first in first out, for any number
 * of producers and takers. Entries are linked through themselves, so putting
 * one in allocates nothing. */
#ifndef FUT_SYNC_INJECTOR_H
#define FUT_SYNC_INJECTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct fut_link {
    struct fut_link *next; /* whoever holds the entry */
};

enum { FUT_LANES = 3 };

struct fut_lane {
    struct fut_link *first; /* lock */
    struct fut_link *last;  /* lock; undefined while first is NULL */
    _Atomic size_t length;  /* written under the lock, read by anyone */
};

struct fut_injector {
    pthread_mutex_t lock;
    bool closed; /* lock */
    struct fut_lane lanes[FUT_LANES];
};

void fut_injector_init(struct fut_injector *injector);
void fut_injector_destroy(struct fut_injector *injector);

/* A run of entries, linked in order. */
struct fut_chain {
    struct fut_link *first;
    struct fut_link *last;
    size_t count;
};

/* Begins to append: takes the lock, unless the injector is closed and `force`
 * is false.
 * returns  whether it was taken: fut_injector_append must follow */
bool fut_injector_begin(struct fut_injector *injector, bool force);

/* Appends the chain and gives the lock back. Publishes the length with a
 * seq_cst store, so that a look at the sleepers may follow. */
void fut_injector_append(struct fut_injector *injector, int lane,
                         struct fut_chain chain);

/* Puts back what was taken, before all others. */
void fut_injector_put_front(struct fut_injector *injector, int lane,
                            struct fut_chain chain);

/* Afterwards nothing comes in that is not forced; what came in before can be
 * seen in the lengths. */
void fut_injector_close(struct fut_injector *injector);

/* Takes the oldest entry and hands up to `most` of those behind it to `keep`,
 * in order. The length shrinks afterwards: one who looks at the injector first
 * and then where `keep` puts things misses nothing.
 * returns  the oldest entry, or NULL */
struct fut_link *fut_injector_take(struct fut_injector *injector, int lane,
                                   size_t most,
                                   void (*keep)(void *, struct fut_link *),
                                   void *context);

/* Unlinks all entries for which `unwanted` says so.
 * returns  them, as a chain in order */
struct fut_link *fut_injector_sift(struct fut_injector *injector,
                                   bool (*unwanted)(void *, struct fut_link *),
                                   void *context);

/* Anyone. seq_cst: a check before sleeping. */
size_t fut_injector_length(const struct fut_injector *injector, int lane);

#endif
