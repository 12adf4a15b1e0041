/* The errors of outcomes that belong to nobody's future. */
#include <futures/map.h>

#include "core/error.h"

void futures_outcomes_free(futures_outcome outcomes[], size_t count)
{
    for (size_t i = 0; outcomes != NULL && i < count; i++) {
        fut_error_release((futures_error *)(uintptr_t)outcomes[i].error);
        outcomes[i].error = NULL;
    }
}
