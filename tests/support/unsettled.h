/* What a stress program exits with where nothing was wrong, but there was too
 * little contention to show it: stress.sh lets it try again. */
#ifndef FUTURES_TESTS_UNSETTLED_H
#define FUTURES_TESTS_UNSETTLED_H

#include <stdbool.h>

enum { UNSETTLED = 75 };

static inline int stress_status(bool right, bool contended)
{
    if (!right)
        return 1;
    return contended ? 0 : UNSETTLED;
}

#endif
