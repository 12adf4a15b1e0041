/* One guard serves all parts of a row: what lands there ends the part that was
 * inside, and the row. */
#include "core/parts.h"

#include "core/cancel.h"
#include "core/part.h"
#include "core/scope.h"

/* The part that was inside is over, and has not simply returned. */
static void finish(struct fut_parts *parts)
{
    parts->ended = parts->run.failed ? FUTURES_FAILED : FUTURES_CANCELLED;
    parts->outcomes[parts->at++] = fut_part_end(&parts->run);
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

static void abandon(void *context)
{
    struct fut_parts *parts = context;

    fut_part_exit(&parts->run);
    finish(parts);
    fut_part_close(&parts->run);
    parts->abandoned(parts);
}

futures_status fut_parts_run(struct fut_parts *parts)
{
    parts->inside = false;
    parts->ended = FUTURES_OK;
    parts->guard.step = step;
    parts->guard.abandon = abandon;
    parts->guard.context = parts;
    fut_part_open(&parts->run, &parts->guard, fut_self.run->brake);
    fut_raise_guard(&parts->guard);
    fut_part_close(&parts->run);
    return parts->ended;
}
