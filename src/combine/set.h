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
enum fut_stop { FUT_STOP_NOT, FUT_STOP_END, FUT_STOP_TOKEN, FUT_STOP_TIME };

/* What decides it, so that on_error applies: the first error, where it needs
 * all of them; the first that ends OK; that `enough` have ended. */
enum fut_goal { FUT_GOAL_ALL, FUT_GOAL_OK, FUT_GOAL_ENOUGH };

struct fut_set;

/* What a set without a waiter has in the place of its latch. */
struct fut_set_calls {
    /* on_done is due, or it may be left; on the thread that ended one, which
     * has not arrived yet */
    void (*look)(struct fut_set *set);
    /* all have arrived: nobody can reach the set from a future any more */
    void (*over)(struct fut_set *set);
};

struct fut_set {
    struct fut_wait wait;
    struct fut_latch latch; /* only its count, where there are `calls` */
    const struct fut_set_calls *calls;     /* const; NULL: a thread waits */
    futures_future *const *futures;        /* const */
    size_t count;                          /* const */
    futures_gather_options options;        /* const */
    _Atomic unsigned stop;                 /* enum fut_stop */
    enum fut_goal goal;                    /* const */
    size_t enough;                         /* const; of FUT_GOAL_ENOUGH */
    _Atomic size_t ends;                   /* how many have ended; the same */
    _Atomic(futures_future *) first_error; /* NULL: none yet */
    _Atomic(futures_future *) first_ok;    /* of FUT_GOAL_OK */
    futures_hook *hooks;                   /* one a slot, or NULL */
    bool hooks_made;                       /* ... on the heap */
    _Atomic(futures_hook *) ended;         /* on_done is due; newest first */
    futures_hook token_hook;               /* while `token_watched` */
    futures_hook task_hook;                /* while `task_watched` */
    struct fut_timer timer;                /* while `timed` */
    futures_future *task; /* const, nullable: stops it; runs till it is left */
    /* const, nullable. A rolling set: its slots come and go on the waiter's
     * thread, all of them beneath this token. Its waiter looks up whenever one
     * has ended, and attaches and detaches them itself. first_error tells no
     * more than that there was one: it may be gone. */
    futures_token *above;
    size_t past; /* of a rolling one: how many of the first need not be looked
                    at for what could be run; waiter only */
    bool news;   /* of a rolling one: on_done was called; waiter only */
    bool token_watched;
    bool task_watched;
    bool timed;
    _Atomic bool late; /* the deadline has passed */
    bool low;   /* it could not help, or not to the end, for want of stack;
                   waiter only */
    bool bound; /* it must not end before all have, so others are told of a
                   deadlock. Waiter, while it is not parked */
    _Atomic bool live;     /* all are attached: errors may stop it */
    _Atomic bool curious;  /* the waiter looks up whenever one has ended */
    _Atomic bool deadlock; /* nobody can run it: see deadlock.c */
};

/* `futures` are not looked at. */
void fut_set_init(struct fut_set *set, futures_future *const futures[],
                  size_t count, const futures_gather_options *options);

/* Waits at each future that has not ended, and then does what on_error says if
 * it is decided.
 * returns  OK; NOMEM: nothing is left attached, and nothing was cancelled */
futures_status fut_set_attach(struct fut_set *set);

/* The same in two steps, for a set with its hooks: there is memory, then.
 * start returns whether those that the caller owes, which attach returned,
 * were the last arrivals: `over` is not called then. */
size_t fut_set_attach_all(struct fut_set *set);
bool fut_set_start(struct fut_set *set, size_t owed);

/* Takes back what has not ended and arrives for it, where there is no
 * waiter. */
void fut_set_detach(struct fut_set *set);

/* Cancels every future that has not ended, unless that was done before. */
void fut_set_stop(struct fut_set *set, enum fut_stop why,
                  const futures_error *reason);

/* The same, but the caller spreads it.
 * returns  whether there is something to spread */
bool fut_set_mark(struct fut_set *set, enum fut_stop why,
                  const futures_error *reason);

/* Whether its goal is reached, or cannot be reached any more. */
bool fut_set_is_decided(struct fut_set *set);

/* Whether it cannot be over before each of them has ended. */
bool fut_set_needs_all(const struct fut_set *set);

/* Whether the waiter should go: all have ended, or an error lets it leave, or
 * the wait could never end. Only on the waiter's thread. */
bool fut_set_is_over(struct fut_set *set);

/* Whether it may be about to, as others see it. */
bool fut_set_may_go(struct fut_set *set);

/* Leaves: nobody knows the set afterwards. */
void fut_set_leave(struct fut_set *set);

void fut_set_free_hooks(struct fut_set *set);

/* Whether a waiter that is poked has something to do with it: it may go, or
 * on_done is due. */
static inline bool fut_set_wants_waiter(struct fut_set *set)
{
    return load_relaxed(&set->ended) != NULL ||
           (fut_set_may_go(set) &&
            (set->goal != FUT_GOAL_ALL ||
             load_acquire(&set->stop) == FUT_STOP_NOT ||
             fut_latch_is_open(&set->latch) || load_acquire(&set->deadlock)));
}

#endif
