/* Nobody forks here. */
#ifndef FUT_BASE_FORK_H
#define FUT_BASE_FORK_H

#include <stdint.h>

static inline uint16_t fut_fork_generation(void)
{
    return 0;
}

void fut_fork_on_child(void (*reset)(void));

#endif
