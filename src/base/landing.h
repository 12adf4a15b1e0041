/* Where a jump goes that leaves any number of calls behind: setjmp, or the
 * compiler's own where that works, which saves three words instead of all
 * registers. fut_land is used in a function that changes no local afterwards,
 * and fut_jump in another one. */
#ifndef FUT_BASE_LANDING_H
#define FUT_BASE_LANDING_H

#include "base/sanitizer.h"

/* Sanitizers follow setjmp only. */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(FUT_SANITIZED)

typedef void *fut_landing[5];

#define fut_land(landing) ((void)__builtin_setjmp(landing))
#define fut_jump(landing) __builtin_longjmp((landing), 1)

#else

#include <setjmp.h>

typedef jmp_buf fut_landing;

#define fut_land(landing) ((void)setjmp(landing))
#define fut_jump(landing) longjmp((landing), 1)

#endif

#endif
