/* state: CLOSED -wait-> SLEEPING -poke-> POKED -wait-> CLOSED
 *        any    -last arrival-> OPEN
 * The sleeper alone moves CLOSED to SLEEPING and POKED to CLOSED. */
#include "sync/latch.h"

#include "base/atomic.h"
#include "sync/park.h"

enum { CLOSED, SLEEPING, POKED, OPEN };

void fut_latch_init(struct fut_latch *latch, size_t count)
{
    atomic_init(&latch->count, count);
    atomic_init(&latch->state, count == 0 ? OPEN : CLOSED);
}

void fut_latch_arrive(struct fut_latch *latch, size_t count)
{
    /* acq_rel: the last one has all earlier arrivals behind it and passes
     * them on through the exchange. */
    if (sub_acq_rel(&latch->count, count) != count) {
        return;
    }
    /* The last touch: afterwards the sleeper may have returned. */
    if (exchange_acq_rel(&latch->state, OPEN) == SLEEPING) {
        fut_unpark(&latch->state, 1);
    }
}

void fut_latch_poke(struct fut_latch *latch)
{
    uint32_t state = load_acquire(&latch->state);

    /* Exchanged even where it is POKED already: so the sleeper, which leaves
     * that state by an exchange too, sees what made this poke necessary. */
    while (state != OPEN) {
        if (cas_acq_rel(&latch->state, &state, POKED)) {
            if (state == SLEEPING) {
                fut_unpark(&latch->state, 1);
            }
            return;
        }
    }
}

bool fut_latch_is_open(const struct fut_latch *latch)
{
    return load_acquire(&latch->state) == OPEN;
}

enum fut_latch_wake fut_latch_wait(struct fut_latch *latch,
                                   futures_time deadline)
{
    bool in_time = true;

    for (;;) {
        uint32_t state = load_acquire(&latch->state);

        if (state == OPEN) {
            return FUT_LATCH_OPEN;
        }
        if (state == POKED) {
            if (cas_acq_rel(&latch->state, &state, CLOSED)) {
                return FUT_LATCH_POKED;
            }
        } else if (!in_time) {
            return FUT_LATCH_TIMEOUT;
        } else if (state == SLEEPING ||
                   cas_acq_rel(&latch->state, &state, SLEEPING)) {
            in_time = fut_park(&latch->state, SLEEPING, deadline);
        }
    }
}
