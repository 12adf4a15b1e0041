/* A row of calls as parts of the running task: an outcome for each; no future,
 * no queue. */
#ifndef FUT_CORE_PARTS_H
#define FUT_CORE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/gather.h>
#include <futures/task.h>

#include "core/raise.h"
#include "core/self.h"

/* The caller sets those marked so; all are the running thread's alone. */
struct fut_parts {
    futures_fn fn;             /* caller */
    void *const *args;         /* caller */
    futures_outcome *outcomes; /* caller; owed a fut_error_release each */
    size_t at;                 /* caller; the next, or the one that runs */
    size_t end;                /* caller */
    /* caller: the thread exits inside a part, whose outcome is FAILED; `at` is
     * past it, and the enclosing task is the running one again. */
    void (*abandoned)(struct fut_parts *parts);
    struct fut_guard guard;
    struct fut_run run;   /* on top of the task's own frame; the same future */
    bool inside;          /* a part */
    futures_status ended; /* OK, or how the last one did */
};

/* Inside a task: outcomes[i] becomes what fn(args[i]) does, from `at` on,
 * until all are done, or one is not OK, or the task is asked to stop.
 * returns  OK, or how the last one ended; `at` is past that */
futures_status fut_parts_run(struct fut_parts *parts);

#endif
