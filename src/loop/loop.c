/* A participant claims runs of units that take some microseconds: long enough
 * that a claim and a look at the clock cost nothing beside them, short enough
 * that others find something to take and that a cancel is noticed. It starts
 * with one unit and without a look at the clock. */
#include "loop/loop.h"

#include <pthread.h>

#include <futures/task.h>

#include "base/alloc.h"
#include "combine/gather.h"
#include "core/error.h"
#include "core/pool.h"
#include "core/scope.h"
#include "core/self.h"

enum { SHORT_NS = 5000, LONG_NS = 20000 };

/* returns  how many units the next run should have */
static uint32_t adapt(uint32_t wanted, uint32_t taken, futures_time elapsed)
{
    if (elapsed > LONG_NS) {
        return taken > 1 ? taken / 2 : 1;
    }
    /* A run that was cut short says nothing about longer ones; one that was
     * not is half of the share at most, so twice its length has room. */
    return elapsed < SHORT_NS && taken == wanted ? 2 * wanted : wanted;
}

static void run_all(struct fut_loop *loop, struct fut_share *own)
{
    const struct fut_run *run = fut_self.run;
    futures_time before = 0;
    uint32_t wanted = 1;

    while (!run->failed && fut_range_fill(own)) {
        uint32_t first;
        uint32_t taken;

        futures_checkpoint();
        taken = fut_range_claim(own, wanted, &first);
        if (taken > 0) {
            futures_time now;

            own->busy = true;
            loop->run(loop, own, first, first + taken);
            own->busy = false;
            now = futures_now();
            wanted = before != 0 ? adapt(wanted, taken, now - before) : wanted;
            before = now;
        }
    }
}

static void *participate(void *arg)
{
    struct fut_share *own = arg;
    struct fut_loop *loop = (struct fut_loop *)own->range;

    run_all(loop, own);
    /* Relaxed: the own one is seen, and any other's is its own concern. */
    if (load_relaxed(&loop->first_error) != FUTURES_OK) {
        futures_checkpoint();
    }
    return NULL;
}

/* returns  the shares, NULL without memory */
static struct fut_share *make_seats(struct fut_loop *loop, unsigned count)
{
    struct fut_share *shares = loop->few_shares;

    loop->made = NULL;
    loop->futures = loop->few_futures;
    loop->args = loop->few_args;
    if (count > FUT_LOOP_SEATS) {
        shares = fut_alloc_lines(count, sizeof *shares + 2 * sizeof(void *));
        if (shares == NULL) {
            return NULL;
        }
        loop->made = shares;
        loop->futures = (futures_future **)(void *)(shares + count);
        loop->args = (void **)(loop->futures + count);
    }
    return shares;
}

futures_status fut_loop_open(struct fut_loop *loop, uint32_t units)
{
    unsigned workers = loop->pool->workers;
    unsigned count = units < workers ? (unsigned)units : workers;
    struct fut_share *shares = make_seats(loop, count);

    if (shares == NULL) {
        return FUTURES_NOMEM;
    }
    atomic_init(&loop->first_error, FUTURES_OK);
    loop->hired = 0;
    fut_range_init(&loop->range, shares, count, units);
    for (unsigned i = 0; i < count; i++) {
        loop->args[i] = &shares[i];
    }
    return FUTURES_OK;
}

static void dismiss(struct fut_loop *loop)
{
    futures_release_all(loop->futures, loop->hired);
    loop->hired = 0;
}

void fut_loop_close(struct fut_loop *loop)
{
    dismiss(loop);
    fut_free(loop->made);
}

/* Where the queue may be full: one will do, and the others come if there is
 * room. One that is run here at once may exit the thread, so each is known
 * before the next is submitted. */
static futures_status hire_each(struct fut_loop *loop)
{
    futures_status status = FUTURES_OK;

    while (loop->hired < loop->range.count && status == FUTURES_OK) {
        futures_future *future =
            futures_submit(loop->pool, participate, loop->args[loop->hired]);

        status = futures_poll(future);
        if (fut_loop_was_refused(status)) {
            futures_release(future);
        } else {
            loop->futures[loop->hired++] = future;
            status = FUTURES_OK;
        }
    }
    return loop->hired > 0 ? FUTURES_OK : status;
}

static futures_status hire(struct fut_loop *loop)
{
    size_t count = loop->range.count;
    futures_status status;

    if (loop->pool->queue_limit != 0) {
        return hire_each(loop);
    }
    status = futures_submit_all(loop->pool, participate, loop->args, count,
                                loop->futures, NULL);
    loop->hired = status == FUTURES_OK ? count : 0;
    return status;
}

