/* What stops a group: its token, which fires when it is cancelled, from above
 * or at its deadline; and the task in which somebody waits for it. */
#ifndef FUT_GROUP_WATCH_H
#define FUT_GROUP_WATCH_H

#include "group/group.h"

/* The group's token is watched for its members with tokens of their own; from
 * its creation on, and again after its token was changed. */
void fut_watch_begin(futures_group *group);
void fut_watch_end(futures_group *group);

/* Fires the token; what is submitted until it is replaced ends CANCELLED. */
void fut_watch_cancel(futures_group *group, int code, const char *reason);

/* In the frame of a task that waits for the group. */
struct fut_watch {
    futures_hook hook;
    futures_group *group;
    futures_future *task; /* NULL: none is watched */
};

/* Cancels the group when the running task, if there is one, is asked to stop;
 * until fut_watch_leave. */
void fut_watch_task(struct fut_watch *watch, futures_group *group);
void fut_watch_leave(struct fut_watch *watch);

/* Makes the token that comes after one that the group has fired itself.
 * returns  OK; *token: NULL where none is needed; else why it could not be */
futures_status fut_watch_renew(futures_group *group, futures_token **token);

/* Under the lock, with no member left: takes it (nullable) and forgets the
 * stop, unless that is for ever.
 * returns  the token before, which is to be released after fut_watch_end */
futures_token *fut_watch_change(futures_group *group, futures_token *token);

#endif
