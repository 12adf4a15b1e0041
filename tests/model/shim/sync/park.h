/* The names of src/sync/park.h, sent to the simulator. */
#ifndef FUT_SYNC_PARK_H
#define FUT_SYNC_PARK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <futures/time.h>

#include "operations.h"

#define FUT_PARK_ALL INT_MAX

#define fut_park(word, seen, deadline) \
    model_park((word), (seen), (deadline), MODEL_SITE("park"))
#define fut_unpark(word, count) \
    model_unpark((word), (count), MODEL_SITE("unpark"))

#endif
