/* A frame of its own on the thread's stack of tasks, under a guard of its own:
 * so whatever a part does to "the running task" happens to that frame. It has
 * the enclosing task's future, since scope, token and cancellation are that
 * one's; what was learned about them is handed down when the parts are over.
 *
 * One guard serves all parts of a run: what lands there ends the part that was
 * inside, and the run. */
#include "core/part.h"

#include <errno.h>

#include "core/cancel.h"
#include "core/error.h"
#include "core/scope.h"

static void begin(struct fut_parts *parts)
{
    struct fut_run *below = fut_self.run;
    const struct fut_run frame = {.below = below,
                                  .future = below->future,
                                  .guard = &parts->guard,
                                  .asked = below->asked,
                                  .entry = below->entry,
                                  .epoch = below->epoch};

    parts->run = frame;
    parts->inside = false;
    fut_self.run = &parts->run;
}

static void end(struct fut_parts *parts)
{
    const struct fut_run *run = &parts->run;
    struct fut_run *below = run->below;

    below->asked = run->asked;
    below->epoch = run->epoch;
    below->exposed = below->exposed || run->exposed;
    fut_self.run = below;
}

/* Why the task was asked to stop, as its own outcome would say.
 * returns  the reason with a reference; NULL without one */
static futures_error *reason_for(const futures_future *future)
{
    /* pairs with the exchange in mark (cancel.c): shows the reason */
    const futures_error *error =
        load_acquire(&fut_future_extra(future)->error);

    if ((load_relaxed(&future->word) & FUT_TIMED) != 0) {
        return fut_error_deadline();
    }
    return error != NULL ? fut_error_keep(error)
                         : fut_scope_reason_for(future);
}

static futures_error *take_error(struct fut_run *run)
{
    return run->error != NULL ? run->error : fut_error_keep(&run->lost);
}

/* The part that was inside is over, and has not simply returned. */
static void finish(struct fut_parts *parts)
{
    struct fut_run *run = &parts->run;
    futures_outcome *outcome = &parts->outcomes[parts->at++];

    outcome->status = run->failed ? FUTURES_FAILED : FUTURES_CANCELLED;
    outcome->value = NULL;
    outcome->error = run->failed ? take_error(run) : reason_for(run->future);
    parts->inside = false;
}

/* returns  whether it is OK */
static bool call(struct fut_parts *parts)
{
    struct fut_run *run = &parts->run;
    futures_outcome *outcome;
    void *value = parts->fn(parts->args[parts->at]);

    if (run->cleanups != NULL) {
        fut_raise_clean(run);
    }
    if (run->failed) {
        return false;
    }
    outcome = &parts->outcomes[parts->at++];
    outcome->status = FUTURES_OK;
    outcome->value = value;
    outcome->error = NULL;
    return true;
}

static bool is_asked(struct fut_run *run)
{
    /* Relaxed: a mark that is seen late is seen before a later part. */
    return run->epoch == load_relaxed(&fut_scope_epoch)
               ? run->asked
               : fut_cancel_is_asked(run);
}

static bool step(void *context)
{
    struct fut_parts *parts = context;

    while (!parts->inside && parts->at < parts->end &&
           !is_asked(&parts->run)) {
        parts->inside = true;
        parts->inside = !call(parts);
    }
    if (parts->inside) {
        finish(parts);
    }
    return false;
}

/* Its stack is going away, the cleanups' storage with it. */
static void abandon(void *context)
{
    struct fut_parts *parts = context;

    fut_self.run = &parts->run;
    parts->run.cleanups = NULL;
    (void)futures_fail_at("", 0, "", ECANCELED, "the task's thread exited");
    finish(parts);
    end(parts);
    parts->abandoned(parts);
}

futures_status fut_parts_run(struct fut_parts *parts)
{
    const struct fut_run *run = &parts->run;

    begin(parts);
    parts->guard.step = step;
    parts->guard.abandon = abandon;
    parts->guard.context = parts;
    fut_raise_guard(&parts->guard);
    end(parts);
    if (run->failed) {
        return FUTURES_FAILED;
    }
    return run->stopped ? FUTURES_CANCELLED : FUTURES_OK;
}
