/* A part of the running task: it may throw, fail, stop and defer as a task
 * may, and what came of it is an outcome of its own.
 *
 * It has a frame of its own on the thread's stack of tasks, under a guard of
 * its own: so whatever a part does to "the running task" happens to that
 * frame. It has the enclosing task's future, since scope, token and
 * cancellation are that one's; what was learned about them is handed down when
 * the part is over. */
#ifndef FUT_CORE_PART_H
#define FUT_CORE_PART_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/gather.h>

#include "core/raise.h"
#include "core/self.h"

/* Puts a frame on top of the running task's, under that guard and brake (the
 * enclosing frame's, or one within it). */
static inline void fut_part_open(struct fut_run *run, struct fut_guard *guard,
                                 const struct fut_brake *brake)
{
    struct fut_run *below = fut_self.run;

    run->below = below;
    run->future = below->future;
    run->worker = below->worker;
    run->guard = guard;
    run->cleanup = NULL;
    run->cleanups = NULL;
    run->error = NULL;
    run->brake = brake;
    run->epoch = below->epoch;
    run->borrowed = below->borrowed;
    run->failed = false;
    run->stopped = false;
    run->asked = below->asked;
    run->entry = below->entry;
    run->exposed = false;
    fut_self.run = run;
}

/* Takes it away again. */
static inline void fut_part_close(struct fut_run *run)
{
    struct fut_run *below = run->below;

    if (run->brake == below->brake) {
        below->asked = run->asked;
        below->epoch = run->epoch;
    }
    if (run->exposed) {
        below->exposed = true;
    }
    fut_self.run = below;
}

/* What came of a part that threw, failed, gave up or never began; afterwards
 * the frame is as new.
 * returns  an outcome, whose error is owed a fut_error_release */
futures_outcome fut_part_end(struct fut_run *run);

/* The thread exits inside a part: it fails, and its cleanups' storage is gone
 * with its stack. The frame is the innermost. */
void fut_part_exit(struct fut_run *run);

/* A frame on the calling worker's stack for parts of a task that runs on
 * another thread, which waits for them. */
void fut_part_borrow(struct fut_run *run, futures_future *task,
                     const struct fut_brake *brake);

#endif
