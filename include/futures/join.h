/* Fork and join: several calls at once, on the stack of the one who makes
 * them. Elsewhere: rayon::join, Cilk's spawn and sync, oneTBB's
 * parallel_invoke, Java's invokeAll(task, task), OpenMP's sections. */
#ifndef FUTURES_JOIN_H
#define FUTURES_JOIN_H

#include <stddef.h>

#include <futures/export.h>
#include <futures/gather.h>
#include <futures/pool.h>
#include <futures/status.h>
#include <futures/task.h>

FUTURES_BEGIN

typedef struct futures_call {
    futures_fn fn;
    void *arg;
} futures_call;

/* Runs calls[i].fn(calls[i].arg) for each i; outcomes[i] says what came of it.
 * outcomes may be NULL: then values are lost, and the pool's `unhandled` gets
 * the errors. Nothing is allocated: a task that joins runs the calls itself,
 * one after the other, and workers that have nothing to do take the last ones
 * away. From outside one task is submitted for all of them.
 *
 * Each call may do what a task may, and ends like one: with its value; FAILED
 * with its error, after its cleanups; CANCELLED at a checkpoint. Otherwise it
 * is a part of the task that joins: its token and whatever it submits belong
 * to that, and are stopped with that alone. The first error stops the rest:
 * what has not begun is CANCELLED, what runs is asked to stop, its sleeps and
 * gathers too. So does a cancel of the task.
 * returns  OK if all slots are OK; else CANCELLED if the task was asked to
 *          stop, or the status of the first error; CLOSED, FULL, BROKEN,
 *          FORKED, NOMEM from outside: nothing was called; INVALID (a NULL):
 *          nothing is touched
 * blocks   until all calls have ended; from outside as futures_submit, too
 * threads  any, any number at once, workers and calls included
 * owns     borrows calls; values are the caller's, and the outcomes are owed a
 *          futures_outcomes_free, unless INVALID is returned */
FUTURES_API futures_status futures_join(futures_pool *pool,
                                        const futures_call calls[],
                                        size_t count,
                                        futures_outcome outcomes[]);

FUTURES_END

#endif
