/* A range of units shared out among participants: each has a share, a range of
 * its own, in one word on a line of its own. The owner claims units from the
 * lower end; who has none left takes the upper half of another's.
 *
 * Units move by an exchange of a share's word, and the word is all there is to
 * a share: so at each moment a unit is in one share, or in one participant's
 * hand, or claimed. Relaxed is enough: each exchange acts on the word's newest
 * value, and no other memory is passed on with it. */
#ifndef FUT_LOOP_RANGE_H
#define FUT_LOOP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

struct fut_range;

struct fut_share {
    /* The next unit in the low half, their end in the high one. All take
     * units away; the owner alone puts some in, while it is empty or at its
     * lower end. */
    _Alignas(FUT_CACHE_LINE) _Atomic uint64_t word;
    struct fut_range *range; /* const */
    bool busy; /* owner, then who waits for it: in the middle of a run */
};

struct fut_range {
    struct fut_share *shares; /* const */
    unsigned count;           /* const */
};

/* Units 0 to `units` - 1, all in the first share. */
void fut_range_init(struct fut_range *range, struct fut_share shares[],
                    unsigned count, uint32_t units);

/* Gets something into the caller's own share, if that is empty.
 * returns  false where nothing is left in any */
bool fut_range_fill(struct fut_share *own);

/* Claims units from the caller's own share: `wanted` at most, 1 at least, and
 * besides no more than leaves enough for others to take.
 * returns  how many, from *first on; 0 where they were taken by others */
uint32_t fut_range_claim(struct fut_share *own, uint32_t wanted,
                         uint32_t *first);

/* Puts the units from `first` on, of the last that were claimed, back. */
void fut_range_return(struct fut_share *own, uint32_t first);

/* The units of a share that nobody claimed, when nobody does any more. */
uint32_t fut_range_left(const struct fut_share *share, uint32_t *first);

#endif
