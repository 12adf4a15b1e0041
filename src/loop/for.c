/* Units of the range are parts of `grain` indices, or single indices; more of
 * them where there are too many for 32 bits. Where errors are the caller's, or
 * end nothing, each part of the loop is also a part of its participant (see
 * core/part.h), with an outcome of its own; else an error is the
 * participant's, and costs nothing until it comes. */
#include <futures/for.h>

#include <pthread.h>

#include <futures/map.h>

#include "loop/loop.h"
#include "core/error.h"
#include "core/options.h"
#include "core/parts.h"
#include "core/pool.h"
#include "core/self.h"

struct for_loop {
    struct fut_loop loop;
    void (*body)(void *, size_t, size_t); /* const, like all to `collect` */
    void *context;
    size_t begin;
    size_t end;
    size_t grain; /* 0: a run is one part */
    size_t unit;  /* indices */
    uint32_t units;
    bool collect;
    bool keeps;            /* const: `first` is wanted */
    futures_outcome first; /* who noted the first error; then the caller */
};

/* Where the unit begins; the last one may be short. */
static size_t index_of(const struct for_loop *loop, uint32_t unit)
{
    return unit < loop->units ? loop->begin + unit * loop->unit : loop->end;
}

/* returns  whether another one is to follow */
static bool run_part(const struct for_loop *loop, size_t *from, size_t end)
{
    size_t left = end - *from;
    size_t length = left < loop->grain ? left : loop->grain;

    loop->body(loop->context, *from, *from + length);
    *from += length;
    return left > length && !fut_self.run->failed;
}

static void run(struct fut_loop *base, struct fut_share *own, uint32_t first,
                uint32_t last)
{
    const struct for_loop *loop = (struct for_loop *)base;
    size_t from = index_of(loop, first);
    size_t end = index_of(loop, last);

    (void)own;
    if (loop->grain == 0) {
        loop->body(loop->context, from, end);
        return;
    }
    while (run_part(loop, &from, end)) {
        futures_checkpoint();
    }
}

/* Parts with outcomes, one at a time. */
struct for_run {
    struct fut_parts parts; /* first: abandon knows it */
    struct for_loop *loop;
    struct fut_share *own;
    size_t from; /* the part */
    size_t to;
    void *arg;
    futures_outcome outcome;
};

static void *call_body(void *arg)
{
    const struct for_run *run = arg;

    run->loop->body(run->loop->context, run->from, run->to);
    return NULL;
}

/* A part was not OK. The error is kept or goes to `unhandled`; where it
 * cancels the rest, the participant fails, too, so that gather does it.
 * returns  whether this participant goes on */
static bool note(struct for_loop *loop, futures_outcome *outcome)
{
    struct fut_run *run = fut_self.run;
    bool failed = outcome->status == FUTURES_FAILED;
    bool first = fut_loop_note(&loop->loop, outcome->status) && loop->keeps;

    if (failed && !loop->collect) {
        run->failed = true;
        run->error = fut_error_retain(outcome->error);
    }
    if (first) {
        loop->first = *outcome;
        return failed && loop->collect;
    }
    if (failed) {
        fut_sink_report(loop->loop.pool->sink, outcome->error);
    }
    futures_outcomes_free(outcome, 1);
    return failed && loop->collect;
}

/* The thread exits in the part: what follows in its unit, if there is more, is
 * lost with it, and no index comes twice. */
static void abandon(struct fut_parts *parts)
{
    struct for_run *run = (struct for_run *)parts;
    struct for_loop *loop = run->loop;

    (void)note(loop, &run->outcome);
    if (loop->grain > 0) {
        size_t unit = (run->to - loop->begin - 1) / loop->unit + 1;

        fut_range_return(run->own, (uint32_t)unit);
    }
}

/* returns  whether another one may follow */
static bool run_noting_part(struct for_run *run)
{
    struct fut_parts *parts = &run->parts;
    struct for_loop *loop = run->loop;

    parts->at = 0;
    if (fut_parts_run(parts) != FUTURES_OK) {
        return note(loop, &run->outcome);
    }
    if (parts->at == 0) { /* asked to stop: it never began */
        fut_range_return(run->own,
                         (uint32_t)((run->from - loop->begin) / loop->unit));
    }
    return parts->at > 0;
}

static void run_noting(struct fut_loop *base, struct fut_share *own,
                       uint32_t first, uint32_t last)
{
    struct for_loop *loop = (struct for_loop *)base;
    size_t end = index_of(loop, last);
    struct for_run run;

    run.parts.fn = call_body;
    run.parts.args = &run.arg;
    run.parts.outcomes = &run.outcome;
    run.parts.end = 1;
    run.parts.abandoned = abandon;
    run.loop = loop;
    run.own = own;
    run.arg = &run;
    run.to = index_of(loop, first);
    do {
        size_t left = end - run.to;

        run.from = run.to;
        run.to += loop->grain == 0 || left < loop->grain ? left : loop->grain;
    } while (run_noting_part(&run) && run.to < end);
}

