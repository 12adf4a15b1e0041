/* A frame splits its calls in two, offers the second half to others as a job
 * in the worker's own deque, runs the first, and takes the second back; if it
 * is gone it waits until whoever has it is ready. Nothing is left of it when
 * it returns.
 *
 * Calls run in frames of their own on top of the task's, as parts of it. Who
 * took a half borrows the task for that: it never uses the task's stock of
 * pins, which is its runner's.
 *
 * A waiter that does nothing would leave its worker idle while another has the
 * larger part of the work (leapfrogging: Wagner and Calder, PPoPP 1993). What
 * the taker offers since it began was made by calls of the half, or beneath
 * them, and is joined before these return: so it needs no lock that those who
 * wait for the half hold, unless the half needs it too. Other entries of the
 * taker's may be anybody's, and are left alone. */
#include "combine/fork.h"

#include <pthread.h>
#include <stdint.h>

#include "base/thread.h"
#include "combine/deadlock.h"
#include "core/cancel.h"
#include "core/error.h"
#include "core/part.h"
#include "core/raise.h"
#include "sync/spin.h"

/* How often to look for the other half before sleeping. */
enum { PATIENCE = 128 };

/* One thread's part of a fork; all is that thread's. */
struct frame {
    struct fut_guard guard;
    struct fut_run run;
    struct fut_fork *fork;
    size_t begin; /* its own calls */
    size_t end;
    size_t at; /* the call it is in */
    bool inside;
    enum { FORK, JOIN, DONE } phase;
    struct fut_half half;
};

void fut_fork_put(struct fut_fork *fork, size_t index, futures_outcome outcome)
{
    unsigned fine = FUTURES_OK;

    if (outcome.status != FUTURES_OK &&
        cas_acq_rel(&fork->first_bad, &fine, (unsigned)outcome.status)) {
        fut_scope_stop(&fork->brake);
    }
    if (fork->outcomes != NULL) {
        fork->outcomes[index] = outcome;
        return;
    }
    if (outcome.status == FUTURES_FAILED) {
        fut_sink_report(fork->task->pool->sink, outcome.error);
    }
    fut_error_release((futures_error *)(uintptr_t)outcome.error);
}

/* The call threw, failed or gave up; the frame is as new for the next. */
static void end_badly(struct frame *frame)
{
    futures_outcome outcome = fut_part_end(&frame->run);

    frame->inside = false;
    fut_fork_put(frame->fork, frame->at, outcome);
}

static void call(struct frame *frame, size_t index)
{
    struct fut_run *run = &frame->run;
    const futures_call *called = &frame->fork->calls[index];
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
    if (frame->fork->outcomes != NULL) {
        frame->fork->outcomes[index] = outcome;
    }
}

static void call_all(struct frame *frame, size_t begin, size_t end)
{
    if (end - begin == 1) {
        call(frame, begin);
    } else {
        fut_fork_run(frame->fork, begin, end);
    }
}

/* Whoever took a half, on its own stack. */
struct taker {
    struct fut_half *half;
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

void fut_half_run(struct fut_job *job, bool may_call)
{
    struct taker taker;
    struct fut_fork *fork;

    taker.half = (struct fut_half *)(void *)job;
    fork = taker.half->fork;
    if (!may_call) {
        taker.half->undone = true;
        fut_latch_arrive(&taker.half->latch, 1);
        return;
    }
    taker.half->mark = fut_deque_mark(&fut_self.worker->deque);
    /* pairs with load_acquire in run_other: shows the mark */
    store_release(&taker.half->taker, fut_self.worker);
    fut_part_borrow(&taker.base, fork->task, &fork->brake);
    pthread_cleanup_push(leave_half, &taker);
    fut_fork_run(fork, taker.half->begin, taker.half->end);
    pthread_cleanup_pop(1);
}

static bool is_job(void *entry)
{
    return fut_job_is(entry);
}

/* Runs a job of the taker's, if it offers one.
 * returns  whether it did */
static bool run_other(struct fut_half *half)
{
    struct fut_worker *taker = load_acquire(&half->taker);
    void *entry = NULL;

    if (taker != NULL && taker != fut_self.worker && !fut_thread_stack_low()) {
        entry = fut_deque_steal_newer(&taker->deque, half->mark, is_job);
    }
    if (entry != NULL) {
        fut_job_of(entry)->run(fut_job_of(entry), true);
    }
    return entry != NULL;
}

static void look_on(struct fut_half *half)
{
    unsigned round = 0;

    while (round < PATIENCE && !fut_latch_is_open(&half->latch)) {
        if (run_other(half)) {
            round = 0;
        } else {
            fut_spin_rest(round);
            round++;
        }
    }
}

/* Also where the thread exits in a job that it runs meanwhile: the half lies
 * on its stack. */
static void await(void *arg)
{
    struct fut_half *half = arg;

    fut_deadlock_join(half);
}

bool fut_half_wait(struct fut_half *half, struct fut_run *run)
{
    pthread_cleanup_push(await, half);
    look_on(half);
    pthread_cleanup_pop(1);
    run->exposed |= half->exposed;
    return !half->undone;
}

/* returns  whether the half is the frame's own again */
static bool take_back(struct frame *frame)
{
    return fut_half_take_back(&frame->half, frame->run.worker) ||
           !fut_half_wait(&frame->half, &frame->run);
}

static void join_half(struct frame *frame)
{
    if (take_back(frame)) {
        call_all(frame, frame->half.begin, frame->half.end);
    }
}

static void fork_half(struct frame *frame)
{
    size_t middle = frame->begin + (frame->end - frame->begin) / 2;

    fut_half_offer(&frame->half, frame->fork, middle, frame->end,
                   frame->run.worker);
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
        fut_fork_put(frame->fork, i, fut_part_end(&frame->run));
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
    if (frame->phase == JOIN && take_back(frame)) {
        drop_half(frame);
    }
    fut_part_close(&frame->run);
}

void fut_fork_run(struct fut_fork *fork, size_t begin, size_t end)
{
    struct frame frame;

    frame.guard.step = step;
    frame.guard.abandon = abandon;
    frame.guard.context = &frame;
    frame.fork = fork;
    frame.begin = begin;
    frame.end = end;
    frame.inside = false;
    frame.phase = FORK;
    fut_part_open(&frame.run, &frame.guard, &fork->brake);
    fut_raise_guard(&frame.guard);
    fut_part_close(&frame.run);
}
