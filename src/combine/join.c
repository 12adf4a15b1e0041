/* Join splits its calls in two, offers the second half to others as a job in
 * the worker's own deque, runs the first, and takes the second back; if it is
 * gone it waits until whoever has it is ready. So two calls cost a push and a
 * pop where nobody steals, and nothing is left of a join when it returns.
 *
 * Calls run in frames of their own on top of the task's, as parts of it. Who
 * took a half borrows the task for that: it never uses the task's stock of
 * pins, which is its runner's. */
#include <futures/join.h>

#include <pthread.h>
#include <stdint.h>

#include "core/cancel.h"
#include "core/error.h"
#include "core/job.h"
#include "core/part.h"
#include "core/pool.h"
#include "core/raise.h"
#include "sync/latch.h"

/* How often to look for the other half before sleeping. */
enum { PATIENCE = 2000 };

/* What the frames of a join share; on the stack of the one who joins. */
struct join {
    const futures_call *calls;  /* const */
    futures_outcome *outcomes;  /* const, nullable */
    futures_future *task;       /* const; of which the calls are parts */
    struct fut_brake brake;     /* after an error */
    _Atomic unsigned first_bad; /* a status; OK: none yet */
};

/* Calls for whoever takes them. */
struct half {
    struct fut_job job;
    struct join *join;      /* const */
    size_t begin;           /* const */
    size_t end;             /* const */
    bool exposed;           /* the task's token, by whoever took it */
    bool undone;            /* as it was given back */
    struct fut_latch latch; /* it arrives */
};

/* One thread's part of a join; all is that thread's. */
struct frame {
    struct fut_guard guard;
    struct fut_run run;
    struct join *join;
    size_t begin; /* its own calls */
    size_t end;
    size_t at; /* the call it is in */
    bool inside;
    enum { FORK, JOIN, DONE } phase;
    bool offered; /* the half was put into the deque */
    struct half half;
};

static void run_calls(struct join *join, size_t begin, size_t end);

static void put_outcome(const struct frame *frame, futures_outcome outcome)
{
    struct join *join = frame->join;
    unsigned fine = FUTURES_OK;

    if (outcome.status != FUTURES_OK &&
        cas_acq_rel(&join->first_bad, &fine, (unsigned)outcome.status)) {
        fut_scope_stop(&join->brake);
    }
    if (join->outcomes != NULL) {
        join->outcomes[frame->at] = outcome;
        return;
    }
    if (outcome.status == FUTURES_FAILED) {
        fut_sink_report(join->task->pool->sink, outcome.error);
    }
    fut_error_release((futures_error *)(uintptr_t)outcome.error);
}

/* The call threw, failed or gave up; the frame is as new for the next. */
static void end_badly(struct frame *frame)
{
    futures_outcome outcome = fut_part_end(&frame->run);

    frame->inside = false;
    put_outcome(frame, outcome);
}

static void call(struct frame *frame, size_t index)
{
    struct fut_run *run = &frame->run;
    const futures_call *called = &frame->join->calls[index];
    futures_outcome outcome = {FUTURES_OK, NULL, NULL};

    frame->at = index;
    if (fut_cancel_is_asked(run)) {
        end_badly(frame);
        return;
    }
    frame->inside = true;
    outcome.value = called->fn(called->arg);
    if (run->cleanups != NULL) {
        fut_raise_clean(run);
    }
    if (run->failed) {
        end_badly(frame);
        return;
    }
    frame->inside = false;
    if (frame->join->outcomes != NULL) {
        frame->join->outcomes[index] = outcome;
    }
}

static void call_all(struct frame *frame, size_t begin, size_t end)
{
    if (end - begin == 1) {
        call(frame, begin);
    } else {
        run_calls(frame->join, begin, end);
    }
}

/* Whoever took a half, on its own stack. */
struct taker {
    struct half *half;
    struct fut_run base;
};

/* Also where its thread exits inside a call. */
static void leave_half(void *arg)
{
    struct taker *taker = arg;

    taker->half->exposed = taker->base.exposed;
    fut_self.run = taker->base.below;
    fut_latch_arrive(&taker->half->latch, 1);
}

static void run_half(struct fut_job *job, bool may_call)
{
    struct taker taker;
    struct join *join;

    taker.half = (struct half *)(void *)job;
    join = taker.half->join;
    if (!may_call) {
        taker.half->undone = true;
        fut_latch_arrive(&taker.half->latch, 1);
        return;
    }
    fut_part_borrow(&taker.base, join->task, &join->brake);
    pthread_cleanup_push(leave_half, &taker);
    run_calls(join, taker.half->begin, taker.half->end);
    pthread_cleanup_pop(1);
}

static void offer(struct frame *frame, size_t middle)
{
    struct fut_worker *worker = frame->run.worker;
    struct half *half = &frame->half;

    half->job.run = run_half;
    half->join = frame->join;
    half->begin = middle;
    half->end = frame->end;
    half->exposed = false;
    half->undone = false;
    fut_latch_init(&half->latch, 1);
    frame->offered = worker != NULL &&
                     fut_deque_push(&worker->deque, fut_job_entry(&half->job));
    if (frame->offered) {
        fut_idle_notify(&worker->pool->idle);
    }
}

/* returns  whether it was run: else it is the caller's again */
static bool wait_for_half(struct frame *frame)
{
    struct half *half = &frame->half;

    for (int i = 0; i < PATIENCE && !fut_latch_is_open(&half->latch); i++) {
        fut_cpu_relax();
    }
    while (fut_latch_wait(&half->latch, FUTURES_NEVER) != FUT_LATCH_OPEN) {
    }
    frame->run.exposed |= half->exposed;
    return !half->undone;
}

