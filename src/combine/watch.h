/* What stops a set from outside: a token, the task that waits, the deadline.
 * Each raises the stop on the thread where it happens. */
#ifndef FUT_COMBINE_WATCH_H
#define FUT_COMBINE_WATCH_H

#include "combine/set.h"

/* Stops when the options' token fires or the running task is asked to stop,
 * and arms the deadline for a waiter that helps. */
void fut_set_watch(struct fut_set *set);
void fut_set_arm(struct fut_set *set);

/* Afterwards none of these knows the set. */
void fut_set_unwatch(struct fut_set *set);

/* Stops a live set whose task was asked to, though nobody has told it yet. */
void fut_set_look_at_task(struct fut_set *set);

/* Its task was asked to stop. */
void fut_set_task_asked(struct fut_set *set);

#endif
