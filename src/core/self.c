/* The one thread-local of the core. */
#include "core/self.h"

_Thread_local struct fut_self fut_self;
