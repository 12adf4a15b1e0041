/* On the calling thread: take an item when there is room for it, submit it,
 * wait for whichever ends next. What stops the map is the set's business;
 * here it only means that nothing more begins. */
#include "loop/window.h"

#include <pthread.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "combine/done.h"
#include "loop/loop.h"
#include "loop/rolling.h"
#include "core/error.h"
#include "core/pool.h"
#include "core/scope.h"
#include "core/token.h"

/* The width for each worker, where none is given. */
enum { PER_WORKER = 4 };

/* The caller's alone. */
struct window {
    struct fut_rolling rolling;         /* first */
    const futures_map_options *options; /* const, as all to `outcomes` */
    futures_pool *pool;
    futures_fn fn;
    void *const *args; /* NULL: `next` */
    size_t count;
    futures_outcome *outcomes;
    size_t begun; /* items */
    size_t taken; /* items that are known: begun, or one more */
    void *arg;    /* of that one */
    bool exhausted;
    bool gave_up;               /* DEADLOCK */
    futures_status refused;     /* why no more can be submitted; OK */
    futures_status first_error; /* in the order of on_done; OK */
};

/* The token's reason where nobody gave one is not for the caller. */
static const futures_error *error_for(const struct fut_set *set,
                                      const futures_outcome *outcome)
{
    bool own = outcome->status == FUTURES_CANCELLED &&
               load_acquire(&set->stop) == FUT_STOP_END &&
               outcome->error == fut_token_reason(set->above);

    return own ? NULL : outcome->error;
}

static void one_done(struct fut_rolling *rolling, size_t index,
                     futures_future *future, const futures_outcome *outcome)
{
    struct window *window = (struct window *)rolling;
    const futures_map_options *options = window->options;
    futures_outcome told = *outcome;

    if (window->first_error == FUTURES_OK) {
        window->first_error = told.status;
    }
    told.error = error_for(&rolling->set, outcome);
    if (options->on_done != NULL) {
        options->on_done(options->context, index, &told);
    } else if (window->outcomes == NULL && told.status == FUTURES_FAILED) {
        fut_sink_report(window->pool->sink, told.error);
    }
    if (window->outcomes != NULL) {
        told.value = told.status == FUTURES_OK ? futures_take(future) : NULL;
        told.error = fut_error_keep(told.error);
        window->outcomes[index] = told;
    }
}

/* It ends the map as an error does, in every mode. */
static void refuse(struct window *window, futures_status status)
{
    struct fut_set *set = &window->rolling.set;

    window->refused = status;
    if (window->first_error == FUTURES_OK) {
        window->first_error = status;
    }
    if (set->options.on_error == FUTURES_ON_ERROR_CANCEL) {
        fut_set_stop(set, FUT_STOP_END, NULL);
    }
}

/* A full queue has room again when one in flight has ended.
 * returns  whether the next one may follow */
static bool submit(struct window *window)
{
    struct fut_rolling *rolling = &window->rolling;
    futures_task_options options = FUTURES_TASK_OPTIONS_INIT;
    futures_future *future;
    futures_status status;

    options.token = rolling->set.above;
    future =
        futures_submit_with(window->pool, window->fn, window->arg, &options);
    status = futures_poll(future);
    if (!fut_loop_was_refused(status)) {
        fut_rolling_add(rolling, future, window->begun++);
        return true;
    }
    futures_release(future);
    if (status != FUTURES_FULL || rolling->live == 0) {
        refuse(window, status);
    }
    return false;
}

static bool call_next(struct window *window)
{
    const futures_map_options *options = window->options;
    struct fut_run frame;
    bool given;

    fut_self_bar(&frame);
    given = options->next(options->next_context, &window->arg);
    fut_self_unbar(&frame);
    return given;
}

/* returns  whether there is an item to be submitted */
static bool take(struct window *window)
{
    if (window->taken > window->begun) {
        return true;
    }
    if (window->taken == window->count ||
        (window->args == NULL && !call_next(window))) {
        window->exhausted = true;
        return false;
    }
    if (window->args != NULL) {
        window->arg = window->args[window->taken];
    }
    window->taken++;
    return true;
}

static bool has_failed(struct window *window)
{
    struct fut_set *set = &window->rolling.set;

    return set->options.on_error != FUTURES_ON_ERROR_COLLECT &&
           (window->first_error != FUTURES_OK || fut_set_is_decided(set));
}

/* Relaxed: the waiter reads what it wrote. */
static bool is_late(const struct fut_set *set)
{
    return load_relaxed(&set->late);
}

/* Nothing more is to begin. */
static bool is_stopped(struct window *window)
{
    struct fut_set *set = &window->rolling.set;

    return window->refused != FUTURES_OK || is_late(set) ||
           load_acquire(&set->stop) != FUT_STOP_NOT || has_failed(window);
}

static void refill(struct window *window)
{
    struct fut_set *set = &window->rolling.set;

    while (!window->exhausted && fut_rolling_has_room(&window->rolling)) {
        if (fut_clock_passed(set->options.deadline)) {
            if (window->rolling.live == 0) {
                store_relaxed(&set->late, true);
            }
            return;
        }
        if (is_stopped(window) || !take(window) || !submit(window)) {
            return;
        }
        fut_set_call_done(set);
    }
}

