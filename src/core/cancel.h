/* Asking futures to stop, and what a cancel brings about below them. */
#ifndef FUT_CORE_CANCEL_H
#define FUT_CORE_CANCEL_H

#include "core/future.h"
#include "core/scope.h"
#include "core/self.h"

/* futures_cancel with a reason (nullable), which is retained for error_of.
 * returns  what futures_poll says afterwards; CANCELLED for one that is just
 *          being cancelled */
futures_status fut_cancel_future(futures_future *future,
                                 const futures_error *reason);

/* The same for several: the caller spreads once if one returned true, which
 * means that it runs and was asked only now. */
bool fut_cancel_mark(futures_future *future, const futures_error *reason);

/* Ends a future that the caller has claimed (ENDING), which never ran. */
void fut_cancel_claimed(futures_future *future, futures_status status,
                        futures_error *reason /* taken over; nullable */);

/* Ends what a popped entry names as its pool's verdict says, unless somebody
 * else has claimed it. The entry is dropped. */
void fut_cancel_entry(futures_future *future);

/* Ends what was claimed before it ran, as its pool's verdict says. */
void fut_cancel_swept(struct fut_swept *swept);

/* Ends what is left of that further down the stack, since a callback from
 * there is about to wait. */
void fut_cancel_all_swept(void);

/* After a mark: those beneath end or are told. */
void fut_cancel_spread(void);

/* The same inside what a watcher calls, which is called in turn: whoever
 * called it calls the others, so that a chain of them needs no stack. */
void fut_cancel_spread_on(void);

/* Whether the calling thread's task has been asked to stop: by a cancel, from
 * above, or with its pool. Walks upwards only where the epoch has moved. */
bool fut_cancel_look(struct fut_run *run, uint64_t epoch);

/* Has fn(arg) called when the running task is asked to stop, or the part of it
 * that the frame is. fut_scope_unwatch takes that back, before the part is
 * over. */
void fut_cancel_watch(struct fut_run *run, futures_hook *hook,
                      void (*fn)(void *), void *arg);

static inline bool fut_cancel_is_asked(struct fut_run *run)
{
    /* pairs with the add in fut_scope_sweep: shows the marks before it */
    uint64_t epoch = load_acquire(&fut_scope_epoch);

    return run->asked || (run->epoch != epoch && fut_cancel_look(run, epoch));
}

/* The deadline has passed. */
void fut_cancel_late(futures_future *future);

/* Arms the deadline of a task or promise that nobody else knows yet.
 * returns  OK, NOMEM or SYSTEM */
futures_status fut_cancel_at(futures_future *future, futures_time deadline);

/* The same with what is to be done then, on the timer thread, in place of
 * cancelling: fire gets a struct fut_future_timer, and last of all calls
 * fut_cancel_fired. Whoever ends the future calls fut_future_disarm. */
futures_status fut_cancel_arm(futures_future *future, futures_time when,
                              void (*fire)(struct fut_timer *));
void fut_cancel_fired(struct fut_future_timer *timer);

#endif
