/* Who of a group may run: places of the group, places of each key, and those
 * that wait for them. All under the group's lock; a member that may run now is
 * put where fut_member_release finds it. */
#ifndef FUT_GROUP_PLACE_H
#define FUT_GROUP_PLACE_H

#include "group/group.h"

/* Gives a new member its places.
 * wait     whether it may wait for those that are not free
 * returns  whether it has all or waits; false: nothing was changed */
bool fut_place_enter(struct fut_member *member, bool wait);

/* It has its places and others may look at it. */
void fut_place_show(struct fut_member *member);

/* Its hold is to be ended as soon as it has begun. */
void fut_place_make_ready(struct fut_member *member);

/* It has ended, or was not begun: its places go back to the lender, to its own
 * borrower, or to those that wait. */
void fut_place_leave(struct fut_member *member);

/* Makes the need of a member that is to wait. */
void fut_place_need(struct fut_member *member);

/* One that has a place, of those with that ticket or a later one; marks it as
 * seen. *at: where to go on
 * returns  its future; NULL: there are no more */
futures_future *fut_place_next(futures_group *group, size_t *at);

#endif