/* Where gather did not see to it: nobody touches the loop any more. */
static void stop_all(struct fut_loop *loop)
{
    for (size_t i = 0; i < loop->hired; i++) {
        if (futures_poll(loop->futures[i]) == FUTURES_PENDING) {
            (void)futures_cancel(loop->futures[i]);
        }
    }
    for (size_t i = 0; i < loop->hired; i++) {
        fut_wait_through(loop->futures[i]);
    }
}

/* The caller's thread exits in what it runs for the loop. */
static void abandon(void *context)
{
    struct fut_loop *loop = context;

    stop_all(loop);
    fut_loop_close(loop);
}

static futures_status hire_and_gather(struct fut_loop *loop,
                                      const futures_gather_options *options)
{
    futures_status status;

    pthread_cleanup_push(abandon, loop);
    status = hire(loop);
    if (status == FUTURES_OK) {
        status = futures_gather(loop->futures, loop->hired, NULL, options);
        stop_all(loop);
    }
    pthread_cleanup_pop(0);
    return status;
}

bool fut_loop_has_left(const struct fut_loop *loop)
{
    uint32_t first;

    for (unsigned i = 0; i < loop->range.count; i++) {
        if (fut_range_left(&loop->range.shares[i], &first) > 0) {
            return true;
        }
    }
    return false;
}

/* Relaxed loads: all participants have ended, and their polls show the rest.
 * Done wins: participants that were stopped with nothing left to do do not
 * count. */
static bool is_done(const struct fut_loop *loop)
{
    for (size_t i = 0; i < loop->hired; i++) {
        if (futures_poll(loop->futures[i]) == FUTURES_FAILED) {
            return false;
        }
    }
    for (unsigned i = 0; i < loop->range.count; i++) {
        if (loop->range.shares[i].busy) {
            return false;
        }
    }
    return loop->hired > 0 && !fut_loop_has_left(loop) &&
           load_relaxed(&loop->first_error) == FUTURES_OK;
}

futures_status fut_loop_run(struct fut_loop *loop,
                            const futures_gather_options *options)
{
    futures_status status;

    dismiss(loop);
    status = hire_and_gather(loop, options);
    return status != FUTURES_OK && is_done(loop) ? FUTURES_OK : status;
}

bool fut_loop_note(struct fut_loop *loop, futures_status status)
{
    unsigned none = FUTURES_OK;

    /* Relaxed: it is read for its value alone, and by the caller later. */
    return cas_relaxed(&loop->first_error, &none, (unsigned)status);
}

static void look_at_errors(const struct fut_loop *loop)
{
    for (size_t i = 0; i < loop->hired; i++) {
        (void)futures_error_of(loop->futures[i]);
    }
}

futures_status fut_loop_run_noting(struct fut_loop *loop,
                                   const futures_gather_options *options)
{
    futures_status status;

    do {
        status = fut_loop_run(loop, options);
        look_at_errors(loop);
    } while (status == FUTURES_FAILED &&
             options->on_error == FUTURES_ON_ERROR_COLLECT &&
             fut_loop_has_left(loop));
    return status;
}

/* What those say that were cancelled, all the same; nullable. */
static const futures_error *reason_of_participants(const struct fut_loop *loop)
{
    const futures_error *reason = NULL;

    for (size_t i = 0; i < loop->hired && reason == NULL; i++) {
        if (futures_poll(loop->futures[i]) == FUTURES_CANCELLED) {
            reason = futures_error_of(loop->futures[i]);
        }
    }
    return reason;
}

/* Why the rest never began.
 * returns  the reason with a reference; NULL without one */
static futures_error *reason_of(const struct fut_loop *loop,
                                futures_status status,
                                const futures_token *token)
{
    const futures_error *reason = reason_of_participants(loop);

    if (reason != NULL) {
        return fut_error_keep(reason);
    }
    if (status == FUTURES_TIMEOUT) {
        return fut_error_deadline();
    }
    return status == FUTURES_CANCELLED ? fut_scope_reason(token) : NULL;
}

futures_outcome fut_loop_rest(const struct fut_loop *loop,
                              futures_status status,
                              const futures_token *token)
{
    futures_outcome rest = {status, NULL, reason_of(loop, status, token)};

    if (status == FUTURES_FAILED || status == FUTURES_TIMEOUT ||
        status == FUTURES_DEADLOCK) {
        rest.status = FUTURES_CANCELLED;
    }
    return rest;
}
