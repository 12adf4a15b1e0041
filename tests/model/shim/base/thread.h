/* The locks of src/base/thread.h, sent to the simulator. */
#ifndef FUT_BASE_THREAD_H
#define FUT_BASE_THREAD_H

#include <pthread.h>

#include "operations.h"

#define fut_lock(mutex) model_lock((mutex), MODEL_SITE("lock"))
#define fut_unlock(mutex) model_unlock((mutex), MODEL_SITE("unlock"))

#endif
