/* Ctrl-C as a token that fires. No work is done in a signal handler: the
 * signals are blocked in every thread, and one thread waits for them. */
#ifndef DOWNLOAD_INTERRUPT_H
#define DOWNLOAD_INTERRUPT_H

#include <futures/token.h>

typedef struct interrupt interrupt;

/* Blocks SIGINT, SIGTERM and SIGHUP, but for those that are ignored, in the
 * calling thread and those that it starts from now on, and starts the thread
 * that waits for them. So call it before any other thread is started.
 * returns  NULL: errno says why
 * owns     interrupt_stop ends it; retains token */
interrupt *interrupt_start(futures_token *token);

/* returns  the first signal that came; 0: none      threads  any */
int interrupt_signal(const interrupt *self);

/* Ends the thread. The signals stay blocked. NULL is fine.
 * blocks   until the thread has ended */
void interrupt_stop(interrupt *self);

#endif
