#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/barrier.h"

_Atomic bool fut_barrier_is_asymmetric;

#if defined(__linux__) && !defined(FUT_BARRIER_PORTABLE)

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The commands of linux/membarrier.h, which older systems lack. */
enum { PRIVATE_EXPEDITED = 1 << 3, REGISTER_PRIVATE_EXPEDITED = 1 << 4 };

static long command(int number)
{
    int saved = errno;
    long result = -1;

#ifdef SYS_membarrier
    result = syscall(SYS_membarrier, number, 0, 0);
#else
    (void)number;
#endif
    errno = saved;
    return result;
}

/* Registered once it stays so, in a forked child too; asked again it answers
 * at once. Never back to false: threads may rely on it. */
void fut_barrier_init(void)
{
    if (command(REGISTER_PRIVATE_EXPEDITED) == 0) {
        store_relaxed(&fut_barrier_is_asymmetric, true);
    }
}

void fut_barrier_heavy(void)
{
    if (load_relaxed(&fut_barrier_is_asymmetric)) {
        (void)command(PRIVATE_EXPEDITED);
    }
}

#else

void fut_barrier_init(void)
{
}

void fut_barrier_heavy(void)
{
}

#endif