static void divide(struct for_loop *loop)
{
    size_t last = loop->end - loop->begin - 1;

    loop->unit = loop->grain > 0 ? loop->grain : 1;
    if (last / loop->unit >= UINT32_MAX) {
        loop->unit *= last / loop->unit / UINT32_MAX + 1;
    }
    loop->units = (uint32_t)(last / loop->unit) + 1;
}

static futures_status run_plain(struct for_loop *loop,
                                const futures_gather_options *options)
{
    futures_status status;

    divide(loop);
    loop->loop.run = run;
    status = fut_loop_open(&loop->loop, loop->units);
    if (status == FUTURES_OK) {
        status = fut_loop_run(&loop->loop, options);
        fut_loop_close(&loop->loop);
    }
    return status;
}

futures_status futures_for(futures_pool *pool, size_t begin, size_t end,
                           size_t grain, void (*body)(void *, size_t, size_t),
                           void *context)
{
    const futures_gather_options options = FUTURES_GATHER_OPTIONS_INIT;
    struct for_loop loop;

    if (pool == NULL || body == NULL) {
        return FUTURES_INVALID;
    }
    if (begin >= end) {
        return FUTURES_OK;
    }
    loop.loop.pool = pool;
    loop.body = body;
    loop.context = context;
    loop.begin = begin;
    loop.end = end;
    loop.grain = grain;
    return run_plain(&loop, &options);
}

/* Where no part has an error of its own, `first` says what map would say of
 * those that never began. */
static futures_status run_and_judge(struct for_loop *loop,
                                    const futures_gather_options *options)
{
    futures_status status = fut_loop_run_noting(&loop->loop, options);
    futures_status noted =
        (futures_status)load_relaxed(&loop->loop.first_error);

    if (status != FUTURES_OK && noted == FUTURES_OK && loop->keeps) {
        loop->first = fut_loop_rest(&loop->loop, status, options->token);
    }
    return status == FUTURES_OK ? noted : status;
}

/* The caller's thread exits in a part. */
static void drop_first(void *context)
{
    futures_outcomes_free(context, 1);
}

static futures_status run_with_outcome(struct for_loop *loop,
                                       const futures_gather_options *options)
{
    futures_status status;

    divide(loop);
    loop->loop.run = run_noting;
    status = fut_loop_open(&loop->loop, loop->units);
    if (status != FUTURES_OK) {
        loop->first.status = status;
        return status;
    }
    pthread_cleanup_push(drop_first, &loop->first);
    status = run_and_judge(loop, options);
    pthread_cleanup_pop(0);
    fut_loop_close(&loop->loop);
    return status;
}

static futures_status run_with(struct for_loop *loop,
                               const futures_for_options *options)
{
    futures_gather_options gather = FUTURES_GATHER_OPTIONS_INIT;

    loop->grain = options->grain;
    loop->collect = options->on_error == FUTURES_ON_ERROR_COLLECT;
    loop->keeps = options->first_error != NULL;
    gather.on_error =
        loop->collect ? FUTURES_ON_ERROR_COLLECT : FUTURES_ON_ERROR_CANCEL;
    gather.deadline = options->deadline;
    gather.token = options->token;
    gather.help = options->help;
    return loop->collect || loop->keeps ? run_with_outcome(loop, &gather)
                                        : run_plain(loop, &gather);
}

futures_status futures_for_with(futures_pool *pool, size_t begin, size_t end,
                                void (*body)(void *, size_t, size_t),
                                void *context,
                                const futures_for_options *given)
{
    futures_for_options options = FUTURES_FOR_OPTIONS_INIT;
    futures_status status = FUTURES_OK;
    struct for_loop loop;

    if (pool == NULL || body == NULL ||
        (given != NULL &&
         !fut_options_read(&options, sizeof options, given)) ||
        (unsigned)options.on_error > FUTURES_ON_ERROR_LEAVE) {
        return FUTURES_INVALID;
    }
    loop.loop.pool = pool;
    loop.body = body;
    loop.context = context;
    loop.begin = begin;
    loop.end = end;
    loop.first = (futures_outcome){FUTURES_OK, NULL, NULL};
    if (begin < end) {
        status = run_with(&loop, &options);
    }
    if (options.first_error != NULL) {
        *options.first_error = loop.first;
    }
    return status;
}
