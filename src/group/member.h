/* A member's life, from its submit to its end. */
#ifndef FUT_GROUP_MEMBER_H
#define FUT_GROUP_MEMBER_H

#include "group/group.h"
#include "core/order.h"

/* What the group will know of a future, a block that is still to be filled;
 * nobody knows of it yet. owned: it has a token of its own
 * returns  NULL without memory */
struct fut_member *fut_member_create(futures_group *group,
                                     futures_future *future, bool owned);

/* Whether the group takes new ones.
 * returns  OK, CLOSED or CANCELLED */
futures_status fut_member_check(futures_group *group);

/* What its future is filled by. */
struct fut_entry {
    futures_token *token; /* to put it beneath; a release is owed */
    bool waits;           /* for a place: it is to be held */
};

/* Makes it a member, with a reference of the caller's, and gives it its place.
 * wait     whether it may wait for one
 * returns  OK; PENDING: it would have to wait; CLOSED, CANCELLED, NOMEM:
 *          nothing was changed unless OK */
futures_status fut_member_enter(struct fut_member *member, const char *key,
                                bool wait, struct fut_entry *entry);

/* Its future has been filled: the group takes a handle and is told of its end.
 * held: there will be a hold; waits: for a place */
void fut_member_attach(struct fut_member *member, bool held, bool waits);

/* Its future may end now, others may look at it, and if it is held it starts
 * when it has its place, unless the caller has claimed it. Gives the caller's
 * reference back. */
void fut_member_begin(struct fut_member *member, bool claimed);

/* Takes back one whose future nobody else knows, which then is no more than
 * that. The same. */
void fut_member_withdraw(struct fut_member *member);

/* The group's token has fired. */
void fut_member_stop_all(futures_group *group);

#endif
