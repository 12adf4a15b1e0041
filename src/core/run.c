/* One loop runs any number of tasks in one frame: begin, call, finish. A throw
 * lands back in the loop with the task still in the frame, and the next step
 * begins by finishing it. */
#include "core/run.h"

#include <errno.h>
#include <stdarg.h>

#include "core/cancel.h"
#include "core/error.h"
#include "core/life.h"
#include "core/pool.h"
#include "core/raise.h"
#include "core/room.h"
#include "core/token.h"

struct loop {
    struct fut_guard guard;
    struct fut_run run;
    struct fut_source *source; /* of any number of tasks */
    futures_future *given;     /* or one, and whether with its entry */
    bool entry;
};

static inline void begin(struct loop *loop, futures_future *future, bool entry)
{
    struct fut_run *run = &loop->run;

    run->below = fut_self.run;
    run->future = future;
    run->guard = &loop->guard;
    run->cleanup = NULL;
    run->cleanups = NULL;
    run->error = NULL;
    run->brake = NULL;
    run->borrowed = false;
    run->failed = false;
    run->stopped = false;
    run->asked = false;
    run->exposed = false;
    run->entry = entry;
    run->epoch = 0;
    run->calling = fut_self.calling;
    run->freeing = fut_self.freeing;
    store_relaxed(&future->runner, &fut_self);
    fut_self.calling = 0;
    fut_self.freeing = false;
    fut_self.run = run;
    fut_room_give(future->pool, 1);
    run->worker = fut_pool_worker(future->pool);
    run->scope = load_relaxed(&future->scope);
    FUT_COUNT_FOR(run->worker, future->pool, started, 1);
}

/* Whether it is to end without having begun: by its pool's verdict, or from
 * above. One that was asked itself since it was claimed has been told to be
 * running, so it begins. */
static inline bool is_stopped(struct fut_run *run, futures_status *status)
{
    futures_future *future = run->future;
    bool stopped;

    /* The epoch first: what moves it is marked before, so a mark that is not
     * seen below moves the epoch later. */
    run->epoch = load_acquire(&fut_scope_epoch);
    *status = (futures_status)load_acquire(&future->pool->verdict);
    if (*status != FUTURES_OK) {
        return true;
    }
    *status = FUTURES_CANCELLED;
    if ((uint32_t)run->epoch == future->seen_epoch) {
        return false;
    }
    stopped = fut_scope_stops(future);
    run->asked = stopped || (load_relaxed(&future->word) & FUT_ASKED) != 0;
    return stopped;
}

static void put_reason(futures_future *future)
{
    futures_error *nothing = NULL;
    futures_error *reason = NULL;

    if ((load_relaxed(&future->word) & FUT_TIMED) != 0) {
        reason = fut_error_deadline();
    } else if (load_acquire(&fut_future_extra(future)->error) == NULL) {
        reason = fut_scope_reason_for(future);
    }
    if (reason != NULL &&
        !cas_acq_rel(&fut_future_extra(future)->error, &nothing, reason)) {
        fut_error_release(reason);
    }
}

/* Last of all: an error without memory lies where the work was. */
static void put_error(struct fut_run *run)
{
    futures_future *future = run->future;
    struct fut_extra *extra = fut_future_extra(future);
    futures_error *error = run->error;
    futures_error *reason;

    future->sink = fut_sink_retain(future->pool->sink);
    if (error == NULL) {
        extra->embedded = run->lost;
        error = &extra->embedded;
    }
    reason = exchange_seq_cst(&extra->error, error);
    if (reason != NULL) {
        fut_scope_await_walkers();
        fut_error_release(reason);
    }
}

static inline futures_status settle(struct fut_run *run, void *value)
{
    futures_future *future = run->future;

    if (run->failed) {
        if (value != NULL && future->options) {
            fut_self_call(fut_future_extra(future)->value_free, value);
        }
        put_error(run);
        return FUTURES_FAILED;
    }
    if (run->stopped) {
        put_reason(future);
        return FUTURES_CANCELLED;
    }
    store_relaxed(&future->value, value);
    return FUTURES_OK;
}

static inline void count(struct fut_worker *worker, futures_pool *pool,
                         futures_status status)
{
    if (status == FUTURES_OK) {
        FUT_COUNT_FOR(worker, pool, ok, 1);
    } else if (status == FUTURES_FAILED) {
        FUT_COUNT_FOR(worker, pool, failed, 1);
    } else {
        FUT_COUNT_FOR(worker, pool, cancelled, 1);
    }
}

/* A worker counts it as done once its end can be seen; another thread before
 * that, since afterwards the pool may be gone. */
static inline void publish(const struct fut_run *run, futures_future *future,
                           futures_status status, uint64_t pins)
{
    struct fut_worker *worker = run->worker;

    count(worker, future->pool, status);
    if (worker == NULL) {
        add_relaxed(&future->pool->outside.done, 1);
    }
    fut_future_publish(future, status, pins);
    if (worker != NULL) {
        bump_owned(&worker->counts.done, 1);
    }
}

