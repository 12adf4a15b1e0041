/* The end of a future. */
#ifndef FUT_CORE_LIFE_H
#define FUT_CORE_LIFE_H

#include "core/future.h"

/* Ends a future that others bring to its end: a chain of them needs no
 * stack. */
struct fut_ender {
    void (*end)(struct fut_ender *ender); /* const; may free it */
    struct fut_ender *next;               /* the thread that ends it */
};

/* Has it called: at once, or if that is going on further down the stack after
 * those that are called there. */
void fut_future_end_in_turn(struct fut_ender *ender);

void fut_future_publish_slowly(futures_future *future, uint64_t word,
                               uint64_t pins);

/* Sets the end state; value and error have been set. Wakes all who wait, runs
 * callbacks, and gives the claim's handle and `pins` back. Last of all it
 * touches the future, unless the caller has pins beyond these. */
static inline void fut_future_publish(futures_future *future,
                                      futures_status status, uint64_t pins)
{
    uint64_t word = load_relaxed(&future->word);
    uint64_t next;
    bool alone;

    /* Most futures end before anybody waits for them, or run in the thread
     * that waits: then ending one and letting go of it is one step. */
    do {
        next = (word & ~(FUT_STATE_MASK | FUT_HELD)) | status;
        alone = (word & FUT_WAITED) == 0 && fut_handles(word) > 1;
        if (alone) {
            next -= FUT_HANDLE + pins * FUT_PIN;
        }
    } while (!cas_weak_acq_rel(&future->word, &word, next));
    if (!alone) {
        fut_future_publish_slowly(future, word, pins);
    }
}

#endif
