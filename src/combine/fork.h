/* Calls side by side: what those who run parts of them share, and the half
 * that one of them offers to the others. */
#ifndef FUT_COMBINE_FORK_H
#define FUT_COMBINE_FORK_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/join.h>

#include "core/job.h"
#include "core/pool.h"
#include "core/scope.h"
#include "core/self.h"
#include "sync/latch.h"

/* On the stack of the one who joins. */
struct fut_fork {
    const futures_call *calls;  /* const */
    futures_outcome *outcomes;  /* const, nullable */
    futures_future *task;       /* const; of which the calls are parts */
    struct fut_brake brake;     /* after an error */
    _Atomic unsigned first_bad; /* a status; OK: none yet */
};

/* Calls for whoever takes them; on the stack of the one who offers them. */
struct fut_half {
    struct fut_job job;
    struct fut_fork *fork; /* const */
    size_t begin;          /* const */
    size_t end;            /* const */
    bool offered;          /* its offerer's: it was put into the deque */
    bool exposed;          /* the task's token, by whoever took it */
    bool undone;           /* as it was given back */
    int64_t mark;          /* the taker's: of its deque as it began */
    _Atomic(struct fut_worker *) taker; /* who runs it, once it says so */
    struct fut_latch latch;             /* the taker arrives */
};

/* The job of a half. */
void fut_half_run(struct fut_job *job, bool may_call);

/* Waits for whoever took it. Meanwhile it runs jobs of the taker's, which come
 * from what that runs in it.
 * returns  whether it was run: else it is the caller's own again */
bool fut_half_wait(struct fut_half *half, struct fut_run *run);

/* Puts down what came of a call, and stops the others after the first that is
 * not OK. Takes over the error. */
void fut_fork_put(struct fut_fork *fork, size_t index,
                  futures_outcome outcome);

/* Runs calls `begin` to `end` - 1, of which there is one at least, in a frame
 * of its own on top of the innermost; offers a half of them. */
void fut_fork_run(struct fut_fork *fork, size_t begin, size_t end);

static inline void fut_fork_init(struct fut_fork *fork,
                                 const struct fut_run *run,
                                 const futures_call calls[],
                                 futures_outcome outcomes[])
{
    fork->calls = calls;
    fork->outcomes = outcomes;
    fork->task = run->future;
    fork->brake.outer = run->brake;
    atomic_init(&fork->brake.set, false);
    atomic_init(&fork->first_bad, FUTURES_OK);
}

/* worker: nullable, then it stays the caller's own. */
static inline void fut_half_offer(struct fut_half *half, struct fut_fork *fork,
                                  size_t begin, size_t end,
                                  struct fut_worker *worker)
{
    half->job.run = fut_half_run;
    half->fork = fork;
    half->begin = begin;
    half->end = end;
    half->exposed = false;
    half->undone = false;
    atomic_init(&half->taker, NULL);
    fut_latch_init(&half->latch, 1);
    half->offered = worker != NULL &&
                    fut_deque_push(&worker->deque, fut_job_entry(&half->job));
    if (half->offered) {
        fut_idle_notify(&worker->pool->idle);
    }
}

/* returns  whether nobody took it: it is the caller's own again */
static inline bool fut_half_take_back(struct fut_half *half,
                                      struct fut_worker *worker)
{
    return !half->offered ||
           fut_deque_take_back(&worker->deque, fut_job_entry(&half->job));
}

#endif