/* A pin on the task beneath on this stack goes back to its stock, but not one
 * that fut_scope_shorten took: for each of those a pin from the stock is still
 * out or went back to the word, and a whole stock must mean that none is. */
static void unpin(const struct fut_run *run, futures_token *scope)
{
    futures_future *task = fut_token_task(scope);

    if (task != NULL && scope == run->scope && run->below != NULL &&
        run->below->future == task && !run->below->borrowed) {
        task->stock++;
    } else {
        fut_future_unpin(scope);
    }
}

/* The task is over, whichever way: its argument is freed, what came of it is
 * published, and its frame is free for the next. */
static inline void finish(struct fut_run *run, void *value)
{
    futures_future *future = run->future;
    futures_token *scope = NULL;
    uint64_t pins;
    futures_status status;

    if (future->options) {
        fut_future_free_arg(future);
        fut_future_disarm(future);
    }
    pins = (uint64_t)future->stock + 1;
    if (run->entry && !run->exposed && future->stock == FUT_STOCK) {
        /* Nobody else looks at its scope: those beneath it have ended and
         * given their pins back. So it need not be pinned longer. */
        scope = load_relaxed(&future->scope);
    }
    status = settle(run, value);
    if (scope != NULL) {
        store_relaxed(&future->scope, NULL);
    }
    fut_self.run = run->below;
    run->future = NULL;
    publish(run, future, status, pins);
    if (scope != NULL) {
        unpin(run, scope);
    }
    fut_self.calling = run->calling;
    fut_self.freeing = run->freeing;
}

/* Ends one that was claimed and shall not run. */
static void refuse(struct fut_run *run, futures_status status)
{
    futures_future *future = run->future;

    fut_self.run = run->below;
    run->future = NULL;
    fut_future_free_arg(future);
    fut_future_disarm(future);
    put_reason(future);
    publish(run, future, status, FUT_STOCK + 1);
    fut_self.calling = run->calling;
    fut_self.freeing = run->freeing;
}

static void run_in(struct loop *loop, futures_future *future, bool entry)
{
    struct fut_run *run = &loop->run;
    void *(*fn)(void *) = future->fn; /* before the runner lies there */
    futures_status status;
    void *value;

    begin(loop, future, entry);
    if (is_stopped(run, &status)) {
        refuse(run, status);
        return;
    }
    future->stock = FUT_STOCK;
    value = fn(future->arg);
    if (run->cleanups != NULL) {
        fut_raise_clean(run);
    }
    finish(run, value);
}

/* It threw, gave up, or its thread exits. */
static void finish_early(struct loop *loop)
{
    finish(&loop->run, NULL);
}

static bool step(void *context)
{
    struct loop *loop = context;
    futures_future *future;
    bool entry = false;

    if (loop->run.future != NULL) {
        finish_early(loop);
    }
    future = loop->source->next(loop->source, &entry);
    if (future == NULL) {
        return false;
    }
    run_in(loop, future, entry);
    return true;
}

static FUTURES_PRINTF(2, 3) void fail_exit(struct fut_run *run,
                                           const char *format, ...)
{
    struct fut_error_site site = {.task = fut_future_name(run->future),
                                  .code = ECANCELED};
    va_list arguments;

    run->failed = true;
    va_start(arguments, format);
    run->error = fut_error_create(&site, format, arguments);
    va_end(arguments);
    if (run->error == NULL) {
        fut_error_embed(&run->lost, &site);
    }
}

/* The thread exits inside a task, or inside what a task called: its stack is
 * going away, from the innermost loop outwards. */
static void abandon(void *context)
{
    struct loop *loop = context;
    struct fut_run *run = &loop->run;

    if (run->future == NULL) {
        return;
    }
    fut_self.run = run;
    run->cleanups = NULL;
    if (!run->failed) {
        fail_exit(run, "the task's thread exited");
    }
    finish_early(loop);
}

void fut_run_all(struct fut_source *source)
{
    struct loop loop;

    loop.guard.step = step;
    loop.guard.abandon = abandon;
    loop.guard.context = &loop;
    loop.run.future = NULL;
    loop.source = source;
    fut_raise_guard(&loop.guard);
}

/* Twice at most: to run it, and to finish it if it threw. */
static bool step_once(void *context)
{
    struct loop *loop = context;

    if (loop->run.future == NULL) {
        run_in(loop, loop->given, loop->entry);
    } else {
        finish_early(loop);
    }
    return false;
}

void fut_run_one(futures_future *future, bool entry)
{
    struct loop loop;

    loop.guard.step = step_once;
    loop.guard.abandon = abandon;
    loop.guard.context = &loop;
    loop.run.future = NULL;
    loop.given = future;
    loop.entry = entry;
    fut_raise_guard(&loop.guard);
}
