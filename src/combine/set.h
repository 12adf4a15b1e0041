/* A wait for a set of futures, on the waiter's stack: a latch that counts
 * them, and what to do when one fails, a token fires or the time is up.
 *
 * Whoever raises a stop carries it out, since the waiter may be deep inside a
 * task that it runs meanwhile: it cancels the rest itself, through the set.
 * The set is there for it: one who ends a future has not arrived yet, a
 * token's hook is taken back and a timer disarmed before the waiter leaves. */
#ifndef FUT_COMBINE_SET_H
#define FUT_COMBINE_SET_H

#include <stdbool.h>
#include <stddef.h>

#include <futures/gather.h>

#include "core/timer.h"
#include "core/waiters.h"
#include "sync/latch.h"

/* What stopped it; the first one counts. */
enum fut_stop { FUT_STOP_NOT, FUT_STOP_ERROR, FUT_STOP_TOKEN, FUT_STOP_TIME };

struct fut_set {
    struct fut_wait wait;
    struct fut_latch latch;
    futures_future *const *futures; /* const */
    size_t count;                   /* const */
    futures_gather_options options; /* const */
    _Atomic unsigned stop;          /* enum fut_stop */
    _Atomic unsigned first_error;   /* a status; OK: none yet */
    futures_hook *hooks;            /* one a slot, or NULL */
    bool hooks_made;                /* ... on the heap */
    _Atomic(futures_hook *) ended;  /* on_done is due; newest first */
    futures_hook token_hook;        /* while `token_watched` */
    futures_hook task_hook;         /* while `task_watched` */
    struct fut_timer timer;         /* while `timed` */
    futures_future *task; /* const, nullable: stops it; runs till it is left */
    bool token_watched;
    bool task_watched;
    bool timed;
    bool late; /* the deadline has passed; waiter only, as the next */
    bool low;  /* it could not help, or not to the end, for want of stack */
    _Atomic bool live;     /* all are attached: errors may stop it */
    _Atomic bool deadlock; /* nobody can run it: see deadlock.c */
};

/* Without options that need hooks; `futures` are not looked at. */
void fut_set_init(struct fut_set *set, futures_future *const futures[],
                  size_t count, const futures_gather_options *options);

/* Waits at each future that has not ended, and then does what on_error says if
 * first_error is set.
 * returns  OK; NOMEM: nothing is left attached, and nothing was cancelled */
futures_status fut_set_attach(struct fut_set *set);

/* Notes an error, and does what on_error says. */
void fut_set_note_error(struct fut_set *set, futures_status status);

/* Cancels every future that has not ended, unless that was done before. */
void fut_set_stop(struct fut_set *set, enum fut_stop why,
                  const futures_error *reason);

/* Calls on_done for what has ended since. */
void fut_set_call_done(struct fut_set *set);

/* Whether the slot had not ended when the waiter left. With on_done, where
 * it must be known. */
bool fut_set_was_detached(const struct fut_set *set, size_t index);

/* Whether the waiter should go: all have ended, or an error lets it leave, or
 * the wait could never end. Only on the waiter's thread. */
bool fut_set_is_over(struct fut_set *set);

/* Whether it may be about to, as others see it. */
bool fut_set_may_go(struct fut_set *set);

/* Leaves: nobody knows the set afterwards. */
void fut_set_leave(struct fut_set *set);

void fut_set_free_hooks(struct fut_set *set);

#endif
