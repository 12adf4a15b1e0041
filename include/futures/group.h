/* The group: tasks that come and go, waited for and cancelled together.
 * Elsewhere: asyncio.TaskGroup, StructuredTaskScope, Trio's nursery, errgroup,
 * tokio's JoinSet and Semaphore, tbb::task_group, a serial dispatch queue. */
#ifndef FUTURES_GROUP_H
#define FUTURES_GROUP_H

#include <stddef.h>

#include <futures/export.h>
#include <futures/future.h>
#include <futures/gather.h>
#include <futures/pool.h>
#include <futures/status.h>
#include <futures/task.h>
#include <futures/time.h>
#include <futures/token.h>

FUTURES_BEGIN

typedef struct futures_group futures_group;

typedef struct futures_group_options {
    size_t size;
    const char *name; /* for futures_pool_dump; copied, cut at 63 bytes */
    /* How many members run at once; 0: no limit; 1: a serial queue. Those that
     * wait for a place hold no thread and start in the order in which they
     * were submitted. A member that waits lends its place to members that it
     * waits for, and to nobody else. Where two wait for members that each lack
     * the other's place (of different keys or groups) nothing is lent and no
     * DEADLOCK answered: they wait for ever. */
    size_t max_running;
    size_t per_key; /* the same for each key (of the task options); 0: none.
                       A member whose key has no place lets others pass. */
    futures_on_error on_error; /* CANCEL: the first error cancels the rest, and
                                  what is submitted until the next gather has
                                  returned; COLLECT: all run; LEAVE: as
                                  COLLECT, but gather returns at once */
    futures_time deadline;     /* when it passes the members are cancelled, and
                              later ones too */
    futures_token *token;      /* cancels the members; NULL: inside a task that
                              task's own; futures_token_none(): nothing */
} futures_group_options;

#define FUTURES_GROUP_OPTIONS_INIT                                          \
    {                                                                       \
        sizeof(futures_group_options), NULL, 0, 0, FUTURES_ON_ERROR_CANCEL, \
            FUTURES_NEVER, NULL                                             \
    }

/* The INIT macro as a function: zeroes `size` bytes and sets the first field.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows options */
FUTURES_API void futures_group_options_init(futures_group_options *options,
                                            size_t size);

/* Makes a group without members.
 * returns  OK; NOMEM; SYSTEM (no timer thread); CLOSED, BROKEN, FORKED (the
 *          pool); INVALID. *group is NULL after failure
 * blocks   never                       threads  any
 * owns     the caller destroys *group, before the pool; retains the token */
FUTURES_API futures_status
futures_group_create(futures_group **group, futures_pool *pool,
                     const futures_group_options *options);

/* Submits a member: from anywhere, members too, while others gather. It counts
 * in the pool's queue_limit from now on; under FUTURES_OVERFLOW_RUN one that
 * has no place in its group yet waits for room as under BLOCK. It is cancelled
 * with the group, and with its own token if it has one, but not with the task
 * that submits it.
 * returns  its future, never NULL; one that has ended CLOSED after a close,
 *          CANCELLED after a cancel, or as futures_submit where it could not
 *          be queued: then it is no member
 * blocks   as futures_submit           threads  any
 * owns     the caller owes a release; the group keeps its own reference */
FUTURES_API futures_future *futures_group_submit(
    futures_group *group, futures_fn fn, void *arg,
    const futures_task_options *options);

/* Waits until no member is left, those included that are submitted meanwhile.
 * *outcomes: of all members since the last gather that next has not given, in
 * the order of submitting. The group stays open, forgets its errors, its
 * cancel and, at the next gather, these members. Errors in *outcomes count as
 * looked at. Inside a task it is also cancelled with that task, unless its
 * token is futures_token_none(). A member whose own deadline passed counts as
 * an error. After ON_ERROR_LEAVE those that were pending are in the next
 * gather's outcomes again.
 * returns  OK if all are OK but for those that were cancelled by hand; else
 *          why not: TIMEOUT (the group's deadline), CANCELLED (the group was),
 *          or the status of the first error; DEADLOCK inside a member, or for
 *          a cycle: nothing was cancelled; NOMEM: call again; FORKED;
 *          INVALID. The array is NULL after these four
 * blocks   until then; a worker runs members    threads  any, one at a time
 * owns     *outcomes (nullable, as count) is the group's until its next gather
 *          or destroy */
FUTURES_API futures_status futures_group_gather(futures_group *group,
                                                futures_outcome **outcomes,
                                                size_t *count);

/* Waits for the next member to end, in the order of ending. The group then
 * forgets it, and its error fails no later gather.
 * returns  OK, however it ended; OK and NULL when nothing is left; TIMEOUT;
 *          DEADLOCK inside a member that is the last one, or for a cycle;
 *          NOMEM; FORKED; INVALID. *future is NULL after failure
 * blocks   until the deadline; a worker runs members
 * threads  any, any number at once
 * owns     *future is borrowed until this thread calls again, or destroy;
 *          retain it to keep it longer */
FUTURES_API futures_status futures_group_next(futures_group *group,
                                              futures_future **future,
                                              futures_time deadline);

/* Cancels all members, and those that are submitted until the next gather has
 * returned.
 * returns  nothing                     blocks   never, but for callbacks
 * threads  any                         owns     copies reason */
FUTURES_API void futures_group_cancel(futures_group *group, int code,
                                      const char *reason);

/* No further members: submit gives CLOSED.
 * returns  nothing                     blocks   never
 * threads  any                         owns     borrows group */
FUTURES_API void futures_group_close(futures_group *group);

/* Cancels what is left, waits for it and frees the group; NULL is fine. In one
 * of its own members it prints and aborts, since it could never return.
 * In a forked child it frees nothing.
 * returns  nothing                     blocks   until no member is left
 * threads  one, with no other call on the group
 * owns     takes group */
FUTURES_API void futures_group_destroy(futures_group *group);

FUTURES_END

#endif