/* What is in flight stays there. */
static bool may_leave(struct window *window)
{
    const struct fut_set *set = &window->rolling.set;
    unsigned stop = load_acquire(&set->stop);

    if (set->options.on_error == FUTURES_ON_ERROR_LEAVE &&
        has_failed(window)) {
        return stop == FUT_STOP_NOT;
    }
    return (is_late(set) &&
            set->options.on_timeout != FUTURES_ON_TIMEOUT_CANCEL) ||
           (stop == FUT_STOP_TIME &&
            set->options.on_timeout == FUTURES_ON_TIMEOUT_ABANDON);
}

/* What is queued is cancelled, and what runs is waited for: from now on others
 * are told where that is hopeless. */
static void look_for_deadlock(struct window *window)
{
    struct fut_set *set = &window->rolling.set;

    if (load_acquire(&set->deadlock)) {
        store_release(&set->deadlock, false);
        set->bound = true;
        window->gave_up = true;
        fut_set_stop(set, FUT_STOP_END, NULL);
    }
}

static void roll(struct window *window)
{
    for (;;) {
        refill(window);
        if (window->rolling.live == 0) {
            fut_rolling_tidy(&window->rolling);
            if (window->exhausted || is_stopped(window)) {
                return;
            }
        } else if (may_leave(window)) {
            return;
        } else {
            fut_rolling_wait(&window->rolling);
            look_for_deadlock(window);
        }
    }
}

static futures_status why(struct window *window)
{
    struct fut_set *set = &window->rolling.set;
    unsigned stop = load_acquire(&set->stop);
    bool all = (window->exhausted || window->begun == window->count) &&
               window->rolling.live == 0;

    if (window->gave_up) {
        return FUTURES_DEADLOCK;
    }
    if (all && window->first_error == FUTURES_OK) {
        return FUTURES_OK;
    }
    if (stop == FUT_STOP_TIME || (is_late(set) && !all)) {
        return FUTURES_TIMEOUT;
    }
    return stop == FUT_STOP_TOKEN ? FUTURES_CANCELLED : window->first_error;
}

/* Of those that were never submitted.
 * returns  an outcome, whose error is owed a fut_error_release */
static futures_outcome rest_of(const struct window *window,
                               futures_status status)
{
    futures_outcome rest = {FUTURES_CANCELLED, NULL, NULL};

    if (window->refused != FUTURES_OK) {
        rest.status = window->refused;
    } else if (status == FUTURES_TIMEOUT) {
        rest.error = fut_error_deadline();
    } else if (status == FUTURES_CANCELLED &&
               load_acquire(&window->rolling.set.stop) == FUT_STOP_TOKEN) {
        rest.error = fut_scope_reason(window->rolling.set.above);
    }
    return rest;
}

/* From `begin` on, as far as items are known. */
static void fill(const struct window *window, size_t begin,
                 const futures_outcome *outcome)
{
    size_t end = window->args != NULL ? window->count : window->taken;

    for (size_t i = begin; window->outcomes != NULL && i < end; i++) {
        window->outcomes[i] = *outcome;
        window->outcomes[i].error = fut_error_keep(outcome->error);
    }
}

static futures_status settle(struct window *window)
{
    futures_status status;
    futures_outcome rest;
    size_t index;

    fut_rolling_leave(&window->rolling);
    status = why(window);
    while (fut_rolling_let_go(&window->rolling, &index)) {
        if (window->outcomes != NULL) {
            window->outcomes[index] =
                (futures_outcome){FUTURES_PENDING, NULL, NULL};
        }
    }
    rest = rest_of(window, status);
    fill(window, window->begun, &rest);
    futures_outcomes_free(&rest, 1);
    fut_rolling_close(&window->rolling);
    return status;
}

/* The thread exits in an item that it helped with. */
static void abandon(void *context)
{
    fut_rolling_abandon(context);
}

static size_t width_of(const struct window *window)
{
    size_t width = window->options->window > 0
                       ? window->options->window
                       : (size_t)window->pool->workers * PER_WORKER;

    return width < window->count ? width : window->count;
}

static futures_status run(struct window *window,
                          const futures_gather_options *options)
{
    futures_outcome none = {FUTURES_OK, NULL, NULL};

    window->rolling.done = one_done;
    none.status = fut_rolling_open(&window->rolling, window->pool,
                                   width_of(window), options);
    if (none.status != FUTURES_OK) {
        fill(window, 0, &none);
        return none.status;
    }
    pthread_cleanup_push(abandon, &window->rolling);
    roll(window);
    pthread_cleanup_pop(0);
    return settle(window);
}

futures_status fut_window_run(futures_pool *pool, futures_fn fn,
                              void *const args[], size_t count,
                              futures_outcome outcomes[],
                              const futures_map_options *options,
                              const futures_gather_options *gather)
{
    struct window window;
    futures_status status;

    window.options = options;
    window.pool = pool;
    window.fn = fn;
    window.args = args;
    window.count = count;
    window.outcomes = outcomes;
    window.begun = 0;
    window.taken = 0;
    window.exhausted = false;
    window.gave_up = false;
    window.refused = FUTURES_OK;
    window.first_error = FUTURES_OK;
    status = run(&window, gather);
    if (options->taken != NULL && args == NULL) {
        *options->taken = window.taken;
    }
    return status;
}
