/* The way of most joins, as short as can be: the task's own frame serves both
 * calls, under another guard and brake, and is put back as it was. That is
 * possible where nothing in the frame is pending: no error, no stop, no
 * cleanup that runs. */
#include "combine/pair.h"

#include "core/cancel.h"
#include "core/part.h"
#include "core/pool.h"
#include "core/raise.h"

struct pair {
    struct fut_guard guard;
    struct fut_fork fork;
    struct fut_half half; /* the second call */
    struct fut_run *run;  /* the task's frame, and what was in it */
    struct fut_guard *guard_before;
    futures_cleanup *cleanups_before;
    const struct fut_brake *brake_before;
    enum { FIRST, SECOND, DONE } phase;
    unsigned at; /* the call it is in, or was last */
    bool inside;
};

/* The call threw, failed, gave up or was not begun. */
static void end_badly(struct pair *pair)
{
    pair->inside = false;
    fut_fork_put(&pair->fork, pair->at, fut_part_end(pair->run));
}

static inline void call(struct pair *pair, unsigned index)
{
    struct fut_run *run = pair->run;
    const futures_call *called = &pair->fork.calls[index];
    futures_outcome *outcomes = pair->fork.outcomes;
    void *value;

    pair->at = index;
    if (fut_cancel_is_asked(run)) {
        end_badly(pair);
        return;
    }
    pair->inside = true;
    value = called->fn(called->arg);
    if (run->cleanups != NULL) {
        fut_raise_clean(run);
    }
    if (run->failed) {
        end_badly(pair);
        return;
    }
    pair->inside = false;
    if (outcomes != NULL) {
        outcomes[index] = (futures_outcome){FUTURES_OK, value, NULL};
    }
}

/* returns  whether the second call is the caller's own again */
static inline bool take_back(struct pair *pair)
{
    return fut_half_take_back(&pair->half, pair->run->worker) ||
           !fut_half_wait(&pair->half, pair->run);
}

/* A throw lands here again, in the next phase. */
static bool step(void *context)
{
    struct pair *pair = context;

    if (pair->inside) {
        end_badly(pair);
    }
    if (pair->phase == FIRST) {
        pair->phase = SECOND;
        fut_half_offer(&pair->half, &pair->fork, 1, 2, pair->run->worker);
        call(pair, 0);
    }
    if (pair->phase == SECOND) {
        pair->phase = DONE;
        if (take_back(pair)) {
            call(pair, 1);
        }
    }
    return false;
}

static inline void put_back(struct pair *pair)
{
    pair->run->guard = pair->guard_before;
    pair->run->cleanups = pair->cleanups_before;
    pair->run->brake = pair->brake_before;
}

/* The thread exits inside a call: nothing may be left that knows its stack. */
static void abandon(void *context)
{
    struct pair *pair = context;

    fut_self.run = pair->run;
    if (pair->inside) {
        fut_part_exit(pair->run);
        end_badly(pair);
    }
    if (pair->phase == SECOND && take_back(pair)) {
        pair->at = 1;
        end_badly(pair);
    }
    put_back(pair);
}

/* That its own brake was set is not a stop of the task. */
static futures_status bad_status(struct fut_run *run, unsigned bad)
{
    run->asked = false;
    run->epoch--;
    return fut_cancel_is_asked(run) ? FUTURES_CANCELLED : (futures_status)bad;
}

futures_status fut_pair_run(struct fut_run *run, const futures_call calls[],
                            futures_outcome outcomes[])
{
    struct pair pair;
    unsigned bad;

    fut_fork_init(&pair.fork, run, calls, outcomes);
    pair.guard.step = step;
    pair.guard.abandon = abandon;
    pair.guard.context = &pair;
    pair.run = run;
    pair.guard_before = run->guard;
    pair.cleanups_before = run->cleanups;
    pair.brake_before = run->brake;
    pair.phase = FIRST;
    pair.inside = false;
    run->guard = &pair.guard;
    run->cleanups = NULL;
    run->brake = &pair.fork.brake;
    fut_raise_guard(&pair.guard);
    put_back(&pair);
    bad = load_acquire(&pair.fork.first_bad);
    return bad != FUTURES_OK ? bad_status(run, bad) : FUTURES_OK;
}
