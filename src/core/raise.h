/* Ending a task from any depth. The one landing of the library is here: a loop
 * that survives throws, and costs a task that throws nothing at all. */
#ifndef FUT_CORE_RAISE_H
#define FUT_CORE_RAISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/landing.h"
#include "core/self.h"

struct fut_guard {
    fut_landing landing;
    bool (*step)(void *context);
    void (*abandon)(void *context); /* the thread exits inside a step */
    void *context;
};

/* Calls step(context) until it returns false. A throw inside ends that call,
 * and the next one begins. */
void fut_raise_guard(struct fut_guard *guard);

/* Runs the cleanups that the task has pending, newest first. A throw in one of
 * them ends it; its error counts if the task had none. */
void fut_raise_clean(struct fut_run *run);

/* Cleans up, while the frames still stand, and ends the running task. */
_Noreturn void fut_raise_unwind(struct fut_run *run);

#endif
