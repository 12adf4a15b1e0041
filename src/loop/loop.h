/* A loop over units, run by a few ordinary tasks that share its range, and
 * gathered: nesting, errors, cancellation, deadlines, help and shutdown are
 * gather's. It lies on its caller's stack, so whatever happens no task of it
 * is left when fut_loop_run is. */
#ifndef FUT_LOOP_LOOP_H
#define FUT_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <futures/gather.h>
#include <futures/pool.h>

#include "loop/range.h"

enum { FUT_LOOP_SEATS = 16 };

struct fut_loop {
    struct fut_range range;    /* first: its shares know it */
    struct futures_pool *pool; /* caller; const */
    /* caller; const. On a participant: runs the units from `first` up to
     * `end`; may throw. Those that are to be run by others it returns to its
     * share. */
    void (*run)(struct fut_loop *loop, struct fut_share *own, uint32_t first,
                uint32_t end);
    /* The status of the first error that `run` has met and not thrown: a
     * participant that was asked to stop is then CANCELLED, even if nothing
     * was left to do. */
    _Atomic unsigned first_error;
    futures_future **futures; /* caller's thread, like all below */
    void **args;
    size_t hired; /* participants that were submitted */
    void *made;   /* the seats, if there are too many for these */
    futures_future *few_futures[FUT_LOOP_SEATS];
    void *few_args[FUT_LOOP_SEATS];
    struct fut_share few_shares[FUT_LOOP_SEATS];
};

/* Units 0 to `units` - 1, of which there is one at least.
 * returns  OK, or NOMEM and nothing is to be closed */
futures_status fut_loop_open(struct fut_loop *loop, uint32_t units);

/* Runs what is left: once, or again for what a participant left behind that
 * did not end as it should.
 * options  without what makes a gather return early
 * returns  OK if all has run and no participant failed; else what gather or
 *          the submit says */
futures_status fut_loop_run(struct fut_loop *loop,
                            const futures_gather_options *options);

/* On a participant: the status of an error that `run` does not throw.
 * returns  whether it is the first */
bool fut_loop_note(struct fut_loop *loop, futures_status status);

/* fut_loop_run where `run` notes the errors and keeps them: those of the
 * participants are the same once more, so nobody is to hear of them. Under
 * COLLECT a participant fails only with its thread, and others run what it
 * left. */
futures_status fut_loop_run_noting(struct fut_loop *loop,
                                   const futures_gather_options *options);

/* Before the participants are freed: what came of units that never began.
 * status, token: of that run
 * returns  an outcome, whose error is owed a fut_error_release */
futures_outcome fut_loop_rest(const struct fut_loop *loop,
                              futures_status status,
                              const futures_token *token);

/* returns  whether units are left that nobody claimed */
bool fut_loop_has_left(const struct fut_loop *loop);

/* Frees the participants. */
void fut_loop_close(struct fut_loop *loop);

/* Whether a future that a submit gave, and that has ended so, was never
 * queued. */
static inline bool fut_loop_was_refused(futures_status status)
{
    return status != FUTURES_OK && status != FUTURES_PENDING &&
           status != FUTURES_FAILED && status != FUTURES_CANCELLED;
}

#endif
