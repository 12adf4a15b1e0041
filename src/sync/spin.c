#include "sync/spin.h"

#include <sched.h>
#include <time.h>

enum { SPINS = 64, YIELDS = 64, PAUSE_NS = 50000 };
enum { REST_PAUSES = 10, RESTS_TO_YIELD = 8 };

void fut_spin_pause(unsigned round)
{
    static const struct timespec pause = {0, PAUSE_NS};

    if (round < SPINS) {
        fut_cpu_relax();
    } else if (round < SPINS + YIELDS) {
        (void)sched_yield();
    } else {
        (void)nanosleep(&pause, NULL);
    }
}

void fut_spin_rest(unsigned round)
{
    for (int i = 0; i < REST_PAUSES; i++) {
        fut_cpu_relax();
    }
    if (round % RESTS_TO_YIELD == RESTS_TO_YIELD - 1) {
        (void)sched_yield();
    }
}

void fut_spin_lock_slow(struct fut_spin *spin)
{
    for (unsigned round = 0; !fut_spin_try(spin); round++) {
        fut_spin_pause(round);
    }
}
