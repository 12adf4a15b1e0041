/* See part.h. */
#include "core/part.h"

#include <errno.h>
#include <string.h>

#include "core/cancel.h"
#include "core/error.h"
#include "core/pool.h"
#include "core/scope.h"

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

futures_outcome fut_part_end(struct fut_run *run)
{
    futures_outcome outcome = {FUTURES_CANCELLED, NULL, NULL};

    if (run->failed) {
        outcome.status = FUTURES_FAILED;
        outcome.error = take_error(run);
    } else {
        outcome.error = reason_for(run->future);
    }
    run->cleanups = NULL;
    run->error = NULL;
    run->failed = false;
    run->stopped = false;
    return outcome;
}

void fut_part_exit(struct fut_run *run)
{
    fut_self.run = run;
    run->cleanups = NULL;
    (void)futures_fail_at("", 0, "", ECANCELED, "the task's thread exited");
}

/* Its epoch has passed: it looks whether the task was asked to stop. */
void fut_part_borrow(struct fut_run *run, futures_future *task,
                     const struct fut_brake *brake)
{
    memset(run, 0, sizeof *run);
    run->below = fut_self.run;
    run->future = task;
    run->worker = fut_pool_worker(task->pool);
    run->brake = brake;
    run->borrowed = true;
    run->epoch = load_acquire(&fut_scope_epoch) - 1;
    fut_self.run = run;
}
