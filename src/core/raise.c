/* Jumps land in one function, which changes no local after it. A cleanup
 * runs under a guard of its own, on top of the frames of the one who threw, so
 * that a throw in it comes back here and the older ones still run. */
#include "core/raise.h"

#include <pthread.h>

void fut_raise_guard(struct fut_guard *guard)
{
    pthread_cleanup_push(guard->abandon, guard->context);
    fut_land(guard->landing);
    while (guard->step(guard->context)) {
    }
    pthread_cleanup_pop(0);
}

static bool clean_one(void *context)
{
    struct fut_run *run = context;
    futures_cleanup *cleanup = run->cleanups;

    if (cleanup == NULL) {
        return false;
    }
    run->cleanups = cleanup->older;
    cleanup->fn(cleanup->arg);
    return true;
}

static void leave_cleanup(void *context)
{
    struct fut_run *run = context;

    run->cleanup = NULL;
}

void fut_raise_clean(struct fut_run *run)
{
    struct fut_guard guard;

    if (run->cleanups == NULL) {
        return;
    }
    guard.step = clean_one;
    guard.abandon = leave_cleanup;
    guard.context = run;
    run->cleanup = &guard;
    fut_raise_guard(&guard);
    run->cleanup = NULL;
}

void fut_raise_unwind(struct fut_run *run)
{
    if (run->cleanup != NULL) {
        fut_jump(run->cleanup->landing);
    }
    fut_raise_clean(run);
    fut_jump(run->guard->landing);
}