/* returns  whether nobody took the half: it is the caller's again */
static bool take_back(struct frame *frame)
{
    return !frame->offered ||
           fut_deque_take_back(&frame->run.worker->deque,
                               fut_job_entry(&frame->half.job));
}

static void join_half(struct frame *frame)
{
    if (take_back(frame) || !wait_for_half(frame)) {
        call_all(frame, frame->half.begin, frame->half.end);
    }
}

static void fork_half(struct frame *frame)
{
    size_t middle = frame->begin + (frame->end - frame->begin) / 2;

    offer(frame, middle);
    call_all(frame, frame->begin, middle);
}

/* A throw lands here again, in the next phase. */
static bool step(void *context)
{
    struct frame *frame = context;

    if (frame->inside) {
        end_badly(frame);
    }
    if (frame->phase == FORK && frame->end - frame->begin == 1) {
        frame->phase = DONE;
        call(frame, frame->begin);
    } else if (frame->phase == FORK) {
        frame->phase = JOIN;
        fork_half(frame);
    }
    if (frame->phase == JOIN) {
        frame->phase = DONE;
        join_half(frame);
    }
    return false;
}

/* Those of a half that is the frame's own again, and nobody will run. */
static void drop_half(struct frame *frame)
{
    for (size_t i = frame->half.begin; i < frame->half.end; i++) {
        frame->at = i;
        put_outcome(frame, fut_part_end(&frame->run));
    }
}

/* The thread exits inside a call: nothing may be left that knows its stack. */
static void abandon(void *context)
{
    struct frame *frame = context;

    if (frame->inside) {
        fut_part_exit(&frame->run);
        end_badly(frame);
    }
    fut_self.run = &frame->run;
    if (frame->phase == JOIN && (take_back(frame) || !wait_for_half(frame))) {
        drop_half(frame);
    }
    fut_part_close(&frame->run);
}

static void run_calls(struct join *join, size_t begin, size_t end)
{
    struct frame frame;

    frame.guard.step = step;
    frame.guard.abandon = abandon;
    frame.guard.context = &frame;
    frame.join = join;
    frame.begin = begin;
    frame.end = end;
    frame.inside = false;
    frame.phase = FORK;
    fut_part_open(&frame.run, &frame.guard, &join->brake);
    fut_raise_guard(&frame.guard);
    fut_part_close(&frame.run);
}

/* In a task of the pool. A single call is joined with nothing: it needs the
 * frame all the same. */
static futures_status join_here(struct fut_run *run,
                                const futures_call calls[], size_t count,
                                futures_outcome outcomes[])
{
    struct join join;
    unsigned bad;

    join.calls = calls;
    join.outcomes = outcomes;
    join.task = run->future;
    join.brake.outer = run->brake;
    atomic_init(&join.brake.set, false);
    atomic_init(&join.first_bad, FUTURES_OK);
    run_calls(&join, 0, count);
    bad = load_acquire(&join.first_bad);
    if (bad != FUTURES_OK && fut_cancel_is_asked(run)) {
        return FUTURES_CANCELLED;
    }
    return (futures_status)bad;
}

/* From outside: one task that joins. */
struct request {
    const futures_call *calls;
    size_t count;
    futures_outcome *outcomes;
    futures_status status; /* PENDING: it did not begin */
};

static void *run_request(void *arg)
{
    struct request *request = arg;

    request->status = FUTURES_FAILED; /* as its thread may exit */
    request->status = join_here(fut_self_task(), request->calls,
                                request->count, request->outcomes);
    return NULL;
}

/* Its request lies on this stack: it has ended when this returns. */
static futures_status wait_for(futures_future *task)
{
    (void)futures_gather(&task, 1, NULL, NULL);
    while (futures_wait(task, FUTURES_NEVER) == FUTURES_DEADLOCK) {
        (void)futures_cancel(task);
    }
    return futures_poll(task);
}

static void fill(futures_outcome outcomes[], size_t count,
                 futures_status status)
{
    for (size_t i = 0; outcomes != NULL && i < count; i++) {
        outcomes[i].status = status;
        outcomes[i].value = NULL;
        outcomes[i].error = NULL;
    }
}

static futures_status join_there(futures_pool *pool,
                                 const futures_call calls[], size_t count,
                                 futures_outcome outcomes[])
{
    struct request request = {calls, count, outcomes, FUTURES_PENDING};
    futures_future *task = futures_submit(pool, run_request, &request);
    futures_status ended;

    ended = wait_for(task);
    if (request.status == FUTURES_PENDING) {
        fill(outcomes, count, ended);
        request.status = ended;
    } else {
        /* That its thread exited is in a call's outcome. */
        (void)futures_error_of(task);
    }
    futures_release(task);
    return request.status;
}

static bool are_valid(const futures_call calls[], size_t count)
{
    if (calls == NULL) {
        return count == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (calls[i].fn == NULL) {
            return false;
        }
    }
    return true;
}

futures_status futures_join(futures_pool *pool, const futures_call calls[],
                            size_t count, futures_outcome outcomes[])
{
    struct fut_run *run = fut_self_task();

    if (pool == NULL || !are_valid(calls, count)) {
        return FUTURES_INVALID;
    }
    if (count == 0) {
        return FUTURES_OK;
    }
    if (run != NULL && run->future->pool == pool) {
        return join_here(run, calls, count, outcomes);
    }
    return join_there(pool, calls, count, outcomes);
}
