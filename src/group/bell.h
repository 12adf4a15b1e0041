/* Waiting for a group: each waiter has a promise that is resolved when what it
 * waits for has come, and whose need are the members. So helping, parking and
 * deadlocks are those of any wait. */
#ifndef FUT_GROUP_BELL_H
#define FUT_GROUP_BELL_H

#include "group/group.h"

enum fut_bell_for {
    FUT_BELL_NEXT,  /* a member in `ended`, or none left */
    FUT_BELL_ERROR, /* an error, or none left */
    FUT_BELL_ALL    /* none left */
};

/* Under the lock. */
bool fut_bell_is_due(const futures_group *group, enum fut_bell_for what);

/* Under the lock: wakes those whose time has come. */
void fut_bell_ring(futures_group *group);

/* Waits until it may be due: look again, whatever it returns.
 * returns  OK; TIMEOUT, DEADLOCK, NOMEM: it was not when the wait ended */
futures_status fut_bell_wait(futures_group *group, enum fut_bell_for what,
                             futures_time deadline);

/* Under the lock: waits until no member is left and nobody is about to touch
 * the group. Needs no memory and helps nobody. */
void fut_bell_wait_for_last(futures_group *group);

/* Whether the calling thread is inside a member.
 * returns  how many members are on its stack; under the lock */
size_t fut_bell_on_stack(futures_group *group);

#endif
