/* Who sleeps, who searches, whom to wake. Each worker is running a task,
 * searching for one, or asleep. Whoever publishes work looks here afterwards
 * and wakes one sleeper, unless somebody searches already: so at most one
 * wake-up is in flight, and publishing to a busy pool makes no system call. */
#ifndef FUT_SYNC_IDLE_H
#define FUT_SYNC_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/barrier.h"

struct fut_idle {
    /* epoch (32 bits, moves with every wake-up) | searching (16) | asleep
     * (16) */
    _Alignas(FUT_CACHE_LINE) _Atomic uint64_t word;
    _Alignas(FUT_CACHE_LINE) _Atomic uint32_t tickets; /* wake-ups to take */
};

/* Workers begin as running; once ready each begins to search. */
void fut_idle_init(struct fut_idle *idle);

/* A part of fut_idle_notify: where somebody sleeps or searches. */
void fut_idle_notify_some(struct fut_idle *idle);

/* After work was published by store_light or anything stronger: wakes one if
 * one sleeps and none searches. */
static inline void fut_idle_notify(struct fut_idle *idle)
{
    /* without the epoch; pairs with fut_barrier_heavy after announce */
    if ((uint32_t)load_light(&idle->word) != 0) {
        fut_idle_notify_some(idle);
    }
}

/* Whether nobody sleeps or searches, as far as can be seen. */
static inline bool fut_idle_is_unused(const struct fut_idle *idle)
{
    return (uint32_t)load_relaxed(&idle->word) == 0;
}

/* The caller, who searched, has found work.
 * returns  true if nobody searches now: the caller looks whether more work is
 *          left, and notifies if so */
bool fut_idle_found(struct fut_idle *idle);

/* The caller, who searched, is going to sleep. It then calls
 * fut_barrier_heavy(), looks once more at every source of work, and either
 * withdraws or sleeps.
 * returns  how many sleep now, the caller included */
unsigned fut_idle_announce(struct fut_idle *idle);

/* The caller searches again without having slept. */
void fut_idle_withdraw(struct fut_idle *idle);

/* Sleeps until woken; the caller searches then. */
void fut_idle_sleep(struct fut_idle *idle);

/* The caller, who ran, begins to search. No user's code runs on a thread that
 * counts as searching: it would keep the others asleep. */
void fut_idle_search(struct fut_idle *idle);

void fut_idle_wake_all(struct fut_idle *idle);

/* A snapshot: how many sleep, and a stamp that changes with every wake-up. */
unsigned fut_idle_asleep(const struct fut_idle *idle, uint64_t *stamp);

#endif
