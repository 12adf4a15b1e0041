/* The names of src/base/barrier.h, sent to the simulator. */
#ifndef FUT_BASE_BARRIER_H
#define FUT_BASE_BARRIER_H

#include <stdbool.h>

#include "base/atomic.h"

#define store_light(p, v)                                                \
    MODEL_STORE(p, v, model_is_portable ? MODEL_SEQ_CST : MODEL_RELEASE, \
                "store_light")
#define load_light(p)                                                \
    MODEL_LOAD(p, model_is_portable ? MODEL_SEQ_CST : MODEL_ACQUIRE, \
               "load_light")
#define fut_barrier_heavy() model_barrier(MODEL_SITE("barrier_heavy"))

#endif
