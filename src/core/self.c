/* The one thread-local of the core. */
#include "core/self.h"

#include "base/atomic.h"

_Thread_local struct fut_self fut_self;

static _Atomic unsigned numbers; /* given; relaxed: nothing hangs on it */

unsigned fut_self_give_number(void)
{
    fut_self.number = (unsigned)add_relaxed(&numbers, 1) + 1;
    return fut_self.number;
}
