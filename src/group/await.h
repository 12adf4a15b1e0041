/* Waiting for members of a group. */
#ifndef FUT_GROUP_AWAIT_H
#define FUT_GROUP_AWAIT_H

#include "group/bell.h"

/* Waits until that is due; it may not be any more when the caller looks.
 * returns  OK; TIMEOUT, DEADLOCK, NOMEM: it was not when the wait ended */
futures_status fut_await(futures_group *group, enum fut_bell_for what,
                         futures_time deadline);

/* Whether the calling thread is inside a member, and whether only such members
 * are left. */
bool fut_await_is_inside(futures_group *group);
bool fut_await_is_last(futures_group *group);

/* returns  OK, INVALID or FORKED */
futures_status fut_await_check(const futures_group *group);

#endif
