/* Work from outside: queues by priority. The first lane, where most goes, has
 * several stripes, so that producers do not meet; the order of what lies in
 * different stripes is not known. */
#ifndef FUT_SYNC_INJECTOR_H
#define FUT_SYNC_INJECTOR_H

#include "sync/queue.h"

enum { FUT_LANES = 3, FUT_STRIPED_LANE = 0, FUT_STRIPES_MOST = 16 };

struct fut_injector {
    unsigned stripes; /* const; a power of two */
    struct fut_queue queues[FUT_STRIPES_MOST + FUT_LANES - 1]; /* in use:
                                the stripes, then one for each other lane */
};

/* `stripes`: a power of two, FUT_STRIPES_MOST at most. */
void fut_injector_init(struct fut_injector *injector, unsigned stripes);
void fut_injector_destroy(struct fut_injector *injector);

/* The lane's queue for this number; any number will do. */
static inline struct fut_queue *fut_injector_queue(
    struct fut_injector *injector, unsigned lane, unsigned number)
{
    return &injector->queues[lane == FUT_STRIPED_LANE
                                 ? number & (injector->stripes - 1)
                                 : injector->stripes + lane - 1];
}

/* returns  an entry from whatever queue; NULL where there is none, or where
 *          somebody else is at it */
void *fut_injector_take_any(struct fut_injector *injector);

/* How many entries ever came in. */
uint64_t fut_injector_came(const struct fut_injector *injector);

/* These do for all queues what those of queue.h do for one. */
bool fut_injector_is_empty(const struct fut_injector *injector);
void fut_injector_close(struct fut_injector *injector);
void fut_injector_scan(struct fut_injector *injector,
                       void (*visit)(void *context, void *entry),
                       void *context);

#endif
